//! The wire's two vocabularies, text to value and back (spec section 1).
//!
//! ```text
//!   request = "HELLO-FROM" SP name / "LIST" / "SEND" SP name SP text
//!   reply   = "HELLO" SP name / "IN-USE" / "BUSY" / "LIST-OK" SP [ name *( "," name ) ]
//!           / "SEND-OK" / "BAD-DEST-USER" / "DELIVERY" SP name SP text
//!           / "BAD-RQST-HDR" / "BAD-RQST-BODY"
//!   name    = 1*( any byte but LF, space and ! @ # $ % ^ & * , )
//!   text    = *( any byte but LF )
//! ```
//!
//! A line comes in and goes out without its `\n` being part of the grammar: [`crate::wire::lines`] takes
//! it off, `write` puts it on.
//!
//! That is what is written, and what is tried first. Peers of other editions write a little more or less,
//! and are understood all the same (spec W5), but where it would touch a text:
//!
//! ```text
//!   request = ( other request ) [ CR ]  /  "SEND" 1*SP name SP text
//!   reply   = ( other reply ) [ CR ]  /  "HELLO" [ SP ]
//!           / ( "IN-USE" / "BUSY" / "SEND-OK" / "BAD-DEST-USER" / "BAD-RQST-HDR" / "BAD-RQST-BODY"
//!             / "BAD_RQST_HDR" / "BAD_RQST_BODY" ) [ SP anything ]
//!           / "LIST-OK" SP *SP [ name ] *SP *( "," *SP [ name ] *SP )
//! ```

use super::copy;
use alloc::vec::Vec;
use memchr::memchr;

/// The port on which servers listen unless told otherwise.
pub const DEFAULT_PORT: u16 = 5378;

mod header {
    pub(super) const HELLO_FROM: &[u8] = b"HELLO-FROM";
    pub(super) const LIST: &[u8] = b"LIST";
    pub(super) const SEND: &[u8] = b"SEND";

    pub(super) const HELLO: &[u8] = b"HELLO";
    pub(super) const IN_USE: &[u8] = b"IN-USE";
    pub(super) const BUSY: &[u8] = b"BUSY";
    pub(super) const LIST_OK: &[u8] = b"LIST-OK";
    pub(super) const SEND_OK: &[u8] = b"SEND-OK";
    pub(super) const BAD_DEST_USER: &[u8] = b"BAD-DEST-USER";
    pub(super) const BAD_RQST_HDR: &[u8] = b"BAD-RQST-HDR";
    pub(super) const BAD_RQST_BODY: &[u8] = b"BAD-RQST-BODY";
    /// As a published build of the reference server has them.
    pub(super) const BAD_RQST_HDR_OTHER: &[u8] = b"BAD_RQST_HDR";
    pub(super) const BAD_RQST_BODY_OTHER: &[u8] = b"BAD_RQST_BODY";

    /// Those of messages, with the space behind them: they come in thousands, all else one by one.
    pub(super) const SEND_: &[u8; 5] = b"SEND ";
    pub(super) const DELIVERY_: &[u8; 9] = b"DELIVERY ";
}

/// What a client asks of the server (spec section 1).
///
/// ```
/// use chinwag::wire::protocol::{BadRequest, Request};
/// let request = Request::Send { to: b"ann", text: b" the second space is the text's" };
/// assert_eq!(Request::parse(b"SEND ann  the second space is the text's"), Ok(request));
/// assert_eq!(Request::parse(b"SEND ann"), Err(BadRequest::Body));
/// assert_eq!(Request::parse(b"HI"), Err(BadRequest::Header));
///
/// let mut out = Vec::new();
/// Request::List.write(&mut out);
/// assert_eq!(out, b"LIST\n");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Log in as `name`; whether it is a [valid name](is_valid_name) is for the server to say.
    HelloFrom {
        /// The name asked for.
        name: &'a [u8],
    },
    /// Who is logged in?
    List,
    /// Deliver `text` to `to`.
    Send {
        /// The name of the user it is for.
        to: &'a [u8],
        /// The message.
        text: &'a [u8],
    },
}

/// Why a line is no request (spec section 6): the server answers the first by `BAD-RQST-HDR`, the others by `BAD-RQST-BODY`,
/// unless the log-in has been, or has not been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRequest {
    /// The header is none that is known.
    Header,
    /// The header is that of a log-in, the rest does not fit it.
    LogInBody,
    /// The header is another known one, the rest does not fit it.
    Body,
}

impl<'a> Request<'a> {
    /// Reads a client's line, without its `\n`. Bodies are UTF-8 (spec section 6).
    ///
    /// # Errors
    /// Says which part of the line is at fault.
    #[inline]
    pub fn parse(line: &'a [u8]) -> Result<Self, BadRequest> {
        if let Some(body) = line.strip_prefix(header::SEND_) {
            return Self::parse_send(body).ok_or(BadRequest::Body);
        }
        let (header, body) = split_at_space(without_carriage_return(line));
        match header {
            header::LIST if body.is_none() => Ok(Self::List),
            header::LIST | header::SEND => Err(BadRequest::Body),
            header::HELLO_FROM => {
                let name = body.filter(|name| is_utf8(name)).ok_or(BadRequest::LogInBody)?;
                Ok(Self::HelloFrom { name })
            }
            _ => Err(BadRequest::Header),
        }
    }

    fn parse_send(mut body: &'a [u8]) -> Option<Self> {
        if !is_utf8(body) {
            return None;
        }
        while let [b' ', rest @ ..] = body {
            body = rest;
        }
        let (to, text) = body.split_at(name_end(body)?);
        let text = &text[1..];
        (!text.is_empty()).then_some(Self::Send { to, text })
    }

    /// Appends the line, with its `\n`, to `out`.
    ///
    /// What stands in it is not looked at: a name with a space, or a `\n` in either, would make another line of it.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::HelloFrom { name } => write_line(header::HELLO_FROM, Some(name), out),
            Self::List => write_line(header::LIST, None, out),
            Self::Send { to, text } => write_message::<false>(header::SEND_, to, text, out),
        }
    }
}

/// What the server says (spec section 1).
///
/// ```
/// use chinwag::wire::protocol::{Reply, names};
/// let reply = Reply::parse(b"DELIVERY ann  as it came ");
/// assert_eq!(reply, Some(Reply::Delivery { from: b"ann", text: b" as it came " }));
/// let Some(Reply::ListOk { names: list }) = Reply::parse(b"LIST-OK ann,bob") else { unreachable!() };
/// assert_eq!(names(list).collect::<Vec<_>>(), [b"ann", b"bob"]);
/// assert_eq!(Reply::parse(b"SEND ann hi"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The log-in succeeded.
    Hello {
        /// The name the user has now; empty if the server does not say it: then it is the one asked for.
        name: &'a [u8],
    },
    /// Log-in refused: the name is taken.
    InUse,
    /// Log-in refused: the server is full.
    Busy,
    /// Everyone who is logged in.
    ListOk {
        /// The names, with commas between them; see [`names`].
        names: &'a [u8],
    },
    /// The last message was delivered.
    SendOk,
    /// The last message was for nobody who is logged in.
    BadDestUser,
    /// A message.
    Delivery {
        /// The name of the user it is from.
        from: &'a [u8],
        /// The message.
        text: &'a [u8],
    },
    /// The last line had a bad header.
    BadRqstHdr,
    /// The last line had a bad body.
    BadRqstBody,
}

impl<'a> Reply<'a> {
    /// Reads a server's line, without its `\n`; `None` for one that is no reply (spec W3).
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        Self::parse_delivery(line).or_else(|| Self::parse_other(line))
    }

    #[inline]
    fn parse_delivery(line: &'a [u8]) -> Option<Self> {
        let (from, text) = split_delivery(line)?;
        Some(Self::Delivery { from, text: &text[1..] })
    }

    fn parse_other(line: &'a [u8]) -> Option<Self> {
        // Comes with each message, too.
        if line == header::SEND_OK {
            return Some(Self::SendOk);
        }
        let (header, body) = split_at_space(without_carriage_return(line));
        match header {
            header::SEND_OK => Some(Self::SendOk),
            header::BAD_DEST_USER => Some(Self::BadDestUser),
            // Without its space it may be the start of anything.
            header::LIST_OK => body.map(|names| Self::ListOk { names }),
            header::HELLO => Some(Self::Hello { name: body.unwrap_or_default() }),
            header::IN_USE => Some(Self::InUse),
            header::BUSY => Some(Self::Busy),
            header::BAD_RQST_HDR | header::BAD_RQST_HDR_OTHER => Some(Self::BadRqstHdr),
            header::BAD_RQST_BODY | header::BAD_RQST_BODY_OTHER => Some(Self::BadRqstBody),
            _ => None,
        }
    }

    /// Appends the line, with its `\n`, to `out`.
    ///
    /// What stands in it is not looked at: a name with a space, or a `\n` in either, would make another line of it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let (header, body) = match self {
            Self::Delivery { from, text } => {
                return write_message::<false>(header::DELIVERY_, from, text, out);
            }
            // With each message, too.
            Self::SendOk => return out.extend_from_slice(b"SEND-OK\n"),
            Self::Hello { name } => (header::HELLO, Some(*name)),
            Self::InUse => (header::IN_USE, None),
            Self::Busy => (header::BUSY, None),
            Self::ListOk { names } => (header::LIST_OK, Some(*names)),
            Self::BadDestUser => (header::BAD_DEST_USER, None),
            Self::BadRqstHdr => (header::BAD_RQST_HDR, None),
            Self::BadRqstBody => (header::BAD_RQST_BODY, None),
        };
        write_line(header, body, out);
    }
}

/// The names of a [`Reply::ListOk`], in the server's order, without the spaces around them. An empty name
/// is none.
pub fn names(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&byte| byte == b',').map(without_spaces).filter(|name| !name.is_empty())
}

/// A part of a list without the spaces around it.
#[inline]
pub(crate) fn without_spaces(mut name: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = name {
        name = rest;
    }
    name
}

/// A line without the one `\r` that stands at its end where lines end with CRLF (spec W5, C2).
pub fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How TLS begins, of whatever version: with a record of its handshake (RFC 8446, section 5.1).
#[doc(hidden)]
pub const TLS_HANDSHAKE: [u8; 2] = [0x16, 3];

/// How an alert of TLS begins, which is all that a server says that encrypts, to who does not,
#[doc(hidden)]
pub const TLS_ALERT: [u8; 2] = [0x15, 3];

/// and how long it is. Its last byte may be that of a line's end.
#[doc(hidden)]
pub const TLS_ALERT_LENGTH: usize = 7;

/// Whether a user may have this name (spec W4).
pub fn is_valid_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.iter().any(is_forbidden_in_names)
}

/// A match, as it is a test of bits: to search in a text would be most of what a log-in costs.
fn is_forbidden_in_names(byte: &u8) -> bool {
    matches!(byte, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b',' | b' ' | b'\n')
}

/// What stands before the first space and, if there is one, all that comes after it (spec W1).
#[inline]
fn split_at_space(bytes: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr(b' ', bytes) {
        Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
        None => (bytes, None),
    }
}

/// The name of a message's sender, and the rest of the line from the space behind the name on; `None`
/// if the line is something else.
#[inline(always)]
pub(crate) fn split_delivery(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let body = line.strip_prefix(header::DELIVERY_)?;
    Some(body.split_at(name_end(body)?))
}

/// Where the name that `body` starts with ends, if a space follows it and it is not empty.
#[inline]
fn name_end(body: &[u8]) -> Option<usize> {
    // Names are short: to call a search that is made for long texts would take longer.
    let near = &body[..body.len().min(16)];
    let end = near.iter().position(|&byte| byte == b' ').or_else(|| memchr(b' ', body))?;
    (end > 0).then_some(end)
}

/// Appends a [`Reply::Delivery`], for whoever knows that it is one.
#[inline]
pub(crate) fn write_delivery(from: &[u8], text: &[u8], out: &mut Vec<u8>) {
    write_message::<true>(header::DELIVERY_, from, text, out);
}

/// Appends a line of a header (with its space), a name and a text.
#[inline(always)]
fn write_message<const OFTEN: bool>(header: &[u8], name: &[u8], text: &[u8], out: &mut Vec<u8>) {
    out.reserve(header.len() + name.len() + text.len() + 2);
    out.extend_from_slice(header);
    copy::extend::<OFTEN>(out, name);
    out.push(b' ');
    copy::extend::<OFTEN>(out, text);
    out.push(b'\n');
}

fn is_utf8(bytes: &[u8]) -> bool {
    bytes.is_ascii() || core::str::from_utf8(bytes).is_ok()
}

/// Appends a line of a header and, behind a space, what comes after it.
#[inline(never)]
fn write_line(header: &[u8], body: Option<&[u8]>, out: &mut Vec<u8>) {
    out.reserve(header.len() + body.map_or(0, <[u8]>::len) + 2);
    out.extend_from_slice(header);
    if let Some(body) = body {
        out.push(b' ');
        copy::extend::<false>(out, body);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests;
