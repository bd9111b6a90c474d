//! The real programs over real sockets, pipes and pseudo-terminals, on ports that the system picks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a helper cannot do fails the test that needs it"
)]
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, unused_imports, reason = "some helpers serve only tests that need Linux")
)]

mod allocations;
#[cfg(target_os = "linux")]
mod alone;
#[cfg(target_os = "linux")]
mod bots;
mod bounds;
mod client;
#[cfg(target_os = "linux")]
mod editing;
mod editions;
mod endings;
#[cfg(target_os = "linux")]
mod extras;
mod help;
#[cfg(target_os = "linux")]
mod hosting;
mod house;
#[cfg(target_os = "linux")]
mod inherited;
#[cfg(target_os = "linux")]
mod keys;
mod load;
mod login;
mod lookup;
mod peer;
mod program;
#[cfg(target_os = "linux")]
mod raw_mode;
#[cfg(target_os = "linux")]
mod reconnecting;
#[cfg(all(target_os = "linux", feature = "rich"))]
mod rich;
mod runner;
#[cfg(target_os = "linux")]
mod screen;
mod server;
#[cfg(target_os = "linux")]
mod statuses;
#[cfg(target_os = "linux")]
mod strangers;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(target_os = "linux")]
mod typing;
mod zones;
