//! The command that a kubeconfig names to log in (`exec`). kube would run it three times for each connection, without a
//! deadline, and again later on its own; so it is run here: once, in the background, with what it says kept.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use jiff::SignedDuration;
use kube::config::{ExecAuthCluster, ExecConfig};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::domain::{Text, Timestamp, words};

use super::failure::Failure;
use super::login;

/// A credential is at most so long.
const ANSWER: u64 = 1 << 20;
/// Of what a command complains of, so much is kept, and so much shown.
const WORDS_KEPT: u64 = 64 << 10;
const WORDS_SHOWN: usize = 400;
/// What was said is there a little after the command was ended.
const WORDS_WITHIN: Duration = Duration::from_millis(500);
/// A credential is renewed so long before it ends.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// What a command gave.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) token: Option<SecretString>,
    /// A client certificate and its key, as PEM.
    pub(super) certificate: Option<(String, SecretString)>,
    /// By then it has to be asked for again.
    pub(super) valid_until: Option<Timestamp>,
}

/// Runs the command, which is never asked anything and ends within this time.
pub(super) async fn run(
    exec: &ExecConfig,
    cluster: Option<ExecAuthCluster>,
    within: Duration,
) -> Result<Credential, Failure> {
    let name = exec.command.as_deref().map(str::trim).filter(|command| !command.is_empty());
    let name =
        name.ok_or_else(|| login::login("`exec` of the kubeconfig's user has no `command`", "correct the kubeconfig"))?;
    let mut child = command(name, exec, cluster)
        .spawn()
        .map_err(|error| login::no_plugin(name, &error, exec.install_hint.as_deref()))?;
    let answer = reader(child.stdout.take(), ANSWER);
    let said = reader(child.stderr.take(), WORDS_KEPT);
    let Ok(ended) = tokio::time::timeout(within, child.wait()).await else {
        end(&mut child).await;
        return Err(login::plugin_hangs(name, within, &last_words(&heard(said).await)));
    };
    let ended = ended.map_err(|error| login::no_plugin(name, &error, None))?;
    if !ended.success() {
        let how = ended.code().map_or_else(|| "was killed".to_owned(), |code| format!("failed ({code})"));
        return Err(login::plugin_failed(name, &how, &last_words(&heard(said).await)));
    }
    let answer = heard(answer).await;
    read(name, &answer, Timestamp::now())
}

fn command(name: &str, exec: &ExecConfig, cluster: Option<ExecAuthCluster>) -> Command {
    let mut command = Command::new(name);
    command.args(exec.args.iter().flatten());
    for entry in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (entry.get("name"), entry.get("value")) {
            command.env(name, value);
        }
    }
    let asked = Asked {
        kind: "ExecCredential",
        api_version: exec.api_version.as_deref(),
        spec: Spec { cluster, interactive: false },
    };
    // What cannot be written as JSON is not asked for; commands that need it say so.
    if let Ok(asked) = serde_json::to_string(&asked) {
        command.env("KUBERNETES_EXEC_INFO", asked);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Its own group: a key pressed here is no signal for it, it cannot read from the terminal, and it ends as a whole.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Ends the command and what it started.
async fn end(child: &mut Child) {
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It may have ended by itself just now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill().await;
}

/// Reads what a command prints, so that it is never held up by it; what is too much is dropped.
fn reader(pipe: Option<impl AsyncRead + Unpin + Send + 'static>, most: u64) -> JoinHandle<Vec<u8>> {
    tokio::spawn(async move {
        let mut kept = Vec::new();
        let Some(mut pipe) = pipe else { return kept };
        // A broken pipe ends the reading, nothing else.
        let read: io::Result<usize> = (&mut pipe).take(most).read_to_end(&mut kept).await;
        if read.is_ok() {
            let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
        }
        kept
    })
}

/// What was read; nothing where something that the command left behind keeps the pipe open.
async fn heard(mut reading: JoinHandle<Vec<u8>>) -> Vec<u8> {
    match tokio::time::timeout(WORDS_WITHIN, &mut reading).await {
        Ok(read) => read.unwrap_or_default(),
        Err(_) => {
            reading.abort();
            Vec::new()
        }
    }
}

/// The last lines of what a command complained of: they are the ones that say why.
fn last_words(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join(" / ");
    words::shorten(&Text::from(last), WORDS_SHOWN)
}

#[derive(Serialize)]
struct Asked<'a> {
    kind: &'a str,
    #[serde(rename = "apiVersion", skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    spec: Spec,
}

#[derive(Serialize)]
struct Spec {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<ExecAuthCluster>,
    interactive: bool,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Reads an answer. What is wrong with it is said without quoting it: it is a secret.
fn read(name: &str, raw: &[u8], now: Timestamp) -> Result<Credential, Failure> {
    let odd = |why: &str| login::plugin_odd(name, why);
    let answer: Answer = serde_saphyr::from_slice(raw).map_err(|_| odd("what it printed is no ExecCredential"))?;
    let status = answer.status.ok_or_else(|| odd("its answer has no `status`"))?;
    let ends = match status.expiration_timestamp.as_deref() {
        Some(raw) => Some(raw.parse::<Timestamp>().map_err(|_| odd("its `expirationTimestamp` is no time"))?),
        None => None,
    };
    if let Some(ends) = ends.filter(|ends| *ends <= now) {
        let ago = words::span(words::seconds_between(ends, now));
        return Err(odd(&format!("it had expired {ago} ago")));
    }
    let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
    let token = given(status.token).map(|token| SecretString::from(token.trim()));
    let certificate = match (given(status.client_certificate_data), given(status.client_key_data)) {
        (Some(certificate), Some(key)) => Some((certificate, SecretString::from(key))),
        (None, None) => None,
        _ => return Err(odd("it gave a client certificate without its key, or a key without its certificate")),
    };
    if token.is_none() && certificate.is_none() {
        return Err(odd("it gave neither a token nor a client certificate"));
    }
    let valid_until = ends.map(|ends| ends.checked_sub(AHEAD).ok().filter(|early| *early > now).unwrap_or(ends));
    Ok(Credential { token, certificate, valid_until })
}
