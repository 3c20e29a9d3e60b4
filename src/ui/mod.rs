//! Frames: how it looks. Draws from a [`Screen`] (what is open, selected, typed) and a [`Model`] (what is known); never
//! mutates and never awaits. [`draw`] makes the whole frame; [`panes`] and [`case`] tell `app` which rows there are.

mod about;
pub mod case;
mod clock;
mod every;
mod filter;
mod folds;
mod frame;
pub mod glyphs;
mod header;
mod layout;
pub mod logs;
mod model;
mod overlays;
pub mod panes;
mod pen;
mod reading;
mod say;
mod screen;
mod side;
mod sights;
mod sort;
mod spots;
mod summary;
pub mod svg;
mod text;
pub mod theme;
mod why;
mod widgets;

pub use every::Every;
pub use filter::{is_within as filter_is_within, problem as filter_problem};
pub use folds::Folds;
pub use frame::draw;
pub use logs::{Go, LogView, Page, Pattern};
pub use model::Model;
pub use overlays::{doing, preview_extent, run_extent, sheet_extent};
pub use screen::{
    Armed, Asks, CaseFile, CaseRow, CaseTab, Hint, Home, Input, Layer, ListState, Look, Marks, Menu, Notice, Overlay,
    PaletteItem, Pane, Preview, Prompt, Reason, RowKey, Scope, Screen, Seek, Sheet, Sort, TextView, Wanted,
};
pub use spots::{Spot, spot};
pub use summary::summary;
pub use text::width as text_width;
