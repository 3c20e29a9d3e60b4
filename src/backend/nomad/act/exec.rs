//! A process in a task that has a terminal: frames of JSON over a websocket (nomad: api/allocations_exec.go,
//! plugins/drivers/proto `ExecTaskStreamingRequestMsg`).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use reqwest::Upgraded;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use crate::backend::escape::escaped;
use crate::domain::{Attach, Attached, Ended, Size, StepError, Text, Timestamp, Wires};

use super::super::api::Api;
use super::super::wire::Allocation;
use super::brief;

/// A client says so often that it is there.
const BEAT: Duration = Duration::from_secs(10);

/// What a server says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    stdout: Option<Piece>,
    stderr: Option<Piece>,
    exited: bool,
    result: Option<Exited>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece {
    data: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Exited {
    exit_code: i32,
}

/// Begins a process in a task, and hands the terminal to it.
pub(super) async fn begin(api: &Api, it: &Allocation, task: &str, attach: &Attach) -> Result<Attached, StepError> {
    let command = Value::from(attach.command()).to_string();
    let query = [
        ("namespace", brief::namespace(&attach.instance)),
        ("task", task),
        ("tty", "true"),
        ("command", command.as_str()),
    ];
    let path = format!("/v1/client/allocation/{}/exec", escaped(&it.id));
    let sent = Timestamp::now();
    let stream = api.websocket(&path, &query).await.map_err(|unwritten| brief::in_words(unwritten, sent))?;
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let size = attach.size;
    Ok(Attached::new(size, move |wires| go_on(socket, wires)))
}

/// Moves bytes until the server ends the connection.
async fn go_on(socket: WebSocketStream<Upgraded>, wires: Wires) -> Ended {
    let (mut to, from) = socket.split();
    let Wires { output, mut input, mut sizes } = wires;
    let writing = async {
        let mut beat = tokio::time::interval(BEAT);
        let mut typing = true;
        let mut size = Some(*sizes.borrow_and_update());
        loop {
            let frame = match size.take() {
                Some(Size { columns, rows }) => json!({ "tty_size": { "height": rows, "width": columns } }),
                None => tokio::select! {
                    typed = input.recv(), if typing => match typed {
                        Some(typed) => json!({ "stdin": { "data": STANDARD.encode(typed) } }),
                        None => {
                            typing = false;
                            continue;
                        }
                    },
                    changed = sizes.changed() => match changed {
                        Ok(()) => {
                            size = Some(*sizes.borrow_and_update());
                            continue;
                        }
                        Err(_) => std::future::pending().await,
                    },
                    _ = beat.tick() => json!({}),
                },
            };
            if to.send(Message::text(frame.to_string())).await.is_err() {
                // What cannot be written any more is over, and reading says how.
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        ended = read(from, output) => ended,
        () = writing => Ended::Left,
    }
}

async fn read(
    mut from: futures::stream::SplitStream<WebSocketStream<Upgraded>>,
    output: tokio::sync::mpsc::Sender<Bytes>,
) -> Ended {
    loop {
        let raw = match from.next().await {
            None => return Ended::Broke(Text::new("the server closed it; how it ended was not told")),
            Some(Err(error)) => return Ended::Broke(Text::from(error.to_string())),
            Some(Ok(Message::Close(why))) => return closed(why.map(|why| why.reason.to_string())),
            Some(Ok(Message::Text(text))) => Bytes::from(text),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(_)) => continue,
        };
        let Ok(frame) = serde_json::from_slice::<Frame>(&raw) else { continue };
        for piece in [frame.stdout, frame.stderr].into_iter().flatten() {
            let Some(Ok(data)) = piece.data.map(|data| STANDARD.decode(data)) else { continue };
            if !data.is_empty() && output.send(Bytes::from(data)).await.is_err() {
                return Ended::Left;
            }
        }
        if frame.exited {
            return Ended::Code(frame.result.unwrap_or_default().exit_code);
        }
    }
}

/// What a server says when it closes a connection whose process never told its end (nomad: command/agent/alloc_endpoint.go).
fn closed(reason: Option<String>) -> Ended {
    let reason = reason.filter(|reason| !reason.is_empty());
    match reason {
        None => Ended::Broke(Text::new("the server closed it; how it ended was not told")),
        Some(reason) if reason.contains("not found") || reason.contains("no such file") => {
            Ended::NotStarted(Text::new(&reason))
        }
        Some(reason) => Ended::Broke(Text::new(&reason)),
    }
}
