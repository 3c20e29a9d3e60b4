//! What is kept of output, and what of that is shown.

use std::collections::{BTreeMap, VecDeque};

use super::find::Pattern;
use super::kin::Kin;
use super::page::Page;
use crate::domain::{LogLine, LogRequest, Name, Ref, Text};

/// Output of an instance.
#[derive(Debug, Clone)]
pub struct LogView {
    /// What was asked for.
    pub request: LogRequest,
    /// The workload that it was opened on, where one instance of it is followed.
    pub of: Option<Ref>,
    /// Others whose output is followed with it: what was marked.
    pub also: Vec<Ref>,
    /// Who has written so far, and what they are called in a line: short, and each different.
    pub writers: BTreeMap<Name, String>,
    /// The ticket under which lines come; late lines of another ticket are dropped.
    pub ticket: u64,
    /// Lines, oldest first; at most [`LogView::KEPT`], and [`LogView::KEPT_BYTES`] of text.
    pub lines: VecDeque<LogLine>,
    /// How many were dropped at the front.
    pub dropped: u64,
    /// New lines are shown as they come.
    pub following: bool,
    /// Lines that are shown between the last visible one and the newest, while not following.
    pub behind: usize,
    /// Rows of the last visible line that are below the page.
    pub hidden: usize,
    /// Why it ended, where it has.
    pub ended: Option<Text>,
    /// Lines that are not like this are not shown.
    pub filter: Option<Pattern>,
    /// What is marked, and gone to.
    pub search: Option<Pattern>,
    /// The line that was gone to last, by its number since the start.
    pub found: Option<u64>,
    /// Lines are not wrapped, and begin at this column.
    pub sideways: Option<usize>,
    /// Records are shown as they were written.
    pub raw: bool,
    /// Numbers of the lines that are shown, where some are not.
    shown: Option<VecDeque<u64>>,
    /// Which of the next lines belong to one above.
    kin: Kin,
    bytes: usize,
}

impl LogView {
    /// Lines that are kept.
    pub const KEPT: usize = 10_000;
    /// Bytes of text that are kept.
    pub const KEPT_BYTES: usize = 16 << 20;

    /// What was asked for, with nothing come yet.
    pub fn new(ticket: u64, request: LogRequest, of: Option<Ref>) -> Self {
        Self {
            request,
            of,
            also: Vec::new(),
            writers: BTreeMap::new(),
            ticket,
            lines: VecDeque::new(),
            dropped: 0,
            following: true,
            behind: 0,
            hidden: 0,
            ended: None,
            filter: None,
            search: None,
            found: None,
            sideways: None,
            raw: false,
            shown: None,
            kin: Kin::default(),
            bytes: 0,
        }
    }

    /// The same way to look at other output.
    pub fn turned_to(&self, ticket: u64, request: LogRequest, of: Option<Ref>) -> Self {
        let mut view = Self::new(ticket, request, of);
        view.also.clone_from(&self.also);
        (view.search, view.sideways, view.raw) = (self.search.clone(), self.sideways, self.raw);
        view.narrow(self.filter.clone());
        view
    }

    /// All whose output is followed.
    pub fn followed(&self) -> impl Iterator<Item = &Ref> {
        std::iter::once(&self.request.instance).chain(&self.also)
    }

    /// Whose output it is: `prod shop/web, main, the run before`.
    pub fn whose(&self) -> String {
        let request = &self.request;
        let all: Vec<String> = self.followed().map(|it| format!("{} {}", it.cluster, it.local())).collect();
        let mut whose = all.join(", ");
        if let Some(container) = &request.container {
            whose.push_str(&format!(", {container}"));
        }
        if request.previous {
            whose.push_str(", the run before");
        }
        whose
    }

    /// Takes lines in, the oldest out where there are too many.
    pub fn take(&mut self, lines: Vec<LogLine>) {
        self.meet_writers(&lines);
        let before = self.len();
        for line in lines {
            let number = self.dropped + self.lines.len() as u64;
            if let (Some(filter), Some(shown)) = (&self.filter, &mut self.shown)
                && self.kin.shows(filter, &line)
            {
                shown.push_back(number);
            }
            self.bytes += line.bytes();
            self.lines.push_back(line);
        }
        if !self.following {
            self.behind += self.len() - before;
        }
        while self.lines.len() > Self::KEPT || (self.bytes > Self::KEPT_BYTES && self.lines.len() > 1) {
            if let Some(line) = self.lines.pop_front() {
                self.bytes -= line.bytes();
            }
            self.dropped += 1;
        }
        if let Some(shown) = &mut self.shown {
            while shown.front().is_some_and(|number| *number < self.dropped) {
                shown.pop_front();
            }
        }
        self.behind = self.behind.min(self.len());
    }

    /// How many lines are shown, on the screen or above and below it.
    pub fn len(&self) -> usize {
        self.shown.as_ref().map_or(self.lines.len(), VecDeque::len)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The line at a place among those that are shown, with its number since the start.
    pub fn at(&self, place: usize) -> Option<(u64, &LogLine)> {
        let number = self.number(place);
        Some((number, self.line(number)?))
    }

    /// Shows only lines that are like this, and what belongs to them; all where it is none. The newest is looked at again.
    pub fn narrow(&mut self, filter: Option<Pattern>) {
        let mut kin = Kin::default();
        self.shown = filter.as_ref().map(|filter| {
            let all = self.lines.iter().zip(self.dropped..);
            all.filter(|(line, _)| kin.shows(filter, line)).map(|(_, number)| number).collect()
        });
        (self.filter, self.kin) = (filter, kin);
        (self.behind, self.hidden) = (0, 0);
    }

    /// Goes to the next line that the search fits: upwards, or down again. Whether there is one.
    pub fn seek(&mut self, upwards: bool, page: Page) -> bool {
        let Some(search) = &self.search else { return false };
        let fits = |place: &usize| self.at(*place).is_some_and(|(_, line)| !line.note && search.holds(line));
        let len = self.len();
        // From the line that was found last, where that is still shown.
        let from = self.found.map(|number| self.place_of(number));
        let next = match (upwards, from) {
            (true, from) => (0..from.unwrap_or(len)).rev().find(fits),
            (false, Some(from)) => (from + 1..len).find(fits),
            (false, None) => (0..len).find(fits),
        };
        let Some(place) = next else { return false };
        self.found = Some(self.number(place));
        self.reveal(place, page);
        true
    }

    /// The number of the line that stands at a place among those that are shown.
    fn number(&self, place: usize) -> u64 {
        match &self.shown {
            Some(shown) => shown.get(place).copied().unwrap_or(u64::MAX),
            None => self.dropped + place as u64,
        }
    }

    fn place_of(&self, number: u64) -> usize {
        match &self.shown {
            Some(shown) => shown.partition_point(|known| *known < number),
            None => usize::try_from(number.saturating_sub(self.dropped)).unwrap_or(usize::MAX).min(self.lines.len()),
        }
    }

    fn line(&self, number: u64) -> Option<&LogLine> {
        self.lines.get(usize::try_from(number.checked_sub(self.dropped)?).ok()?)
    }

    fn meet_writers(&mut self, lines: &[LogLine]) {
        let before = self.writers.len();
        for from in lines.iter().filter_map(|line| line.from.as_ref()) {
            if !self.writers.contains_key(from) {
                self.writers.insert(from.clone(), String::new());
            }
        }
        if self.writers.len() > before {
            self.name_writers();
        }
    }

    /// By the end of its name, where that tells them apart: `web-6b4cb595bd-qhxwb` is `qhxwb`, `db-0` stays. Where several
    /// workloads are followed, with whose it is: `web qhxwb`.
    fn name_writers(&mut self) {
        let short: BTreeMap<Name, String> = self.writers.keys().map(|name| (name.clone(), self.short(name))).collect();
        for (name, called) in &short {
            let alone = short.values().filter(|other| *other == called).count() == 1;
            self.writers.insert(name.clone(), if alone { called.clone() } else { name.to_string() });
        }
    }

    fn short(&self, name: &str) -> String {
        let Some(end) = name.rsplit('-').next().filter(|end| end.len() > 3 && end.len() < name.len()) else {
            return name.to_owned();
        };
        if self.also.is_empty() {
            return end.to_owned();
        }
        // Before the name of its own there may be that of its cluster.
        let own = name.rfind('/').map_or(0, |at| at + 1);
        let is_of = |key: &&Ref| name[own..].strip_prefix(key.name.as_str()).is_some_and(|rest| rest.starts_with('-'));
        match self.followed().filter(is_of).map(|key| key.name.len()).max() {
            Some(long) => format!("{} {end}", &name[..own + long]),
            None => name.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClusterId, Kind};

    fn view() -> LogView {
        let instance = Ref::new(&ClusterId::new("test"), Kind::Pod, Some("shop".into()), "web");
        let request = LogRequest { instance, container: None, previous: false, since: None, tail: 200, follow: true };
        LogView::new(1, request, None)
    }

    fn numbered(from: usize, to: usize) -> Vec<LogLine> {
        (from..to)
            .map(|n| LogLine::output(None, false, format!("{} {n}", if n % 10 == 0 { "tenth" } else { "line" })))
            .collect()
    }

    const PAGE: Page = Page { columns: 80, height: 10 };

    fn bottom(view: &LogView) -> Option<&str> {
        view.at(view.bottom(PAGE)?.0).map(|(_, line)| line.text.as_str())
    }

    #[test]
    fn no_more_is_kept_than_is_allowed_in_lines_and_in_bytes() {
        let mut view = view();
        view.take(numbered(0, LogView::KEPT + 5));
        assert_eq!((view.lines.len(), view.dropped), (LogView::KEPT, 5));
        let long = "x".repeat(1 << 20);
        (0..40).for_each(|_| view.take(vec![LogLine::output(None, false, long.as_str())]));
        assert!(view.lines.iter().map(|line| line.text.len()).sum::<usize>() <= LogView::KEPT_BYTES);
    }

    #[test]
    fn a_filter_holds_for_what_is_there_and_for_what_comes() {
        let mut view = view();
        view.take(numbered(0, 100));
        view.narrow(Pattern::new("tenth"));
        assert_eq!((view.len(), bottom(&view)), (10, Some("tenth 90")));
        view.following = false;
        view.take(numbered(100, 111));
        assert_eq!((view.len(), view.behind, bottom(&view)), (12, 2, Some("tenth 90")));
        view.take(numbered(111, LogView::KEPT + 50));
        assert!((0..view.len()).all(|place| view.at(place).is_some_and(|(_, line)| line.text.starts_with("tenth"))));
        view.narrow(None);
        assert_eq!(view.len(), LogView::KEPT);
    }

    #[test]
    fn a_line_says_whose_it_is_as_short_as_it_can() {
        let mut view = view();
        let called = |view: &mut LogView, names: &[&str]| {
            let from = |name: &&str| LogLine { from: Some((*name).into()), ..LogLine::output(None, false, "x") };
            view.take(names.iter().map(from).collect());
            view.writers.values().cloned().collect::<Vec<_>>()
        };
        let names = ["db-0", "web-6b4cb595bd-qhxwb", "web-6b4cb595bd-x7kq2"];
        assert_eq!(called(&mut view.clone(), &names), ["db-0", "qhxwb", "x7kq2"]);
        let of = |name: &str| Ref { name: name.into(), ..view.request.instance.clone() };
        view.also = vec![of("web-api"), of("db")];
        let names = ["prod/db-0", "prod/web-6b4-qhxwb", "prod/web-api-7d5-x7kq2", "qhxwb"];
        let short = ["prod/db-0", "prod/web qhxwb", "prod/web-api x7kq2", "qhxwb"];
        assert_eq!(called(&mut view, &names), short);
    }

    #[test]
    fn a_search_goes_up_and_down_and_says_when_there_is_no_more() {
        let mut view = view();
        view.take(numbered(0, 25));
        view.search = Pattern::new("tenth");
        assert!(view.seek(true, PAGE));
        assert_eq!((view.found, view.following, view.behind), (Some(20), false, 0));
        assert!(view.seek(true, PAGE));
        assert_eq!((view.found, bottom(&view)), (Some(10), Some("line 15")));
        assert!(view.seek(false, PAGE) && !view.seek(false, PAGE));
        assert_eq!(view.found, Some(20));
        assert!(view.seek(true, PAGE) && view.seek(true, PAGE) && !view.seek(true, PAGE));
        view.search = Pattern::new("nowhere");
        assert!(!view.seek(true, PAGE) && !view.seek(false, PAGE));
    }
}
