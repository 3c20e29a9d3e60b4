//! Digests of what a step depends on.

use std::hash::Hasher;

use serde_json::Value;

use crate::domain::{Name, Seen, Step, StepError};

use super::brief::moved;

/// A digest of an object's part: the same from run to run. Fields count by their names, not by their order.
pub(super) fn digest(part: &Value) -> Name {
    // serde_json keeps fields sorted by name. Nobody gains by making two alike: who can write a Spec needs no trick.
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(part.to_string().as_bytes());
    Name::new(&format!("{:016x}", hasher.finish()))
}

/// What was seen of a part.
pub(super) fn spec(part: &Value) -> Seen {
    Seen::Spec(digest(part))
}

/// Refuses where a part is not what was seen of it.
pub(super) fn compare(step: &Step, part: &Value, what: &str) -> Result<(), StepError> {
    match &step.pin.seen {
        Seen::Spec(seen) if *seen != digest(part) => Err(moved(what)),
        Seen::Spec(_) | Seen::Uid => Ok(()),
        // A pin of another kind was not made here: it cannot be told whether it still holds.
        _ => Err(moved("what was seen of it cannot be compared")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_digest_tells_content_and_not_the_order_of_fields() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"x":[1,2],"y":null}}"#).expect("json");
        let same: Value = serde_json::from_str(r#"{"b":{"y":null,"x":[1,2]},"a":1}"#).expect("json");
        assert_eq!(digest(&one), digest(&same));
        assert_ne!(digest(&one), digest(&json!({ "a": 1, "b": { "x": [2, 1], "y": null } })));
    }
}
