//! What the user sees, and the line that the user types. Pure.

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
