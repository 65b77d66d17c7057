//! Addresses that a value decided must not lead into the private network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Who decided where a request goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// The host is written in the package or the configuration: the author's decision.
    Literal,
    /// A value or a redirect decided.
    Computed,
}

/// `[egress] allow` of flow.toml: a network (`10.0.0.0/8`), an address, or a host name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Allowed {
    /// Addresses whose first bits are equal.
    Network(IpAddr, u8),
    /// This name, whatever it resolves to.
    Host(String),
}

impl Allowed {
    /// Reads one entry.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let Ok(ip) = address.parse::<IpAddr>() else {
            return match bits {
                None if !text.is_empty() => Ok(Self::Host(text.to_ascii_lowercase())),
                _ => Err(format!("`{text}` is no network; write `10.0.0.0/8`, an address or a host name")),
            };
        };
        let most: u8 = if ip.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).ok().filter(|bits| *bits <= most);
        bits.map(|bits| Self::Network(ip, bits)).ok_or_else(|| format!("`{text}`: at most {most} bits"))
    }

    fn holds(&self, ip: IpAddr) -> bool {
        match (self, ip) {
            (Self::Network(IpAddr::V4(net), bits), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(*bits);
                net.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
            }
            (Self::Network(IpAddr::V6(net), bits), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(*bits);
                net.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
            }
            (Self::Network(..) | Self::Host(_), _) => false,
        }
    }
}

/// A computed address leads where it must not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{host}` leads to {ip}, which is not a public address, and a value decided where to go; allow it in flow.toml with `[egress] allow = [\"{host}\"]`"
)]
pub(crate) struct Forbidden {
    pub(crate) host: String,
    pub(crate) ip: IpAddr,
}

/// The addresses that computed requests may reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) allow: Arc<[Allowed]>,
}

impl Guard {
    pub(crate) fn check(&self, host: &str, ip: IpAddr) -> Result<(), Forbidden> {
        let named =
            |allowed: &Allowed| matches!(allowed, Allowed::Host(name) if name.eq_ignore_ascii_case(host));
        let allowed = self.allow.iter().any(|allowed| named(allowed) || allowed.holds(ip));
        if allowed || is_public(ip) { Ok(()) } else { Err(Forbidden { host: host.to_owned(), ip }) }
    }
}

/// The connection is made to the very addresses that were checked, so a name cannot change its mind between
/// the check and the connection.
impl reqwest::dns::Resolve for Guard {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            for address in &found {
                guard.check(&host, address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// Whether an address belongs to the public internet.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let carrier = a == 100 && (64..128).contains(&b);
    let protocol = (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19));
    let special = a == 0 || a >= 224 || carrier || protocol;
    !(special || ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = embedded_v4(ip) {
        return is_public_v4(v4);
    }
    // Only 2000::/3 is handed out for public use.
    let [first, second, ..] = ip.segments();
    let documentation = first == 0x2001 && second == 0xdb8;
    first & 0xe000 == 0x2000 && !documentation
}

/// IPv4 in IPv6: mapped, NAT64 and 6to4. The private network is reachable through all three.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match segments {
        [0x64, 0xff9b, _, _, _, _, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => ip.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests;
