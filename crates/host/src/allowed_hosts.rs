//! `allowed_outbound_hosts`: whom a component may call.
//!
//! The format and its defaults are Spin's: `<scheme>://<host>[:<port>]`, where scheme and port may
//! be `*`, the host may be `*`, `*.<domain>` or `self`, and a port may be a range `<from>..<before>`.
//! No port means the scheme's own. Matching is by name, before any lookup.

use http::Uri;
use std::net::IpAddr;
use std::ops::Range;

/// The list of one component.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts(Vec<AllowedHost>);

#[derive(Debug)]
struct AllowedHost {
    /// `None` is any.
    scheme: Option<String>,
    host: HostPattern,
    /// `None` is any.
    ports: Option<Range<u32>>,
}

#[derive(Debug)]
enum HostPattern {
    Any,
    ToSelf,
    /// With its leading dot.
    SubdomainOf(String),
    Network {
        base: IpAddr,
        prefix: u8,
    },
    Named(String),
}

impl AllowedHosts {
    /// # Errors
    /// Names the entry that is wrong.
    pub(crate) fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, String> {
        entries.iter().map(|entry| AllowedHost::parse(entry.as_ref().trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `uri`, which has a scheme and a host, may be called.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return false;
        };
        let Some(port) = uri.port_u16().or_else(|| known_port(scheme)) else {
            return false;
        };
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|entry| entry.allows(scheme, &host, port))
    }

    /// Whether the application itself may be called, by a URL without a host.
    pub(crate) fn allows_self(&self) -> bool {
        self.0.iter().any(|entry| {
            let scheme = entry.scheme.as_deref();
            matches!(entry.host, HostPattern::Any | HostPattern::ToSelf) && matches!(scheme, None | Some("http" | "https"))
        })
    }
}

impl AllowedHost {
    fn parse(entry: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("allowed_outbound_hosts: {entry:?} {what}");
        let Some((scheme, rest)) = entry.split_once("://") else {
            return Err(wrong("has no scheme; write <scheme>://<host>[:<port>], * for any"));
        };
        if scheme != "*" && !scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(wrong("has a scheme that is not of letters"));
        }
        // The part after the last colon is a port unless that colon is inside an IPv6 address.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (rest, ""),
        };
        let port = port.strip_suffix('/').unwrap_or(port);
        Ok(Self {
            scheme: (scheme != "*").then(|| scheme.to_owned()),
            host: HostPattern::parse(host.trim()).map_err(wrong)?,
            ports: ports(port, scheme).map_err(wrong)?,
        })
    }

    fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.scheme.as_deref().is_none_or(|ours| ours == scheme)
            && self.host.allows(host)
            && self.ports.as_ref().is_none_or(|ours| ours.contains(&u32::from(port)))
    }
}

fn ports(text: &str, scheme: &str) -> Result<Option<Range<u32>>, &'static str> {
    let number = |text: &str| text.parse::<u16>().map(u32::from).map_err(|_| "has a port that is no number");
    let one = |port: u32| Some(port..port + 1);
    match text {
        "*" => Ok(None),
        "" => match known_port(scheme) {
            Some(port) => Ok(one(port.into())),
            None => Err("needs a port: its scheme has no usual one"),
        },
        _ => match text.split_once("..") {
            Some((from, before)) => Ok(Some(number(from)?..number(before)?)),
            None => Ok(one(number(text)?)),
        },
    }
}

fn known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self, &'static str> {
        match host {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::ToSelf),
            "" => return Err("has no host"),
            _ => {}
        }
        if let Some((base, prefix)) = host.split_once('/')
            && let (Ok(base), Ok(prefix)) = (base.parse(), prefix.parse())
        {
            return Ok(Self::Network { base, prefix });
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            return Err("has a path, but hosts have none");
        }
        if let Some(domain) = host.strip_prefix("*.")
            && !domain.contains('*')
        {
            return Ok(Self::SubdomainOf(format!(".{}", domain.to_ascii_lowercase())));
        }
        if host.contains('*') {
            return Err("has a * that is not the whole first part of its host");
        }
        Ok(Self::Named(host.to_ascii_lowercase()))
    }

    fn allows(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::ToSelf => false,
            Self::SubdomainOf(suffix) => host.ends_with(suffix),
            Self::Named(name) => name == host,
            Self::Network { base, prefix } => {
                host.trim_matches(['[', ']']).parse().is_ok_and(|ip| in_network(ip, *base, *prefix))
            }
        }
    }
}

fn in_network(ip: IpAddr, base: IpAddr, prefix: u8) -> bool {
    let (ip, base, bits) = match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => (ip.to_bits().into(), base.to_bits().into(), 32),
        (IpAddr::V6(ip), IpAddr::V6(base)) => (ip.to_bits(), base.to_bits(), 128_u32),
        _ => return false,
    };
    let free = bits.saturating_sub(prefix.into());
    u128::checked_shr(ip ^ base, free).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::AllowedHosts;

    fn allows(entry: &str, url: &str) -> bool {
        AllowedHosts::parse(&[entry]).expect(entry).allows(&url.parse().expect(url))
    }

    #[test]
    fn schemes_hosts_and_ports_must_all_match() {
        for (entry, url, expected) in [
            ("https://api.fly.io", "https://api.fly.io/v1", true),
            ("https://api.fly.io", "https://API.fly.io:443/v1", true),
            ("https://api.fly.io", "http://api.fly.io/v1", false),
            ("https://api.fly.io", "https://api.fly.io:8443/v1", false),
            ("https://api.fly.io", "https://fly.io/", false),
            ("https://api.fly.io/", "https://api.fly.io/", true),
            ("https://*.fly.io", "https://api.fly.io/", true),
            ("https://*.fly.io", "https://a.b.fly.io/", true),
            ("https://*.fly.io", "https://fly.io/", false),
            ("https://*.fly.io", "https://evilfly.io/", false),
            ("*://localhost:*", "http://localhost:4321/", true),
            ("*://localhost:*", "https://localhost/", true),
            ("*://localhost:*", "https://elsewhere/", false),
            ("http://127.0.0.1:3000..3010", "http://127.0.0.1:3009/", true),
            ("http://127.0.0.1:3000..3010", "http://127.0.0.1:3010/", false),
            ("http://10.0.0.0/8:*", "http://10.1.2.3:99/", true),
            ("http://10.0.0.0/8:*", "http://11.1.2.3:99/", false),
            ("http://*.spin.internal", "http://web.spin.internal/x", true),
            ("http://web.spin.internal", "http://api.spin.internal/x", false),
            ("*://*:*", "http://anything:1/", true),
            ("http://self", "http://self.alt/", false),
        ] {
            assert_eq!(allows(entry, url), expected, "{entry} {url}");
        }
    }

    #[test]
    fn the_application_itself_must_be_listed() {
        let to_self = |entry: &str| AllowedHosts::parse(&[entry]).expect(entry).allows_self();
        assert!(to_self("http://self"));
        assert!(to_self("*://*:*"));
        assert!(!to_self("http://elsewhere"));
        assert!(!AllowedHosts::default().allows_self());
    }

    #[test]
    fn mistakes_are_refused() {
        for bad in ["*", "localhost", "http://x/path", "http://a.*.b", "*://x", "http://x:port", "http://"] {
            assert!(AllowedHosts::parse(&[bad]).is_err(), "{bad}");
        }
    }
}
