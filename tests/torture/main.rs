//! Torture, after curl's and SQLite's tests: sessions in which every system call fails, one after another.
//!
//! A session is recorded under `strace`. Then it is played again and again, and each time one of its
//! calls is made to fail (`strace -e inject`), alone or from then on, with an error that the system
//! gives for such a call (`faults`). Whatever fails, the program must not hang, spin, flood, panic, leave
//! the terminal raw, lose or double what was acknowledged, or end without a word (`judge`). What it does
//! wrong all the same, knowingly, stands in `exceptions`.
//!
//! There are five sessions (`scenarios`): a client on pipes, one on a terminal, one that hosts, one that
//! comes back to a server, and a server with three users. Short reads and writes are not tried here: those
//! are in the simulator (`tests/sim`).
//!
//! ```sh
//! cargo test --test torture                                # short: each call once, in under a minute
//! CHINWAG_TORTURE=full cargo test --release --test torture # everything: some minutes
//! CHINWAG_TORTURE=host/sendto:2/ENOBUFS/once cargo test --test torture   # one run, with its trace
//! ```
//!
//! It needs Linux and strace, and says so if it cannot run; where `CI` is set, that is a failure.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a driver says what it does, and may break off")]
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "it only runs on Linux"))]

mod exceptions;
mod faults;
mod judge;
mod peer;
mod program;
mod scenarios;
mod trace;

use exceptions::EXCEPTIONS;
use faults::{Fault, When};
use scenarios::{Scenario, Seen};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// No form takes longer: what has not been tried by then is said.
const SHORT: Duration = Duration::from_secs(150);
const FULL: Duration = Duration::from_secs(45 * 60);

fn main() -> ExitCode {
    // As a harness would: a filter that does not mean this test leaves it out.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    if filter.is_some_and(|filter| !"torture".contains(&filter)) || std::env::args().any(|it| it == "--list")
    {
        return ExitCode::SUCCESS;
    }
    trace::check();
    if let Some(obstacle) = trace::obstacle() {
        println!("torture: 0 runs, skipped: {obstacle}");
        let must_run = std::env::var_os("CI").is_some_and(|value| value == "true");
        return if must_run { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let form = std::env::var("CHINWAG_TORTURE").unwrap_or_default();
    match form.as_str() {
        "" | "short" => torture(SHORT, is_in_short_form, false),
        "full" => torture(FULL, |_, _| true, true),
        one => play_one(one),
    }
}

/// Each call with its commonest error: every other one alone, the others from there on.
fn is_in_short_form(number: usize, fault: &Fault) -> bool {
    let when = if number.is_multiple_of(2) { When::Once } else { When::Forever };
    let commonest = faults::of(&fault.call).into_iter().flatten().next();
    commonest.is_some_and(|commonest| commonest.error == fault.error) && fault.when == when
}

/// A scenario as it goes without a fault, and the faults it is to be played with.
struct Plan {
    scenario: Scenario,
    usual: Seen,
    faults: Vec<Fault>,
}

/// One run that is over.
struct Run {
    plan: usize,
    fault: Fault,
    was_injected: bool,
    complaint: Option<String>,
    said: String,
}

fn torture(longest: Duration, is_tried: fn(usize, &Fault) -> bool, is_full: bool) -> ExitCode {
    let start = Instant::now();
    let plans = scenarios::ALL.map(|scenario| plan(scenario, is_tried));
    let todo: Vec<(usize, Fault)> = plans
        .iter()
        .enumerate()
        .flat_map(|(number, plan)| plan.faults.iter().map(move |fault| (number, fault.clone())))
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    // Most of a run is waiting.
    let workers = 4 * std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while start.elapsed() < longest
                    && let Some((plan, fault)) = todo.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let run = play(*plan, &plans[*plan], fault);
                    done.lock().expect("nobody panics with it").push(run);
                }
            });
        }
    });
    let runs = done.into_inner().expect("all have ended");
    let is_fine = report(&plans, &runs, todo.len() - runs.len(), is_full);
    println!("torture: {} s", start.elapsed().as_secs());
    if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn plan(scenario: Scenario, is_tried: fn(usize, &Fault) -> bool) -> Plan {
    let usual = (scenario.play)(None);
    let name = scenario.name;
    assert!(usual.remains.end == program::End::Exited(0), "{name}: {:?}", usual.remains.end);
    let mut faults = Vec::new();
    for (number, call) in usual.remains.trace.calls.iter().enumerate() {
        let of_call =
            faults::of(call).unwrap_or_else(|| panic!("{name}: no errors are known for {}", call.text));
        faults.extend(of_call.into_iter().filter(|fault| is_tried(number, fault)));
    }
    Plan { scenario, usual, faults }
}

fn play(number: usize, plan: &Plan, fault: &Fault) -> Run {
    let seen = (plan.scenario.play)(Some(fault));
    Run {
        plan: number,
        fault: fault.clone(),
        was_injected: !seen.remains.trace.injected.is_empty(),
        complaint: judge::complaint(&plan.scenario, &plan.usual, &seen, fault),
        said: seen.remains.stderr,
    }
}

/// The exception that a run is, by its number.
fn exception_for(scenario: &Scenario, run: &Run) -> impl Iterator<Item = usize> {
    let text = &run.fault.call.text;
    let is_meant = move |exception: &exceptions::Exception| {
        (exception.scenario.is_empty() || exception.scenario == scenario.name)
            && text.starts_with(exception.call)
            && (exception.error.is_empty() || exception.error == run.fault.error)
    };
    (0..EXCEPTIONS.len()).filter(move |number| is_meant(&EXCEPTIONS[*number]))
}

/// Prints what was found; returns whether that is as it should be.
fn report(plans: &[Plan], runs: &[Run], untried: usize, is_full: bool) -> bool {
    let mut tried = vec![0; EXCEPTIONS.len()];
    let mut met = vec![0; EXCEPTIONS.len()];
    let mut failures = 0;
    for (number, plan) in plans.iter().enumerate() {
        let mut excused = 0;
        let of_plan: Vec<&Run> = runs.iter().filter(|run| run.plan == number).collect();
        let failures_before = failures;
        for run in &of_plan {
            let mut candidates = exception_for(&plan.scenario, run).inspect(|number| tried[*number] += 1);
            let candidates: Vec<usize> = candidates.by_ref().collect();
            let Some(complaint) = &run.complaint else { continue };
            let exception = candidates.iter().find(|it| complaint.starts_with(EXCEPTIONS[**it].complaint));
            if let Some(exception) = exception {
                met[*exception] += 1;
                excused += 1;
            } else {
                failures += 1;
                println!("{}/{}: {complaint}", plan.scenario.name, run.fault);
                println!("    {}", run.fault.call.text);
                run.said.lines().take(3).for_each(|line| println!("    {line}"));
            }
        }
        let failed = failures - failures_before;
        println!(
            "torture: {}: {} calls, {} runs ({} with the fault), {} fine, {excused} exceptions, {failed} failures",
            plan.scenario.name,
            plan.usual.remains.trace.calls.len(),
            of_plan.len(),
            of_plan.iter().filter(|run| run.was_injected).count(),
            of_plan.len() - excused - failed,
        );
    }
    let stale = print_stale(&tried, &met, is_full);
    if untried > 0 {
        println!("torture: there was no time for {untried} runs");
    }
    let calls: usize = plans.iter().map(|plan| plan.usual.remains.trace.calls.len()).sum();
    let excused: usize = met.iter().sum();
    let fine = runs.len() - excused - failures;
    println!(
        "torture: {calls} calls, {} runs, {fine} fine, {excused} exceptions, {failures} failures",
        runs.len()
    );
    failures == 0 && stale == 0 && (untried == 0 || !is_full)
}

/// Exceptions that were tried and are none, and in the full form those that nothing has tried.
fn print_stale(tried: &[usize], met: &[usize], is_full: bool) -> usize {
    let mut stale = 0;
    for (number, exception) in EXCEPTIONS.iter().enumerate() {
        println!("torture: {} times an exception: {} ({})", met[number], exception.reason, exception.call);
        if met[number] == 0 && is_full {
            println!("torture: this exception is stale; it was tried {} times", tried[number]);
            stale += 1;
        }
    }
    stale
}

/// One run, named as it is named where it fails.
fn play_one(name: &str) -> ExitCode {
    let Some((scenario, wanted)) = name.split_once('/') else {
        println!("CHINWAG_TORTURE is short, full, or the name of a run");
        return ExitCode::FAILURE;
    };
    let Some(scenario) = scenarios::ALL.into_iter().find(|it| it.name == scenario) else {
        println!("there is no scenario {scenario}");
        return ExitCode::FAILURE;
    };
    let plan = plan(scenario, |_, _| true);
    let Some(fault) = plan.faults.iter().find(|fault| fault.to_string() == wanted) else {
        println!("there is no fault {wanted}");
        return ExitCode::FAILURE;
    };
    let seen = (scenario.play)(Some(fault));
    seen.remains.trace.calls.iter().take(600).for_each(|call| println!("{}", call.text));
    seen.remains.trace.injected.iter().take(5).for_each(|line| println!("injected: {line}"));
    println!("usual:\n{}\nshown:\n{}", plan.usual.shown.escape_debug(), seen.shown.escape_debug());
    println!("heard: {:?}\nsaid:\n{}", seen.heard, seen.remains.stderr);
    println!("end: {:?}", seen.remains.end);
    match judge::complaint(&scenario, &plan.usual, &seen, fault) {
        None => ExitCode::SUCCESS,
        Some(complaint) => {
            println!("complaint: {complaint}");
            ExitCode::FAILURE
        }
    }
}
