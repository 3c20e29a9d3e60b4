//! Places to read about a thing, as its annotations or labels name them.

use crate::domain::{Name, Text};

use super::mask;

/// Links of one object, at most, and the length of one.
const KEPT: usize = 12;
const LENGTH: usize = 512;

/// Whether a name says that its value is a place to read: `runbook_url`, `a8r.io/chat` (the convention of ambassador's
/// annotations), `org.opencontainers.image.source`, `link.argocd.argoproj.io/external-link`.
pub(super) fn is_named(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["a8r.io/", "org.opencontainers.image.", "link.argocd.argoproj.io/"];
    const WORDS: [&str; 5] = ["runbook", "playbook", "dashboard", "documentation", "docs-url"];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || WORDS.iter().any(|word| name.contains(word))
}

/// Those of them that are plainly links, by name. One that holds a login, or a question, could hold a secret, and is not kept.
pub(super) fn links<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(Name, Text)> {
    let plain = |(name, value): &(&str, &str)| is_named(name) && !mask::denied(name) && is_link(value);
    let mut links: Vec<(Name, Text)> =
        pairs.filter(plain).take(KEPT).map(|(name, value)| (Name::new(name), Text::new(value))).collect();
    links.sort();
    links
}

fn is_link(value: &str) -> bool {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let odd = |c: char| c.is_whitespace() || c.is_control();
    !host.is_empty() && !host.contains('@') && !value.contains('?') && value.len() <= LENGTH && !value.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_plainly_a_link_is_one() {
        let all = [
            ("runbook_url", "https://wiki.example/shop"),
            ("a8r.io/chat", "#shop"),
            ("a8r.io/logs", "https://logs.example/shop"),
            ("org.opencontainers.image.source", "http://git.example/shop"),
            ("org.opencontainers.image.version", "1.4"),
            ("app", "https://elsewhere.example"),
            ("dashboard", "https://anna:secret@grafana.example/"),
            ("dashboard-2", "https://grafana.example/d?auth=abc"),
            ("runbook", "javascript:alert(1)"),
            ("playbook", "https://"),
            ("docs-url", "https://a.example/\u{1b}[2J"),
            ("runbook-token", "https://wiki.example/"),
        ];
        let kept = links(all.into_iter());
        let kept: Vec<(&str, &str)> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            kept,
            [
                ("a8r.io/logs", "https://logs.example/shop"),
                ("org.opencontainers.image.source", "http://git.example/shop"),
                ("runbook_url", "https://wiki.example/shop"),
            ]
        );
    }
}
