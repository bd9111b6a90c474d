//! A program that was started here, and what the system says about it.

use super::DEADLINE;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::read_to_string;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A program, ended with this value.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) task: Task,
}

impl Program {
    /// Starts it, with nothing of our environment: that might hold options for it.
    pub(crate) fn start(mut command: Command, stdin: Stdio, stdout: Stdio) -> Self {
        let child = command.env_clear().stdin(stdin).stdout(stdout).spawn().unwrap();
        let task = Task(PathBuf::from(format!("/proc/{}", child.id())));
        Self { child, task }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The directory of a process, or of one of its threads.
#[derive(Debug, Clone)]
pub(crate) struct Task(PathBuf);

impl Task {
    /// Nanoseconds of processor time; exact while it sleeps.
    pub(crate) fn processor_time(&self) -> f64 {
        let text = self.read("schedstat");
        text.split(' ').next().unwrap().parse().unwrap()
    }

    /// Bytes that it has passed to write(2).
    pub(crate) fn written(&self) -> usize {
        self.field("io", "wchar:")
    }

    /// The most memory that it has ever had, in KiB.
    pub(crate) fn peak(&self) -> f64 {
        self.field("status", "VmHWM:") as f64
    }

    /// The memory that it has now, in KiB: all of it, and what is not a part of some file.
    pub(crate) fn memory(&self) -> (f64, f64) {
        let field = |key| self.field("smaps_rollup", key) as f64;
        (field("Rss:"), field("Anonymous:"))
    }

    /// How many threads it has.
    pub(crate) fn threads(&self) -> usize {
        self.field("status", "Threads:")
    }

    /// How often it, any of its threads, has gone to sleep and was woken.
    pub(crate) fn wake_ups(&self) -> usize {
        let threads = std::fs::read_dir(self.0.join("task")).unwrap();
        threads.map(|thread| Self(thread.unwrap().path()).field("status", "voluntary_ctxt_switches:")).sum()
    }

    /// Waits until nothing is left to do for it: it sleeps, and goes on sleeping.
    pub(crate) fn wait_until_asleep(&self) {
        let mut before = None;
        wait_until("it sleeps", || {
            let now = (self.state() == 'S').then(|| self.processor_time());
            let is_asleep = now.is_some() && now == before;
            before = now;
            sleep(Duration::from_millis(1));
            is_asleep
        });
    }

    fn state(&self) -> char {
        let text = self.read("stat");
        // The name before it may hold anything, brackets too.
        text.rsplit(") ").next().unwrap().chars().next().unwrap()
    }

    fn field(&self, file: &str, key: &str) -> usize {
        let text = self.read(file);
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }

    fn read(&self, file: &str) -> String {
        read_to_string(self.0.join(file)).unwrap()
    }
}

/// Asks until the answer is yes.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "waited too long until {what}");
        sleep(Duration::from_micros(200));
    }
}

/// Waits until a read, or an accept, brings something.
pub(crate) fn wait_readable(descriptor: &impl AsFd) {
    let timeout = Timespec::try_from(DEADLINE).unwrap();
    let ready = poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&timeout)).unwrap();
    assert_eq!(ready, 1, "waited too long for input");
}
