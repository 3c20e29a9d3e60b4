//! Where in a project's Compose files something of a service stands, for a person who is sent there. Files are searched as
//! text: what a person reads is the text, with its anchors and comments.

use std::path::{Path, PathBuf};

/// No Compose file that a person edits is longer, bytes.
const LONGEST: u64 = 1 << 20;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// Whether it is the key that was looked for; else the service's own line.
    pub exact: bool,
}

/// Looks for one of the keys of a service; else for the service itself. Later files stand over earlier ones.
pub(super) async fn find(files: &[PathBuf], service: &str, keys: &[&str]) -> Option<Place> {
    let mut named = None;
    for file in files.iter().rev() {
        let short = tokio::fs::metadata(file).await.is_ok_and(|meta| meta.len() <= LONGEST);
        let Some(text) = (if short { tokio::fs::read_to_string(file).await.ok() } else { None }) else { continue };
        match search(file, &text, service, keys) {
            Some(place) if place.exact => return Some(place),
            Some(place) => named = named.or(Some(place)),
            None => {}
        }
    }
    named
}

fn search(file: &Path, text: &str, service: &str, keys: &[&str]) -> Option<Place> {
    let lines: Vec<(usize, usize, &str)> = text
        .lines()
        .enumerate()
        .map(|(ix, line)| (ix + 1, indent(line), line.trim()))
        .filter(|(_, _, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let services = lines.iter().position(|(_, indent, line)| *indent == 0 && key_of(line) == Some("services"))?;
    let inside = lines[services + 1..].iter().take_while(|(_, indent, _)| *indent > 0).collect::<Vec<_>>();
    let depth = inside.first()?.1;
    let at = inside.iter().position(|(_, indent, line)| *indent == depth && key_of(line) == Some(service))?;
    let block = inside[at + 1..].iter().take_while(|(_, indent, _)| *indent > depth);
    let place = |line: usize, exact: bool| Place { file: file.to_owned(), line, exact };
    let found = block.into_iter().find(|(_, _, line)| key_of(line).is_some_and(|key| keys.contains(&key)));
    Some(found.map_or_else(|| place(inside[at].0, false), |(line, _, _)| place(*line, true)))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The key of `key: value`, without the quotes that it may have.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    Some(key.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "name: shop\nx-web: &web\n  image: no\nservices:\n  # the front\n  web:\n    image: web:1\n    deploy:\n      \
                        resources:\n        limits:\n          memory: 64M\n  \"db\":\n    image: db:1\nvolumes:\n  web: {}\n";

    fn at(service: &str, keys: &[&str]) -> Option<(usize, bool)> {
        search(Path::new("compose.yaml"), FILE, service, keys).map(|place| (place.line, place.exact))
    }

    #[test]
    fn a_key_of_a_service_is_found_in_its_own_block() {
        assert_eq!(at("web", &["image"]), Some((7, true)));
        assert_eq!(at("web", &["mem_limit", "memory"]), Some((11, true)));
        assert_eq!(at("db", &["image"]), Some((13, true)));
        assert_eq!(at("db", &["mem_limit", "memory"]), Some((12, false)), "the service's own line");
        assert_eq!(at("cache", &["image"]), None);
    }
}
