//! Frames: how it looks. Draws from a [`Screen`] (what is open, selected, typed) and a [`Model`] (what is known); never
//! mutates and never awaits.

mod model;
mod screen;

pub use model::Model;
pub use screen::{
    Armed, CaseFile, CaseTab, Hint, Home, Input, Layer, ListState, LogView, Look, Notice, Overlay, PaletteItem, Pane,
    Preview, Prompt, RowKey, Screen, Sheet, TextView,
};
