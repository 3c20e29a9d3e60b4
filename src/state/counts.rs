//! How many there are, and how many there should be.

/// Instances of a workload, by how they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Those that serve.
    pub ready: u32,
    /// Those that are wanted, where a number is.
    pub wanted: Option<u32>,
    /// Those that are meant to run and have not ended.
    pub alive: u32,
    /// Those of the newest revision, where revisions are known.
    pub updated: u32,
}

impl Counts {
    /// Wanted and not ready.
    pub fn missing(&self) -> u32 {
        self.wanted.map_or(0, |wanted| wanted.saturating_sub(self.ready))
    }
}
