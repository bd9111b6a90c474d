//! Looks a name up without waiting for the answer.
//!
//! The system's resolver blocks, for half a minute if the network is bad, and knows no other way. So
//! a child of this program does the waiting: the program itself, started again with a private first
//! argument. It writes what it found to its standard output, a line for each address, or `!` and the
//! error, and ends; the pipe is watched by the poll like everything else.
//!
//! Only a program that has called [`answer_if_asked`] is started again: another one would not answer,
//! and might do all its work anew. It looks the name up itself, and waits; so does one that the system
//! lets start no child.

use super::child::Child;
use super::endpoint;
use super::stdio;
use super::transport;
use crate::wire::format::note;
use crate::wire::source::Stop;
use mio::unix::pipe::{self, Receiver};
use mio::{Interest, Registry, Token};
use std::ffi::{CStr, CString};
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

/// The first argument of a program that is asked.
const QUESTION: &CStr = c"--look-up";

/// No name has so many addresses that a longer answer would be one.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Whether this program answers.
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// A name that is being looked up. When it is dropped, the child is gone too.
#[derive(Debug)]
pub(crate) struct Lookup(State);

#[derive(Debug)]
enum State {
    /// A child was asked.
    Asked(Asked),
    /// Nobody could be asked: host and port.
    Alone(String, u16),
}

impl Lookup {
    /// Begins to look up `host`. There is an event with `token` when [`Lookup::poll`] is to be called;
    /// it is to be called once before, too.
    pub(crate) fn start(host: &str, port: u16, registry: &Registry, token: Token) -> Self {
        if ANSWERS.load(Ordering::Relaxed) {
            match Self::ask_this_program(host, port, registry, token) {
                Ok(lookup) => return lookup,
                Err(error) => note!(Info, "no other program can look {host} up: {error}"),
            }
        }
        Self(State::Alone(host.to_owned(), port))
    }

    fn ask_this_program(host: &str, port: u16, registry: &Registry, token: Token) -> io::Result<Self> {
        let arguments =
            [c"chinwag".into(), QUESTION.into(), CString::new(host)?, CString::new(format!("{port}"))?];
        Self::ask(&this_program()?, &arguments, registry, token)
    }

    /// Has a program look it up.
    fn ask(program: &CStr, arguments: &[CString], registry: &Registry, token: Token) -> io::Result<Self> {
        let (sender, mut output) = pipe::new()?;
        // The two ends are two descriptions: this one is the child's, who expects it to block.
        sender.set_nonblocking(false)?;
        registry.register(&mut output, token, Interest::READABLE)?;
        let child = Child::start(program, arguments, &sender)?;
        Ok(Self(State::Asked(Asked { _child: child, output, answer: Vec::new() })))
    }

    #[cfg(test)]
    pub(crate) fn ask_shell(script: &str, registry: &Registry, token: Token) -> Self {
        let arguments = ["sh", "-c", script].map(|argument| CString::new(argument).unwrap());
        Self::ask(c"/bin/sh", &arguments, registry, token).unwrap()
    }

    /// The addresses, at least one; `None` if they are not known yet.
    ///
    /// # Errors
    /// What the resolver says of a name it does not know.
    pub(crate) fn poll(&mut self) -> io::Result<Option<Vec<SocketAddr>>> {
        match &mut self.0 {
            State::Asked(asked) => asked.poll(),
            State::Alone(host, port) => endpoint::resolve(host, *port).map(Some),
        }
    }

    /// Ends the look-up, wherever it stands.
    pub(crate) fn give_up(mut self, registry: &Registry) {
        if let State::Asked(asked) = &mut self.0 {
            let _ = registry.deregister(&mut asked.output);
        }
    }
}

/// A child, and what it has said.
#[derive(Debug)]
struct Asked {
    /// Ended with this.
    _child: Child,
    output: Receiver,
    answer: Vec<u8>,
}

impl Asked {
    fn poll(&mut self) -> io::Result<Option<Vec<SocketAddr>>> {
        let mut buffer = [0; 1024];
        loop {
            match transport::read(&mut self.output, &mut buffer, &mut []) {
                Ok(0) => return parse(&self.answer).map(Some),
                Ok(_) if self.answer.len() > LONGEST_ANSWER => {
                    return Err(io::Error::other("the answer to the look-up is too long"));
                }
                Ok(count) => self.answer.extend_from_slice(&buffer[..count]),
                Err(Stop::Blocked) => return Ok(None),
                Err(Stop::Starved) => return Err(io::ErrorKind::OutOfMemory.into()),
                Err(Stop::Broken(error)) => return Err(error),
            }
        }
    }
}

/// The file of this program. Linux has a name for it that leads to it even after the file was replaced
/// by a newer one (proc(5)). Where that is not mounted, whoever started this program has named it.
fn this_program() -> io::Result<CString> {
    const LINK: &str = "/proc/self/exe";
    let path = if !cfg!(target_os = "linux") {
        std::env::current_exe()?.into()
    } else if Path::new(LINK).exists() {
        LINK.into()
    } else {
        std::env::args_os().next().unwrap_or_default()
    };
    Ok(CString::new(path.into_vec())?)
}

fn parse(answer: &[u8]) -> io::Result<Vec<SocketAddr>> {
    let answer = String::from_utf8_lossy(answer);
    if let Some(error) = answer.strip_prefix('!') {
        return Err(io::Error::other(error.trim_end_matches('\n')));
    }
    let addresses: Vec<_> = answer.lines().filter_map(|line| line.parse().ok()).collect();
    if addresses.is_empty() {
        Err(io::Error::other("the look-up ended without an answer"))
    } else {
        Ok(addresses)
    }
}

/// If this program was started by a [`Lookup`], answers it, and says that the program has done its
/// work. To be called first thing in a program whose look-ups are not to block.
pub(crate) fn answer_if_asked() -> Option<ExitCode> {
    ANSWERS.store(true, Ordering::Relaxed);
    let mut arguments = std::env::args_os();
    let mut next = || arguments.next();
    if next().and(next())?.as_bytes() != QUESTION.to_bytes() {
        return None;
    }
    let (host, port) = (next()?.into_string().ok()?, next()?.to_str()?.parse().ok()?);
    stdio::print(rustix::stdio::stdout(), answer(&host, port).as_bytes());
    Some(ExitCode::SUCCESS)
}

fn answer(host: &str, port: u16) -> String {
    match endpoint::resolve(host, port) {
        Ok(addresses) => addresses.iter().map(|address| format!("{address}\n")).collect(),
        Err(error) => format!("!{error}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};
    use rustix::process::test_kill_process;
    use std::time::Duration;

    const TOKEN: Token = Token(3);

    /// A look-up that this script answers.
    fn ask(script: &str, poll: &Poll) -> Lookup {
        Lookup::ask_shell(script, poll.registry(), TOKEN)
    }

    fn answer_of(script: &str) -> Result<Vec<String>, String> {
        let mut poll = Poll::new().unwrap();
        let mut lookup = ask(script, &poll);
        let mut events = Events::with_capacity(4);
        loop {
            match lookup.poll() {
                Ok(None) => {}
                Ok(Some(addresses)) => return Ok(addresses.iter().map(ToString::to_string).collect()),
                Err(error) => return Err(error.to_string()),
            }
            poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
            assert!(events.iter().all(|event| event.token() == TOKEN) && !events.is_empty(), "no answer");
        }
    }

    #[test]
    fn answers_are_read_however_they_come() {
        assert_eq!(answer_of("echo 10.0.0.1:5378").unwrap(), ["10.0.0.1:5378"]);
        let slowly =
            "printf '[::1'; sleep 0.01; printf ']:1\\n[fe80::1%%2]:1\\n'; sleep 0.01; echo 1.2.3.4:1";
        assert_eq!(answer_of(slowly).unwrap(), ["[::1]:1", "[fe80::1%2]:1", "1.2.3.4:1"]);
        assert_eq!(answer_of("echo '!no such name'").unwrap_err(), "no such name");
        assert_eq!(answer_of("exit 1").unwrap_err(), "the look-up ended without an answer");
        assert_eq!(answer_of("echo nonsense").unwrap_err(), "the look-up ended without an answer");
        assert_eq!(answer_of("yes").unwrap_err(), "the answer to the look-up is too long");
    }

    #[test]
    fn answer_is_understood() {
        assert_eq!(answer("127.0.0.1", 1), "127.0.0.1:1\n");
        assert_eq!(parse(answer("::1", 1).as_bytes()).unwrap(), ["[::1]:1".parse().unwrap()]);
        let error = endpoint::resolve("", 1).unwrap_err();
        assert_eq!(parse(answer("", 1).as_bytes()).unwrap_err().to_string(), error.to_string());
    }

    #[test]
    fn child_is_ended_and_leaves_no_zombie() {
        let poll = Poll::new().unwrap();
        for give_up in [false, true] {
            let mut lookup = ask("exec sleep 600", &poll);
            assert!(lookup.poll().unwrap().is_none());
            let State::Asked(asked) = &lookup.0 else { panic!("nobody was asked") };
            let child = asked._child.id();
            assert!(test_kill_process(child).is_ok());
            if give_up {
                lookup.give_up(poll.registry());
            } else {
                drop(lookup);
            }
            // There would be a process of that number if it were a zombie.
            assert_eq!(test_kill_process(child), Err(rustix::io::Errno::SRCH));
        }
    }

    #[test]
    fn program_that_does_not_answer_is_not_started() {
        let poll = Poll::new().unwrap();
        let mut lookup = Lookup::start("127.0.0.1", 9, poll.registry(), TOKEN);
        assert!(matches!(lookup.0, State::Alone(..)));
        assert_eq!(lookup.poll().unwrap().unwrap(), ["127.0.0.1:9".parse().unwrap()]);
    }
}
