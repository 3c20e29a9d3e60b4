//! Plans and runs.
