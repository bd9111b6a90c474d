//! The line editor: what a person types is edited, shown and kept apart from what arrives meanwhile.
//!
//! ```text
//!   bytes --[keys]--> key --[editor]--> line  ---> Event, to the owner of the loop
//!                              |          |
//!                   history, completion   +--[layout]--[view]--> bytes for the terminal
//! ```
//!
//! Nothing here knows a descriptor, a clock or a mode of the terminal: the owner of the loop puts the terminal into a mode
//! without echo, line editing and signals, *with* output processing (`OPOST`), feeds what it reads, and writes what it is given.
//! What arrives while a line is being typed goes between [`Editor::hide`] and [`Editor::show`], all in one write.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys.rs` | bytes to keys, however they are cut |
//! | `editor.rs` | what each key does |
//! | `line.rs` | the edited text and the cursor |
//! | `history.rs` | the lines sent before |
//! | `completion.rs` | what Tab adds |
//! | `text.rs` | what a character is, how wide it is, and its harmless form |
//! | `layout.rs` | where the terminal's wrapping puts each character |
//! | `view.rs` | what is on the screen, and the bytes that change it |

mod completion;
mod desk;
mod history;
mod keys;
mod layout;
mod line;
mod text;
mod view;

#[cfg(test)]
mod tests;

pub use desk::{Editor, Event};
