//! A conversation among three ends that do what a script says, and what has to hold after each step.
//!
//! ```text
//! u TEXT  the user types      s TEXT  the server says       w N  time passes, N tenths of a second
//! U N T   ... N times         S N T   ... N times           d    time passes, up to the deadline
//! E       input ends          e       the server closes     k N  the output takes N * 16 bytes more; K all
//! q       the reader leaves   x       it is reset           j N  the server takes N * 16 bytes more; J all
//!                             f       nobody can connect    F    one can again
//! ```

use super::memory::{self, Memory, bring, make_room};
use super::script::{Script, numbered};
use chinwag::client::command::Command;
use chinwag::client::conversation::{Conversation, Ends, Settings};
use chinwag::ui::display::Style;
use chinwag::ui::editor::Editor;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::escape::{Rule, is_harmful};
use chinwag::wire::protocol::{Request, without_carriage_return};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What is typed or said many times is no longer than this, all together.
const MOST: usize = 128 << 10;

pub(super) struct Scene {
    conversation: Conversation<Screen>,
    ends: Ends<Memory, Memory, Memory>,
    at_once: usize,
    now: Duration,
    can_connect: bool,
    server_room: usize,
    typed: Vec<u8>,
    /// What each connection took.
    sent: Vec<Rc<RefCell<Vec<u8>>>>,
    edits: bool,
    are_texts: bool,
    talks: bool,
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    On,
    Over,
}

impl Scene {
    /// A conversation as the script's settings say: pieces in which bytes move, and the time to linger; `n` with a
    /// name, `r` reconnects, `i` interactive, `l` with the line editor, `s` strict, `t` all lines are texts to bob, `o` those that are no commands.
    fn new(script: &Script<'_>) -> Self {
        let at_once = 1 + script.setting(0, 64) * script.setting(0, 64);
        let edits = script.has(b'l');
        let style = Style { escape: Some(Rule::Harmful), ..Style::default() };
        let mut screen = Screen::new(Look { terminal: edits || script.has(b'i'), style, ..Look::default() });
        if edits {
            screen.edit_with(Editor::new(20, 5));
        }
        let settings = Settings {
            name: script.has(b'n').then_some(b"ann"),
            max_message: Some(1 << 16),
            linger: Duration::from_millis(500) * script.setting(1, 8) as u32,
            reconnects: script.has(b'r'),
            texts_to: script.has(b't').then_some(b"bob"),
            to: script.has(b'o').then_some(b"bob"),
            is_interactive: script.has(b'i'),
            is_strict: script.has(b's'),
            seed: 1,
        };
        let end = || Memory::new(at_once);
        Self {
            conversation: Conversation::new(&settings, screen),
            ends: Ends::new(end(), end()),
            at_once,
            now: Duration::ZERO,
            can_connect: true,
            server_room: usize::MAX,
            typed: Vec::new(),
            sent: Vec::new(),
            edits,
            are_texts: script.has(b't'),
            talks: script.has(b'o'),
        }
    }

    /// Plays those steps of a script that `test` names; returns what it comes to, unless the conversation is
    /// over before its end.
    pub(super) fn play(input: &[u8], test: fn(u8) -> bool) -> Option<Self> {
        let script = Script::new(input);
        let mut scene = Self::new(&script);
        let mut steps = script.steps().filter(|&(what, _)| test(what));
        let goes_on = steps.all(|(what, with)| scene.step(what, with) == Course::On);
        goes_on.then_some(scene)
    }

    /// One step, and all that follows from it.
    fn step(&mut self, what: u8, with: &[u8]) -> Course {
        let (count, text) = numbered(with);
        match what {
            b'u' => self.type_in(with, 1),
            b'U' => self.type_in(text, count),
            b's' => self.say(with, 1),
            b'S' => self.say(text, count),
            b'E' => memory::end(&mut self.ends.input, false),
            b'e' | b'x' => self.ends.server.iter_mut().for_each(|server| memory::end(server, what == b'x')),
            b'w' => self.now += Duration::from_millis(100) * count as u32,
            b'd' => {
                self.now = self.conversation.next_deadline(&self.ends).map_or(self.now, |at| at.max(self.now))
            }
            b'k' => make_room(&mut self.ends.output, count * 16),
            b'K' => make_room(&mut self.ends.output, usize::MAX),
            b'j' => self.let_server_take(count * 16),
            b'J' => self.let_server_take(usize::MAX),
            b'f' | b'F' => self.can_connect = what == b'F',
            b'q' => self.conversation.handle_unseen(),
            _ => {}
        }
        self.settle()
    }

    /// Nothing happens any more but that time passes: whoever has left input behind leaves.
    pub(super) fn end(&mut self) {
        memory::end(&mut self.ends.input, false);
        let mut tries = 0;
        while self.settle() == Course::On {
            self.now = self.conversation.next_deadline(&self.ends).expect("it never ends");
            tries += 1;
            assert!(tries < 1000, "there is no end to it");
        }
    }

    fn type_in(&mut self, text: &[u8], count: usize) {
        if self.ends.input.transport().has_end {
            return;
        }
        let text = text.repeat(count.min(MOST / text.len().max(1)));
        self.typed.extend_from_slice(&text);
        bring(&mut self.ends.input, &text);
    }

    fn say(&mut self, text: &[u8], count: usize) {
        if let Some(server) = self.ends.server.as_mut().filter(|server| !server.transport().has_end) {
            bring(server, &text.repeat(count.min(MOST / text.len().max(1))));
        }
    }

    fn let_server_take(&mut self, room: usize) {
        self.server_room = room;
        self.ends.server.iter_mut().for_each(|server| make_room(server, room));
    }

    fn connect(&mut self) {
        self.conversation.handle_connecting();
        if !self.can_connect {
            return self.conversation.handle_connect_failed(self.now);
        }
        let mut server = Memory::new(self.at_once);
        server.transport_mut().room = self.server_room;
        self.sent.push(Rc::clone(&server.transport().written));
        self.ends.server = Some(server);
        self.conversation.handle_connected(self.now);
    }

    /// As a loop does that waits when there is nothing to do.
    fn settle(&mut self) -> Course {
        let mut turns = 0;
        loop {
            if self.conversation.outcome(self.now).is_some() {
                self.leave();
                return Course::Over;
            }
            if self.conversation.wants_connection(self.now) {
                self.connect();
                continue;
            }
            if turns > 0 && !self.conversation.has_work(&self.ends, self.now) {
                break;
            }
            if self.conversation.turn(&mut self.ends, self.now).is_err() {
                return Course::Over;
            }
            turns += 1;
            assert!(turns < 200_000, "it does not come to rest");
        }
        let _ = self.conversation.take_events();
        self.check_shown();
        let deadline = self.conversation.next_deadline(&self.ends);
        assert!(deadline.is_none_or(|at| at > self.now), "it would not wait");
        Course::On
    }

    fn leave(&mut self) {
        let _ = self.conversation.leave(&mut self.ends, self.now);
        self.check_shown();
        self.check_sent();
    }

    fn check_shown(&mut self) {
        if self.edits {
            return;
        }
        let shown = self.ends.output.transport().written.take();
        // A room of so many bytes can end within a character.
        let text = String::from_utf8_lossy(&shown);
        assert!(!text.chars().any(|character| character != '\n' && is_harmful(character)));
    }

    /// What was sent was typed, in this order, and no request was sent twice.
    pub(super) fn check_sent(&self) {
        if self.edits {
            return;
        }
        let mut typed = self.typed.split(|&byte| byte == b'\n').filter_map(|line| {
            let mut request = Vec::new();
            let line = without_carriage_return(line);
            if self.are_texts {
                Request::Send { to: b"bob", text: line }.write(&mut request);
                return Some(request);
            }
            let text = (self.talks && !line.is_empty()).then_some(Command::Send { to: b"bob", text: line });
            match Command::parse(line).or(text)? {
                Command::Who => Request::List.write(&mut request),
                Command::Send { to, text } => Request::Send { to, text }.write(&mut request),
                Command::Quit => return None,
            }
            Some(request)
        });
        for connection in &self.sent {
            let bytes = connection.borrow();
            for line in bytes.split_inclusive(|&byte| byte == b'\n') {
                let is_request = line.ends_with(b"\n") && !line.starts_with(b"HELLO-FROM ");
                assert!(
                    !is_request || typed.any(|request| request == line),
                    "sent, and not typed, or twice: {}",
                    line.escape_ascii()
                );
            }
        }
    }
}
