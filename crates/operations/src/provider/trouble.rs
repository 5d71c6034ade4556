use crate::OperationError;

/// Why a call to a provider has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Trouble {
    /// The provider's kind.
    pub provider: &'static str,
    /// What it means.
    pub kind: TroubleKind,
    /// What the provider said, without secrets. For people, not for decisions.
    pub detail: String,
}

/// What trouble means for whoever called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// There is none of that id, or no such app.
    Missing,
    /// Not in a state for it; passes by itself.
    NotYet,
    /// No room there: elsewhere, or later.
    NoRoom,
    /// Too many calls.
    Busy {
        /// When to try again, in milliseconds.
        retry_after_ms: u64,
    },
    /// Nothing happened, and the same call may do later.
    NotNow,
    /// Nothing happened, and the same call will never do: somebody has to change something first.
    Never,
    /// It may or may not have happened. To be settled by looking.
    Unknown,
}

impl Trouble {
    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: TroubleKind) -> bool {
        self.kind == kind
    }
}

impl From<Trouble> for OperationError {
    /// An unknown outcome is an error like a refusal: nothing may be recorded, and the next listing tells.
    fn from(trouble: Trouble) -> Self {
        let permanent = trouble.is(TroubleKind::Never);
        Self::Outside { service: trouble.provider, detail: trouble.detail, permanent }
    }
}
