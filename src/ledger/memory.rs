//! A journal that ends with the session: of a simulation, and of a recording.

use crate::domain::Text;
use crate::domain::journal::{Entry, Journal, Lease, News, Person, Unwritten};

/// Keeps nothing beyond what the session itself knows: nobody else is there to read it.
#[derive(Debug, Default)]
pub struct Memory {
    told: bool,
}

impl Journal for Memory {
    fn write(&mut self, _: &Entry) -> Result<(), Unwritten> {
        Ok(())
    }

    fn tend(&mut self) -> Option<News> {
        // Once, so that who waits to hear whether it can be written hears it.
        (!std::mem::replace(&mut self.told, true)).then(News::default)
    }

    fn take_over(&mut self, _: u64, _: &Lease, _: &Person) -> Result<Entry, Text> {
        Err(Text::new("nobody else is here"))
    }

    fn earlier(&mut self, _: u64) -> Result<(Vec<Entry>, u64), Text> {
        Ok((Vec::new(), 0))
    }
}
