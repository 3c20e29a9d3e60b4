//! What a revision of a workload has that the one before had not.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::demand::Want;
use super::identity::Kind;
use super::text::{Name, Text};
use super::workload::Workload;

/// One revision against the one before. It names what differs; values of environments are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The revision before.
    pub from: Name,
    /// The revision that it is about.
    pub to: Name,
    /// When that became the newest, where it is known.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Who made it, where that is said.
    #[serde(default)]
    pub by: Option<Text>,
    /// What differs, the most telling first.
    #[serde(default)]
    pub differences: Vec<Difference>,
}

impl Change {
    /// What shows how the newest revision of a workload differs; none where its server keeps no former templates.
    pub fn of(workload: &Workload) -> Option<Want> {
        let kept = match workload.key.kind {
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ArgoRollout => true,
            // Nomad counts the versions of a job from 0.
            Kind::TaskGroup => !workload.history.is_empty(),
            _ => false,
        };
        let revision = workload.revision.as_ref().filter(|_| kept)?.id.clone();
        Some(Want::Change { workload: workload.key.clone(), revision })
    }

    /// What differs, at most so much of it: `web image shop/web:1.4 → 1.5; web env DB_URL changed; 3 more`.
    pub fn in_words(&self, most: usize) -> String {
        if self.differences.is_empty() {
            return "nothing in its template differs".to_owned();
        }
        let more = self.differences.len().saturating_sub(most);
        let shown = self.differences.iter().take(most).map(Difference::in_words);
        let words: Vec<String> = shown.chain((more > 0).then(|| format!("{more} more"))).collect();
        words.join("; ")
    }
}

/// One thing that differs between two revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What: `web image`, `web env DB_URL`, `nodeSelector disk`.
    pub what: Text,
    /// In which way.
    pub how: How,
}

/// In which way something differs, with what it is where that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was not there before.
    Added(Option<Text>),
    /// It is not there any more.
    Removed(Option<Text>),
    /// It was something else.
    Changed(Option<(Text, Text)>),
}

impl Difference {
    /// As a person reads it: `web image shop/web:1.4 → 1.5`.
    pub fn in_words(&self) -> String {
        let what = &self.what;
        match &self.how {
            How::Added(Some(now)) => format!("{what} added: {now}"),
            How::Added(None) => format!("{what} added"),
            How::Removed(Some(was)) => format!("{what} removed (was {was})"),
            How::Removed(None) => format!("{what} removed"),
            How::Changed(Some((was, now))) => format!("{what} {was} → {now}"),
            How::Changed(None) => format!("{what} changed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(differences: &[(&str, How)]) -> Change {
        let differences = differences.iter().map(|(what, how)| Difference { what: Text::new(what), how: how.clone() });
        Change { from: Name::new("1"), to: Name::new("2"), at: None, by: None, differences: differences.collect() }
    }

    #[test]
    fn what_differs_is_said_in_one_line_of_bounded_length() {
        let text = |word: &str| Some(Text::new(word));
        let all = change(&[
            ("web image", How::Changed(Some((Text::new("a:1"), Text::new("2"))))),
            ("web env A", How::Added(None)),
            ("web env B", How::Removed(text("Secret b"))),
            ("web args", How::Changed(None)),
        ]);
        assert_eq!(
            all.in_words(9),
            "web image a:1 → 2; web env A added; web env B removed (was Secret b); web args changed"
        );
        assert_eq!(all.in_words(1), "web image a:1 → 2; 3 more");
        assert_eq!(change(&[]).in_words(4), "nothing in its template differs");
    }
}
