//! What the client costs, beside one in C, and beside `nc`, which shows what comes as it comes.

use super::client::{Client, Kind, delivery};
use super::process::{Task, wait_readable};
use super::tools::Tools;
use super::tracer::Tracer;
use super::{Stdio, TEXT};
use crate::harness::{Arguments, Trial, number, quantile};
use std::io::{Read, Write};
use std::process::ChildStdout;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) fn run(tools: &Tools, arguments: &Arguments) {
    flood(tools, arguments);
    huge(tools, arguments);
    pace(tools, arguments);
    system_calls(tools, arguments);
    start_up(tools, arguments);
}

/// All clients that are there.
fn contend<'a>(
    mut trial: Trial<'a>,
    tools: &'a Tools,
    work: impl Fn(Kind<'a>) -> Vec<f64> + Copy + 'a,
) -> Trial<'a> {
    tools.clients().into_iter().for_each(|kind| trial.add(kind.name(), move || work(kind)));
    tools.note_clients(&mut trial);
    trial
}

fn flood(tools: &Tools, arguments: &Arguments) {
    let count = arguments.either(1_000_000, 50_000);
    let title =
        format!("programs: client, {} messages of 64 bytes, output to /dev/null", number(count as f64));
    let measures = &[
        "CPU ns per message",
        "wall ns per message",
        "peak memory, KiB",
        "memory after a tenth, KiB",
        "memory afterwards, KiB",
    ];
    let bytes = delivery(TEXT).repeat(if arguments.selects(&title) { count } else { 0 });
    let trial = contend(Trial::new(&title, measures), tools, |kind| {
        let client = Client::start(kind, Stdio::null());
        let task = &client.program.task;
        let shown = kind.shown(TEXT).len() * count;
        let (costs, after_a_tenth) = costs(task, || client.pass(bytes.as_bytes(), shown, rss));
        let per_message = costs.map(|nanoseconds| nanoseconds / count as f64);
        [&per_message[..], &[task.peak(), after_a_tenth, rss(task)]].concat()
    });
    trial.run(arguments, arguments.either(15, 1));
}

fn huge(tools: &Tools, arguments: &Arguments) {
    let megabytes = arguments.either(100, 10);
    let title = format!("programs: client, one message of {megabytes} MB, output to /dev/null");
    let measures =
        &["CPU ms", "wall ms", "peak memory, KiB", "peak memory, x message", "kept afterwards, KiB"];
    let text = "x".repeat(if arguments.selects(&title) { megabytes * 1_000_000 } else { 0 });
    let bytes = delivery(&text);
    let trial = contend(Trial::new(&title, measures), tools, |kind| {
        let client = Client::start(kind, Stdio::null());
        let task = &client.program.task;
        let before = rss(task);
        let shown = kind.shown("").len() + text.len();
        let (costs, ()) = costs(task, || client.pass(bytes.as_bytes(), shown, |_| ()));
        let milliseconds = costs.map(|nanoseconds| nanoseconds / 1e6);
        let peak = task.peak();
        let message = text.len() as f64 / 1024.0;
        [&milliseconds[..], &[peak, peak / message, rss(task) - before]].concat()
    });
    trial.run(arguments, arguments.either(7, 1));
}

/// Processor time and time in nanoseconds, and what comes of the work.
fn costs<T>(task: &Task, work: impl FnOnce() -> T) -> ([f64; 2], T) {
    let before = task.processor_time();
    let start = Instant::now();
    let result = work();
    let wall = start.elapsed().as_nanos() as f64;
    ([task.processor_time() - before, wall], result)
}

fn rss(task: &Task) -> f64 {
    task.memory().0
}

fn pace(tools: &Tools, arguments: &Arguments) {
    let count = arguments.either(1000, 100);
    let measures = &["median, us", "99th percentile, us", "CPU us per message"];
    let title = "programs: client, a message each millisecond, from sent to read from its output";
    let trial = contend(Trial::new(title, measures), tools, |kind| {
        let mut client = Client::start(kind, Stdio::piped());
        let task = client.program.task.clone();
        let (costs, latencies) = costs(&task, || latencies(kind, &mut client, count));
        let time = costs[0] / 1000.0 / count as f64;
        vec![quantile(&latencies, 0.5), quantile(&latencies, 0.99), time]
    });
    trial.run(arguments, arguments.either(11, 1));
}

/// Sends one message each millisecond, or later if the one before has not come out by then; returns
/// how long each took, in microseconds.
fn latencies(kind: Kind<'_>, client: &mut Client, count: usize) -> Vec<f64> {
    let (message, shown) = (delivery(TEXT), kind.shown(TEXT));
    let stdout = client.program.child.stdout.as_mut().unwrap();
    read_line(stdout);
    let mut next = Instant::now();
    let one = |_| {
        next += Duration::from_millis(1);
        sleep(next.saturating_duration_since(Instant::now()));
        let start = Instant::now();
        client.stream.write_all(message.as_bytes()).unwrap();
        let line = read_line(stdout);
        let latency = start.elapsed().as_nanos() as f64 / 1000.0;
        assert_eq!(line, shown.as_bytes());
        latency
    };
    let latencies = (0..count).map(one).collect();
    client.program.task.wait_until_asleep();
    latencies
}

fn read_line(stdout: &mut ChildStdout) -> Vec<u8> {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        wait_readable(stdout);
        let mut buffer = [0; 4096];
        let count = stdout.read(&mut buffer).unwrap();
        assert!(count > 0, "the program has ended");
        line.extend_from_slice(&buffer[..count]);
    }
    line
}

fn system_calls(tools: &Tools, arguments: &Arguments) {
    let title = "programs: client, system calls";
    let measures = &["per 1,000 messages, flood", "per message, one each millisecond"];
    if !arguments.selects(title) {
        return;
    }
    let Some(tracer) = tools.tracer(title) else { return };
    let (many, few) = (arguments.either(200_000, 20_000), arguments.either(500, 50));
    let bytes = delivery(TEXT).repeat(many);
    let trial = contend(Trial::new(title, measures), tools, |kind| {
        let flood = calls(tracer, kind, Stdio::null, &|client| {
            client.pass(bytes.as_bytes(), kind.shown(TEXT).len() * many, |_| ());
        });
        let pace = calls(tracer, kind, Stdio::piped, &|client| _ = latencies(kind, client, few));
        vec![flood / many as f64 * 1000.0, pace / few as f64]
    });
    trial.run(arguments, arguments.either(3, 1));
}

/// How many system calls a session makes beyond those of one in which nothing happens.
fn calls(tracer: &Tracer, kind: Kind<'_>, stdout: fn() -> Stdio, session: &dyn Fn(&mut Client)) -> f64 {
    let calls = |session: &dyn Fn(&mut Client)| {
        let mut client = Client::start_traced(kind, stdout(), Some(tracer));
        session(&mut client);
        drop(client);
        tracer.count()
    };
    calls(session) - calls(&|_| ())
}

fn start_up(tools: &Tools, arguments: &Arguments) {
    let title = "programs: client, from start to connection";
    let measures = &["us", "CPU us, log-in included"];
    let trial = contend(Trial::new(title, measures), tools, |kind| {
        let client = Client::start(kind, Stdio::null());
        vec![client.start_up, client.program.task.processor_time() / 1000.0]
    });
    trial.run(arguments, arguments.either(101, 5));
}
