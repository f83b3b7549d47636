//! Whose request it is, where proxies pass it on: `Forwarded` (RFC 7239) or `X-Forwarded-For`, from right to left.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderName};
use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

use crate::ConfigError;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Most proxies that a request is followed through.
const MOST_HOPS: usize = 32;

/// The header by which proxies say whom they serve. One only: whoever could choose would choose the one that the proxy does
/// not write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`, which nearly all proxies write. The default.
    #[default]
    XForwardedFor,
    /// `Forwarded`, by RFC 7239.
    Forwarded,
}

/// The proxies that are believed about whom they pass requests on for.
///
/// The addresses in the header are read from right to left, from the nearest proxy on: each is believed as long as the
/// one that wrote it, its right neighbour or at last the peer of the connection, is trusted. The first that is not
/// trusted is the client. What a client itself wrote into the header stands further left, and changes nothing; nor does a
/// header that comes from a peer who is not trusted.
///
/// The proxy must add to the header or write it anew, never hand on what it got as it is.
///
/// ```
/// use cloakroom_core::TrustedProxies;
/// use http::HeaderMap;
///
/// let proxies = TrustedProxies::new(["127.0.0.1", "10.0.0.0/8"])?;
/// let headers = HeaderMap::from_iter([(
///     http::HeaderName::from_static("x-forwarded-for"),
///     "198.51.100.7, 203.0.113.9, 10.1.1.1".parse().unwrap(),
/// )]);
/// let client = |peer: &str| proxies.client(peer.parse().unwrap(), &headers).to_string();
/// assert_eq!(client("127.0.0.1"), "203.0.113.9");
/// assert_eq!(client("192.0.2.1"), "192.0.2.1"); // nobody whom we trust
/// # Ok::<(), cloakroom_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardingHeader,
}

impl TrustedProxies {
    /// The headers that [`client`](Self::client) looks at; for adapters whose framework has other types than `http`'s.
    pub const HEADERS: [HeaderName; 2] = [FORWARDED, X_FORWARDED_FOR];

    /// Trusts the proxies with these addresses, or in these networks (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// # Errors
    ///
    /// [`ConfigError::InvalidNetwork`] for what is neither, and for a network of everybody (`0.0.0.0/0`).
    pub fn new<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Self, ConfigError> {
        let parse = |text: T| {
            let text = text.as_ref();
            let network = match text.parse::<IpAddr>() {
                Ok(address) => Some(IpNet::from(address.to_canonical())),
                Err(_) => text.parse().ok().filter(|network: &IpNet| network.prefix_len() > 0),
            };
            network.ok_or_else(|| ConfigError::InvalidNetwork(text.to_owned()))
        };
        let networks = networks.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { networks, header: ForwardingHeader::default() })
    }

    /// Sets the header that the proxies write. Default [`ForwardingHeader::XForwardedFor`].
    #[must_use]
    pub fn header(mut self, header: ForwardingHeader) -> Self {
        self.header = header;
        self
    }

    /// Returns the address that a request comes from: of the client if `peer`, the other end of the connection, is a trusted
    /// proxy, else `peer` itself. Where a proxy names no address, it is the last one known.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let name = match self.header {
            ForwardingHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardingHeader::Forwarded => FORWARDED,
        };
        let lines: Vec<_> = headers.get_all(name).into_iter().collect();
        let hops = lines.into_iter().rev().flat_map(|line| hops(self.header, line));
        for hop in hops.take(MOST_HOPS) {
            let Some(hop) = hop else { break };
            client = hop.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedProxies({:?}, {:?})", self.header, self.networks)
    }
}

/// Returns the addresses in one line of a header, from right to left; `None` for what is none.
fn hops(header: ForwardingHeader, line: &HeaderValue) -> Vec<Option<IpAddr>> {
    let Ok(line) = line.to_str() else { return vec![None] };
    match header {
        ForwardingHeader::XForwardedFor => {
            line.rsplit(',').map(|hop| address(hop.trim())).collect()
        }
        ForwardingHeader::Forwarded => {
            let mut hops = elements(line).unwrap_or_else(|| vec![None]);
            hops.reverse();
            hops
        }
    }
}

/// Reads an address, perhaps with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip())),
    }
}

/// Reads the elements of a `Forwarded` header (RFC 7239, section 4), and of each the address in `for`. `None` if the line is
/// not of that form: then it may be that a client opened a quotation mark which the proxy's own words now stand in.
fn elements(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let mut elements = Vec::new();
    let mut rest = line;
    loop {
        let mut found = None;
        loop {
            rest = rest.trim_start_matches([' ', '\t']);
            let end = rest.find(['=', ',', ';']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after;
            if let Some(value) = rest.strip_prefix('=') {
                let (value, after) = value_of(value)?;
                rest = after;
                if name.eq_ignore_ascii_case("for") && found.is_none() {
                    found = Some(address(&value));
                }
            } else if !name.trim().is_empty() {
                return None;
            }
            rest = rest.trim_start_matches([' ', '\t']);
            match rest.strip_prefix(';') {
                Some(after) => rest = after,
                None => break,
            }
        }
        elements.push(found.flatten());
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Some(elements),
            None => return None,
        }
    }
}

/// Reads a token or a quoted string; returns it and what stands after it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return (!token.contains(['"', '=', '\\'])).then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &quoted[place + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use ForwardingHeader::{Forwarded, XForwardedFor};

    fn client(header: ForwardingHeader, peer: &str, lines: &[&str]) -> String {
        let proxies = TrustedProxies::new(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]).unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = if header == Forwarded { FORWARDED } else { X_FORWARDED_FOR };
            headers.append(name, line.parse().unwrap());
        }
        proxies.header(header).client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn x_forwarded_for_is_read_from_right_to_left() {
        for (peer, lines, expected) in [
            // Not from a proxy of ours: it says what it likes.
            ("203.0.113.5", &["198.51.100.1"][..], "203.0.113.5"),
            ("192.0.2.2", &["198.51.100.1"], "192.0.2.2"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            // What the client itself wrote stands further left.
            ("10.0.0.1", &["10.9.9.9, 127.0.0.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2 ,192.0.2.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1", "10.0.0.2"], "198.51.100.1"),
            // All trusted: the one that is farthest away.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // What cannot be read ends it, where it was read so far.
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
            ("10.0.0.1", &["010.0.0.1"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("fd00::1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], "2001:db8::1"),
            ("fd00::1", &["2001:db8::1"], "2001:db8::1"),
            ("fd00::1", &["[10.0.0.9]"], "fd00::1"),
        ] {
            assert_eq!(client(XForwardedFor, peer, lines), expected, "{peer} {lines:?}");
        }
        let many = vec!["10.0.0.2"; 10_000].join(",") + ",10.0.0.3";
        assert_eq!(
            client(XForwardedFor, "10.0.0.1", &[&format!("198.51.100.1,{many}")]),
            "10.0.0.2"
        );
    }

    #[test]
    fn forwarded_is_read_by_its_grammar() {
        for (lines, expected) in [
            (&["for=198.51.100.1"][..], "198.51.100.1"),
            (&["For=\"198.51.100.1:80\";proto=https; by=10.0.0.1"], "198.51.100.1"),
            (&["proto=https;for=\"[2001:db8::1]:80\""], "2001:db8::1"),
            (&["for=1.1.1.1, for=198.51.100.1, for=10.0.0.2;host=x"], "198.51.100.1"),
            (&["for=1.1.1.1", "for=198.51.100.1"], "198.51.100.1"),
            (&["for=\"198.51\\.100.1\""], "198.51.100.1"),
            (&["for=198.51.100.1;host=\"a,b;for=1.1.1.1\""], "198.51.100.1"),
            (&["for=198.51.100.1;for=1.1.1.1"], "198.51.100.1"),
            (&["for=unknown"], "10.0.0.1"),
            (&["for=_hidden"], "10.0.0.1"),
            (&["for=198.51.100.1, proto=https"], "10.0.0.1"),
            (&["198.51.100.1"], "10.0.0.1"),
            // A client that opens a quotation mark swallows what the proxy says, and gains nothing.
            (&["for=1.1.1.1;x=\", for=198.51.100.1"], "10.0.0.1"),
            (&["for=1.1.1.1;x=\"", "for=198.51.100.1"], "198.51.100.1"),
            (&["for=\"198.51.100.1"], "10.0.0.1"),
            (&["for=\"198.51.100.1\"x"], "10.0.0.1"),
            (&["for=198.51.100.1,"], "10.0.0.1"),
            (&[""], "10.0.0.1"),
        ] {
            assert_eq!(client(Forwarded, "10.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(client(Forwarded, "203.0.113.5", lines), "203.0.113.5");
        }
    }

    #[test]
    fn the_other_header_is_not_looked_at() {
        let proxies = TrustedProxies::new(["10.0.0.1"]).unwrap();
        let peer = "10.0.0.1".parse().unwrap();
        let said =
            |name: HeaderName, value: &str| HeaderMap::from_iter([(name, value.parse().unwrap())]);
        assert_eq!(proxies.client(peer, &said(FORWARDED, "for=1.1.1.1")), peer);
        let proxies = proxies.header(Forwarded);
        assert_eq!(proxies.client(peer, &said(X_FORWARDED_FOR, "1.1.1.1")), peer);
    }

    #[test]
    fn what_is_no_network_is_refused_with_a_message() {
        for network in ["", "proxy.example", "10.0.0.0/33", "10.0.0", "0.0.0.0/0", "::/0", "*"] {
            let error = TrustedProxies::new([network]).unwrap_err().to_string();
            assert!(error.contains(&format!("{network:?}")), "{error}");
        }
        let nobody = TrustedProxies::new::<&str>([]).unwrap();
        let headers =
            HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("1.1.1.1"))]);
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(nobody.client(peer, &headers), peer);
    }
}
