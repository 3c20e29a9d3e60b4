//! Recordings: batches as JSON lines, written and played back.
