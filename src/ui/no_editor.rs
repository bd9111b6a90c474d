//! What stands for the line editor in a build without one: a type that has no value. Whatever is written for
//! an editor is checked, and not a byte of it is in the program.

use alloc::vec::Vec;
use core::time::Duration;

pub use crate::client::frontend::KeyEvent as Event;

/// No editor.
#[derive(Debug)]
pub enum Editor {}

/// What the editor can do that there is with the feature `editor`.
macro_rules! methods {
    ($($name:ident($self:ident: $own:ty $(, $argument:ident: $type:ty)*) $(-> $result:ty)?;)*) => {
        #[allow(missing_docs, unused_variables, clippy::ptr_arg, reason = "nobody can call them")]
        impl Editor {
            $(pub fn $name($self: $own $(, $argument: $type)*) $(-> $result)? { match *$self {} })*
        }
    };
}

methods! {
    add_name(self: &mut Self, name: &[u8]);
    add_sender(self: &mut Self, name: &[u8]);
    awaited_answers(self: &mut Self) -> usize;
    begin_chat(self: &mut Self);
    end_line(self: &mut Self, out: &mut Vec<u8>);
    expect_early(self: &mut Self, bytes: usize);
    feed(self: &mut Self, bytes: &[u8], out: &mut Vec<u8>) -> (usize, Option<Event>);
    handle_pause(self: &mut Self, out: &mut Vec<u8>);
    handle_time(self: &mut Self, now: Duration);
    hide(self: &mut Self, out: &mut Vec<u8>);
    is_hidden(self: &Self) -> bool;
    is_idle(self: &Self) -> bool;
    is_restless(self: &Self) -> bool;
    leave(self: &mut Self, out: &mut Vec<u8>);
    next_deadline(self: &Self) -> Option<Duration>;
    note_miss(self: &mut Self);
    resize(self: &mut Self, columns: u16, rows: u16, out: &mut Vec<u8>);
    set_prompt(self: &mut Self, prompt: &[u8]);
    show(self: &mut Self, out: &mut Vec<u8>);
    suspend(self: &mut Self, out: &mut Vec<u8>);
    talk_to(self: &mut Self, name: &[u8]);
}
