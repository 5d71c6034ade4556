//! What the store says, in XML.

use http::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::S3Error;

#[derive(Deserialize)]
struct Error {
    #[serde(rename = "Code", default)]
    code: String,
}

#[derive(Deserialize)]
pub(crate) struct InitiateMultipartUploadResult {
    #[serde(rename = "UploadId")]
    pub(crate) upload_id: String,
}

#[derive(Deserialize)]
pub(crate) struct ListBucketResult {
    #[serde(rename = "Contents", default)]
    pub(crate) contents: Vec<Object>,
}

#[derive(Deserialize)]
pub(crate) struct Object {
    #[serde(rename = "Key")]
    pub(crate) key: String,
}

#[derive(Deserialize)]
pub(crate) struct ListMultipartUploadsResult {
    #[serde(rename = "Upload", default)]
    pub(crate) uploads: Vec<Unfinished>,
}

#[derive(Deserialize)]
pub(crate) struct Unfinished {
    #[serde(rename = "Key")]
    pub(crate) key: String,
    #[serde(rename = "UploadId")]
    pub(crate) upload_id: String,
}

/// The answer, if it is a success.
pub(crate) fn success(answer: Response<Vec<u8>>) -> Result<Response<Vec<u8>>, S3Error> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(refused(answer.status().as_u16(), answer.body()))
}

/// Reads a body. Copying and completing may take long, so the store answers 200 before it knows, and says in the body how it
/// ended.
pub(crate) fn read<T: DeserializeOwned>(answer: &Response<Vec<u8>>) -> Result<T, S3Error> {
    not_an_error(answer)?;
    parse(answer.body()).ok_or(S3Error::Malformed("not the XML that is due"))
}

pub(crate) fn not_an_error(answer: &Response<Vec<u8>>) -> Result<(), S3Error> {
    let is_error = std::str::from_utf8(answer.body()).is_ok_and(|text| text.contains("<Error>") || text.contains("<Error "));
    if is_error { Err(refused(answer.status().as_u16(), answer.body())) } else { Ok(()) }
}

fn refused(status: u16, body: &[u8]) -> S3Error {
    S3Error::Refused { status, code: parse::<Error>(body).map(|error| error.code).unwrap_or_default() }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    quick_xml::de::from_str(std::str::from_utf8(body).ok()?.trim_start()).ok()
}
