//! What a person sees: every pane at the sizes that must look right, in every state of what it draws from.

mod night;
mod stage;
mod states;
