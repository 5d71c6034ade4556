//! Files that bots can fetch: registered ones, uploaded ones, and those that updates mention.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Shared;
use super::answer::{Answer, Refusal};
use super::parameters::Parameters;
use crate::ids;

/// What `getFile` hands out at most.
const DOWNLOAD_MAX: u64 = 20 * 1024 * 1024;

/// One file; without bytes its content is made up from its id.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredFile {
    pub(crate) file_id: String,
    pub(crate) file_unique_id: String,
    pub(crate) size: u64,
    path: String,
    /// Hexadecimal in the state file.
    bytes: Option<String>,
}

/// All files, by `file_id`.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Files {
    files: BTreeMap<String, StoredFile>,
}

impl Files {
    /// Keeps the bytes of a new file.
    pub(crate) fn register(&mut self, name: &str, bytes: Vec<u8>) -> StoredFile {
        let file_id = format!("SB{}", ids::lower(24));
        let extension = name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
        let file = StoredFile {
            path: self.next_path("documents", extension),
            file_unique_id: format!("U{}", ids::lower(12)),
            size: bytes.len() as u64,
            bytes: Some(hex::encode(bytes)),
            file_id: file_id.clone(),
        };
        self.files.insert(file_id, file.clone());
        file
    }

    /// Takes note of every file that an update mentions, so that it can be fetched.
    pub(crate) fn learn(&mut self, update: &Value) {
        self.learn_from("", update);
    }

    fn learn_from(&mut self, name: &str, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.learn_from(name, item)),
            Value::Object(fields) => {
                if fields.contains_key("file_id") {
                    self.learn_one(name, value);
                }
                for (name, value) in fields {
                    self.learn_from(name, value);
                }
            }
            _ => {}
        }
    }

    fn learn_one(&mut self, kind: &str, declared: &Value) {
        let Some(file_id) = declared["file_id"].as_str() else { return };
        if self.files.contains_key(file_id) {
            return;
        }
        let (folder, usual_extension) = match kind {
            "photo" => ("photos", "jpg"),
            "voice" => ("voice", "oga"),
            "video" => ("videos", "mp4"),
            "video_note" => ("video_notes", "mp4"),
            "audio" => ("music", "mp3"),
            "sticker" => ("stickers", "webp"),
            "thumbnail" => ("thumbnails", "jpg"),
            _ => ("documents", "bin"),
        };
        let extension = declared["file_name"]
            .as_str()
            .and_then(|name| name.rsplit_once('.'))
            .map_or(usual_extension, |(_, extension)| extension);
        let file = StoredFile {
            path: self.next_path(folder, extension),
            file_id: file_id.to_owned(),
            file_unique_id: declared["file_unique_id"].as_str().unwrap_or(file_id).to_owned(),
            size: declared["file_size"].as_u64().unwrap_or(64),
            bytes: None,
        };
        self.files.insert(file_id.to_owned(), file);
    }

    fn next_path(&self, folder: &str, extension: &str) -> String {
        let safe: String = extension.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{folder}/file_{}.{safe}", self.files.len())
    }

    pub(crate) fn get(&self, file_id: &str) -> Option<&StoredFile> {
        self.files.get(file_id)
    }

    /// The bytes at a path that `getFile` gave.
    pub(crate) fn content(&self, path: &str) -> Option<Vec<u8>> {
        let file = self.files.values().find(|file| file.path == path)?;
        let Some(bytes) = &file.bytes else {
            let size = usize::try_from(file.size.min(DOWNLOAD_MAX)).unwrap_or(0);
            return Some(file.file_unique_id.bytes().cycle().take(size).collect());
        };
        hex::decode(bytes).ok()
    }
}

pub(crate) fn get_file(shared: &Shared, parameters: &Parameters) -> Answer {
    let Some(file_id) = parameters.text("file_id").filter(|id| !id.is_empty()) else {
        return Err(Refusal::bad_request("file_id not specified"));
    };
    shared.store.read(|state| {
        let file = state
            .files
            .get(&file_id)
            .ok_or_else(|| Refusal::bad_request("wrong file_id or the file is temporarily unavailable"))?;
        if file.size > DOWNLOAD_MAX {
            return Err(Refusal::bad_request("file is too big"));
        }
        Ok(json!({
            "file_id": file.file_id,
            "file_unique_id": file.file_unique_id,
            "file_size": file.size,
            "file_path": file.path,
        }))
    })
}
