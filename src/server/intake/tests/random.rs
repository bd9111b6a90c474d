//! Whatever the order of things, every message arrives once, in order, and nobody is left waiting.

use super::scene::{Client, LIMITS, Scene};
use super::*;

const USERS: usize = 5;

/// A small generator of pseudo-random numbers (xorshift), the same in every run.
struct Dice(u64);

impl Dice {
    fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % sides
    }
}

/// Users who send each other numbered messages, and read as much as they like.
struct Chat {
    scene: Scene,
    clients: Vec<Client>,
    /// What each has said: to whom, and a number.
    said: Vec<Vec<(usize, usize)>>,
    dice: Dice,
}

impl Chat {
    fn new(seed: u64) -> Self {
        let mut scene = Scene::new(Limits { max_users: USERS, ..LIMITS });
        let clients = (0..USERS).map(|number| scene.user(&format!("user{number}"))).collect();
        Self { scene, clients, said: vec![Vec::new(); USERS], dice: Dice::seeded(seed) }
    }

    /// Time passes by at most so much.
    fn step(&mut self, time: Duration) {
        let who = self.dice.roll(USERS);
        let client = self.clients[who].clone();
        match self.dice.roll(6) {
            0 | 1 => {
                for _ in 0..self.dice.roll(60) {
                    let (to, number) = (self.dice.roll(USERS), self.said[who].len());
                    let filler = "x".repeat(self.dice.roll(900));
                    self.scene.say(&client, &format!("SEND user{to} {number} {filler}\n"));
                    self.said[who].push((to, number));
                }
            }
            2 => {
                let room = 1000 * self.dice.roll(100);
                self.scene.read(&client, room);
            }
            // An event that says what is not so.
            3 => self.scene.intake().handle_readable(client.id),
            4 => self.scene.now += time,
            _ => self.scene.turn(),
        }
    }

    /// Somebody leaves, and is back at once.
    fn come_back(&mut self) {
        let who = self.dice.roll(USERS);
        let ghost = self.clients[who].clone();
        self.clients[who] = self.scene.come();
        if self.dice.roll(2) == 0 {
            self.scene.say(&self.clients[who], &format!("HELLO-FROM user{who}\n"));
            self.scene.break_off(&ghost);
        } else {
            self.scene.break_off(&ghost);
            self.scene.say(&self.clients[who], &format!("HELLO-FROM user{who}\n"));
        }
        self.scene.turn();
        self.scene.turn();
        let heard = self.clients[who].heard();
        assert!(ghost.is_closed() && heard.starts_with(&format!("HELLO user{who}\n")), "{heard}");
    }

    /// From now on everybody reads, and time does not pass.
    fn calm(&mut self) {
        for client in self.clients.clone() {
            self.scene.read(&client, usize::MAX);
        }
        self.scene.run();
        assert!(self.scene.intake().is_quiet(), "somebody is left waiting");
    }

    fn check(&mut self) {
        for receiver in 0..USERS {
            let heard = self.clients[receiver].heard();
            assert_eq!(heard.matches("SEND-OK\n").count(), self.said[receiver].len());
            for (sender, said) in self.said.iter().enumerate() {
                let header = format!("DELIVERY user{sender} ");
                let numbers = heard.lines().filter_map(|line| line.strip_prefix(&header));
                let numbers = numbers.map(|line| line.split(' ').next().unwrap().parse::<usize>().unwrap());
                let expected = said.iter().filter(|(to, _)| *to == receiver).map(|(_, number)| *number);
                assert!(numbers.eq(expected), "from {sender} to {receiver}");
            }
        }
    }
}

/// Nobody insists, as so little time passes.
#[test]
fn every_message_arrives_once_and_in_order() {
    for seed in 1..30 {
        let mut chat = Chat::new(seed);
        for _ in 0..200 {
            chat.step(PATIENCE / 200);
        }
        chat.calm();
        chat.check();
    }
}

/// Some insist, some are dropped.
#[test]
fn nobody_is_left_waiting_whoever_leaves_and_comes_back() {
    for seed in 1..30 {
        let mut chat = Chat::new(seed);
        for step in 0..200 {
            chat.step(PATIENCE / 3);
            if step % 20 == 0 {
                chat.come_back();
            }
        }
        chat.calm();
    }
}
