//! `cockpit forward`, into the simulated company.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::*;

/// A forward that runs, and what it says.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    err: ChildStderr,
}

impl Running {
    fn start(home: &Home, args: &[&str]) -> Self {
        let mut command = home.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = child.stderr.take().expect("a pipe");
        Self { child, out, err }
    }

    /// Its next line; its last words where it ended instead.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("a line");
        if line.is_empty() {
            self.err.read_to_string(&mut line).expect("its last words");
        }
        line.trim_end().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn port_of(line: &str) -> u16 {
    let port = line.strip_prefix("127.0.0.1:").and_then(|rest| rest.split(' ').next());
    port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("an address: {line}"))
}

fn get(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a deadline");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn it_prints_the_address_serves_it_and_ends_well_by_ctrl_c() {
    let home = Home::new();
    let mut running = Running::start(&home, &["forward", "prod/shop/web", ":8080", "--demo=calm"]);
    let line = running.line();
    let pod = line.split(" -> ").nth(1).and_then(|to| to.strip_suffix(":8080")).unwrap_or_else(|| panic!("{line}"));
    assert!(pod.starts_with("web-"), "{line}");
    let answer = get(port_of(&line));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(&format!("simulated: shop/{pod} port 8080\n")), "{answer}");
    let id = i32::try_from(running.child.id()).ok().and_then(Pid::from_raw).expect("an id");
    kill_process(id, Signal::INT).expect("it runs");
    assert_eq!(running.child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn what_it_refuses_it_says_with_what_to_do() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let taken = format!("{port}:80");
    for (target, wanted, more, status, said) in [
        ("prod/shop/web", taken.as_str(), "", 3, "in use by another program; say :80"),
        ("prod/shop/web", "80:no", "", 2, "`no` is no port"),
        ("prod/shop/nothing", "80", "", 2, "there is no `prod/shop/nothing`"),
        ("prod/shop/web", "80", "--read-only", 3, "start cockpit without --read-only"),
        ("nomad-eu/billing/tariffs", "80", "", 3, "Nomad publishes a port at its node"),
    ] {
        let mut args = vec!["forward", target, wanted, "--demo=calm"];
        args.extend(Some(more).filter(|more| !more.is_empty()));
        let output = home.cockpit(&args);
        assert_eq!(output.status.code(), Some(status), "{target} {wanted}: {}", stderr(&output));
        assert!(stderr(&output).contains(said) && stdout(&output).is_empty(), "{target} {wanted}: {}", stderr(&output));
    }
}

#[test]
fn a_protected_cluster_asks_for_its_name() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("config/cockpit")).expect("a directory");
    std::fs::write(home.path("config/cockpit/config.toml"), "protected = [\"prod/*\"]\n").expect("a file");
    let refused = home.cockpit(&["forward", "prod/shop/web", ":80", "--demo=calm"]);
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("--confirm prod"), "{}", stderr(&refused));
    let mut running = Running::start(&home, &["forward", "prod/shop/web", ":80", "--confirm", "prod", "--demo=calm"]);
    let line = running.line();
    assert!(line.starts_with("127.0.0.1:"), "{line}");
}
