//! Whether the real `chinwagd` keeps its word: to hundreds of users at once, and to two while it is attacked.
//!
//! ```text
//! cargo build --release && cargo run --release --example soak            one minute
//! cargo run --release --example soak -- run --seconds 1800 --users 400
//! cargo run --release --example soak -- attack all
//! ```
//!
//! `run` lets users come, chat, leave, be cut off, read slowly or not at all, and judges that nothing which
//! was acknowledged to a receiver that stays and reads was lost, doubled or reordered, that the server's
//! memory stays below a bound, and that it ends as it should.
//!
//! `attack` measures what two users notice of an attack: see `attack`. What follows `--` is for the server.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it says what it found")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be set up ends the program")]

mod attack;
mod crowd;
mod ledger;
mod pair;
mod plans;
#[path = "../../tests/sim/random.rs"]
#[allow(dead_code, reason = "the simulator draws more")]
mod random;
mod server;
mod swarm;
#[path = "../../benches/harness/table.rs"]
#[allow(dead_code, reason = "the benchmarks print more")]
mod table;
mod user;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

#[cfg(not(test))]
fn main() -> std::process::ExitCode {
    run(std::env::args().skip(1).collect()).into()
}

/// The program; returns its exit status.
pub(crate) fn run(mut words: Vec<String>) -> u8 {
    raise_descriptor_limit();
    let for_server =
        words.iter().position(|word| word == "--").map(|at| words.split_off(at)).unwrap_or_default();
    let mut options = Options { words, for_server: for_server.into_iter().skip(1).collect() };
    let first = if options.words.is_empty() { "run".to_owned() } else { options.next() };
    let faults = match first.as_str() {
        "run" => soak(options),
        "attack" => under_attack(options),
        // The processes of an attack.
        "pair" => pair::chat(options.next().parse().unwrap())
            .err()
            .map(|error| error.to_string())
            .into_iter()
            .collect(),
        "swarm" => {
            attack::swarm(&options.next(), options.next().parse().unwrap());
            Vec::new()
        }
        _ => panic!("{first}: there are run and attack"),
    };
    for fault in &faults {
        eprintln!("  {fault}");
    }
    u8::from(!faults.is_empty())
}

fn soak(mut options: Options) -> Vec<String> {
    let settings = crowd::Settings {
        seed: options.number("--seed", 1),
        users: options.number("--users", 300),
        time: Duration::from_secs(options.number("--seconds", 60)),
        rate: options.number("--rate", 1000),
        messages: options.number("--messages", u64::MAX),
        memory: options.number("--memory", 512 << 10),
    };
    let program = options.server();
    let mut arguments = vec!["--max-users".to_owned(), settings.users.to_string()];
    arguments.append(&mut options.for_server);
    options.end();
    crowd::soak(server::Server::start(&program, &arguments, None, 0), settings)
}

fn under_attack(mut options: Options) -> Vec<String> {
    let settings = attack::Settings {
        server: options.server(),
        nice: options.number("--nice", 0),
        time: Duration::from_secs(options.number("--seconds", 10)),
        memory: options.number("--memory", 512 << 10),
        high: Duration::from_millis(options.number("--high", 20)),
        for_server: std::mem::take(&mut options.for_server),
    };
    let name = options.next();
    options.end();
    attack::run(&name, &settings)
}

/// Begins each attack on a server of its own, which must then still let users in and end as it should.
#[cfg(test)]
pub(crate) fn try_attacks(server: &std::path::Path) {
    use std::time::Instant;
    raise_descriptor_limit();
    let knows_tls = server::Server::knows_tls(server);
    for attack in plans::ATTACKS.iter().filter(|attack| knows_tls || !attack.tls) {
        let arguments = ["--echobot", "--max-users", "6000"].map(str::to_owned);
        let server =
            server::Server::attacked(server, &arguments, &plans::Attack { descriptors: None, ..*attack }, 0);
        let until = Instant::now() + Duration::from_millis(100);
        swarm::attack(attack, server.attacked, until, &mut || ());
        let patience = Duration::from_secs(30);
        pair::log_in(server.address, "somebody", patience)
            .unwrap_or_else(|error| panic!("{}: {error}", attack.name));
        assert!(server.stop().is_some_and(|status| status.success()), "{}", attack.name);
    }
}

/// The words of the command line, and those after `--`.
struct Options {
    words: Vec<String>,
    for_server: Vec<String>,
}

impl Options {
    fn number<T: FromStr>(&mut self, name: &str, default: T) -> T {
        self.take(name).map_or(default, |word| {
            word.parse().unwrap_or_else(|_| panic!("{name}: {word} is no number that will do"))
        })
    }

    /// The server: by default the one that was built as this program was.
    fn server(&mut self) -> PathBuf {
        let beside = || std::env::current_exe().unwrap().parent().unwrap().join("../chinwagd");
        self.take("--server").map_or_else(beside, PathBuf::from)
    }

    fn next(&mut self) -> String {
        assert!(!self.words.is_empty(), "a word is missing");
        self.words.remove(0)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.words.iter().position(|word| word == name)?;
        assert!(at + 1 < self.words.len(), "{name} needs a value");
        self.words.remove(at);
        Some(self.words.remove(at))
    }

    fn end(&self) {
        assert!(self.words.is_empty(), "{:?}: not known here", self.words);
    }
}

/// Both ends of all connections are descriptors, and half of them are held here.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
