//! How many connections each address may have.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

/// One connection of an address: as long as it lives, the connection counts.
pub(crate) type Seat = Option<Rc<()>>;

/// Who has how many connections. An address of this machine may have any number.
#[derive(Debug)]
pub(crate) struct Doors {
    most: usize,
    /// Each address that has connections, with as many clones as those.
    addresses: Vec<(IpAddr, Rc<()>)>,
}

impl Doors {
    /// Nobody has come yet; each address may have so many connections.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, addresses: Vec::new() }
    }

    /// Somebody has come; `None` if there are enough of the same address.
    ///
    /// It takes as many steps as there are addresses with connections.
    pub(crate) fn admit(&mut self, peer: IpAddr) -> Option<Seat> {
        let peer = network(peer.to_canonical());
        if peer.is_loopback() {
            return Some(None);
        }
        self.addresses.retain(|(_, seats)| Rc::strong_count(seats) > 1);
        let found = self.addresses.iter().position(|(address, _)| *address == peer);
        let index = found.unwrap_or_else(|| {
            self.addresses.push((peer, Rc::new(())));
            self.addresses.len() - 1
        });
        let seats = &self.addresses[index].1;
        (Rc::strong_count(seats) <= self.most).then(|| Some(Rc::clone(seats)))
    }
}

/// What is one customer's: an address of IPv4, a network of 64 bits of IPv6 (RFC 6177, section 2).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if !v6.is_loopback() => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_so_many_connections() {
        let mut doors = Doors::new(2);
        let mut admit = |address: &str| doors.admit(address.parse().unwrap());
        let (one, two) = (admit("192.0.2.1"), admit("::ffff:192.0.2.1"));
        assert!(one.is_some() && two.is_some());
        assert!(admit("192.0.2.1").is_none() && admit("::ffff:192.0.2.1").is_none());
        assert!(admit("192.0.2.2").is_some());
        drop(one);
        let three = admit("192.0.2.1");
        assert!(three.is_some() && admit("192.0.2.1").is_none());

        let (near, same) = (admit("2001:db8::1"), admit("2001:db8:0:0:ffff::"));
        assert!(near.is_some() && same.is_some());
        assert!(admit("2001:db8::3").is_none() && admit("2001:db8:0:1::1").is_some());
    }

    #[test]
    fn addresses_of_this_machine_are_not_counted() {
        let mut doors = Doors::new(0);
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(doors.admit(address.parse().unwrap()), Some(None), "{address}");
        }
        assert_eq!(doors.admit("192.0.2.1".parse().unwrap()), None);
    }

    #[test]
    fn those_who_have_left_are_forgotten() {
        let mut doors = Doors::new(1);
        for number in 0..100 {
            assert!(doors.admit(IpAddr::from([192, 0, 2, number])).is_some());
        }
        assert_eq!(doors.addresses.len(), 1);
    }
}
