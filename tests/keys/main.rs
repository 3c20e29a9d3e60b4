//! Keys as a person presses them, through `app::update`.

mod acting;
mod cases;
mod columns;
mod commands;
mod desk;
mod entering;
mod forwarding;
mod journal;
mod lists;
mod marking;
mod narrowing;
mod output;
mod palette;
mod people;
mod pointing;
mod reading;
mod safety;
mod several;
mod silencing;
mod sorting;
mod walking;
mod zoo;
