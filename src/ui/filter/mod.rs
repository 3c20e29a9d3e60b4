//! What narrows a list: a filter that was typed, and a namespace or cluster that was chosen.

mod facets;
mod parse;

use super::panes::{Ctx, Rows};
use super::screen::{RowKey, Scope, Screen};
use crate::domain::Ref;

use facets::Facets;
use parse::{Parsed, Term, Test, parse};

/// A filter that was typed. Words are and-ed and looked for in what a row shows, in any case; `key=value` is a label;
/// `ns:`, `node:`, `state:` and their like are fields; `!` turns a word round, by itself all of them.
#[derive(Debug, Clone)]
pub(super) struct Filter(Parsed);

impl Filter {
    /// None where it narrows nothing.
    pub(super) fn of(raw: Option<&str>) -> Option<Self> {
        let parsed = parse(raw?);
        (!parsed.terms.is_empty()).then_some(Self(parsed))
    }

    /// Whether it keeps nothing that another one does not keep, whatever the rows are.
    fn is_within(&self, other: &Filter) -> bool {
        let holds = |new: &Term, old: &Term| match (&new.test, &old.test) {
            (Test::Words(new_word), Test::Words(word)) if !new.not && !old.not => new_word.contains(word.as_str()),
            _ => new == old,
        };
        let implied = |old: &Term| self.0.terms.iter().any(|new| holds(new, old));
        !self.0.inverted && !other.0.inverted && other.0.terms.iter().all(implied)
    }

    /// Whether a row stays.
    pub(super) fn keeps(&self, ctx: &Ctx<'_>, rows: &dyn Rows, key: &RowKey) -> bool {
        let mut facets = None;
        let mut holds = |test: &Test| match test {
            Test::Words(word) => rows.shows(key, word),
            test => facets.get_or_insert_with(|| Facets::of(ctx, rows, key)).hold(test),
        };
        self.0.terms.iter().all(|term| holds(&term.test) != term.not) != self.0.inverted
    }
}

/// Whether text holds a word that is in small letters, in any case.
pub(super) fn holds(text: &str, word: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(word);
    }
    let Some(first) = word.bytes().next() else { return true };
    let begins = |it: &[u8]| it[0].to_ascii_lowercase() == first && it.eq_ignore_ascii_case(word.as_bytes());
    text.as_bytes().windows(word.len()).any(begins)
}

/// Whether what a filter leaves is among what another one, or none, leaves: then the rows of that one are all that has to
/// be looked at.
pub fn is_within(new: &str, old: Option<&str>) -> bool {
    let Some(new) = Filter::of(Some(new)) else { return false };
    Filter::of(old).is_none_or(|old| new.is_within(&old))
}

/// What was expected in the place of something in a filter that is not understood.
pub fn problem(raw: &str) -> Option<String> {
    parse(raw).problem
}

/// All that narrows the list that is shown.
#[derive(Debug, Clone)]
pub(super) struct Narrow<'a> {
    filter: Option<Filter>,
    scope: Option<&'a Scope>,
}

impl<'a> Narrow<'a> {
    /// By a filter alone.
    pub(super) fn by(filter: Option<&str>) -> Option<Self> {
        Filter::of(filter).map(|filter| Self { filter: Some(filter), scope: None })
    }

    /// By what the screen says; none where nothing is narrowed.
    pub(super) fn of(screen: &'a Screen) -> Option<Self> {
        let (filter, scope) = (Filter::of(screen.home.filter.as_deref()), screen.home.scope.as_ref());
        (filter.is_some() || scope.is_some()).then_some(Self { filter, scope })
    }

    /// Whether a row stays.
    pub(super) fn keeps(&self, ctx: &Ctx<'_>, rows: &dyn Rows, key: &RowKey) -> bool {
        self.scope.is_none_or(|scope| concerns(scope, ctx, rows, key))
            && self.filter.as_ref().is_none_or(|filter| filter.keeps(ctx, rows, key))
    }
}

/// Whether a row has to do with what the panes are narrowed to. What is in no namespace, a node or a cluster, concerns all
/// of its cluster; an incident concerns where something lies that it drags along.
pub(super) fn concerns(scope: &Scope, ctx: &Ctx<'_>, rows: &dyn Rows, key: &RowKey) -> bool {
    let fits = |of: &Ref| scope.holds(of);
    if let RowKey::Incident(id) = key {
        let Some(incident) = ctx.model.diagnosis.incidents().iter().find(|it| it.id == *id) else { return true };
        // An alert or a node that it drags along is no sign of a namespace.
        let drags = |of: &Ref| of.namespace.is_some() && fits(of);
        return fits(&incident.subject) || incident.symptoms.iter().any(|symptom| drags(&symptom.about));
    }
    rows.target(key).is_none_or(|target| fits(&target))
}

#[cfg(test)]
mod tests {
    use super::{holds, is_within};

    #[test]
    fn a_word_is_found_in_any_case_and_in_any_script() {
        for (text, word, found) in [
            ("shop/Web-6B4c", "web-6b", true),
            ("shop/web", "webs", false),
            ("", "a", false),
            ("anything", "", true),
            ("GRÖSSE 9", "größe", false),
            ("Größe 9", "größe 9", true),
            ("ÄHRE", "ähre", true),
            ("web", "wéb", false),
        ] {
            assert_eq!(holds(text, word), found, "{word} in {text}");
        }
    }

    #[test]
    fn a_filter_that_only_asks_for_more_looks_at_what_is_left_alone() {
        for (new, old) in [
            ("we", None),
            ("web", Some("we")),
            ("prod web", Some("prod")),
            ("web app=web", Some("app=web")),
            ("!api web", Some("!api")),
        ] {
            assert!(is_within(new, old), "{new} after {old:?}");
        }
    }

    #[test]
    fn one_that_may_bring_rows_back_looks_at_all() {
        for (new, old) in [
            ("we", Some("web")),
            ("!web", Some("!we")),
            ("! web", Some("! we")),
            ("web", Some("! we")),
            ("age<20h", Some("age<2h")),
            ("app=web2", Some("app=web")),
            ("", Some("web")),
        ] {
            assert!(!is_within(new, old), "{new} after {old:?}");
        }
    }
}
