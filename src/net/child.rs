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
    /// Starts the program with these arguments, its name first, and our environment. It reads nothing,
    /// and only what it writes to its standard output goes anywhere.
    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd", target_vendor = "apple"))]
    pub(crate) fn start(program: &CStr, arguments: &[CString], output: &Sender) -> io::Result<Self> {
        use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, posix_spawn};
        use std::os::fd::AsRawFd;

        let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
        let mut actions = PosixSpawnFileActions::init()?;
        for (ours, its) in [(null.as_raw_fd(), 0), (output.as_raw_fd(), 1), (null.as_raw_fd(), 2)] {
            actions.add_dup2(ours, its)?;
        }
        let attributes = PosixSpawnAttr::init()?;
        let pid = posix_spawn(program, &actions, &attributes, arguments, &environment())?;
        Pid::from_raw(pid.as_raw()).map(Self).ok_or_else(|| io::ErrorKind::NotFound.into())
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
