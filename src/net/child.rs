//! Another program, started and ended: the little of [`std::process::Command`] that is needed here,
//! without the 25 KB that it brings along.

use mio::unix::pipe::Sender;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::ffi::{CStr, CString};
use std::io;

/// A program that runs until this is dropped, at the longest.
#[derive(Debug)]
pub(crate) struct Child(Pid);

impl Child {
    /// Starts the program, as the shell finds it, with these arguments, its name first, and our environment. It
    /// reads nothing, and only what it writes to its standard output goes anywhere.
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
    pub(crate) fn start(program: &CStr, arguments: &[CString], output: &Sender) -> io::Result<Self> {
        use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawnp};
        use std::os::fd::AsRawFd;

        let null = super::stdio::null()?;
        let mut actions = PosixSpawnFileActions::init()?;
        for (ours, its) in [(null.as_raw_fd(), 0), (output.as_raw_fd(), 1), (null.as_raw_fd(), 2)] {
            actions.add_dup2(ours, its)?;
        }
        let attributes = PosixSpawnAttr::init()?;
        let pid = posix_spawnp(program, &actions, &attributes, arguments, &environment())?;
        started(pid.as_raw()).map(Self)
    }

    /// There is no safe call for it.
    #[cfg(not(any(
        target_os = "linux",
        target_os = "freebsd",
        target_os = "netbsd",
        target_vendor = "apple"
    )))]
    pub(crate) fn start(_: &CStr, _: &[CString], _: &Sender) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
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
        let _ = rustix::io::retry_on_intr(|| waitpid(Some(self.0), WaitOptions::empty()));
    }
}

/// A command of the user's, in a group of its own. It is not ended when this is dropped.
#[cfg(feature = "rich")]
#[derive(Debug)]
pub(crate) struct Command(Pid);

#[cfg(feature = "rich")]
impl Command {
    /// Starts the program that is the first word, as the shell finds it, with the others as arguments, and these
    /// variables besides our environment. What it says goes nowhere; what it complains of goes to our standard
    /// error, if that is no terminal.
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
    pub(crate) fn start(
        words: &[CString],
        variables: [CString; 2],
        input: &mio::unix::pipe::Receiver,
    ) -> io::Result<Self> {
        use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawnp};
        use nix::sys::signal::{SigSet, Signal};
        use std::os::fd::AsRawFd;

        let null = super::stdio::null()?;
        let mut actions = PosixSpawnFileActions::init()?;
        actions.add_dup2(input.as_raw_fd(), 0)?;
        actions.add_dup2(null.as_raw_fd(), 1)?;
        if rustix::termios::isatty(rustix::stdio::stderr()) {
            actions.add_dup2(null.as_raw_fd(), 2)?;
        }
        let mut attributes = PosixSpawnAttr::init()?;
        attributes
            .set_flags(PosixSpawnFlags::POSIX_SPAWN_SETPGROUP | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF)?;
        attributes.set_pgroup(nix::unistd::Pid::from_raw(0))?;
        // It is ignored by us, as Rust programs do, and what is ignored is inherited.
        attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
        let name = |entry: &CString| entry.as_bytes().split(|&byte| byte == b'=').next().map(<[u8]>::to_vec);
        let mut ours: Vec<_> = variables.iter().map(name).collect();
        // A command that runs this program itself does not run commands without an end.
        ours.push(Some(b"CHINWAG_ON_MESSAGE".to_vec()));
        let mut environment = environment();
        environment.retain(|entry| !ours.contains(&name(entry)));
        environment.extend(variables);
        let program = words.first().ok_or(io::ErrorKind::NotFound)?;
        let pid = posix_spawnp(program, &actions, &attributes, words, &environment)?;
        started(pid.as_raw()).map(Self)
    }

    /// There is no safe call for it.
    #[cfg(not(any(
        target_os = "linux",
        target_os = "freebsd",
        target_os = "netbsd",
        target_vendor = "apple"
    )))]
    pub(crate) fn start(_: &[CString], _: [CString; 2], _: &mio::unix::pipe::Receiver) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether it has ended. Then this is of no more use.
    pub(crate) fn has_ended(&self) -> bool {
        let waited = rustix::io::retry_on_intr(|| waitpid(Some(self.0), WaitOptions::NOHANG));
        !matches!(waited, Ok(None))
    }

    /// Ends it, and all of its group.
    pub(crate) fn kill(&self) {
        let _ = rustix::process::kill_process_group(self.0, Signal::KILL);
    }
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
fn started(pid: i32) -> io::Result<Pid> {
    Pid::from_raw(pid).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
fn environment() -> Vec<CString> {
    use std::os::unix::ffi::OsStringExt;
    let entries = std::env::vars_os().map(|(mut name, value)| {
        name.push("=");
        name.push(value);
        CString::new(name.into_vec())
    });
    entries.filter_map(Result::ok).collect()
}
