use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Turns 32 random bytes into a bearer token: `<prefix>_<43 characters of base64url>`.
///
/// The prefix says what kind of token it is, to a reader and to a secret scanner. If it keeps to letters, digits and
/// underscores, the token may stand in a URL path and in Telegram's `secret_token` (`A-Z a-z 0-9 _ -`).
#[must_use]
pub fn mint_token(prefix: &str, random: [u8; 32]) -> String {
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests {
    use super::mint_token;

    #[test]
    fn a_token_is_its_prefix_and_43_safe_characters() {
        let token = mint_token("cs_worker", [0xFB; 32]);
        let random = token.strip_prefix("cs_worker_").expect("the prefix comes first");
        assert_eq!(random.len(), 43);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
    }

    #[test]
    fn different_bytes_give_different_tokens() {
        let mut other = [7; 32];
        other[31] ^= 1;
        assert_ne!(mint_token("cs", [7; 32]), mint_token("cs", other));
    }
}
