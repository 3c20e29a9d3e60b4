//! Small pure rules over the model; then grouping, lifecycle and ranking. What triage lists comes from here alone.

mod advice;
mod brought;
mod catalogue;
mod diagnosis;
mod exit;
mod group;
mod incident;
mod lifecycle;
mod logs;
mod mark;
mod rank;
mod room;
mod rule;
mod rules;
mod scene;
mod settings;

pub use brought::{CONFIGURATION, TEMPLATE};
pub use catalogue::{explain, markdown};
pub use diagnosis::Diagnosis;
pub use exit::exit_words;
pub use incident::{Evidence, Incident, IncidentState, Symptom};
pub use logs::newest_lines;
pub use rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
pub use rules::{ALERT, UNHEALTHY, rules};
pub use scene::Scene;
pub use settings::{Accept, Pattern, Settings};
