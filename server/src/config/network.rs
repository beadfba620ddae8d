//! Addresses, proxies, and who a request comes from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Config, ConfigError};

impl Config {
    pub(super) fn check_network(&self) -> Result<(), ConfigError> {
        self.check_listen(self.listen)?;
        if let Some(url) = &self.public_url
            && (!matches!(url.scheme(), "http" | "https") || url.host().is_none())
        {
            return Err(ConfigError::Value("public_url must be an http or https address".into()));
        }
        self.proxies().map(drop)
    }

    /// Whether this address may be served.
    pub(crate) fn check_listen(&self, listen: SocketAddr) -> Result<(), ConfigError> {
        if !self.behind_proxy && !listen.ip().is_loopback() {
            return Err(ConfigError::NotLoopback(listen));
        }
        Ok(())
    }

    /// The trusted proxies; nobody's header is believed without `behind_proxy`.
    pub(crate) fn proxies(&self) -> Result<Vec<IpNet>, ConfigError> {
        let nets = self
            .trusted_proxies
            .iter()
            .map(|text| {
                IpNet::parse(text)
                    .ok_or_else(|| ConfigError::Value(format!("trusted_proxies: {text:?} is no address or network")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(if self.behind_proxy { nets } else { Vec::new() })
    }
}

/// An address with a prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IpNet {
    bits: u128,
    prefix: u32,
}

/// IPv4 stands in its IPv6-mapped form, so that `::ffff:10.0.0.1` and `10.0.0.1` are one address.
fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl IpNet {
    pub(crate) fn parse(text: &str) -> Option<IpNet> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let ip: IpAddr = address.trim().parse().ok()?;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        (prefix <= width).then(|| IpNet { bits: bits(ip), prefix: prefix + (128 - width) })
    }

    pub(crate) fn contains(&self, ip: IpAddr) -> bool {
        let shift = 128 - self.prefix;
        shift == 128 || (bits(ip) >> shift) == (self.bits >> shift)
    }
}

/// What throttles count by: an IPv4 address, or the /64 that one IPv6 customer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AddressKey(u128);

impl AddressKey {
    pub(crate) fn of(ip: IpAddr) -> AddressKey {
        match ip.to_canonical() {
            IpAddr::V4(v4) => AddressKey(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => AddressKey(v6.to_bits() >> 64 << 64),
        }
    }
}

impl std::fmt::Display for AddressKey {
    /// An IPv4 address, or an IPv6 network: how it is stored and shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let v6 = std::net::Ipv6Addr::from_bits(self.0);
        match v6.to_ipv4_mapped() {
            Some(v4) => write!(f, "{v4}"),
            None => write!(f, "{v6}/64"),
        }
    }
}

/// The client's address: the peer, or, as long as the peer is a trusted proxy, the one before it in X-Forwarded-For,
/// walked from the right. What stands left of the first untrusted address was written by the client and means nothing.
pub(crate) fn client_address<'a>(
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[IpNet],
) -> IpAddr {
    let mut client = peer;
    let mut hops = forwarded_for.rev().flat_map(|line| line.rsplit(','));
    while trusted.iter().any(|net| net.contains(client)) {
        let Some(next) = hops.next().and_then(parse_hop) else { break };
        client = next;
    }
    client
}

fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    text.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6))
        .map(|ip| match ip {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, |v4: Ipv4Addr| IpAddr::V4(v4)),
            IpAddr::V4(_) => ip,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| IpNet::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_network_holds_its_addresses() {
        let net = IpNet::parse("10.1.0.0/16").unwrap();
        assert!(net.contains(ip("10.1.255.1")) && net.contains(ip("::ffff:10.1.2.3")));
        assert!(!net.contains(ip("10.2.0.1")) && !net.contains(ip("::1")));
        assert!(IpNet::parse("::/0").unwrap().contains(ip("2001:db8::1")));
        for text in ["", "10.0.0.0/33", "::1/129", "x/8", "10.0.0.0/-1"] {
            assert_eq!(IpNet::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_client_is_found_from_the_right_through_trusted_proxies_only() {
        let trusted = nets(&["127.0.0.1", "10.0.0.0/8"]);
        let found = |peer: &str, lines: &[&str]| client_address(ip(peer), lines.iter().copied(), &trusted);
        // A stranger's header is not believed.
        assert_eq!(found("203.0.113.9", &["1.1.1.1"]), ip("203.0.113.9"));
        assert_eq!(found("127.0.0.1", &[]), ip("127.0.0.1"));
        // What the client itself wrote stands on the left.
        assert_eq!(found("127.0.0.1", &["6.6.6.6, 203.0.113.9, 10.2.3.4"]), ip("203.0.113.9"));
        assert_eq!(found("127.0.0.1", &["6.6.6.6", "203.0.113.9"]), ip("203.0.113.9"));
        assert_eq!(found("127.0.0.1", &["[2001:db8::7]:443"]), ip("2001:db8::7"));
        // Garbage ends the walk at the last good address.
        assert_eq!(found("127.0.0.1", &["nonsense"]), ip("127.0.0.1"));
    }

    #[test]
    fn one_ipv6_customer_is_one_key() {
        assert_eq!(AddressKey::of(ip("2001:db8:1:2::1")), AddressKey::of(ip("2001:db8:1:2:ffff::9")));
        assert_ne!(AddressKey::of(ip("2001:db8:1:2::1")), AddressKey::of(ip("2001:db8:1:3::1")));
        assert_ne!(AddressKey::of(ip("192.0.2.1")), AddressKey::of(ip("192.0.2.2")));
        assert_eq!(AddressKey::of(ip("::ffff:192.0.2.1")), AddressKey::of(ip("192.0.2.1")));
    }
}
