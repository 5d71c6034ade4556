//! What can happen to a request on its way.

use super::Link;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It never arrives.
    Unreachable,
    /// It takes effect, and the connection breaks before the answer.
    AnswerLost,
    /// It arrives so much later, ms.
    Late(u64),
    /// The answer comes so much later, ms.
    AnswerLate(u64),
    /// Something in between answers, and it never arrives.
    Answers {
        /// With this status.
        status: u16,
        /// And this many seconds in `retry-after`.
        retry_after: Option<u64>,
    },
    /// It takes effect, and something in between answers otherwise.
    AnswersAfter {
        /// With this status.
        status: u16,
    },
}

impl Effect {
    /// The names of all of them.
    pub(crate) const NAMES: [&str; 6] = ["unreachable", "answer lost", "late", "answer late", "answered", "done, then answered"];

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        let number = match self {
            Self::Unreachable => 0,
            Self::AnswerLost => 1,
            Self::Late(_) => 2,
            Self::AnswerLate(_) => 3,
            Self::Answers { .. } => 4,
            Self::AnswersAfter { .. } => 5,
        };
        Self::NAMES[number]
    }
}

/// Something that happens to coming requests.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// To requests on this link.
    pub link: Link,
    /// What becomes of them.
    pub effect: Effect,
    /// To so many of them.
    pub times: u64,
    /// At the latest until then, ms since the beginning.
    pub until_ms: u64,
}

impl Trouble {
    pub(super) fn is_over(&self, now_ms: u64) -> bool {
        self.times == 0 || self.until_ms <= now_ms
    }

    /// What becomes of this request, if anything.
    pub(super) fn meets(&mut self, link: Link) -> Option<Effect> {
        if self.times == 0 || self.link != link {
            return None;
        }
        self.times -= 1;
        Some(self.effect.clone())
    }
}
