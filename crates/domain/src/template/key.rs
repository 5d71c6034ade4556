//! The key of a template, made from its title: lower-case ASCII words with dashes between them.

use deunicode::deunicode;

/// Longest key without its number, bytes.
const BASE_BYTES_MAX: usize = 100;
/// So many templates of a company may have titles that give the same key.
const KEYS_MAX: usize = 100;
/// For titles without any letter or digit.
const NO_WORDS: &str = "message-template";

/// The keys that a title may get, the best one first: `status-update`, `status-update-2`, `status-update-3` …
pub fn keys_of(title: &str) -> Vec<String> {
    let base = base_of(title);
    let numbered = (2..=KEYS_MAX).map(|number| format!("{base}-{number}"));
    [base.clone()].into_iter().chain(numbered).collect()
}

fn base_of(title: &str) -> String {
    let ascii = deunicode(title).to_ascii_lowercase();
    let words: Vec<&str> = ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let joined = words.join("-");
    let base = joined[..joined.len().min(BASE_BYTES_MAX)].trim_end_matches('-');
    if base.is_empty() { NO_WORDS.to_owned() } else { base.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_the_words_of_the_title_in_ascii() {
        for (title, key) in [
            ("Status Update", "status-update"),
            ("  Daily -- Check/In!  ", "daily-check-in"),
            ("Città", "citta"),
            ("Grüße & Küsse", "grusse-kusse"),
            ("Привет мир", "privet-mir"),
            ("!?", "message-template"),
            ("", "message-template"),
        ] {
            assert_eq!(keys_of(title)[0], key, "{title}");
        }
        assert_eq!(keys_of("a")[1..3], ["a-2", "a-3"]);
    }

    #[test]
    fn letters_of_other_scripts_are_not_lost() {
        assert_ne!(keys_of("日本")[0], NO_WORDS);
        assert_ne!(keys_of("日本")[0], keys_of("中国")[0]);
    }

    proptest! {
        #[test]
        fn whatever_the_title_a_key_can_stand_in_a_url(title in ".{0,300}") {
            let keys = keys_of(&title);
            prop_assert_eq!(keys.len(), KEYS_MAX);
            for key in keys {
                prop_assert!(!key.is_empty() && key.len() <= BASE_BYTES_MAX + 4, "{}", key);
                prop_assert!(!key.starts_with('-') && !key.ends_with('-') && !key.contains("--"), "{}", key);
                prop_assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", key);
            }
        }
    }
}
