//! AWS Signature Version 4, as far as S3 needs it.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::Bucket;
use crate::bucket::encoded;

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature covers.
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    /// Encoded.
    pub(crate) path: &'a str,
    /// As [`query_string`] makes it.
    pub(crate) query: &'a str,
    /// Lower-case names, in their order.
    pub(crate) headers: &'a [(&'a str, String)],
    /// SHA-256 of the body in hex, or `UNSIGNED-PAYLOAD`.
    pub(crate) payload: &'a str,
}

/// An instant as signatures have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Such as `20130524T000000Z`.
    pub(crate) full: String,
    /// Such as `20130524`.
    pub(crate) day: String,
}

impl Stamp {
    /// Of an instant in ms since the epoch.
    pub(crate) fn of(now: i64) -> Self {
        let at: DateTime<Utc> = DateTime::from_timestamp_millis(now).unwrap_or_default();
        Self { full: at.format("%Y%m%dT%H%M%SZ").to_string(), day: at.format("%Y%m%d").to_string() }
    }
}

/// What a signature is good for, besides its request.
pub(crate) fn scope(bucket: &Bucket, stamp: &Stamp) -> String {
    format!("{}/{}/s3/aws4_request", stamp.day, bucket.region)
}

pub(crate) fn signed_names(headers: &[(&str, String)]) -> String {
    headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

/// The signature in hex.
pub(crate) fn signature(bucket: &Bucket, stamp: &Stamp, request: &Signable<'_>) -> String {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let canonical =
        [request.method, request.path, request.query, &headers, &signed_names(request.headers), request.payload].join("\n");
    let to_sign = [ALGORITHM, &stamp.full, &scope(bucket, stamp), &sha256(canonical.as_bytes())].join("\n");
    let day = mac(format!("AWS4{}", bucket.secret_key).as_bytes(), &stamp.day);
    let region = mac(&day, &bucket.region);
    let service = mac(&region, "s3");
    let key = mac(&service, "aws4_request");
    hex::encode(mac(&key, &to_sign))
}

/// The header `authorization`.
pub(crate) fn authorization(bucket: &Bucket, stamp: &Stamp, request: &Signable<'_>) -> String {
    let (scope, names) = (scope(bucket, stamp), signed_names(request.headers));
    let signature = signature(bucket, stamp, request);
    format!("{ALGORITHM} Credential={}/{scope},SignedHeaders={names},Signature={signature}", bucket.access_key)
}

/// Pairs as they are signed and sent: encoded, by name.
pub(crate) fn query_string(pairs: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(String, String)> = pairs.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The examples of AWS's documentation of Signature Version 4 for S3 ("Transferring Payload in a Single Chunk").
#[cfg(test)]
mod tests {
    use super::*;
    use crate::BucketSettings;

    const HOST: &str = "examplebucket.s3.amazonaws.com";

    pub(crate) fn example() -> Bucket {
        Bucket::new(BucketSettings {
            endpoint: format!("https://{HOST}"),
            bucket: "examplebucket".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        })
        .unwrap()
    }

    fn signed(method: &str, path: &str, query: &[(&str, &str)], more: &[(&'static str, &str)], body: &[u8]) -> String {
        let payload = sha256(body);
        let mut headers = vec![
            ("host", HOST.to_owned()),
            ("x-amz-content-sha256", payload.clone()),
            ("x-amz-date", "20130524T000000Z".to_owned()),
        ];
        headers.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        headers.sort_unstable();
        let request = Signable { method, path, query: &query_string(query), headers: &headers, payload: &payload };
        signature(&example(), &Stamp::of(1_369_353_600_000), &request)
    }

    #[test]
    fn an_instant_is_written_as_signatures_have_it() {
        let stamp = Stamp { full: "20130524T000000Z".to_owned(), day: "20130524".to_owned() };
        assert_eq!(Stamp::of(1_369_353_600_999), stamp);
    }

    #[test]
    fn a_range_of_an_object() {
        let found = signed("GET", "/test.txt", &[], &[("range", "bytes=0-9")], b"");
        assert_eq!(found, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    }

    #[test]
    fn an_object_with_a_body() {
        let more = [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
        let found = signed("PUT", "/test%24file.text", &[], &more, b"Welcome to Amazon S3.");
        assert_eq!(found, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    }

    #[test]
    fn a_query_without_a_value() {
        let found = signed("GET", "/", &[("lifecycle", "")], &[], b"");
        assert_eq!(found, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    }

    #[test]
    fn a_query_in_another_order() {
        let found = signed("GET", "/", &[("prefix", "J"), ("max-keys", "2")], &[], b"");
        assert_eq!(found, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }
}
