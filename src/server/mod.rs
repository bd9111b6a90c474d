//! wip
pub mod hub;
