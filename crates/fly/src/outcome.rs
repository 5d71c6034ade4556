use std::fmt;

use clawstead_transport::TransportError;

use crate::{Refusal, RefusalKind};

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an unknown outcome has to be settled"]
pub enum Outcome<T> {
    /// Fly did it.
    Done(T),
    /// Fly did not do it, and said so; or the request never left us.
    Refused(Refusal),
    /// Fly may or may not have done it.
    Unknown(Unknown),
}

/// Why nobody knows whether a call took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// The answer did not come, or not whole.
    NoAnswer(TransportError),
    /// Fly answered with trouble of its own (5xx) or gave up waiting (408).
    Status(u16),
    /// Fly answered that it is done, and the answer cannot be read.
    Malformed,
}

impl<T> Outcome<T> {
    /// The result, if there is one.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(result) => Some(result),
            Self::Refused(_) | Self::Unknown(_) => None,
        }
    }

    /// The same outcome with another result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        self.and_then(|result| Outcome::Done(change(result)))
    }

    /// Takes a 404 for the answer "there is none". In teardown that is success; before a create it is the only
    /// confirmation that may be trusted.
    pub fn found(self) -> Outcome<Option<T>> {
        match self {
            Self::Done(result) => Outcome::Done(Some(result)),
            Self::Refused(refusal) if refusal.kind == RefusalKind::NotFound => Outcome::Done(None),
            Self::Refused(refusal) => Outcome::Refused(refusal),
            Self::Unknown(unknown) => Outcome::Unknown(unknown),
        }
    }

    pub(crate) fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Done(result) => next(result),
            Self::Refused(refusal) => Outcome::Refused(refusal),
            Self::Unknown(unknown) => Outcome::Unknown(unknown),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(error) => write!(formatter, "no answer from Fly: {error}"),
            Self::Status(status) => write!(formatter, "Fly answered {status}"),
            Self::Malformed => formatter.write_str("Fly's answer cannot be read"),
        }
    }
}
