//! What is known not to be as it should, and why; an exception that is true no more fails.

/// A fault, and what comes of it.
pub(crate) struct Exception {
    /// The name of the scenario; all of them if it is empty.
    pub(crate) scenario: &'static str,
    /// What the call begins with, as strace shows it.
    pub(crate) call: &'static str,
    /// The error; any if it is empty.
    pub(crate) error: &'static str,
    /// What the complaint begins with.
    pub(crate) complaint: &'static str,
    /// Why it is like this.
    pub(crate) reason: &'static str,
}

pub(crate) const EXCEPTIONS: &[Exception] = &[
    Exception {
        scenario: "terminal",
        call: "ioctl(",
        error: "",
        complaint: "the terminal was not restored",
        reason: "a terminal that refuses to be set cannot be restored",
    },
    Exception {
        scenario: "",
        call: "readv(",
        error: "ENOMEM",
        complaint: "it did not leave, but ended at SIGTERM",
        reason: "an input that there is never memory for is tried again, and says nothing of the end",
    },
];
