//! Until when a certificate is good: the one part of X.509 (RFC 5280, 4.1) that a person is told of.

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::domain::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Until when the first certificate of some PEM is good; none where that cannot be read.
pub fn of_pem(pem: &[u8]) -> Option<Timestamp> {
    span_of_pem(pem).map(|(_, until)| until)
}

/// From when until when it is.
pub fn span_of_pem(pem: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    validity(&certificate)
}

/// A certificate that is made for longer than this is renewed by a person; one for less by whatever made it.
const MADE_TO_LAST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a certificate of this span ends, where a person has to renew it.
pub fn to_renew((from, until): (Timestamp, Timestamp)) -> Option<Timestamp> {
    (until.duration_since(from) > MADE_TO_LAST).then_some(until)
}

/// From when until when a certificate is good.
pub fn validity(der: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut signed, _) = take(certificate, SEQUENCE)?;
    if let Some((_, rest)) = take(signed, VERSION) {
        signed = rest;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        signed = element(signed)?.2;
    }
    let (validity, _) = take(signed, SEQUENCE)?;
    let (from, begins, after) = element(validity)?;
    let (until, ends, _) = element(after)?;
    Some((moment(from, begins)?, moment(until, ends)?))
}

/// The first element, where it has this tag: what it holds, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(found, ..)| *found == tag).map(|(_, held, rest)| (held, rest))
}

/// The first element: its tag, what it holds, and what follows it. Lengths beyond 64 KiB are no certificate's.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), rest.get(2..)?),
        _ => return None,
    };
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

/// `YYMMDDhhmmssZ` (the years 1950 to 2049), or with four digits of the year.
fn moment(tag: u8, raw: &[u8]) -> Option<Timestamp> {
    let raw = std::str::from_utf8(raw).ok()?;
    let full = match tag {
        UTC_TIME if raw.get(..2)?.parse::<u8>().ok()? < 50 => format!("20{raw}"),
        UTC_TIME => format!("19{raw}"),
        GENERALIZED_TIME => raw.to_owned(),
        _ => return None,
    };
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", &full).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(file: &str) -> Vec<u8> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::read(root.join("tests/wire/tls").join(file)).expect("a certificate")
    }

    fn at(raw: &str) -> Option<Timestamp> {
        raw.parse().ok()
    }

    #[test]
    fn a_certificate_says_until_when_it_is_good() {
        assert_eq!(of_pem(&pem("client/cert.pem")), at("2126-10-31T01:02:01Z"));
        assert_eq!(of_pem(&pem("ca.pem")), at("2126-10-31T01:02:01Z"));
        assert!(span_of_pem(&pem("ca.pem")).is_some_and(|(from, until)| from < until));
    }

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        assert_eq!(moment(UTC_TIME, b"270131120000Z"), at("2027-01-31T12:00:00Z"));
        assert_eq!(moment(UTC_TIME, b"991231235959Z"), at("1999-12-31T23:59:59Z"));
        assert_eq!(moment(GENERALIZED_TIME, b"20500101000000Z"), at("2050-01-01T00:00:00Z"));
        assert_eq!(moment(UTC_TIME, "é".as_bytes()), None);
    }

    #[test]
    fn what_is_cut_off_or_no_certificate_has_no_end() {
        let der = CertificateDer::from_pem_slice(&pem("client/cert.pem")).expect("a certificate");
        for end in 0..der.len() {
            assert_eq!(validity(&der[..end]), None, "cut at {end}");
        }
        assert_eq!(of_pem(&pem("server-key.pem")), None);
        assert_eq!(of_pem(b"\x30\x82\xff\xff"), None);
    }
}
