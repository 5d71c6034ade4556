use crate::ApiToken;

/// Enough to see what is wrong; the rest of an error page is noise.
const MESSAGE_CHARS_MAX: usize = 200;

/// Shorter values are words like `true` or `3000`; taking those out would spoil the message and hide nothing.
const SECRET_BYTES_MIN: usize = 8;

/// Takes out of Fly's texts what we sent in confidence: an error may quote the request.
pub(crate) struct Redactor<'a> {
    secrets: Vec<&'a str>,
}

impl<'a> Redactor<'a> {
    pub(crate) fn new(token: &'a ApiToken, env: impl Iterator<Item = &'a str>) -> Self {
        let mut secrets: Vec<&str> = token.parts().chain(env).collect();
        secrets.retain(|secret| secret.len() >= SECRET_BYTES_MIN);
        // The longest first, so that no rest of a longer one is left.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    pub(crate) fn shorten(&self, text: &str) -> String {
        let redacted = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"));
        redacted.trim().chars().take(MESSAGE_CHARS_MAX).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_before_the_text_is_cut() {
        let token = ApiToken::parse("FlyV1 fm2_first,fm2_second").expect("a good token");
        let env = ["https://claw.test/w/abc", "https://claw.test", "true"];
        let redactor = Redactor::new(&token, env.into_iter());
        let text = "bad URL=https://claw.test/w/abc BASE=https://claw.test ON=true by fm2_second";
        assert_eq!(redactor.shorten(text), "bad URL=[redacted] BASE=[redacted] ON=true by [redacted]");

        let late = format!("{}https://claw.test/w/abc", "x".repeat(190));
        assert_eq!(redactor.shorten(&late), format!("{}[redacted]", "x".repeat(190)));
    }
}
