//! A client of S3 and of what speaks its protocol: objects in parts, ranges of them, and URLs that are signed for others.
//!
//! Requests are signed with AWS Signature Version 4, as its documentation for S3 describes it. Objects are addressed by path
//! (`<endpoint>/<bucket>/<key>`), which every implementation takes.

mod answer;
mod bucket;
mod calls;
mod error;
mod presign;
mod sign;

pub use bucket::{BadBucket, Bucket, BucketSettings};
pub use calls::{Client, Listed, PART_BYTES_MIN, Upload};
pub use error::S3Error;
pub use presign::EXPIRES_SECONDS_MAX;
