//! What goes along with every message.

use serde::{Deserialize, Serialize};

use super::{Policy, within};
use crate::{Refusal, text};

const SYSTEM_PROMPT_BYTES_MAX: usize = 32 * 1024;
/// Well within one message, in any script.
const REPLY_BYTES_MAX: usize = 4_000;

/// What workers are given along with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessagesPolicy {
    /// Instructions for every agent; blank for none. Read at every hydration, so a change holds for what is queued too.
    pub system_prompt: String,
    /// At most so many of the newest turns are handed over.
    pub hydration_turns_max: i64,
    /// At most so many bytes of the newest turns are handed over, whole turns only.
    pub hydration_bytes_max: i64,
    /// Said to who has just connected their account. This and the other texts go to Telegram as they are; a blank one is not sent.
    pub reply_paired: String,
    /// Said to who brings a code that is not good.
    pub reply_bad_code: String,
    /// Said to who writes without having connected an account; once an hour.
    pub reply_stranger: String,
    /// Said to whose message could not be taken.
    pub reply_not_taken: String,
}

impl Default for MessagesPolicy {
    fn default() -> Self {
        Self {
            system_prompt: String::new(),
            hydration_turns_max: 64,
            hydration_bytes_max: 512 * 1024,
            reply_paired: "You are connected. Write whenever you like.".to_owned(),
            reply_bad_code: "This code is not good, or no longer. Please ask for a new link where you got this one.".to_owned(),
            reply_stranger: "Please connect your account first: open the link that you got for this bot.".to_owned(),
            reply_not_taken: "Your message could not be taken. Please try again later.".to_owned(),
        }
    }
}

impl MessagesPolicy {
    /// The instructions, unless they are blank.
    pub fn system_prompt(&self) -> Option<&str> {
        Some(self.system_prompt.trim()).filter(|prompt| !prompt.is_empty())
    }
}

impl Policy for MessagesPolicy {
    const NAME: &'static str = "messages";

    fn check(&self) -> Result<(), Refusal> {
        text::check_length("system_prompt", &self.system_prompt, SYSTEM_PROMPT_BYTES_MAX)?;
        for (field, text) in [
            ("reply_paired", &self.reply_paired),
            ("reply_bad_code", &self.reply_bad_code),
            ("reply_stranger", &self.reply_stranger),
            ("reply_not_taken", &self.reply_not_taken),
        ] {
            text::check_length(field, text, REPLY_BYTES_MAX)?;
        }
        within("hydration_turns_max", self.hydration_turns_max, 0, 1_000)?;
        within("hydration_bytes_max", self.hydration_bytes_max, 0, 8 * 1024 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_prompt_is_none() {
        assert_eq!(MessagesPolicy::default().system_prompt(), None);
        let of = |prompt: &str| MessagesPolicy { system_prompt: prompt.to_owned(), ..MessagesPolicy::default() };
        assert_eq!(of(" \n").system_prompt(), None);
        assert_eq!(of(" Be brief. ").system_prompt(), Some("Be brief."));
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let long = MessagesPolicy { system_prompt: "x".repeat(40_000), ..MessagesPolicy::default() };
        assert_eq!(long.check().unwrap_err().field, Some("system_prompt"));
        let negative = MessagesPolicy { hydration_turns_max: -1, ..MessagesPolicy::default() };
        assert_eq!(negative.check().unwrap_err().field, Some("hydration_turns_max"));
        assert!(MessagesPolicy::default().check().is_ok());
    }
}
