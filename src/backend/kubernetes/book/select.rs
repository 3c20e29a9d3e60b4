//! Selectors and what they pick (apimachinery: pkg/labels/selector.go).

use crate::domain::Name;

use super::super::wire::rest::Selector;
use super::scribe::Scribe;

/// Labels, as selectors compare them.
pub(super) type Labels = [(Name, Name)];

/// A selector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Picker {
    equal: Vec<(Name, Name)>,
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    key: Name,
    operator: Operator,
    values: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    /// A word that is not known: it picks nothing, for half a selector picks too much.
    Unknown,
}

impl Picker {
    pub(super) fn new(scribe: &mut Scribe, it: &Selector) -> Self {
        let terms = it.match_expressions.iter().map(|term| Term {
            key: scribe.name(&term.key),
            operator: match &*term.operator {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => Operator::Unknown,
            },
            values: term.values.iter().map(|value| scribe.name(value)).collect(),
        });
        let terms = terms.collect();
        Self { equal: scribe.pairs(&it.match_labels), terms }
    }

    /// Whether it picks what has these labels. One that asks for nothing picks everything.
    pub(super) fn picks(&self, labels: &Labels) -> bool {
        let value = |key: &Name| labels.iter().find(|(name, _)| name == key).map(|(_, value)| value);
        let term = |term: &Term| match (term.operator, value(&term.key)) {
            (Operator::In, Some(value)) => term.values.contains(value),
            (Operator::NotIn, Some(value)) => !term.values.contains(value),
            (Operator::Exists, found) => found.is_some(),
            (Operator::DoesNotExist, found) => found.is_none(),
            (Operator::NotIn, None) => true,
            (Operator::In, None) | (Operator::Unknown, _) => false,
        };
        self.equal.iter().all(|pair| labels.contains(pair)) && self.terms.iter().all(term)
    }
}

/// Whether a Service's selector picks what has these labels. One without a selector picks nothing.
pub(super) fn selects(selector: &Labels, labels: &Labels) -> bool {
    !selector.is_empty() && selector.iter().all(|pair| labels.contains(pair))
}

/// A Service's selector in words: `app=web,tier=front`.
pub(super) fn in_words(selector: &Labels) -> String {
    let terms: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
    terms.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClusterId;

    fn labels(pairs: &[(&str, &str)]) -> Vec<(Name, Name)> {
        pairs.iter().map(|(name, value)| (Name::new(name), Name::new(value))).collect()
    }

    #[test]
    fn a_selector_picks_as_the_server_does() {
        let mut scribe = Scribe::new(ClusterId::new("test"));
        let mut picker = |json: &str| Picker::new(&mut scribe, &serde_json::from_str(json).expect("a selector"));
        let web = labels(&[("app", "web"), ("env", "prod")]);
        for (json, picks) in [
            (r#"{}"#, true),
            (r#"{"matchLabels":{"app":"web"}}"#, true),
            (r#"{"matchLabels":{"app":"api"}}"#, false),
            (r#"{"matchExpressions":[{"key":"env","operator":"In","values":["prod","stage"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"env","operator":"NotIn","values":["prod"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"canary","operator":"NotIn","values":["yes"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"canary","operator":"DoesNotExist"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"canary","operator":"Exists"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"env","operator":"Gt","values":["1"]}]}"#, false),
        ] {
            assert_eq!(picker(json).picks(&web), picks, "{json}");
        }
    }

    #[test]
    fn a_service_without_a_selector_picks_nothing() {
        let web = labels(&[("app", "web"), ("env", "prod")]);
        assert!(!selects(&[], &web));
        assert!(selects(&labels(&[("app", "web")]), &web));
        assert_eq!(in_words(&web), "app=web,env=prod");
    }
}
