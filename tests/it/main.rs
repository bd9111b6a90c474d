//! The real programs over real sockets, pipes and pseudo-terminals, on ports that the system picks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a helper cannot do fails the test that needs it"
)]
#![cfg_attr(
    not(all(target_os = "linux", feature = "editor")),
    allow(
        dead_code,
        unused_imports,
        reason = "some helpers serve only tests that need Linux, or the editor"
    )
)]

mod allocations;
#[cfg(target_os = "linux")]
mod alone;
#[cfg(target_os = "linux")]
mod bots;
mod bounds;
mod client;
#[cfg(all(target_os = "linux", feature = "editor"))]
mod editing;
mod editions;
mod endings;
#[cfg(target_os = "linux")]
mod examples;
#[cfg(target_os = "linux")]
mod extras;
#[cfg(target_os = "linux")]
mod handed;
mod help;
#[cfg(all(target_os = "linux", feature = "host"))]
mod hosting;
mod house;
#[cfg(target_os = "linux")]
mod inherited;
#[cfg(all(target_os = "linux", feature = "editor"))]
mod keys;
mod load;
mod local;
mod login;
mod lookup;
mod peer;
mod program;
#[cfg(all(target_os = "linux", feature = "editor"))]
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
#[cfg(feature = "tls")]
mod tls;
#[cfg(all(target_os = "linux", feature = "editor", feature = "tls"))]
mod tls_asking;
#[cfg(all(target_os = "linux", feature = "tls"))]
mod tls_service;
#[cfg(all(target_os = "linux", feature = "editor"))]
mod typing;
#[cfg(target_os = "linux")]
mod via;
mod zones;
