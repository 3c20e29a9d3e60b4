//! The stream of what happens in a region (nomad: command/agent/event_endpoint.go): one JSON object a line, an empty one every
//! 30 s.

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::domain::Text;

use super::api::Api;
use super::failure::Failure;
use super::pace::Pace;
use super::wire::Line;

/// Lines that may wait. The server drops who is slower than its own buffer of 100 events, and that is noticed as an end.
const WAIT: usize = 256;
/// A line that is longer is nothing of ours.
const LONGEST: usize = 16 << 20;

/// What came of listening.
pub(super) type Heard = Result<Line, Failure>;

/// Listens from an index on, until nobody reads any more: to clients only where they may be read, else all of it is refused.
pub(super) async fn listen(
    api: &Api,
    namespace: &str,
    index: u64,
    nodes: bool,
    pace: Pace,
    tasks: &mut JoinSet<()>,
) -> Result<mpsc::Receiver<Heard>, Failure> {
    let index = index.to_string();
    let mut query = ["Job", "Allocation", "Deployment", "Evaluation"].map(|topic| ("topic", topic)).to_vec();
    query.extend(nodes.then_some(("topic", "Node")));
    query.extend([("namespace", namespace), ("index", index.as_str())]);
    let mut bytes = api.stream("/v1/event/stream", &query).await?;
    let (out, heard) = mpsc::channel(WAIT);
    tasks.spawn(async move {
        let mut rest: Vec<u8> = Vec::new();
        loop {
            let piece = match tokio::time::timeout(pace.beat_within, bytes.next()).await {
                Err(_) => Err(Failure::Silent(pace.beat_within)),
                Ok(None) => Err(Failure::Malformed(Text::new("the stream of events has ended"))),
                Ok(Some(piece)) => piece,
            };
            let piece = match piece {
                Ok(piece) => piece,
                Err(failure) => {
                    let _ = out.send(Err(failure)).await;
                    return;
                }
            };
            rest.extend_from_slice(&piece);
            if rest.len() > LONGEST {
                let _ = out.send(Err(Failure::Malformed(Text::new("a line of the stream has no end")))).await;
                return;
            }
            for line in lines(&mut rest) {
                if out.send(line).await.is_err() {
                    return;
                }
            }
        }
    });
    Ok(heard)
}

/// Takes the whole lines out of what has come.
fn lines(rest: &mut Vec<u8>) -> Vec<Heard> {
    let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
    let left = rest.split_off(end + 1);
    let whole = std::mem::replace(rest, left);
    let lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(read).collect()
}

/// One line; a server ends its stream with `{"Error": …}`.
fn read(line: &[u8]) -> Heard {
    #[derive(serde::Deserialize)]
    struct Ended {
        #[serde(rename = "Error")]
        error: Option<String>,
    }
    if let Ok(Ended { error: Some(error) }) = serde_json::from_slice(line) {
        return Err(Failure::Malformed(Text::from(error)));
    }
    serde_json::from_slice(line)
        .map_err(|error| Failure::Malformed(Text::from(format!("the stream of events: {error}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_whole_wherever_the_pieces_end() {
        let mut rest = b"{}\n{\"Index\":7,\"Ev".to_vec();
        assert_eq!(lines(&mut rest), [Ok(Line::default())]);
        rest.extend_from_slice(b"ents\":[]}\n{\"Error\":\"subscription closed by server\"}\n");
        let [Ok(line), Err(failure)] = &lines(&mut rest)[..] else { panic!("a line and its end") };
        assert_eq!((line.index, failure.to_string().contains("subscription closed")), (7, true));
        assert!(rest.is_empty());
    }
}
