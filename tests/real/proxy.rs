//! A way between cockpit and a server that breaks when it is told to: what was asked has arrived, and its answer is lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// So late come answers on a slow way: what was asked is seen at the server long before.
const LATE: Duration = Duration::from_secs(3);

/// A way over TCP, whose bytes nobody can read: as slow as it is told to be, and cut when it is told to.
#[derive(Clone)]
pub struct Slow {
    port: u16,
    late: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Slow {
    /// A way to a port of this machine.
    pub fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let slow = Self { port, late: Arc::default(), open: Arc::default() };
        let way = slow.clone();
        spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                way.pass(&client, &server);
            }
        });
        slow
    }

    fn pass(&self, client: &TcpStream, server: &TcpStream) {
        let copy = |stream: &TcpStream| stream.try_clone().expect("a copy of it");
        self.open.lock().unwrap_or_else(PoisonError::into_inner).extend([copy(client), copy(server)]);
        let (from, to) = (copy(client), copy(server));
        spawn(move || forward(from, to, || {}));
        let (from, to, late) = (copy(server), copy(client), Arc::clone(&self.late));
        spawn(move || {
            forward(from, to, || {
                if late.load(Ordering::Relaxed) {
                    sleep(LATE);
                }
            });
        });
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on answers come late.
    pub fn slow_down(&self) {
        self.late.store(true, Ordering::Relaxed);
    }

    /// Breaks every connection, with what is on its way in it. New ones are as quick as ever.
    pub fn cut(&self) {
        self.late.store(false, Ordering::Relaxed);
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, before: impl Fn()) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        before();
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    // The other half ends with it.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// A way over a unix socket to an engine, which is plain HTTP: the answers to what is looked for are lost, once each is there.
#[derive(Clone)]
pub struct Lossy {
    seen: Arc<AtomicUsize>,
}

impl Lossy {
    /// A way from a socket that is made here to the engine's; requests that begin so lose their answers.
    pub fn between(here: &Path, engine: &Path, loses: &'static str) -> Self {
        let listener = UnixListener::bind(here).expect("a socket");
        let lossy = Self { seen: Arc::default() };
        let (engine, seen) = (engine.to_owned(), Arc::clone(&lossy.seen));
        spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = UnixStream::connect(&engine) else { continue };
                pass_or_lose(client, server, loses, &seen);
            }
        });
        lossy
    }

    /// How many of those came by.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

fn pass_or_lose(mut client: UnixStream, mut server: UnixStream, loses: &'static str, seen: &Arc<AtomicUsize>) {
    let lost = Arc::new(AtomicBool::new(false));
    let copy = |stream: &UnixStream| stream.try_clone().expect("a copy of it");
    let (mut answers, mut back, is_lost) = (copy(&server), copy(&client), Arc::clone(&lost));
    spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = answers.read(&mut bytes) {
            // The engine has begun to answer: it was done, and nobody hears of it.
            if is_lost.load(Ordering::Relaxed) || back.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = answers.shutdown(Shutdown::Both);
        let _ = back.shutdown(Shutdown::Both);
    });
    let seen = Arc::clone(seen);
    spawn(move || {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            let head = String::from_utf8_lossy(&bytes[..count.min(400)]);
            if head.lines().next().is_some_and(|line| line.starts_with("POST ") && line.contains(loses)) {
                seen.fetch_add(1, Ordering::Relaxed);
                lost.store(true, Ordering::Relaxed);
            }
            if server.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    });
}
