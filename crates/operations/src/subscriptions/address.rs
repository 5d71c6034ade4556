//! Where deliveries may go: where the operator says, and nowhere else.

use clawstead_domain::Refusal;
use http::Uri;

/// The one host, or the family of hosts, that deliveries may go to: `https://hooks.example.org`, `https://*.example.org`, with a
/// port if it is not the usual one. The manifest gives the component that sends them the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Addresses {
    /// Reads what the operator configured. Blank or unreadable allows nothing.
    pub fn parse(configured: &str) -> Self {
        let nothing = Self { scheme: String::new(), host: String::new(), port: None };
        let Some((scheme, rest)) = configured.trim().trim_end_matches('/').split_once("://") else {
            return nothing;
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()),
            None => (rest, None),
        };
        Self { scheme: scheme.to_owned(), host: host.to_ascii_lowercase(), port }
    }

    /// Checks the address of a subscription. A host of the inner network is allowed only by its own name: a family of hosts does
    /// not hold it.
    ///
    /// # Errors
    /// A refusal that names the field.
    pub fn check(&self, url: &str) -> Result<(), Refusal> {
        let refused = |why: &str| Err(Refusal::invalid("url", why));
        let Ok(uri) = url.parse::<Uri>() else { return refused("must be an absolute URL") };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return refused("must be an absolute URL");
        };
        if authority.as_str().contains('@') {
            return refused("must not hold a user name or password");
        }
        let host = authority.host().to_ascii_lowercase();
        let usual = if scheme == "https" { 443 } else { 80 };
        let same_port = authority.port_u16().unwrap_or(usual) == self.port.unwrap_or(usual);
        if scheme == self.scheme && same_port && self.holds(&host) {
            return Ok(());
        }
        refused("is not at the host that the operator allows (variable app_webhook_host)")
    }

    fn holds(&self, host: &str) -> bool {
        match self.host.strip_prefix("*.") {
            Some(family) => host.strip_suffix(family).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            None => !host.is_empty() && host == self.host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(configured: &str, url: &str) -> bool {
        Addresses::parse(configured).check(url).is_ok()
    }

    #[test]
    fn deliveries_go_where_the_operator_says() {
        assert!(allowed("https://hooks.example.org", "https://hooks.example.org/a?b=c"));
        assert!(allowed("https://hooks.example.org", "https://HOOKS.example.org:443/a"));
        assert!(allowed("https://*.example.org", "https://a.b.example.org/"));
        assert!(allowed("http://127.0.0.1:8080", "http://127.0.0.1:8080/hook"));
    }

    #[test]
    fn and_nowhere_else() {
        for (configured, url) in [
            ("https://hooks.example.org", "http://hooks.example.org/a"),
            ("https://hooks.example.org", "https://hooks.example.org:8443/a"),
            ("https://hooks.example.org", "https://hooks.example.org.evil.test/a"),
            ("https://hooks.example.org", "https://user@hooks.example.org/a"),
            ("https://hooks.example.org", "https://hooks.example.org@evil.test/a"),
            ("https://*.example.org", "https://example.org/"),
            ("https://*.example.org", "https://evilexample.org/"),
            ("https://*.example.org", "https://127.0.0.1/"),
            ("https://*.example.org", "/a"),
            ("https://*.example.org", "file:///etc/passwd"),
            ("", "https://hooks.example.org/a"),
            ("", "http://127.0.0.1/"),
        ] {
            assert!(!allowed(configured, url), "{configured} {url}");
        }
    }
}
