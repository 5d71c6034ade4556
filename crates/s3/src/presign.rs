use crate::Bucket;
use crate::sign::{ALGORITHM, Signable, Stamp, query_string, scope, signature};

/// A URL can be good for at most so long: a week.
pub const EXPIRES_SECONDS_MAX: i64 = 604_800;

impl Bucket {
    /// A URL with which anybody may do one thing with one object, until it expires.
    ///
    /// `now` is in ms since the epoch; the time is cut to [`EXPIRES_SECONDS_MAX`].
    #[must_use]
    pub fn presigned(&self, method: &http::Method, key: &str, expires_in_ms: i64, now: i64) -> String {
        self.presigned_path(method.as_str(), &self.path(key), expires_in_ms, now)
    }

    fn presigned_path(&self, method: &str, path: &str, expires_in_ms: i64, now: i64) -> String {
        let stamp = Stamp::of(now);
        let credential = format!("{}/{}", self.access_key, scope(self, &stamp));
        let expires = (expires_in_ms / 1_000).clamp(1, EXPIRES_SECONDS_MAX).to_string();
        let query = query_string(&[
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", &stamp.full),
            ("X-Amz-Expires", &expires),
            ("X-Amz-SignedHeaders", "host"),
        ]);
        let headers = [("host", self.host().to_owned())];
        let request = Signable { method, path, query: &query, headers: &headers, payload: "UNSIGNED-PAYLOAD" };
        let signature = signature(self, &stamp, &request);
        self.url(path, &format!("{query}&X-Amz-Signature={signature}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Bucket, BucketSettings};

    /// The example of AWS's documentation of Signature Version 4 for S3 ("Authenticating Requests: Using Query Parameters").
    #[test]
    fn the_published_example() {
        let bucket = Bucket::new(BucketSettings {
            endpoint: "https://examplebucket.s3.amazonaws.com".to_owned(),
            bucket: "examplebucket".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        })
        .unwrap();
        let url = bucket.presigned_path("GET", "/test.txt", 86_400_000, 1_369_353_600_000);
        assert_eq!(
            url,
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
             &X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }
}
