//! The name of whoever has a certificate: what is read of it once rustls has verified it.
//!
//! ```text
//! Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value }      (RFC 5280, 4.1.2.4)
//! ```

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

/// 2.5.4.3, `id-at-commonName`, in DER.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// The common name of the subject or, without one, its first DNS name. Empty, if there is neither, or more than one
/// common name: nobody could say which of them counts.
pub(super) fn name(certificate: &CertificateDer<'_>) -> Vec<u8> {
    let Ok(certificate) = EndEntityCert::try_from(certificate) else { return Vec::new() };
    match common_names(certificate.subject()) {
        Some(names) if names.len() == 1 => names[0].to_vec(),
        Some(names) if names.is_empty() => {
            certificate.valid_dns_names().next().unwrap_or_default().as_bytes().to_vec()
        }
        _ => Vec::new(),
    }
}

/// All common names in what the sequence of a name holds; `None`, if it is no name.
fn common_names(mut sets: &[u8]) -> Option<Vec<&[u8]>> {
    let mut names = Vec::new();
    while !sets.is_empty() {
        let (SET, mut pairs, rest) = take(sets)? else { return None };
        sets = rest;
        while !pairs.is_empty() {
            let (SEQUENCE, pair, rest) = take(pairs)? else { return None };
            pairs = rest;
            let (OBJECT_IDENTIFIER, kind, value) = take(pair)? else { return None };
            let (tag, value, []) = take(value)? else { return None };
            if kind == COMMON_NAME {
                names.push(matches!(tag, UTF8_STRING | PRINTABLE_STRING | IA5_STRING).then_some(value)?);
            }
        }
    }
    Some(names)
}

/// The first element: its tag, its content, and what comes behind it.
fn take(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        // Names of 64 KiB and more there are not.
        let digits = usize::from(first & 0x7f);
        if !(1..=2).contains(&digits) || rest.len() < digits {
            return None;
        }
        length = rest[..digits].iter().fold(0, |length, &digit| length << 8 | usize::from(digit));
        rest = &rest[digits..];
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tls::tests::Authority;
    use rcgen::{CertificateParams, DistinguishedName, DnType};

    fn named(common: Option<&str>, alternatives: &[&str]) -> Vec<u8> {
        let alternatives = alternatives.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut params = CertificateParams::new(alternatives).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "CN=eve");
        if let Some(name) = common {
            params.distinguished_name.push(DnType::CommonName, name);
        }
        name(&Authority::new().sign(params).0)
    }

    #[test]
    fn names_of_certificates() {
        assert_eq!(named(Some("ann"), &[]), b"ann");
        assert_eq!(named(Some("änn"), &["bob.example"]), "änn".as_bytes());
        assert_eq!(named(None, &["bob.example", "cid"]), b"bob.example");
        assert_eq!(named(None, &[]), b"");
        assert_eq!(named(Some(""), &["bob"]), b"");
        let long = "x".repeat(300);
        assert_eq!(named(Some(&long), &[]), long.as_bytes());
        assert_eq!(name(&CertificateDer::from(&b"rubbish"[..])), b"");
    }

    #[test]
    fn what_is_no_name_is_none() {
        let name = [&[0x31, 11, 0x30, 9, 0x06, 3][..], COMMON_NAME, &[0x0c, 2], b"ab"].concat();
        assert_eq!(common_names(&name), Some(vec![&b"ab"[..]]));
        assert_eq!(common_names(&name.repeat(2)).map(|names| names.len()), Some(2));
        for cut in 1..name.len() {
            assert_eq!(common_names(&name[..cut]), None, "{cut}");
        }
        for at in 0..name.len() {
            for bit in 0..8 {
                let mut changed = name.clone();
                changed[at] ^= 1 << bit;
                let _ = common_names(&changed);
            }
        }
        for length in [&[0x80][..], &[0x83, 0, 0, 1], &[0xff], &[0x82, 1], &[0x82, 0xff, 0xff]] {
            assert_eq!(take(&[&[0x30], length, b"abc"].concat()), None, "{length:?}");
        }
        assert_eq!(take(&[0x30, 0x81, 1, 7, 8]), Some((0x30, &[7][..], &[8][..])));
    }
}
