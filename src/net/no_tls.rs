//! What stands for encryption in a build without it: types that have no value.

pub(crate) mod options {
    //! Nobody can ask for it.

    /// Nothing that a client can want,
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) enum Options {}

    /// and nothing that a server can offer.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) enum Service {}

    #[cfg(feature = "host")]
    impl Options {
        pub(crate) fn service(&self) -> Service {
            match *self {}
        }
    }

    impl Service {
        pub(crate) fn certifies(&self, _: usize) -> bool {
            match *self {}
        }
    }
}

pub(crate) mod caller {
    //! Nobody encrypts what a client says.

    use super::options::Options;
    use crate::client::known::Fingerprint;
    use crate::net::endpoint::Place;
    use crate::net::stream::{Socket, Stream};
    use std::fmt;
    use std::io;
    use std::time::Duration;

    #[derive(Debug)]
    pub(crate) enum Caller {}

    #[derive(Debug)]
    pub(crate) enum Refused {}

    impl Caller {
        pub(crate) fn new(options: &Options, _: Option<Fingerprint>, _: &Place) -> Result<Self, String> {
            match *options {}
        }

        pub(crate) fn can_ask(&self) -> bool {
            match *self {}
        }

        pub(crate) fn remember(&self, _: &Fingerprint) -> io::Result<()> {
            match *self {}
        }

        pub(crate) fn start(&mut self, _: Duration) {
            match *self {}
        }

        pub(crate) fn greet(&mut self, _: Socket) -> Result<(), Refused> {
            match *self {}
        }

        pub(crate) fn advance(&mut self, _: Duration) -> Result<Option<Stream>, Refused> {
            match *self {}
        }

        pub(crate) fn next_deadline(&self) -> Option<Duration> {
            match *self {}
        }

        pub(crate) fn give_up(&mut self) {
            match *self {}
        }
    }

    impl Refused {
        pub(crate) fn unknown(&self) -> Option<Fingerprint> {
            match *self {}
        }
    }

    impl fmt::Display for Refused {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *self {}
        }
    }
}

pub(crate) mod keeper {
    //! Nor what a server says.

    use super::options::Service;
    use crate::client::known::Fingerprint;
    use crate::net::endpoint::Place;
    use crate::net::stream::{Socket, Stream};
    use std::io;
    use std::net::SocketAddr;

    #[derive(Debug)]
    pub(crate) enum Keeper {}

    impl Keeper {
        pub(crate) fn new(service: Service) -> Result<Self, String> {
            match service {}
        }

        pub(crate) fn reload(&mut self) -> Result<(), String> {
            match *self {}
        }

        pub(crate) fn fingerprint(&self) -> &Fingerprint {
            match *self {}
        }

        pub(crate) fn invitation(&self, _: &Place, _: Option<SocketAddr>) -> String {
            match *self {}
        }

        pub(crate) fn is_for(&self, _: usize, _: bool) -> bool {
            match *self {}
        }

        pub(crate) fn admit(&self, _: Socket) -> io::Result<Stream> {
            match *self {}
        }
    }
}

pub(crate) mod stream {
    //! All connections are sockets.

    pub(crate) use crate::net::stream::Socket as Stream;

    pub(crate) fn plain(socket: Stream) -> Stream {
        socket
    }
}
