//! wip
pub mod lines;
pub mod ring;
pub mod terminal;
