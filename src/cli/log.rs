//! Our own log: to a file only, never to the screen, and without what is secret.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::failure::Failure;

/// The environment variable that says how much is logged.
pub const FILTER: &str = "COCKPIT_LOG";

/// Logs to `file`, mode 0600, what `filter` (else `info`) lets through.
///
/// # Errors
/// A file that cannot be written, a filter that cannot be read.
pub fn start(file: &Path, filter: Option<&str>) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter.unwrap_or("info")).map_err(|error| {
        Failure::usage(format!("{FILTER} cannot be read"))
            .why(error)
            .mend("write it like \"info\" or \"cockpit=debug\"")
    })?;
    let log = open(file).map_err(|error| {
        Failure::new(format!("cannot log to {}", file.display())).why(error).mend("name another file with --log-file")
    })?;
    let writer = Redacting(Arc::new(log));
    let built = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer).try_init();
    built.map_err(|error| Failure::new("cannot start to log").why(error))
}

fn open(file: &Path) -> io::Result<File> {
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(file)?;
    if log.metadata()?.is_file() {
        log.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(log)
}

/// Writes each event at once, redacted.
#[derive(Clone)]
struct Redacting(Arc<File>);

impl Write for Redacting {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        (&*self.0).write_all(redact(&text).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const MASK: &str = "***";

/// Words after which a value stands that nobody else should read; the value ends at the first blank or separator.
const VALUES: [&str; 9] =
    ["token", "password", "passwd", "secret", "apikey", "api_key", "api-key", "access_key", "private_key"];

/// Headers whose whole value is secret, to the end of the line.
const HEADERS: [&str; 4] = ["authorization", "x-registry-auth", "x-registry-config", "cookie"];

/// Masks passwords in addresses, values of `token=`, `password=` and the like, and credentials in headers.
pub fn redact(text: &str) -> Cow<'_, str> {
    // Same length as the text, so that places in it are places in the text.
    let lower = text.to_ascii_lowercase();
    let mut masks: Vec<(usize, usize)> = Vec::new();
    for (at, sign) in text.match_indices("://") {
        let from = at + sign.len();
        let authority = text[from..].split(['/', ' ', '"', '\n', '?', '#']).next().unwrap_or_default();
        if let Some(end) = authority.rfind('@') {
            masks.push((from, from + end));
        }
    }
    let spans = |words: &'static [&'static str], ends: fn(char) -> bool| {
        let found = words.iter().flat_map(|word| lower.match_indices(word));
        found.filter_map(|(at, word)| value_after(text, at + word.len(), ends)).collect::<Vec<_>>()
    };
    masks.extend(spans(&HEADERS, |c| matches!(c, '\n' | '"')));
    masks.extend(spans(&VALUES, |c| c.is_whitespace() || matches!(c, '&' | ',' | ';' | '"' | '\'' | ')' | ']' | '}')));
    for (at, word) in ["Bearer ", "bearer ", "Basic "].iter().flat_map(|word| text.match_indices(word)) {
        let from = at + word.len();
        let end = text[from..]
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ','))
            .unwrap_or(text.len() - from);
        if end >= 8 {
            masks.push((from, from + end));
        }
    }
    masked(text, masks)
}

/// Where the value stands that belongs to a word which ends at `at`: `="…"`, `: …`, `": "…"`.
fn value_after(text: &str, at: usize, ends: fn(char) -> bool) -> Option<(usize, usize)> {
    let rest = text[at..].trim_start_matches(['"', '\'', '\\']).trim_start_matches(' ');
    let rest = rest.strip_prefix(['=', ':'])?.trim_start_matches(' ');
    // A quoted value may hold anything but its quote.
    let (value, end) = match rest.trim_start_matches('\\').strip_prefix(['"', '\'']) {
        Some(value) => (value, value.find(['"', '\'']).unwrap_or(value.len())),
        None => (rest, rest.find(ends).unwrap_or(rest.len())),
    };
    let from = text.len() - value.len();
    (end > 0).then_some((from, from + end))
}

fn masked(text: &str, mut masks: Vec<(usize, usize)>) -> Cow<'_, str> {
    if masks.is_empty() {
        return Cow::Borrowed(text);
    }
    masks.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (from, to) in masks {
        if from >= done {
            out.push_str(&text[done..from]);
            out.push_str(MASK);
        }
        done = done.max(to);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_does_not_reach_the_log() {
        for (said, logged) in [
            ("GET http://ops:hunter2@db:2375/info", "GET http://***@db:2375/info"),
            ("ssh://ops@host failed", "ssh://***@host failed"),
            ("https://h/?token=abc&x=1", "https://h/?token=***&x=1"),
            ("DB_PASSWORD=hunter2 started", "DB_PASSWORD=*** started"),
            (r#"{"password": "a b, c", "user": "ops"}"#, r#"{"password": "***", "user": "ops"}"#),
            (r#"access_token: "eyJx""#, r#"access_token: "***""#),
            ("Authorization: Bearer eyJhbGciOi.J9.x y\nHost: h", "Authorization: ***\nHost: h"),
            (r#"headers {"authorization": "Basic b3BzOmh1bnRlcjI="}"#, r#"headers {"authorization": "***"}"#),
            ("X-Registry-Auth: eyJ1c2VybmFtZSI6", "X-Registry-Auth: ***"),
            ("sent Bearer eyJhbGciOiJIUzI1NiJ9 to it", "sent Bearer *** to it"),
            ("größe token=größe ende", "größe token=*** ende"),
        ] {
            assert_eq!(redact(said), logged);
        }
    }

    #[test]
    fn what_is_not_secret_stays_as_it_is() {
        for said in ["token_count is 3", "the basic case", "unix:///run/docker.sock", "mail ops@example.org", "secret"]
        {
            assert!(matches!(redact(said), Cow::Borrowed(_)), "{said}");
        }
    }

    #[test]
    fn the_log_is_for_its_owner_alone_even_when_it_was_there_before() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("deep/cockpit.log");
        std::fs::create_dir_all(dir.path().join("deep")).expect("made");
        std::fs::write(&file, "old\n").expect("written");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("set");
        let mut log = Redacting(Arc::new(open(&file).expect("opened")));
        log.write_all(b"token=abc\n").expect("written");
        assert_eq!(std::fs::read_to_string(&file).expect("read"), "old\ntoken=***\n");
        assert_eq!(file.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    }
}
