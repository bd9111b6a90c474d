//! The real client as a child process: typed to, listened to, and waited for with a deadline.

use crate::runner::{self, deadline};
use memchr::memmem;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once};
use std::thread;
use std::time::{Duration, Instant};

/// S1 on anything but a terminal.
pub(crate) const PROMPT: &str = "Welcome to Chat Client. Enter your login: \n";

/// What these tests start does not ignore signals, though whoever runs them may have had them ignored: a
/// script that does so in the background, or `nohup`. (What is caught here is not ignored there: execve(2).)
pub(crate) fn heed_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
        let ignored = u64::from_str_radix(mask.trim(), 16).unwrap();
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] {
            if ignored >> (signal - 1) & 1 == 1 {
                signal_hook::flag::register(signal, Arc::default()).unwrap();
            }
        }
    });
}

/// The client of a server at this port, with further arguments.
pub(crate) fn chinwag(port: u16, arguments: &str) -> Command {
    with_arguments(runner::client(), port, arguments)
}

/// Adds the arguments to a command line that starts the client; the environment of whoever runs
/// the tests does not count. Where a test says nothing else, a peer that is slow to answer is no
/// reason to leave.
pub(crate) fn with_arguments(command: Command, port: u16, arguments: &str) -> Command {
    let mut command = without_environment(command);
    command.env("CHINWAG_LINGER", deadline().as_secs().to_string());
    command.arg("--port").arg(port.to_string()).args(arguments.split_whitespace());
    command
}

/// A command that sees none of the variables which mean something to the client, on a terminal as
/// most are.
pub(crate) fn without_environment(mut command: Command) -> Command {
    let ours = |name: &str| name.starts_with("CHINWAG_") || ["RUST_LOG", "NO_COLOR"].contains(&name);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
        command.env_remove(name);
    }
    command.env("TERM", "xterm");
    command
}

/// The path of a file that is not there.
pub(crate) fn unused_path() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}/{}-{number}", env!("CARGO_TARGET_TMPDIR"), std::process::id())
}

/// The path of a new named pipe.
pub(crate) fn fifo() -> String {
    let path = unused_path();
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
    path
}

/// A file with this content, and no name, to be read and written.
pub(crate) fn file(content: impl AsRef<[u8]>) -> File {
    let path = unused_path();
    std::fs::write(&path, content).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file
}

/// A client that runs.
pub(crate) struct Program {
    child: Child,
    pub(crate) input: Option<Feeder>,
    pub(crate) output: Collector,
    pub(crate) errors: Collector,
}

impl Program {
    /// Starts it; what is piped is typed to and collected, but standard output only when
    /// [`Collector::start`] says so.
    pub(crate) fn spawn(mut command: Command, input: impl Into<Stdio>, output: impl Into<Stdio>) -> Self {
        heed_signals();
        let mut child = runner::start(command.stdin(input).stdout(output).stderr(Stdio::piped())).unwrap();
        let mut errors = Collector::new(child.stderr.take().unwrap());
        errors.start();
        let output = match child.stdout.take() {
            Some(pipe) => Collector::new(pipe),
            None => Collector::new(io::empty()),
        };
        Self { input: child.stdin.take().map(Feeder::new), output, errors, child }
    }

    /// Everything on pipes.
    pub(crate) fn on_pipes(command: Command) -> Self {
        Self::reading(command, Stdio::piped())
    }

    /// Everything on pipes, and nobody reads its standard output yet.
    pub(crate) fn unheard(command: Command) -> Self {
        Self::spawn(command, Stdio::piped(), Stdio::piped())
    }

    /// With this as its standard input.
    pub(crate) fn reading(command: Command, input: impl Into<Stdio>) -> Self {
        let mut program = Self::spawn(command, input, Stdio::piped());
        program.output.start();
        program
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Types this; returns at once.
    pub(crate) fn enter(&self, bytes: impl Into<Vec<u8>>) {
        self.input.as_ref().unwrap().0.send(bytes.into()).unwrap();
    }

    /// Types this, and nothing more after it.
    pub(crate) fn enter_all(&mut self, bytes: impl Into<Vec<u8>>) {
        self.enter(bytes);
        self.input = None;
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let latest = Instant::now() + deadline();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < latest, "still running; it has said: {}", self.output.text());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for its end, and for everything it has said.
    #[track_caller]
    pub(crate) fn finish(mut self) -> Outcome {
        let status = self.wait();
        Outcome { status, stdout: self.output.take_all(), stderr: self.errors.take_all() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a run ended, and all that was said in it.
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Outcome {
    /// Exactly this on standard output, and nothing on standard error.
    #[track_caller]
    pub(crate) fn assert(&self, status: i32, stdout: impl AsRef<[u8]>) {
        assert_eq!(readable(&self.stderr), "", "standard error");
        assert_eq!(readable(&self.stdout), readable(stdout.as_ref()), "standard output");
        assert_eq!(self.status.code(), Some(status), "{}", self.status);
    }

    /// Status 1, and one line on standard error with all of these words.
    #[track_caller]
    pub(crate) fn assert_broken(&self, stdout: impl AsRef<[u8]>, words: &[&str]) {
        self.assert_error(1, stdout, words);
    }

    /// This status, and one line on standard error with all of these words.
    #[track_caller]
    pub(crate) fn assert_error(&self, status: i32, stdout: impl AsRef<[u8]>, words: &[&str]) {
        assert_eq!(readable(&self.stdout), readable(stdout.as_ref()), "standard output");
        let line = self.only_error();
        for word in words {
            assert!(line.contains(word), "{word} is not in {line}");
        }
        assert_eq!(self.status.code(), Some(status), "{}", self.status);
    }

    /// The one line on standard error.
    #[track_caller]
    pub(crate) fn only_error(&self) -> String {
        let text = String::from_utf8(self.stderr.clone()).unwrap();
        assert!(text.starts_with("chinwag: ") && text.ends_with('\n') && text.lines().count() == 1, "{text}");
        text
    }

    #[track_caller]
    pub(crate) fn assert_signal(&self, signal: i32) {
        assert_eq!(readable(&self.stderr), "", "standard error");
        assert_eq!(self.status.signal(), Some(signal), "{}", self.status);
    }
}

/// Bytes as a failed test shows them: a line for each line.
fn readable(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string().replace("\\n", "\n")
}

/// Writes what it is given, in the background; its end is the end of input.
pub(crate) struct Feeder(Sender<Vec<u8>>);

impl Feeder {
    pub(crate) fn new(mut sink: impl Write + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel::<Vec<u8>>();
        // Fails when the reader has gone: no test cares.
        thread::spawn(move || receiver.into_iter().try_for_each(|bytes| sink.write_all(&bytes)));
        Self(sender)
    }
}

/// Collects what is read, in the background.
pub(crate) struct Collector {
    source: Option<Box<dyn Read + Send>>,
    shared: Arc<(Mutex<Collected>, Condvar)>,
    /// How much of it [`Collector::expect`] has passed.
    passed: usize,
}

#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    ended: bool,
}

impl Collector {
    pub(crate) fn new(source: impl Read + Send + 'static) -> Self {
        Self { source: Some(Box::new(source)), shared: Arc::default(), passed: 0 }
    }

    /// Starts to read.
    pub(crate) fn start(&mut self) {
        let Some(mut source) = self.source.take() else { return };
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            // A terminal that nobody has open any more says EIO.
            while let Ok(count @ 1..) = source.read(&mut buffer) {
                lock(&shared.0).bytes.extend_from_slice(&buffer[..count]);
                shared.1.notify_all();
            }
            lock(&shared.0).ended = true;
            shared.1.notify_all();
        });
    }

    /// Goes away without having read: the writer meets a broken pipe.
    pub(crate) fn close(&mut self) {
        runner::close(self.source.take());
        lock(&self.shared.0).ended = true;
    }

    /// Waits until this has come, behind what was expected before.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: impl AsRef<[u8]>) {
        let text = text.as_ref();
        let mut from = self.passed;
        let mut end = None;
        let collected = self.wait_while(|collected| {
            end = memmem::find(&collected.bytes[from..], text).map(|start| from + start + text.len());
            from = from.max((collected.bytes.len() + 1).saturating_sub(text.len()));
            end.is_none() && !collected.ended
        });
        let shown = readable(&collected.bytes[self.passed..]);
        drop(collected);
        self.passed = end.unwrap_or_else(|| panic!("{} did not come, but: {shown}", readable(text)));
    }

    /// Hands on what comes behind `from`, and moves that on, until `is_enough`. False if the end
    /// comes first, or takes too long.
    pub(crate) fn follow(&self, from: &mut usize, mut is_enough: impl FnMut(&[u8]) -> bool) -> bool {
        let mut enough = false;
        let _collected = self.wait_while(|collected| {
            enough = is_enough(&collected.bytes[*from..]);
            *from = collected.bytes.len();
            !enough && !collected.ended
        });
        enough
    }

    /// What has come up to now.
    pub(crate) fn text(&self) -> String {
        readable(&lock(&self.shared.0).bytes)
    }

    /// Everything, once the end has come.
    #[track_caller]
    pub(crate) fn take_all(&mut self) -> Vec<u8> {
        self.start();
        let mut collected = self.wait_while(|collected| !collected.ended);
        assert!(collected.ended, "no end has come, but: {}", readable(&collected.bytes));
        std::mem::take(&mut collected.bytes)
    }

    fn wait_while(&self, condition: impl FnMut(&mut Collected) -> bool) -> MutexGuard<'_, Collected> {
        let (collected, changed) = &*self.shared;
        changed.wait_timeout_while(lock(collected), deadline(), condition).unwrap().0
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
