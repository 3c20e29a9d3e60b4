//! How many colours the terminal has: what a program wrote in more of them is shown in the nearest that there is.

use ratatui::style::Color;

/// How many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// The 16 that every terminal has.
    #[default]
    Basic,
    /// The 256 of xterm.
    Table,
    /// All.
    True,
}

impl Depth {
    /// By the environment. `COLORTERM` is what terminals say of themselves and is seldom passed on by ssh; GNU screen passes it on
    /// and understands no more than 256.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| env(name).unwrap_or_default();
        let term = get("TERM");
        let in_screen = term.starts_with("screen") && get("TMUX").is_empty();
        if !in_screen && matches!(get("COLORTERM").as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") || matches!(term.as_str(), "xterm-kitty" | "xterm-ghostty" | "alacritty") {
            Depth::Table
        } else {
            Depth::Basic
        }
    }

    /// The nearest colour that there is.
    pub fn nearest(self, colour: Color) -> Color {
        match (self, colour) {
            (Depth::Table, Color::Rgb(r, g, b)) => Color::Indexed(in_table([r, g, b])),
            (Depth::Basic, Color::Rgb(r, g, b)) => basic([r, g, b]),
            (Depth::Basic, Color::Indexed(n)) if usize::from(n) < BASIC.len() => BASIC[usize::from(n)].1,
            (Depth::Basic, Color::Indexed(n)) => basic(of_table(n)),
            (_, colour) => colour,
        }
    }
}

/// xterm's own values: a person may have set others, but not to other colours.
const BASIC: [([u8; 3], Color); 16] = [
    ([0, 0, 0], Color::Black),
    ([205, 0, 0], Color::Red),
    ([0, 205, 0], Color::Green),
    ([205, 205, 0], Color::Yellow),
    ([0, 0, 238], Color::Blue),
    ([205, 0, 205], Color::Magenta),
    ([0, 205, 205], Color::Cyan),
    ([229, 229, 229], Color::Gray),
    ([127, 127, 127], Color::DarkGray),
    ([255, 0, 0], Color::LightRed),
    ([0, 255, 0], Color::LightGreen),
    ([255, 255, 0], Color::LightYellow),
    ([92, 92, 255], Color::LightBlue),
    ([255, 0, 255], Color::LightMagenta),
    ([0, 255, 255], Color::LightCyan),
    ([255, 255, 255], Color::White),
];

/// Steps of each part in the cube from 16 on; a ladder of greys follows at 232.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn of_table(n: u8) -> [u8; 3] {
    match n {
        232.. => [8 + (n - 232) * 10; 3],
        16.. => [(n - 16) / 36, (n - 16) / 6 % 6, (n - 16) % 6].map(|step| STEPS[usize::from(step)]),
        _ => BASIC[usize::from(n)].0,
    }
}

fn apart(a: [u8; 3], b: [u8; 3]) -> u32 {
    (0..3).map(|ix| u32::from(a[ix].abs_diff(b[ix])).pow(2)).sum()
}

fn in_table(rgb: [u8; 3]) -> u8 {
    (16..=255).min_by_key(|n| apart(of_table(*n), rgb)).unwrap_or(16)
}

fn basic(rgb: [u8; 3]) -> Color {
    BASIC.iter().min_by_key(|(of, _)| apart(*of, rgb)).map_or(Color::Reset, |(_, colour)| *colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(pairs: &[(&str, &str)]) -> Depth {
        Depth::of(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_tells_how_many_there_are() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Table);
        assert_eq!(depth(&[("TERM", "screen-256color"), ("COLORTERM", "truecolor")]), Depth::Table);
        let tmux = [("TERM", "screen-256color"), ("COLORTERM", "24bit"), ("TMUX", "/tmp/x")];
        assert_eq!(depth(&tmux), Depth::True);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Basic);
        assert_eq!(depth(&[]), Depth::Basic);
    }

    #[test]
    fn what_there_is_not_becomes_the_nearest_that_there_is() {
        assert_eq!(Depth::True.nearest(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::Table.nearest(Color::Rgb(255, 135, 0)), Color::Indexed(208));
        assert_eq!(Depth::Table.nearest(Color::Rgb(8, 8, 8)), Color::Indexed(232));
        assert_eq!(Depth::Basic.nearest(Color::Rgb(250, 10, 10)), Color::LightRed);
        assert_eq!(Depth::Basic.nearest(Color::Indexed(28)), Color::Green);
        assert_eq!(Depth::Basic.nearest(Color::Indexed(3)), Color::Yellow);
        assert_eq!(Depth::Basic.nearest(Color::Cyan), Color::Cyan);
        for n in 16..=255u8 {
            let [r, g, b] = of_table(n);
            // Some greys are in the cube and on the ladder.
            let Color::Indexed(back) = Depth::Table.nearest(Color::Rgb(r, g, b)) else { panic!("of the table") };
            assert_eq!(of_table(back), of_table(n));
        }
    }
}
