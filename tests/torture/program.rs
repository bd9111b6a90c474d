//! A program of ours in a run: started under strace, typed to, listened to, and ended in any case.

use crate::faults::Fault;
use crate::trace::{self, Trace, TraceFile};
use memchr::memmem;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Whoever is told to leave does so in this time: longer than all that it may wait for together.
const LEAVING: Duration = Duration::from_secs(6);

/// Whoever is sent SIGTERM ends in this time.
const ENDING: Duration = Duration::from_secs(3);

/// So often is looked whether a program has ended that shows nothing.
const STEP: Duration = Duration::from_millis(20);

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Signal(i32),
    /// It did not obey the user, but SIGTERM.
    Deaf,
    /// It had to be killed.
    Hung,
}

/// All that a finished program leaves behind.
pub(crate) struct Remains {
    pub(crate) end: End,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) trace: Trace,
    /// From its start to its end.
    pub(crate) lasted: Duration,
}

/// How long to wait for what should come: not long again, once it has not.
pub(crate) struct Patience(Duration);

impl Patience {
    pub(crate) fn new() -> Self {
        Self(Duration::from_secs(2))
    }

    pub(crate) fn left(&self) -> Duration {
        self.0
    }

    pub(crate) fn note(&mut self, has_come: bool) {
        if !has_come {
            self.0 = Duration::from_millis(150);
        }
    }
}

/// A program that runs.
pub(crate) struct Program {
    child: Child,
    start: Instant,
    trace: TraceFile,
    input: Option<Box<dyn Write + Send>>,
    output: Collector,
    errors: Collector,
    patience: Patience,
}

/// A path below the directory for tests that nobody else has.
pub(crate) fn unused_path(kind: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    PathBuf::from(format!("{}/torture-{}-{number}.{kind}", env!("CARGO_TARGET_TMPDIR"), std::process::id()))
}

/// The command line that traces a program with its arguments, after those of `before`; the environment
/// of whoever runs this does not count.
fn command(before: &[&str], program: &[&str], trace: &TraceFile, fault: Option<&Fault>) -> Command {
    let words: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
    let words = [words, trace::arguments(&trace.0, fault)].concat();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).args(program);
    for (name, _) in std::env::vars_os() {
        let is_ours = name.to_str().is_some_and(|name| name.starts_with("CHINWAG"));
        if is_ours || ["RUST_LOG", "RUST_BACKTRACE", "NO_COLOR", "TZ"].iter().any(|other| name == *other) {
            command.env_remove(name);
        }
    }
    command.env("TERM", "xterm");
    command
}

impl Program {
    /// With everything on pipes.
    pub(crate) fn on_pipes(program: &[&str], fault: Option<&Fault>) -> Self {
        let trace = TraceFile(unused_path("trace"));
        let mut command = command(&[], program, &trace, fault);
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let input = child.stdin.take().map(|input| Box::new(input) as Box<dyn Write + Send>);
        let output = child.stdout.take().map(Collector::new).unwrap_or_default();
        Self::new(child, trace, input, output)
    }

    /// On a terminal, which is to be its controlling one: `line` is its side, `screen` ours.
    pub(crate) fn on_terminal(
        program: &[&str],
        line: impl Fn() -> Stdio,
        screen: (impl Read + Send + 'static, impl Write + Send + 'static),
        fault: Option<&Fault>,
    ) -> Self {
        let trace = TraceFile(unused_path("trace"));
        let mut command = command(&["setsid", "--ctty"], program, &trace, fault);
        let child = spawn(command.stdin(line()).stdout(line()));
        Self::new(child, trace, Some(Box::new(screen.1)), Collector::new(screen.0))
    }

    fn new(
        mut child: Child,
        trace: TraceFile,
        input: Option<Box<dyn Write + Send>>,
        output: Collector,
    ) -> Self {
        let errors = child.stderr.take().map(Collector::new).unwrap_or_default();
        Self { child, start: Instant::now(), trace, input, output, errors, patience: Patience::new() }
    }

    /// Types this; one who has gone does not read it.
    pub(crate) fn enter(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            let _ = input.write_all(text.as_bytes());
        }
    }

    /// There is nothing more to be read by it.
    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits until it has shown this, or does so no more.
    pub(crate) fn expect(&mut self, text: &str) {
        self.expect_from(|program| &program.output, text);
    }

    /// The same for what it says on standard error.
    pub(crate) fn expect_said(&mut self, text: &str) {
        self.expect_from(|program| &program.errors, text);
    }

    fn expect_from(&mut self, collector: fn(&Self) -> &Collector, text: &str) {
        let is_there = |shown: &[u8]| memmem::find(shown, text.as_bytes()).is_some();
        let end = Instant::now() + self.patience.left();
        let mut has_come = false;
        // Of its end a terminal, which others hold, does not tell.
        while !has_come && Instant::now() < end && !self.has_ended() {
            has_come = collector(self).wait(STEP, is_there);
        }
        self.patience.note(has_come);
    }

    /// The port that it listens on, if it does.
    pub(crate) fn port(&mut self) -> Option<u16> {
        let end = Instant::now() + Patience::new().left();
        loop {
            let port = self.trace.port().filter(|port| *port > 0);
            if port.is_some() || Instant::now() > end || self.has_ended() {
                return port;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = self.trace.process().and_then(Pid::from_raw) {
            let _ = kill_process(process, signal);
        }
    }

    /// Waits for its end; it knows already that it is to leave.
    pub(crate) fn finish(self) -> Remains {
        self.finish_and(|| ())
    }

    /// The same, and does something before it looks for the end of what was said.
    pub(crate) fn finish_and(mut self, then: impl FnOnce()) -> Remains {
        let end = match self.wait(LEAVING) {
            Some(status) => {
                status.code().map(End::Exited).unwrap_or(End::Signal(status.signal().unwrap_or(0)))
            }
            None => self.end_by_force(),
        };
        let lasted = self.start.elapsed();
        then();
        self.input = None;
        let (output, errors) = (self.output.take(), self.errors.take());
        Remains { end, stdout: output, stderr: errors, trace: self.trace.read(), lasted }
    }

    fn end_by_force(&mut self) -> End {
        self.signal(Signal::TERM);
        if self.wait(ENDING).is_some() {
            return End::Deaf;
        }
        self.signal(Signal::KILL);
        self.wait(ENDING);
        End::Hung
    }

    fn wait(&mut self, longest: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + longest;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(2));
        }
        None
    }
}

impl Drop for Program {
    /// strace alone must not be killed: what it traces would go on.
    fn drop(&mut self) {
        if !self.has_ended() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn spawn(command: &mut Command) -> Child {
    command.stderr(Stdio::piped()).spawn().expect("a program that is there is started")
}

/// What is read, in the background.
#[derive(Default)]
struct Collector(Arc<(Mutex<Collected>, Condvar)>);

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    has_ended: bool,
}

impl Collector {
    fn new(mut source: impl Read + Send + 'static) -> Self {
        let collector = Self::default();
        let shared = Arc::clone(&collector.0);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = source.read(&mut buffer).unwrap_or(0);
                let mut collected = shared.0.lock().expect("nobody panics with it");
                collected.bytes.extend_from_slice(&buffer[..count]);
                collected.has_ended = count == 0;
                shared.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        collector
    }

    /// Waits until what was read is enough, or all there is; returns whether it is enough.
    fn wait(&self, longest: Duration, is_enough: impl Fn(&[u8]) -> bool) -> bool {
        let collected = self.0.0.lock().expect("nobody panics with it");
        let waiting = |collected: &mut Collected| !collected.has_ended && !is_enough(&collected.bytes);
        let collected = self.0.1.wait_timeout_while(collected, longest, waiting).expect("as above").0;
        is_enough(&collected.bytes)
    }

    /// All of it. A terminal that others hold has no end.
    fn take(&self) -> String {
        self.wait(Duration::from_millis(500), |_| false);
        let collected = self.0.0.lock().expect("nobody panics with it");
        String::from_utf8_lossy(&collected.bytes).into_owned()
    }
}
