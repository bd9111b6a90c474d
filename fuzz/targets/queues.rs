//! A server at small limits, whose clients read when they like, break and come back: each line has one answer,
//! each acknowledged message arrives, and nobody is left waiting.

use super::memory::Memory;
use super::script::{Script, numbered};
use chinwag::server::Config;
use chinwag::server::hub::{Id, Limits};
use chinwag::server::intake::{Intake, PATIENCE};
use chinwag::wire::protocol::Reply;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const CLIENTS: usize = 4;

/// What is said many times is no longer than this, all together.
const MOST: usize = 64 << 10;

struct Scene {
    intake: Intake<Memory>,
    clients: Vec<Client>,
    now: Duration,
    /// Somebody was dropped, or broken off: what was on its way there is lost.
    has_losses: bool,
    acknowledged: usize,
    arrived: usize,
}

struct Client {
    id: Id,
    said: Vec<u8>,
    heard: Rc<RefCell<Vec<u8>>>,
    has_ended: bool,
}

/// Settings: how many users, the longest message and the room in a queue. Steps, each with the number of a client:
/// `s` says a text, `S` many times; `r` reads so much, `R` all; `e` sends no more, `x` breaks off; `n` comes anew;
/// `w` time passes.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let limits = Limits {
        max_users: 1 + script.setting(0, CLIENTS),
        max_message: 1 + script.setting(1, 64) * 16,
        max_queue: 64 + script.setting(2, 64) * 1024,
        ..Limits::default()
    };
    let intake = Intake::new(&Config { limits, ..Config::default() });
    let now = Duration::from_secs(1);
    let mut scene =
        Scene { intake, clients: Vec::new(), now, has_losses: false, acknowledged: 0, arrived: 0 };
    for _ in 0..CLIENTS {
        scene.clients.extend(come(&mut scene.intake, now));
    }
    for (what, with) in script.steps() {
        scene.step(what, with);
    }
    scene.end();
}

fn come(intake: &mut Intake<Memory>, now: Duration) -> Option<Client> {
    let memory = Memory { at_once: 1 << 20, room: usize::MAX, ..Memory::default() };
    let heard = Rc::clone(&memory.written);
    let id = intake.admit(memory, now)?;
    Some(Client { id, said: Vec::new(), heard, has_ended: false })
}

impl Scene {
    fn step(&mut self, what: u8, with: &[u8]) {
        let (who, with) = numbered(with);
        let who = who % CLIENTS;
        let (count, text) = numbered(with);
        match what {
            b's' => self.say(who, with, 1),
            b'S' => self.say(who, text, count),
            b'r' => self.read(who, count * 64),
            b'R' => self.read(who, usize::MAX),
            b'e' | b'x' => self.stop(who, what == b'x'),
            b'n' => self.come_anew(who),
            b'w' => self.now += PATIENCE / 4 * count as u32,
            _ => {}
        }
        self.settle();
    }

    /// From now on everybody reads, and time passes.
    fn end(&mut self) {
        for who in 0..CLIENTS {
            self.read(who, usize::MAX);
        }
        self.settle();
        for _ in 0..10_000 {
            let Some(at) = self.intake.next_deadline().filter(|&at| at < self.now + PATIENCE * 4) else {
                break;
            };
            self.now = at;
            self.settle();
        }
        for who in 0..CLIENTS {
            self.judge(who);
        }
        let Self { acknowledged, arrived, has_losses, .. } = self;
        assert!(*has_losses || acknowledged == arrived, "of {acknowledged} acknowledged {arrived} arrived");
    }

    fn settle(&mut self) {
        self.intake.turn(self.now);
        let mut turns = 0;
        while self.intake.has_work() {
            self.intake.turn(self.now);
            turns += 1;
            assert!(turns < 100_000, "there is no end to it");
        }
        let deadline = self.intake.next_deadline();
        assert!(deadline.is_none_or(|at| at > self.now), "it would not wait");
    }

    fn say(&mut self, who: usize, text: &[u8], count: usize) {
        let text = text.repeat(count.min(MOST / text.len().max(1)));
        let client = &mut self.clients[who];
        if client.has_ended {
            return;
        }
        let Some(memory) = self.intake.transport_mut(client.id).filter(|_| is_here(client)) else { return };
        memory.bytes.extend(&text);
        client.said.extend_from_slice(&text);
        self.intake.handle_readable(client.id);
    }

    fn read(&mut self, who: usize, room: usize) {
        let client = &self.clients[who];
        if is_here(client)
            && let Some(memory) = self.intake.transport_mut(client.id)
        {
            memory.room = room;
            self.intake.handle_writable(client.id);
        }
    }

    fn stop(&mut self, who: usize, is_broken: bool) {
        let client = &mut self.clients[who];
        if !is_here(client) || client.has_ended {
            return;
        }
        client.has_ended = true;
        if let Some(memory) = self.intake.transport_mut(client.id) {
            memory.has_end = true;
            memory.is_broken = is_broken;
        }
        if is_broken {
            self.has_losses = true;
            self.intake.handle_broken(client.id);
        } else {
            self.intake.handle_ending(client.id);
        }
    }

    /// Whoever has gone, or was dropped, is back.
    fn come_anew(&mut self, who: usize) {
        if is_here(&self.clients[who]) {
            return;
        }
        self.judge(who);
        if let Some(client) = come(&mut self.intake, self.now) {
            self.clients[who] = client;
        }
    }

    /// Each line has one answer, if the client has stayed to hear it.
    fn judge(&mut self, who: usize) {
        let client = &self.clients[who];
        let heard = client.heard.borrow();
        let mut answers = 0;
        for line in heard.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
            match Reply::parse(line) {
                Some(Reply::Delivery { .. }) => self.arrived += 1,
                Some(reply) => {
                    answers += 1;
                    self.acknowledged += usize::from(reply == Reply::SendOk);
                }
                None => panic!("no reply: {}", line.escape_ascii()),
            }
        }
        let lines = client.said.iter().filter(|&&byte| byte == b'\n').count();
        let stays = is_here(client) && !client.has_ended;
        if !stays {
            self.has_losses = true;
        }
        // A line that is too long may be answered before its end.
        let least = if stays { lines } else { 0 };
        assert!((least..=lines + 1).contains(&answers), "{answers} answers to {lines} lines");
    }
}

/// Whether the server has not closed the connection: then it holds what is written to.
fn is_here(client: &Client) -> bool {
    Rc::strong_count(&client.heard) > 1
}
