//! The client's command line.

#[cfg(feature = "rich")]
use crate::cli::extras;
use crate::cli::given::{self, Given};
use crate::cli::table::{COMMON, Program};
use crate::cli::tls;
use crate::cli::units;
use crate::net::options::{Options, Send, When};
use crate::net::run::{Verdict, run};
use crate::net::{log, lookup, signals};
use crate::wire::protocol::is_valid_name;
use ::log::LevelFilter;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A text of builds that can host.
#[cfg(feature = "host")]
macro_rules! with_host {
    ($text:literal) => {
        $text
    };
}

/// The others do without it.
#[cfg(not(feature = "host"))]
macro_rules! with_host {
    ($text:literal) => {
        ""
    };
}

/// What each field is, [`Row`](super::table::Row) says.
const OPTIONS: &str = concat!(
    "\
address|a|HOST|127.0.0.1|The server's name or address|, with or without :PORT, or a Unix socket, as /PATH, unix:PATH or unix:@NAME
port|p|PORT|5378|The server's port
via||COMMAND|||Talk to COMMAND, which a shell runs, instead of a socket
name|n|NAME||Log in as NAME without asking|; if refused, ask on a terminal, or end
to||NAME||Talk to NAME: what is no command goes there|, as a message
",
    with_host!("host||||Run a server here, and join it|: at HOST:PORT, in this process, with an echobot\n"),
    "\
max-message||BYTES|||Drop longer lines of the server; BYTES may end with K, M or G [default: no limit]
connect-timeout||SECONDS|10||Give up connecting after so long
linger||SECONDS|2||After the end of input, wait so long for the next answer
escape||WHEN|auto||Make control characters in messages visible: auto (on a terminal), always, never
plain|||||Leave the typed line to the terminal: do not edit it
timestamps||||Begin each line with the time|, and with the date when it changes
bell||||Ring the terminal's bell at a message
color||WHEN|never|Names in colours: auto, always, never|; `auto` respects NO_COLOR
log||FILE||Append what happens to FILE|, a line with the time for each event
reconnect||||Make a lost connection again, with the same name
send||NAME [TEXT]||Send TEXT to NAME, and leave|: its lines, or those of standard input, are a message each, whatever they say. Nothing is shown. A TEXT that may begin with - goes last, behind --
strict|||||End with status 5 at the first message that is refused, and send none after it
"
);

const BRIEF: &str = concat!(
    "\
Once logged in, type @NAME TEXT to send TEXT to NAME, !who to see who is there,
!quit to leave. Other lines are ignored.",
    with_host!(" Nobody there? Try `chinwag --host`."),
    "\n"
);

const BEFORE: &str = concat!(
    "Examples:\n",
    with_host!("  chinwag --host\n        Run a chat on this machine, and join it\n"),
    "  chinwag ann@chat.example.org
        Join one as ann
  chinwag --reconnect --log chat.log --timestamps ann@chat.example.org
        Stay there all day
  chinwag bot@chat.example.org --send ann 'the build is green'
        Say something from a script, and leave

[NAME@]HOST[:PORT] says what --name, --address and --port say, and goes before
the environment. An IPv6 address with a port has brackets: [::1]:5378.",
    with_host!(" With\n--host, it is where to listen."),
    "

Once logged in, type:
  !who         who is online?
  @NAME TEXT   send TEXT to NAME
  !quit        leave, at any time (or Ctrl-D)
"
);

const AFTER: &str = "\
Environment:
  An option is stronger than its variable. A flag's variable means no if it is
  empty, 0, no, off or false.
  NO_COLOR  no colours, unless they are always wanted
  RUST_LOG  what is logged on standard error
  TERM      no editing of the typed line if it is `dumb`
  TZ        the time zone

Exit status:
  0         the user left, or the reader of standard output went away
  1         no connection, or it was lost; input or output failed; or input
            that is no terminal ended, and not everything was answered
  2         the command line was wrong
  3         the server was full
  4         input is no terminal, and the name given with --name was refused
  5         with --strict or --send: a message was refused
  130, 143  ended by SIGINT, SIGTERM
";

pub(super) static PROGRAM: Program = Program {
    name: "chinwag",
    about: "Chat from the terminal.",
    operand: "[NAME@]HOST[:PORT]",
    prefix: "CHINWAG_",
    options: &[
        OPTIONS,
        tls::CLIENT,
        #[cfg(feature = "rich")]
        extras::OPTIONS,
        COMMON,
    ],
    brief: BRIEF,
    before: BEFORE,
    after: AFTER,
};

/// The program `chinwag`.
pub fn main() -> ExitCode {
    if let Some(status) = lookup::answer_if_asked() {
        return status;
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(answer) = given::answer(&PROGRAM, &words) {
        return given::print(&answer);
    }
    let options = match parse(&words) {
        Ok(options) => options,
        Err(sentence) => given::leave(&PROGRAM, &sentence),
    };
    log::init("chinwag", LevelFilter::Error, options.verbose);
    let result = run(&options);
    if let Err(failure) = &result {
        log::say("chinwag", failure);
    }
    log::finish();
    match result {
        Ok(Verdict::Status(status)) => ExitCode::from(status),
        Ok(Verdict::Killed(signal)) => {
            // The terminal is as it was: end as any program does, with status 130 for SIGINT.
            signals::obey(signal);
            // As a shell says it, where nobody knows how to end by it.
            ExitCode::from(128_u8.wrapping_add(signal as u8))
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// Reads the command line, the program's name first, and the environment.
///
/// # Errors
/// A sentence that says what is wrong.
pub(super) fn parse(words: &[OsString]) -> Result<Options, String> {
    let (words, last) = match words {
        [before @ .., dashes, last] if dashes == "--" && before.iter().any(|word| word == "--send") => {
            (before, Some(last))
        }
        _ => (words, None),
    };
    let given = &Given::parse(&PROGRAM, words)?;
    let seconds =
        |id| given.number(id, units::seconds).map(|time| Duration::from_nanos(time.unwrap_or_default()));
    Ok(Options {
        connect_timeout: seconds("connect-timeout")?,
        linger: seconds("linger")?,
        max_message: given.number("max-message", units::bytes)?.map(|bytes| bytes as usize),
        escape: when(given, "escape")?,
        #[cfg(feature = "rich")]
        color: extras::color(given, when(given, "color")?),
        #[cfg(not(feature = "rich"))]
        color: when(given, "color")?,
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        dumb: std::env::var_os("TERM").is_some_and(|value| value == "dumb"),
        plain: given.flag("plain"),
        timestamps: given.flag("timestamps"),
        bell: given.flag("bell"),
        reconnect: given.flag("reconnect"),
        strict: given.flag("strict"),
        send: send(given, last)?,
        log: given.value("log").map(PathBuf::from),
        host: hosts(given),
        via: via(given)?,
        verbose: given.verbosity(),
        name: given.text("name")?,
        to: given.value("to").map(|name| user(given, "to", name)).transpose()?,
        place: given.places()?.pop().ok_or("error: an address is needed")?,
        tls: tls::client(given)?,
        #[cfg(feature = "rich")]
        extras: extras::read(given)?,
    })
}

/// What is to be said, with its text as the last word if that stands apart.
fn send(given: &Given, last: Option<&OsString>) -> Result<Option<Send>, String> {
    let mut values = given.values("send");
    values.extend(last.cloned());
    let mut values = values.into_iter();
    let Some(to) = values.next() else { return Ok(None) };
    let to = user(given, "send", to)?;
    let text = values.next().map(OsString::into_vec);
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let why = if values.next().is_some() || text.as_ref().is_some_and(|text| text.iter().all(is_end)) {
        "it needs one text, which is not empty"
    } else if given.value("name").is_none_or(|name| name.is_empty()) || hosts(given) {
        "it needs a --name to log in with, and a server that is there"
    } else {
        return Ok(Some(Send { to, text }));
    };
    Err(given.wrong("send", OsStr::from_bytes(&to), why))
}

fn via(given: &Given) -> Result<Option<CString>, String> {
    let Some(command) = given.value("via") else { return Ok(None) };
    let why = if hosts(given) { "the server is here, with --host" } else { "it needs a command" };
    match CString::new(command.as_bytes()) {
        Ok(line) if !line.is_empty() && !hosts(given) => Ok(Some(line)),
        _ => Err(given.wrong("via", &command, why)),
    }
}

fn hosts(given: &Given) -> bool {
    cfg!(feature = "host") && given.flag("host")
}

/// The name of somebody else.
fn user(given: &Given, id: &str, name: OsString) -> Result<Vec<u8>, String> {
    if is_valid_name(name.as_bytes()) {
        Ok(name.into_vec())
    } else {
        Err(given.wrong(id, &name, "a name has no spaces, and none of ! @ # $ % ^ & * ,"))
    }
}

fn when(given: &Given, id: &str) -> Result<When, String> {
    let text = given.text(id)?.unwrap_or_default();
    match text.as_str() {
        "auto" => Ok(When::Auto),
        "always" => Ok(When::Always),
        "never" => Ok(When::Never),
        _ => Err(given.wrong(id, text.as_ref(), "not auto, always or never")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::net::endpoint::Place;

    pub(in crate::cli) fn parsed(arguments: &[&str]) -> Result<Options, String> {
        let words = ["chinwag"].iter().chain(arguments);
        parse(&words.map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn defaults() {
        let options = parsed(&[]).unwrap();
        let expected = Options {
            place: Place::Tcp { host: "127.0.0.1".into(), port: 5378 },
            via: None,
            name: None,
            to: None,
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
            strict: false,
            send: None,
            verbose: 0,
            tls: None,
            #[cfg(feature = "rich")]
            extras: Default::default(),
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn everything_given() {
        let line = "-a ::1 -p 1 -n ann --max-message 9 --connect-timeout 0.5 --linger 0 --escape never -vv";
        let options = parsed(&line.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!(
            (options.place, options.name.as_deref()),
            (Place::Tcp { host: "::1".into(), port: 1 }, Some("ann"))
        );
        assert_eq!((options.max_message, options.verbose), (Some(9), 2));
        let hosts =
            parsed(&["--host"]).map(|options| options.host).map_err(|error| error.contains("features"));
        assert_eq!(hosts, if cfg!(feature = "host") { Ok(true) } else { Err(true) });
        assert_eq!((options.connect_timeout, options.linger), (Duration::from_millis(500), Duration::ZERO));
        assert_eq!(options.escape, When::Never);
    }

    #[test]
    fn texts_stand_behind_the_receiver_or_last() {
        let table: [(&[&str], Option<&str>); 7] = [
            (&["-n", "ci", "--send", "ann", "hi"], Some("hi")),
            (&["--send", "ann", "two words\nmore", "ci@example.org"], Some("two words\nmore")),
            (&["ci@example.org", "--send", "ann"], None),
            (&["--send", "ann", "-n", "ci"], None),
            (&["-n", "ci", "--send", "ann", "--", "--host"], Some("--host")),
            (&["--send", "ann", "-n", "ci", "--", "-h"], Some("-h")),
            (&["--send=ann", "-n", "ci"], None),
        ];
        for (arguments, text) in table {
            let send = Send { to: b"ann".to_vec(), text: text.map(|text| text.as_bytes().to_vec()) };
            let options = parsed(arguments).unwrap();
            assert_eq!((options.send, options.name.as_deref()), (Some(send), Some("ci")), "{arguments:?}");
        }
    }

    #[test]
    fn nothing_is_sent_that_cannot_be_meant() {
        let table: [&[&str]; 11] = [
            &["--send", "ann", "hi"],
            &["--send", "ann"],
            &["-n", "", "--send", "ann", "hi"],
            &["-n", "ci", "--send"],
            &["-n", "ci", "--send", "a b", "hi"],
            &["-n", "ci", "--send", "@ann", "hi"],
            &["-n", "ci", "--send", "ann\nLIST", "hi"],
            &["-n", "ci", "--send", "", "hi"],
            &["-n", "ci", "--send", "ann", ""],
            &["-n", "ci", "--send", "ann", "hi", "--", "ho"],
            &["-n", "ci", "--host", "--send", "echobot", "hi"],
        ];
        for arguments in table {
            assert!(parsed(arguments).unwrap_err().starts_with("error: "), "{arguments:?}");
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        let table: [&[&str]; 11] = [
            &["--via", ""],
            &["-p", "65536"],
            &["--to", ""],
            &["--to", "a b"],
            &["--to", "@ann"],
            &["-a", ""],
            &["--linger", "-1"],
            &["--linger", "inf"],
            &["--escape", "maybe"],
            &["--max-message", "x"],
            &["stray", "strayer"],
        ];
        for arguments in table {
            assert!(parsed(arguments).unwrap_err().starts_with("error: "));
        }
    }
}
