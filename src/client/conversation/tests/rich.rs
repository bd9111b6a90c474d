//! Lines for people, whatever happens: an answer is about the message that it answers.

use super::*;
use crate::ui::rich::Wishes;
use crate::ui::screen::{Look, Screen};
use std::collections::VecDeque;

/// The server's side of one connection: it lets all even messages through, and none of the odd ones.
#[derive(Default)]
struct Peer {
    heard: String,
    unanswered: VecDeque<String>,
    /// The message that is on its way was refused before its end came.
    is_answered: bool,
}

impl Peer {
    fn listen(&mut self, bytes: &str) {
        self.heard += bytes;
        while let Some((line, rest)) = self.heard.split_once('\n') {
            let (line, rest) = (line.to_owned(), rest.to_owned());
            self.heard = rest;
            if !std::mem::take(&mut self.is_answered) && !line.starts_with("HELLO") {
                self.unanswered.push_back(line);
            }
        }
    }

    /// An odd message is refused before it is there whole.
    fn refuse_early(&mut self) -> bool {
        let is_odd = number(&self.heard).is_some_and(|number| number % 2 == 1);
        let refuses = is_odd && self.heard.len() > 1000 && self.unanswered.is_empty() && !self.is_answered;
        self.is_answered |= refuses;
        refuses
    }

    fn answer(&mut self) -> Option<&'static str> {
        let request = self.unanswered.pop_front()?;
        Some(match number(&request) {
            None => "LIST-OK bob\n",
            Some(number) if number % 2 == 0 => "SEND-OK\n",
            Some(_) => "BAD-DEST-USER\n",
        })
    }
}

/// That of a message.
fn number(line: &str) -> Option<u64> {
    let text = line.split_once("bob")?.1.trim_start_matches([':', ' ']);
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// What a line says of its message must be true.
fn check(line: &str) {
    let is_even = || number(line).unwrap().is_multiple_of(2);
    let is_true = match line.chars().next() {
        Some('→') if line.ends_with('✓') => is_even(),
        Some('→') if line.contains('✗') => !is_even(),
        Some('→') => line == "→ !who" || number(line).is_some(),
        Some('✓') => is_even(),
        Some('✗') => !is_even(),
        _ => ["eve: hi", "1 online", "      bob", LOGGED_IN.trim_end()].contains(&line),
    };
    assert!(is_true, "{line}");
}

#[test]
fn answers_are_about_the_right_messages_whatever_happens() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) % n
    };
    let mut marks = [0; 4];
    for _ in 0..100 {
        let mut screen = Screen::new(Look { terminal: true, ..Look::default() });
        screen.enrich(Wishes { pretty: true, ..Wishes::default() }, 80);
        let mut scene = Scene::shown_by(screen, Settings { name: Some(b"ann"), ..RECONNECTING });
        let mut peer = Peer::default();
        let mut written = 0;
        scene.connect();
        scene.hear("HELLO ann\n");
        for step in 0..80 {
            let is_over = step > 60;
            match random(10) {
                0..=3 if !is_over => {
                    let text = if random(8) == 0 { "x".repeat(100_000) } else { String::new() };
                    scene.type_in(format!("@bob {written} {text}\n"));
                    written += 1;
                }
                4 if !is_over => scene.type_in("!who\nignored\n"),
                5 => scene.hear("DELIVERY eve hi\n"),
                6 if !is_over => scene.server.0.borrow_mut().room = Some(random(60_000) as usize),
                7 if !is_over && random(3) == 0 => {
                    scene.set_room(None);
                    scene.end_server(Read::End);
                    scene.run();
                    while !scene.conversation.wants_connection(scene.now) {
                        scene.now = scene.next_deadline().unwrap();
                        scene.run();
                    }
                    scene.connect();
                    scene.hear("HELLO ann\n");
                    peer = Peer::default();
                }
                8 => scene.set_room((!is_over && random(2) == 0).then(|| random(200) as usize)),
                _ => {
                    scene.server.0.borrow_mut().room = None;
                    scene.ends.server.as_mut().unwrap().handle_writable();
                }
            }
            scene.now += Duration::from_millis(random(200));
            scene.run();
            peer.listen(&scene.sent());
            if random(4) == 0 && peer.refuse_early() {
                scene.hear("BAD-DEST-USER\n");
            }
            for _ in 0..if is_over { 100 } else { random(4) } {
                if let Some(answer) = peer.answer() {
                    scene.hear(answer);
                }
            }
            scene.run();
        }
        scene.set_room(None);
        scene.server.0.borrow_mut().room = None;
        scene.ends.server.as_mut().unwrap().handle_writable();
        loop {
            scene.run();
            peer.listen(&scene.sent());
            let Some(answer) = peer.answer() else { break };
            scene.hear(answer);
        }
        let left = (scene.conversation.frontend.next_deadline(), scene.conversation.session.unanswered());
        assert_eq!(left, (None, 0));
        let shown = scene.shown();
        shown.lines().for_each(check);
        let count = |mark: &str| shown.lines().filter(|line| line.contains(mark)).count();
        for (sum, mark) in marks.iter_mut().zip([" ✓", "✓ bob", " ✗ ", "✗ bob"]) {
            *sum += count(mark);
        }
    }
    assert!(marks.iter().all(|&sum| sum > 30), "{marks:?}");
}
