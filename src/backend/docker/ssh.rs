//! An engine on another machine: `ssh HOST docker system dial-stdio`, as the docker command does it. ssh never asks
//! anything here (batch mode, no terminal); what it complains of becomes the trouble's words.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use crate::domain::Text;

/// Of what ssh prints, so much is kept.
const WORDS_KEPT: usize = 4096;
/// ssh's words come a little after its connection broke.
const WORDS_WITHIN: Duration = Duration::from_millis(500);

/// How to dial by ssh. Clones share what ssh last said.
#[derive(Clone)]
pub(super) struct Ssh {
    program: Arc<str>,
    arguments: Arc<[String]>,
    said: Arc<watch::Sender<Option<Text>>>,
}

impl Ssh {
    pub(super) fn new(destination: &str, port: Option<u16>, socket: Option<&str>) -> Self {
        Self {
            program: Arc::from("ssh"),
            arguments: arguments(destination, port, socket).into(),
            said: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Starts ssh; its pipes are the connection. It ends with the connection.
    pub(super) fn dial(&self) -> io::Result<SshLink> {
        self.said.send_replace(None);
        let mut child = Command::new(&*self.program)
            .args(self.arguments.iter())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: a key pressed here is no signal for it, and it cannot read from the terminal.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{} cannot be started: {error}", self.program)))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::other("ssh has no pipes"));
        };
        let said = Arc::clone(&self.said);
        tokio::spawn(async move {
            let mut words = Vec::new();
            let mut stderr = stderr;
            // A broken pipe here ends the listening, nothing else. What is too much is read and dropped, so that ssh
            // is never held up by it.
            let _ = (&mut stderr).take(WORDS_KEPT as u64).read_to_end(&mut words).await;
            let words = String::from_utf8_lossy(&words);
            if !words.trim().is_empty() {
                said.send_replace(Some(Text::new(words.trim())));
            }
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        });
        Ok(SshLink { _child: child, stdin, stdout })
    }

    /// What ssh last complained of.
    pub(super) async fn last_words(&self) -> Option<Text> {
        let mut said = self.said.subscribe();
        let heard = tokio::time::timeout(WORDS_WITHIN, said.wait_for(Option::is_some)).await;
        match heard {
            Ok(Ok(words)) => words.clone(),
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

/// As docker/cli `connhelper` builds them, plus batch mode and keep-alives.
fn arguments(destination: &str, port: Option<u16>, socket: Option<&str>) -> Vec<String> {
    let mut all: Vec<String> = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15", "-T"]
        .map(String::from)
        .to_vec();
    if let Some(port) = port {
        all.extend(["-p".to_owned(), port.to_string()]);
    }
    all.extend(["--".to_owned(), destination.to_owned(), "docker".to_owned()]);
    if let Some(socket) = socket {
        all.extend(["--host".to_owned(), quoted(&format!("unix://{socket}"))]);
    }
    all.extend(["system".to_owned(), "dial-stdio".to_owned()]);
    all
}

/// The other side's shell reads the words once more.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A connection through ssh's pipes.
pub(super) struct SshLink {
    _child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl AsyncRead for SshLink {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, into)
    }
}

impl AsyncWrite for SshLink {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_is_called_as_docker_calls_it_and_never_asks() {
        let all = arguments("ops@db", Some(2222), Some("/run/it's.sock")).join(" ");
        assert!(all.starts_with("-o BatchMode=yes "), "{all}");
        assert!(
            all.ends_with(r"-p 2222 -- ops@db docker --host 'unix:///run/it'\''s.sock' system dial-stdio"),
            "{all}"
        );
    }
}
