//! Files as objects of a bucket.
//!
//! Everything of a file lies under `<prefix>/<file id>/`: what an attempt brought, under the id of that attempt, so that no
//! attempt ever touches the bytes of another; and what a worker of our own brought with a presigned URL, under `incoming`.

use clawstead_s3::{Bucket, Client, Listed, PART_BYTES_MIN, S3Error, Upload};
use clawstead_transport::Transport;
use http::Method;

use super::{Place, Store, StoredFile, Trace};
use crate::OperationError;

/// So much is fetched at once. Each download of an instance holds that.
const RANGE_BYTES: i64 = 512 * 1024;

/// So much of a file is removed by one step.
const REMOVED_AT_ONCE: i64 = 100;

const INCOMING: &str = "incoming";

/// The part of a bucket that belongs to this deployment.
#[derive(Debug, Clone)]
pub struct Objects {
    bucket: Bucket,
    prefix: String,
}

impl Objects {
    /// What begins with `<deployment>/` in a bucket is ours, and nothing else.
    pub fn new(bucket: Bucket, deployment: &str) -> Self {
        Self { bucket, prefix: format!("{deployment}/") }
    }

    /// Where a worker of our own may bring a file, by PUT.
    pub(crate) fn upload_url(&self, file_id: &str, expires_in_ms: i64, now: i64) -> String {
        self.bucket.presigned(&Method::PUT, &self.key(file_id, INCOMING), expires_in_ms, now)
    }

    /// Where a file can be fetched.
    pub(super) fn download_url(&self, file: &StoredFile, expires_in_ms: i64, now: i64) -> String {
        self.bucket.presigned(&Method::GET, &self.key(&file.file_id, &file.attempt), expires_in_ms, now)
    }

    fn key(&self, file_id: &str, part: &str) -> String {
        format!("{}{file_id}/{part}", self.prefix)
    }

    /// The file that an object belongs to.
    fn file_id<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&self.prefix)?.split('/').next()
    }
}

/// A bucket as a store.
pub struct S3Store<'a, T> {
    objects: &'a Objects,
    client: Client<'a, T>,
    clock: &'a dyn Fn() -> i64,
}

impl<T> std::fmt::Debug for S3Store<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Store").field("objects", self.objects).finish_non_exhaustive()
    }
}

/// An attempt to bring a file into a bucket.
#[derive(Debug)]
pub struct S3Upload {
    upload: Upload,
    parts: u32,
    size: i64,
}

impl<'a, T: Transport> S3Store<'a, T> {
    /// A store; `clock` gives the instant, ms since the epoch, that requests are signed with.
    pub fn new(objects: &'a Objects, transport: T, clock: &'a dyn Fn() -> i64) -> Self {
        Self { objects, client: Client::new(transport, &objects.bucket), clock }
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    /// What was brought with a presigned URL, if anything was.
    pub(super) async fn incoming(&self, file_id: &str) -> Result<Option<Listed>, OperationError> {
        Ok(self.client.look(&self.objects.key(file_id, INCOMING), self.now()).await?)
    }

    /// Makes what was brought the bytes of an attempt. The URL that it was brought with may be good for a while yet, so it is
    /// copied to where that URL does not reach.
    pub(super) async fn take_in(&self, file_id: &str, attempt: &str, seen: &Listed) -> Result<(), OperationError> {
        let (from, to) = (self.objects.key(file_id, INCOMING), self.objects.key(file_id, attempt));
        Ok(self.client.copy(&from, seen, &to, self.now()).await?)
    }

    /// Removes what is not the bytes of the attempt.
    pub(super) async fn drop_incoming(&self, file_id: &str) -> Result<(), OperationError> {
        Ok(self.client.delete(&self.objects.key(file_id, INCOMING), self.now()).await?)
    }
}

impl<T: Transport> Store for S3Store<'_, T> {
    type Upload = S3Upload;

    fn place(&self) -> Place {
        Place::S3
    }

    fn piece_bytes(&self) -> usize {
        PART_BYTES_MIN
    }

    async fn begin(&self, file_id: &str, attempt: &str) -> Result<S3Upload, OperationError> {
        let upload = self.client.begin(&self.objects.key(file_id, attempt), self.now()).await?;
        Ok(S3Upload { upload, parts: 0, size: 0 })
    }

    async fn put(&self, upload: &mut S3Upload, bytes: Vec<u8>) -> Result<bool, OperationError> {
        upload.parts += 1;
        upload.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.client.add(&mut upload.upload, bytes, self.now()).await?;
        Ok(true)
    }

    async fn finish(&self, mut upload: S3Upload) -> Result<(), OperationError> {
        if upload.parts == 0 {
            self.put(&mut upload, Vec::new()).await?;
        }
        let Err(error) = self.client.complete(&upload.upload, self.now()).await else { return Ok(()) };
        // The answer to an earlier try may have been lost. Nothing but this attempt can have made that object.
        match self.client.look(&upload.upload.key, self.now()).await? {
            Some(listed) if listed.size == upload.size => Ok(()),
            _ => Err(error.into()),
        }
    }

    async fn get(&self, file: &StoredFile, offset: i64) -> Result<Option<Vec<u8>>, OperationError> {
        let length = RANGE_BYTES.min(file.figures.size_bytes - offset);
        Ok(self.client.get(&self.objects.key(&file.file_id, &file.attempt), offset, length, self.now()).await?)
    }

    /// Ends unfinished attempts before it removes objects, so that none can become one afterwards.
    async fn remove_some(&self, _place: Place, file_id: &str) -> Result<bool, OperationError> {
        let prefix = self.objects.key(file_id, "");
        let uploads = self.client.uploads(&prefix, "", REMOVED_AT_ONCE, self.now()).await?;
        for (key, upload_id) in &uploads {
            self.client.abort(key, upload_id, self.now()).await?;
        }
        let objects = self.client.objects(&prefix, "", REMOVED_AT_ONCE, self.now()).await?;
        for key in &objects {
            self.client.delete(key, self.now()).await?;
        }
        Ok(i64::try_from(objects.len().max(uploads.len())).is_ok_and(|count| count < REMOVED_AT_ONCE))
    }

    async fn traces(&self, of: Trace, after: &str, limit: i64) -> Result<Vec<String>, OperationError> {
        let prefix = &self.objects.prefix;
        // A tilde comes after everything that an id of an attempt begins with.
        let after = if after.is_empty() { String::new() } else { self.objects.key(after, "~") };
        let keys: Vec<String> = match of {
            Trace::Bytes => self.client.objects(prefix, &after, limit, self.now()).await?,
            Trace::Parts => {
                let uploads = self.client.uploads(prefix, &after, limit, self.now()).await?;
                uploads.into_iter().map(|(key, _)| key).collect()
            }
        };
        let mut ids: Vec<String> = keys.iter().filter_map(|key| self.objects.file_id(key)).map(str::to_owned).collect();
        ids.dedup();
        Ok(ids)
    }
}

impl From<S3Error> for OperationError {
    fn from(error: S3Error) -> Self {
        Self::Outside { service: "s3", detail: error.to_string(), permanent: !error.is_passing() }
    }
}
