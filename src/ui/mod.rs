//! What the user sees, and the line that the user types. Pure.

pub mod display;
pub mod editor;
pub mod moment;
#[cfg(feature = "rich")]
pub mod rich;
pub mod screen;
pub mod zone;
