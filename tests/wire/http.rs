//! What the servers of these tests have in common: taking connections, and reading what is asked over them.

use std::collections::BTreeMap;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// One question.
#[allow(dead_code, reason = "not every server looks at all of it")]
pub struct Asked {
    pub method: String,
    /// The path with its query.
    pub target: String,
    headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

#[allow(dead_code, reason = "not every server looks at all of it")]
impl Asked {
    /// What a header said; empty where there is none. Its name in small letters.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// Serves each connection until what is returned is dropped; where.
pub async fn listen<F>(serve: impl Fn(BufReader<TcpStream>) -> F + Send + 'static) -> (String, JoinSet<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.spawn(serve(BufReader::new(stream)));
        }
    });
    (address, serving)
}

/// The next question of a connection; none when it is over.
pub async fn next(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|raw| raw.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { method, target, headers, body })
}
