//! What stands for the server of `--host` in a build without it: a type that has no value.

use super::connector::Target;
use super::endpoint::Place;
use super::failure::Failure;
use super::options::Options;
use mio::event::Event;
use mio::{Poll, Registry};
use std::io;
use std::time::Duration;

/// No server.
pub(crate) enum Hosted {}

/// Nobody can ask for it.
///
/// # Errors
/// Always.
pub(crate) fn open(options: &Options, _: &Poll) -> Result<(Hosted, Place, Target), Failure> {
    Err(Failure::Host { server: options.place.to_string(), error: io::ErrorKind::Unsupported.into() })
}

impl Hosted {
    pub(crate) fn handle_event(&mut self, _: &Event) {
        match *self {}
    }

    pub(crate) fn turn(&mut self, _: &Registry, _: Duration) {
        match *self {}
    }

    pub(crate) fn has_work(&self) -> bool {
        match *self {}
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match *self {}
    }

    pub(crate) fn keeper(&mut self) -> Option<&mut super::tls::keeper::Keeper> {
        match *self {}
    }

    pub(crate) fn shut_down(self) {
        match self {}
    }
}
