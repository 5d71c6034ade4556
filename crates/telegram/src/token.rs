use std::fmt;

use thiserror::Error;

/// A bot's token, `<bot id>:<secret>`, as BotFather hands it out. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BotToken(String);

/// The text is no bot token. It does not say what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a bot token: expected <digits>:<letters, digits, _ and ->")]
pub struct BadToken;

impl BotToken {
    /// Reads a token; space around it is ignored.
    ///
    /// The strict alphabet is what makes it safe to put the token into a URL path as it is.
    ///
    /// # Errors
    /// [`BadToken`] when the text cannot be a token of Telegram's.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let text = text.trim();
        let (id, secret) = text.split_once(':').ok_or(BadToken)?;
        let id_is_good = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let secret_is_good =
            !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        if !id_is_good || !secret_is_good {
            return Err(BadToken);
        }
        Ok(Self(text.to_owned()))
    }

    /// The bot's own user id, which is no secret. `getMe` says whether the token is really that bot's.
    #[must_use]
    pub fn bot_id(&self) -> &str {
        self.0.split_once(':').map_or("", |(id, _)| id)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Removes the token, and its secret half, from a text that came from outside.
    pub(crate) fn redact(&self, text: &str) -> String {
        let secret = self.0.split_once(':').map_or(self.0.as_str(), |(_, secret)| secret);
        text.replace(secret, "[redacted]")
    }
}

impl fmt::Debug for BotToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BotToken({}:redacted)", self.bot_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_its_bot_and_nothing_else() {
        let token = BotToken::parse(" 7000000001:AA-secret_0 \n").expect("a good token");
        assert_eq!(token.bot_id(), "7000000001");
        assert_eq!(format!("{token:?}"), "BotToken(7000000001:redacted)");
        assert_eq!(token.redact("bad AA-secret_0!"), "bad [redacted]!");
    }

    #[test]
    fn what_could_change_the_url_is_no_token() {
        for text in ["", "7000000001", ":secret", "70x:secret", "7:", "7:a/../b", "7:a?b", "7:a b", "7:a%2F"] {
            assert_eq!(BotToken::parse(text), Err(BadToken), "{text:?}");
        }
    }
}
