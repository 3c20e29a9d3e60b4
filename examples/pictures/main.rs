//! Makes the pictures of the README, and a picture of any snapshot. All is drawn by the program's own code, at a set moment of the
//! demo's night: the same every time.
//!
//! ```text
//! cargo run --example pictures                              # docs/pictures/*.svg and tour.cast
//! cargo run --example pictures -- menu-0-120x40 --to /tmp   # that snapshot of tests/screens as SVG
//! ```

mod company;
mod snapshot;
mod tour;

use std::path::{Path, PathBuf};

use clap::Parser;
use cockpit::ui::svg;
use cockpit::ui::theme::{self, Depth};
use color_eyre::eyre::{WrapErr, eyre};

use company::Company;

/// A picture of the README.
struct Picture {
    name: &'static str,
    theme: &'static str,
    /// Columns and rows.
    size: (u16, u16),
    /// The keys that lead to it.
    keys: &'static [&'static str],
}

const fn picture(name: &'static str, theme: &'static str, size: (u16, u16), keys: &'static [&'static str]) -> Picture {
    Picture { name, theme, size, keys }
}

const PICTURES: &[Picture] = &[
    picture("triage", "dark", (120, 36), &[]),
    picture("case", "dark", (120, 30), &["enter"]),
    picture("kills", "dark", (120, 24), &["3"]),
    picture("drain", "dark", (120, 30), &["6", "j", "D"]),
    picture("small", "dark", (80, 24), &[]),
    picture("paper", "paper", (120, 30), &["7"]),
];

/// What is to be drawn.
#[derive(Parser)]
struct Args {
    /// Snapshots of tests/screens, by their names: `menu-0-120x40`. Without one, the pictures of the README are made.
    snapshots: Vec<String>,
    /// Into which directory: docs/pictures, of snapshots the one where this is run.
    #[arg(long)]
    to: Option<PathBuf>,
}

fn main() -> color_eyre::Result<()> {
    let args = Args::parse();
    if !args.snapshots.is_empty() {
        let to = args.to.unwrap_or_default();
        for name in &args.snapshots {
            save(&to.join(format!("{name}.svg")), &snapshot::picture(name)?)?;
        }
        return Ok(());
    }
    let to = args.to.unwrap_or_else(|| PathBuf::from("docs/pictures"));
    std::fs::create_dir_all(&to).wrap_err("the directory cannot be made")?;
    for Picture { name, theme, size, keys } in PICTURES {
        let theme = theme::by_name(theme).ok_or_else(|| eyre!("there is no theme {theme}"))?;
        let palette = theme.palette(Depth::True);
        let mut company = Company::at_night(*size, palette.clone())?;
        for key in *keys {
            company.pass(1_000)?;
            company.press(key)?;
        }
        save(&to.join(format!("{name}.svg")), &svg::render(&company.frame(), svg::Paper::of(&palette)))?;
    }
    save(&to.join("tour.cast"), &tour::cast()?)
}

fn save(file: &Path, text: &str) -> color_eyre::Result<()> {
    std::fs::write(file, text).wrap_err_with(|| format!("{} cannot be written", file.display()))?;
    println!("{}", file.display());
    Ok(())
}
