//! What the user sees, and the line that the user types. Pure.
//!
//! A [`Screen`](screen::Screen) shows a [conversation](crate::client::conversation) on a stream, as the contract has it, perhaps with an
//! [`Editor`](editor::Editor) below; who wants to show it in another way writes a [`Frontend`](crate::client::frontend::Frontend).

pub mod display;
#[cfg(feature = "editor")]
pub mod editor;
#[cfg(not(feature = "editor"))]
#[path = "no_editor.rs"]
pub mod editor;
pub mod moment;
#[cfg(feature = "rich")]
pub mod rich;
pub mod screen;
pub mod zone;
