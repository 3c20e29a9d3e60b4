//! A simulated company that lives and breaks while you watch.
