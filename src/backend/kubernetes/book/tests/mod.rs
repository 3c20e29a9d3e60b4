//! The book, held to what a real server said (tests/wire/kubernetes), and to what none was brought to say.

mod around;
mod census;
mod ends;
mod gitops;
mod hear;
mod made;
mod order;
mod pods;
mod recorded;
mod stand_in;
