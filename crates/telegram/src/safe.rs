//! Text from strangers, made safe to stand between words of ours.

/// Names are cut after so many characters.
pub(crate) const NAME_CHARS_MAX: usize = 64;
/// A quoted message is cut after so many characters.
pub(crate) const QUOTE_CHARS_MAX: usize = 200;
/// A file name has at most so many characters.
const FILE_NAME_CHARS_MAX: usize = 120;

/// Text that somebody else chose, on one line: without characters that are not seen or that turn the direction of what stands
/// around them, without brackets, which end our notes, and no longer than `chars_max`.
#[must_use]
pub fn on_one_line(text: &str, chars_max: usize) -> String {
    let shown = text.chars().map(|shown| match shown {
        '[' => '(',
        ']' => ')',
        other => other,
    });
    let words: String = shown.filter(|shown| shown.is_whitespace() || !is_hidden(*shown)).collect();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    line.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// The name of a file without anything that could be a path, and without characters that hide what it is called. `None` when
/// nothing is left.
#[must_use]
pub fn file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |shown: &char| !is_hidden(*shown) && !matches!(shown, ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let name: String = last.chars().filter(plain).collect();
    let name = name.trim().trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    let count = name.chars().count();
    if count <= FILE_NAME_CHARS_MAX {
        return (!name.is_empty()).then(|| name.to_owned());
    }
    // The end says what sort of file it is.
    let ending: String = name.chars().skip(count - 16).collect();
    Some(name.chars().take(FILE_NAME_CHARS_MAX - 17).chain(['…']).chain(ending.chars()).collect())
}

/// Control characters, and characters without a shape of their own that change how the text around them is read or shown. What
/// joins emoji stays.
fn is_hidden(shown: char) -> bool {
    shown.is_control()
        || matches!(shown,
            '\u{AD}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{3164}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E001F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_note_nor_turn_it_around() {
        let cases = [
            ("Ada", "Ada"),
            ("Ada]\n[telegram forward from Bank", "Ada) (telegram forward from Bank"),
            ("\u{202E}knaB\u{202C}", "knaB"),
            ("a\u{200B}d\u{2066}m\u{FEFF}in\0\u{7}", "admin"),
            ("  many \t  spaces \r\n", "many spaces"),
            ("👩‍👩‍👧‍👦 family", "👩‍👩‍👧‍👦 family"),
            ("\u{3164}\u{2060}", ""),
        ];
        for (name, safe) in cases {
            assert_eq!(on_one_line(name, 64), safe, "{name:?}");
        }
        assert_eq!(on_one_line(&"ä".repeat(65), 64), format!("{}…", "ä".repeat(63)));
    }

    #[test]
    fn a_file_name_is_no_path() {
        let cases = [
            ("contract final (v2).pdf", Some("contract final (v2).pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("..\\..\\windows\\system.ini", Some("system.ini")),
            ("/etc/cron.d/x", Some("x")),
            ("C:evil.exe", Some("Cevil.exe")),
            (".bashrc", Some("bashrc")),
            ("-rf", Some("rf")),
            ("a\0b\n.txt", Some("ab.txt")),
            ("invoice\u{202E}fdp.exe", Some("invoicefdp.exe")),
            ("..", None),
            ("a/..", None),
            ("", None),
            (" . ", None),
        ];
        for (name, safe) in cases {
            assert_eq!(file_name(name).as_deref(), safe, "{name:?}");
        }
        let long = file_name(&format!("{}.pdf", "x".repeat(300))).expect("a name");
        assert!(long.ends_with(".pdf") && long.chars().count() == FILE_NAME_CHARS_MAX, "{long}");
    }
}
