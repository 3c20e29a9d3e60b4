//! Settings: load, validate, explain.
