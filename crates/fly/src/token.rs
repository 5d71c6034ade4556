use std::fmt;

use http::HeaderValue;
use thiserror::Error;

/// A token of the Machines API. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken(String);

/// The text is no API token. It does not say what the text was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a Fly API token: expected visible ASCII characters and single spaces")]
pub struct BadApiToken;

impl ApiToken {
    /// Reads a token as `fly tokens create` prints it, with or without its `FlyV1` in front.
    ///
    /// # Errors
    /// [`BadApiToken`] when it is empty or could not stand in a header.
    pub fn parse(text: &str) -> Result<Self, BadApiToken> {
        let text = text.trim();
        let fits_a_header = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if text.is_empty() || !fits_a_header {
            return Err(BadApiToken);
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).expect("checked when it was read");
        value.set_sensitive(true);
        value
    }

    /// The single tokens that it is made of, and the whole: a text may quote either.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.0.as_str()).chain(self.0.split([' ', ',']))
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown() {
        let token = ApiToken::parse(" FlyV1 fm2_secret\n").expect("a good token");
        assert_eq!(format!("{token:?}"), "ApiToken(redacted)");
        assert_eq!(token.authorization(), "Bearer FlyV1 fm2_secret");
        assert_eq!(format!("{:?}", token.authorization()), "Sensitive");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_token() {
        for text in ["", " \n", "a\nb", "clé"] {
            assert_eq!(ApiToken::parse(text), Err(BadApiToken), "{text:?}");
        }
    }
}
