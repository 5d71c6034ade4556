//! How those that are given links are given them.

use clawstead_vault::KeyRing;

use super::{Action, Link, Objects, Place, StoredFile};

/// What is needed to make links.
#[derive(Debug, Clone, Copy)]
pub struct Links<'a> {
    /// Sign our own.
    pub keys: &'a KeyRing,
    /// Where the world reaches us, without a slash at the end.
    pub public_url: &'a str,
    /// The object store, for clients that can speak to it themselves. Existing workers cannot: they would not send what it
    /// wants to see, and we would not see what they fetch.
    pub direct: Option<&'a Objects>,
}

impl Links<'_> {
    /// Where the bytes of a file are to be brought, through us.
    pub(crate) fn upload(&self, file_id: &str, worker_id: Option<&str>, expires_at: i64) -> String {
        let worker_id = worker_id.map(str::to_owned);
        Link { action: Action::Upload, file_id: file_id.to_owned(), worker_id, expires_at }.url(self.keys, self.public_url)
    }

    /// Where a file can be fetched.
    pub(crate) fn download(&self, file: &StoredFile, worker_id: &str, expires_at: i64, now: i64) -> String {
        if let Some(objects) = self.direct.filter(|_| file.place == Place::S3) {
            return objects.download_url(file, expires_at - now, now);
        }
        let worker_id = Some(worker_id.to_owned());
        Link { action: Action::Download, file_id: file.file_id.clone(), worker_id, expires_at }.url(self.keys, self.public_url)
    }
}
