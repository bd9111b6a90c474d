//! One user's side of the conversation. Pure.

pub mod command;
pub mod retry;
pub mod session;
