use std::fmt;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an operator says of a bucket.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BucketSettings {
    /// Scheme, host and port, such as `https://s3.eu-central-1.amazonaws.com`.
    pub endpoint: String,
    /// The bucket's name.
    pub bucket: String,
    /// As the store calls its place; stores of one place often take `us-east-1`.
    pub region: String,
    /// Whose requests they are.
    pub access_key: String,
    /// What they are signed with.
    pub secret_key: String,
}

/// A bucket, and how to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    scheme: String,
    authority: String,
    name: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

/// A setting that cannot be. It does not say what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("s3_{field}: {expected}")]
pub struct BadBucket {
    field: &'static str,
    expected: &'static str,
}

impl Bucket {
    /// Checks what an operator said.
    ///
    /// # Errors
    /// With the name of the setting at fault.
    pub fn new(settings: BucketSettings) -> Result<Self, BadBucket> {
        let bad = |field, expected| BadBucket { field, expected };
        let no_url = bad("endpoint", "must be http:// or https:// with a host, and no path");
        let endpoint: Uri = settings.endpoint.parse().map_err(|_| no_url)?;
        let (Some(scheme), Some(authority)) = (endpoint.scheme_str(), endpoint.authority()) else { return Err(no_url) };
        let is_bare = matches!(endpoint.path(), "" | "/") && endpoint.query().is_none() && !authority.as_str().contains('@');
        if !is_bare || !matches!(scheme, "http" | "https") {
            return Err(no_url);
        }
        let is_name =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        for (field, text) in [("bucket", &settings.bucket), ("region", &settings.region)] {
            if !is_name(text) {
                return Err(bad(field, "must be letters, digits, dashes, dots and underscores"));
            }
        }
        for (field, text) in [("access_key", &settings.access_key), ("secret_key", &settings.secret_key)] {
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(bad(field, "must be visible ASCII characters"));
            }
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            authority: authority.to_string(),
            name: settings.bucket,
            region: settings.region,
            access_key: settings.access_key,
            secret_key: settings.secret_key,
        })
    }

    /// What stands in the header `host`.
    pub(crate) fn host(&self) -> &str {
        &self.authority
    }

    /// The path of an object, or of the bucket for an empty key; encoded.
    pub(crate) fn path(&self, key: &str) -> String {
        let key: Vec<String> = key.split('/').map(encoded).collect();
        format!("/{}/{}", self.name, key.join("/")).trim_end_matches('/').to_owned()
    }

    pub(crate) fn url(&self, path: &str, query: &str) -> String {
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{}://{}{path}{separator}{query}", self.scheme, self.authority)
    }
}

/// Percent-encodes whatever could be taken for anything but text.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("host", &self.authority).field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for BucketSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketSettings").field("endpoint", &self.endpoint).field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> BucketSettings {
        BucketSettings {
            endpoint: "https://s3.example.org".to_owned(),
            bucket: "b".to_owned(),
            region: "r".to_owned(),
            access_key: "k".to_owned(),
            secret_key: "hidden".to_owned(),
        }
    }

    #[test]
    fn a_bad_setting_is_named_and_not_shown() {
        let field = |change: fn(&mut BucketSettings)| {
            let mut settings = settings();
            change(&mut settings);
            Bucket::new(settings).unwrap_err().to_string()
        };
        assert!(field(|settings| settings.endpoint = "s3.example.org".to_owned()).starts_with("s3_endpoint"));
        assert!(field(|settings| settings.endpoint = "https://u@s3.example.org".to_owned()).starts_with("s3_endpoint"));
        assert!(field(|settings| settings.endpoint = "https://s3.example.org/b".to_owned()).starts_with("s3_endpoint"));
        assert!(field(|settings| settings.bucket = "a/b".to_owned()).starts_with("s3_bucket"));
        assert!(field(|settings| settings.region.clear()).starts_with("s3_region"));
        assert!(field(|settings| settings.access_key.clear()).starts_with("s3_access_key"));
        let error = field(|settings| settings.secret_key = "hid den".to_owned());
        assert!(error.starts_with("s3_secret_key") && !error.contains("hid"));
    }

    #[test]
    fn the_secret_is_not_shown() {
        let shown = format!("{:?} {:?}", settings(), Bucket::new(settings()));
        assert!(!shown.contains("hidden"));
    }

    #[test]
    fn nothing_in_a_key_can_change_the_path() {
        let bucket = Bucket::new(settings()).unwrap();
        assert_eq!(bucket.path("a/b c?d#e"), "/b/a/b%20c%3Fd%23e");
        assert_eq!(bucket.path(""), "/b");
    }
}
