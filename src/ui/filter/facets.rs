//! What a filter may ask of the object that a row is about.

use std::borrow::Cow;

use super::super::panes::{Ctx, Rows};
use super::super::say;
use super::super::screen::RowKey;
use super::parse::{Field, Test, phases_of_state};
use crate::domain::words::seconds_between;
use crate::domain::{Instance, Kind, NodeState, Object, Phase, Ref, Timestamp, Workload};

/// A row and what it is about, looked at field by field.
pub(super) struct Facets<'a> {
    ctx: &'a Ctx<'a>,
    rows: &'a dyn Rows,
    key: &'a RowKey,
    target: Option<Ref>,
    object: Option<&'a Object>,
}

impl<'a> Facets<'a> {
    pub fn of(ctx: &'a Ctx<'a>, rows: &'a dyn Rows, key: &'a RowKey) -> Self {
        let target = rows.target(key);
        let object = target.as_ref().and_then(|target| ctx.model.view.object(target));
        Self { ctx, rows, key, target, object }
    }

    /// Whether it is so; what has no such thing is not.
    pub fn hold(&self, test: &Test) -> bool {
        match test {
            Test::Words(_) => true,
            Test::Field(field, value) => self.field(*field, value),
            Test::Label(key, values) => self.label(key, values),
            Test::Age(which, seconds) => {
                let age = self.since().map(|since| seconds_between(since, self.ctx.model.view.now));
                age.is_some_and(|age| which.contains(&age.cmp(seconds)))
            }
            Test::Restarts(which, number) => self.restarts().is_some_and(|n| which.contains(&n.cmp(number))),
            Test::Phase(phases) => self.instances().any(|it| phases.contains(&it.phase)),
            Test::Ready(wanted) => self.ready() == Some(*wanted),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        self.rows.since(self.key).or_else(|| self.object.and_then(born))
    }

    fn severity(&self) -> Option<&'static str> {
        let incident = match self.key {
            RowKey::Incident(id) => self.ctx.model.diagnosis.incidents().iter().find(|it| it.id == *id),
            _ => self.ctx.incident_on(self.target.as_ref()?),
        };
        Some(incident?.severity.as_str())
    }

    /// The instance, or those of the workload or on the node.
    fn instances(&self) -> Box<dyn Iterator<Item = &'a Instance> + 'a> {
        let view = self.ctx.model.view;
        match self.object {
            Some(Object::Instance(it)) => Box::new(std::iter::once(&**it)),
            Some(Object::Workload(it)) => Box::new(view.instances_of(&it.key)),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn restarts(&self) -> Option<i64> {
        let mut all = self.instances().peekable();
        all.peek()?;
        Some(all.map(|it| i64::from(it.restarts())).sum())
    }

    fn ready(&self) -> Option<bool> {
        Some(match self.object? {
            Object::Instance(it) => it.ready,
            Object::Workload(it) => self.ctx.model.view.counts(it).missing() == 0,
            Object::Node(it) => it.state == NodeState::Ready,
            Object::Endpoint(it) => it.ready > 0,
            _ => return None,
        })
    }

    fn field(&self, field: Field, value: &str) -> bool {
        let Some(target) = &self.target else { return false };
        let node = |it: &Instance| it.node.as_ref().is_some_and(|node| is(&node.name, value));
        match field {
            Field::Namespace => match target.kind {
                Kind::Namespace => is(&target.name, value),
                _ => target.namespace.as_ref().is_some_and(|namespace| is(namespace, value)),
            },
            Field::Cluster => is(target.cluster.as_str(), value),
            Field::Kind => is(&plain(target.kind.noun()), &plain(value)) || is(target.kind.as_str(), value),
            Field::Name => has(&target.name, value),
            Field::Node if target.kind == Kind::Node => is(&target.name, value),
            Field::Node => self.instances().any(node),
            Field::Severity => self.severity().is_some_and(|severity| is(severity, value)),
            Field::State => self.state(value),
            Field::Image => match self.object {
                Some(Object::Workload(it)) => it.containers.iter().any(|of| has(&of.image, value)),
                _ => self.instances().any(|it| it.containers.iter().any(|of| has(&of.image, value))),
            },
            Field::Owner => match self.object {
                Some(Object::Instance(it)) => it.owner.as_ref().is_some_and(|owner| has(&owner.name, value)),
                Some(Object::Workload(it)) => it.managed_by.as_ref().is_some_and(|by| has(by, value)),
                _ => false,
            },
        }
    }

    /// Any of the words for its state begins so, or holds it: `crashloop`, `notready`, `cordoned`.
    fn state(&self, value: &str) -> bool {
        let (view, clock) = (&self.ctx.model.view, &self.ctx.clock);
        let words: Cow<'_, str> = match self.object {
            Some(Object::Instance(it)) => {
                if phases_of_state(value).contains(&it.phase) {
                    return true;
                }
                say::instance_state(it)
            }
            Some(Object::Workload(it)) => {
                if self.instances().any(|it| phases_of_state(value).contains(&it.phase)) {
                    return true;
                }
                let paused = it.rollout.as_ref().map(|rollout| format!("{:?}", rollout.phase)).unwrap_or_default();
                let worst = self.instances().filter(|it| !it.ready && it.phase != Phase::Succeeded);
                let worst: Vec<Cow<'_, str>> = worst.map(say::instance_state).collect();
                let state = say::workload_state(view, clock, it).plain();
                format!("{state}, {paused}, {}", worst.join(", ")).into()
            }
            Some(Object::Node(it)) => say::node_state(it).into(),
            Some(Object::Volume(it)) => it.state.as_deref().unwrap_or_default().into(),
            Some(Object::Alert(it)) => format!("{:?}", it.state).into(),
            Some(Object::Namespace(it)) if it.deleting.is_some() => "terminating".into(),
            _ => Cow::default(),
        };
        let value = plain(value);
        if !plain(&words).contains(&value) {
            return false;
        }
        let mut parts = words.split(", ").map(plain).filter(|part| !part.is_empty());
        parts.any(|part| part.starts_with(&value) || (part.contains(&value) && !part.starts_with("not")))
    }

    /// Its own label; of an instance those that its workload gives it; of a Service what it picks by.
    fn label(&self, key: &str, values: &[String]) -> bool {
        let fits = |value: &str| values.is_empty() || values.iter().any(|wanted| is_exactly(value, wanted));
        let of_workload = |it: &Workload| it.labels.iter().any(|(name, value)| name == key && fits(value));
        match self.object {
            Some(Object::Workload(it)) => of_workload(it),
            Some(Object::Instance(it)) => {
                let owner = it.owner.as_ref().and_then(|owner| self.ctx.model.view.workload(owner));
                owner.is_some_and(of_workload)
            }
            Some(Object::Node(it)) => it.labels.iter().any(|(name, value)| name == key && fits(value)),
            Some(Object::Endpoint(it)) => {
                let pairs = it.selector.as_deref().unwrap_or_default().split([',', ' ']);
                pairs.filter_map(|pair| pair.split_once('=')).any(|(name, value)| name == key && fits(value))
            }
            _ => false,
        }
    }
}

/// When an object came to be.
fn born(object: &Object) -> Option<Timestamp> {
    match object {
        Object::Workload(it) => it.created,
        Object::Instance(it) => it.created.or(it.since),
        Object::Node(it) => it.since,
        Object::Alert(it) => it.since,
        Object::Config(it) => it.created,
        _ => None,
    }
}

/// Small letters and digits alone: `CrashLoopBackOff`, `not ready` and `not-ready` are found however they are written.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    plain.extend(text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase));
    plain
}

/// Equal in any case; `*` stands for anything.
fn is(text: &str, wanted: &str) -> bool {
    is_exactly(&text.to_lowercase(), wanted)
}

fn is_exactly(text: &str, wanted: &str) -> bool {
    let Some((lead, rest)) = wanted.split_once('*') else { return text == wanted };
    let Some(mut text) = text.strip_prefix(lead) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last)
}

/// Holds it, in any case; with `*` it is all of it.
fn has(text: &str, wanted: &str) -> bool {
    if wanted.contains('*') { is(text, wanted) } else { text.to_lowercase().contains(wanted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (text, wanted, fits) in [
            ("node-7", "node-7", true),
            ("node-70", "node-7", false),
            ("node-70", "node-7*", true),
            ("Node-7", "node-*", true),
            ("team-a-shop", "team-*-shop", true),
            ("team-shop", "team-*-shop", false),
            ("web", "*", true),
        ] {
            assert_eq!(is(text, wanted), fits, "{text} {wanted}");
        }
        assert!(has("registry/web:1.2", "web:1") && !has("registry/web:1.2", "web:*"));
    }
}
