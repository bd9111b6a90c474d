//! One side of an encrypted connection, as rustls has it: cipher text in, plain text out, and back.
//!
//! rustls owns no buffers here: what it reads and what it has to send stand in ours.

use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::CertificateDer;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, UnbufferedStatus,
    WriteTraffic,
};
use rustls::{CommonState, Error};

/// Either side.
pub(crate) enum Session {
    Client(Box<UnbufferedClientConnection>),
    Server(Box<UnbufferedServerConnection>),
}

/// What is to be sent besides what the protocol itself wants to say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wish<'a> {
    Nothing,
    /// This text, which is not empty.
    Text(&'a [u8]),
    /// That no more will be sent.
    Goodbye,
}

/// What became of it all.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// So much of the cipher text is of no more use.
    pub(crate) used: usize,
    /// What was wished for is among what is to be sent.
    pub(crate) is_granted: bool,
    /// The other side sends no more.
    pub(crate) is_closed: bool,
    /// Nothing can be done with this connection any more; what is to be sent says why.
    pub(crate) error: Option<Error>,
}

impl Session {
    /// Goes as far as it can with this cipher text, which is overwritten, hands on the plain text that was in it,
    /// and appends what is to be sent.
    pub(crate) fn advance(
        &mut self,
        incoming: &mut [u8],
        wish: Wish<'_>,
        plain: &mut dyn FnMut(&[u8]),
        outgoing: &mut Vec<u8>,
    ) -> Progress {
        match self {
            Self::Client(connection) => advance(&mut **connection, incoming, wish, plain, outgoing),
            Self::Server(connection) => advance(&mut **connection, incoming, wish, plain, outgoing),
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.common().is_handshaking()
    }

    /// The certificate of the other side, once it has been verified.
    pub(crate) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.common().peer_certificates()?.first()
    }

    fn common(&self) -> &CommonState {
        match self {
            Self::Client(connection) => connection,
            Self::Server(connection) => connection,
        }
    }
}

/// What both sides have in common, but not in one type.
trait Machine {
    type Data;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Machine for UnbufferedClientConnection {
    type Data = ClientConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

impl Machine for UnbufferedServerConnection {
    type Data = ServerConnectionData;
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(incoming)
    }
}

fn advance<M: Machine>(
    machine: &mut M,
    incoming: &mut [u8],
    wish: Wish<'_>,
    plain: &mut dyn FnMut(&[u8]),
    outgoing: &mut Vec<u8>,
) -> Progress {
    let mut progress = Progress::default();
    loop {
        let status = machine.process(&mut incoming[progress.used..]);
        let mut discard = status.discard;
        // After an error there is the alert to be had, and nothing more: what was wrong would be read again.
        let has_failed = progress.error.is_some();
        let is_over = match status.state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(Ok(record)) = traffic.next_record() {
                    discard += record.discard;
                    plain(record.payload);
                }
                false
            }
            Ok(ConnectionState::EncodeTlsData(message)) => {
                encode(message, outgoing);
                has_failed
            }
            Ok(ConnectionState::TransmitTlsData(message)) => {
                message.done();
                false
            }
            Ok(ConnectionState::PeerClosed) => {
                progress.is_closed = true;
                false
            }
            Ok(ConnectionState::WriteTraffic(traffic)) => {
                progress.is_granted = grant(traffic, wish, outgoing);
                true
            }
            Err(error) if progress.error.is_none() => {
                progress.error = Some(error);
                false
            }
            Ok(_) | Err(_) => true,
        };
        progress.used += discard;
        if is_over {
            return progress;
        }
    }
}

/// Appends a message of the protocol.
fn encode<D>(mut message: EncodeTlsData<'_, D>, outgoing: &mut Vec<u8>) {
    append(outgoing, |room| {
        message.encode(room).map_err(|error| match error {
            EncodeError::InsufficientSize(error) => Some(error),
            EncodeError::AlreadyEncoded => None,
        })
    });
}

fn grant<D>(mut traffic: WriteTraffic<'_, D>, wish: Wish<'_>, outgoing: &mut Vec<u8>) -> bool {
    append(outgoing, |room| {
        let written = match wish {
            Wish::Nothing => return Err(None),
            Wish::Text(text) => traffic.encrypt(text, room),
            Wish::Goodbye => traffic.queue_close_notify(room),
        };
        written.map_err(|error| match error {
            EncryptError::InsufficientSize(error) => Some(error),
            EncryptError::EncryptExhausted => None,
        })
    })
}

/// Appends what `write` writes into the room that it says it needs; returns whether it could.
fn append(
    outgoing: &mut Vec<u8>,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> bool {
    let before = outgoing.len();
    let mut written = write(&mut []);
    if let Err(Some(InsufficientSizeError { required_size })) = written {
        outgoing.resize(before + required_size, 0);
        written = write(&mut outgoing[before..]);
    }
    outgoing.truncate(before + written.as_ref().copied().unwrap_or_default());
    written.is_ok()
}
