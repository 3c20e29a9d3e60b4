//! What a check printed, in a few words.

use crate::domain::words::shorten;

/// So much of it is kept, letters.
const KEPT: usize = 400;

/// What a check printed, on one line and short: of a page its text, of HTTP the status where it does not say it itself.
pub(super) fn printed(output: &str, status: u16) -> String {
    let plain = if is_page(output) { without_tags(output) } else { output.to_owned() };
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = match plain.split_once(" Output: ") {
        // Consul: `HTTP GET http://…: 404 Not Found Output: …`. Pages say their status again.
        Some((asked, said)) => {
            let status = asked.rsplit_once(": ").map_or("", |(_, status)| status);
            let rest = said.strip_prefix(status).unwrap_or(said).trim_start();
            if rest.is_empty() { asked.to_owned() } else { format!("{asked}: {rest}") }
        }
        None => plain.strip_prefix("nomad: ").map(str::to_owned).unwrap_or(plain),
    };
    let code = status.to_string();
    let said = match status {
        0 | 200..=299 => plain,
        _ if plain.contains(&code) => format!("HTTP {}", plain.trim_start_matches("HTTP ")),
        _ if plain.is_empty() => format!("HTTP {code}"),
        _ => format!("HTTP {code}: {plain}"),
    };
    shorten(&said, KEPT)
}

fn is_page(output: &str) -> bool {
    let lower = output.to_ascii_lowercase();
    lower.contains("<html") || lower.contains("<!doctype")
}

/// The text of a page, without its head.
fn without_tags(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let (from, to) = match (lower.find("<head"), lower.find("</head>")) {
        (Some(from), Some(to)) if from < to => (from, to),
        _ => (0, 0),
    };
    let mut out = String::new();
    let mut inside = false;
    for c in page[..from].chars().chain(page[to..].chars()) {
        match c {
            '<' => {
                inside = true;
                out.push(' ');
            }
            '>' if inside => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_check_printed_is_one_line() {
        let page = "<HTML><HEAD><TITLE>404 Not Found</TITLE></HEAD>\n<BODY><H1>404 Not Found</H1>\nThe requested URL was not \
                    found\n</BODY></HTML>\n";
        assert_eq!(printed(page, 404), "HTTP 404 Not Found The requested URL was not found");
        assert_eq!(
            printed(&format!("HTTP GET http://127.0.0.1:1/: 404 Not Found Output: {page}"), 0),
            "HTTP GET http://127.0.0.1:1/: 404 Not Found: The requested URL was not found"
        );
        assert_eq!(
            printed("HTTP GET http://x/: 503 Service Unavailable Output: ", 0),
            "HTTP GET http://x/: 503 Service Unavailable Output:"
        );
        assert_eq!(printed("nomad: Get \"http://x\": refused", 0), "Get \"http://x\": refused");
        assert_eq!((printed("", 503), printed("no", 503)), ("HTTP 503".to_owned(), "HTTP 503: no".to_owned()));
        assert_eq!(printed("nomad: http ok", 200), "http ok");
    }
}
