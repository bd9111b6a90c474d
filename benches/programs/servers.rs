//! What the server costs, beside one in C.

use super::TEXT;
use super::process::Task;
use super::server::{Daemon, Kind, drain, hear, log_in};
use super::tools::Tools;
use super::tracer::Tracer;
use crate::harness::{Arguments, Trial, number, quantile};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Instant;

pub(crate) fn run(tools: &Tools, arguments: &Arguments) {
    relay(tools, arguments);
    deliver(tools, arguments);
    system_calls(tools, arguments);
    visit(tools, arguments);
    crowd(tools, arguments);
}

/// All servers that are there.
fn contend<'a>(
    mut trial: Trial<'a>,
    tools: &'a Tools,
    work: impl Fn(Kind<'a>) -> Vec<f64> + Copy + 'a,
) -> Trial<'a> {
    tools.servers().into_iter().for_each(|kind| trial.add(kind.name(), move || work(kind)));
    tools.note_servers(&mut trial);
    trial
}

fn request() -> String {
    format!("SEND bob {TEXT}\n")
}

fn delivery() -> String {
    format!("DELIVERY ann {TEXT}\n")
}

fn relay(tools: &Tools, arguments: &Arguments) {
    let count = arguments.either(500_000, 20_000);
    let title =
        format!("programs: server, {} messages of 64 bytes from one user to another", number(count as f64));
    let measures = &["CPU ns per message", "wall ns per message", "messages per second"];
    let requests = request().repeat(if arguments.selects(&title) { count } else { 0 });
    let trial = contend(Trial::new(&title, measures), tools, |kind| {
        let daemon = Daemon::start(kind, 16);
        let (time, wall) = flood(&daemon, &ann_and_bob(&daemon), &requests, count);
        let wall = wall / count as f64;
        vec![time / count as f64, wall, 1e9 / wall]
    });
    trial.run(arguments, arguments.either(15, 1));
}

fn ann_and_bob(daemon: &Daemon) -> (TcpStream, TcpStream) {
    let users = (log_in(daemon.address, "ann"), log_in(daemon.address, "bob"));
    daemon.task().wait_until_asleep();
    users
}

/// Processor time and time, in nanoseconds, until so many messages have arrived and are answered.
fn flood(daemon: &Daemon, (from, to): &(TcpStream, TcpStream), requests: &str, count: usize) -> (f64, f64) {
    let before = daemon.task().processor_time();
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| { from }.write_all(requests.as_bytes()).unwrap());
        scope.spawn(|| drain(from, count * b"SEND-OK\n".len()));
        drain(to, count * delivery().len());
    });
    let wall = start.elapsed().as_nanos() as f64;
    daemon.task().wait_until_asleep();
    (daemon.task().processor_time() - before, wall)
}

fn deliver(tools: &Tools, arguments: &Arguments) {
    let count = arguments.either(5000, 200);
    let title = "programs: server, one message at a time, from sent to received";
    let measures = &["median, us", "99th percentile, us", "CPU us per message"];
    let trial = contend(Trial::new(title, measures), tools, |kind| {
        let daemon = Daemon::start(kind, 16);
        let users = ann_and_bob(&daemon);
        let before = daemon.task().processor_time();
        let latencies = latencies(&daemon, &users, count);
        let time = (daemon.task().processor_time() - before) / 1000.0 / count as f64;
        vec![quantile(&latencies, 0.5), quantile(&latencies, 0.99), time]
    });
    trial.run(arguments, arguments.either(9, 1));
}

/// Sends one message after the other, each when the one before has arrived and is answered; returns
/// how long each took, in microseconds.
fn latencies(daemon: &Daemon, (from, to): &(TcpStream, TcpStream), count: usize) -> Vec<f64> {
    let (request, delivery) = (request(), delivery());
    let one = |_| {
        let start = Instant::now();
        { from }.write_all(request.as_bytes()).unwrap();
        let heard = hear(to);
        let latency = start.elapsed().as_nanos() as f64 / 1000.0;
        assert_eq!(heard, delivery.as_bytes());
        assert_eq!(hear(from), b"SEND-OK\n");
        latency
    };
    let latencies = (0..count).map(one).collect();
    daemon.task().wait_until_asleep();
    latencies
}

fn system_calls(tools: &Tools, arguments: &Arguments) {
    let title = "programs: server, system calls";
    let measures = &["per 1,000 messages, flood", "per message, one at a time"];
    if !arguments.selects(title) {
        return;
    }
    let Some(tracer) = tools.tracer(title) else { return };
    let (many, few) = (arguments.either(200_000, 20_000), arguments.either(500, 50));
    let requests = request().repeat(many);
    let trial = contend(Trial::new(title, measures), tools, |kind| {
        let flood = calls(tracer, kind, &|daemon, users| _ = flood(daemon, users, &requests, many));
        let deliver = calls(tracer, kind, &|daemon, users| _ = latencies(daemon, users, few));
        vec![flood / many as f64 * 1000.0, deliver / few as f64]
    });
    trial.run(arguments, arguments.either(3, 1));
}

type Session<'a> = &'a dyn Fn(&Daemon, &(TcpStream, TcpStream));

/// How many system calls a session makes beyond those of one in which nothing is sent.
fn calls(tracer: &Tracer, kind: Kind<'_>, session: Session<'_>) -> f64 {
    let calls = |session: Session<'_>| {
        let daemon = Daemon::start_traced(kind, tracer);
        let users = ann_and_bob(&daemon);
        session(&daemon, &users);
        // The users are there until it has ended: that they leave is not counted.
        drop(daemon);
        tracer.count()
    };
    calls(session) - calls(&|_, _| ())
}

fn visit(tools: &Tools, arguments: &Arguments) {
    let count = arguments.either(1000, 100);
    let measures = &["CPU us per visit", "wall us per visit", "visits per second"];
    let title = "programs: server, connect, log in, leave";
    let trial = contend(Trial::new(title, measures), tools, |kind| {
        let daemon = Daemon::start(kind, count);
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

fn crowd(tools: &Tools, arguments: &Arguments) {
    let measures = &["anonymous memory, bytes per user", "RSS, bytes per user", "us per log-in"];
    // Some are for the programs' own use.
    let most = raise_descriptor_limit().saturating_sub(100);
    for wanted in [1000, arguments.either(10_000, 2000)] {
        let users = wanted.min(most);
        let title = format!("programs: server, {} idle users who are logged in", number(users as f64));
        let mut trial = contend(Trial::new(&title, measures), tools, move |kind| idle(kind, users));
        if users < wanted {
            trial.note(format!("not {}: there may be no more descriptors", number(wanted as f64)));
        }
        trial.run(arguments, arguments.either(3, 1));
    }
}

fn idle(kind: Kind<'_>, users: usize) -> Vec<f64> {
    let daemon = Daemon::start(kind, users);
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
