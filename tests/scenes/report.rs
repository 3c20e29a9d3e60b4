//! What `cockpit triage --json` said, and how to look through it.

use std::time::Duration;

use serde_json::Value;

/// What `cockpit triage --json` said.
pub struct Report {
    /// As it came.
    pub json: Value,
    /// The exit code.
    pub code: Option<i32>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Of a run that has ended.
    ///
    /// # Errors
    /// It printed no JSON.
    pub fn of(output: &std::process::Output, took: Duration) -> Result<Self, String> {
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        let json = serde_json::from_str(&out)
            .map_err(|error| format!("triage said no JSON ({error}), {}\n{out}{err}", output.status))?;
        Ok(Self { json, code: output.status.code(), took })
    }

    /// Whether every source was read, and all of them are live.
    pub fn is_complete(&self) -> bool {
        self.json["complete"] == true
    }

    /// Every incident.
    pub fn incidents(&self) -> impl Iterator<Item = &Value> {
        self.json["incidents"].as_array().map(Vec::as_slice).unwrap_or_default().iter()
    }

    /// Those about one name.
    pub fn about<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.incidents().filter(move |one| one["name"] == name)
    }

    /// The critical ones and the warnings.
    pub fn loud(&self) -> impl Iterator<Item = &Value> {
        self.incidents().filter(|one| is_loud(one))
    }

    /// Those in one namespace.
    pub fn within<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Value> {
        self.incidents().filter(move |one| one["namespace"] == namespace)
    }

    /// The one incident of a rule about a name.
    pub fn find<'a>(&'a self, rule: &str, name: &'a str) -> Result<&'a Value, String> {
        let mut found = self.about(name).filter(|one| one["rule"] == rule);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(format!("no {rule} about {name}")),
            (Some(_), Some(_)) => Err(format!("more than one {rule} about {name}")),
        }
    }

    /// Every source of every cluster.
    pub fn sources(&self) -> impl Iterator<Item = &Value> {
        let clusters = self.json["clusters"].as_array().map(Vec::as_slice).unwrap_or_default();
        clusters.iter().filter_map(|cluster| cluster["sources"].as_array()).flatten()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {:?} after {} ms\n{:#}", self.code, self.took.as_millis(), self.json)
    }
}

/// An incident in one line.
pub fn in_short(incident: &Value) -> String {
    let word = |key: &str| incident[key].as_str().unwrap_or("-").to_owned();
    format!(
        "{} {} {}/{}/{}: {}",
        word("severity"),
        word("rule"),
        word("namespace"),
        word("kind"),
        word("name"),
        word("summary")
    )
}

/// Whether it is critical or a warning.
pub fn is_loud(incident: &Value) -> bool {
    incident["severity"] == "critical" || incident["severity"] == "warning"
}

/// Whether an incident's own line holds a word, in any case.
pub fn line_says(incident: &Value, word: &str) -> Result<(), String> {
    let line = incident["summary"].as_str().unwrap_or_default().to_lowercase();
    if line.contains(&word.to_lowercase()) { Ok(()) } else { Err(format!("`{line}` does not say `{word}`")) }
}

/// Whether its evidence holds a word, in any case.
pub fn evidence_says(incident: &Value, word: &str) -> Result<(), String> {
    let evidence = incident["evidence"].to_string().to_lowercase();
    if evidence.contains(&word.to_lowercase()) { Ok(()) } else { Err(format!("no evidence says `{word}`: {evidence}")) }
}
