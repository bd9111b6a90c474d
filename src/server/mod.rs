//! The server without its sockets: who is here, who gets what, and when.
//!
//! An [`Intake`](intake::Intake) is a whole one for whoever has streams that do not wait, and events; it bounds all that strangers can make
//! it hold. A [`Hub`](hub::Hub) is what it decides with, for whoever has lines from elsewhere.

mod budget;
mod connection;
#[cfg(feature = "slim")]
pub(crate) mod doors;
mod guests;
pub mod hub;
pub mod intake;
mod limits;
mod listing;
mod users;

use hub::Limits;

/// How a server is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Config {
    /// What bounds its clients.
    pub limits: Limits,
    /// Whether there is an [echobot](hub::ECHOBOT).
    pub echobot: bool,
}
