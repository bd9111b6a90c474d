//! What chinwagd is told on its command line and in its environment.

use crate::cli::given::{self, Given};
use crate::cli::table::{COMMON, Program};
use crate::cli::tls;
use crate::cli::units::{self, Number};
use crate::net::daemon::{self, Names, Settings};
use crate::net::handed;
use crate::net::log;
use crate::server::Config;
use crate::server::doors::Networks;
use crate::server::hub::{Limits, QUEUE_ROOM};
use ::log::LevelFilter;
use ipnet::IpNet;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

/// A text of builds with encryption.
#[cfg(feature = "tls")]
macro_rules! with_tls {
    ($text:literal) => {
        $text
    };
}

/// The others do without it.
#[cfg(not(feature = "tls"))]
macro_rules! with_tls {
    ($text:literal) => {
        ""
    };
}

const ABOUT: &str = "Serves a chat: clients pick a name, see who is there, and send messages.";

const BRIEF: &str = "\
Prints where it listens, and serves until Ctrl-C. Clients: chinwag HOST:PORT
";

const BEFORE: &str = "\
Examples:
  chinwagd --echobot
        Serve this machine, with somebody to talk to
  chinwagd --address 0.0.0.0 --max-users 100
        Serve everybody who can reach this machine
  chinwagd --port 0 --max-memory 1M
        At a port that is free, with little memory
";

const AFTER: &str = concat!(
    "\
Environment:
  An option is stronger than its variable. A flag's variable means no if it is
  empty, 0, no, off or false.
  LISTEN_FDS       sockets that it is handed (by systemd): it serves those, and
                   listens nowhere else without --address
  NOTIFY_SOCKET    whom it tells when it is ready, and when it stops
  RUST_LOG         what is logged on standard error
",
    with_tls!(
        "  STATE_DIRECTORY  where --tls keeps its certificate; if not set, in chinwag
                   in $XDG_STATE_HOME, or in ~/.local/state
"
    ),
    "
BYTES may end with K, M or G, for 1024 bytes, 1024 K and 1024 M.

When it listens, chinwagd prints `listening on ADDRESS:PORT`. Everything else is
said on standard error.

Exit status:
  0  ended by SIGINT or SIGTERM
  1  it could not listen there, or the system failed it
  2  the command line was wrong
"
);

/// What each field is, [`Row`](super::table::Row) says.
const OPTIONS: &str = "\
address|a|HOST...|127.0.0.1|Where to listen|: a name or an address of this machine, with or without :PORT, or a Unix socket, as /PATH, unix:PATH or unix:@NAME; may be given again
port|p|PORT|5378|The port; 0 for any that is free
socket-mode||MODE|||The mode of a Unix socket, in octal digits [default: what the umask leaves]
allow||NETWORK...|||Let only those in who come from NETWORK, ADDRESS or ADDRESS/BITS; may be given again
deny||NETWORK...|||Let nobody in who comes from NETWORK; may be given again
names||WHO...|||Let those of WHO log in under their own name only: peer, users of this machine at a Unix socket; certificate, those who have one; may be given again
max-users||N|16|How many may be logged in at once
max-name||N|64|The longest name, in bytes|; a longer one is refused
max-message||BYTES||The longest text of a message|; a longer one is refused [default: 16M, or what --max-memory allows]
max-queue||BYTES||The most that may wait for one client|; beyond it, the client is dropped [default: 40M, or 5/8 of --max-memory]
max-memory||BYTES|64M|The most that all clients may make it hold| together
max-connections||N||How many may be connected|; one more makes the oldest leave that has not logged in [default: 1000 more than --max-users, or what --max-memory allows]
max-per-address||N||How many connections an address may have|, if not of this machine [default: half of --max-users]
login-timeout||SECONDS|300|Close what has not logged in after so long
echobot||||Add `echobot`, who sends every message back
";

pub(super) static PROGRAM: Program = Program {
    name: "chinwagd",
    about: ABOUT,
    operand: "",
    prefix: "CHINWAGD_",
    options: &[OPTIONS, tls::SERVER, COMMON],
    brief: BRIEF,
    before: BEFORE,
    after: AFTER,
};

/// The program `chinwagd`.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(answer) = given::answer(&PROGRAM, &words) {
        return given::print(&answer);
    }
    let options = match Options::parse(&words) {
        Ok(options) => options,
        Err(sentence) => given::leave(&PROGRAM, &sentence),
    };
    log::init("chinwagd", LevelFilter::Warn, options.verbose);
    let result = daemon::run(options.settings);
    if let Err(error) = &result {
        log::say("chinwagd", error);
    }
    log::finish();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What chinwagd is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    settings: Settings,
    /// How often `-v` was given.
    verbose: u8,
}

impl Options {
    /// Reads the arguments, the program's name first, and the environment.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(words: &[OsString]) -> Result<Self, String> {
        let options = Self::read(&Given::parse(&PROGRAM, words)?)?;
        contradiction(options.limits()).map_or(Ok(options), Err)
    }

    /// What bounds its clients.
    pub fn limits(&self) -> &Limits {
        &self.settings.config.limits
    }

    fn read(given: &Given) -> Result<Self, String> {
        let size = |id, read: Number, default| {
            given.number(id, read).map(|size| size.map_or(default, |size| size as usize))
        };
        let limits = Limits::default();
        let limits = limits.for_users(size("max-users", units::count, limits.max_users)?);
        let limits = limits.for_memory(size("max-memory", units::bytes, limits.max_memory)?);
        let login_timeout = given.number("login-timeout", units::seconds)?;
        let limits = Limits {
            max_name: size("max-name", units::count, limits.max_name)?,
            max_message: size("max-message", units::bytes, limits.max_message)?,
            max_queue: size("max-queue", units::bytes, limits.max_queue)?,
            max_connections: size("max-connections", units::count, limits.max_connections)?,
            max_per_address: size("max-per-address", units::count, limits.max_per_address)?,
            login_timeout: login_timeout.map_or(limits.login_timeout, Duration::from_nanos),
            ..limits
        };
        let names = names(given)?;
        let settings = Settings {
            places: given.places()?,
            always_there: given.is_said("address"),
            socket_mode: given.number("socket-mode", units::mode)?.map(|mode| mode as u32),
            networks: Networks { allowed: networks(given, "allow")?, denied: networks(given, "deny")? },
            names,
            config: Config { limits, echobot: given.flag("echobot") },
            tls: tls::server(given, names.certificate)?,
        };
        // The default address makes way for sockets that are handed over. Those are looked at when they are taken.
        let is_sure = settings.always_there || handed::count() == 0;
        let mut places = settings.places.iter().enumerate().filter(|_| is_sure);
        if let Some((_, place)) = places.find(|(index, place)| !settings.names_those_at(*index, place)) {
            return Err(format!("error: {}", daemon::unnamed(place)));
        }
        Ok(Self { settings, verbose: given.verbosity() })
    }
}

/// Several may stand with commas between them: a variable has no other way. None at all is wrong: who had something
/// in mind, and a variable of a script that is empty, would else let everybody in.
fn networks(given: &Given, name: &str) -> Result<Vec<IpNet>, String> {
    let mut networks = Vec::new();
    for value in given.values(name) {
        for text in value.to_string_lossy().split(',') {
            let why = || given.wrong(name, text.as_ref(), "not ADDRESS or ADDRESS/BITS");
            networks.push(Networks::parse(text).ok_or_else(why)?);
        }
    }
    Ok(networks)
}

fn names(given: &Given) -> Result<Names, String> {
    let mut names = Names::default();
    for value in given.values("names") {
        for who in value.to_string_lossy().split(',') {
            match who {
                "peer" => names.peer = true,
                "certificate" if cfg!(feature = "tls") => names.certificate = true,
                "certificate" => {
                    return Err(given.wrong(
                        "names",
                        who.as_ref(),
                        "it is only in builds with `--features tls`",
                    ));
                }
                _ => return Err(given.wrong("names", who.as_ref(), "not peer or certificate")),
            }
        }
    }
    Ok(names)
}

/// What is wrong with limits that do not go together.
fn contradiction(limits: &Limits) -> Option<String> {
    let Limits { max_message, max_queue, max_memory, max_connections, .. } = *limits;
    if max_queue < max_message.saturating_add(QUEUE_ROOM) {
        return Some(format!(
            "error: the queue of {max_queue} bytes is too short for messages of {max_message}: give --max-queue at \
             least {QUEUE_ROOM} bytes more than --max-message"
        ));
    }
    (limits.above_shares() < limits.least_above_shares()).then(|| {
        format!(
            "error: {max_memory} bytes of memory are too few for messages of {max_message} and {max_connections} \
             connections: give more --max-memory, or less of the others"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::endpoint::Place;
    #[cfg(feature = "tls")]
    use crate::net::tls::options::Service;
    use crate::wire::protocol::DEFAULT_PORT;

    fn parse(arguments: &str) -> Result<Options, String> {
        let words = ["chinwagd"].into_iter().chain(arguments.split_whitespace());
        Options::parse(&words.map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn defaults_are_those_of_the_library() {
        let options = parse("").unwrap();
        assert_eq!(
            options.settings.places,
            [Place::Tcp { host: "127.0.0.1".to_owned(), port: DEFAULT_PORT }]
        );
        assert_eq!((options.settings.config, options.verbose), (Config::default(), 0));
    }

    #[test]
    fn every_option_is_read() {
        let options = parse(
            "-a ::1 -p 0 -a /run/chat --address=h:7 --socket-mode 0660 --allow 10.0.0.0/8,::1 --deny 10.0.0.1 --max-users 2000 --max-name 9 --max-message 3k --max-queue 1G --echobot -vvv \
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
        let network = |text| Networks::parse(text).unwrap();
        let networks = Networks {
            allowed: vec![network("10.0.0.0/8"), network("::1/128")],
            denied: vec![network("10.0.0.1/32")],
        };
        let places = vec![
            Place::Tcp { host: "::1".to_owned(), port: 0 },
            Place::Unix("/run/chat".to_owned()),
            Place::Tcp { host: "h".to_owned(), port: 7 },
        ];
        let settings = Settings {
            places,
            always_there: true,
            socket_mode: Some(0o660),
            networks,
            names: Names::default(),
            config,
            tls: None,
        };
        assert_eq!(options, Options { settings, verbose: 3 });
    }

    #[test]
    fn what_is_not_given_follows_from_what_is() {
        let limits = *parse("--max-users 5000 --max-memory 8M").unwrap().limits();
        assert_eq!(limits, Limits::default().for_users(5000).for_memory(8 << 20));
        assert!(limits.max_message < 3 << 20 && limits.max_queue == 5 << 20);
    }

    #[test]
    fn nobody_chooses_a_name_where_others_do_not() {
        let peer = Names { peer: true, certificate: false };
        let options = parse("-a /run/chat -a unix:/run/other --names peer").unwrap();
        assert_eq!(options.settings.names, peer);
        for line in
            ["--names peer", "-a /run/chat -a 127.0.0.1 --names peer", "-a /run/chat --names certificate"]
        {
            assert!(parse(line).unwrap_err().starts_with("error: "), "{line}");
        }
        if cfg!(feature = "tls") {
            let both = "-a /run/chat -a 127.0.0.1 --names peer,certificate --tls";
            assert!(parse(both).unwrap_err().contains("127.0.0.1:5378"));
            assert!(parse(&format!("{both} --tls-client-ca ca.pem")).is_ok());
        }
    }

    /// By number: the socket of this machine needs none.
    #[test]
    #[cfg(feature = "tls")]
    fn what_is_encrypted_is_what_is_said() {
        for (line, expected) in [
            ("-a a -a b -a /c", None),
            ("-a a -a b -a /c --tls", Some([true, true, false])),
            ("-a a -a tls:b -a /c", Some([false, true, false])),
            ("-a a -a tls:b -a /c --tls", Some([true, true, false])),
            ("-a a -a b -a tls:/c", Some([false, false, true])),
            ("-a a -a b -a /c --tls-cert c --tls-key k", Some([true, true, false])),
        ] {
            let tls = parse(line).unwrap().settings.tls;
            let covers =
                |tls: Service| [(0, true), (1, true), (2, false)].map(|(at, remote)| tls.covers(at, remote));
            assert_eq!(tls.map(covers), expected, "{line}");
        }
        assert!(parse("--tls-cert c").unwrap_err().contains("go together"));
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
            "--allow here",
            "--deny 1.2.3.4/33",
            "--allow=",
            "--deny=",
            "--deny 1.2.3.4,",
            "-a /run/chat --names=",
            "-a /run/chat --names all",
            "--socket-mode 8",
            "--socket-mode 10000",
            "-a host:port",
            "-a unix:",
        ] {
            assert!(parse(arguments).unwrap_err().starts_with("error: "), "{arguments}");
        }
    }
}
