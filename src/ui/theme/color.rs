//! Colours: how a theme writes them, what a terminal can show, and the nearest of that.

use ratatui::style::Color;

/// How many colours a terminal shows, the least first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// None: bold, dim, underlined and reversed alone.
    Mono,
    /// The 16 that the terminal itself is set to.
    #[default]
    Sixteen,
    /// 256 of them: a cube of six steps, and 24 greys.
    Indexed,
    /// Any.
    True,
}

impl Depth {
    /// All, the least first.
    pub const ALL: [Depth; 4] = [Depth::Mono, Depth::Sixteen, Depth::Indexed, Depth::True];

    /// Its word in the settings and for `--colors`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Depth::Mono => "mono",
            Depth::Sixteen => "16",
            Depth::Indexed => "256",
            Depth::True => "true",
        }
    }

    /// By its word.
    pub fn by_name(word: &str) -> Option<Self> {
        Depth::ALL.into_iter().find(|depth| depth.as_str() == word)
    }
}

/// Red, green and blue.
pub(in crate::ui) type Rgb = (u8, u8, u8);

/// What stays readable has at least this contrast, also after it was brought down (WCAG 2, for large or bold text).
const LEGIBLE: f64 = 3.0;

/// The 16, and what xterm shows for them: what a terminal shows nobody can know.
const SIXTEEN: [(&str, Color, Rgb); 16] = [
    ("black", Color::Black, (0, 0, 0)),
    ("red", Color::Red, (205, 0, 0)),
    ("green", Color::Green, (0, 205, 0)),
    ("yellow", Color::Yellow, (205, 205, 0)),
    ("blue", Color::Blue, (0, 0, 238)),
    ("magenta", Color::Magenta, (205, 0, 205)),
    ("cyan", Color::Cyan, (0, 205, 205)),
    ("gray", Color::Gray, (229, 229, 229)),
    ("darkgray", Color::DarkGray, (127, 127, 127)),
    ("lightred", Color::LightRed, (255, 0, 0)),
    ("lightgreen", Color::LightGreen, (0, 255, 0)),
    ("lightyellow", Color::LightYellow, (255, 255, 0)),
    ("lightblue", Color::LightBlue, (92, 92, 255)),
    ("lightmagenta", Color::LightMagenta, (255, 0, 255)),
    ("lightcyan", Color::LightCyan, (0, 255, 255)),
    ("white", Color::White, (255, 255, 255)),
];

/// Names of the 16.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SIXTEEN.iter().map(|(name, ..)| *name)
}

/// A colour as a theme writes it: one of the 16 by its name, `0` to `255`, or `#rrggbb`.
pub(super) fn color(word: &str) -> Option<Color> {
    if let Some((_, color, _)) = SIXTEEN.iter().find(|(name, ..)| *name == word) {
        return Some(*color);
    }
    if let Some(digits) = word.strip_prefix('#') {
        let hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let all = u32::from_str_radix(digits, 16).ok().filter(|_| hex)?;
        return Some(Color::Rgb((all >> 16) as u8, (all >> 8) as u8, all as u8));
    }
    let number = word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten()?;
    Some(SIXTEEN.get(usize::from(number)).map_or(Color::Indexed(number), |(_, color, _)| *color))
}

/// What a colour looks like; none for the terminal's own.
pub(in crate::ui) fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(n) => Some(indexed(n)),
        Color::Reset => None,
        named => SIXTEEN.iter().find(|(_, color, _)| *color == named).map(|(.., rgb)| *rgb),
    }
}

fn indexed(n: u8) -> Rgb {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |n: u8| STEPS[usize::from(n % 6)];
    match n {
        0..16 => SIXTEEN[usize::from(n)].2,
        16..232 => (step((n - 16) / 36), step((n - 16) / 6), step(n - 16)),
        232.. => {
            let grey = 8 + (n - 232) * 10;
            (grey, grey, grey)
        }
    }
}

/// The nearest colour that a terminal of this depth shows; of an ink, nearest of those that can be read on what is behind
/// it, where it could be read before.
pub(super) fn bring_down(color: Color, depth: Depth, behind: Option<(Color, Color)>) -> Option<Color> {
    let beyond = match color {
        Color::Reset => return Some(color),
        Color::Rgb(..) => depth < Depth::True,
        Color::Indexed(_) => depth < Depth::Indexed,
        _ => depth < Depth::Sixteen,
    };
    if !beyond {
        return Some(color);
    }
    let wanted = rgb(color)?;
    let mut there: Vec<(f64, Color, Rgb)> = match depth {
        Depth::Mono => return None,
        Depth::Sixteen => SIXTEEN.iter().map(|(_, it, rgb)| (hue_first(wanted, *rgb), *it, *rgb)).collect(),
        // The first 16 are what the person set them to.
        Depth::Indexed | Depth::True => {
            (16..=255).map(|n| (apart(wanted, indexed(n)), Color::Indexed(n), indexed(n))).collect()
        }
    };
    there.sort_by(|(a, ..), (b, ..)| a.total_cmp(b));
    let (before, after) = behind.map_or((None, None), |(before, after)| (rgb(before), rgb(after)));
    let was_legible = before.is_some_and(|before| contrast(wanted, before) >= LEGIBLE);
    let legible = |it: Rgb| !was_legible || after.is_none_or(|after| contrast(it, after) >= LEGIBLE);
    there.iter().find(|(.., it)| legible(*it)).or(there.first()).map(|(_, it, _)| *it)
}

/// The nearest colour that a terminal of this depth shows.
pub fn nearest(color: Color, depth: Depth) -> Color {
    bring_down(color, depth, None).unwrap_or(Color::Reset)
}

/// How well one colour can be read on the other: 1 to 21 (WCAG 2).
pub(super) fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: Rgb) -> f64 {
    let (r, g, b) = linear(color);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn linear((r, g, b): Rgb) -> (f64, f64, f64) {
    let each = |n: u8| {
        let n = f64::from(n) / 255.0;
        if n <= 0.04045 { n / 12.92 } else { ((n + 0.055) / 1.055).powf(2.4) }
    };
    (each(r), each(g), each(b))
}

/// Lightness and the two axes of colour, even to the eye (Oklab).
fn lab(color: Rgb) -> (f64, f64, f64) {
    let (r, g, b) = linear(color);
    let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_99 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_55 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_7 * b).cbrt();
    (
        0.210_454_26 * l + 0.793_617_78 * m - 0.004_072_05 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_04 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    )
}

fn apart(one: Rgb, other: Rgb) -> f64 {
    let ((l, a, b), (m, c, d)) = (lab(one), lab(other));
    (l - m).powi(2) + (a - c).powi(2) + (b - d).powi(2)
}

/// Of few and loud colours the nearest is the one of the same hue: a soft red is to stay red, and not to become grey.
fn hue_first(one: Rgb, other: Rgb) -> f64 {
    const GREY: f64 = 0.04;
    let hue = |(_, a, b): (f64, f64, f64)| {
        let chroma = a.hypot(b);
        if chroma < GREY { (0.0, 0.0) } else { (a / chroma, b / chroma) }
    };
    let (one, other) = (lab(one), lab(other));
    let ((a, b), (c, d)) = (hue(one), hue(other));
    0.3 * (one.0 - other.0).powi(2) + (a - c).powi(2) + (b - d).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_names_numbers_and_hex() {
        assert_eq!(color("lightred"), Some(Color::LightRed));
        assert_eq!(color("9"), Some(Color::LightRed), "the first 16 by number are the 16");
        assert_eq!(color("208"), Some(Color::Indexed(208)));
        assert_eq!(color("#1b1f27"), Some(Color::Rgb(0x1b, 0x1f, 0x27)));
        for word in ["", "256", "-1", "+1", "#12345", "#1234567", "#+12345", "mauve", "#gg0000"] {
            assert_eq!(color(word), None, "{word}");
        }
    }

    #[test]
    fn what_a_terminal_cannot_show_becomes_the_nearest_that_it_can() {
        let down = |word: &str, depth| color(word).and_then(|color| bring_down(color, depth, None));
        assert_eq!(down("#ff0000", Depth::True), Some(Color::Rgb(255, 0, 0)));
        assert_eq!(down("#fe0101", Depth::Indexed), Some(Color::Indexed(196)));
        assert_eq!(down("#1a1d23", Depth::Indexed), Some(Color::Indexed(234)));
        assert_eq!(down("#ff7b72", Depth::Sixteen), Some(Color::LightRed), "a soft red is no grey");
        assert_eq!(down("#8b95a5", Depth::Sixteen), Some(Color::DarkGray));
        assert_eq!(down("208", Depth::Indexed), Some(Color::Indexed(208)));
        assert_eq!(down("yellow", Depth::Sixteen), Some(Color::Yellow));
        assert_eq!(down("yellow", Depth::Mono), None);
    }

    #[test]
    fn what_could_be_read_can_be_read_after_it() {
        let (black, grey) = (Color::Rgb(0, 0, 0), Color::Rgb(0x80, 0x90, 0xf0));
        let plain = bring_down(grey, Depth::Sixteen, None);
        let on_black = bring_down(Color::Rgb(0x60, 0x60, 0xff), Depth::Sixteen, Some((black, Color::Black)));
        assert_eq!(plain, Some(Color::LightBlue));
        assert_eq!(on_black, Some(Color::LightBlue), "and not the blue that nobody can read on black");
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 0.01);
        assert!((contrast((0x77, 0x77, 0x77), (255, 255, 255)) - 4.48).abs() < 0.01);
    }
}
