//! Keys as a person presses them, through `app::update`.

mod acting;
mod commands;
mod desk;
mod lists;
mod narrowing;
mod people;
mod reading;
mod walking;
