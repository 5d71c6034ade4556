//! Checks of text that comes from outside.

use crate::Refusal;

/// Longest id that we take from outside, in bytes.
pub const ID_BYTES_MAX: usize = 128;

/// Checks an id from outside: 1 to 128 visible ASCII characters, so that it can stand in a URL, a log line and a stream name.
///
/// # Errors
/// A refusal that names `field`.
pub fn check_id(field: &'static str, id: &str) -> Result<(), Refusal> {
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(Refusal::invalid(field, format!("must have 1 to {ID_BYTES_MAX} characters")));
    }
    if !id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/') {
        return Err(Refusal::invalid(field, "must be visible ASCII characters without spaces and slashes"));
    }
    Ok(())
}

/// Checks text of at most `bytes_max` bytes that is not blank.
///
/// # Errors
/// A refusal that names `field`.
pub fn check_text(field: &'static str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "must not be blank"));
    }
    check_length(field, text, bytes_max)
}

/// Checks text of at most `bytes_max` bytes, which may be empty.
///
/// # Errors
/// A refusal that names `field`.
pub fn check_length(field: &'static str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    if text.len() > bytes_max {
        return Err(Refusal::invalid(field, format!("must have at most {bytes_max} bytes")));
    }
    Ok(())
}

/// Cuts text to at most `bytes_max` bytes, at a character boundary.
pub fn truncate(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_with_spaces_slashes_or_control_characters_are_refused() {
        assert!(check_id("id", "telegram:123").is_ok());
        for bad in ["", "a b", "a/b", "a\n", "ä", &"x".repeat(129)] {
            assert!(check_id("id", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn truncation_never_splits_a_character() {
        assert_eq!(truncate("aä", 2), "a");
        assert_eq!(truncate("aä", 3), "aä");
    }
}
