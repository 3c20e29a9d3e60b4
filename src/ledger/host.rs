//! Which process this is, and whether another one is still there.

use std::fs::read_to_string;

use crate::domain::Text;
use crate::domain::journal::{LEASE_SECONDS, Lease};

/// A lease of another machine that was not renewed for so long has lapsed, however the two clocks stand, seconds.
const LONG_AGO: i64 = 10 * LEASE_SECONDS;

/// The lease that this process holds its runs by.
pub fn ours(beat: i64) -> Lease {
    let read = |file: &str| read_to_string(file).ok().map(|said| said.trim().to_owned()).unwrap_or_default();
    let host = match read("/proc/sys/kernel/hostname") {
        host if host.is_empty() => read("/etc/hostname"),
        host => host,
    };
    let pid = std::process::id();
    Lease {
        host: Text::from(host),
        boot: Text::from(boot(&read("/proc/sys/kernel/random/boot_id"))),
        pid,
        birth: stat(pid).map(|it| it.birth).unwrap_or_default(),
        beat,
        lapsed: false,
    }
}

/// A start of the machine, and whose numbers its processes have: in a container of its own a process has another number, and
/// who looks for it from outside does not find it (pid_namespaces(7)). Empty where the system tells neither.
fn boot(id: &str) -> String {
    let numbers = std::fs::read_link("/proc/self/ns/pid").map(|it| it.display().to_string()).unwrap_or_default();
    if id.is_empty() || numbers.is_empty() { String::new() } else { format!("{id} {numbers}") }
}

/// Whether nobody holds a lease any more. `unmoved` is for how long it was looked at without a beat, milliseconds: the clock
/// of another machine may be off.
pub fn has_lapsed(lease: &Lease, ours: &Lease, now: i64, unmoved: i64) -> bool {
    let age = now - lease.beat;
    let here = !lease.boot.is_empty() && (&lease.host, &lease.boot) == (&ours.host, &ours.boot);
    match here {
        // Whose process is gone answers for nothing from then on: nobody has to wait. What was stopped by ctrl-z is still
        // there, and goes on.
        true => !is_alive(lease.pid, lease.birth),
        false => unmoved >= LEASE_SECONDS * 1000 || age >= LONG_AGO * 1000,
    }
}

fn is_alive(pid: u32, birth: u64) -> bool {
    let Some(id) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    let there = match rustix::process::test_kill_process(id) {
        Ok(()) => true,
        // Somebody else's.
        Err(error) => error == rustix::io::Errno::PERM,
    };
    // One that has ended keeps its number until its parent has asked for it, which may be never.
    there && stat(pid).is_none_or(|it| !matches!(it.state, 'Z' | 'X') && (birth == 0 || it.birth == birth))
}

/// What the system says of a process.
struct Stat {
    state: char,
    /// When it began, in ticks since the machine's start.
    birth: u64,
}

/// Fields 3 and 22 of `/proc/PID/stat` (proc(5)).
fn stat(pid: u32) -> Option<Stat> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may hold anything.
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    Some(Stat { state: fields.next()?.chars().next()?, birth: fields.nth(18)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_lease_of_this_machine_lapses_when_its_process_is_gone() {
        let ours = ours(0);
        assert!(!has_lapsed(&ours, &ours, 1_000 * MINUTE, 1_000 * MINUTE), "this process is there");
        let mut child = std::process::Command::new("true").spawn().expect("a process");
        let gone = Lease { pid: child.id(), birth: 1, ..ours.clone() };
        let birth = stat(gone.pid).expect("it is there, or waits to be asked for").birth;
        while stat(gone.pid).is_some_and(|it| it.state != 'Z') {
            std::thread::yield_now();
        }
        assert!(has_lapsed(&Lease { birth, ..gone.clone() }, &ours, 0, 0), "its parent has not asked for it yet");
        child.wait().expect("ended");
        assert!(has_lapsed(&gone, &ours, 0, 0), "nobody waits for what cannot come back");
        let reused = Lease { birth: ours.birth + 1, ..ours.clone() };
        assert!(has_lapsed(&reused, &ours, 0, 0), "another process has its number");
        let elsewhere = Lease { boot: Text::from(format!("{} pid:[1]", ours.boot)), ..gone };
        assert!(!has_lapsed(&elsewhere, &ours, MINUTE, 0), "of a container's processes nothing can be told from here");
        assert!(has_lapsed(&elsewhere, &ours, MINUTE, MINUTE));
    }

    #[test]
    fn a_lease_of_another_machine_lapses_when_it_was_seen_not_to_move() {
        let ours = ours(0);
        let theirs = Lease { host: "other".into(), ..ours.clone() };
        assert!(!has_lapsed(&theirs, &ours, 5 * MINUTE, MINUTE - 1), "its clock may be five minutes behind");
        assert!(has_lapsed(&theirs, &ours, -5 * MINUTE, MINUTE), "or ahead");
        assert!(has_lapsed(&theirs, &ours, 10 * MINUTE, 0), "nobody's clock is that wrong");
        let rebooted = Lease { boot: "before".into(), ..ours.clone() };
        assert!(has_lapsed(&rebooted, &ours, 10 * MINUTE, 0));
    }
}
