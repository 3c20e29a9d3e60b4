//! Which lines belong to the one above: the stack of an error goes where the line goes that tells the error.

use super::find::Pattern;
use crate::domain::{LogLine, Name};

/// What is told just now, by each who writes.
#[derive(Debug, Clone, Default)]
pub(super) struct Kin(Vec<Thread>);

/// What one writes on one stream.
#[derive(Debug, Clone, Default)]
struct Thread {
    from: Option<Name>,
    stderr: bool,
    /// The line that the next ones may belong to is shown.
    shown: bool,
    trace: Trace,
    /// The last line belonged to one above.
    inside: bool,
}

/// What kind of stack is being told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Trace {
    #[default]
    None,
    /// Up to the exception, which stands below its stack.
    Python,
    /// After which another may follow.
    PythonOver,
    Go,
    /// The message stands below the place.
    Rust,
}

impl Kin {
    /// Whether a line is shown under a filter: it is like that, or belongs to one that is.
    pub fn shows(&mut self, filter: &Pattern, line: &LogLine) -> bool {
        let at = self.0.iter().position(|it| it.stderr == line.stderr && it.from == line.from);
        if line.note {
            self.0.retain(|it| it.from != line.from);
            return true;
        }
        let Some(thread) = at.and_then(|at| self.0.get_mut(at)) else {
            let mut thread = Thread { from: line.from.clone(), stderr: line.stderr, ..Thread::default() };
            thread.belongs(&line.text);
            (thread.shown, thread.inside) = (filter.holds(line), false);
            let shown = thread.shown;
            self.0.push(thread);
            return shown;
        };
        thread.inside = thread.belongs(&line.text);
        if !thread.inside {
            thread.shown = filter.holds(line);
            return thread.shown;
        }
        thread.shown || (filter.asks_for_something() && filter.holds(line))
    }
}

impl Thread {
    /// Whether a line belongs to the one above.
    fn belongs(&mut self, text: &str) -> bool {
        let was = std::mem::take(&mut self.trace);
        if text.starts_with("Traceback (most recent call last)") {
            self.trace = Trace::Python;
            return true;
        }
        if text.starts_with("goroutine ") && text.ends_with("]:") {
            self.trace = Trace::Go;
            return true;
        }
        let begins = match text {
            _ if text.starts_with("panic: ") => Trace::Go,
            _ if text.starts_with("thread '") && text.contains("' panicked at ") => Trace::Rust,
            _ => Trace::None,
        };
        if begins != Trace::None {
            self.trace = begins;
            return false;
        }
        if text.is_empty() || text.starts_with(' ') {
            self.trace = was;
            return !text.is_empty() || was != Trace::None;
        }
        let (belongs, trace) = match was {
            Trace::Python if self.inside => (true, Trace::PythonOver),
            Trace::Go if is_go_frame(text) => (true, was),
            Trace::Rust => (true, Trace::None),
            _ if GOES_ON.iter().any(|start| text.starts_with(start)) => (true, was),
            _ => (is_java(text) || is_go_path(text) || (self.inside && closes(text)), Trace::None),
        };
        self.trace = trace;
        belongs
    }
}

/// What a line begins with that goes on with the one above.
const GOES_ON: [&str; 8] = [
    "Caused by: ",
    "Suppressed: ",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "[signal SIG",
    "stack backtrace:",
    "note: run with `RUST_BACKTRACE",
    "--- End of ",
];

/// `java.lang.IllegalStateException: no`, below the line that a logger wrote.
fn is_java(text: &str) -> bool {
    let name = text.split([':', ' ']).next().unwrap_or_default();
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
    name.contains('.')
        && ["Exception", "Error", "Throwable"].iter().any(|end| name.ends_with(end))
        && name.split('.').all(is_name)
}

/// The end of an object that was written over several lines.
fn closes(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '}' | ']' | ')' | ',' | ';'))
}

/// `main.serve(0xc000010000)`, `created by net/http.(*Server).Serve`, `exit status 2`.
fn is_go_frame(text: &str) -> bool {
    let called = text.split_once('(').is_some_and(|(name, _)| !name.contains(' ')) && text.ends_with(')');
    called || text.starts_with("created by ") || text.starts_with("exit status ")
}

/// A function with its package, alone in a line, as zap writes them: `github.com/acme/shop/cart.(*Cart).Charge`.
fn is_go_path(text: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '_' | '-' | '(' | ')' | '*' | '[' | ']');
    let last = text.rsplit('/').next().unwrap_or_default();
    let packaged =
        text.contains('/') && !text.starts_with('/') || text.starts_with("main.") || text.starts_with("runtime.");
    packaged
        && text.chars().all(of_name)
        && last.split_once('.').is_some_and(|(package, function)| !package.is_empty() && !function.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of lines under a filter.
    fn shown<'a>(filter: &str, lines: &'a str) -> Vec<&'a str> {
        let (mut kin, filter) = (Kin::default(), Pattern::new(filter).expect("a pattern"));
        lines.lines().filter(|text| kin.shows(&filter, &LogLine::output(None, false, text))).collect()
    }

    const JAVA: &str = "{\"level\":\"error\",\"msg\":\"cannot charge\"}
java.lang.IllegalStateException: no connection
\tat shop.Cart.charge(Cart.java:42)
\t... 12 more
Caused by: java.net.ConnectException: refused
\tat java.net.Socket.connect(Socket.java:1)
{\"level\":\"info\",\"msg\":\"and on\"}
  of no interest";

    const PYTHON: &str = "level=error msg=\"cannot charge\"
Traceback (most recent call last):
  File \"cart.py\", line 42, in charge
    connect()
ConnectionError: refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"cart.py\", line 44, in charge
ValueError: no
level=info msg=\"and on\"
ValueError: of no interest";

    const GO: &str = "level=error msg=\"cannot charge\"
goroutine 1 [running]:
main.charge(0xc000010000)
\t/app/cart.go:42 +0x1d
created by main.main in goroutine 7
\t/app/main.go:3 +0x1d

goroutine 18 [IO wait]:
internal/poll.runtime_pollWait(0x7f)
\t/usr/local/go/src/runtime/netpoll.go:1
exit status 2
level=info msg=\"and on\"
main.of_no_interest";

    const ZAP: &str = "level=error msg=\"cannot charge\"
github.com/acme/shop/cart.(*Cart).Charge
\t/app/cart.go:42
main.main
\t/app/main.go:3
level=info msg=\"and on\"
/api/cart.json";

    #[test]
    fn a_stack_goes_with_the_line_that_tells_the_error() {
        for (name, lines, last) in [("java", JAVA, 6), ("python", PYTHON, 11), ("go", GO, 11), ("zap", ZAP, 5)] {
            let all: Vec<&str> = lines.lines().collect();
            assert_eq!(shown("level:error", lines), all[..last], "{name}");
            assert_eq!(shown("!level:error", lines), all[last..], "{name}: and goes with it");
        }
    }

    #[test]
    fn a_line_of_a_stack_is_shown_by_itself_where_it_is_what_is_looked_for() {
        assert_eq!(shown("Socket", JAVA), ["\tat java.net.Socket.connect(Socket.java:1)"]);
        assert_eq!(shown("file=x", JAVA), [""; 0]);
    }

    #[test]
    fn panics_and_what_nodejs_throws_are_told_whole() {
        let rust =
            "fine\nthread 'main' panicked at src/main.rs:2:5:\nit is over\nnote: run with `RUST_BACKTRACE=1`\nfine";
        assert_eq!(shown("panicked", rust), rust.lines().collect::<Vec<_>>()[1..4]);
        let node = "fine\nError: refused\n    at f (a.js:1) {\n  code: 'ECONNREFUSED'\n}\nfine\n}";
        assert_eq!(shown("refused", node), node.lines().collect::<Vec<_>>()[1..5]);
        let go = "fine\npanic: boom\n[signal SIGSEGV: x]\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\nfine";
        assert!(shown("^panic", go).contains(&"main.main()"));
    }

    #[test]
    fn what_others_write_between_does_not_part_it() {
        let (mut kin, filter) = (Kin::default(), Pattern::new("boom").expect("a pattern"));
        let line = |from: &str, text: &str| LogLine { from: Some(from.into()), ..LogLine::output(None, false, text) };
        let told = [("a", "boom"), ("b", "fine"), ("a", "  at f"), ("b", "  of b"), ("a", "fine"), ("a", "  of a")];
        let shown = told.map(|(from, text)| kin.shows(&filter, &line(from, text)));
        assert_eq!(shown, [true, false, true, false, false, false]);
        assert!(kin.shows(&filter, &LogLine { from: Some("a".into()), ..LogLine::note(None, "started again") }));
        assert!(!kin.shows(&filter, &line("a", "  of a new run")));
    }
}
