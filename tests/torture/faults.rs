//! What the system can answer: for each call the errors that fit, and those that must not be noticed.

use crate::trace::Call;
use std::fmt;

/// How often a call fails: from the recorded one on, or that one alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Once,
    Forever,
}

/// One fault of one run.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// The recorded call that is to fail.
    pub(crate) call: Call,
    pub(crate) error: &'static str,
    pub(crate) when: When,
    /// The session has to go on as if nothing had happened.
    pub(crate) is_harmless: bool,
}

/// A call, and what is among its arguments; the errors after which a session may end, or do without; and those that are no reason for
/// anything: what came to nothing is done again, or was not needed. The commonest error comes first.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const ERRORS: &[Row] = &[
    ("accept4", "", &["EPERM"], &["EMFILE", "ECONNABORTED", "ENFILE", "ENOBUFS", "ENOMEM", "EINTR"]),
    ("access", "", &["EACCES"], &[]),
    ("bind", "", &["EADDRINUSE", "EACCES", "EADDRNOTAVAIL"], &[]),
    ("brk", "", &[], &["ENOMEM"]),
    ("clone3", "", &["EAGAIN", "ENOMEM"], &[]),
    ("close", "", &[], &["EIO", "EINTR"]),
    ("connect", "", &["ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EADDRNOTAVAIL"], &[]),
    ("epoll_create1", "", &["EMFILE", "ENFILE", "ENOMEM"], &[]),
    ("epoll_ctl", "", &["ENOMEM", "ENOSPC"], &[]),
    ("epoll_wait", "", &["EINVAL"], &["EINTR"]),
    ("fcntl", "", &["EMFILE", "EINVAL"], &[]),
    ("fstat", "", &["EIO", "EOVERFLOW"], &[]),
    ("getcwd", "", &["ENOENT"], &[]),
    ("getpeername", "", &["ENOTCONN", "ENOBUFS"], &[]),
    ("getrandom", "", &[], &["ENOSYS", "EINTR"]),
    ("getsockname", "", &["ENOBUFS"], &[]),
    ("getsockopt", "", &["ENOBUFS"], &[]),
    ("ioctl", "TCSETS", &["EIO", "ENOTTY"], &["EINTR"]),
    ("ioctl", "", &["EIO", "ENOTTY"], &[]),
    ("listen", "", &["EADDRINUSE"], &[]),
    ("lseek", "", &["ESPIPE"], &[]),
    ("mmap", "", &["ENOMEM"], &[]),
    ("mprotect", "", &["ENOMEM"], &[]),
    ("mremap", "", &["ENOMEM"], &[]),
    ("munmap", "", &[], &["ENOMEM"]),
    ("newfstatat", "", &["EIO", "EOVERFLOW"], &[]),
    ("openat", "", &["EMFILE", "EACCES", "ENOENT", "ENOMEM"], &["EINTR"]),
    ("poll", "", &["ENOMEM"], &["EINTR"]),
    ("prlimit64", "", &[], &["EPERM"]),
    ("read", "", &["EIO", "ENOMEM"], &["EINTR"]),
    ("readv", "", &["EIO", "ENOMEM"], &["EINTR"]),
    ("recvfrom", "", &["ECONNRESET", "ETIMEDOUT"], &["EINTR"]),
    ("rt_sigaction", "", &["EINVAL"], &[]),
    ("rt_sigprocmask", "", &["EINVAL"], &[]),
    ("sched_getaffinity", "", &[], &["EPERM"]),
    (
        "sendto",
        "",
        &["ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "EAGAIN"],
        &["ENOBUFS", "ENOMEM", "EINTR"],
    ),
    ("setsockopt", "SO_REUSEADDR", &["ENOPROTOOPT", "ENOBUFS"], &[]),
    ("setsockopt", "", &[], &["ENOPROTOOPT", "ENOBUFS"]),
    ("shutdown", "", &[], &["ENOTCONN"]),
    ("sigaltstack", "", &["ENOMEM"], &[]),
    ("socket", "", &["EMFILE", "ENFILE", "ENOBUFS", "EACCES"], &[]),
    ("socketpair", "", &["EMFILE", "ENFILE", "ENOBUFS"], &[]),
    ("statx", "", &["EIO"], &[]),
    ("write", "", &["EPIPE", "EIO", "ENOSPC", "EAGAIN"], &["EINTR"]),
    // These cannot fail, or cannot fail alone.
    ("execve", "", &[], &[]),
    ("exit_group", "", &[], &[]),
    ("getpid", "", &[], &[]),
    ("gettid", "", &[], &[]),
    ("rt_sigreturn", "", &[], &[]),
];

/// All faults of a call, the commonest first; `None` if the table does not know the call.
pub(crate) fn of(call: &Call) -> Option<Vec<Fault>> {
    let is_meant = |row: &&Row| row.0 == call.name && call.text.contains(row.1);
    let (_, _, harmful, harmless) = ERRORS.iter().find(is_meant)?;
    let harmful = harmful.iter().map(|error| (*error, false));
    let harmless = harmless.iter().map(|error| (*error, true));
    let faults = harmful.chain(harmless).flat_map(|(error, is_harmless)| {
        let fault =
            |when| Fault { call: call.clone(), error, when, is_harmless: is_harmless && when == When::Once };
        times(error).iter().copied().map(fault).collect::<Vec<_>>()
    });
    Some(faults.collect())
}

/// Each EINTR takes a signal: there is no end of those only where somebody wants that. EAGAIN promises
/// an event, which a lie of ours would not bring: it is told by a stream that takes nothing any more.
fn times(error: &str) -> &'static [When] {
    match error {
        "EINTR" => &[When::Once],
        "EAGAIN" => &[When::Forever],
        _ => &[When::Once, When::Forever],
    }
}

impl Fault {
    /// As strace wants to be told.
    pub(crate) fn injection(&self) -> String {
        let plus = if self.when == When::Forever { "+" } else { "" };
        format!("inject={}:error={}:when={}{plus}", self.call.name, self.error, self.call.nth)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.when == When::Once { "once" } else { "forever" };
        write!(formatter, "{}:{}/{}/{when}", self.call.name, self.call.nth, self.error)
    }
}
