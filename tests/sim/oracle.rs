//! What a conversation must have shown and counted, worked out in the plainest way from all that its three
//! ends brought.
//!
//! Nothing is known here of reads, buffers or time: whole lines of the server, whole lines of the user. The
//! order between the two matters only where a name is asked for and answered.

use chinwag::wire::escape::{self, Rule};

pub(crate) const PROMPT: &[u8] = b"Welcome to Chat Client. Enter your login: \n";

/// What the oracle has to know of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) name: Option<&'a [u8]>,
    /// Nobody can be asked for another.
    pub(crate) has_one_name: bool,
    /// The first message that is refused is the end.
    pub(crate) is_strict: bool,
    /// Every line is a text.
    pub(crate) are_texts: bool,
    pub(crate) reconnects: bool,
    pub(crate) max_message: Option<usize>,
    /// What strangers wrote is made visible.
    pub(crate) escapes: bool,
}

/// What came over one connection.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) bytes: Vec<u8>,
    /// The client has come to its end.
    pub(crate) has_ended: bool,
    /// The name was given up, as somebody else has it: so many lines were typed by then.
    pub(crate) asked_at: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Arriving,
    Naming,
    /// Whether the connection is made for this name.
    LoggingIn(bool),
    Chatting,
    Returning,
    Full,
    NameRefused,
    MessageRefused,
    /// The server encrypts.
    Encrypted,
    /// Broken off; whether a name waited for its answer.
    Lost(bool),
}

/// What must have come of it.
#[derive(Debug)]
pub(crate) struct Oracle<'a> {
    facts: Facts<'a>,
    typed: &'a [&'a [u8]],
    name: Vec<u8>,
    pub(crate) state: State,
    /// The lines shown, each with its end.
    pub(crate) shown: Vec<Vec<u8>>,
    /// How many commands were answered.
    pub(crate) answered: u64,
    has_logged_in: bool,
    /// How many commands were typed before a name was asked for.
    kept: usize,
    /// How many lines were typed.
    all: usize,
}

impl<'a> Oracle<'a> {
    /// Lives through all of it.
    pub(crate) fn new(facts: Facts<'a>, heard: &[Heard], typed: &'a [&'a [u8]]) -> Self {
        let mut oracle = Self {
            facts,
            typed,
            name: Vec::new(),
            state: State::Arriving,
            shown: Vec::new(),
            answered: 0,
            has_logged_in: false,
            kept: 0,
            all: typed.len(),
        };
        if let Some(name) = facts.name.filter(|name| !name.is_empty()) {
            if is_valid(name) {
                oracle.log_in(name, true);
            } else {
                oracle.disallow(name);
                if facts.has_one_name {
                    oracle.state = State::NameRefused;
                }
            }
        }
        heard.iter().for_each(|heard| oracle.hear(heard));
        oracle
    }

    /// How many requests, log-ins too, were typed: the answered ones, and those that are owed an answer or
    /// a word about them.
    pub(crate) fn asked(&self) -> u64 {
        u64::from(self.is_logging_in()) + (self.kept + self.commands(self.typed)) as u64
    }

    /// Whether a name waits for its answer, or waited when all was over.
    pub(crate) fn is_logging_in(&self) -> bool {
        matches!(self.state, State::LoggingIn(_) | State::Returning | State::Encrypted | State::Lost(true))
    }

    fn commands(&self, lines: &[&[u8]]) -> usize {
        let is_command =
            |line: &&&[u8]| if self.facts.are_texts { !line.is_empty() } else { is_command(line) };
        lines.iter().filter(is_command).count()
    }

    /// Whether nothing counts any more.
    fn is_over(&self) -> bool {
        matches!(self.state, State::Full | State::NameRefused | State::MessageRefused)
    }

    /// The name was refused: another is asked for, if there can be one.
    fn refuse_name(&mut self) {
        if self.facts.has_one_name || self.facts.is_strict && self.has_logged_in {
            self.state = State::NameRefused;
        } else {
            self.ask_for_name();
        }
    }

    fn comes_back(&self) -> bool {
        self.facts.reconnects && self.has_logged_in
    }

    /// The name is given up; what was typed before that is meant for the server.
    fn give_name_up(&mut self, lines: usize) {
        let name = self.visible_name(&self.name);
        self.show(&[b"Cannot log in as ", &name, b". That username is already in use."]);
        self.refuse_name();
        if self.is_over() {
            return;
        }
        let passed = self.all - self.typed.len();
        let (kept, names) = self.typed.split_at(lines.saturating_sub(passed).min(self.typed.len()));
        self.kept += self.commands(kept);
        self.typed = names;
        self.type_names();
    }

    fn hear(&mut self, heard: &Heard) {
        match self.state {
            State::Arriving => self.ask_for_name(),
            State::LoggingIn(_) => self.state = State::LoggingIn(true),
            _ => {}
        }
        self.type_names();
        let whole = whole(&heard.bytes);
        for line in heard.bytes[..whole].split_inclusive(|&byte| byte == b'\n') {
            let line = &line[..line.len() - 1];
            if self.is_over() || self.is_turned_away(line) {
                break;
            }
            if self.facts.max_message.is_none_or(|most| line.len() <= most) {
                self.handle(line);
                self.type_names();
            }
        }
        if heard.has_ended {
            self.state = match self.state {
                State::LoggingIn(_) | State::Returning if is_alert(&heard.bytes) => State::Encrypted,
                State::LoggingIn(false) => State::LoggingIn(true),
                State::Chatting | State::Returning | State::LoggingIn(true) if self.comes_back() => {
                    State::Returning
                }
                State::LoggingIn(true) => State::Lost(true),
                State::Chatting => State::Lost(false),
                other => other,
            };
        }
        if let Some(lines) = heard.asked_at.filter(|_| !self.is_over()) {
            self.give_name_up(lines);
        }
    }

    fn is_turned_away(&self, line: &[u8]) -> bool {
        match (self.state, answer(line).0) {
            (State::Returning, b"IN-USE" | b"BUSY") => true,
            (State::LoggingIn(_), b"BUSY") => self.comes_back(),
            _ => false,
        }
    }

    fn handle(&mut self, line: &[u8]) {
        let (header, body) = answer(line);
        let tries = matches!(self.state, State::LoggingIn(_) | State::Returning);
        match (header, body) {
            (b"DELIVERY", _) => {
                let (name, text) = split(split(line).1.unwrap_or_default());
                if let (false, Some(text)) = (name.is_empty(), text) {
                    self.show(&[
                        b"From ",
                        &self.visible_name(name),
                        b": ",
                        &self.visible(Rule::Harmful, text),
                    ]);
                }
            }
            (b"HELLO", name) if tries => {
                let name = name.filter(|name| !name.is_empty()).unwrap_or(&self.name);
                self.show(&[b"Successfully logged in as ", &self.visible_name(name), b"!"]);
                self.state = State::Chatting;
                self.has_logged_in = true;
            }
            (b"IN-USE", _) if tries => {
                let name = self.visible_name(&self.name);
                self.show(&[b"Cannot log in as ", &name, b". That username is already in use."]);
                self.refuse_name();
            }
            (b"BAD-RQST-BODY" | b"BAD_RQST_BODY", _) if tries => {
                self.disallow(&self.name.clone());
                self.refuse_name();
            }
            (b"BAD-RQST-HDR" | b"BAD_RQST_HDR", _) if tries => {
                self.show(&[b"Error: Unknown issue in previous message header."]);
                self.refuse_name();
            }
            (b"BUSY", _) if (tries || self.state == State::Naming) && !self.comes_back() => {
                self.show(&[b"Cannot log in. The server is full!"]);
                self.state = State::Full;
            }
            _ if self.state == State::Chatting => self.answer(header, body),
            _ => {}
        }
    }

    fn answer(&mut self, header: &[u8], body: Option<&[u8]>) {
        match (header, body) {
            (b"SEND-OK", _) => self.show(&[b"The message was sent successfully"]),
            (b"BAD-DEST-USER", _) => self.show(&[b"The destination user does not exist"]),
            (b"BAD-RQST-HDR" | b"BAD_RQST_HDR", _) => {
                self.show(&[b"Error: Unknown issue in previous message header."])
            }
            (b"BAD-RQST-BODY" | b"BAD_RQST_BODY", _) => {
                self.show(&[b"Error: Unknown issue in previous message body."])
            }
            (b"LIST-OK", Some(list)) => {
                let names = list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
                let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
                let mut text = format!("There are {} online users:", names.len()).into_bytes();
                for name in names {
                    text.push(b'\n');
                    text.extend(self.visible_name(name));
                }
                self.show(&[&text]);
            }
            _ => return,
        }
        self.answered += 1;
        // No server here refuses a list.
        if self.facts.is_strict && header.starts_with(b"BAD") {
            self.state = State::MessageRefused;
        }
    }

    /// The user is asked for names: what was typed is taken for one, until one is tried.
    fn type_names(&mut self) {
        while self.state == State::Naming
            && let Some((line, rest)) = self.typed.split_first()
        {
            self.typed = rest;
            if is_valid(line) {
                self.log_in(line, false);
            } else {
                if !line.is_empty() {
                    self.disallow(line);
                }
                self.ask_for_name();
            }
        }
    }

    fn log_in(&mut self, name: &[u8], is_new: bool) {
        self.name = name.to_vec();
        self.state = State::LoggingIn(is_new);
    }

    fn disallow(&mut self, name: &[u8]) {
        let name = self.visible(Rule::Names, name);
        self.show(&[b"Cannot log in as ", &name, b". That username contains disallowed characters."]);
    }

    fn ask_for_name(&mut self) {
        self.state = State::Naming;
        self.shown.push(PROMPT.to_vec());
    }

    fn show(&mut self, parts: &[&[u8]]) {
        self.shown.push([&parts.concat(), &b"\n"[..]].concat());
    }

    fn visible_name(&self, name: &[u8]) -> Vec<u8> {
        self.visible(Rule::Name, name)
    }

    fn visible(&self, rule: Rule, text: &[u8]) -> Vec<u8> {
        if !self.facts.escapes {
            return text.to_vec();
        }
        let mut visible = Vec::new();
        escape::append_by(rule, text, &mut visible);
        visible
    }
}

/// Whether this is an alert of TLS, perhaps cut off.
fn is_alert(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x15\x03") && bytes.len() <= 7
}

/// The lines that the user typed, up to a `!quit`, unless they are texts; `has_ended` makes one of what has no
/// end.
pub(crate) fn typed_lines(read: &[u8], has_ended: bool, are_texts: bool) -> Vec<&[u8]> {
    let mut lines: Vec<_> = read.split(|&byte| byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty() || !has_ended) {
        lines.pop();
    }
    let lines = lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.take_while(|line| are_texts || !is_quit(line)).collect()
}

/// Whether a `!quit` is among what was read.
pub(crate) fn has_quit(read: &[u8], has_ended: bool) -> bool {
    let whole = whole(read);
    let read = if has_ended { read } else { &read[..whole] };
    read.split(|&byte| byte == b'\n').any(is_quit)
}

/// The length of the whole lines.
pub(crate) fn whole(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1)
}

fn is_quit(line: &[u8]) -> bool {
    line.trim_ascii() == b"!quit"
}

fn is_command(line: &[u8]) -> bool {
    let start = line.trim_ascii_start();
    line.trim_ascii() == b"!who" || start.starts_with(b"@") && start.get(1).is_some_and(|&byte| byte != b' ')
}

fn is_valid(name: &[u8]) -> bool {
    !name.is_empty() && !name.iter().any(|byte| b"!@#$%^&*, ".contains(byte))
}

/// Header and body of what is no message (spec W5).
pub(crate) fn answer(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    split(line.strip_suffix(b"\r").unwrap_or(line))
}

fn split(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut fields = line.splitn(2, |&byte| byte == b' ');
    (fields.next().unwrap_or_default(), fields.next())
}
