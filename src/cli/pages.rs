//! What manual pages and completions are made of, by a tool beside the programs (`xtask`); they use none of it.

use super::{client, server, tls};

pub use super::table::{Program, Row};

/// That of both programs.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Both of them.
pub fn programs() -> [&'static Program; 2] {
    [&client::PROGRAM, &server::PROGRAM]
}

/// The feature without which no program has such an option.
pub fn feature(option: &str) -> Option<&'static str> {
    let has = |table: &str| table.lines().any(|row| row.split('|').next() == Some(option));
    #[cfg(feature = "rich")]
    if has(super::extras::OPTIONS) {
        return Some("rich");
    }
    (has(tls::CLIENT) || has(tls::SERVER)).then_some("tls")
}
