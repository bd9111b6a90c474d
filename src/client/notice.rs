//! What there is to tell the user about the conversation: the values that become lines of the screen.

/// One thing to be shown, by the id of its line (spec section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice<'a> {
    /// S2: logged in under this name.
    LoggedIn(&'a [u8]),
    /// S3: this name is taken.
    InUse(&'a [u8]),
    /// S4: this name may not be had.
    Disallowed(&'a [u8]),
    /// S5.
    Full,
    /// S6.
    Sent,
    /// S7.
    NoSuchUser,
    /// S8: a message.
    From {
        /// The name of its sender.
        name: &'a [u8],
        /// The message.
        text: &'a [u8],
    },
    /// What the user wrote to somebody: for the log file only.
    To {
        /// The name of its receiver.
        name: &'a [u8],
        /// The message.
        text: &'a [u8],
    },
    /// S9: the names of all users, with commas between them.
    Online(&'a [u8]),
    /// S10.
    BadHeader,
    /// S11.
    BadBody,
    /// The connection was lost: for the log file only.
    Lost,
    /// It is there again: for the log file only.
    Back,
}
