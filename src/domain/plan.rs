//! What would come of an intent: an orchestrator's draft, and the plan that a person confirms.

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::intent::Intent;
use super::step::Step;
use super::text::Text;

/// What an orchestrator answers when it is asked how an intent would be done. Nothing has been changed yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// What was asked.
    pub intent: Intent,
    /// How it would be done, in order.
    pub steps: Vec<Step>,
    /// What an engineer would type elsewhere to the same end.
    #[serde(default)]
    pub equivalent: Option<Text>,
    /// What takes it back.
    #[serde(default)]
    pub inverse: Option<Intent>,
    /// What the orchestrator says of it: moves, budgets, dry-run warnings.
    #[serde(default)]
    pub notes: Vec<Line>,
    /// At least so careful one has to be, where the backend knows of something that would be lost.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// Other ways to do it.
    #[serde(default)]
    pub variants: Vec<Variant>,
}

impl Draft {
    /// Steps for an intent, with nothing more to say.
    pub fn new(intent: &Intent, steps: Vec<Step>) -> Self {
        Self {
            intent: intent.clone(),
            steps,
            equivalent: None,
            inverse: None,
            notes: Vec::new(),
            grade: None,
            variants: Vec::new(),
        }
    }
}

/// Another way to do what is meant, one key away in its preview: `f` includes what a drain skips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The key. Not one that a preview has for itself (`y`, `c`, `d`, `j`, `k`, `x`, `q`), and not `p`, which a plan may give to what
    /// leaves a GitOps controller out.
    pub key: char,
    /// What it would do: `include pods that nothing makes again`.
    pub text: Text,
    /// What is prepared instead.
    pub intent: Intent,
}

/// One line of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// How it is meant.
    pub kind: LineKind,
    /// What it says.
    pub text: Text,
}

impl Line {
    /// A line.
    pub fn new(kind: LineKind, text: impl Into<Text>) -> Self {
        Self { kind, text: text.into() }
    }
}

/// How a preview's line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// What will be done.
    Does,
    /// What it hurts or loses.
    Hurts,
    /// What will not be done, or will wait.
    Skips,
    /// Good to know.
    Note,
}

/// How careful a person has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// `enter`.
    Harmless,
    /// `y`, then `enter`.
    Disruptive,
    /// The object's name.
    Destructive,
}

/// What is shown, confirmed, journalled and run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is meant.
    pub intent: Intent,
    /// `Restart shop/web (prod)`.
    pub title: Text,
    /// What will happen, what it hurts, what it skips.
    pub lines: Vec<Line>,
    /// The steps, pinned.
    pub steps: Vec<Step>,
    /// How careful one has to be.
    pub grade: Grade,
    /// What a person types where the grade is destructive or the cluster protected.
    #[serde(default)]
    pub typed: Option<Text>,
    /// What takes it back.
    #[serde(default)]
    pub inverse: Option<Intent>,
    /// What an engineer would type elsewhere to the same end.
    #[serde(default)]
    pub equivalent: Option<Text>,
    /// Other ways to do it.
    #[serde(default)]
    pub variants: Vec<Variant>,
    /// It would not be journalled, and why: whoever confirms it has been told so.
    #[serde(default)]
    pub unjournalled: Option<Text>,
    /// Who owns what it takes away, each with its owner: known when it was drawn up, and not any more when it is gone.
    #[serde(default)]
    pub owners: Vec<(Ref, Ref)>,
    /// When it was drawn up.
    pub made: Timestamp,
    /// Why, where the person said so.
    #[serde(default)]
    pub reason: Option<Text>,
}

impl Plan {
    /// A plan of these steps, with nothing more to say.
    pub fn new(intent: Intent, title: impl Into<Text>, grade: Grade, steps: Vec<Step>, made: Timestamp) -> Self {
        Self {
            intent,
            title: title.into(),
            lines: Vec::new(),
            steps,
            grade,
            typed: None,
            inverse: None,
            equivalent: None,
            variants: Vec::new(),
            unjournalled: None,
            owners: Vec::new(),
            made,
            reason: None,
        }
    }
}

/// Why there is no plan: what, to what, why, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Refusal {
    /// What was refused: `restart shop/web`.
    pub what: Text,
    /// Why.
    pub why: Text,
    /// What to do instead.
    pub mend: Text,
}

impl Refusal {
    /// A refusal of an intent.
    pub fn of(intent: &Intent, why: impl Into<Text>, mend: impl Into<Text>) -> Self {
        let verb = match intent {
            Intent::Shell(_, enter) if enter.debug.is_none() => "open a shell in",
            other => other.verb(),
        };
        let what = Text::new(&format!("{verb} {}", intent.target().local()));
        Self { what, why: why.into(), mend: mend.into() }
    }
}
