//! The loop without a screen.
