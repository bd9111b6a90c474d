//! Runs without chance: what once went wrong, by name. Every check of a drawn run is made of them, too.

use crate::checks::dump;
use crate::client::Client;
use crate::host::Host;
use crate::link::LinkOptions;
use crate::options::{ClientOptions, FaultOptions, Options, Script, Typed};
use crate::random::Random;
use crate::server::ServerOptions;
use crate::stdio::{InputKind, OutputKind};
use crate::world::World;
use chinwag::client::conversation::{Event, Outcome};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Types these lines at once, and then the end.
fn client(lines: &[&str]) -> ClientOptions {
    let lines = lines.iter().map(|line| Typed::Plain((*line).into())).collect();
    let script =
        Script { lines, line_end: "\n", is_cut: false, ends: true, pause: None, piece: 1, late: None };
    ClientOptions {
        name: None,
        texts_to: None,
        to: None,
        is_strict: false,
        reconnects: false,
        max_message: None,
        linger: 2 * SECOND,
        starts: Duration::ZERO,
        input: InputKind::Pipe,
        script,
        output: OutputKind::Wide,
    }
}

fn message(number: usize, to: &str, length: usize) -> Typed {
    Typed::Message { to: to.into(), number, filling: "x", length }
}

fn messages(to: &str, count: usize, length: usize) -> Vec<Typed> {
    (1..=count).map(|number| message(number, to, length)).collect()
}

fn world(clients: Vec<ClientOptions>, server: ServerOptions) -> World {
    let link = LinkOptions {
        capacity: 64 * 1024,
        delay: 2,
        is_layered: false,
        writes_short: false,
        announces_end_late: false,
        seal: None,
    };
    let faults = FaultOptions { until: 5 * SECOND, ..FaultOptions::default() };
    World::new(Options { clients, host: None, server, strangers: 0, link, faults }, Random::new(1))
}

fn shown(client: &Client) -> String {
    String::from_utf8_lossy(&client.shown.borrow().bytes).into_owned()
}

#[track_caller]
fn assert_ended(client: &Client, outcome: Outcome, most: Duration) {
    let Some(ending) = &client.ending else { panic!("{}", dump(client)) };
    assert!(ending.outcome == outcome && ending.at <= most, "{}", dump(client));
}

/// Whole lines that the last read of a turn brought, a short one, do not wait for the next event.
#[test]
fn last_read_of_a_turn_may_be_a_short_one() {
    for length in [0, 8 * 1024, 100 * 1024] {
        let mut sender = client(&["u0"]);
        sender.script.lines.extend(messages("u1", 40, length));
        let mut receiver = client(&["u1"]);
        receiver.script.ends = false;
        receiver.output = OutputKind::Narrow { at_once: 64 * 1024, every: Duration::from_millis(1) };
        sender.starts = SECOND;
        let mut world = world(vec![sender, receiver], ServerOptions::GOOD);
        world.run();
        assert_eq!(shown(&world.clients[1]).matches("From u0: m").count(), 40);
    }
}

#[test]
fn full_server_behind_a_blocked_output_does_not_spin() {
    for after in [0, 10, 45] {
        let mut blocked = client(&["u0", "!who"]);
        blocked.output = OutputKind::Stuck { after, until: None };
        let mut world = world(vec![blocked], ServerOptions { greets_busy: 100, ..ServerOptions::GOOD });
        world.run();
        assert_ended(&world.clients[0], Outcome::Full, 3 * SECOND);
        assert!(world.stats.turns < 50);
    }
}

/// With reconnecting, what had not been sent when a write failed is sent after the return, once.
#[test]
fn nothing_typed_is_lost_with_the_connection() {
    let mut sender = client(&["u0"]);
    sender.reconnects = true;
    sender.script.lines.extend(messages("u0", 200, 1000));
    let mut world = world(vec![sender], ServerOptions::GOOD);
    world.options.link.capacity = 500;
    world.options.link.delay = 20;
    world.run_until(SECOND);
    world.vanish(SECOND);
    world.run();
    let client = &world.clients[0];
    assert_ended(client, Outcome::Left, 30 * SECOND);
    let unanswered =
        client.events.iter().map(|event| if let Event::Unanswered(count) = event { *count } else { 0 });
    let unanswered: u64 = unanswered.sum();
    let sent = shown(client).matches("The message was sent successfully").count();
    assert_eq!(sent + unanswered as usize, 200, "{}", dump(client));
    assert!(unanswered < 20 && client.events.contains(&Event::Back));
}

#[test]
fn message_that_was_cut_is_sent_again_from_its_start() {
    let mut sender = client(&["u0"]);
    sender.reconnects = true;
    sender.script.lines.push(message(1, "u0", 300_000));
    let mut world = world(vec![sender], ServerOptions::GOOD);
    world.options.link.capacity = 2000;
    world.options.link.delay = 20;
    world.run_until(SECOND / 2);
    world.vanish(SECOND);
    world.run();
    let client = &world.clients[0];
    assert_eq!(client.events, [Event::Lost, Event::Back], "{}", dump(client));
    assert!(shown(client).ends_with(".\nThe message was sent successfully\n"), "{}", dump(client));
}

/// The server does not know yet that the old connection is gone, and then is full: neither is an end.
#[test]
fn return_waits_for_its_own_ghost() {
    for max_users in [1, 16] {
        let mut user = client(&["u0", "!who"]);
        user.reconnects = true;
        user.script.ends = false;
        let mut world = world(vec![user], ServerOptions { max_users, ..ServerOptions::GOOD });
        world.run_until(SECOND);
        world.cut(0, 10 * SECOND);
        world.run_until(30 * SECOND);
        let client = &world.clients[0];
        assert_eq!(client.events, [Event::Lost, Event::Back], "{}", dump(client));
        assert!((3..10).contains(&client.links.len()));
        world.run();
        assert_ended(&world.clients[0], Outcome::Left, 5000 * SECOND);
    }
}

/// What others write is no answer (spec C3).
#[test]
fn lingering_ends_while_others_chat() {
    let mut quiet = client(&["u0"]);
    quiet.script.ends = false;
    let mut chatty = client(&["u1"]);
    chatty.script.lines.extend(messages("u0", 300, 0));
    chatty.script.pause = Some(400);
    let mut world = world(vec![quiet, chatty], ServerOptions::GOOD);
    world.run_until(SECOND);
    let Host::Naive(server) = &mut world.server else { unreachable!("there is no other") };
    server.mute();
    world.clients[0].typing.borrow_mut().type_in(b"!who\n");
    world.clients[0].typing.borrow_mut().finish();
    world.run();
    assert!(world.clients[1].signs.typed > 5 * SECOND, "{:?}", world.clients[1].signs);
    assert_ended(&world.clients[0], Outcome::Left, 4 * SECOND);
}

/// Spec L3: a connection that ends while the prompt waits is no end.
#[test]
fn prompt_outlives_its_connection() {
    for patience in [100, 895, 900, 1000] {
        let mut user = client(&["u0", "!who"]);
        user.script.pause = Some(1800);
        user.script.piece = 1;
        let patience = Some(Duration::from_millis(patience));
        let mut world = world(vec![user], ServerOptions { patience, ..ServerOptions::GOOD });
        world.run();
        let client = &world.clients[0];
        assert_ended(client, Outcome::Left, 60 * SECOND);
        assert!(client.links.len() >= 2);
        let expected = "Welcome to Chat Client. Enter your login: \nSuccessfully logged in as u0!\n";
        assert!(shown(client).starts_with(expected), "{}", shown(client));
    }
}

/// Spec S16.
#[test]
fn output_that_is_blocked_for_ever_keeps_nobody() {
    for last in ["!quit", "!who"] {
        for after in [0, 60, 100] {
            let mut user = client(&["u0", "!who", "!who", last]);
            user.output = OutputKind::Stuck { after, until: None };
            let mut world = world(vec![user], ServerOptions::GOOD);
            world.run();
            assert_ended(&world.clients[0], Outcome::Left, 4 * SECOND);
        }
    }
}

/// A server that says HELLO and closes: it is not asked thousands of times, and that is said once.
#[test]
fn flapping_server_is_come_back_to_ever_later() {
    let mut user = client(&["u0"]);
    user.reconnects = true;
    user.script.ends = false;
    let mut world = world(vec![user], ServerOptions { closes_after_hello: 100, ..ServerOptions::GOOD });
    world.run_until(600 * SECOND);
    let client = &world.clients[0];
    assert!((12..25).contains(&client.links.len()), "{}", client.links.len());
    assert_eq!(client.events, [Event::Lost, Event::Back, Event::Lost]);
    let Host::Naive(server) = &mut world.server else { unreachable!("there is no other") };
    server.keep_everybody();
    world.run_until(800 * SECOND);
    assert_eq!(world.clients[0].events[3..], [Event::Back], "it stands for good");
    world.run();
    assert_ended(&world.clients[0], Outcome::Left, 5000 * SECOND);
}

/// A hundred clients that lose their server at the same moment do not come back at the same moment.
#[test]
fn herd_is_spread() {
    let user = |at: usize| {
        let mut user = client(&[&format!("u{at}")]);
        user.reconnects = true;
        user.script.ends = false;
        user
    };
    let mut world =
        world((0..100).map(user).collect(), ServerOptions { max_users: 100, ..ServerOptions::GOOD });
    world.run_until(10 * SECOND);
    world.vanish(5 * SECOND);
    let deadlines = |world: &mut World| {
        let mut times: Vec<_> = world.clients.iter().filter_map(Client::next_deadline).collect();
        times.sort_unstable();
        times
    };
    world.run_until(10 * SECOND + Duration::from_micros(1));
    for (at, least) in [(10, 300), (12, 1000)] {
        world.run_until(at * SECOND + Duration::from_millis(100));
        let times = deadlines(&mut world);
        let span = times[times.len() - 1] - times[0];
        assert!(times.len() > 50 && span > Duration::from_millis(least), "{} {span:?}", times.len());
    }
    world.run_until(60 * SECOND);
    assert!(world.clients.iter().all(|client| client.events == [Event::Lost, Event::Back]));
}

/// Lost for minutes; then the server is there again, and a line is entered.
#[test]
fn line_typed_while_away_is_sent_soon() {
    let mut user = client(&["u0", "@u0 m1.."]);
    user.script.lines = vec![Typed::Plain("u0".into()), Typed::Plain(String::new()), message(1, "u0", 0)];
    user.script.late = Some(410 * SECOND);
    user.script.ends = false;
    user.reconnects = true;
    let mut world = world(vec![user], ServerOptions::GOOD);
    world.run_until(SECOND);
    world.vanish(405 * SECOND);
    world.run_until(409 * SECOND);
    let due = world.clients[0].next_deadline();
    assert!(due.is_some_and(|due| due > 415 * SECOND), "it would not be tried for a while: {due:?}");
    world.run_until(412 * SECOND);
    let client = &world.clients[0];
    assert!(shown(client).contains("From u0: m1.."), "{}", dump(client));
    assert_eq!(client.events, [Event::Lost, Event::Back]);
}

/// The name is given away while the user of it is away: another is asked for, on a terminal.
#[test]
fn name_that_was_given_away_is_asked_about_on_a_terminal() {
    for (input, asks) in [(InputKind::Pipe, false), (InputKind::Terminal, true), (InputKind::Keys, true)] {
        let mut user = client(&[]);
        user.script.lines = vec![Typed::Plain("u0".into()), Typed::Plain("v0".into()), message(1, "v0", 0)];
        user.script.late = Some(400 * SECOND);
        user.script.ends = false;
        user.reconnects = true;
        user.input = input;
        let given = Some(2000 * SECOND);
        let mut world = world(vec![user], ServerOptions { gives_names_away: given, ..ServerOptions::GOOD });
        world.run_until(SECOND);
        world.vanish(SECOND);
        world.run_until(500 * SECOND);
        let client = &world.clients[0];
        assert_eq!(client.events[..2], [Event::Lost, Event::Taken], "{}", dump(client));
        let is_shown = shown(client).contains("Cannot log in as u0. That username is already in use.");
        assert_eq!((is_shown, shown(client).contains("From v0: m1..")), (asks, asks), "{}", dump(client));
        world.run();
        assert_ended(&world.clients[0], Outcome::Left, 5000 * SECOND);
    }
}

/// Whoever wants to leave is not kept by a server that flaps, though the wait is longer than the tries.
#[test]
fn flapping_server_keeps_nobody() {
    let mut user = client(&["u0"]);
    user.reconnects = true;
    user.linger = 100 * SECOND;
    user.script.lines.push(message(1, "u0", 300_000));
    let mut world = world(vec![user], ServerOptions { closes_after_hello: 100, ..ServerOptions::GOOD });
    world.options.link.capacity = 1000;
    world.run();
    let client = &world.clients[0];
    assert!(client.links.len() > 5, "it was tried: {}", dump(client));
    assert_ended(client, Outcome::Left, 300 * SECOND);
}
