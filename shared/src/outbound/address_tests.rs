#![allow(clippy::unwrap_used)]

use super::*;

fn class(address: &str) -> Option<AddressClass> {
    not_public(address.parse().unwrap())
}

#[test]
fn every_special_ipv4_block_is_refused_at_both_ends() {
    use AddressClass::*;
    let blocks = [
        ("0.0.0.0", "0.255.255.255", Unspecified),
        ("10.0.0.0", "10.255.255.255", Private),
        ("100.64.0.0", "100.127.255.255", SharedNat),
        ("127.0.0.0", "127.255.255.255", Loopback),
        ("169.254.0.0", "169.254.255.255", LinkLocal),
        ("172.16.0.0", "172.31.255.255", Private),
        ("192.0.0.0", "192.0.0.255", Reserved),
        ("192.0.2.0", "192.0.2.255", Documentation),
        ("192.88.99.0", "192.88.99.255", Reserved),
        ("192.168.0.0", "192.168.255.255", Private),
        ("198.18.0.0", "198.19.255.255", Documentation),
        ("198.51.100.0", "198.51.100.255", Documentation),
        ("203.0.113.0", "203.0.113.255", Documentation),
        ("224.0.0.0", "239.255.255.255", Multicast),
        ("240.0.0.0", "255.255.255.254", Reserved),
        ("255.255.255.255", "255.255.255.255", Multicast),
    ];
    for (first, last, expected) in blocks {
        assert_eq!(class(first), Some(expected), "{first}");
        assert_eq!(class(last), Some(expected), "{last}");
    }
}

#[test]
fn neighbours_of_special_ipv4_blocks_are_public() {
    for address in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "8.8.8.8",
    ] {
        assert_eq!(class(address), None, "{address}");
    }
}

#[test]
fn metadata_addresses_are_refused() {
    assert_eq!(class("169.254.169.254"), Some(AddressClass::LinkLocal));
    assert_eq!(class("169.254.170.2"), Some(AddressClass::LinkLocal));
    assert_eq!(class("fd00:ec2::254"), Some(AddressClass::UniqueLocal));
    assert_eq!(class("fd00:ec2::23"), Some(AddressClass::UniqueLocal));
}

#[test]
fn every_special_ipv6_block_is_refused() {
    use AddressClass::*;
    for (address, expected) in [
        ("::", Unspecified),
        ("::1", Loopback),
        ("::7f00:1", EmbeddedV4),
        ("::8.8.8.8", EmbeddedV4),
        ("::ffff:127.0.0.1", EmbeddedV4),
        ("::ffff:8.8.8.8", EmbeddedV4),
        ("::ffff:0:8.8.8.8", EmbeddedV4),
        ("64:ff9b::169.254.169.254", EmbeddedV4),
        ("64:ff9b::10.0.0.1", EmbeddedV4),
        ("64:ff9b::127.0.0.1", EmbeddedV4),
        ("64:ff9b:1::1", EmbeddedV4),
        ("64:ff9b:1:fffe::808:808", EmbeddedV4),
        ("2001::1", EmbeddedV4),
        ("2002:7f00:1::", EmbeddedV4),
        ("2002:808:808::1", EmbeddedV4),
        ("2001:2::1", Reserved),
        ("2001:1ff:ffff::1", Reserved),
        ("2001:db8::1", Documentation),
        ("3fff::1", Documentation),
        ("3fff:fff::1", Documentation),
        ("100::1", Reserved),
        ("5f00::1", Reserved),
        ("4000::1", Reserved),
        ("1fff::1", Reserved),
        ("fc00::1", UniqueLocal),
        ("fdff:ffff::1", UniqueLocal),
        ("fec0::1", UniqueLocal),
        ("fe80::1", LinkLocal),
        ("febf::1", LinkLocal),
        ("ff02::1", Multicast),
        ("ff0e::1", Multicast),
    ] {
        assert_eq!(class(address), Some(expected), "{address}");
    }
}

#[test]
fn global_ipv6_is_public() {
    for address in [
        "2001:4860:4860::8888",
        "2600::1",
        "2a00:1450::1",
        "2001:200::1",
        "2003::1",
        "3ffe::1",
        "3fff:1000::1",
        "2606:4700:4700::1111",
        // NAT64's well-known prefix around a public address.
        "64:ff9b::8.8.8.8",
    ] {
        assert_eq!(class(address), None, "{address}");
    }
}
