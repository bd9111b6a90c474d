//! What surrounds a conversation on this machine: the terminal and its signals, standard output as the
//! poll sees it, the log on standard error, and the log file.

use super::failure::Failure;
use super::journal::Journal;
use super::log;
use super::options::{Options, When};
use super::signals::{self, Demand};
use super::stdio::Stdio;
use super::tty::Tty;
use crate::client::conversation::Conversation;
use crate::client::frontend::Frontend as _;
use crate::ui::display::Style;
use crate::ui::screen::{Look, Screen};
use crate::wire::escape::Rule;
use crate::wire::source::Source;
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use signal_hook::consts::SIGXFSZ;
use std::io;
use std::time::Duration;

/// A log that standard error did not take is tried again after this time.
const LOG_RETRY: Duration = Duration::from_millis(100);

/// The place where a conversation is held.
pub(crate) struct Console {
    /// The terminal, if the typed line is edited here.
    tty: Option<Tty>,
    /// A server runs in this process: nobody is served while it is stopped.
    hosts: bool,
    /// A signal asks to end.
    killed: Option<i32>,
    journal: Journal,
    /// The log is to be seen between the lines of the screen, on the same terminal.
    shares_terminal: bool,
    /// When to try again to write the log that was not taken.
    log_retry: Option<Duration>,
    /// The token of the output, and whether it is registered with the poll.
    output_token: Token,
    watches_output: bool,
    /// The user's command.
    #[cfg(feature = "rich")]
    errands: super::errands::Errands,
}

/// The tokens of a console.
pub(crate) struct Tokens {
    pub(crate) output: Token,
    pub(crate) signals: Token,
    pub(crate) journal: Token,
}

impl Console {
    /// Takes what there is into its hands, the terminal with it if the typed line is to be edited; and a
    /// screen that fits.
    ///
    /// # Errors
    /// When the log file cannot be opened, or the terminal does not obey.
    pub(crate) fn open(
        options: &Options,
        (input, output): (&Stdio, &Stdio),
        registry: &Registry,
        tokens: &Tokens,
    ) -> Result<(Self, Screen), Failure> {
        // A file that has become too long says so (EFBIG).
        signals::ignore(SIGXFSZ);
        let mut screen = Screen::new(look(options, output.is_terminal()));
        let edits = input.is_terminal() && output.is_terminal() && options.edits() && Tty::makes_sense();
        #[cfg(feature = "rich")]
        super::extras::enrich(&mut screen, options, output.is_terminal(), input.is_terminal() && !edits);
        let journal = Journal::open(options, &mut screen, registry, tokens.journal)?;
        journal.tell_time(&mut screen);
        let tty = edits.then(|| Tty::take(registry, tokens.signals, &mut screen));
        if let Some(name) = &options.to {
            screen.talk_to(name);
        }
        let tty = tty.transpose().map_err(Failure::local("the terminal"))?;
        if tty.is_none() {
            signals::end_by_signals();
        }
        #[cfg(feature = "rich")]
        if tty.is_some() {
            screen.watch_focus();
        }
        let console = Self {
            shares_terminal: tty.is_some() && log::shares_terminal_with(output),
            tty,
            hosts: options.host,
            killed: None,
            journal,
            log_retry: None,
            output_token: tokens.output,
            watches_output: false,
            #[cfg(feature = "rich")]
            errands: super::errands::Errands::new(&options.extras.command),
        };
        Ok((console, screen))
    }

    /// The signal that asks to end, if one has come.
    pub(crate) fn killed(&self) -> Option<i32> {
        self.killed
    }

    /// Before a turn: tells the time, and does what signals ask for.
    pub(crate) fn prepare(
        &mut self,
        conversation: &mut Conversation<Screen>,
        output: &mut Source<Stdio>,
    ) -> Result<(), Failure> {
        self.journal.tell_time(conversation.frontend());
        let demands = self.tty.as_mut().map(Tty::demands).unwrap_or_default();
        demands.into_iter().try_for_each(|demand| self.obey(demand, conversation, output))
    }

    /// After a turn: writes what it has left to be written to the log file, standard error, and standard
    /// output, which is watched from then on as its state asks for.
    pub(crate) fn finish(
        &mut self,
        conversation: &mut Conversation<Screen>,
        output: &mut Source<Stdio>,
        registry: &Registry,
        now: Duration,
    ) -> Result<(), Failure> {
        self.journal.write(conversation.frontend(), now);
        #[cfg(feature = "rich")]
        self.errands.turn(conversation.frontend(), now);
        if let Some(tty) = &mut self.tty {
            tty.note_questions(conversation.frontend());
        }
        self.show_log(conversation.frontend(), now);
        let shown = output.flush(conversation.frontend().to_show());
        note_unseen(shown, conversation)?;
        self.watch(output, registry).map_err(Failure::local("standard output"))
    }

    /// Does what a signal, or a key that stands for one, asks for.
    #[cold]
    pub(crate) fn obey(
        &mut self,
        demand: Demand,
        conversation: &mut Conversation<Screen>,
        output: &mut Source<Stdio>,
    ) -> Result<(), Failure> {
        let Some(tty) = &mut self.tty else { return Ok(()) };
        let screen = conversation.frontend();
        match demand {
            #[cfg(feature = "editor")]
            Demand::End(signal) => self.killed = Some(signal),
            #[cfg(feature = "editor")]
            Demand::Redraw => tty.redraw(screen),
            Demand::Stop => {
                screen.suspend();
                let shown = output.flush(screen.waiting());
                if self.hosts {
                    log::say("chinwag", &"suspended: the server answers nobody until you come back (fg)");
                }
                log::flush();
                tty.stop(screen);
                note_unseen(shown, conversation)?;
            }
        }
        Ok(())
    }

    /// Whether there is a log that nobody has refused yet.
    pub(crate) fn has_work(&self) -> bool {
        log::is_waiting() && self.log_retry.is_none()
    }

    /// When to try again to write the log, or to give the log file up.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let deadlines = [self.log_retry, self.journal.next_deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        #[cfg(feature = "rich")]
        let deadline = [deadline, self.errands.next_deadline()].into_iter().flatten().min();
        deadline
    }

    /// The end.
    pub(crate) fn close(&mut self, screen: &mut Screen, now: Duration) {
        self.journal.finish(screen, now);
        #[cfg(feature = "rich")]
        self.errands.finish(screen);
    }

    /// Lets the log appear, between the lines of the screen where both are the same terminal.
    fn show_log(&mut self, screen: &mut Screen, now: Duration) {
        let is_shown = if self.shares_terminal && screen.takes_keys() {
            log::take(|lines| screen.show_aside(lines))
        } else {
            log::flush()
        };
        self.log_retry = (!is_shown).then(|| now + LOG_RETRY);
    }

    /// A pipe is watched all the time, because the poll says when its reader goes away. A terminal
    /// would wake the program whenever it has shown something: it is watched while it takes no more.
    fn watch(&mut self, output: &Source<Stdio>, registry: &Registry) -> io::Result<()> {
        let wanted = output.transport().is_pipe() || output.is_blocked();
        if wanted == self.watches_output {
            return Ok(());
        }
        self.watches_output = if wanted {
            output.transport().register(registry, self.output_token, Interest::WRITABLE)?
        } else {
            output.transport().deregister(registry);
            false
        };
        Ok(())
    }
}

/// A reader of the output that has gone is a quiet end.
pub(crate) fn note_unseen(
    shown: io::Result<()>,
    conversation: &mut Conversation<Screen>,
) -> Result<(), Failure> {
    match shown {
        Err(error) if is_gone(&error) => conversation.handle_unseen(),
        other => other.map_err(Failure::local("standard output"))?,
    }
    Ok(())
}

/// Whether nobody is left who reads the output.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    let gone = [Errno::PIPE, Errno::CONNRESET];
    gone.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// How the screen is to look on this standard output.
fn look(options: &Options, terminal: bool) -> Look {
    Look {
        terminal,
        style: Style {
            escape: match options.escape {
                When::Always => Some(Rule::Ignorable),
                When::Auto if terminal => Some(Rule::Harmful),
                When::Auto | When::Never => None,
            },
            color: options.color.applies(terminal && !options.no_color && !options.dumb),
            one_line: false,
        },
        timestamps: options.timestamps,
        bell: options.bell && terminal,
    }
}
