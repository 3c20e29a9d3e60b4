//! Commands that a person is told to type.

/// A word as a shell takes it.
pub(super) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@');
    // Within a word an equals sign is one; at its beginning some shells read more into it.
    match !word.is_empty() && !word.starts_with('=') && word.chars().all(|c| plain(c) || c == '=') {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_where_a_shell_would_take_it_apart() {
        assert_eq!(shell("arn:aws:eks:eu/web-1.2@x"), "arn:aws:eks:eu/web-1.2@x");
        assert_eq!(shell("web=3"), "web=3");
        assert_eq!(shell("=web"), "'=web'");
        assert_eq!(shell("a b"), "'a b'");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
    }
}
