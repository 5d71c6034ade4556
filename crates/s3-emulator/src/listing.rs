//! What `s3s-fs` does, and which uploads are unfinished.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CopyObjectInput, CopyObjectOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput,
    DeleteObjectOutput, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectsV2Input, ListObjectsV2Output, MultipartUpload, PutObjectInput, PutObjectOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result};
use s3s_fs::FileSystem;

/// Key and id of each upload that is under way.
#[derive(Clone, Default)]
pub(crate) struct Uploads(Arc<Mutex<BTreeSet<(String, String)>>>);

impl Uploads {
    /// Those whose key begins with a prefix and comes after another.
    pub(crate) fn list(&self, prefix: &str, after: &str) -> Vec<(String, String)> {
        let is_wanted = |(key, _): &&(String, String)| key.starts_with(prefix) && (after.is_empty() || key.as_str() > after);
        self.all().iter().filter(is_wanted).cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<(String, String)>> {
        self.0.lock().expect("nobody panics while he holds it")
    }
}

pub(crate) struct WithListing {
    pub(crate) files: FileSystem,
    pub(crate) uploads: Uploads,
}

#[async_trait::async_trait]
impl S3 for WithListing {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.files.get_object(request).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.files.head_object(request).await
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.files.put_object(request).await
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        self.files.copy_object(request).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.files.delete_object(request).await
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let key = request.input.key.clone();
        let response = self.files.create_multipart_upload(request).await?;
        self.uploads.all().insert((key, response.output.upload_id.clone().unwrap_or_default()));
        Ok(response)
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        self.files.upload_part(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let upload = (request.input.key.clone(), request.input.upload_id.clone());
        let response = self.files.complete_multipart_upload(request).await?;
        self.uploads.all().remove(&upload);
        Ok(response)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let upload = (request.input.key.clone(), request.input.upload_id.clone());
        let response = self.files.abort_multipart_upload(request).await?;
        self.uploads.all().remove(&upload);
        Ok(response)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = request.input;
        let found = self.uploads.list(&input.prefix.unwrap_or_default(), &input.key_marker.unwrap_or_default());
        let most = usize::try_from(input.max_uploads.unwrap_or(1_000)).unwrap_or_default();
        let shown =
            |(key, upload_id)| MultipartUpload { key: Some(key), upload_id: Some(upload_id), ..MultipartUpload::default() };
        let uploads = found.into_iter().take(most).map(shown).collect();
        Ok(S3Response::new(ListMultipartUploadsOutput { uploads: Some(uploads), ..ListMultipartUploadsOutput::default() }))
    }
}
