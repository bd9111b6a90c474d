//! What the fuzz targets do with their input. `tests/fuzz.rs` does the same with inputs from a seed, so that
//! every target is run by `cargo test` too.
//!
//! Inputs are text as far as can be: pieces between bytes 0xff, which no UTF-8 has. The first holds the settings,
//! each other one is a step: a letter that says what happens, and the rest, with what. So mutations and words of
//! the dictionary change what is said, and seldom what everything behind it means.

mod conversation;
mod deadlines;
mod door;
mod editor;
mod escape;
mod flood;
mod hub;
mod journal;
mod known;
mod lines;
mod memory;
mod options;
mod protocol;
mod queues;
mod reconnecting;
mod scene;
mod script;
mod zone;

/// Takes any bytes, and panics if something does not hold.
type Target = fn(&[u8]);

/// All there are, by name.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("conversation", conversation::run),
    ("deadlines", deadlines::run),
    ("door", door::run),
    ("editor", editor::run),
    ("escape", escape::run),
    ("flood", flood::run),
    ("hub", hub::run),
    ("journal", journal::run),
    ("known", known::run),
    ("lines", lines::run),
    ("options", options::run),
    ("protocol", protocol::run),
    ("queues", queues::run),
    ("reconnecting", reconnecting::run),
    ("zone", zone::run),
];

/// Runs the target of this name.
#[allow(dead_code, reason = "the test runs them all")]
pub(crate) fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.expect("a target of this name").1(input);
}
