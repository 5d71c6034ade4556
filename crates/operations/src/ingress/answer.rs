//! Telling people what became of what they sent.

use clawstead_domain::binding::Account;
use clawstead_domain::config::MessagesPolicy;
use clawstead_ledger::{Engine, dedup_key};

use super::Outcome;
use super::receive::Taking;
use crate::outbox::{self, Place};
use crate::{OperationError, configs};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Which update is answered, to whom.
pub(super) struct Answer<'a> {
    pub(super) update_id: i64,
    pub(super) account: &'a Account,
}

/// What people are told; the words are the operator's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// They are connected.
    Paired,
    /// Their code is not good.
    BadCode,
    /// They are not connected.
    Stranger,
    /// Their message could not be taken.
    NotTaken,
}

impl Said {
    fn text(self, policy: &MessagesPolicy) -> &str {
        match self {
            Self::Paired => &policy.reply_paired,
            Self::BadCode => &policy.reply_bad_code,
            Self::Stranger => &policy.reply_stranger,
            Self::NotTaken => &policy.reply_not_taken,
        }
    }

    /// What must be told once only: the answer to one update, or anything of a sort within a time. Whoever is not paired can write as
    /// much as they like, and must not fill the log with it.
    fn key(self, answer: &Answer<'_>, now: i64) -> String {
        let Account { bot_id, telegram_chat_id: chat_id, .. } = answer.account;
        let (word, once) = match self {
            Self::Paired => ("paired", answer.update_id),
            Self::BadCode => ("bad_code", now.div_euclid(MINUTE_MS)),
            Self::Stranger => ("stranger", now.div_euclid(HOUR_MS)),
            Self::NotTaken => ("not_taken", now.div_euclid(MINUTE_MS)),
        };
        dedup_key(&["said", word, bot_id, chat_id, &once.to_string()])
    }
}

impl<E: Engine> Taking<'_, E> {
    /// Refuses, and says so.
    pub(super) async fn turn_away(
        &mut self,
        answer: &Answer<'_>,
        said: Said,
        reason: &'static str,
    ) -> Result<Outcome, OperationError> {
        self.say(answer, said).await?;
        Ok(Outcome::Refused { reason })
    }

    /// Puts into the outbox what the person is told, unless the operator wants nothing said.
    pub(super) async fn say(&mut self, answer: &Answer<'_>, said: Said) -> Result<(), OperationError> {
        let policy: MessagesPolicy = configs::load(self.cx).await?.get()?;
        let Account { bot_id, telegram_chat_id, .. } = answer.account;
        let place = Place { bot_id: bot_id.clone(), chat_id: telegram_chat_id.clone(), thread_id: None };
        match outbox::say(self.cx, &place, said.text(&policy), said.key(answer, self.cx.now)).await {
            Ok(queued) => {
                self.calls_telegram |= queued.is_some_and(|queued| !queued.repeated);
                Ok(())
            }
            // As much waits for the chat as may; what became of the update stands all the same.
            Err(OperationError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
