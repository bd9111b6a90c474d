//! Who is behind a Unix socket, as the system says.

use crate::wire::protocol::is_valid_name;
use nix::unistd::{Uid, User};
use std::io;
use std::os::fd::BorrowedFd;

/// The name of the user who has connected; empty if there is none that a chat knows.
///
/// It may take long where the system asks others for it (nsswitch.conf(5)).
pub(crate) fn name(socket: BorrowedFd<'_>) -> Box<[u8]> {
    let user = user(socket).ok().and_then(|user| User::from_uid(user).ok().flatten());
    let name = user.map(|user| user.name.into_bytes()).filter(|name| is_valid_name(name));
    name.unwrap_or_default().into()
}

/// SO_PEERCRED (unix(7)).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn user(socket: BorrowedFd<'_>) -> io::Result<Uid> {
    let credentials = rustix::net::sockopt::socket_peercred(socket)?;
    Ok(Uid::from_raw(credentials.uid.as_raw()))
}

/// getpeereid(3).
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn user(socket: BorrowedFd<'_>) -> io::Result<Uid> {
    Ok(nix::unistd::getpeereid(socket)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn one_is_who_one_is() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let expected = User::from_uid(Uid::effective()).unwrap().map_or(String::new(), |user| user.name);
        assert_eq!(*name(ours.as_fd()), *expected.as_bytes());
    }

    #[test]
    fn what_is_no_socket_has_no_name() {
        assert_eq!(*name(io::pipe().unwrap().0.as_fd()), *b"");
    }
}
