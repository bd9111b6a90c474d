//! What the client can be asked for with the feature `rich`, and what comes of it on this terminal.

use super::options::Options;
use super::raw_mode;
use crate::ui::rich::{Alert, Passage, Wishes};
use crate::ui::screen::Screen;
use std::env;

/// Options of the feature `rich`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Extras {
    /// Lines are for people.
    pub(crate) pretty: bool,
    /// How a message calls the user.
    pub(crate) alert: Option<Alert>,
    /// The command to be run for each message: the program and its arguments. Empty if there is none.
    pub(crate) command: Vec<String>,
    /// Whose messages are not shown.
    pub(crate) ignored: Vec<Vec<u8>>,
}

/// Has the screen fulfil what makes sense here.
pub(super) fn enrich(screen: &mut Screen, options: &Options, output_is_terminal: bool, is_echoed: bool) {
    let extras = &options.extras;
    let pretty = extras.pretty && output_is_terminal && !options.dumb;
    let wishes = Wishes {
        pretty,
        colored: pretty && options.color.applies(!options.no_color),
        is_echoed: pretty && is_echoed,
        alert: extras.alert.filter(|_| output_is_terminal),
        passage: passage(),
        errands: !extras.command.is_empty(),
        ignored: extras.ignored.clone(),
    };
    screen.enrich(wishes, raw_mode::size().0);
}

/// tmux inside of screen, or the other way round: the inner one says last where we are, but which that is
/// cannot be told. tmux is the likelier one.
fn passage() -> Passage {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    match (is_set("TMUX"), is_set("STY")) {
        (true, _) => Passage::Tmux,
        (false, true) => Passage::Screen,
        _ => Passage::Open,
    }
}
