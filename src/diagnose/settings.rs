//! What people set about the diagnosis.

use crate::domain::{Ref, Text, Timestamp};

/// Thresholds, patterns and accepted incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// A container above this share of its memory limit is named, percent.
    pub memory_percent: u8,
    /// A disk above this share is named, percent.
    pub disk_percent: u8,
    /// So many restarts within ten minutes are a loop.
    pub crash_loop_restarts: u32,
    /// A pull that takes longer is named, seconds.
    pub pull_stall_seconds: i64,
    /// How important a `cluster/namespace/name` is: the first pattern that fits; 50 where none does. Higher stands above.
    pub importance: Vec<(Pattern, i32)>,
    /// Whose a `cluster/namespace/name` is: the first pattern that fits.
    pub owners: Vec<(Pattern, Text)>,
    /// What is accepted for good.
    pub accepts: Vec<Accept>,
}

impl Default for Settings {
    fn default() -> Self {
        let pattern = |raw: &str| Pattern::new(raw);
        Self {
            memory_percent: 90,
            disk_percent: 90,
            crash_loop_restarts: 3,
            pull_stall_seconds: 300,
            importance: vec![
                (pattern("*prod*"), 100),
                (pattern("*live*"), 100),
                (pattern("*stag*"), 30),
                (pattern("*test*"), 20),
                (pattern("*dev*"), 10),
            ],
            owners: Vec::new(),
            accepts: Vec::new(),
        }
    }
}

impl Settings {
    /// How important a subject is, and by which pattern, where one fits.
    pub fn importance_by(&self, key: &Ref) -> Option<(&Text, i32)> {
        let path = Pattern::path(key);
        let found = self.importance.iter().find(|(pattern, _)| pattern.fits(&path));
        found.map(|(pattern, importance)| (&pattern.0, *importance))
    }

    /// Whose a subject is.
    pub fn owner_of(&self, key: &Ref) -> Option<&Text> {
        if self.owners.is_empty() {
            return None;
        }
        let path = Pattern::path(key);
        self.owners.iter().find(|(pattern, _)| pattern.fits(&path)).map(|(_, owner)| owner)
    }

    /// What accepts a rule's finding on a subject at `now`.
    pub fn accepts(&self, rule: &str, key: &Ref, now: Timestamp) -> Option<&Accept> {
        if self.accepts.is_empty() {
            return None;
        }
        let path = Pattern::path(key);
        self.accepts.iter().find(|accept| {
            accept.rule.as_ref().is_none_or(|of| *of == *rule)
                && accept.until.is_none_or(|until| until > now)
                && accept.target.fits(&path)
        })
    }
}

/// An incident that somebody accepted in the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept {
    /// Which rule; any where none is named.
    pub rule: Option<Text>,
    /// On which `cluster/namespace/name`.
    pub target: Pattern,
    /// Why.
    pub reason: Text,
    /// Until when, where it ends.
    pub until: Option<Timestamp>,
}

/// A pattern over `cluster/namespace/name` (`-` for no namespace): `*` stands for anything, all else for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Text);

impl Pattern {
    /// A pattern from its words.
    pub fn new(raw: &str) -> Self {
        Self(Text::new(raw))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it fits all of `subject`.
    pub fn fits(&self, subject: &str) -> bool {
        let mut rest = subject;
        let mut parts = self.0.split('*');
        let Some(first) = parts.next() else { return false };
        let Some(after) = rest.strip_prefix(first) else { return false };
        rest = after;
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(place) = rest.find(part) else { return false };
            rest = &rest[place + part.len()..];
        }
        true
    }

    /// Whether it fits a key.
    pub fn fits_key(&self, key: &Ref) -> bool {
        self.fits(&Self::path(key))
    }

    fn path(key: &Ref) -> String {
        format!("{}/{}/{}", key.cluster, key.namespace.as_deref().unwrap_or("-"), key.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_the_rest_for_itself() {
        assert!(Pattern::new("*prod*").fits("eu-prod/shop/web"));
        assert!(Pattern::new("prod/*/web").fits("prod/shop/web"));
        assert!(!Pattern::new("prod/*/web").fits("prod/shop/worker"));
        assert!(Pattern::new("prod/shop/web").fits("prod/shop/web"));
        assert!(!Pattern::new("prod").fits("prod/shop/web"));
        assert!(!Pattern::new("a*a").fits("a"));
    }
}
