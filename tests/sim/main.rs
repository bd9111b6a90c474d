//! The simulator: whole conversations, with a clock and faults of their own, from a seed.
//!
//! A seed gives the clients, what they type and how their outputs take it, the server's habits, the links
//! and the faults; then everything runs in one thread, and is checked (see `checks`): first with faults,
//! then in a calm phase in which all must come to rest and end. A failure says its seed, and the same
//! seed brings the same run, byte for byte:
//!
//! ```text
//! cargo test --test sim                                          three thousand runs
//! CHINWAG_SIM_SEED=17 cargo test --test sim                      that one run
//! CHINWAG_SIM_RUNS=1000000 cargo test --release --test sim -- --nocapture
//! ```
//!
//! `CHINWAG_SIM_START` is the first seed of many. Races that were once lost stand in `scripted`, by name.

mod checks;
mod client;
mod host;
mod link;
mod options;
mod oracle;
mod random;
mod scripted;
mod seal;
mod server;
mod socket;
mod stats;
mod stdio;
mod stranger;
mod world;

use options::Options;
use random::Random;
use stats::Stats;
use std::cell::RefCell;
use std::panic;
use std::thread;
use world::World;

const RUNS: u64 = 3000;

thread_local! {
    /// What is being run here, to be said if it fails.
    static CURRENT: RefCell<Option<(u64, Options)>> = const { RefCell::new(None) };
}

#[test]
#[expect(clippy::print_stdout, reason = "it is shown with --nocapture")]
fn every_run_keeps_what_was_promised() {
    say_seed_on_panic();
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().unwrap());
    let seed = number("CHINWAG_SIM_SEED");
    let start = seed.or(number("CHINWAG_SIM_START")).unwrap_or(0);
    let runs = if seed.is_some() { 1 } else { number("CHINWAG_SIM_RUNS").unwrap_or(RUNS) };
    println!("{}", run_all(start, runs));
}

/// Split over as many threads as there are processors, and not too many.
fn run_all(start: u64, runs: u64) -> Stats {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8) as u64;
    let run_some = |first| {
        let mut stats = Stats::default();
        (start + first..start + runs).step_by(threads as usize).for_each(|seed| stats.add(&run(seed)));
        stats
    };
    let mut stats = Stats::default();
    thread::scope(|scope| {
        let some: Vec<_> = (0..threads).map(|first| scope.spawn(move || run_some(first))).collect();
        for some in some {
            match some.join() {
                Ok(some) => stats.add(&some),
                Err(failure) => panic::resume_unwind(failure),
            }
        }
    });
    stats
}

#[test]
fn same_seed_is_the_same_run() {
    let shown = |seed| {
        let mut world = world_of(seed);
        world.run();
        world.clients.iter().map(|client| client.shown.borrow().bytes.clone()).collect::<Vec<_>>()
    };
    for seed in 0..20 {
        assert_eq!(shown(seed), shown(seed));
    }
}

fn run(seed: u64) -> Stats {
    let mut world = world_of(seed);
    CURRENT.with(|current| *current.borrow_mut() = Some((seed, world.options.clone())));
    world.run();
    CURRENT.with(|current| *current.borrow_mut() = None);
    world.stats
}

fn world_of(seed: u64) -> World {
    let mut random = Random::new(seed);
    World::new(Options::draw(&mut random), random)
}

#[expect(clippy::print_stderr, reason = "that is where a failure is told")]
fn say_seed_on_panic() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        CURRENT.with(|current| {
            if let Some((seed, options)) = &*current.borrow() {
                eprintln!("{options:#?}\nseed {seed}: CHINWAG_SIM_SEED={seed} cargo test --test sim");
            }
        });
        before(info);
    }));
}
