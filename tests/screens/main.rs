//! What a person sees: every pane at the sizes that must look right, in every state of what it draws from.

mod cases;
mod every;
mod hard;
mod journal;
mod lists;
mod night;
mod open;
mod output;
mod people;
mod stage;
mod states;
mod themes;
mod tour;
