//! From where one may come, and how many connections each address may have.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};
use ipnet::IpNet;

/// One connection of an address: as long as it lives, the connection counts.
pub(crate) type Seat = Option<Rc<()>>;

/// The networks from which one may come. IPv4 addresses that are written as IPv6 are what they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Networks {
    /// These only, if there are some,
    pub(crate) allowed: Vec<IpNet>,
    /// and in no case these.
    pub(crate) denied: Vec<IpNet>,
}

impl Networks {
    /// Reads a network: `ADDRESS/BITS`, or an address alone. Bits of the address that are not the network's do not
    /// matter.
    pub(crate) fn parse(text: &str) -> Option<IpNet> {
        let network = match text.parse::<IpNet>() {
            Ok(network) => network,
            Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
        };
        match (network.addr().to_canonical(), network.prefix_len()) {
            (IpAddr::V4(v4), bits @ 96..) if network.addr().is_ipv6() => {
                IpNet::new(v4.into(), bits - 96).ok()
            }
            _ => Some(network),
        }
    }

    fn allow(&self, peer: IpAddr) -> bool {
        let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&peer));
        !is_in(&self.denied) && (self.allowed.is_empty() || is_in(&self.allowed))
    }
}

/// What becomes of somebody who comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Comes in.
    Seat(Seat),
    /// There are enough of the same address.
    Full,
    /// May not come from there.
    Denied,
}

/// Who has how many connections. An address of this machine may have any number.
#[derive(Debug)]
pub(crate) struct Doors {
    networks: Networks,
    most: usize,
    /// Each address that has connections, with as many clones as those.
    addresses: Vec<(IpAddr, Rc<()>)>,
}

impl Doors {
    /// Nobody has come yet; each address may have so many connections.
    pub(crate) fn new(most: usize) -> Self {
        Self { networks: Networks::default(), most, addresses: Vec::new() }
    }

    /// From now on one comes in from these networks only.
    pub(crate) fn guard(&mut self, networks: Networks) {
        self.networks = networks;
    }

    /// Somebody has come.
    ///
    /// It takes as many steps as there are networks, and addresses with connections.
    pub(crate) fn admit(&mut self, peer: IpAddr) -> Admission {
        let peer = peer.to_canonical();
        if !self.networks.allow(peer) {
            return Admission::Denied;
        }
        let peer = network(peer);
        if peer.is_loopback() {
            return Admission::Seat(None);
        }
        self.addresses.retain(|(_, seats)| Rc::strong_count(seats) > 1);
        let found = self.addresses.iter().position(|(address, _)| *address == peer);
        let index = found.unwrap_or_else(|| {
            self.addresses.push((peer, Rc::new(())));
            self.addresses.len() - 1
        });
        let seats = &self.addresses[index].1;
        if Rc::strong_count(seats) > self.most {
            return Admission::Full;
        }
        Admission::Seat(Some(Rc::clone(seats)))
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

    fn admit(doors: &mut Doors, address: &str) -> Admission {
        doors.admit(address.parse().unwrap())
    }

    #[test]
    fn each_address_has_so_many_connections() {
        let mut doors = Doors::new(2);
        let mut admit = |address: &str| admit(&mut doors, address);
        let comes_in = |admission: &Admission| matches!(admission, Admission::Seat(Some(_)));
        let (one, two) = (admit("192.0.2.1"), admit("::ffff:192.0.2.1"));
        assert!(comes_in(&one) && comes_in(&two));
        assert!(admit("192.0.2.1") == Admission::Full && admit("::ffff:192.0.2.1") == Admission::Full);
        assert!(comes_in(&admit("192.0.2.2")));
        drop(one);
        let three = admit("192.0.2.1");
        assert!(comes_in(&three) && admit("192.0.2.1") == Admission::Full);

        let (near, same) = (admit("2001:db8::1"), admit("2001:db8:0:0:ffff::"));
        assert!(comes_in(&near) && comes_in(&same));
        assert!(admit("2001:db8::3") == Admission::Full && comes_in(&admit("2001:db8:0:1::1")));
    }

    #[test]
    fn addresses_of_this_machine_are_not_counted() {
        let mut doors = Doors::new(0);
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(admit(&mut doors, address), Admission::Seat(None), "{address}");
        }
        assert_eq!(admit(&mut doors, "192.0.2.1"), Admission::Full);
    }

    #[test]
    fn those_who_have_left_are_forgotten() {
        let mut doors = Doors::new(1);
        for number in 0..100 {
            assert!(matches!(admit(&mut doors, &format!("192.0.2.{number}")), Admission::Seat(Some(_))));
        }
        assert_eq!(doors.addresses.len(), 1);
    }

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| Networks::parse(text).unwrap()).collect()
    }

    #[test]
    fn one_comes_from_where_one_may() {
        let table: [[&[&str]; 4]; 6] = [
            [&[], &[], &["1.2.3.4", "::1", "127.0.0.1"], &[]],
            [
                &["10.0.0.0/8", "::1"],
                &[],
                &["10.9.8.7", "::1", "::ffff:10.1.1.1"],
                &["11.0.0.1", "::2", "127.0.0.1"],
            ],
            [&[], &["10.0.0.0/8"], &["11.0.0.1", "2001:db8::1"], &["10.0.0.1", "::ffff:10.0.0.1"]],
            [&["10.0.0.0/8"], &["10.1.0.0/16"], &["10.0.0.1", "10.2.0.1"], &["10.1.255.255", "9.0.0.1"]],
            [&["::ffff:10.0.0.0/104"], &["::ffff:10.0.0.1"], &["10.0.0.2"], &["10.0.0.1", "11.0.0.1"]],
            [&["0.0.0.0/0"], &["::/0"], &["1.2.3.4"], &["::1"]],
        ];
        for [allowed, denied, may, may_not] in table {
            let mut doors = Doors::new(99);
            doors.guard(Networks { allowed: networks(allowed), denied: networks(denied) });
            for address in may {
                assert!(matches!(admit(&mut doors, address), Admission::Seat(_)), "{address}");
            }
            for address in may_not {
                assert_eq!(admit(&mut doors, address), Admission::Denied, "{address}");
            }
        }
    }

    #[test]
    fn networks_are_read() {
        for (text, network) in [
            ("10.1.2.3/8", "10.1.2.3/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(alloc::format!("{}", Networks::parse(text).unwrap()), network);
        }
        for text in
            ["", "/", "10", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "host", "10.0.0.0/-1"]
        {
            assert_eq!(Networks::parse(text), None, "{text}");
        }
    }
}
