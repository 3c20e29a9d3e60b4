//! A process in a container that has a terminal: `exec`, over a connection that the engine hands over (moby: api/server/router/
//! container/exec.go).

use std::time::Duration;

use bytes::BytesMut;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, split};

use crate::backend::typed;
use crate::domain::{Attach, Attached, Ended, Size, StepError, Text, Timestamp, Wires};

use super::api::{Api, Unwritten, escaped};

/// Bytes of one read.
const PIECE: usize = 16 << 10;
/// From this version on a process has the terminal's size from its beginning (moby: docs/api/version-history.md).
const SIZE_FROM: (u32, u32) = (1, 42);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Made {
    id: String,
}

/// How an exec is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    #[serde(default)]
    running: bool,
    #[serde(default)]
    exit_code: Option<i32>,
}

/// Begins a process in a container, by its id, and hands the terminal to it.
pub(super) async fn begin(api: Api, container: &str, attach: &Attach) -> Result<Attached, StepError> {
    let mut made = json!({
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": true,
        "Env": [format!("TERM={}", attach.term)],
        "Cmd": attach.command(),
    });
    let mut started = json!({ "Detach": false, "Tty": true });
    if api.speaks(SIZE_FROM) {
        let size = json!([attach.size.rows, attach.size.columns]);
        made["ConsoleSize"] = size.clone();
        started["ConsoleSize"] = size;
    }
    let path = format!("/containers/{}/exec", escaped(container));
    let answer = api.post(&path, Some(&made), Duration::ZERO).await.map_err(not_begun)?;
    let Made { id } = serde_json::from_slice(&answer)
        .map_err(|error| StepError::Failed(Text::from(format!("the engine's answer cannot be read: {error}"))))?;
    let stream = api.upgrade(&format!("/exec/{}/start", escaped(&id)), &started).await.map_err(not_begun)?;
    let size = attach.size;
    Ok(Attached::new(size, move |wires| go_on(api, id, stream, size, wires)))
}

fn not_begun(why: Unwritten) -> StepError {
    match why {
        Unwritten::Refused { status: 404, message } if message.contains("No such container") => StepError::Gone,
        Unwritten::Refused { status: 401 | 403, message } => StepError::Denied(message),
        Unwritten::Refused { message, .. } => StepError::Failed(message),
        Unwritten::NotSent(failure) => StepError::Failed(Text::from(format!("nothing was begun: {failure}"))),
        Unwritten::Lost => StepError::Unknown { sent: Timestamp::now() },
    }
}

/// Moves bytes until the engine ends the connection, then asks how the process ended.
async fn go_on(api: Api, id: String, stream: Upgraded, size: Size, wires: Wires) -> Ended {
    let (mut from, to) = split(TokioIo::new(stream));
    let Wires { output, input, mut sizes } = wires;
    let reading = async {
        let mut piece = BytesMut::with_capacity(PIECE);
        loop {
            piece.reserve(PIECE);
            match from.read_buf(&mut piece).await {
                Ok(0) => return None,
                Ok(_) if output.send(piece.split().freeze()).await.is_err() => return None,
                Ok(_) => {}
                Err(error) => return Some(error),
            }
        }
    };
    let writing = typed::write(input, to);
    let resizing = async {
        let mut told = api.speaks(SIZE_FROM).then_some(size);
        loop {
            let now = *sizes.borrow_and_update();
            // One that is not taken is told with the next.
            if told != Some(now) {
                let path = format!("/exec/{}/resize?h={}&w={}", escaped(&id), now.rows, now.columns);
                told = api.post(&path, None, Duration::ZERO).await.is_ok().then_some(now);
            }
            if sizes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let broken = tokio::select! {
        broken = reading => broken,
        () = writing => None,
        () = resizing => None,
    };
    match (api.get::<State>(&format!("/exec/{}/json", escaped(&id))).await, broken) {
        (Ok(State { running: false, exit_code: Some(code) }), _) => Ended::Code(code),
        (_, Some(error)) => Ended::Broke(Text::from(error.to_string())),
        (Ok(_), None) => Ended::Broke(Text::new("the engine ended it while the process goes on")),
        (Err(failure), None) => Ended::Broke(Text::from(format!("how it ended cannot be asked: {failure}"))),
    }
}
