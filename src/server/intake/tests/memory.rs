//! However many there are and whatever they do, together they make the server hold no more than they may,
//! and short messages pass.

use super::scene::{Client, LIMITS, Scene};
use super::*;
use crate::server::hub::Limits;
use crate::wire::sizes::{CHUNK, LIST_PIECE, STEP};

/// The smallest server that takes messages of a MiB.
fn limits() -> Limits {
    let limits = Limits { max_users: 50, max_message: STEP, max_queue: 3 * STEP, ..LIMITS };
    Limits { max_memory: limits.least_above_shares() * 4 / 3 + 100, ..limits }
}

fn part_of(length: usize) -> String {
    format!("SEND nobody {}", "x".repeat(length))
}

impl Scene {
    /// Two who write to each other are not delayed by others.
    fn check_chat(&mut self, ann: &Client, bob: &Client) {
        self.say(ann, "SEND bob hi\n");
        self.say(bob, "SEND ann ho\n");
        self.run();
        assert_eq!(ann.heard().matches("DELIVERY bob ho\n").count(), 1);
        assert_eq!(bob.heard().matches("DELIVERY ann hi\n").count(), 1);
        let (memory, most) = (self.intake().memory(), self.intake().hub.limits().max_memory);
        assert!(memory <= most, "{memory} of {most}");
    }
}

#[test]
fn one_message_of_the_longest_kind_passes() {
    let mut scene = Scene::new(limits());
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    let text = "x".repeat(STEP);
    scene.say(&ann, &format!("SEND bob {text}\n"));
    scene.run();
    assert_eq!(ann.heard(), "SEND-OK\n", "without waiting");
    scene.read(&bob, usize::MAX);
    scene.run();
    assert_eq!(bob.heard(), format!("DELIVERY ann {text}\n"));
}

/// Of those who hold long lines, the one with the longest loses it, as it would one over the limit; the
/// others go on.
#[test]
fn lines_that_are_not_complete_share_the_memory() {
    let mut scene = Scene::new(limits());
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    let others: Vec<_> = (0..20).map(|number| scene.user(&format!("user{number}"))).collect();
    for (number, other) in others.iter().enumerate() {
        scene.say(other, &part_of(STEP - 1000 * number));
        scene.check_chat(&ann, &bob);
    }
    assert!(scene.intake().short_since.is_some(), "there is no more");
    for _ in 0..40 {
        scene.now += PATIENCE;
        scene.check_chat(&ann, &bob);
    }
    assert!(scene.intake().short_since.is_none(), "nobody waits any more");
    let mut lost = 0;
    for other in &others {
        scene.say(other, "\nLIST\n");
        scene.run_patiently();
        let heard = other.heard();
        assert!(heard.contains("LIST-OK "), "{heard}");
        assert!(heard.starts_with("BAD-RQST-BODY\n") || heard.starts_with("BAD-DEST-USER\n"), "{heard}");
        lost += heard.matches("BAD-RQST-BODY").count();
    }
    assert!((1..others.len()).contains(&lost), "{lost}");
}

/// Who does not read is dropped, the worst first, however patient the senders are.
#[test]
fn readers_who_do_not_read_share_the_memory() {
    let mut scene = Scene::new(limits());
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    let sender = scene.user("sender");
    let deaf: Vec<_> = (0..8).map(|number| scene.user(&format!("deaf{number}"))).collect();
    for (number, reader) in deaf.iter().enumerate() {
        reader.reads_only(0);
        for _ in 0..2 {
            scene.say(&sender, &format!("SEND deaf{number} {}\n", "x".repeat(STEP - number)));
        }
        for _ in 0..8 {
            scene.check_chat(&ann, &bob);
            scene.now += PATIENCE;
        }
    }
    scene.run_patiently();
    let heard = sender.heard();
    assert_eq!(heard.lines().count(), 16);
    let dropped = deaf.iter().filter(|reader| reader.is_closed()).count();
    assert!(dropped > 0 && dropped < deaf.len(), "{dropped}");
    scene.check_chat(&ann, &bob);
}

/// When many hold a little each, there is nobody to be dropped: what is then too much is refused.
#[test]
fn what_there_is_no_memory_for_is_refused_in_the_end() {
    let mut scene = Scene::new(Limits { max_memory: 2 * CHUNK, ..limits() });
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    bob.reads_only(0);
    scene.say(&ann, &format!("{}\n", part_of(STEP / 2)));
    scene.run_patiently();
    assert_eq!(ann.heard(), "BAD-RQST-BODY\n");
    scene.say(&ann, "SEND bob hi\n");
    scene.run_patiently();
    assert_eq!(ann.heard(), "SEND-OK\n");
}

#[test]
fn list_is_there_once_for_all_who_do_not_read_it() {
    let max_users = 4000;
    let mut scene = Scene::new(Limits { max_users, max_connections: max_users, max_queue: STEP, ..LIMITS });
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    let users: Vec<_> = (2..max_users).map(|number| scene.user(&format!("user{number:012}"))).collect();
    let before = scene.intake().memory();
    let list = max_users * "user000000000000,".len();
    for user in &users[..100] {
        user.reads_only(0);
        scene.say(user, "LIST\n");
    }
    scene.check_chat(&ann, &bob);
    let more = scene.intake().memory() - before;
    assert!(more < list + 100 * 2 * LIST_PIECE, "{more} for lists of {list}");
    scene.say(&users[0], "LIST\n");
    scene.run();
    assert!(scene.is_held_on(&users[0], &users[0]), "it has one to read");

    // A message to one who reads a list waits, and never stands in the middle of it.
    scene.say(&ann, "SEND user000000000002 hi\n");
    scene.run();
    assert!(scene.is_held_on(&ann, &users[0]) && ann.heard().is_empty());
    scene.read(&users[0], usize::MAX);
    scene.run();
    assert_eq!(ann.heard(), "SEND-OK\n");
    let heard = users[0].heard();
    let lines: Vec<_> = heard.lines().collect();
    assert_eq!(lines.len(), 3);
    let lists = lines.iter().filter(|line| line.split(',').count() == max_users + 1);
    assert!(lists.count() == 2 && lines.contains(&"DELIVERY ann hi"));

    // One who insists has it put behind the list, as part of that queue.
    scene.say(&ann, "SEND user000000000003 hi\n");
    scene.run_patiently();
    assert_eq!(ann.heard(), "SEND-OK\n");
    for user in &users[..100] {
        scene.read(user, usize::MAX);
    }
    scene.run();
    assert!(users[1].heard().ends_with("\nDELIVERY ann hi\n"));
    assert!(users[2].heard().ends_with(",user000000003999\n"));
    assert!(scene.intake().memory() <= before + 16 * CHUNK, "all of it is given back");
}

/// One who reads slowly gives memory back, and is not dropped for those who wait for it, but for so long only.
#[test]
fn slow_reader_is_not_dropped_while_others_can_wait() {
    let mut scene = Scene::new(limits());
    let (ann, bob, slow) = (scene.user("ann"), scene.user("bob"), scene.user("slow"));
    slow.reads_only(0);
    for _ in 0..2 {
        scene.say(&ann, &format!("SEND slow {}\n", "x".repeat(STEP)));
        scene.run_patiently();
    }
    scene.say(&ann, &part_of(STEP));
    scene.say(&bob, &part_of(STEP));
    let start = scene.now;
    while scene.now < start + SHORTAGE - PATIENCE {
        scene.now += PATIENCE / 2;
        scene.read(&slow, 10);
        scene.run();
        assert!(!slow.is_closed() && scene.intake().short_since.is_some());
    }
    for _ in 0..10 {
        scene.now += PATIENCE / 2;
        scene.read(&slow, 10);
        scene.run();
    }
    assert!(scene.intake().short_since.is_none(), "somebody has given way");
}
