//! The calls.

use std::fmt::Write as _;
use std::time::Duration;

use clawstead_transport::{TotalTimeout, Transport};
use http::{Method, Request, Response};

use crate::answer::{self, InitiateMultipartUploadResult, ListBucketResult, ListMultipartUploadsResult};
use crate::sign::{Signable, Stamp, authorization, query_string, sha256};
use crate::{Bucket, S3Error};

/// Every part of an upload but its last has at least so many bytes: 5 MiB, S3's rule.
pub const PART_BYTES_MIN: usize = 5 << 20;

/// A call that passes on bytes, or waits until the store has put them together.
const LONG: Duration = Duration::from_secs(20);

/// So often a call is made when the store has trouble that may pass. All of them may be repeated.
const TRIES: u32 = 3;

/// One bucket, reached through one transport.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a, T> {
    transport: T,
    bucket: &'a Bucket,
}

/// An upload in parts that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The object that it will be.
    pub key: String,
    id: String,
    /// The store's names of the parts so far.
    parts: Vec<String>,
}

/// An object as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its length in bytes.
    pub size: i64,
    /// The store's name of its bytes.
    pub etag: String,
}

struct Call<'a> {
    method: Method,
    key: &'a str,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'static str, String)],
    body: Vec<u8>,
    long: bool,
}

impl<'a> Call<'a> {
    fn new(method: Method, key: &'a str) -> Self {
        Self { method, key, query: &[], headers: &[], body: Vec::new(), long: false }
    }
}

impl<'a, T: Transport> Client<'a, T> {
    /// A client of a bucket.
    pub fn new(transport: T, bucket: &'a Bucket) -> Self {
        Self { transport, bucket }
    }

    /// The bucket.
    pub fn bucket(&self) -> &'a Bucket {
        self.bucket
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// When the store does not do it. It may have begun all the same: [`Client::uploads`] tells.
    pub async fn begin(&self, key: &str, now: i64) -> Result<Upload, S3Error> {
        let call = Call { query: &[("uploads", "")], ..Call::new(Method::POST, key) };
        let begun: InitiateMultipartUploadResult = answer::read(&self.send(call, now).await?)?;
        Ok(Upload { key: key.to_owned(), id: begun.upload_id, parts: Vec::new() })
    }

    /// Adds a part.
    ///
    /// # Errors
    /// When the store does not take it; nothing is added then.
    pub async fn add(&self, upload: &mut Upload, bytes: Vec<u8>, now: i64) -> Result<(), S3Error> {
        let number = (upload.parts.len() + 1).to_string();
        let query = [("partNumber", number.as_str()), ("uploadId", &upload.id)];
        let answer =
            self.send(Call { query: &query, body: bytes, long: true, ..Call::new(Method::PUT, &upload.key) }, now).await?;
        upload.parts.push(etag(&answer)?);
        Ok(())
    }

    /// Makes an object of the parts.
    ///
    /// # Errors
    /// When the store does not do it, or the upload has been ended meanwhile.
    pub async fn complete(&self, upload: &Upload, now: i64) -> Result<(), S3Error> {
        let mut body = String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        for (part, number) in upload.parts.iter().zip(1..) {
            let _ = write!(body, "<Part><PartNumber>{number}</PartNumber><ETag>{part}</ETag></Part>");
        }
        body.push_str("</CompleteMultipartUpload>");
        let query = [("uploadId", upload.id.as_str())];
        let call = Call { query: &query, body: body.into_bytes(), long: true, ..Call::new(Method::POST, &upload.key) };
        answer::not_an_error(&self.send(call, now).await?)
    }

    /// Ends an upload; its parts are gone. One that has ended already is fine.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn abort(&self, key: &str, upload_id: &str, now: i64) -> Result<(), S3Error> {
        let query = [("uploadId", upload_id)];
        gone(self.send(Call { query: &query, ..Call::new(Method::DELETE, key) }, now).await)
    }

    /// Some bytes of an object, from `offset` on; `None` when there is no such object.
    ///
    /// # Errors
    /// When the store does not answer, or with another part than that.
    pub async fn get(&self, key: &str, offset: i64, length: i64, now: i64) -> Result<Option<Vec<u8>>, S3Error> {
        let headers = [("range", format!("bytes={offset}-{}", offset + length - 1))];
        match self.send(Call { headers: &headers, long: true, ..Call::new(Method::GET, key) }, now).await {
            Ok(answer) if answer.status() == 206 => Ok(Some(answer.into_body())),
            Ok(_) => Err(S3Error::Malformed("no range")),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What an object is; `None` when there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn look(&self, key: &str, now: i64) -> Result<Option<Listed>, S3Error> {
        match self.send(Call::new(Method::HEAD, key), now).await {
            Ok(answer) => {
                let size = answer.headers().get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
                Ok(Some(Listed { size: size.ok_or(S3Error::Malformed("no length"))?, etag: etag(&answer)? }))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Copies an object inside the bucket, if it still is what it was when it was looked at.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn copy(&self, from: &str, seen: &Listed, to: &str, now: i64) -> Result<(), S3Error> {
        let headers = [("x-amz-copy-source", self.bucket.path(from)), ("x-amz-copy-source-if-match", seen.etag.clone())];
        answer::not_an_error(&self.send(Call { headers: &headers, long: true, ..Call::new(Method::PUT, to) }, now).await?)
    }

    /// Removes an object. One that is not there is fine.
    ///
    /// # Errors
    /// When the store does not do it.
    pub async fn delete(&self, key: &str, now: i64) -> Result<(), S3Error> {
        gone(self.send(Call::new(Method::DELETE, key), now).await)
    }

    /// Keys of objects, in their order, after a key.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn objects(&self, prefix: &str, after: &str, limit: i64, now: i64) -> Result<Vec<String>, S3Error> {
        let limit = limit.to_string();
        let mut query = vec![("list-type", "2"), ("prefix", prefix), ("max-keys", &limit)];
        query.extend((!after.is_empty()).then_some(("start-after", after)));
        let listed: ListBucketResult =
            answer::read(&self.send(Call { query: &query, ..Call::new(Method::GET, "") }, now).await?)?;
        Ok(listed.contents.into_iter().map(|object| object.key).collect())
    }

    /// Uploads that have not ended: key and id of each, by key, after a key.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn uploads(&self, prefix: &str, after: &str, limit: i64, now: i64) -> Result<Vec<(String, String)>, S3Error> {
        let limit = limit.to_string();
        let mut query = vec![("uploads", ""), ("prefix", prefix), ("max-uploads", &limit)];
        query.extend((!after.is_empty()).then_some(("key-marker", after)));
        let answer = self.send(Call { query: &query, ..Call::new(Method::GET, "") }, now).await?;
        let listed: ListMultipartUploadsResult = answer::read(&answer)?;
        Ok(listed.uploads.into_iter().map(|upload| (upload.key, upload.upload_id)).collect())
    }

    /// Sends a call, again when the trouble may pass.
    async fn send(&self, mut call: Call<'_>, now: i64) -> Result<Response<Vec<u8>>, S3Error> {
        for _ in 1..TRIES {
            match self.send_once(&call, call.body.clone(), now).await {
                Err(error) if error.is_passing() => {}
                outcome => return outcome,
            }
        }
        let body = std::mem::take(&mut call.body);
        self.send_once(&call, body, now).await
    }

    async fn send_once(&self, call: &Call<'_>, body: Vec<u8>, now: i64) -> Result<Response<Vec<u8>>, S3Error> {
        let (path, query, payload, stamp) = (self.bucket.path(call.key), query_string(call.query), sha256(&body), Stamp::of(now));
        let mut headers = vec![
            ("host", self.bucket.host().to_owned()),
            ("x-amz-content-sha256", payload.clone()),
            ("x-amz-date", stamp.full.clone()),
        ];
        headers.extend(call.headers.iter().cloned());
        headers.sort_unstable();
        let signable =
            Signable { method: call.method.as_str(), path: &path, query: &query, headers: &headers, payload: &payload };
        let authorization = authorization(self.bucket, &stamp, &signable);
        let mut request = Request::builder().method(call.method.clone()).uri(self.bucket.url(&path, &query));
        // The host's name follows from the URL.
        for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
            request = request.header(*name, value);
        }
        let mut request =
            request.header("authorization", authorization).body(body).map_err(|_| S3Error::Malformed("not a request"))?;
        if call.long {
            request.extensions_mut().insert(TotalTimeout(LONG));
        }
        answer::success(self.transport.send(request).await?)
    }
}

fn gone(outcome: Result<Response<Vec<u8>>, S3Error>) -> Result<(), S3Error> {
    match outcome {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

fn etag(answer: &Response<Vec<u8>>) -> Result<String, S3Error> {
    let etag = answer.headers().get(http::header::ETAG).and_then(|value| value.to_str().ok());
    etag.map(str::to_owned).ok_or(S3Error::Malformed("no etag"))
}
