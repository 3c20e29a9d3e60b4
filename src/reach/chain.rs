//! What an error of a library says.

use std::error::Error;
use std::io;

use crate::domain::Text;

/// The deepest cause is the one that says something: "client error (Connect)" does not. With the system's kind, where it has one.
pub fn deepest(error: &(dyn Error + 'static)) -> (Text, io::ErrorKind) {
    let mut kind = io::ErrorKind::Other;
    let mut deepest = error;
    loop {
        if let Some(io) = deepest.downcast_ref::<io::Error>() {
            kind = io.kind();
        }
        match deepest.source() {
            Some(source) => deepest = source,
            None => return (Text::from(deepest.to_string()), kind),
        }
    }
}
