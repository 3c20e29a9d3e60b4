//! Behaviour of the screen.
