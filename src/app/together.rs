//! Several outputs as one, of whichever clusters: each line labelled, by time as far as it comes in time.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream::{BoxStream, SelectAll};
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::domain::{LogLine, LogStream, Name, Text, Timestamp};

/// The past of all has come when nothing comes for so long after each said something,
const QUIET: Duration = Duration::from_millis(300);
/// or after so long.
const FIRST: Duration = Duration::from_secs(2);
/// Lines that come within so long are put in order.
const WINDOW: Duration = Duration::from_millis(200);

/// One output, and how its lines are called.
pub(super) struct Voice {
    /// Before the name of who wrote a line: where names alone could be those of others (`prod/`).
    pub(super) prefix: String,
    /// Who wrote a line that does not say so itself.
    pub(super) name: Name,
    /// The output, or why there is none.
    pub(super) lines: Result<LogStream, Text>,
}

struct Merge {
    all: SelectAll<BoxStream<'static, (usize, LogLine)>>,
    /// Of which nothing has come yet.
    silent: Vec<bool>,
    /// The time of the newest line of each: what has none stands behind it.
    newest: Vec<Option<Timestamp>>,
    held: Vec<(Option<Timestamp>, LogLine)>,
    ready: VecDeque<LogLine>,
    begun: bool,
}

/// Merges them. One that ends or cannot be read says so among the others; when all have ended, so has the whole.
pub(super) fn merged(voices: Vec<Voice>) -> LogStream {
    let count = voices.len();
    let all = voices.into_iter().enumerate().map(|(ix, voice)| labelled(ix, voice)).collect();
    let merge = Merge {
        all,
        silent: vec![true; count],
        newest: vec![None; count],
        held: Vec::new(),
        ready: VecDeque::new(),
        begun: false,
    };
    let lines = futures::stream::unfold(merge, |mut merge| async move {
        if merge.ready.is_empty() {
            merge.gather().await;
        }
        Some((Ok(merge.ready.pop_front()?), merge))
    });
    lines.boxed()
}

fn labelled(ix: usize, voice: Voice) -> BoxStream<'static, (usize, LogLine)> {
    let Voice { prefix, name, lines } = voice;
    let label = move |line: LogLine| {
        let from = line.from.as_ref().unwrap_or(&name);
        let from = if prefix.is_empty() { from.clone() } else { Name::from(format!("{prefix}{from}")) };
        LogLine { from: Some(from), ..line }
    };
    let lines = match lines {
        Ok(lines) => lines,
        Err(why) => futures::stream::once(async move { Err(why) }).boxed(),
    };
    let end = futures::stream::once(async { Ok(LogLine::note(None, "this output has ended")) });
    // Why it failed is its end.
    let mut failed = false;
    let lines = lines.chain(end).take_while(move |line| {
        let goes_on = !failed;
        failed |= line.is_err();
        async move { goes_on }
    });
    lines.map(move |line| (ix, label(line.unwrap_or_else(|why| LogLine::note(None, why))))).boxed()
}

impl Merge {
    /// Waits for lines, and for those that may belong before them.
    async fn gather(&mut self) {
        let begun = Instant::now();
        if std::mem::replace(&mut self.begun, true) {
            let Some(first) = self.all.next().await else { return };
            self.hold(first);
            self.until(Instant::now() + WINDOW).await;
        } else {
            let last = begun + FIRST;
            loop {
                let quiet = if self.silent.contains(&true) { last } else { (Instant::now() + QUIET).min(last) };
                match timeout_at(quiet, self.all.next()).await {
                    Ok(Some(line)) => self.hold(line),
                    Ok(None) | Err(_) => break,
                }
            }
            // Nothing at all was there: the first line is waited for.
            if self.held.is_empty()
                && let Some(line) = self.all.next().await
            {
                self.hold(line);
            }
        }
        // Stable: what one wrote stays in its order.
        self.held.sort_by_key(|(at, _)| *at);
        self.ready.extend(self.held.drain(..).map(|(_, line)| line));
    }

    async fn until(&mut self, end: Instant) {
        // What is there already comes in any case.
        while let Some(Some(line)) = self.all.next().now_or_never() {
            self.hold(line);
            if self.held.len() >= LARGEST {
                return;
            }
        }
        while self.held.len() < LARGEST
            && let Ok(Some(line)) = timeout_at(end, self.all.next()).await
        {
            self.hold(line);
        }
    }

    fn hold(&mut self, (ix, line): (usize, LogLine)) {
        self.silent[ix] = false;
        self.newest[ix] = line.at.or(self.newest[ix]);
        self.held.push((self.newest[ix], line));
    }
}

/// No more lines are put in order at once.
const LARGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn line(at: i64, text: &str) -> Result<LogLine, Text> {
        Ok(LogLine::output(Timestamp::from_second(at).ok(), false, text))
    }

    fn voice(prefix: &str, name: &str, lines: Result<LogStream, Text>) -> Voice {
        Voice { prefix: prefix.to_owned(), name: name.into(), lines }
    }

    /// Lines that come after so long, and then the output stays open.
    fn open(after: u64, lines: Vec<Result<LogLine, Text>>) -> LogStream {
        let lines = stream::once(async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            stream::iter(lines)
        });
        lines.flatten().chain(stream::pending()).boxed()
    }

    async fn said(lines: &mut LogStream, count: usize) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..count {
            let line = lines.next().await.expect("it goes on").expect("no failure");
            let from = line.from.map(|name| name.to_string()).unwrap_or_default();
            said.push(format!("{from} {}", line.text));
        }
        said
    }

    #[tokio::test(start_paused = true)]
    async fn the_past_of_all_is_merged_by_time_and_labelled() {
        let a = open(10, vec![line(1, "one"), line(5, "five"), Ok(LogLine::output(None, false, "and more"))]);
        let of_a_pod = LogLine { from: Some("db-0".into()), ..line(3, "three").expect("a line") };
        let b = open(900, vec![Ok(of_a_pod), line(7, "seven")]);
        let mut lines = merged(vec![voice("", "web", Ok(a)), voice("prod/", "db", Ok(b))]);
        let all = said(&mut lines, 5).await;
        assert_eq!(all, ["web one", "prod/db-0 three", "web five", "web and more", "prod/db seven"]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_fails_or_ends_says_so_and_the_others_go_on() {
        let a = stream::iter([line(1, "one"), Err("it broke".into()), line(2, "never")]).boxed();
        let b = stream::iter([line(2, "two")]).boxed();
        let c = open(5000, vec![line(9, "nine")]);
        let all = vec![voice("", "a", Ok(a)), voice("", "b", Ok(b)), voice("", "c", Ok(c))];
        let mut lines = merged(all.into_iter().chain([voice("", "d", Err("forbidden".into()))]).collect());
        let all = said(&mut lines, 6).await;
        assert_eq!(all, ["d forbidden", "a one", "a it broke", "b two", "b this output has ended", "c nine"]);
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_have_ended_so_has_the_whole() {
        let of = |name: &str, at| voice("", name, Ok(stream::iter([line(at, "x")]).boxed()));
        let all: Vec<_> = merged(vec![of("a", 2), of("b", 1)]).collect().await;
        assert_eq!(all.len(), 4);
        assert!(merged(Vec::new()).next().await.is_none());
    }
}
