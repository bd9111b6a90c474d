//! The fuzz targets of `fuzz/`, without a fuzzer: their seeds, and inputs made of them by chance, from a seed of
//! its own, with words of the dictionary. `CHINWAG_FUZZ_RUNS` makes it more of them. (They are read by way of
//! `tests/fuzz`, as what is published has no folder with a manifest of its own.)

#![allow(clippy::expect_used, reason = "what a helper cannot do fails the test that needs it")]

#[path = "fuzz/targets/mod.rs"]
mod targets;

#[path = "sim/random.rs"]
#[allow(dead_code, reason = "the simulator draws more")]
mod random;

use random::Random;
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// So many inputs for each target, unless they take longer than is good for a test.
const RUNS: usize = 3000;
const TIME: Duration = Duration::from_secs(1);

/// An input grows no longer than this.
const LONGEST: usize = 2048;

/// Where an input's pieces end, see `fuzz/targets`.
const BETWEEN: u8 = 0xff;

thread_local! {
    /// What is being run here, to be said if it fails.
    static CURRENT: RefCell<(String, Vec<u8>)> = const { RefCell::new((String::new(), Vec::new())) };
}

#[test]
fn every_target_takes_its_seeds_and_what_becomes_of_them() {
    say_input_on_panic();
    let runs = std::env::var("CHINWAG_FUZZ_RUNS").ok().and_then(|text| text.parse().ok());
    let words = dictionary();
    for (name, target) in targets::TARGETS {
        let seeds = seeds(name);
        let run = |input: &[u8]| {
            CURRENT.with(|current| *current.borrow_mut() = ((*name).to_owned(), input.to_vec()));
            target(input);
        };
        run(b"");
        seeds.iter().for_each(|seed| run(seed));
        let mut random = Random::new(1);
        let start = Instant::now();
        for _ in 0..runs.unwrap_or(RUNS) {
            if runs.is_none() && start.elapsed() > TIME {
                break;
            }
            run(&made_of(&seeds, &words, &mut random));
        }
    }
}

/// A seed, or the start of one and the end of another, with a few changes.
fn made_of(seeds: &[Vec<u8>], words: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = random.pick(seeds).clone();
    if random.percent(30) {
        let other = random.pick(seeds);
        input.truncate(random.between(0, input.len()));
        input.extend_from_slice(&other[random.between(0, other.len())..]);
    }
    for _ in 0..random.between(1, 8) {
        change(&mut input, words, random);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, words: &[Vec<u8>], random: &mut Random) {
    let at = random.between(0, input.len());
    let end = random.between(at, input.len().min(at + 40));
    match random.below(7) {
        0 => drop(input.drain(at..end)),
        1 => {
            let again = input[at..end].to_vec();
            let to = random.between(0, input.len());
            input.splice(to..to, again);
        }
        2 => drop(input.splice(at..at, [BETWEEN, b'a' + random.below(26) as u8])),
        3 => input.insert(at, random.below(256) as u8),
        4 if at < input.len() => input[at] = random.below(256) as u8,
        5 => input.insert(at, b'0' + random.below(64) as u8),
        _ => drop(input.splice(at..at, random.pick(words).iter().copied())),
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(name);
    let entries = fs::read_dir(&folder).expect("seeds for each target");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

/// The words in quotes, with `\xNN` for bytes, as libFuzzer reads them.
fn dictionary() -> Vec<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/chinwag.dict");
    let text = fs::read_to_string(file).expect("the dictionary");
    let quoted = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescaped).collect()
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        match after.strip_prefix('x') {
            Some(hex) => {
                bytes.push(u8::from_str_radix(&hex[..2], 16).expect("two digits"));
                rest = &hex[2..];
            }
            None => {
                bytes.extend_from_slice(&after.as_bytes()[..1]);
                rest = &after[1..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[allow(clippy::print_stderr, reason = "that is where a failure is told")]
fn say_input_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        CURRENT.with(|current| {
            let (name, input) = &*current.borrow();
            if !name.is_empty() {
                eprintln!("target {name}: b\"{}\"", input.escape_ascii());
            }
        });
        before(info);
    }));
}
