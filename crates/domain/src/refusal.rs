//! A command that is not carried out, and why.

/// What sort of refusal it is; decides the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The command makes no sense as it stands.
    Invalid,
    /// What it is about does not exist, or not for this caller.
    NotFound,
    /// It makes sense, but not in the present state.
    Conflict,
    /// A limit is reached.
    Limit,
    /// It brings more bytes than it may.
    TooLarge,
}

/// Why a command was refused. The `code` is stable; clients may match on it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// Sort of refusal.
    pub kind: RefusalKind,
    /// Stable name.
    pub code: &'static str,
    /// For people; holds no secret and no message text.
    pub detail: String,
    /// The argument at fault, if one is.
    pub field: Option<&'static str>,
}

impl Refusal {
    /// An argument with a value that cannot be.
    pub fn invalid(field: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Invalid, code: "invalid_field", detail: detail.into(), field: Some(field) }
    }

    /// Something that does not exist.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::NotFound, code, detail: detail.into(), field: None }
    }

    /// Something that cannot be done now.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Conflict, code, detail: detail.into(), field: None }
    }

    /// More bytes than there may be.
    pub fn too_large(code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::TooLarge, code, detail: detail.into(), field: None }
    }

    /// Something of which there is enough.
    pub fn limit(code: &'static str, detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Limit, code, detail: detail.into(), field: None }
    }
}
