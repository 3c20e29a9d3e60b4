use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::time::timeout;

use super::*;
use crate::domain::Wires;

const SOON: Duration = Duration::from_secs(10);

/// A terminal's other side: what it is written, and what is typed on it.
struct Desk {
    shown: Receiver<Vec<u8>>,
    typed: mpsc::Sender<Bytes>,
    sizes: mpsc::Sender<Size>,
    pumping: tokio::task::JoinHandle<Ended>,
}

struct Screen(Sender<Vec<u8>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Desk {
    fn with<F: Future<Output = Ended> + Send + 'static>(process: impl FnOnce(Wires) -> F) -> Self {
        let attached = Attached::new(Size { columns: 80, rows: 24 }, process);
        let (screen, shown) = channel();
        let (typed, mut pieces) = mpsc::channel(64);
        let (sizes, sized) = mpsc::channel(4);
        let pumping = tokio::spawn(async move {
            let mut writer = Writer::start(Screen(screen)).expect("a thread");
            let sizes = tokio_stream::wrappers::ReceiverStream::new(sized).boxed();
            pump(attached, &mut pieces, sizes, &mut writer, &AtomicBool::new(false)).await
        });
        Self { shown, typed, sizes, pumping }
    }

    async fn types(&self, bytes: &[u8]) {
        timeout(SOON, self.typed.send(Bytes::copy_from_slice(bytes))).await.expect("in time").expect("it listens");
    }

    async fn ended(self) -> (Ended, Vec<u8>) {
        let ended = timeout(SOON, self.pumping).await.expect("in time").expect("no panic");
        (ended, self.shown.iter().flatten().collect())
    }
}

#[tokio::test]
async fn bytes_pass_unchanged_both_ways_and_the_code_is_told_after_the_last_of_them() {
    let desk = Desk::with(|mut wires| async move {
        let typed = wires.input.recv().await.expect("typed");
        wires.output.send(typed).await.expect("shown");
        // More than a slot holds, right before the end.
        for _ in 0..40 {
            wires.output.send(Bytes::from_static(b"\x1b]0;x\x07\xff\x00.")).await.expect("shown");
        }
        Ended::Code(3)
    });
    desk.types(b"\x00\x1b[A\xc3").await;
    let (ended, shown) = desk.ended().await;
    assert_eq!(ended, Ended::Code(3));
    assert_eq!(shown, [&b"\x00\x1b[A\xc3"[..], &b"\x1b]0;x\x07\xff\x00.".repeat(40)].concat());
}

#[tokio::test]
async fn a_new_size_is_told() {
    let desk = Desk::with(|mut wires| async move {
        wires.sizes.changed().await.expect("a size");
        Ended::Code(i32::from(wires.sizes.borrow().columns))
    });
    desk.sizes.send(Size { columns: 101, rows: 30 }).await.expect("told");
    assert_eq!(desk.ended().await.0, Ended::Code(101));
}

#[tokio::test]
async fn three_times_the_key_gets_out_of_a_connection_that_takes_and_says_nothing() {
    let desk = Desk::with(|wires| async move {
        let _held = wires;
        std::future::pending().await
    });
    desk.types(b"ls\r\x1d").await;
    desk.types(b"\x1d\x1d").await;
    assert_eq!(desk.ended().await.0, Ended::Left);
}

#[tokio::test(start_paused = true)]
async fn the_key_gets_out_though_more_was_pasted_than_waits() {
    let desk = Desk::with(|wires| async move {
        let _held = wires;
        std::future::pending().await
    });
    for _ in 0..(PIECES + 2) * 20 {
        desk.types(&[b'x'; 8 << 10]).await;
    }
    desk.types(b"\x1d\x1d\x1d").await;
    assert_eq!(desk.ended().await.0, Ended::Left);
}

/// Pieces that the channel to a process holds, each as much as waits at most.
const PIECES: usize = 16;

#[tokio::test]
async fn fewer_of_them_or_slower_are_typed_like_any_other_key() {
    let desk = Desk::with(|mut wires| async move {
        let mut all = Vec::new();
        while !all.ends_with(b"!") {
            all.extend(wires.input.recv().await.expect("typed"));
        }
        wires.output.send(all.into()).await.expect("shown");
        Ended::Code(0)
    });
    for keys in [&b"\x1d\x1d"[..], b"a\x1d", b"\x1d", b"!"] {
        desk.types(keys).await;
    }
    let (ended, shown) = desk.ended().await;
    assert_eq!((ended, &shown[..]), (Ended::Code(0), &b"\x1d\x1da\x1d\x1d!"[..]));
    let mut escape = Escape::default();
    let begun = Instant::now();
    let at = |millis| begun + Duration::from_millis(millis);
    assert!(!escape.is_in(b"\x1d", at(0)) && !escape.is_in(b"\x1d", at(500)));
    assert!(!escape.is_in(b"\x1d", at(1200)), "the first is too long ago");
    assert!(escape.is_in(b"\x1d", at(1400)), "the last three are not");
}

#[tokio::test]
async fn a_connection_that_breaks_and_a_terminal_that_is_gone_say_so() {
    let desk = Desk::with(|wires| async move {
        wires.output.send(Bytes::from_static(b"$ ")).await.expect("shown");
        Ended::Broke("reset by peer".into())
    });
    assert_eq!(desk.ended().await, (Ended::Broke("reset by peer".into()), b"$ ".to_vec()));
    let Desk { shown: _shown, typed, sizes: _sizes, pumping } = Desk::with(|wires| async move {
        let _held = wires;
        std::future::pending().await
    });
    drop(typed);
    let ended = timeout(SOON, pumping).await.expect("in time").expect("no panic");
    assert_eq!(ended, Ended::Broke("the terminal is gone".into()));
}
