//! Counts the system calls of a program.

use super::process::wait_until;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// strace, which stops a program at each call: what it counts is exact, what time it takes is not.
pub(crate) struct Tracer {
    strace: PathBuf,
    summary: PathBuf,
}

impl Tracer {
    /// None if it may not trace, as in some containers.
    pub(crate) fn new(strace: PathBuf, directory: &Path) -> Option<Self> {
        let tracer = Self { strace, summary: directory.join("system-calls") };
        let mut anything = Command::new(&tracer.strace);
        let status = tracer.around(anything.arg("-V")).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success()).then_some(tracer)
    }

    /// The same program, counted. It is still the process that was started, and strace its child, so
    /// that both end with it.
    pub(crate) fn around(&self, command: &Command) -> Command {
        let _ = std::fs::remove_file(&self.summary);
        let mut traced = Command::new(&self.strace);
        traced.args(["-D", "-f", "-c", "-o"]).arg(&self.summary);
        traced.arg(command.get_program()).args(command.get_args());
        traced
    }

    /// How many calls were made by the program that was started last and has ended.
    pub(crate) fn count(&self) -> f64 {
        let mut summary = String::new();
        wait_until("the calls are counted", || {
            summary = std::fs::read_to_string(&self.summary).unwrap_or_default();
            summary.trim_end().ends_with(" total")
        });
        let calls = summary.lines().filter(|line| !line.ends_with(" total")).filter_map(calls_of_one_kind);
        calls.sum::<u32>().into()
    }
}

/// The fourth column of a row that counts something.
fn calls_of_one_kind(line: &str) -> Option<u32> {
    line.split_whitespace().nth(3)?.parse().ok()
}
