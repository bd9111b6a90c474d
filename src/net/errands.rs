//! `--on-message`: runs the user's command for each message, one at a time, and never waits for it.
//!
//! No shell is between: the option's words are the program and its arguments. It finds the sender's name and
//! the text in its environment and on its standard input. What it costs is bounded: what waits for it (see
//! `ui/rich/errands`), how often it is started, how long it may take, and what it is given.

use super::child::Command;
use super::log;
use super::transport;
use crate::ui::rich::Message;
use crate::ui::screen::Screen;
use crate::wire::escape;
use crate::wire::format::note;
use crate::wire::outbox::Outbox;
use mio::unix::pipe::{self, Sender};
use std::ffi::CString;
use std::io;
use std::time::Duration;

/// It is not started more often.
const INTERVAL: Duration = Duration::from_millis(100);
/// One that takes longer is killed, and the processes of its group with it.
const PATIENCE: Duration = Duration::from_secs(10);
/// While it runs, whether it has ended is looked at after this time, and then after twice as long each time,
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// up to this.
const LAST_LOOK: Duration = Duration::from_millis(200);
/// So much of the text is in its environment: there all of it together has a bound (execve(2), `E2BIG`).
const IN_ENVIRONMENT: usize = 8 * 1024;

/// The command and what it does.
#[derive(Debug)]
pub(super) struct Errands {
    words: Vec<CString>,
    running: Option<Running>,
    /// Not before.
    next_start: Duration,
    /// Messages wait for it.
    is_wanted: bool,
    /// What has been said, as it is said once.
    said: [bool; 3],
}

#[derive(Debug)]
struct Running {
    command: Command,
    /// Its standard input, and what of the text has not gone there.
    input: Option<Sender>,
    text: Outbox,
    end: Duration,
    look: Duration,
    pause: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Trouble {
    Unstarted,
    Slow,
    Killed,
}

impl Errands {
    /// Runs this command; nothing if there are no words.
    pub(super) fn new(words: &[String]) -> Self {
        // An argument of a program has no NUL in it.
        let words = words.iter().filter_map(|word| CString::new(word.as_str()).ok()).collect();
        Self { words, running: None, next_start: Duration::ZERO, is_wanted: false, said: [false; 3] }
    }

    /// Starts what can be started, and looks after what runs.
    pub(super) fn turn(&mut self, screen: &mut Screen, now: Duration) {
        if self.words.is_empty() {
            return;
        }
        self.look_after(now);
        if self.running.is_none()
            && now >= self.next_start
            && let Some(message) = screen.next_message()
        {
            self.next_start = now + INTERVAL;
            match start(&self.words, &message, now) {
                Ok(running) => self.running = Some(running),
                Err(error) => self.say(Trouble::Unstarted, &error),
            }
        }
        if screen.left_out() > 0 {
            self.say(Trouble::Slow, &"");
        }
        self.is_wanted = screen.has_messages();
    }

    /// When there is something to do for it.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        match &self.running {
            Some(running) => Some(running.look.min(running.end)),
            None => self.is_wanted.then_some(self.next_start),
        }
    }

    /// The end: what waits is not done any more; what runs is left to itself.
    pub(super) fn finish(&mut self, screen: &mut Screen) {
        let mut left = screen.left_out();
        while screen.next_message().is_some() {
            left += 1;
        }
        if left > 0 && !self.words.is_empty() {
            log::say("chinwag", &format_args!("{left} messages did not get to the command of --on-message"));
        }
    }

    fn look_after(&mut self, now: Duration) {
        let Some(running) = &mut self.running else { return };
        if now < running.look && now < running.end {
            return;
        }
        running.feed();
        if running.command.ended().is_some() {
            self.running = None;
        } else if now >= running.end {
            running.command.kill();
            running.end = now + PATIENCE;
            self.say(Trouble::Killed, &"");
        } else {
            running.pause = LAST_LOOK.min(running.pause * 2);
            running.look = now + running.pause;
        }
    }

    #[cold]
    fn say(&mut self, trouble: Trouble, error: &dyn std::fmt::Display) {
        let program = self.words[0].to_string_lossy();
        if std::mem::replace(&mut self.said[trouble as usize], true) {
            return note!(Debug, "{program}: {trouble:?} {error}");
        }
        let text = match trouble {
            Trouble::Unstarted => format!("--on-message: {program} cannot be started: {error}"),
            Trouble::Slow => format!("--on-message: {program} is too slow, some messages are left out"),
            Trouble::Killed => {
                format!("--on-message: {program} was killed, as it took more than {PATIENCE:?}")
            }
        };
        log::say("chinwag", &text);
    }
}

impl Running {
    /// A fresh pipe takes all of the text at once, as a rule; where it does not, the rest follows.
    fn feed(&mut self) {
        let Some(input) = &mut self.input else { return };
        let fed = self.text.drain(|bytes| transport::write(input, bytes));
        // Whether it took all of it, or does not want to read it: that is the end.
        if self.text.is_empty() || matches!(fed, Err(crate::wire::source::Stop::Broken(_))) {
            self.input = None;
        }
    }
}

fn start(words: &[CString], message: &Message, now: Duration) -> io::Result<Running> {
    let (input, its_input) = pipe::new()?;
    // The two ends are two descriptions: this one is the command's, which expects it to block.
    its_input.set_nonblocking(false)?;
    let text = escape::piece(&message.text, IN_ENVIRONMENT);
    let variables = [variable(b"CHINWAG_FROM=", &message.from)?, variable(b"CHINWAG_TEXT=", text)?];
    let command = Command::start(words, variables, &its_input)?;
    let mut running = Running {
        command,
        input: Some(input),
        text: Outbox::new(),
        end: now + PATIENCE,
        look: now + FIRST_LOOK,
        pause: FIRST_LOOK,
    };
    running.text.tail().extend_from_slice(&message.text);
    running.text.tail().push(b'\n');
    running.feed();
    Ok(running)
}

/// A string of C ends at a NUL: each is a space instead. (On standard input it is what it is.)
fn variable(name: &[u8], value: &[u8]) -> io::Result<CString> {
    let value = value.iter().map(|&byte| if byte == 0 { b' ' } else { byte });
    Ok(CString::new(name.iter().copied().chain(value).collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::frontend::Frontend as _;
    use crate::client::notice::Notice;
    use crate::ui::rich::Wishes;
    use crate::ui::screen::Look;
    use std::path::PathBuf;
    use std::time::Instant;

    const DEADLINE: Duration = Duration::from_secs(30);

    /// A command of a shell's words, and the file in the variable OUT for it to write to.
    struct Scene {
        screen: Screen,
        errands: Errands,
        folder: PathBuf,
    }

    impl Scene {
        fn new(script: &str) -> Self {
            static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let folder =
                std::env::temp_dir().join(format!("chinwag-errands-{}-{number}", std::process::id()));
            std::fs::create_dir(&folder).unwrap();
            let script = format!("OUT={}; {script}", folder.join("out").display());
            let mut screen = Screen::new(Look::default());
            screen.enrich(Wishes { errands: true, ..Wishes::default() }, 80);
            Self { screen, errands: Errands::new(&["sh".into(), "-c".into(), script]), folder }
        }

        fn message(&mut self, name: &[u8], text: &[u8]) {
            self.screen.show(Notice::From { name, text }, 0);
        }

        /// Lets time pass until nothing is left to be done, as the loop does; returns how often it woke up.
        fn run(&mut self) -> usize {
            let start = Instant::now();
            let mut turns = 0;
            loop {
                let now = start.elapsed();
                self.errands.turn(&mut self.screen, now);
                let Some(next) = self.errands.next_deadline() else { return turns };
                assert!(now < DEADLINE, "it never ends");
                std::thread::sleep(next.saturating_sub(start.elapsed()));
                turns += 1;
            }
        }

        fn written(&self) -> Vec<u8> {
            std::fs::read(self.folder.join("out")).unwrap_or_default()
        }
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    #[test]
    fn command_finds_name_and_text() {
        let mut scene = Scene::new("{ printf '%s|%s\\n' \"$CHINWAG_FROM\" \"$CHINWAG_TEXT\"; cat; } >> $OUT");
        scene.message(b"bob", b"hi; $(rm x) `y` \\n 'z' \x1b[2J");
        scene.message(b"b\0\xff", b" a\0b ");
        scene.run();
        let expected = b"bob|hi; $(rm x) `y` \\n 'z' \x1b[2J\nhi; $(rm x) `y` \\n 'z' \x1b[2J\n\
            b \xff| a b \n a\0b \n";
        assert_eq!(scene.written().escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    #[test]
    fn long_text_is_whole_on_standard_input_up_to_its_bound_whoever_reads() {
        let mut scene = Scene::new("sleep 0.05; { printf %s \"$CHINWAG_TEXT\" | wc -c; wc -c; } >> $OUT");
        scene.message(b"bob", &[b'x'; 1_000_000]);
        scene.run();
        let written = String::from_utf8(scene.written()).unwrap();
        let counts: Vec<usize> = written.split_whitespace().map(|count| count.parse().unwrap()).collect();
        assert_eq!(counts, [IN_ENVIRONMENT, 64 * 1024]);

        let mut scene = Scene::new("exec <&-; echo done >> $OUT");
        scene.message(b"bob", &[b'x'; 1_000_000]);
        scene.run();
        assert_eq!(scene.written(), b"done\n");
    }

    #[test]
    fn one_runs_at_a_time_and_nothing_wakes_up_when_none_does() {
        let mut scene =
            Scene::new("mkdir $OUT.lock || echo two >> $OUT; sleep 0.02; rmdir $OUT.lock; echo one >> $OUT");
        assert_eq!(scene.run(), 0);
        (0..5).for_each(|_| scene.message(b"bob", b"hi"));
        scene.run();
        assert_eq!(scene.written(), b"one\n".repeat(5));
        assert_eq!(scene.errands.next_deadline(), None);
    }

    #[test]
    fn command_that_never_ends_is_killed_with_what_it_started() {
        let mut scene = Scene::new("echo $$ > $OUT; sleep 600 & wait");
        scene.message(b"bob", b"hi");
        scene.errands.turn(&mut scene.screen, Duration::ZERO);
        let start = Instant::now();
        while scene.written().is_empty() {
            assert!(start.elapsed() < DEADLINE);
        }
        let group: i32 = String::from_utf8(scene.written()).unwrap().trim().parse().unwrap();
        let group = rustix::process::Pid::from_raw(group).unwrap();
        scene.errands.turn(&mut scene.screen, PATIENCE - FIRST_LOOK);
        assert!(scene.errands.running.is_some() && !scene.errands.said[Trouble::Killed as usize]);
        let mut now = PATIENCE;
        while scene.errands.running.is_some() {
            scene.errands.turn(&mut scene.screen, now);
            now += LAST_LOOK;
            assert!(start.elapsed() < DEADLINE);
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(scene.errands.said[Trouble::Killed as usize]);
        while rustix::process::test_kill_process_group(group).is_ok() {
            assert!(start.elapsed() < DEADLINE, "what it started lives on");
        }
    }

    #[test]
    fn command_that_is_not_there_is_said_once() {
        let mut scene = Scene::new("");
        scene.errands.words = vec![c"/nowhere/at/all".into()];
        scene.message(b"bob", b"hi");
        scene.message(b"bob", b"hi");
        scene.run();
        assert!(scene.errands.said[Trouble::Unstarted as usize]);
    }

    /// Neither ours nor an earlier command's are among those of a command.
    #[cfg(target_os = "linux")]
    #[test]
    fn command_gets_no_descriptor_of_ours() {
        let mut scene = Scene::new("ls /proc/self/fd >> $OUT; grep SigIgn /proc/$$/status >> $OUT");
        scene.message(b"bob", b"hi");
        scene.run();
        let written = String::from_utf8(scene.written()).unwrap();
        let (descriptors, ignored) = written.split_once("SigIgn:").unwrap();
        // Whoever runs the tests may have left some to all that is started.
        let others = std::process::Command::new("ls").arg("/proc/self/fd").output().unwrap().stdout;
        assert_eq!(descriptors, String::from_utf8(others).unwrap());
        let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
        assert_eq!(ignored & (1 << 12), 0, "a broken pipe ends it, as any program");
    }
}
