//! wip
pub mod lines;
pub mod ring;
