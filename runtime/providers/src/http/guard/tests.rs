use std::sync::Arc;

use super::{Allowed, Guard, is_public};

#[test]
fn private_places_are_not_public() {
    let private = [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ];
    for ip in private {
        assert!(!is_public(ip.parse().unwrap()), "{ip}");
    }
    for ip in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"] {
        assert!(is_public(ip.parse().unwrap()), "{ip}");
    }
}

#[test]
fn an_allowed_network_or_host_opens_exactly_itself() {
    let cases = [
        ("10.0.0.0/8", "crm.internal", "10.9.9.9", true),
        ("10.0.0.0/8", "crm.internal", "11.0.0.1", true),
        ("10.0.0.0/8", "crm.internal", "192.168.0.1", false),
        ("0.0.0.0/0", "crm.internal", "192.168.0.1", true),
        ("crm.internal", "CRM.internal", "10.0.0.1", true),
        ("crm.internal", "evil.internal", "10.0.0.1", false),
        ("fd00::/8", "a", "fd12::1", true),
        ("127.0.0.1", "a", "127.0.0.1", true),
        ("127.0.0.1", "a", "127.0.0.2", false),
    ];
    for (entry, host, ip, expect) in cases {
        let guard = Guard { allow: Arc::from([Allowed::parse(entry).unwrap()]) };
        assert_eq!(guard.check(host, ip.parse().unwrap()).is_ok(), expect, "{entry} {host} {ip}");
    }
}

#[test]
fn nonsense_is_no_entry() {
    for entry in ["10.0.0.0/33", "10.0.0.0/x", "nonsense/8", ""] {
        assert!(Allowed::parse(entry).is_err(), "{entry}");
    }
}
