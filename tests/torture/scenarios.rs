//! The sessions that are recorded, and played again with a fault in each.

use crate::faults::{Fault, When};
use crate::peer::{Peer, User};
use crate::program::{Program, Remains, unused_path};
use rustix::process::Signal;
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;

const CHINWAG: &str = env!("CARGO_BIN_EXE_chinwag");
const CHINWAGD: &str = env!("CARGO_BIN_EXE_chinwagd");

/// What is seen of a session from outside.
pub(crate) struct Seen {
    pub(crate) remains: Remains,
    /// All that users have seen.
    pub(crate) shown: String,
    /// The texts that came out at the other end.
    pub(crate) heard: Vec<String>,
    /// Messages that were acknowledged, and did not arrive where somebody was there to read them.
    pub(crate) lost: Vec<String>,
    pub(crate) terminal_is_restored: bool,
    /// After one fault a server serves others as before.
    pub(crate) has_served_on: bool,
    /// Who was to answer was not let in, or was dropped: whoever wrote to it was told.
    pub(crate) is_alone: bool,
    /// It had not been told to end when it did.
    pub(crate) ended_early: bool,
}

impl Seen {
    fn new(remains: Remains, heard: Vec<String>) -> Self {
        Self {
            shown: remains.stdout.clone(),
            remains,
            heard,
            lost: Vec::new(),
            terminal_is_restored: true,
            has_served_on: true,
            is_alone: false,
            ended_early: false,
        }
    }
}

/// A session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) is_server: bool,
    pub(crate) is_on_terminal: bool,
    pub(crate) play: fn(Option<&Fault>) -> Seen,
}

pub(crate) const ALL: [Scenario; 5] = [
    Scenario { name: "pipe", is_server: false, is_on_terminal: false, play: pipe },
    Scenario { name: "terminal", is_server: false, is_on_terminal: true, play: terminal },
    Scenario { name: "server", is_server: true, is_on_terminal: false, play: server },
    Scenario { name: "host", is_server: false, is_on_terminal: false, play: host },
    Scenario { name: "reconnect", is_server: false, is_on_terminal: false, play: reconnect },
];

/// Three messages to somebody who answers each.
const PINGS: [&str; 3] = ["ping 1", "ping 2", "ping 3"];

fn send_pings(program: &mut Program, pings: &[&str], end: &str) {
    for ping in pings {
        program.enter(&format!("@bob {ping}{end}"));
        program.expect(&format!("From bob: {}", ping.replace("ping", "pong")));
    }
}

/// A client on pipes, with a log file.
fn pipe(fault: Option<&Fault>) -> Seen {
    let peer = Peer::start(None);
    let log = unused_path("log");
    let (port, path) = (peer.port(), log.display().to_string());
    let mut program = Program::on_pipes(
        &[CHINWAG, "--port", &port, "--linger", "1", "--log", &path, "--connect-timeout", "2"],
        fault,
    );
    program.expect("Enter your login");
    program.enter("ann\n");
    program.expect("Successfully");
    program.enter("!who\n");
    program.expect("There are");
    send_pings(&mut program, &PINGS, "\n");
    program.close_input();
    let remains = program.finish();
    let mut seen = Seen::new(remains, peer.heard());
    let logged = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(&log);
    let texts = logged.lines().filter_map(|line| line.split_once(' ')).map(|(_, text)| text);
    seen.shown.extend(texts.flat_map(|text| ["log: ", text, "\n"]));
    seen
}

/// A client whose server leaves, and is there again at once.
fn reconnect(fault: Option<&Fault>) -> Seen {
    let peer = Peer::start(Some(PINGS[1]));
    let port = peer.port();
    let arguments =
        [CHINWAG, "--port", &port, "--linger", "1", "--reconnect", "--name", "ann", "--connect-timeout", "2"];
    let mut program = Program::on_pipes(&arguments, fault);
    program.expect("Successfully");
    send_pings(&mut program, &PINGS[..2], "\n");
    // What is sent before the end is noticed would get no answer.
    program.expect_said("again");
    send_pings(&mut program, &PINGS[2..], "\n");
    program.close_input();
    Seen::new(program.finish(), peer.heard())
}

/// Both sides of a new terminal.
#[cfg(target_os = "linux")]
fn open_terminal() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::os::unix::{ffi::OsStrExt, fs::OpenOptionsExt};

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&master).expect("as every terminal");
    unlockpt(&master).expect("as every terminal");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let path = std::ffi::OsStr::from_bytes(name.as_bytes());
    let flags = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    let mut options = File::options();
    let line = options.read(true).write(true).custom_flags(flags).open(path).expect("its side");
    (master.into(), line)
}

/// There is no trace elsewhere.
#[cfg(not(target_os = "linux"))]
fn open_terminal() -> (File, File) {
    unreachable!("it only runs on Linux")
}

/// A client on a terminal, with the line editor.
fn terminal(fault: Option<&Fault>) -> Seen {
    let peer = Peer::start(None);
    let (master, line) = open_terminal();
    let size = |columns| Winsize { ws_col: columns, ws_row: 24, ws_xpixel: 0, ws_ypixel: 0 };
    let clone = |file: &File| file.try_clone().expect("a descriptor");
    let modes = |line: &File| format!("{:?}", tcgetattr(line));
    let _ = tcsetwinsize(&master, size(80));
    let found = modes(&line);

    let port = peer.port();
    let screen = (clone(&master), clone(&master));
    let mut program =
        Program::on_terminal(&[CHINWAG, "--port", &port], || clone(&line).into(), screen, fault);
    program.expect("Enter your login");
    program.enter("ann\r");
    program.expect("Successfully");
    program.enter("!who\r");
    program.expect("There are");
    let _ = tcsetwinsize(&master, size(60));
    send_pings(&mut program, &PINGS, "\r");
    program.enter("!quit\r");
    let mut is_restored = false;
    let remains = program.finish_and(|| {
        is_restored = modes(&line) == found;
        // Nobody holds the line any more: the screen has an end.
        drop(line);
    });
    let mut seen = Seen::new(remains, peer.heard());
    seen.terminal_is_restored = is_restored;
    seen
}

/// A client with a server in it, and a guest.
fn host(fault: Option<&Fault>) -> Seen {
    let arguments = [CHINWAG, "--host", "--port", "0", "--linger", "1", "--name", "ann"];
    let mut program = Program::on_pipes(&arguments, fault);
    let port = program.port();
    program.expect("Successfully");
    let mut guest = User::log_in("bob", port);
    for ping in PINGS {
        program.enter(&format!("@bob {ping}\n"));
        guest.hears(&format!("DELIVERY ann {ping}"));
        let pong = ping.replace("ping", "pong");
        guest.asks(&format!("SEND ann {pong}\n"), "SEND-OK");
        program.expect(&format!("From bob: {pong}"));
    }
    program.enter("@echobot here\n");
    program.expect("From echobot: here");
    program.enter("!who\n");
    program.expect("There are");
    program.close_input();
    let is_alone = !guest.is_there();
    let remains = program.finish();
    let texts = guest.heard.iter().filter_map(|line| line.strip_prefix("DELIVERY ann "));
    Seen { is_alone, ..Seen::new(remains, texts.map(str::to_owned).collect()) }
}

/// A server with three users, one of whom goes, and another one who comes after the fault.
fn server(fault: Option<&Fault>) -> Seen {
    let mut program = Program::on_pipes(&[CHINWAGD, "--port", "0"], fault);
    let port = program.port();
    let mut users = ["ann", "bob", "cat"].map(|name| User::log_in(name, port));
    let mut lost = Vec::new();
    for round in 1..=2 {
        users[0].asks("LIST\n", "LIST-OK ann,bob,cat");
        for sender in 0..users.len() {
            let text = format!("{} says {round}", users[sender].name);
            lost.extend(pass_on(&mut users, sender, (sender + 1) % 3, &text));
        }
    }
    let [ann, bob, cat] = users;
    let heard_by_cat = cat.heard.clone();
    drop(cat);
    // If it is the fault that meets the one who comes last, the next one is served.
    let mut dan = User::log_in("dan", port);
    let has_served_on = is_served(&mut dan) || is_served(&mut User::log_in("eve", port));
    let ended_early = program.has_ended();
    program.signal(Signal::TERM);
    // What wakes it up is a sendto, too: without, a signal that comes right before it waits is heard at the next event.
    if fault.is_some_and(|fault| fault.call.name == "sendto" && fault.when == When::Forever) {
        drop(User::log_in("fay", port));
    }
    program.close_input();
    let mut seen = Seen::new(program.finish(), Vec::new());
    let transcripts = [ann.heard, bob.heard, heard_by_cat, dan.heard];
    let lines = transcripts.iter().flatten();
    seen.heard = lines.clone().filter(|line| line.starts_with("DELIVERY")).cloned().collect();
    seen.shown = lines.flat_map(|line| [line, "\n"]).collect();
    seen.lost = lost;
    seen.has_served_on = has_served_on || fault.is_some_and(|fault| fault.when == When::Forever);
    seen.ended_early = ended_early;
    seen
}

fn is_served(user: &mut User) -> bool {
    user.asks(&format!("SEND {} done\n", user.name), "SEND-OK")
}

/// One user sends another one a text. Returns it if it was acknowledged and has not come, though the
/// other one is there.
fn pass_on(users: &mut [User; 3], sender: usize, taker: usize, text: &str) -> Option<String> {
    let name = users[taker].name;
    let answers = |user: &User| user.heard.iter().filter(|line| *line == "SEND-OK").count();
    let before = answers(&users[sender]);
    // A request that is refused marks the end of the answers to those before it.
    users[sender].asks(&format!("SEND {name} {text}\nEND\n"), "BAD-RQST-HDR");
    let is_acknowledged = answers(&users[sender]) > before;
    let line = format!("DELIVERY {} {text}", users[sender].name);
    let has_come = users[taker].hears(&line);
    (is_acknowledged && !has_come && users[taker].is_there()).then_some(line)
}
