//! How much is read, kept and held back at a time: for a host, and for a board with some ten KiB of
//! memory, which is what a build without the standard library is for.
//!
//! Nothing depends on a value but speed and memory: a line of any length passes through both, as far as
//! the memory goes. All are in bytes unless the name says otherwise.

use alloc::vec::Vec;
use core::hint::black_box;

/// The first on a host, where the tests run too, the second on a board.
const fn either(host: usize, board: usize) -> usize {
    if cfg!(any(feature = "std", test)) { host } else { board }
}

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What is read at a time, and the size to which a ring of lines returns.
///
/// With messages of 64 bytes a read brings about 1,600 of them: what a system call costs no longer
/// counts. Memory that nothing was read into costs nothing: allocators map as much as this afresh.
pub const CHUNK: usize = either(128 * KIB, KIB);

/// A full ring grows by at most so much: what is cleared at a time is still in the processor's caches
/// when it is read into, and a message of 100 MB never takes more than 101.
pub(crate) const STEP: usize = either(MIB, KIB);

/// So much is left, when a long line has got its memory, for all that is never asked about: pieces of it on
/// their way, answers, what is said.
pub(crate) const LEFT: usize = either(256 * KIB, 2 * KIB);

/// Whether to ask for memory that is given back leaves everything as it was. With glibc it does not: what comes
/// next is taken out of that, and cleared, where fresh pages were clean.
#[cfg(feature = "slim")]
pub(crate) const CAN_ASK: bool = cfg!(not(target_env = "gnu"));

/// A program does not begin with less.
#[cfg(feature = "slim")]
pub(crate) const LEAST: usize = 320 * KIB;

/// So much is cleared at a time, from a block on the stack.
pub(crate) const ZEROS: usize = either(4 * KIB, 256);

/// An emptied outbox keeps this much memory; what is more is given back.
pub(crate) const KEPT: usize = either(128 * KIB, KIB);

/// When so much waits to be sent, no more commands are taken from the user.
pub const OUTBOX_FULL: usize = either(64 * KIB, 2 * KIB);

/// At most so much of a long message is put into the outbox at a time.
pub(crate) const OUTBOX_PIECE: usize = either(32 * KIB, KIB);

/// While commands cannot be sent, the input is read on until so much waits behind the first of them:
/// among them may be a `!quit`.
pub(crate) const TYPED_AHEAD: usize = either(64 * KIB, KIB);

/// When so much waits to be shown, nothing more is taken from the server.
pub const SCREEN_FULL: usize = either(64 * KIB, 2 * KIB);

/// When so much waits for the log file, nothing more is taken from either side.
pub(crate) const JOURNAL_FULL: usize = either(64 * KIB, 2 * KIB);

/// At most so much of a long text is shown at a time, so that a message of any length passes through
/// without a second copy of it.
pub(crate) const SCREEN_PIECE: usize = either(32 * KIB, KIB);

/// So much of messages is put together at a time: a part of the processor's nearest cache.
pub(crate) const BATCH: usize = either(8 * KIB, 512);

/// A typed text of several lines, each with the name before it that it is for, is not sent if that is longer.
pub(crate) const EXPANDED: usize = either(16 * MIB, 2 * KIB);

/// Those of the line editor.
#[cfg(feature = "editor")]
pub(crate) mod editor {
    use super::{KIB, MIB, either};

    /// So many lines that were sent before are remembered at most.
    pub(crate) const HISTORY_LINES: usize = either(500, 32);

    /// So much of them is remembered at most, all lines together.
    pub(crate) const HISTORY: usize = either(256 * KIB, 2 * KIB);

    /// A line with a text in it does not become longer than this by pasting what was cut: a few keys would
    /// double it again and again. What is typed, or comes from the terminal, has no bound here.
    pub(crate) const LONGEST_BY_PASTING: usize = either(MIB, 2 * KIB);

    /// So many names are remembered for completion at most.
    pub(crate) const COMPLETED_NAMES: usize = either(200, 32);

    /// So many of those who wrote last are remembered at most, to be answered.
    pub(crate) const SENDERS: usize = either(32, 8);

    /// A longer name is not one to complete.
    pub(crate) const COMPLETED_NAME: usize = either(256, 64);
}

/// The longest line of a client that has not logged in. It bounds the names too, whatever a server's
/// limits say.
pub const LOG_IN_LIMIT: usize = either(4 * KIB, 256);

/// The longest name, unless the limits of a server say otherwise.
pub(crate) const MAX_NAME: usize = either(64, 32);

/// The longest text of a message, unless the limits of a server say otherwise.
pub(crate) const MAX_MESSAGE: usize = either(16 * MIB, KIB);

/// The most that may wait for one client, unless the limits of a server say otherwise: two of the
/// longest messages and more.
pub(crate) const MAX_QUEUE: usize = either(40 * MIB, 4 * KIB);

/// A queue must have room for this much more than the longest message: for the header and the name
/// before it, and for what may be queued already when it is taken.
pub const QUEUE_ROOM: usize = either(64 * KIB, 2 * KIB);

/// While more than this waits for a client, and perhaps while less does, messages to it are put off.
pub(crate) const MARK: usize = either(MIB, 2 * KIB);

/// While it has more than this to read, no further line of a client is taken.
pub const OWN_MARK: usize = either(128 * KIB, KIB);

/// So many emptied buffers are kept for the next outbox that fills.
pub(crate) const SPARE_BUFFERS: usize = either(16, 2);

/// So much is read in a turn of the server from those whose end was announced, beyond one read of each.
/// It is more than one of them can leave behind, as a rule.
pub(crate) const LAST_BYTES: usize = either(2 * MIB, 4 * KIB);

/// While it has more than this to read, no further line is taken of a client that has not logged in: a
/// few refusals.
pub(crate) const GUEST_MARK: usize = 64;

/// At most so much of a list of users is put into an outbox at a time.
pub(crate) const LIST_PIECE: usize = either(8 * KIB, KIB);

/// What a connection takes at least in a server, for its bookkeeping, a name included.
pub(crate) const PER_CLIENT: usize = either(512, 256);

/// What all clients together may make a server hold, unless its limits say otherwise.
pub(crate) const MAX_MEMORY: usize = either(64 * MIB, 32 * KIB);

/// Whether there is so much memory, for what is never asked about.
#[cold]
pub(crate) fn is_there(count: usize) -> bool {
    // A large piece, once given back, would change what glibc does with all others of that size (mallopt(3),
    // M_MMAP_THRESHOLD).
    const PIECES: usize = if cfg!(target_env = "gnu") { 4 } else { 1 };
    let mut pieces = [const { Vec::<u8>::new() }; PIECES];
    let is_there = pieces.iter_mut().all(|piece| piece.try_reserve_exact(count / PIECES).is_ok());
    // What nobody looks at is not even asked for.
    black_box(&pieces);
    is_there
}
