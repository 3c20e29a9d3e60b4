//! What ends the program and is no fault of it.

use std::fmt;

/// What happened, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened, to what.
    pub what: String,
    /// Why, where that is known.
    pub why: Option<String>,
    /// What to do next.
    pub mend: Option<String>,
    /// The exit status.
    pub status: u8,
}

/// The exit status of a mistake on the command line or in a file.
pub const USAGE: u8 = 2;

impl Failure {
    /// Something that went wrong.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), why: None, mend: None, status: 1 }
    }

    /// A mistake on the command line or in a file.
    pub fn usage(what: impl Into<String>) -> Self {
        Self { status: USAGE, ..Self::new(what) }
    }

    /// Because of this.
    #[must_use]
    pub fn why(self, why: impl fmt::Display) -> Self {
        Self { why: Some(why.to_string()), ..self }
    }

    /// With what to do next.
    #[must_use]
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(why) = &self.why {
            write!(f, ": {why}")?;
        }
        if let Some(mend) = &self.mend {
            write!(f, "; {mend}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
