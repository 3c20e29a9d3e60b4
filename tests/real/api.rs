//! A server's API over its socket or over TCP, as much as the tests need: one request, one JSON answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Sends one request to a Unix socket and reads its answer: the status and the body (null where there is none).
pub fn request(socket: &Path, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, Value), String> {
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let stream = UnixStream::connect(socket).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let (status, text) = exchange(stream, method, path, &[], body)?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// The same to `http://HOST:PORT`, with headers; the body as it came.
pub fn request_tcp(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<(u16, String), String> {
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let stream = TcpStream::connect(address.trim_start_matches("http://")).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    exchange(stream, method, path, headers, body)
}

/// HTTP/1.0, so that the answer ends with the connection and needs no decoding.
fn exchange(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<(u16, String), String> {
    let told = |error: std::io::Error| format!("{method} {path}: {error}");
    let body = body.map(Value::to_string).unwrap_or_default();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: server\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    // In one piece: a server that answers without reading the rest resets the connection, and its answer with it.
    stream.write_all((head + &body).as_bytes()).map_err(told)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(told)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("{method} {path}: no HTTP answer"))?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| format!("{method} {path}: {head}"))?;
    Ok((status, body.to_owned()))
}
