//! What the client costs, beside `nc`, which shows what comes as it comes.

use super::client::{Client, Kind, delivery};
use super::process::wait_readable;
use super::server::Daemon;
use super::{Stdio, TEXT};
use crate::harness::{Arguments, Trial, number, quantile};
use std::io::{Read, Write};
use std::path::Path;
use std::process::ChildStdout;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) fn run(nc: Option<&Path>, arguments: &Arguments) {
    flood(nc, arguments);
    huge(nc, arguments);
    pace(nc, arguments);
    start_up(nc, arguments);
    idle(nc, arguments);
}

/// `nc`, if it is there, and chinwag.
fn contend<'a>(
    mut trial: Trial<'a>,
    nc: Option<&'a Path>,
    work: impl Fn(Kind<'a>) -> Vec<f64> + Copy + 'a,
) -> Trial<'a> {
    let kinds = nc.map(Kind::Nc).into_iter().chain([Kind::Chinwag]);
    kinds.for_each(|kind| trial.add(kind.name(), move || work(kind)));
    if nc.is_none() {
        trial.note("nc is not installed: skipped".to_owned());
    }
    trial
}

fn flood(nc: Option<&Path>, arguments: &Arguments) {
    let count = arguments.either(1_000_000, 50_000);
    let title =
        format!("programs: client, {} messages of 64 bytes, output to /dev/null", number(count as f64));
    let measures =
        &["CPU ns per message", "wall ns per message", "peak memory, KiB", "memory afterwards, KiB"];
    let bytes = delivery(TEXT).repeat(if arguments.selects(&title) { count } else { 0 });
    let trial = contend(Trial::new(&title, measures), nc, |kind| {
        let mut values = pass(kind, bytes.as_bytes(), kind.shown(TEXT).len() * count);
        values[..2].iter_mut().for_each(|nanoseconds| *nanoseconds /= count as f64);
        values
    });
    trial.run(arguments, arguments.either(15, 1));
}

fn huge(nc: Option<&Path>, arguments: &Arguments) {
    let megabytes = arguments.either(100, 10);
    let title = format!("programs: client, one message of {megabytes} MB, output to /dev/null");
    let measures = &["CPU ms", "wall ms", "peak memory, KiB", "memory afterwards, KiB"];
    let text = "x".repeat(if arguments.selects(&title) { megabytes * 1_000_000 } else { 0 });
    let bytes = delivery(&text);
    let trial = contend(Trial::new(&title, measures), nc, |kind| {
        let mut values = pass(kind, bytes.as_bytes(), kind.shown("").len() + text.len());
        values[..2].iter_mut().for_each(|nanoseconds| *nanoseconds /= 1e6);
        values
    });
    trial.run(arguments, arguments.either(7, 1));
}

/// Processor time and time in nanoseconds; the peak of its memory and what is left of it, in KiB.
fn pass(kind: Kind<'_>, bytes: &[u8], shown: usize) -> Vec<f64> {
    let mut client = Client::start(kind, Stdio::null());
    let task = client.program.task.clone();
    let before = task.processor_time();
    let start = Instant::now();
    client.pass(bytes, shown);
    let wall = start.elapsed().as_nanos() as f64;
    vec![task.processor_time() - before, wall, task.peak(), task.memory().0]
}

fn pace(nc: Option<&Path>, arguments: &Arguments) {
    let count = arguments.either(2000, 100);
    let measures = &["median, us", "99th percentile, us", "CPU us per message"];
    let title = "programs: client, a message each millisecond, from sent to read from its output";
    let trial = contend(Trial::new(title, measures), nc, |kind| {
        let mut client = Client::start(kind, Stdio::piped());
        let mut stdout = client.program.child.stdout.take().unwrap();
        read_line(&mut stdout);
        let before = client.program.task.processor_time();
        let latencies = latencies(kind, &mut client, &mut stdout, count);
        client.program.task.wait_until_asleep();
        let time = client.program.task.processor_time() - before;
        vec![quantile(&latencies, 0.5), quantile(&latencies, 0.99), time / 1000.0 / count as f64]
    });
    trial.run(arguments, arguments.either(5, 1));
}

/// Sends one message each millisecond, or later if the one before has not come out by then; returns
/// how long each took, in microseconds.
fn latencies(kind: Kind<'_>, client: &mut Client, stdout: &mut ChildStdout, count: usize) -> Vec<f64> {
    let (message, shown) = (delivery(TEXT), kind.shown(TEXT));
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
    (0..count).map(one).collect()
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

fn start_up(nc: Option<&Path>, arguments: &Arguments) {
    let title = "programs: client, from start to connection";
    let measures = &["us", "CPU us, log-in included"];
    let trial = contend(Trial::new(title, measures), nc, |kind| {
        let client = Client::start(kind, Stdio::null());
        vec![client.start_up, client.program.task.processor_time() / 1000.0]
    });
    trial.run(arguments, arguments.either(101, 5));
}

fn idle(nc: Option<&Path>, arguments: &Arguments) {
    let title = "programs: idle memory, KiB";
    let measures = &["all of it (RSS)", "anonymous"];
    let mut trial = contend(Trial::new(title, measures), nc, |kind| {
        let (all, anonymous) = Client::start(kind, Stdio::null()).program.task.memory();
        vec![all, anonymous]
    });
    trial.add("chinwagd", || {
        let daemon = Daemon::start(16);
        daemon.task().wait_until_asleep();
        let (all, anonymous) = daemon.task().memory();
        vec![all, anonymous]
    });
    trial.run(arguments, arguments.either(5, 1));
}
