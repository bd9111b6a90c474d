//! One of those who chat: a conversation and its three ends.

use crate::cable::{Plug, cable};
use crate::desk::{Display, Keyboard};
use chinwag::client::conversation::{Conversation, Ends, Settings};
use chinwag::server::hub::Id;
use chinwag::server::intake::Intake;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::source::Source;
use core::time::Duration;

const SETTINGS: Settings<'_> = Settings {
    name: None,
    max_message: Some(1024),
    linger: Duration::from_secs(2),
    reconnects: false,
    texts_to: None,
    to: None,
    is_interactive: false,
    is_strict: false,
    seed: 1,
};

pub struct Person {
    conversation: Conversation<Screen>,
    ends: Ends<Plug, Keyboard, Display>,
    /// What the server calls the last connection.
    id: Option<Id>,
    pub has_left: bool,
}

impl Person {
    pub fn new(name: &'static str) -> Self {
        Self {
            conversation: Conversation::new(&SETTINGS, Screen::new(Look::default())),
            ends: Ends::new(Source::new(Keyboard::new(name)), Source::new(Display::new(name))),
            id: None,
            has_left: false,
        }
    }

    pub fn type_in(&mut self, line: &'static str) {
        self.ends.input.transport_mut().type_in(line);
        self.ends.input.handle_readable();
    }

    /// What an event loop does in a program: connects if that is wanted, tells the conversation what has
    /// happened, and gives it a turn.
    pub fn turn(&mut self, server: &mut Intake<Plug>, now: Duration) {
        if self.has_left {
            return;
        }
        if self.conversation.wants_connection(now) {
            self.connect(server, now);
        }
        if let Some(server) = &mut self.ends.server {
            if server.transport().is_readable() {
                server.handle_readable();
            }
            if server.transport().is_writable() {
                server.handle_writable();
            }
        }
        let Ok(()) = self.conversation.turn(&mut self.ends, now);
        if self.conversation.outcome(now).is_some() {
            let Ok(_) = self.conversation.leave(&mut self.ends, now);
            self.has_left = true;
        }
    }

    fn connect(&mut self, server: &mut Intake<Plug>, now: Duration) {
        self.conversation.handle_connecting();
        let (plug, other_end) = cable();
        self.id = server.admit(other_end, now);
        self.ends.server = Some(Source::new(plug));
        self.conversation.handle_connected(now);
    }

    /// Tells the server what has happened at its end of the cable.
    pub fn notify(&self, server: &mut Intake<Plug>) {
        let Some(id) = self.id else { return };
        let Some(plug) = server.transport_mut(id) else { return };
        let (is_readable, is_writable) = (plug.is_readable(), plug.is_writable());
        if is_readable {
            server.handle_readable(id);
        }
        if is_writable {
            server.handle_writable(id);
        }
    }
}
