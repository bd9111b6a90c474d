//! The client's command line.

use crate::cli::arguments::{self, HELP, Row, VERBOSE, option};
use crate::client::command;
use crate::net::options::{Options, When};
use crate::net::run::{Verdict, run};
use crate::net::{log, lookup, signals};
use crate::wire::protocol::DEFAULT_PORT;
use ::log::LevelFilter;
use clap::{ArgMatches, Command};
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

const OPTIONS: &[Row] = &[
    option("address", arguments::host, "CHINWAG_ADDRESS", "The server's name or address")
        .short('a')
        .default("127.0.0.1"),
    option("port", arguments::port, "CHINWAG_PORT", "The server's port").short('p').default("5378"),
    option("name", arguments::name, "CHINWAG_NAME", "Log in as NAME without asking").short('n'),
    option(
        "host",
        arguments::flag,
        "CHINWAG_HOST",
        "Host a server at HOST:PORT in this process, with an echobot, and join it",
    ),
    option(
        "max-message",
        arguments::bytes,
        "CHINWAG_MAX_MESSAGE",
        "Drop longer lines of the server; BYTES may end with K, M or G [default: no limit]",
    ),
    option(
        "connect-timeout",
        arguments::seconds,
        "CHINWAG_CONNECT_TIMEOUT",
        "Give up connecting after so long",
    )
    .default("10"),
    option(
        "linger",
        arguments::seconds,
        "CHINWAG_LINGER",
        "After the end of input, wait so long for the next answer",
    )
    .default("2"),
    option("escape", arguments::when, "CHINWAG_ESCAPE", "Make control characters in messages visible")
        .default("auto"),
    option("plain", arguments::flag, "CHINWAG_PLAIN", "Do not edit the typed line: leave it to the terminal"),
    option(
        "timestamps",
        arguments::flag,
        "CHINWAG_TIMESTAMPS",
        "Begin each line with the time, and with the date when it changes",
    ),
    option("bell", arguments::flag, "CHINWAG_BELL", "Ring the terminal's bell at a message"),
    option("color", arguments::when, "CHINWAG_COLOR", "Show names in colours; `auto` respects NO_COLOR")
        .default("never"),
    option(
        "log",
        arguments::file,
        "CHINWAG_LOG",
        "Append what happens to FILE, a line with the time for each event",
    ),
    option(
        "reconnect",
        arguments::flag,
        "CHINWAG_RECONNECT",
        "Make a lost connection again, with the same name",
    ),
    VERBOSE,
    HELP,
];

/// The program `chinwag`.
pub fn main() -> ExitCode {
    if let Some(status) = lookup::answer_if_asked() {
        return status;
    }
    if arguments::answer_help(definition) {
        return ExitCode::SUCCESS;
    }
    let options = options();
    log::init("chinwag", LevelFilter::Error, options.verbose);
    let result = run(&options);
    if let Err(failure) = &result {
        log::say("chinwag", failure);
    }
    log::finish();
    match result {
        Ok(Verdict::Left) => ExitCode::SUCCESS,
        Ok(Verdict::Full) => ExitCode::from(3),
        Ok(Verdict::Killed(signal)) => {
            // The terminal is as it was: end as any program does, with status 130 for SIGINT.
            signals::obey(signal);
            // As a shell says it, where nobody knows how to end by it.
            ExitCode::from(128_u8.wrapping_add(signal as u8))
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// Reads the command line and the environment. Says what is wrong and ends the program with
/// status 2, or 0 after `--version`.
fn options() -> Options {
    match definition().try_get_matches() {
        Ok(matches) => from_matches(&matches),
        Err(error) => arguments::leave(error),
    }
}

pub(super) fn from_matches(matches: &ArgMatches) -> Options {
    let number = |id| matches.get_one::<u64>(id).copied();
    let seconds = |id| number(id).map(Duration::from_nanos).unwrap_or_default();
    let text = |id| matches.get_one::<String>(id).cloned();
    Options {
        connect_timeout: seconds("connect-timeout"),
        linger: seconds("linger"),
        port: number("port").map_or(DEFAULT_PORT, |port| port as u16),
        max_message: number("max-message").map(|bytes| bytes as usize),
        escape: when(matches, "escape"),
        color: when(matches, "color"),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        dumb: std::env::var_os("TERM").is_some_and(|value| value == "dumb"),
        plain: matches.get_flag("plain"),
        timestamps: matches.get_flag("timestamps"),
        bell: matches.get_flag("bell"),
        reconnect: matches.get_flag("reconnect"),
        log: matches.get_one("log").cloned(),
        host: matches.get_flag("host"),
        verbose: matches.get_count("verbose"),
        name: text("name"),
        address: text("address").unwrap_or_default(),
    }
}

fn when(matches: &ArgMatches, id: &str) -> When {
    match matches.get_one::<String>(id).map(String::as_str) {
        Some("always") => When::Always,
        Some("never") => When::Never,
        _ => When::Auto,
    }
}

pub(super) fn definition() -> Command {
    Command::new("chinwag")
        .override_usage("chinwag [OPTIONS]")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Chat from the terminal.")
        .after_help(after_help())
        .args(OPTIONS)
}

fn after_help() -> String {
    let mut text = String::from("Once logged in, type:\n");
    for (form, meaning) in command::HELP {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {form:<12} {meaning}");
    }
    text + "\n\
        Exit status:\n  \
        0         the user left, or the reader of standard output went away\n  \
        1         no connection could be made, or it was lost; or input that is no\n  \
        \u{20}         terminal ended, and not everything was answered\n  \
        2         the command line was wrong\n  \
        3         the server was full\n  \
        130, 143  ended by SIGINT, SIGTERM"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, clap::Error> {
        let arguments = ["chinwag"].iter().chain(arguments);
        definition().try_get_matches_from(arguments).map(|matches| from_matches(&matches))
    }

    #[test]
    fn command_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn defaults() {
        let options = parsed(&[]).unwrap();
        let expected = Options {
            address: "127.0.0.1".into(),
            port: DEFAULT_PORT,
            name: None,
            host: false,
            max_message: None,
            connect_timeout: Duration::from_secs(10),
            linger: Duration::from_secs(2),
            escape: When::Auto,
            plain: false,
            timestamps: false,
            bell: false,
            color: When::Never,
            no_color: options.no_color,
            dumb: options.dumb,
            log: None,
            reconnect: false,
            verbose: 0,
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn everything_given() {
        let line =
            "-a ::1 -p 1 -n ann --host --max-message 9 --connect-timeout 0.5 --linger 0 --escape never -vv";
        let options = parsed(&line.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!(
            (options.address.as_str(), options.port, options.name.as_deref()),
            ("::1", 1, Some("ann"))
        );
        assert_eq!((options.host, options.max_message, options.verbose), (true, Some(9), 2));
        assert_eq!((options.connect_timeout, options.linger), (Duration::from_millis(500), Duration::ZERO));
        assert_eq!(options.escape, When::Never);
    }

    #[test]
    fn wrong_values_are_refused() {
        let table: [&[&str]; 7] = [
            &["-p", "65536"],
            &["-a", ""],
            &["--linger", "-1"],
            &["--linger", "inf"],
            &["--escape", "maybe"],
            &["--max-message", "x"],
            &["stray"],
        ];
        for arguments in table {
            assert_eq!(parsed(arguments).unwrap_err().exit_code(), 2);
        }
    }
}
