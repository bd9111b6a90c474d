//! Who is behind a Unix socket, as the system says.

use crate::wire::protocol::is_valid_name;
use nix::unistd::{Uid, User};
use std::io;
use std::os::fd::BorrowedFd;

/// Whom the system does not know here, as those from outside of a container, it gives this number
/// (user_namespaces(7)), whoever has it besides.
const ANYBODY: Uid = Uid::from_raw(65_534);

/// The name of the user who has connected; empty if there is none that a chat knows.
///
/// It may take long where the system asks others for it (nsswitch.conf(5)).
///
/// # Errors
/// Those of the system, when it cannot tell.
pub(crate) fn name(socket: BorrowedFd<'_>) -> io::Result<Box<[u8]>> {
    named(user(socket)?)
}

fn named(user: Uid) -> io::Result<Box<[u8]>> {
    if user == ANYBODY {
        return Ok(Box::default());
    }
    let name = User::from_uid(user)?.map(|user| user.name.into_bytes());
    Ok(name.filter(|name| is_valid_name(name)).unwrap_or_default().into())
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
        let own = Some(Uid::effective()).filter(|&own| own != ANYBODY);
        let user = own.and_then(|own| User::from_uid(own).unwrap());
        let expected = user.map_or(String::new(), |user| user.name);
        assert_eq!(*name(ours.as_fd()).unwrap(), *expected.as_bytes());
    }

    #[test]
    fn who_is_unknown_has_no_name() {
        for user in [65_534, 4_000_000_000] {
            assert_eq!(named(Uid::from_raw(user)).unwrap_or_default(), Box::default());
        }
        assert!(name(io::pipe().unwrap().0.as_fd()).is_err());
    }
}
