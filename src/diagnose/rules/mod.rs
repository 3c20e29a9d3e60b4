//! The rules, one file a family of causes.

mod crash;
mod evidence;
mod memory;

use super::rule::Rule;

/// Every rule.
pub fn rules() -> &'static [&'static Rule] {
    RULES
}

/// One rule, by its name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

const RULES: &[&Rule] =
    &[&memory::OOM_KILLED, &memory::MEMORY_NEAR_LIMIT, &crash::CRASH_LOOP, &crash::EXITED, &crash::STOP_TIMEOUT];
