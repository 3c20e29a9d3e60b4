//! What is done by the command line of a real cockpit.

use crate::cockpit::Cockpit;

/// What a run ends with on the command line.
pub const DONE: Option<i32> = Some(0);
/// A refusal.
pub const REFUSED: Option<i32> = Some(3);

/// Runs a command of the command line; how it ended, and what it said.
#[track_caller]
pub fn says(cockpit: &Cockpit, arguments: &[&str]) -> (Option<i32>, String) {
    let output = cockpit.run(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// The same of a command that has to end well; what it said.
#[track_caller]
pub fn does(cockpit: &Cockpit, arguments: &[&str]) -> String {
    let (code, said) = says(cockpit, arguments);
    assert_eq!(code, DONE, "{arguments:?}\n{said}\n--- log\n{}", cockpit.log());
    said
}
