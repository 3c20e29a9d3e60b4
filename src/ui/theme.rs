//! Colours, by what they mean. Themes are data: `assets/themes/*.toml`, out of the 16 colours of the terminal.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

macro_rules! inks {
    ($($variant:ident $word:literal $doc:literal),+ $(,)?) => {
        /// What something is drawn with, by what it means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Ink { $(#[doc = $doc] $variant),+ }

        impl Ink {
            /// All of them.
            pub const ALL: &[Ink] = &[$(Ink::$variant),+];

            /// Its name in a theme.
            pub const fn as_str(self) -> &'static str {
                match self { $(Ink::$variant => $word),+ }
            }
        }
    };
}

inks! {
    Text "text" "What is read.",
    Strong "strong" "What is read first.",
    Dim "dim" "What is read last.",
    Rule "rule" "Lines between parts.",
    Title "title" "What a part is.",
    Critical "critical" "Users are hurt.",
    Warning "warning" "Needs someone.",
    Risk "risk" "Quiet today.",
    Good "good" "In order, or over.",
    Selected "selected" "The row that keys act on.",
    Name "name" "A key of an object.",
    Tab "tab" "Another pane.",
    TabHere "tab_here" "This pane.",
    Key "key" "A key to press.",
    Refused "refused" "What cannot be done now.",
    Live "live" "Watched and alive.",
    Loading "loading" "Not yet complete.",
    Stale "stale" "From before.",
    Dark "dark" "Cannot be read.",
    Bar "bar" "A share in use.",
    BarFull "bar_full" "A share that is nearly all.",
    Input "input" "What is being typed.",
}

/// One set of colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name in the configuration and for `--theme`.
    pub name: String,
    styles: Vec<Style>,
}

/// Why a theme cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// It is no TOML, or of another shape.
    #[error("{0}")]
    Shape(String),
    /// An ink is missing.
    #[error("ink `{0}` is missing")]
    Missing(&'static str),
    /// A word is none that is known.
    #[error("ink `{ink}`: `{word}` is no colour of the 16 and no modifier")]
    Word {
        /// Which ink.
        ink: String,
        /// Which word.
        word: String,
    },
    /// There is no such ink.
    #[error("there is no ink `{0}`")]
    Ink(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    ink: BTreeMap<String, String>,
}

impl Theme {
    /// Reads a theme.
    pub fn parse(toml: &str) -> Result<Self, ThemeError> {
        let file: File = toml::from_str(toml).map_err(|error| ThemeError::Shape(error.to_string()))?;
        if let Some(unknown) = file.ink.keys().find(|name| !Ink::ALL.iter().any(|ink| ink.as_str() == *name)) {
            return Err(ThemeError::Ink(unknown.clone()));
        }
        let style = |ink: &Ink| {
            let words = file.ink.get(ink.as_str()).ok_or(ThemeError::Missing(ink.as_str()))?;
            style(words).map_err(|word| ThemeError::Word { ink: ink.as_str().to_owned(), word })
        };
        let styles = Ink::ALL.iter().map(style).collect::<Result<Vec<Style>, ThemeError>>()?;
        Ok(Self { name: file.name, styles })
    }

    /// How an ink looks. Without colour, what had a background is reversed.
    pub fn style(&self, ink: Ink, mono: bool) -> Style {
        let style = self.styles.get(ink as usize).copied().unwrap_or_default();
        if !mono {
            return style;
        }
        let plain = Style { fg: None, bg: None, ..style };
        if style.bg.is_some() { plain.add_modifier(Modifier::REVERSED) } else { plain }
    }
}

/// The themes that cockpit brings, the default first.
pub fn built_in() -> &'static [Theme] {
    static THEMES: LazyLock<Vec<Theme>> = LazyLock::new(|| {
        let files = [include_str!("../../assets/themes/dark.toml"), include_str!("../../assets/themes/light.toml")];
        files.iter().filter_map(|toml| Theme::parse(toml).ok()).collect()
    });
    &THEMES
}

/// The place of a theme by its name.
pub fn by_name(name: &str) -> Option<usize> {
    built_in().iter().position(|theme| theme.name == name)
}

/// The theme at a place; the default where there is none.
pub(super) fn at(place: usize) -> &'static Theme {
    static PLAIN: LazyLock<Theme> = LazyLock::new(|| Theme { name: "plain".to_owned(), styles: Vec::new() });
    built_in().get(place).or_else(|| built_in().first()).unwrap_or(&PLAIN)
}

fn style(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut background = false;
    for word in words.split_whitespace() {
        let modifier = match word {
            "on" => {
                background = true;
                continue;
            }
            "default" => continue,
            "bold" => Some(Modifier::BOLD),
            "dim" => Some(Modifier::DIM),
            "italic" => Some(Modifier::ITALIC),
            "underlined" => Some(Modifier::UNDERLINED),
            "reversed" => Some(Modifier::REVERSED),
            _ => None,
        };
        style = match (modifier, color(word)) {
            (Some(modifier), _) => style.add_modifier(modifier),
            (None, Some(color)) if background => style.bg(color),
            (None, Some(color)) => style.fg(color),
            (None, None) => return Err(word.to_owned()),
        };
    }
    Ok(style)
}

fn color(word: &str) -> Option<Color> {
    Some(match word {
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "gray" => Color::Gray,
        "darkgray" => Color::DarkGray,
        "lightred" => Color::LightRed,
        "lightgreen" => Color::LightGreen,
        "lightyellow" => Color::LightYellow,
        "lightblue" => Color::LightBlue,
        "lightmagenta" => Color::LightMagenta,
        "lightcyan" => Color::LightCyan,
        "white" => Color::White,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_themes_that_are_brought_along_are_whole() {
        assert_eq!(built_in().iter().map(|theme| theme.name.as_str()).collect::<Vec<_>>(), ["dark", "light"]);
        assert_eq!(by_name("light"), Some(1));
        assert_eq!(at(99).name, "dark");
    }

    #[test]
    fn a_word_that_is_no_colour_is_named() {
        let toml = include_str!("../../assets/themes/dark.toml").replace("lightred bold", "mauve");
        assert_eq!(Theme::parse(&toml), Err(ThemeError::Word { ink: "critical".to_owned(), word: "mauve".to_owned() }));
        assert_eq!(Theme::parse("name = \"x\"\n[ink]\n"), Err(ThemeError::Missing("text")));
        assert_eq!(Theme::parse("name = \"x\"\n[ink]\nhue = \"red\"\n"), Err(ThemeError::Ink("hue".to_owned())));
    }

    #[test]
    fn without_colour_no_ink_has_one_and_the_selection_is_reversed() {
        for theme in built_in() {
            for ink in Ink::ALL {
                let style = theme.style(*ink, true);
                assert_eq!((style.fg, style.bg), (None, None), "{} {}", theme.name, ink.as_str());
            }
            assert!(theme.style(Ink::Selected, true).add_modifier.contains(Modifier::REVERSED));
        }
    }
}
