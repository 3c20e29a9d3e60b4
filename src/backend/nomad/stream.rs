//! The stream of what happens in a region (nomad: command/agent/event_endpoint.go): one JSON object a line, an empty one every
//! 30 s.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{mpsc, oneshot};

use crate::domain::Text;

use super::api::Api;
use super::failure::Failure;
use super::pace::Pace;
use super::parts::Part;
use super::strand::{Said, Strand};
use super::wire::Line;

/// A line that is longer is nothing of ours.
const LONGEST: usize = 16 << 20;

type Pieces = BoxStream<'static, Result<Bytes, Failure>>;

/// What came of one line.
type Heard = Result<Line, Failure>;

/// Listens to one strand from an index on, until nobody reads any more. Says first whether the stream is granted: a failure
/// where there is no way to the server.
pub(super) async fn listen(
    api: &Api,
    number: usize,
    strand: &Strand,
    index: u64,
    pace: Pace,
    granted: oneshot::Sender<Result<bool, Failure>>,
    out: &mpsc::Sender<Said>,
) {
    let opened = tokio::time::timeout(pace.word_within, open(api, strand, index)).await;
    let (mut rest, mut bytes) = match opened {
        Ok(Ok(Some(opened))) => opened,
        Ok(Err(failure)) if !failure.answered() && !failure.is_silence() => return drop(granted.send(Err(failure))),
        // It was refused, ended without a word, or says nothing: one that is granted says so at once.
        Ok(Ok(None) | Err(_)) | Err(_) => return drop(granted.send(Ok(false))),
    };
    if granted.send(Ok(true)).is_err() {
        return;
    }
    let mut looked = 0;
    loop {
        if rest.len() > LONGEST {
            let failure = Failure::Malformed(Text::new("a line of the stream has no end"));
            return drop(out.send(Said::Ended(failure)).await);
        }
        for line in lines(&mut rest, &mut looked) {
            let ended = line.is_err();
            let said = line.map_or_else(Said::Ended, |line| Said::Line(number, line));
            if out.send(said).await.is_err() || ended {
                return;
            }
        }
        let piece = match tokio::time::timeout(pace.beat_within, bytes.next()).await {
            Err(_) => Err(Failure::Silent(pace.beat_within)),
            Ok(None) => Err(Failure::Malformed(Text::new("the stream of events has ended"))),
            Ok(Some(piece)) => piece,
        };
        match piece {
            Ok(piece) => rest.extend_from_slice(&piece),
            Err(failure) => return drop(out.send(Said::Ended(failure)).await),
        }
    }
}

/// A stream that has said something, and what it said; none where it ended before.
async fn open(api: &Api, strand: &Strand, index: u64) -> Result<Option<(Vec<u8>, Pieces)>, Failure> {
    let index = index.to_string();
    let of_jobs = ["Job", "Allocation", "Deployment", "Evaluation"].map(|topic| ("topic", topic));
    let mut query: Vec<(&str, &str)> = strand.part.iter().flat_map(|_| of_jobs).collect();
    // To clients only where they may be read, else all of it is refused.
    query.extend(strand.nodes.then_some(("topic", "Node")));
    let namespace = strand.part.as_ref().map_or("", Part::namespace);
    query.extend([("namespace", namespace), ("index", index.as_str())]);
    let mut bytes = api.stream("/v1/event/stream", &query).await?;
    Ok(match bytes.next().await {
        Some(first) => Some((first?.to_vec(), bytes)),
        None => None,
    })
}

/// Takes the whole lines out of what has come; `looked`: so far no line ends. One event may be megabytes, and comes in many pieces.
fn lines(rest: &mut Vec<u8>, looked: &mut usize) -> Vec<Heard> {
    let end = rest[*looked..].iter().rposition(|byte| *byte == b'\n').map(|at| *looked + at);
    *looked = rest.len() - end.map_or(0, |end| end + 1);
    let Some(end) = end else { return Vec::new() };
    let left = rest.split_off(end + 1);
    let whole = std::mem::replace(rest, left);
    let lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(read).collect()
}

/// One line; a server ends its stream with `{"Error": …}`.
fn read(line: &[u8]) -> Heard {
    match serde_json::from_slice::<Line>(line) {
        Ok(Line { error: Some(error), .. }) => Err(Failure::Malformed(Text::from(error))),
        Ok(line) => Ok(line),
        Err(error) => Err(Failure::Malformed(Text::from(format!("the stream of events: {error}")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_whole_wherever_the_pieces_end() {
        let (mut rest, mut looked) = (b"{}\n{\"Index\":7,\"Ev".to_vec(), 0);
        assert_eq!(lines(&mut rest, &mut looked), [Ok(Line::default())]);
        rest.extend_from_slice(b"ents\":");
        assert_eq!(
            (lines(&mut rest, &mut looked), looked),
            (Vec::new(), rest.len()),
            "none of that is looked at twice"
        );
        rest.extend_from_slice(b"[]}\n{\"Error\":\"subscription closed by server\"}\n");
        let [Ok(line), Err(failure)] = &lines(&mut rest, &mut looked)[..] else { panic!("a line and its end") };
        assert_eq!((line.index, failure.to_string().contains("subscription closed")), (7, true));
        assert!(rest.is_empty() && looked == 0);
    }
}
