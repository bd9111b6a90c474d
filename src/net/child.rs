//! Another program, started and ended: the little of [`std::process::Command`] that is needed here,
//! without the 25 KB that it brings along.

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, waitpid};
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::ffi::OsStringExt;

/// A program that runs until this is dropped, at the longest.
#[derive(Debug)]
pub(crate) struct Child(Pid);

impl Child {
    /// Starts the program, as the shell finds it, with these arguments, its name first, and our environment. It
    /// reads nothing, and only what it writes to its standard output goes anywhere.
    pub(crate) fn start(program: &CStr, arguments: &[CString], output: impl AsFd) -> io::Result<Self> {
        let (null, output) = (super::stdio::null()?, output.as_fd().as_raw_fd());
        let ends = [(null.as_raw_fd(), 0), (output, 1), (null.as_raw_fd(), 2)];
        spawn(program, arguments, &environment(), &ends, Apart::Nothing).map(Self)
    }

    #[cfg(test)]
    pub(crate) fn id(&self) -> Pid {
        self.0
    }
}

impl Drop for Child {
    /// A child that nobody waits for stays as a zombie. This one was ended, so the wait is short.
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
        reap(self.0);
    }
}

/// Waits for the end of what was ended.
fn reap(child: Pid) {
    let _ = rustix::io::retry_on_intr(|| waitpid(Some(child), WaitOptions::empty()));
}

/// A command of the user's, apart from us. It is not ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Command(Pid);

/// How a command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With this status.
    With(i32),
    /// By this signal.
    By(i32),
    /// Nobody knows.
    Somehow,
}

impl Command {
    /// Starts the program that is the first word, as the shell finds it, with the others as arguments, and these
    /// variables besides our environment. What it says goes nowhere; what it complains of goes to our standard
    /// error, if that is no terminal.
    #[cfg(feature = "rich")]
    pub(crate) fn start(
        words: &[CString],
        variables: [CString; 2],
        input: &mio::unix::pipe::Receiver,
    ) -> io::Result<Self> {
        let null = super::stdio::null()?;
        let ends = [(input.as_raw_fd(), 0), (null.as_raw_fd(), 1), (null.as_raw_fd(), 2)];
        let ends = if rustix::termios::isatty(rustix::stdio::stderr()) { &ends[..] } else { &ends[..2] };
        let name = |entry: &CString| entry.as_bytes().split(|&byte| byte == b'=').next().map(<[u8]>::to_vec);
        let mut ours: Vec<_> = variables.iter().map(name).collect();
        // A command that runs this program itself does not run commands without an end.
        ours.push(Some(b"CHINWAG_ON_MESSAGE".to_vec()));
        let mut environment = environment();
        environment.retain(|entry| !ours.contains(&name(entry)));
        environment.extend(variables);
        let program = words.first().ok_or(io::ErrorKind::NotFound)?;
        spawn(program, words, &environment, ends, Apart::Group).map(Self)
    }

    /// Has a shell run a line, in a session of its own, which no terminal controls. It reads and writes one stream.
    pub(crate) fn start_shell(line: &CStr, stream: impl AsFd, errors: impl AsFd) -> io::Result<Self> {
        let (stream, errors) = (stream.as_fd().as_raw_fd(), errors.as_fd().as_raw_fd());
        let ends = [(stream, 0), (stream, 1), (errors, 2)];
        let words = [c"sh".into(), c"-c".into(), line.into()];
        spawn(c"/bin/sh", &words, &environment(), &ends, Apart::Session).map(Self)
    }

    /// How it has ended, if it has. Then this is of no more use.
    pub(crate) fn ended(&self) -> Option<Ended> {
        let waited = rustix::io::retry_on_intr(|| waitpid(Some(self.0), WaitOptions::NOHANG));
        let known = |status: WaitStatus| {
            let by = || status.terminating_signal().map(Ended::By);
            status.exit_status().map(Ended::With).or_else(by)
        };
        match waited {
            Ok(None) => None,
            Ok(Some((_, status))) => Some(known(status).unwrap_or(Ended::Somehow)),
            Err(_) => Some(Ended::Somehow),
        }
    }

    /// Ends it, and all of its group, and waits for that.
    pub(crate) fn end(self) {
        self.kill();
        reap(self.0);
    }

    /// Ends it, and all of its group.
    pub(crate) fn kill(&self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// What a program that is started shares with nobody. One that is apart ends when nobody reads what it writes, as
/// programs do: we ignore that signal, and what is ignored is inherited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    Nothing,
    #[cfg(feature = "rich")]
    Group,
    Session,
}

/// Starts a program with these descriptors, each under the number that it is to have.
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
#[inline(never)]
fn spawn(
    program: &CStr,
    arguments: &[CString],
    environment: &[CString],
    ends: &[(RawFd, RawFd)],
    apart: Apart,
) -> io::Result<Pid> {
    use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
    use nix::sys::signal::{SigSet, Signal};

    let mut actions = PosixSpawnFileActions::init()?;
    for &(ours, its) in ends {
        actions.add_dup2(ours, its)?;
    }
    let mut attributes = PosixSpawnAttr::init()?;
    let flags = match apart {
        Apart::Nothing => PosixSpawnFlags::empty(),
        #[cfg(feature = "rich")]
        Apart::Group => PosixSpawnFlags::POSIX_SPAWN_SETPGROUP | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
        Apart::Session => session() | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
    };
    attributes.set_flags(flags)?;
    attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
    let pid = posix_spawnp(program, &actions, &attributes, arguments, environment)?;
    Pid::from_raw(pid.as_raw()).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The flag for a session of its own; it is in spawn.h, but not in nix. Where there is none, a group of its own has to do.
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
fn session() -> nix::spawn::PosixSpawnFlags {
    use nix::spawn::PosixSpawnFlags;
    if cfg!(target_os = "linux") {
        PosixSpawnFlags::from_bits_retain(0x80)
    } else if cfg!(target_vendor = "apple") {
        PosixSpawnFlags::from_bits_retain(0x400)
    } else {
        PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
    }
}

/// There is no safe call for it.
#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple")))]
fn spawn(_: &CStr, _: &[CString], _: &[CString], _: &[(RawFd, RawFd)], _: Apart) -> io::Result<Pid> {
    Err(io::ErrorKind::Unsupported.into())
}

fn environment() -> Vec<CString> {
    let entries = std::env::vars_os().map(|(mut name, value)| {
        name.push("=");
        name.push(value);
        CString::new(name.into_vec())
    });
    entries.filter_map(Result::ok).collect()
}
