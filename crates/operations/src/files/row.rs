//! The rows of files.

use clawstead_domain::snapshot::Figures;
use clawstead_ledger::{Engine, Row};

use super::Place;
use crate::{Cx, OperationError};

/// What a file is for; also the first part of its id, so that no id of one kind can stand for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// The bytes of a snapshot.
    Snapshot,
    /// What a worker brings for the message it has.
    Media,
    /// What an app brings for a message to come.
    Attachment,
}

impl FileKind {
    /// The word for it, in rows and in ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Media => "media",
            Self::Attachment => "attachment",
        }
    }

    /// The id of a new file of this kind.
    pub fn new_file_id<E: Engine>(self, cx: &Cx<'_, E>) -> String {
        format!("{}_{}", self.as_str(), cx.new_id())
    }

    /// Whether this is the id of such a file.
    pub fn is_id(self, file_id: &str) -> bool {
        file_id.strip_prefix(self.as_str()).is_some_and(|rest| rest.starts_with('_'))
    }
}

/// A file whose bytes are to come.
#[derive(Debug, Clone)]
pub struct NewFile<'a> {
    /// Its id.
    pub file_id: &'a str,
    /// What it is for.
    pub kind: FileKind,
    /// Whose it is: a snapshot, a conversation, or a principal.
    pub owner: &'a str,
    /// The worker that brings it, if one does.
    pub worker_id: Option<&'a str>,
    /// At most so many bytes.
    pub size_max: i64,
    /// Not later.
    pub upload_by: i64,
    /// Kept until then; `None` as long as its owner is there.
    pub keep_until: Option<i64>,
    /// Where there may be something of it before we take it: what is brought without us is in the object store.
    pub place: Place,
}

/// A file whose bytes are here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its id.
    pub file_id: String,
    /// Whose it is.
    pub owner: String,
    /// As whoever brought it said.
    pub content_type: String,
    /// What the bytes are.
    pub figures: Figures,
    /// Kept until then.
    pub keep_until: Option<i64>,
    /// Where they are.
    pub place: Place,
    /// The attempt that brought them.
    pub attempt: String,
}

/// Makes room for a file.
///
/// # Errors
/// When the database does not do it.
pub async fn expect<E: Engine>(cx: &Cx<'_, E>, file: &NewFile<'_>) -> Result<(), OperationError> {
    let sql = "INSERT INTO files (file_id, kind, owner, worker_id, state, store, content_type, size_max, created_at, upload_by, keep_until) \
               VALUES (?1, ?2, ?3, ?4, 'expected', ?9, '', ?5, ?6, ?7, ?8)";
    let params = [
        file.file_id.into(),
        file.kind.as_str().into(),
        file.owner.into(),
        file.worker_id.into(),
        file.size_max.into(),
        cx.now.into(),
        file.upload_by.into(),
        file.keep_until.into(),
        file.place.as_str().into(),
    ];
    cx.sql(sql, &params).await?;
    Ok(())
}

/// A file whose bytes are here and have not run out.
///
/// # Errors
/// When the database does not answer.
pub async fn stored<E: Engine>(cx: &Cx<'_, E>, file_id: &str) -> Result<Option<StoredFile>, OperationError> {
    let sql = "SELECT file_id, owner, content_type, size_bytes, sha256, keep_until, store, attempt FROM files \
               WHERE file_id = ?1 AND state = 'stored' AND coalesce(keep_until, ?2 + 1) > ?2";
    Ok(cx.sql(sql, &[file_id.into(), cx.now.into()]).await?.first().and_then(|row| stored_of(&row)))
}

fn stored_of(row: &Row<'_>) -> Option<StoredFile> {
    Some(StoredFile {
        file_id: row.text("file_id")?,
        owner: row.text("owner")?,
        content_type: row.text("content_type")?,
        figures: Figures { sha256: row.text("sha256")?, size_bytes: row.integer("size_bytes")? },
        keep_until: row.integer("keep_until"),
        place: Place::parse(&row.text("store")?)?,
        attempt: row.text("attempt")?,
    })
}
