//! Small pure rules over the model; then grouping, lifecycle and ranking. What triage lists comes from here alone.

mod diagnosis;
mod incident;
mod rule;
mod settings;

pub use diagnosis::Diagnosis;
pub use incident::{Evidence, Incident, IncidentState, Symptom};
pub use rule::{Edge, Finding, Link, Out, Rule, Subject};
pub use settings::{Accept, Pattern, Settings};
