//! Keys as a person presses them, through `app::update`.

mod acting;
mod commands;
mod desk;
mod lists;
mod narrowing;
mod palette;
mod reading;
mod walking;
