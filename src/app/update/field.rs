//! A field that text goes into.

use crossterm::event::{KeyCode, KeyModifiers};

use crate::app::Key;
use crate::ui::Input;

/// More than this is no name, no number and no filter, bytes.
const LONGEST: usize = 512;

/// Types or edits; whether the text is another one now.
pub fn edit(input: &mut Input, key: Key) -> bool {
    if let Some(c) = key.typed() {
        return insert(input, c.encode_utf8(&mut [0; 4]));
    }
    let control = key.mods.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Left => input.cursor = before(input),
        KeyCode::Right => input.cursor = after(input),
        KeyCode::Home => input.cursor = 0,
        KeyCode::End => input.cursor = input.text.len(),
        KeyCode::Char('e') if control => input.cursor = input.text.len(),
        KeyCode::Backspace => return cut(input, before(input), input.cursor),
        KeyCode::Delete => return cut(input, input.cursor, after(input)),
        KeyCode::Char('u') if control => return cut(input, 0, input.cursor),
        KeyCode::Char('k') if control => return cut(input, input.cursor, input.text.len()),
        KeyCode::Char('w') if control => return cut(input, word_before(input), input.cursor),
        _ => {}
    }
    false
}

/// Puts text in at the cursor: one line of it, without what is not text.
pub fn insert(input: &mut Input, text: &str) -> bool {
    let line: String =
        text.trim_end_matches(['\r', '\n']).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.is_empty() || input.text.len() + line.len() > LONGEST {
        return false;
    }
    input.text.insert_str(input.cursor, &line);
    input.cursor += line.len();
    true
}

fn cut(input: &mut Input, from: usize, to: usize) -> bool {
    input.text.drain(from..to);
    input.cursor = from;
    from != to
}

fn before(input: &Input) -> usize {
    input.text[..input.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
}

fn after(input: &Input) -> usize {
    input.text[input.cursor..].chars().next().map_or(input.cursor, |c| input.cursor + c.len_utf8())
}

fn word_before(input: &Input) -> usize {
    let left = input.text[..input.cursor].trim_end();
    left.rfind(char::is_whitespace).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> Input {
        let mut input = Input::default();
        for word in keys.split(' ') {
            edit(&mut input, word.parse().expect("a key"));
        }
        input
    }

    #[test]
    fn what_is_typed_is_edited_by_whole_characters() {
        assert_eq!(typed("a ö backspace b").text, "ab");
        assert_eq!(typed("ö ä left delete").text, "ö");
        assert_eq!(typed("a b home c").text, "cab");
        assert_eq!(typed("a space b c ctrl-w").text, "a ");
        assert_eq!(typed("a b ctrl-u c").text, "c");
    }

    #[test]
    fn a_paste_is_one_line_without_control_characters() {
        let mut input = Input::default();
        assert!(insert(&mut input, "web\u{1b}[2J\nrm\r\n"));
        assert_eq!(input.text, "web [2J rm");
    }
}
