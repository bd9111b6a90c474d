//! What is drawn from a seed before a run: who takes part, how the world treats them.

use crate::link::LinkOptions;
use crate::random::Random;
use crate::seal::SealOptions;
use crate::server::ServerOptions;
use crate::stdio::{InputKind, OutputKind};
use chinwag::server::Config;
use chinwag::server::hub::{Limits, QUEUE_ROOM};
use std::fmt;
use std::time::Duration;

/// A run, before it starts.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) clients: Vec<ClientOptions>,
    /// The real server, or else one with these habits.
    pub(crate) host: Option<Config>,
    pub(crate) server: ServerOptions,
    /// How many clients of another make come to the real server.
    pub(crate) strangers: usize,
    pub(crate) link: LinkOptions,
    pub(crate) faults: FaultOptions,
}

/// One client.
#[derive(Debug, Clone)]
pub(crate) struct ClientOptions {
    pub(crate) name: Option<String>,
    /// Who gets every line of the script as a text.
    pub(crate) texts_to: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) is_strict: bool,
    pub(crate) reconnects: bool,
    pub(crate) max_message: Option<usize>,
    pub(crate) linger: Duration,
    pub(crate) starts: Duration,
    pub(crate) input: InputKind,
    pub(crate) script: Script,
    pub(crate) output: OutputKind,
}

/// What somebody types.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) lines: Vec<Typed>,
    pub(crate) line_end: &'static str,
    /// The last line has no end.
    pub(crate) is_cut: bool,
    /// The input ends after that.
    pub(crate) ends: bool,
    /// The most milliseconds between two pieces that are typed; `None` for all at once.
    pub(crate) pause: Option<usize>,
    /// The longest piece, in bytes.
    pub(crate) piece: usize,
    /// The last two lines are typed so much later.
    pub(crate) late: Option<Duration>,
}

/// A typed line.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Typed {
    Plain(String),
    /// A message, with a number that no other has, and so many bytes of a filling. It has nobody's name on it
    /// where that is known.
    Message {
        to: String,
        number: usize,
        filling: &'static str,
        length: usize,
    },
}

impl Typed {
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Plain(line) => line.clone(),
            Self::Message { to, number, filling, length } => {
                let to = if to.is_empty() { String::new() } else { format!("@{to} ") };
                format!("{to}m{number}.{}.", filling.repeat(length / filling.len()))
            }
        }
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(line) => write!(out, "{line:?}"),
            Self::Message { to, number, filling, length } => {
                write!(out, "@{to} m{number} ({length} x {filling:?})")
            }
        }
    }
}

impl Script {
    fn address_nobody(&mut self) {
        for line in &mut self.lines {
            if let Typed::Message { to, .. } = line {
                to.clear();
            }
        }
    }

    /// The pieces in which it comes, and when.
    pub(crate) fn pieces(&self, random: &mut Random, starts: Duration) -> Vec<(Duration, Vec<u8>)> {
        let mut text = String::new();
        let mut soon = usize::MAX;
        for (at, typed) in self.lines.iter().enumerate() {
            if self.late.is_some() && at + 2 == self.lines.len() {
                soon = text.len();
            }
            text += &typed.line();
            if at + 1 < self.lines.len() || !self.is_cut {
                text += self.line_end;
            }
        }
        let mut rest = text.as_bytes();
        let mut at = starts;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let typed = text.len() - rest.len();
            if typed == soon {
                at += self.late.unwrap_or_default();
            }
            // Nobody types for longer than a run takes.
            let end = if typed < soon { soon.min(text.len()) - typed } else { rest.len() };
            let most = self.piece.max(text.len() / 100).min(end);
            let count = if self.pause.is_none() { end } else { random.between(1, most) };
            pieces.push((at, rest[..count].to_vec()));
            rest = &rest[count..];
            at += random.millis(self.pause.unwrap_or(0));
        }
        pieces
    }
}

/// What goes wrong, in so many of ten thousand turns.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FaultOptions {
    pub(crate) cut: usize,
    pub(crate) stall: usize,
    pub(crate) vanish: usize,
    pub(crate) spurious: usize,
    /// Of a hundred connects.
    pub(crate) connect_fails: usize,
    /// When the faults stop.
    pub(crate) until: Duration,
}

const FILLINGS: [&str; 5] = ["x", "word ", "\u{202e}", "\x01", "é\t"];

impl Options {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let count = random.between(1, 4);
        let is_long = random.percent(7);
        let mut number = 0;
        let faults = FaultOptions::draw(random);
        let clients =
            (0..count).map(|own| ClientOptions::draw(random, own, count, is_long, &mut number)).collect();
        let host = random.percent(50).then(|| draw_config(random, count));
        Self {
            clients,
            strangers: if host.is_some() && random.percent(40) { random.between(1, 2) } else { 0 },
            host,
            server: ServerOptions::draw(random, count),
            link: draw_link(random, is_long),
            faults,
        }
    }
}

fn draw_config(random: &mut Random, clients: usize) -> Config {
    let max_users = if random.percent(80) { 16 } else { random.between(1, clients) };
    let max_message = *random.pick(&[1000, 20_000, 16 * 1024 * 1024]);
    let max_queue = max_message + QUEUE_ROOM + *random.pick(&[0, 100_000, 20 * 1024 * 1024]);
    let mut limits = Limits { max_message, max_queue, ..Limits::default().for_users(max_users) };
    // As small as it may be, and then a guest does not have long, or there is hardly room for one.
    if random.percent(30) {
        limits.max_connections = 100;
        limits.max_memory = limits.least_above_shares() * 4 / 3 + 400_000;
    }
    if random.percent(20) {
        limits.login_timeout = Duration::from_millis(random.between(1, 20_000) as u64);
    }
    if random.percent(20) {
        limits.max_connections = clients + random.between(1, 2);
    }
    Config { limits, echobot: false }
}

fn draw_link(random: &mut Random, is_long: bool) -> LinkOptions {
    let small = if is_long { 4 * 1024 } else { 16 };
    let capacity = *random.pick(&[small, 500.max(small), 64 * 1024, 300_000]);
    LinkOptions {
        capacity,
        delay: if capacity < 100 { random.below(2) } else { *random.pick(&[0, 1, 30, 300]) },
        is_layered: random.percent(30),
        writes_short: random.percent(50),
        announces_end_late: random.percent(20),
        seal: random.percent(35).then(|| SealOptions::draw(random, capacity, is_long)),
    }
}

impl FaultOptions {
    fn draw(random: &mut Random) -> Self {
        let mut chance = |most: usize| if random.percent(60) { 0 } else { random.below(most) };
        let (cut, stall, vanish) = (chance(200), chance(300), chance(60));
        let (spurious, connect_fails) = (chance(3000), chance(60));
        Self {
            cut,
            stall,
            vanish,
            spurious,
            connect_fails,
            until: Duration::from_millis(random.between(500, 20_000) as u64),
        }
    }
}

impl ClientOptions {
    fn draw(random: &mut Random, own: usize, clients: usize, is_long: bool, number: &mut usize) -> Self {
        let input = *random.pick(&[
            InputKind::File,
            InputKind::Pipe,
            InputKind::Pipe,
            InputKind::Pipe,
            InputKind::Terminal,
            InputKind::Keys,
        ]);
        let name = random.percent(40).then(|| draw_name(random, own));
        let is_named = name.as_ref().is_some_and(|name| *name == format!("u{own}"));
        let mut script = Script::draw(random, own, clients, is_long, is_named, input, number);
        let sends = !input.is_interactive() && is_named && random.percent(30);
        let texts_to = sends.then(|| match random.below(8) {
            0 => "nobody".into(),
            _ => format!("u{}", random.below(clients)),
        });
        if sends {
            script.address_nobody();
        }
        Self {
            name,
            texts_to,
            to: random.percent(20).then(|| format!("u{}", random.below(clients))),
            is_strict: sends || random.percent(20),
            reconnects: random.percent(40),
            max_message: random.percent(20).then(|| random.between(1000, 40_000)),
            linger: Duration::from_millis(*random.pick(&[0, 100, 2000, 2000, 10_000])),
            starts: random.millis(500),
            input,
            script,
            output: draw_output(random, input, is_long),
        }
    }
}

fn draw_output(random: &mut Random, input: InputKind, is_long: bool) -> OutputKind {
    let after = *random.pick(&[0, 10, 100, 1000, 100_000]);
    match random.below(if input == InputKind::Keys { 5 } else { 8 }) {
        0..=3 => OutputKind::Wide,
        4 | 5 => OutputKind::Narrow {
            at_once: if is_long { random.between(4096, 60_000) } else { random.between(1, 2000) },
            every: random.millis(50) + Duration::from_micros(1),
        },
        6 => {
            let until = random.percent(60).then(|| random.millis(20_000));
            OutputKind::Stuck { after, until }
        }
        _ => OutputKind::Closing { after },
    }
}

/// Mostly one's own; the names of others, those that a server refuses, and those that are none.
fn draw_name(random: &mut Random, own: usize) -> String {
    match random.below(10) {
        0..=5 => format!("u{own}"),
        6 => format!("u{}", random.below(4)),
        7 => format!("{}{}", random.pick(&["bad", "hdr"]), random.below(3)),
        _ => (*random.pick(&[
            "",
            "a b",
            "x,y",
            "@u1",
            "!who",
            "\u{1}",
            "a\u{ad}b",
            "long-name-with-no-end-to-it",
        ]))
        .into(),
    }
}

impl Script {
    fn draw(
        random: &mut Random,
        own: usize,
        clients: usize,
        is_long: bool,
        is_named: bool,
        input: InputKind,
        number: &mut usize,
    ) -> Self {
        let mut lines = Vec::new();
        let tries = if is_named && random.percent(90) { 0 } else { random.below(4) };
        lines.extend((0..tries).map(|_| Typed::Plain(draw_name(random, own))));
        if !is_named {
            lines.push(Typed::Plain(format!("u{own}")));
        }
        let commands = *random.pick(&[0, 1, 3, 8, 20, 60]);
        let mut long = 0;
        for _ in 0..commands {
            let kind = random.below(3);
            let mut message = |length| {
                *number += 1;
                let to = match random.below(12) {
                    0 => "nobody".into(),
                    1 => format!("u{own}"),
                    _ => format!("u{}", random.below(clients)),
                };
                Typed::Message { to, number: *number, filling: random.pick::<&str>(&FILLINGS), length }
            };
            let line = match kind {
                _ if is_long && long < 3 && input != InputKind::Keys => {
                    long += 1;
                    message(100_000)
                }
                0 => message(0),
                1 => message(30),
                _ => message(2000),
            };
            lines.push(line);
            if random.percent(15) {
                let line = *random.pick(&["!who", "!who ", "", "junk", "@", "@u1", "\u{1} \t", "!Quit"]);
                lines.push(Typed::Plain(line.into()));
            }
        }
        for line in &mut lines {
            if let Typed::Message { length, .. } = line {
                *length = match *length {
                    100_000 => random.between(10_000, 300_000),
                    most => random.below(most + 1),
                };
                if input == InputKind::Keys {
                    *length %= 200;
                }
            }
        }
        if random.percent(35) {
            let at = if random.percent(70) { lines.len() } else { random.below(lines.len() + 1) };
            lines.insert(at, Typed::Plain("!quit".into()));
        }
        if input == InputKind::Keys {
            for line in &mut lines {
                if let Typed::Message { filling, .. } = line {
                    *filling = "x";
                }
                if matches!(line, Typed::Plain(text) if text.contains(['\u{1}', '\t'])) {
                    *line = Typed::Plain("junk".into());
                }
            }
        }
        let late = (input.is_interactive() && random.percent(30))
            .then(|| Duration::from_secs(random.between(1, 600) as u64));
        if late.is_some() {
            *number += 1;
            lines.push(Typed::Plain(format!("v{own}")));
            let to = format!("u{}", random.below(clients));
            lines.push(Typed::Message { to, number: *number, filling: "x", length: 10 });
        }
        let pause = random.percent(60).then(|| *random.pick(&[1, 20, 400, 3000]));
        Self {
            lines,
            line_end: if random.percent(15) && input != InputKind::Keys { "\r\n" } else { "\n" },
            is_cut: random.percent(10) && input != InputKind::Keys,
            ends: input == InputKind::File || random.percent(60),
            pause: pause.filter(|_| input != InputKind::File),
            piece: if is_long { 100_000 } else { *random.pick(&[1, 20, 500]) },
            late,
        }
    }
}
