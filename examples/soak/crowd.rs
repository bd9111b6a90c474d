//! The soak: hundreds of users who come, chat, leave, and are cut off, and a judge who knows what each of
//! them must have got.

use super::ledger::{Faults, Ledger};
use super::random::Random;
use super::server::Server;
use super::table::Table;
use super::user::{Phase, Reading, Step, User};
use mio::{Events, Interest, Poll, Token};
use std::time::{Duration, Instant};

/// Between two looks at those for whom no event comes.
const TICK: Duration = Duration::from_millis(5);

/// A slow reader reads once in so many ticks.
const NAP: usize = 20;

/// So many messages in a row make a burst.
const BURST: usize = 40;

/// Everybody writes to those at the first seats, some of whom are slow, or deaf.
const POPULAR: usize = 8;

/// In the end everybody has this long to get what is on its way.
const CALM: Duration = Duration::from_secs(60);

/// Whoever comes back must not be kept out by its own ghost for longer.
const GHOST: Duration = Duration::from_secs(5);

/// What a run is to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) users: usize,
    pub(crate) time: Duration,
    /// Messages a second, all users together.
    pub(crate) rate: usize,
    /// The most messages, all users together.
    pub(crate) messages: u64,
    /// The most memory that the server may have, in KiB.
    pub(crate) memory: u64,
}

struct Crowd<'a> {
    settings: Settings,
    server: &'a mut Server,
    poll: Poll,
    users: Vec<User>,
    ledger: Ledger,
    random: Random,
    totals: Totals,
    buffer: Vec<u8>,
    ticks: usize,
    is_calm: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    log_ins: u64,
    slow: u64,
    deaf: u64,
    left: u64,
    cut: u64,
    dropped: u64,
    ghosts: u64,
    messages: u64,
    bytes: u64,
    others: u64,
}

/// Plays it; returns what went wrong.
pub(crate) fn soak(mut server: Server, settings: Settings) -> Vec<String> {
    let mut crowd = Crowd::new(&mut server, settings);
    let start = Instant::now();
    crowd.play(start);
    let (totals, lacked, mut faults) = (crowd.totals, crowd.ledger.lacked, crowd.ledger.faults);
    let peak = server.peak();
    if peak > settings.memory {
        faults.tell("memory", format!("the server took {peak} KiB, more than {}", settings.memory));
    }
    let processor_time = server.processor_time();
    let last_words = server.last_words();
    if faults.count > 0 {
        last_words.iter().for_each(|line| println!("{line}"));
    }
    let ended = if server.is_running() { server.stop() } else { None };
    if !ended.is_some_and(|status| status.success()) {
        faults.tell("the end", format!("of the server: {ended:?}; its last words: {last_words:#?}"));
    }
    print(&settings, &totals, lacked, start.elapsed(), peak, processor_time, &faults);
    faults.told
}

impl<'a> Crowd<'a> {
    fn new(server: &'a mut Server, settings: Settings) -> Self {
        let mut random = Random::new(settings.seed);
        let start = Instant::now();
        let users = (0..settings.users).map(|seat| User::new(seat, start + random.millis(2000))).collect();
        Self {
            settings,
            server,
            poll: Poll::new().unwrap(),
            users,
            ledger: Ledger::new(settings.users),
            random,
            totals: Totals::default(),
            buffer: vec![0; 256 << 10],
            ticks: 0,
            is_calm: false,
        }
    }

    fn play(&mut self, start: Instant) {
        let mut events = Events::with_capacity(1024);
        let mut due = start;
        let mut calm_until = None;
        while self.server.is_running() {
            let now = Instant::now();
            if due <= now {
                self.tick(now);
                due = now + TICK;
            }
            let is_over = now - start >= self.settings.time || self.totals.messages >= self.settings.messages;
            if is_over && calm_until.is_none() {
                calm_until = Some(now + CALM);
                self.calm_down(now);
            }
            if calm_until.is_some() && self.is_settled() {
                return self.leave();
            }
            if calm_until.is_some_and(|until| until < now) {
                return self.tell_who_waits();
            }
            let _ = self.poll.poll(&mut events, Some(due.saturating_duration_since(now)));
            for event in &events {
                let seat = event.token().0;
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.users[seat].handle_readable();
                }
                self.users[seat].write();
                if self.users[seat].reading != Reading::Slow {
                    self.read(seat);
                }
            }
        }
    }

    /// What happens because time passes.
    fn tick(&mut self, now: Instant) {
        let count = (self.settings.rate as f64 * TICK.as_secs_f64()).ceil() as usize;
        for _ in 0..if self.is_calm { 0 } else { count } {
            self.talk();
        }
        self.ticks += 1;
        for seat in 0..self.users.len() {
            if self.users[seat].reading != Reading::Slow || (self.ticks + seat).is_multiple_of(NAP) {
                self.read(seat);
            }
            self.users[seat].write();
            self.go_on(seat, now);
        }
    }

    /// Somebody asks for something.
    fn talk(&mut self) {
        let from = self.random.below(self.users.len());
        if !self.users[from].is_talkative() {
            return;
        }
        match self.random.below(100) {
            0 => self.users[from].ask_for_list(),
            1 => self.users[from].talk_nonsense(self.random.below(100)),
            2 => return self.send(from, BURST),
            _ => return self.send(from, 1),
        }
        self.totals.others += 1;
    }

    /// Most write to a few neighbours, so that many messages are on their way between two.
    fn send(&mut self, from: usize, count: usize) {
        let to = match self.random.below(10) {
            0..2 => self.random.below(POPULAR.min(self.users.len())),
            2 => self.random.below(self.users.len()),
            _ => (from + self.random.below(4)) % self.users.len(),
        };
        for _ in 0..count {
            let length = self.length();
            self.users[from].send(to, length, &mut self.ledger);
            self.totals.messages += 1;
            self.totals.bytes += length as u64;
        }
    }

    /// Most messages are short, and some are very long.
    fn length(&mut self) -> usize {
        match self.random.below(100) {
            0..10 => self.random.between(1, 8),
            10..80 => self.random.between(8, 200),
            80..95 => self.random.between(200, 8 << 10),
            95..99 => self.random.between(8 << 10, 128 << 10),
            _ => self.random.between(128 << 10, 1 << 20),
        }
    }

    /// Comes, leaves or is cut off, when it is time to.
    fn go_on(&mut self, seat: usize, now: Instant) {
        let user = &mut self.users[seat];
        match user.phase {
            Phase::Away if user.until <= now && !self.is_calm => self.come(seat, now),
            Phase::LoggingIn if user.until <= now => {
                self.ledger.faults.tell("kept out", format!("u{seat}, who had been {:?}", user.before));
                user.until = now + GHOST;
            }
            Phase::Chatting if user.until <= now => {
                let is_cut = user.reading == Reading::Deaf || self.random.percent(40);
                if is_cut { self.cut(seat, now) } else { user.phase = Phase::Leaving }
            }
            Phase::Leaving if !user.awaits_answers() && user.unwritten() == 0 => user.say_goodbye(),
            _ => {}
        }
    }

    fn come(&mut self, seat: usize, now: Instant) {
        self.ledger.forget_lost(seat);
        let reading = match self.random.below(if seat < POPULAR { 5 } else { 20 }) {
            0 => Reading::Deaf,
            1 | 2 => Reading::Slow,
            _ => Reading::Prompt,
        };
        let user = &mut self.users[seat];
        user.until = now + GHOST;
        match user.come(self.server.address, reading) {
            Ok(stream) => {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(stream, Token(seat), interest).unwrap();
            }
            Err(error) => {
                self.ledger.faults.tell("no connection", format!("u{seat}: {error}"));
                user.go(now + GHOST, false, &mut self.ledger);
            }
        }
    }

    fn cut(&mut self, seat: usize, now: Instant) {
        self.totals.cut += 1;
        self.ledger.cut(seat);
        let until = now + self.random.millis(2000);
        self.users[seat].go(until, true, &mut self.ledger);
    }

    fn read(&mut self, seat: usize) {
        let user = &mut self.users[seat];
        let step = user.read(&mut self.buffer, &mut self.ledger);
        match step {
            Step::Nothing => {}
            Step::NameTaken => {
                self.totals.ghosts += 1;
                user.log_in();
                user.write();
            }
            Step::LoggedIn => {
                user.phase = Phase::Chatting;
                user.until = Instant::now() + self.random.millis(20_000);
                self.totals.log_ins += 1;
                self.totals.slow += u64::from(user.reading == Reading::Slow);
                self.totals.deaf += u64::from(user.reading == Reading::Deaf);
            }
            Step::Ended | Step::Broken => self.handle_end(seat, step),
        }
    }

    fn handle_end(&mut self, seat: usize, step: Step) {
        let user = &mut self.users[seat];
        if user.phase == Phase::Gone && step == Step::Ended {
            self.totals.left += 1;
            self.ledger.check_all_arrived(seat);
        } else {
            self.totals.dropped += 1;
            self.ledger.cut(seat);
            if user.reading != Reading::Deaf {
                let fault = format!("u{seat} ({:?}, {:?}): {step:?}", user.phase, user.reading);
                self.ledger.faults.tell("dropped, though it reads", fault);
            }
        }
        let until = Instant::now() + self.random.millis(2000);
        user.go(until, false, &mut self.ledger);
    }

    /// From now on nobody asks for anything, and everybody reads.
    fn calm_down(&mut self, now: Instant) {
        self.is_calm = true;
        for seat in 0..self.users.len() {
            self.users[seat].until = now + 2 * CALM;
            match self.users[seat].reading {
                Reading::Deaf if self.users[seat].phase != Phase::Away => self.cut(seat, now),
                _ => self.users[seat].reading = Reading::Prompt,
            }
        }
    }

    fn is_settled(&self) -> bool {
        let waits =
            |user: &User| user.awaits_answers() || matches!(user.phase, Phase::Gone | Phase::LoggingIn);
        self.is_calm && !self.users.iter().any(waits) && !self.ledger.has_missing()
    }

    fn leave(&mut self) {
        let now = Instant::now();
        for user in &mut self.users {
            user.go(now, false, &mut self.ledger);
        }
    }

    fn tell_who_waits(&mut self) {
        for user in self.users.iter().filter(|user| user.awaits_answers() || user.phase == Phase::Gone) {
            self.ledger.faults.tell("still waits", format!("u{} ({:?})", user.seat, user.phase));
        }
        if self.ledger.has_missing() {
            self.ledger.faults.tell("acknowledged, and lost", "somewhere, in the end".to_owned());
        }
    }
}

fn print(
    settings: &Settings,
    totals: &Totals,
    lacked: u64,
    time: Duration,
    peak: u64,
    processor: Duration,
    faults: &Faults,
) {
    let title = format!("soak: {} users, seed {}", settings.users, settings.seed);
    let mut table = Table::new(&title, 1, &["", "total"]);
    let rows = [
        ("seconds", time.as_secs()),
        ("log-ins", totals.log_ins),
        ("  of slow readers", totals.slow),
        ("  of deaf readers", totals.deaf),
        ("left, and read to the end", totals.left),
        ("cut off by a reset", totals.cut),
        ("dropped by the server", totals.dropped),
        ("log-ins put off by a ghost", totals.ghosts),
        ("messages", totals.messages),
        ("  refused, for want of memory", lacked),
        ("MiB of text", totals.bytes >> 20),
        ("other requests", totals.others),
        ("server: memory at its peak, KiB", peak),
        ("server: memory allowed, KiB", settings.memory),
        ("server: processor seconds", processor.as_secs()),
        ("faults", faults.count),
    ];
    for (what, number) in rows {
        table.row(vec![what.to_owned(), number.to_string()]);
    }
    for (kind, number) in &faults.kinds {
        table.row(vec![format!("  {kind}"), number.to_string()]);
    }
    table.print();
}
