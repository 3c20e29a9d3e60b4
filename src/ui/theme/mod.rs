//! Colours, by what they mean. Themes are data: `assets/themes/*.toml`, and files of a person's own. What a terminal cannot
//! show of one is brought down to the nearest that it can.

mod color;
mod file;

use std::sync::{Arc, LazyLock};

use ratatui::style::{Modifier, Style};

pub use color::{Depth, nearest};
pub(super) use color::{Rgb, rgb};
pub use file::Problem;

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

/// One set of colours, as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name in the settings and for `--theme`.
    pub name: String,
    /// One line on it.
    pub about: String,
    /// What `default` is; where it names no colour, that of the terminal.
    ground: Style,
    styles: Vec<Style>,
}

impl Theme {
    /// Reads a theme.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(name: &str, toml: &str) -> Result<Self, Vec<Problem>> {
        file::parse(name, toml)
    }

    /// What a terminal of this depth shows of it.
    pub fn palette(&self, depth: Depth) -> Arc<Palette> {
        let styles = self.styles.iter().map(|style| self.brought_down(*style, depth)).collect();
        Arc::new(Palette { name: self.name.clone(), depth, styles })
    }

    fn brought_down(&self, own: Style, depth: Depth) -> Style {
        if depth == Depth::Mono {
            let plain = Style { fg: None, bg: None, ..own };
            return if own.bg.is_some() { plain.add_modifier(Modifier::REVERSED) } else { plain };
        }
        let (fg, bg) = (own.fg.or(self.ground.fg), own.bg.or(self.ground.bg));
        let below = bg.and_then(|bg| color::bring_down(bg, depth, None));
        Style { fg: fg.and_then(|fg| color::bring_down(fg, depth, bg.zip(below))), bg: below, ..own }
    }
}

/// A theme as a terminal shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// The theme's name.
    pub name: String,
    /// How many colours it is for.
    pub depth: Depth,
    styles: Vec<Style>,
}

impl Palette {
    /// How an ink looks.
    pub fn style(&self, ink: Ink) -> Style {
        self.styles.get(ink as usize).copied().unwrap_or_default()
    }
}

impl Default for Palette {
    /// The default theme in 16 colours; plain where there is none.
    fn default() -> Self {
        let first = built_in().first().map(|theme| Arc::unwrap_or_clone(theme.palette(Depth::Sixteen)));
        first.unwrap_or_else(|| Self { name: "plain".to_owned(), depth: Depth::Mono, styles: Vec::new() })
    }
}

macro_rules! themes {
    ($($name:literal),+) => { [$(($name, include_str!(concat!("../../../assets/themes/", $name, ".toml")))),+] };
}

/// The themes that cockpit brings, the default first.
pub fn built_in() -> &'static [Theme] {
    static THEMES: LazyLock<Vec<Theme>> = LazyLock::new(|| {
        let files = themes!["dark", "light", "slate", "paper", "contrast", "contrast-light"];
        files.iter().filter_map(|(name, toml)| Theme::parse(name, toml).ok()).collect()
    });
    &THEMES
}

/// A theme that cockpit brings, by its name.
pub fn by_name(name: &str) -> Option<&'static Theme> {
    built_in().iter().find(|theme| theme.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: [Ink; 3] = [Ink::Dim, Ink::Rule, Ink::Refused];

    /// The contrast of an ink; none where a colour of it is the terminal's own.
    fn contrast(theme: &Theme, ink: Ink, depth: Depth) -> Option<f64> {
        let style = theme.palette(depth).style(ink);
        Some(color::contrast(rgb(style.fg?)?, rgb(style.bg?)?))
    }

    #[test]
    fn the_themes_that_are_brought_along_are_whole() {
        let names: Vec<&str> = built_in().iter().map(|theme| theme.name.as_str()).collect();
        assert_eq!(names, ["dark", "light", "slate", "paper", "contrast", "contrast-light"]);
        assert!(built_in().iter().all(|theme| !theme.about.is_empty()));
        assert_eq!(Palette::default().name, "dark");
    }

    #[test]
    fn every_ink_of_a_theme_with_colours_of_its_own_can_be_read() {
        for name in ["slate", "paper", "contrast", "contrast-light"] {
            let theme = by_name(name).expect("a theme");
            for ink in Ink::ALL {
                let least = match (name.starts_with("contrast"), QUIET.contains(ink)) {
                    (true, _) => 7.0,
                    (false, true) => 3.0,
                    (false, false) => 4.5,
                };
                let found = contrast(theme, *ink, Depth::True).expect("colours of its own");
                assert!(found >= least, "{name} {}: {found:.2} of {least}", ink.as_str());
                let weak = theme.palette(Depth::True).style(*ink).add_modifier.contains(Modifier::DIM);
                assert!(!weak, "{name} {}: how dim that is nobody knows", ink.as_str());
            }
        }
    }

    #[test]
    fn what_is_brought_down_can_still_be_read() {
        for theme in built_in() {
            for depth in [Depth::Indexed, Depth::Sixteen] {
                for ink in Ink::ALL {
                    let Some(found) = contrast(theme, *ink, depth) else { continue };
                    assert!(found >= 3.0, "{} {} at {depth:?}: {found:.2}", theme.name, ink.as_str());
                }
            }
        }
    }

    #[test]
    fn severities_stay_apart_at_every_depth() {
        for theme in built_in() {
            for depth in [Depth::True, Depth::Indexed, Depth::Sixteen] {
                let palette = theme.palette(depth);
                let [critical, warning, risk] =
                    [Ink::Critical, Ink::Warning, Ink::Risk].map(|ink| palette.style(ink).fg);
                assert!(
                    critical != warning && warning != risk && critical != risk,
                    "{} at {depth:?}: {critical:?} {warning:?} {risk:?}",
                    theme.name
                );
            }
        }
    }

    #[test]
    fn without_colour_no_ink_has_one_and_the_selection_is_reversed() {
        for theme in built_in() {
            let palette = theme.palette(Depth::Mono);
            for ink in Ink::ALL {
                let style = palette.style(*ink);
                assert_eq!((style.fg, style.bg), (None, None), "{} {}", theme.name, ink.as_str());
            }
            assert!(palette.style(Ink::Selected).add_modifier.contains(Modifier::REVERSED));
            assert!(!palette.style(Ink::Text).add_modifier.contains(Modifier::REVERSED));
            assert!(palette.style(Ink::TabHere).add_modifier.contains(Modifier::REVERSED), "{}", theme.name);
        }
    }
}
