//! What chinwagd is told on its command line and in its environment.

use crate::cli::arguments::{self, HELP, Row, VERBOSE, option};
use crate::net::{daemon, log};
use crate::server::Config;
use crate::server::hub::{Limits, QUEUE_ROOM};
use crate::wire::protocol::DEFAULT_PORT;
use ::log::LevelFilter;
use clap::error::ErrorKind;
use clap::{ArgMatches, Command};
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

const ABOUT: &str = "Serves a chat: whoever connects picks a name, sees who is there, and sends messages.";

const AFTER: &str = "\
Every option can be given in the environment too; the command line wins. BYTES may end with K, M or G,
for 1024 bytes, 1024 K and 1024 M.

When it listens, chinwagd prints `listening on ADDRESS:PORT`. Everything else is said on standard error.

Exit status:
  0  ended by SIGINT or SIGTERM
  1  it could not listen there, or the system failed it
  2  the command line was wrong";

const OPTIONS: &[Row] = &[
    option(
        "address",
        arguments::host,
        "CHINWAGD_ADDRESS",
        "Where to listen: a name or an address of this machine",
    )
    .short('a')
    .default("127.0.0.1"),
    option("port", arguments::port, "CHINWAGD_PORT", "The port to listen on; 0 for any that is free")
        .short('p')
        .default("5378"),
    option("max-users", arguments::number, "CHINWAGD_MAX_USERS", "How many may be logged in at once")
        .default("16"),
    option(
        "max-name",
        arguments::number,
        "CHINWAGD_MAX_NAME",
        "The longest name, in bytes; a longer one is refused",
    )
    .default("64"),
    option(
        "max-message",
        arguments::bytes,
        "CHINWAGD_MAX_MESSAGE",
        "The longest text of a message; a longer one is refused [default: 16M, or what --max-memory allows]",
    ),
    option(
        "max-queue",
        arguments::bytes,
        "CHINWAGD_MAX_QUEUE",
        "The most that may wait for one client; beyond it, the client is dropped [default: 40M, or 5/8 of \
         --max-memory]",
    ),
    option(
        "max-memory",
        arguments::bytes,
        "CHINWAGD_MAX_MEMORY",
        "The most that all clients together may make the server hold",
    )
    .default("64M"),
    option(
        "max-connections",
        arguments::number,
        "CHINWAGD_MAX_CONNECTIONS",
        "How many may be connected; one more makes the oldest leave that has not logged in [default: 1000 \
         more than --max-users, or what --max-memory allows]",
    ),
    option(
        "max-per-address",
        arguments::number,
        "CHINWAGD_MAX_PER_ADDRESS",
        "How many connections one address may have, if not of this machine [default: half of --max-users]",
    ),
    option(
        "login-timeout",
        arguments::seconds,
        "CHINWAGD_LOGIN_TIMEOUT",
        "Close what has not logged in after so long",
    )
    .default("300"),
    option(
        "echobot",
        arguments::flag,
        "CHINWAGD_ECHOBOT",
        "Add the user `echobot`, who sends every message back",
    ),
    VERBOSE,
    HELP,
];

/// The program `chinwagd`.
pub fn main() -> ExitCode {
    if arguments::answer_help(command) {
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(error) => arguments::leave(error),
    };
    log::init("chinwagd", LevelFilter::Warn, options.verbose);
    let result = daemon::run(&options.host, options.port, options.config);
    if let Err(error) = &result {
        log::say("chinwagd", error);
    }
    log::finish();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What chinwagd is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A name or an address of this machine.
    pub host: String,
    /// The port; 0 for one that the system picks.
    pub port: u16,
    /// What the server is to be like.
    pub config: Config,
    /// How often `-v` was given.
    pub verbose: u8,
}

impl Options {
    /// Reads the arguments, the program's name first, and the environment.
    ///
    /// # Errors
    /// Wrong usage, and also the call for the version: [`clap::Error::exit`] says each where it belongs
    /// and ends with the right status.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        let options = Self::from_matches(&matches);
        match contradiction(&options.config.limits) {
            Some(message) => Err(command.error(ErrorKind::ValueValidation, message)),
            None => Ok(options),
        }
    }

    fn from_matches(matches: &ArgMatches) -> Self {
        let number = |id| matches.get_one::<u64>(id).copied();
        let size = |id, default| number(id).map_or(default, |size| size as usize);
        let limits = Limits::default();
        let limits = limits.for_users(size("max-users", limits.max_users));
        let limits = limits.for_memory(size("max-memory", limits.max_memory));
        let limits = Limits {
            max_name: size("max-name", limits.max_name),
            max_message: size("max-message", limits.max_message),
            max_queue: size("max-queue", limits.max_queue),
            max_connections: size("max-connections", limits.max_connections),
            max_per_address: size("max-per-address", limits.max_per_address),
            login_timeout: number("login-timeout").map_or(limits.login_timeout, Duration::from_nanos),
            ..limits
        };
        Self {
            host: matches.get_one::<String>("address").cloned().unwrap_or_default(),
            port: number("port").map_or(DEFAULT_PORT, |port| port as u16),
            config: Config { limits, echobot: matches.get_flag("echobot") },
            verbose: matches.get_count("verbose"),
        }
    }
}

/// What is wrong with limits that do not go together.
fn contradiction(limits: &Limits) -> Option<String> {
    let Limits { max_message, max_queue, max_memory, max_connections, .. } = *limits;
    if max_queue < max_message.saturating_add(QUEUE_ROOM) {
        return Some(format!(
            "the queue of {max_queue} bytes is too short for messages of {max_message}: give --max-queue at \
             least {QUEUE_ROOM} bytes more than --max-message"
        ));
    }
    (limits.above_shares() < limits.least_above_shares()).then(|| {
        format!(
            "{max_memory} bytes of memory are too few for messages of {max_message} and {max_connections} \
             connections: give more --max-memory, or less of the others"
        )
    })
}

fn command() -> Command {
    Command::new("chinwagd")
        .override_usage("chinwagd [OPTIONS]")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER)
        .args(OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &str) -> Result<Options, clap::Error> {
        Options::parse(["chinwagd"].into_iter().chain(arguments.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn defaults_are_those_of_the_library() {
        let options = parse("").unwrap();
        assert_eq!((options.host.as_str(), options.port), ("127.0.0.1", DEFAULT_PORT));
        assert_eq!((options.config, options.verbose), (Config::default(), 0));
    }

    #[test]
    fn every_option_is_read() {
        let options = parse(
            "-a ::1 -p 0 --max-users 2000 --max-name 9 --max-message 3k --max-queue 1G --echobot -vvv \
             --max-memory 8M --max-connections 7 --max-per-address 5 --login-timeout 0.5",
        )
        .unwrap();
        let limits = Limits {
            max_users: 2000,
            max_name: 9,
            max_message: 3072,
            max_queue: 1 << 30,
            max_memory: 8 << 20,
            max_connections: 7,
            max_per_address: 5,
            login_timeout: Duration::from_millis(500),
        };
        let config = Config { limits, echobot: true };
        assert_eq!(options, Options { host: "::1".to_owned(), port: 0, config, verbose: 3 });
    }

    #[test]
    fn what_is_not_given_follows_from_what_is() {
        let limits = parse("--max-users 5000 --max-memory 8M").unwrap().config.limits;
        assert_eq!(limits, Limits::default().for_users(5000).for_memory(8 << 20));
        assert!(limits.max_message < 3 << 20 && limits.max_queue == 5 << 20);
    }

    #[test]
    fn wrong_usage_is_refused() {
        for arguments in [
            "-p 65536",
            "-p x",
            "extra",
            "--max-users -1",
            "--max-message 1T",
            "--max-message M",
            "--max-queue 99999999999999G",
            "--max-message 1M --max-queue 1M",
            "--max-message 32M --max-queue 65M",
            "--max-memory 100K",
            "--max-memory 1M --max-message 512K --max-queue 1M",
            "--login-timeout soon",
        ] {
            assert_eq!(parse(arguments).unwrap_err().exit_code(), 2, "{arguments}");
        }
        assert_eq!(parse("--version").unwrap_err().exit_code(), 0);
    }

    #[test]
    fn command_is_sound() {
        command().debug_assert();
    }
}
