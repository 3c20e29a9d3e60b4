//! How it may look: by flags, then the settings, then what the environment says of the terminal; and a person's own themes.

use std::path::{Path, PathBuf};

use crate::config::{self, Problems};
use crate::domain::sanitise;
use crate::ui::Look;
use crate::ui::theme::{self, Depth, Theme};

use super::End;
use super::failure::Failure;
use super::session::{Session, env};

/// What is left to the terminal.
pub const AUTO: &str = "auto";

/// Something that was chosen, and by what: `the settings say so (theme)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<T> {
    /// What.
    pub what: T,
    /// By what.
    pub by: &'static str,
}

impl Session {
    /// How the screen may look.
    ///
    /// # Errors
    /// The theme is not there, or cannot be used.
    pub fn look(&self) -> Result<Look, End> {
        Ok(Look { ascii: self.ascii(), palette: self.theme()?.what.palette(self.depth().what) })
    }

    /// Only ASCII: by the flag, else by the configuration, else where the locale knows no more.
    pub fn ascii(&self) -> bool {
        self.common.ascii || self.config.ascii.unwrap_or_else(|| !is_utf8(env))
    }

    /// How many colours are shown.
    pub fn depth(&self) -> Chosen<Depth> {
        let asked = [
            (self.common.colors.as_deref(), "--colors says so"),
            (Some(&*self.config.colors), "the settings say so (`colors`)"),
        ];
        let asked = asked.into_iter().filter_map(|(word, by)| Some((word?, by))).find(|(word, _)| *word != AUTO);
        let known = asked.and_then(|(word, by)| Some(Chosen { what: Depth::by_name(word)?, by }));
        known.unwrap_or_else(|| depth_of(env))
    }

    /// Whether nothing is coloured.
    pub fn mono(&self) -> bool {
        self.depth().what == Depth::Mono
    }

    /// The theme.
    ///
    /// # Errors
    /// There is no such theme, or it cannot be used.
    pub fn theme(&self) -> Result<Chosen<Theme>, End> {
        let (name, by) = match (self.common.theme.as_deref(), &*self.config.theme) {
            (Some(name), _) if name != AUTO => (name, "--theme says so"),
            (None, name) if name != AUTO => (name, "the settings say so (`theme`)"),
            _ => background(env),
        };
        let own = own_themes(self.common.config.as_deref());
        if let Some((_, file)) = own.iter().find(|(own, _)| own == name) {
            return Ok(Chosen { what: read_theme(name, file)?, by });
        }
        if let Some(theme) = theme::by_name(name) {
            return Ok(Chosen { what: theme.clone(), by });
        }
        let names = theme_names(self.common.config.as_deref());
        let near = config::near_match(name, names.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let failure = Failure::usage(format!("there is no theme `{}`", sanitise(name)));
        Err(failure.mend(format!("{near}there are: {}", names.join(", "))).into())
    }
}

/// Names of all themes, and the word for the one that fits the terminal.
pub fn theme_names(flag: Option<&Path>) -> Vec<String> {
    let mut names = vec![AUTO.to_owned()];
    names.extend(theme::built_in().iter().map(|theme| theme.name.clone()));
    for (name, _) in own_themes(flag) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A person's own themes, by name, with their files; one that has the name of one of cockpit's goes before it.
pub fn own_themes(flag: Option<&Path>) -> Vec<(String, PathBuf)> {
    let Some(entries) = config::themes_directory(flag).and_then(|dir| std::fs::read_dir(dir).ok()) else {
        return Vec::new();
    };
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut own: Vec<(String, PathBuf)> = files
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .filter(|(name, _)| name != AUTO && sanitise(name) == name.as_str())
        .collect();
    own.sort();
    own
}

/// Reads a theme from a person's own file.
///
/// # Errors
/// It cannot be read; everything that is wrong with it, with lines.
pub fn read_theme(name: &str, file: &Path) -> Result<Theme, Problems> {
    let problems = |list| Problems { file: file.to_owned(), list };
    let source = std::fs::read_to_string(file).map_err(|error| {
        problems(vec![config::Problem::of_file(format!("cannot be read: {error}"), "a theme, as text in UTF-8")])
    })?;
    Theme::parse(name, &source).map_err(|wrong| {
        let each = wrong.into_iter().map(|problem| config::Problem {
            line: problem.line,
            what: problem.what,
            expected: Some(problem.expected),
            near: problem.near.map(|near| format!("`{near}`")),
        });
        problems(each.collect())
    })
}

/// POSIX: the first that is set of LC_ALL, LC_CTYPE, LANG counts for characters.
fn is_utf8(env: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env).unwrap_or_default().to_uppercase();
    locale.contains("UTF-8") || locale.contains("UTF8")
}

/// How many colours the terminal says that it shows; none where nobody wants any (no-color.org: any value but the empty
/// one). GNU screen shows no more than its own TERM says, whatever COLORTERM it was started under.
fn depth_of(env: impl Fn(&str) -> Option<String>) -> Chosen<Depth> {
    let chosen = |what, by| Chosen { what, by };
    if env("NO_COLOR").is_some() {
        return chosen(Depth::Mono, "NO_COLOR is set");
    }
    let term = env("TERM").unwrap_or_default();
    if term == "dumb" || ["vt1", "vt2", "vt3"].iter().any(|old| term.starts_with(old)) {
        return chosen(Depth::Mono, "TERM says so");
    }
    let within_screen = term.starts_with("screen") && env("TMUX").is_none();
    let any = matches!(env("COLORTERM").as_deref(), Some("truecolor" | "24bit"));
    match &*term {
        "linux" => chosen(Depth::Sixteen, "TERM says so"),
        _ if any && !within_screen => chosen(Depth::True, "COLORTERM says so"),
        term if term.ends_with("-direct") => chosen(Depth::True, "TERM says so"),
        term if term.contains("256color") => chosen(Depth::Indexed, "TERM says so"),
        _ => chosen(Depth::Sixteen, "TERM names no more"),
    }
}

/// The theme for the terminal's background, where COLORFGBG tells it (`15;0`: its last number is the background's). Asking
/// the terminal itself would have to wait for an answer that not every terminal, nor every link, gives.
fn background(env: impl Fn(&str) -> Option<String>) -> (&'static str, &'static str) {
    let said = env("COLORFGBG");
    match said.as_deref().and_then(|said| said.rsplit(';').next()?.parse::<u8>().ok()) {
        Some(7 | 9..=15) => ("light", "COLORFGBG says that the background is light"),
        Some(0..=6 | 8) => ("dark", "COLORFGBG says that the background is dark"),
        _ => ("dark", "it is the default"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_first_locale_that_is_set_decides_on_ascii() {
        assert!(is_utf8(within(&[("LANG", "en_GB.UTF-8")])));
        assert!(!is_utf8(within(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")])));
        assert!(is_utf8(within(&[("LC_CTYPE", "C.utf8")])));
        assert!(!is_utf8(within(&[])));
    }

    #[test]
    fn as_many_colours_as_the_terminal_says() {
        let depth = |pairs| depth_of(within(pairs)).what;
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm"), ("COLORTERM", "24bit")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-direct")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "yes")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "tmux-256color")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "linux"), ("COLORTERM", "truecolor")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(depth(&[]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "vt100"), ("COLORTERM", "truecolor")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "dumb")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "xterm"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::Mono);
    }

    #[test]
    fn screen_is_not_asked_for_what_its_terminal_shows() {
        let depth = |pairs| depth_of(within(pairs)).what;
        assert_eq!(depth(&[("TERM", "screen.xterm-256color"), ("COLORTERM", "truecolor")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "screen"), ("COLORTERM", "truecolor")]), Depth::Sixteen);
        assert_eq!(
            depth(&[("TERM", "screen-256color"), ("COLORTERM", "truecolor"), ("TMUX", "/tmp/x,1,0")]),
            Depth::True
        );
    }

    #[test]
    fn a_light_background_is_known_where_it_is_said() {
        let theme = |pairs| background(within(pairs)).0;
        assert_eq!(theme(&[("COLORFGBG", "0;15")]), "light");
        assert_eq!(theme(&[("COLORFGBG", "0;default;7")]), "light");
        assert_eq!(theme(&[("COLORFGBG", "15;0")]), "dark");
        assert_eq!(theme(&[("COLORFGBG", "7;8")]), "dark");
        assert_eq!(theme(&[("COLORFGBG", "default;default")]), "dark");
        assert_eq!(theme(&[]), "dark");
    }
}
