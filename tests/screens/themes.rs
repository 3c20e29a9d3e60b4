//! Every theme as it looks: what stands where, and in which colours. Each line is followed by the line of its styles, one
//! letter a cell; the letters are told below.

use cockpit::ui::Pane;
use cockpit::ui::theme::{Depth, Palette, built_in, by_name};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

use super::night;
use super::stage::Stage;

fn triage(palette: std::sync::Arc<Palette>) -> Buffer {
    let mut stage = Stage::of(night::night(), (120, 36)).at(Pane::Triage);
    stage.screen.look.palette = palette;
    stage.buffer()
}

fn named(color: Color) -> String {
    match color {
        Color::Reset => "default".to_owned(),
        Color::Indexed(n) => n.to_string(),
        other => other.to_string().to_lowercase(),
    }
}

fn told(cell: &Cell) -> String {
    let modifier = format!("{:?}", cell.modifier).to_lowercase();
    let modifier = modifier.trim_start_matches("modifier(").trim_end_matches(')').replace(" | ", " ");
    let modifier = if cell.modifier.is_empty() { String::new() } else { format!(" {modifier}") };
    format!("{} on {}{modifier}", named(cell.fg), named(cell.bg))
}

fn with_styles(buffer: &Buffer) -> String {
    let mut styles: Vec<String> = vec![told(&buffer[(buffer.area.right() - 1, buffer.area.bottom() - 1)])];
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let cells: Vec<&Cell> = (buffer.area.left()..buffer.area.right()).map(|x| &buffer[(x, y)]).collect();
        let text: String = cells.iter().map(|cell| cell.symbol()).collect();
        let letters: String = cells
            .iter()
            .map(|cell| {
                let style = told(cell);
                let ix = styles.iter().position(|known| *known == style).unwrap_or_else(|| {
                    styles.push(style);
                    styles.len() - 1
                });
                // The first is what is not written on.
                if ix == 0 { '.' } else { char::from(b'a' + (ix - 1) as u8) }
            })
            .collect();
        out.push_str(&format!("{}\n{}\n", text.trim_end(), letters.trim_end_matches('.')));
    }
    for (ix, style) in styles.iter().enumerate() {
        let letter = if ix == 0 { '.' } else { char::from(b'a' + (ix - 1) as u8) };
        out.push_str(&format!("{letter}  {style}\n"));
    }
    out
}

#[test]
fn every_theme() {
    for theme in built_in() {
        let buffer = triage(theme.palette(Depth::True));
        insta::assert_snapshot!(format!("theme-{}-120x36", theme.name), with_styles(&buffer));
    }
}

#[test]
fn a_theme_with_true_colours_where_there_are_fewer() {
    for depth in [Depth::Indexed, Depth::Sixteen, Depth::Mono] {
        let buffer = triage(by_name("slate").expect("slate").palette(depth));
        insta::assert_snapshot!(format!("theme-slate-in-{}-120x36", depth.as_str()), with_styles(&buffer));
    }
}

#[test]
fn a_ground_of_its_own_leaves_no_hole() {
    for name in ["slate", "paper", "contrast", "contrast-light"] {
        let palette = by_name(name).expect("a theme").palette(Depth::True);
        for pane in Pane::ALL {
            let mut stage = Stage::of(night::night(), (160, 40)).at(pane);
            stage.screen.look.palette = palette.clone();
            assert!(stage.buffer().content().iter().all(|cell| cell.bg != Color::Reset), "{name} {pane:?}");
        }
    }
}
