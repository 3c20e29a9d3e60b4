//! A process in a pod that has a terminal: `exec` and `attach`, over a websocket (kubernetes: k8s.io/apimachinery/pkg/util/
//! remotecommand, protocol v5).

use std::future::Future;
use std::time::Duration;

use bytes::BytesMut;
use futures::SinkExt;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{AttachParams, AttachedProcess, TerminalSize};
use kube::client::UpgradeConnectionError;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::backend::typed;
use crate::domain::{Attach, Attached, Ended, Size, StepError, Text, Timestamp, Wires};

use super::ask::{Link, escaped};
use super::failure::Failure;
use super::words::dig::{list, number, text};

/// Bytes of one read, and on their way to and from the connection.
const PIECE: usize = 16 << 10;
/// How a debug container ended is known to the server within this time of its end.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// It is looked for so often.
const LOOK: Duration = Duration::from_millis(250);

/// Begins a process in a pod, or goes to the one of a debug container, and hands the terminal to it.
pub(super) async fn begin(link: std::sync::Arc<Link>, attach: &Attach) -> Result<Attached, StepError> {
    let process = open(&link, attach).await?;
    let (size, attach) = (attach.size, attach.clone());
    Ok(Attached::new(size, move |wires| go_on(link, attach, process, wires)))
}

async fn open(link: &Link, attach: &Attach) -> Result<AttachedProcess, StepError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (client, renew) = link.client().await.map_err(|failed| StepError::Failed(failed.words))?;
        let asked = ask(client, attach);
        let sent = Timestamp::now();
        match tokio::time::timeout(link.patience(), asked).await {
            Err(_) => return Err(StepError::Unknown { sent }),
            Ok(Ok(process)) => return Ok(process),
            Ok(Err(error)) => match refused(&error) {
                Some(401) if tries == 1 => renew.forget(),
                Some(status) => return Err(in_words(link, attach, status).await),
                None => {
                    let failure = Failure::from(error);
                    return Err(StepError::Failed(Text::from(format!("nothing was begun: {failure}"))));
                }
            },
        }
    }
}

async fn ask(client: kube::Client, attach: &Attach) -> Result<AttachedProcess, kube::Error> {
    let pods: kube::Api<Pod> = kube::Api::namespaced(client, namespace(attach));
    let params = AttachParams {
        container: attach.enter.container.as_deref().map(str::to_owned),
        stdin: true,
        stdout: true,
        // A terminal has one stream.
        stderr: false,
        tty: true,
        max_stdin_buf_size: Some(PIECE),
        max_stdout_buf_size: Some(PIECE),
        max_stderr_buf_size: None,
    };
    match attach.enter.debug {
        Some(_) => pods.attach(&attach.instance.name, &params).await,
        None => pods.exec(&attach.instance.name, attach.command(), &params).await,
    }
}

fn namespace(attach: &Attach) -> &str {
    attach.instance.namespace.as_deref().unwrap_or("default")
}

/// The status of an answer that was not to switch protocols.
fn refused(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::UpgradeConnection(UpgradeConnectionError::ProtocolSwitch(status)) => Some(status.as_u16()),
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// What the server says of it: that is lost with the refused connection. The same asked without a wish to switch protocols is
/// refused in the same words, and begins nothing.
async fn in_words(link: &Link, attach: &Attach, status: u16) -> StepError {
    let what = if attach.enter.debug.is_some() { "attach" } else { "exec" };
    let container = attach.enter.container.as_deref().map(|name| format!("&container={}", escaped(name)));
    let command: String = match attach.enter.debug {
        Some(_) => String::new(),
        None => attach.command().iter().map(|word| format!("&command={}", escaped(word))).collect(),
    };
    let path = format!(
        "/api/v1/namespaces/{}/pods/{}/{what}?stdin=true&stdout=true&tty=true{}{command}",
        escaped(namespace(attach)),
        escaped(&attach.instance.name),
        container.unwrap_or_default()
    );
    let said = match link.refusal(&path).await {
        Some((again, words)) if again == status => words,
        _ => Text::from(format!("the server answered {status}")),
    };
    match status {
        404 => StepError::Gone,
        401 | 403 => StepError::Denied(Text::from(format!("{said}; `cockpit rbac --control` prints the role"))),
        _ => StepError::Failed(said),
    }
}

/// Moves bytes until the server ends the connection.
async fn go_on(link: std::sync::Arc<Link>, attach: Attach, mut process: AttachedProcess, wires: Wires) -> Ended {
    let ends = (process.stdout(), process.stdin(), process.terminal_size(), process.take_status());
    let (Some(mut from), Some(to), Some(mut resize), Some(status)) = ends else {
        return Ended::Broke(Text::new("the connection has no streams"));
    };
    let Wires { output, input, mut sizes } = wires;
    let reading = async {
        let mut piece = BytesMut::with_capacity(PIECE);
        loop {
            piece.reserve(PIECE);
            match from.read_buf(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(_) if output.send(piece.split().freeze()).await.is_err() => return,
                Ok(_) => {}
            }
        }
    };
    let writing = typed::write(input, to);
    let resizing = async {
        loop {
            let Size { columns, rows } = *sizes.borrow_and_update();
            let told = resize.send(TerminalSize { width: columns, height: rows }).await;
            if told.is_err() || sizes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
        () = resizing => {}
    }
    match status.await {
        Some(status) => match ended(&status) {
            // That a container was left says nothing of how it ended.
            Ended::Code(_) if attach.enter.debug.is_some() => code_of_container(&link, &attach).await,
            ended => ended,
        },
        None => Ended::Broke(match process.join().await {
            Err(error) => Text::from(error.to_string()),
            Ok(()) => Text::new("the server closed it"),
        }),
    }
}

/// What the server says of the end of a process (kubernetes: k8s.io/client-go/tools/remotecommand/v4.go).
fn ended(status: &Status) -> Ended {
    if status.status.as_deref() == Some("Success") {
        return Ended::Code(0);
    }
    let causes = status.details.as_ref().and_then(|details| details.causes.as_ref());
    let code = causes.into_iter().flatten().find(|cause| cause.reason.as_deref() == Some("ExitCode"));
    let code = code.and_then(|cause| cause.message.as_deref()?.parse().ok());
    match code.filter(|_| status.reason.as_deref() == Some("NonZeroExitCode")) {
        Some(code) => Ended::Code(code),
        None => Ended::NotStarted(Text::new(status.message.as_deref().unwrap_or("the server says no more"))),
    }
}

async fn code_of_container(link: &Link, attach: &Attach) -> Ended {
    let name = attach.enter.container.as_deref().unwrap_or_default();
    let path = format!("/api/v1/namespaces/{}/pods/{}", escaped(namespace(attach)), escaped(&attach.instance.name));
    let look = async {
        loop {
            let pod: Result<Value, _> = super::ask::read(link, &path, super::ask::Part::Whole).await;
            let code = pod.ok().and_then(|pod| {
                let of =
                    list(&pod, "/status/ephemeralContainerStatuses").iter().find(|it| text(it, "/name") == name)?;
                number(of, "/state/terminated/exitCode").and_then(|code| i32::try_from(code).ok())
            });
            match code {
                Some(code) => return code,
                None => tokio::time::sleep(LOOK).await,
            }
        }
    };
    within(TOLD_WITHIN, look)
        .await
        .map_or_else(|| Ended::Broke(Text::new("it was closed; how its container ended was not told")), Ended::Code)
}

async fn within<T>(limit: Duration, asked: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, asked).await.ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(status: Value) -> Ended {
        ended(&serde_json::from_value(status).expect("a status"))
    }

    #[test]
    fn the_end_of_a_process_is_read_from_what_the_server_says_last() {
        assert_eq!(said(json!({ "status": "Success" })), Ended::Code(0));
        let cause = json!({ "reason": "ExitCode", "message": "127" });
        let failed = json!({ "status": "Failure", "reason": "NonZeroExitCode", "details": { "causes": [cause] } });
        assert_eq!(said(failed), Ended::Code(127));
        let message = "failed to exec in container: exec: \"/bin/sh\": stat /bin/sh: no such file or directory";
        let missing = json!({ "status": "Failure", "reason": "InternalError", "message": message });
        assert_eq!(said(missing), Ended::NotStarted(message.into()));
    }
}
