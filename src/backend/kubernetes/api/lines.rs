//! A body that goes on, line by line.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use kube::client::Body;

use super::super::failure::Failure;
use super::{Used, within};
use crate::domain::Text;

/// No line is longer, bytes: etcd takes no object of more than a few megabytes.
const LONGEST: usize = 16 << 20;

/// The lines of a body, as they come. A line that came in one piece is not copied.
pub(in super::super) struct Lines {
    body: Body,
    used: Arc<Used>,
    /// What came last and was not read yet.
    rest: Bytes,
    /// A line that has begun and not ended.
    held: BytesMut,
}

impl Lines {
    pub(super) fn of(body: Body, used: Arc<Used>) -> Self {
        Self { body, used, rest: Bytes::new(), held: BytesMut::new() }
    }

    /// The next line without its end; none when the body has ended. Dropping the wait loses nothing.
    pub(in super::super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(line) = self.ready()? {
                return Ok(Some(line));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.used.received(data.len());
                        self.rest = data;
                    }
                }
                Some(Err(error)) => return Err(Failure::from_chain(&error)),
                // What has no end was cut off: it is not a line.
                None => return Ok(None),
            }
        }
    }

    /// The same, unless nothing comes for so long.
    pub(in super::super) async fn next_within(&mut self, limit: Duration) -> Result<Option<Bytes>, Failure> {
        within(limit, self.next()).await
    }

    /// A line that is here already.
    pub(in super::super) fn ready(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') else {
            self.held.extend_from_slice(&self.rest);
            self.rest.clear();
            return match self.held.len() > LONGEST {
                true => Err(Failure::Malformed(Text::new("a line has no end"))),
                false => Ok(None),
            };
        };
        let line = self.rest.split_to(end);
        self.rest.advance(1);
        if self.held.is_empty() {
            return Ok(Some(line));
        }
        self.held.extend_from_slice(&line);
        Ok(Some(self.held.split().freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(rest: &[&str]) -> Vec<String> {
        let mut lines = Lines::of(Body::empty(), Arc::default());
        let mut found = Vec::new();
        for piece in rest {
            lines.rest = Bytes::copy_from_slice(piece.as_bytes());
            while let Ok(Some(line)) = lines.ready() {
                found.push(String::from_utf8(line.to_vec()).expect("text"));
            }
        }
        found
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        for pieces in
            [&["one\ntwo\nthree\n"][..], &["on", "e\ntw", "o", "\nthree", "\n"], &["one\n", "two\n", "three\nfo"]]
        {
            assert_eq!(lines_of(pieces), ["one", "two", "three"], "{pieces:?}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let mut lines = Lines::of(Body::empty(), Arc::default());
        lines.held = BytesMut::zeroed(LONGEST);
        lines.rest = Bytes::from_static(b"more");
        assert!(matches!(lines.ready(), Err(Failure::Malformed(_))));
    }
}
