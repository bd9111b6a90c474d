//! What the server costs, beside a thread that only moves the bytes.

use super::TEXT;
use super::process::Task;
use super::server::{Bare, Daemon, connect, drain, hear, log_in};
use crate::harness::{Arguments, Trial, number, quantile};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Instant;

pub(crate) fn run(arguments: &Arguments) {
    relay(arguments);
    deliver(arguments);
    visit(arguments);
    crowd(arguments);
}

fn request() -> String {
    format!("SEND bob {TEXT}\n")
}

fn delivery() -> String {
    format!("DELIVERY ann {TEXT}\n")
}

fn relay(arguments: &Arguments) {
    let count = arguments.either(500_000, 20_000);
    let title =
        format!("programs: server, {} messages of 64 bytes from one user to another", number(count as f64));
    let measures = &["CPU ns per message", "wall ns per message", "messages per second"];
    let bytes = request().repeat(if arguments.selects(&title) { count } else { 0 });
    let per_message = |(time, wall): (f64, f64)| {
        let wall = wall / count as f64;
        vec![time / count as f64, wall, 1e9 / wall]
    };
    let mut trial = Trial::new(&title, measures);
    trial.add("bare copy", || {
        let bare = Bare::relay();
        let (from, to) = (connect(bare.address), connect(bare.address));
        let costs = flood(&bare.task, (&from, &to), bytes.as_bytes(), 0, bytes.len());
        drop((from, to));
        bare.join();
        per_message(costs)
    });
    trial.add("chinwagd", || {
        let daemon = Daemon::start(16);
        let (from, to) = (log_in(daemon.address, "ann"), log_in(daemon.address, "bob"));
        let answers = count * b"SEND-OK\n".len();
        per_message(flood(daemon.task(), (&from, &to), bytes.as_bytes(), answers, count * delivery().len()))
    });
    trial.run(arguments, arguments.either(15, 1));
}

/// Processor time and time, in nanoseconds, until all has arrived.
fn flood(
    task: &Task,
    (from, to): (&TcpStream, &TcpStream),
    bytes: &[u8],
    answers: usize,
    arrivals: usize,
) -> (f64, f64) {
    task.wait_until_asleep();
    let before = task.processor_time();
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(move || { from }.write_all(bytes).unwrap());
        scope.spawn(move || drain(from, answers));
        drain(to, arrivals);
    });
    let wall = start.elapsed().as_nanos() as f64;
    task.wait_until_asleep();
    (task.processor_time() - before, wall)
}

fn deliver(arguments: &Arguments) {
    let count = arguments.either(5000, 200);
    let title = "programs: server, one message at a time, from sent to received";
    let measures = &["median, us", "99th percentile, us", "CPU us per message"];
    let mut trial = Trial::new(title, measures);
    trial.add("bare copy", || {
        let bare = Bare::relay();
        let users = (connect(bare.address), connect(bare.address));
        let values = latencies(&bare.task, users, count, false);
        bare.join();
        values
    });
    trial.add("chinwagd", || {
        let daemon = Daemon::start(16);
        let users = (log_in(daemon.address, "ann"), log_in(daemon.address, "bob"));
        latencies(daemon.task(), users, count, true)
    });
    trial.run(arguments, arguments.either(9, 1));
}

fn latencies(
    task: &Task,
    (mut from, mut to): (TcpStream, TcpStream),
    count: usize,
    is_answered: bool,
) -> Vec<f64> {
    let message = request();
    let before = task.processor_time();
    let one = |_| {
        let start = Instant::now();
        from.write_all(message.as_bytes()).unwrap();
        let heard = hear(&mut to);
        let latency = start.elapsed().as_nanos() as f64 / 1000.0;
        assert!(heard.ends_with(&message.as_bytes()["SEND bob ".len()..]));
        if is_answered {
            assert_eq!(hear(&mut from), b"SEND-OK\n");
        }
        latency
    };
    let latencies: Vec<f64> = (0..count).map(one).collect();
    task.wait_until_asleep();
    let time = (task.processor_time() - before) / 1000.0 / count as f64;
    vec![quantile(&latencies, 0.5), quantile(&latencies, 0.99), time]
}

fn visit(arguments: &Arguments) {
    let count = arguments.either(1000, 100);
    let measures = &["CPU us per visit", "wall us per visit", "visits per second"];
    let mut trial = Trial::new("programs: server, connect, log in, leave", measures);
    trial.add("bare sockets", || {
        // One more, so that the thread is still there when it is asked what it has used.
        let bare = Bare::greet(count + 1);
        let values = visits(&bare.task, bare.address, count);
        drop(log_in(bare.address, "last"));
        bare.join();
        values
    });
    trial.add("chinwagd", || {
        let daemon = Daemon::start(count);
        visits(daemon.task(), daemon.address, count)
    });
    trial.run(arguments, arguments.either(9, 1));
}

fn visits(task: &Task, address: SocketAddr, count: usize) -> Vec<f64> {
    task.wait_until_asleep();
    let before = task.processor_time();
    let start = Instant::now();
    for number in 0..count {
        drop(log_in(address, &format!("user{number}")));
    }
    let wall = start.elapsed().as_nanos() as f64 / 1000.0 / count as f64;
    task.wait_until_asleep();
    vec![(task.processor_time() - before) / 1000.0 / count as f64, wall, 1e6 / wall]
}

fn crowd(arguments: &Arguments) {
    let measures = &["anonymous memory, bytes per user", "RSS, bytes per user", "us per log-in"];
    let mut trial = Trial::new("programs: server, idle users who are logged in", measures);
    // Some are for the programs' own use.
    let most = raise_descriptor_limit().saturating_sub(100);
    let wanted = [1000, arguments.either(10_000, 2000)];
    for users in wanted.map(|users| users.min(most)) {
        trial.add(&format!("{} users", number(users as f64)), move || idle(users));
    }
    if wanted[1] > most {
        trial.note(format!("not {}: there may be no more descriptors", number(wanted[1] as f64)));
    }
    trial.run(arguments, arguments.either(3, 1));
}

fn idle(users: usize) -> Vec<f64> {
    let daemon = Daemon::start(users);
    let task = daemon.task();
    task.wait_until_asleep();
    let (all, anonymous) = task.memory();
    let start = Instant::now();
    let streams: Vec<TcpStream> =
        (0..users).map(|number| log_in(daemon.address, &format!("user{number}"))).collect();
    let time = start.elapsed().as_nanos() as f64 / 1000.0;
    task.wait_until_asleep();
    let (all_now, anonymous_now) = task.memory();
    drop(streams);
    let per_user = |kib: f64| kib * 1024.0 / users as f64;
    vec![per_user(anonymous_now - anonymous), per_user(all_now - all), time / users as f64]
}

/// As the server does for itself; returns how many descriptors there may be.
fn raise_descriptor_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let allowed = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    allowed.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
}
