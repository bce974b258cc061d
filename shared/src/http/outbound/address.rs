//! Which addresses are public: the IANA special-purpose registries (RFC 6890 and its successors), read strictly.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// `0.0.0.0/8`, `::` (RFC 1122).
    Unspecified,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// RFC 1918.
    Private,
    /// `169.254.0.0/16` with the instance metadata, `fe80::/10`.
    LinkLocal,
    /// `100.64.0.0/10` (RFC 6598): carrier-grade NAT.
    SharedNat,
    /// `fc00::/7` (RFC 4193), with AWS' `fd00:ec2::/32`, and the old site-local `fec0::/10`.
    UniqueLocal,
    /// Multicast and broadcast.
    Multicast,
    /// Documentation and benchmarking.
    Documentation,
    /// Reserved, or assigned to protocols rather than hosts.
    Reserved,
    /// IPv4 within IPv6: mapped, compatible, translated, 6to4, Teredo, or NAT64 around a non-public address.
    EmbeddedV4,
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::SharedNat => "carrier-grade NAT",
            Self::UniqueLocal => "unique local",
            Self::Multicast => "multicast",
            Self::Documentation => "documentation",
            Self::Reserved => "reserved",
            Self::EmbeddedV4 => "IPv4 embedded in IPv6",
        })
    }
}

/// `None` for a public address, else why it is none.
#[must_use]
pub fn not_public(address: IpAddr) -> Option<AddressClass> {
    match address {
        IpAddr::V4(address) => not_public_v4(address),
        IpAddr::V6(address) => not_public_v6(address),
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<AddressClass> {
    match address.octets() {
        [0, ..] => Some(AddressClass::Unspecified),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(AddressClass::Private),
        [127, ..] => Some(AddressClass::Loopback),
        [169, 254, ..] => Some(AddressClass::LinkLocal),
        [100, 64..=127, ..] => Some(AddressClass::SharedNat),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18..=19, ..] => {
            Some(AddressClass::Documentation)
        }
        // Protocol assignments (RFC 6890), the 6to4 relays (RFC 7526), AS112 (RFC 7534, RFC 7535).
        [192, 0, 0, _] | [192, 88, 99, _] | [192, 31, 196, _] | [192, 175, 48, _] => {
            Some(AddressClass::Reserved)
        }
        [224..=239, ..] | [255, 255, 255, 255] => Some(AddressClass::Multicast),
        [240..=255, ..] => Some(AddressClass::Reserved),
        _ => None,
    }
}

/// Only global unicast, `2000::/3`, is public, less what is carved out of it; and NAT64's well-known prefix around a
/// public IPv4 address, because that is what names resolve to in an IPv6-only subnet (RFC 6147).
fn not_public_v6(address: Ipv6Addr) -> Option<AddressClass> {
    if address.is_unspecified() {
        return Some(AddressClass::Unspecified);
    }
    if address.is_loopback() {
        return Some(AddressClass::Loopback);
    }
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            not_public_v4(Ipv4Addr::new(a, b, c, d)).map(|_| AddressClass::EmbeddedV4)
        }
        // NAT64 for local use (RFC 8215); compatible, mapped and translated addresses (RFC 4291, RFC 2765).
        [0x64, 0xff9b, 1, ..] | [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            Some(AddressClass::EmbeddedV4)
        }
        // Teredo (RFC 4380) and 6to4 (RFC 3056).
        [0x2001, 0, ..] | [0x2002, ..] => Some(AddressClass::EmbeddedV4),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Some(AddressClass::Documentation),
        // Protocol assignments, `2001::/23` (RFC 2928).
        [0x2001, 1..=0x1ff, ..] => Some(AddressClass::Reserved),
        [0x2000..=0x3fff, ..] => None,
        [0xfe80..=0xfebf, ..] => Some(AddressClass::LinkLocal),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Some(AddressClass::UniqueLocal),
        [0xff00..=0xffff, ..] => Some(AddressClass::Multicast),
        _ => Some(AddressClass::Reserved),
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
