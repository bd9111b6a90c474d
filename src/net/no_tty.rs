//! What stands for the terminal in a build without a line editor: it is left as it is.

use crate::net::signals::Demand;
use crate::ui::screen::Screen;
use mio::{Registry, Token};
use std::io;

/// No terminal is taken.
#[derive(Debug)]
pub(crate) enum Tty {}

impl Tty {
    pub(crate) fn makes_sense() -> bool {
        false
    }

    pub(crate) fn take(_: &Registry, _: Token, _: &mut Screen) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn demands(&mut self) -> Vec<Demand> {
        match *self {}
    }

    pub(crate) fn note_questions(&mut self, _: &mut Screen) {
        match *self {}
    }

    pub(crate) fn stop(&mut self, _: &mut Screen) {
        match *self {}
    }
}
