use super::piece::{Piece, pieces_of_html, pieces_of_text};

/// So many UTF-16 code units fit into one message, after its markup is parsed (Bot API, `sendMessage`).
pub const TEXT_UNITS_MAX: usize = 4_096;

/// Cuts a text into as few messages as it needs, at the end of a paragraph if there is one, else of a line, else of a sentence,
/// else of a word, else anywhere between two visible characters. Nothing is left of a blank text.
///
/// ```
/// assert_eq!(clawstead_telegram::split("one\n\ntwo"), ["one\n\ntwo"]);
/// ```
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    cut(&pieces_of_text(text))
}

/// As [`split`], for the HTML of the Bot API: what is open where it is cut is closed there, and opened again in the next message.
#[must_use]
pub fn split_html(html: &str) -> Vec<String> {
    cut(&pieces_of_html(html))
}

fn cut(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut open: Vec<(&str, &str)> = Vec::new();
    let mut rest = pieces;
    loop {
        rest = without_leading_space(rest, &mut open);
        if rest.is_empty() {
            return parts;
        }
        let (now, later) = rest.split_at(end_of_part(rest));
        parts.extend(part(now, &mut open));
        rest = later;
    }
}

/// The pieces after the space that a message would lose anyway. Markup in it is not lost.
fn without_leading_space<'a, 'b>(mut rest: &'b [Piece<'a>], open: &mut Vec<(&'a str, &'a str)>) -> &'b [Piece<'a>] {
    while let Some((first, later)) = rest.split_first() {
        match first.shown() {
            Some(shown) if shown.is_whitespace() => {}
            Some(_) => break,
            None => follow(first, open),
        }
        rest = later;
    }
    rest
}

/// How many pieces belong to the next message.
fn end_of_part(rest: &[Piece<'_>]) -> usize {
    let mut units = 0;
    let mut fits = |piece: &Piece<'_>| {
        units += piece.units();
        units <= TEXT_UNITS_MAX
    };
    let most = rest.iter().take_while(|piece| fits(piece)).count();
    if most == rest.len() {
        return most;
    }
    // A cut in the first half would make more messages than it makes them better to read.
    let cuts = || (most / 2..=most).rev();
    let ends: [&dyn Fn(usize) -> bool; 4] = [
        &|at| shown(rest, at) == Some('\n') && shown(rest, at + 1) == Some('\n'),
        &|at| shown(rest, at) == Some('\n'),
        &|at| is_space(rest, at) && at > 0 && matches!(shown(rest, at - 1), Some('.' | '!' | '?' | '…' | '。')),
        &|at| is_space(rest, at),
    ];
    let end = ends.iter().find_map(|ends_here| cuts().find(|at| *at > 0 && ends_here(*at)));
    end.or_else(|| cuts().find(|at| *at > 0 && !joins(rest, *at))).unwrap_or(most.max(1))
}

fn shown(pieces: &[Piece<'_>], at: usize) -> Option<char> {
    pieces.get(at).and_then(Piece::shown)
}

fn is_space(pieces: &[Piece<'_>], at: usize) -> bool {
    shown(pieces, at).is_some_and(char::is_whitespace)
}

/// Whether a cut here would take apart what people see as one character: an emoji of several, a letter and its marks, a flag.
fn joins(pieces: &[Piece<'_>], at: usize) -> bool {
    const JOINER: char = '\u{200D}';
    let belongs_to_the_one_before = |shown| {
        matches!(shown,
            JOINER | '\u{300}'..='\u{36F}' | '\u{FE00}'..='\u{FE0F}' | '\u{20D0}'..='\u{20FF}'
            | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
    };
    let is_flag = |shown| matches!(shown, '\u{1F1E6}'..='\u{1F1FF}');
    let after_a_joiner = at > 0 && shown(pieces, at - 1) == Some(JOINER);
    let flags_before = pieces[..at].iter().rev().take_while(|piece| piece.shown().is_some_and(is_flag)).count();
    let in_a_flag = shown(pieces, at).is_some_and(is_flag) && flags_before % 2 == 1;
    after_a_joiner || in_a_flag || shown(pieces, at).is_some_and(belongs_to_the_one_before)
}

/// One message, with its markup closed; nothing when nothing of it would be seen.
fn part<'a>(pieces: &[Piece<'a>], open: &mut Vec<(&'a str, &'a str)>) -> Option<String> {
    let mut text: String = open.iter().map(|(written, _)| *written).collect();
    let seen = pieces.iter().rposition(|piece| piece.shown().is_some_and(|shown| !shown.is_whitespace()))?;
    for (at, piece) in pieces.iter().enumerate() {
        if at <= seen || piece.shown().is_none() {
            text.push_str(piece.written());
        }
        follow(piece, open);
    }
    for (_, name) in open.iter().rev() {
        text.push_str(&format!("</{name}>"));
    }
    Some(text)
}

/// Keeps the markup that is open after a piece: as written, and its name.
fn follow<'a>(piece: &Piece<'a>, open: &mut Vec<(&'a str, &'a str)>) {
    match piece {
        Piece::Open { written, name } => open.push((written, name)),
        Piece::Close { name, .. } => {
            if open.last().is_some_and(|(_, opened)| opened.eq_ignore_ascii_case(name)) {
                open.pop();
            }
        }
        Piece::Text { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::without_markup;
    use super::*;

    fn units(text: &str) -> usize {
        text.encode_utf16().count()
    }

    #[test]
    fn what_fits_is_one_message_and_a_blank_text_is_none() {
        assert_eq!(split(" hi \n"), ["hi"]);
        assert_eq!(split(&"x".repeat(4_096)).len(), 1);
        assert_eq!(split(&"x".repeat(4_097)).len(), 2);
        assert!(split(" \n\t ").is_empty() && split_html("<b> </b>").is_empty());
    }

    #[test]
    fn the_length_is_that_of_telegram_and_not_of_bytes_or_characters() {
        assert_eq!(split(&"ä".repeat(4_096)).len(), 1);
        let parts = split(&"🦞".repeat(2_049));
        assert_eq!(parts.iter().map(|part| units(part)).collect::<Vec<_>>(), [4_096, 2]);
        assert_eq!(split_html(&"&lt;".repeat(4_096)).len(), 1);
    }

    #[test]
    fn a_text_is_cut_where_it_reads_best() {
        let words = "word ".repeat(600);
        let cases = [
            format!("{words}a.\n\nNext one.\nLine. {words}"),
            format!("{words}a.\nNext one. Line {words}"),
            format!("{words}a. Next {words}"),
        ];
        for text in cases {
            let parts = split(&text);
            assert_eq!(parts.len(), 2, "{parts:?}");
            assert!(parts[0].ends_with("a.") || parts[0].ends_with("one."), "{}", &parts[0][parts[0].len() - 20..]);
            assert_eq!(parts.concat().replace([' ', '\n'], ""), text.replace([' ', '\n'], ""));
        }
        assert!(split(&format!("{words}{words}"))[0].ends_with("word"));
    }

    #[test]
    fn no_character_that_people_see_as_one_is_taken_apart() {
        let family = "👩‍👩‍👧‍👦";
        for (unit, whole) in [(family, family), ("e\u{301}", "e\u{301}"), ("🇸🇪", "🇸🇪"), ("👍🏽", "👍🏽")] {
            for before in 0..3 {
                let parts = split(&format!("{}{}", "x".repeat(before), unit.repeat(4_000)));
                assert!(parts.len() > 1);
                for part in parts.iter().skip(1) {
                    assert!(part.starts_with(whole), "{unit} after {before}");
                }
                assert!(parts.iter().all(|part| units(part) <= TEXT_UNITS_MAX));
            }
        }
    }

    #[test]
    fn markup_goes_on_in_the_next_message() {
        let html = format!("<b>bold <a href=\"https://x.org\">{}</a></b> end", "link ".repeat(1_000));
        let parts = split_html(&html);
        assert_eq!(parts.len(), 2);
        assert!(parts[0].ends_with("link</a></b>"), "{}", &parts[0][parts[0].len() - 40..]);
        assert!(parts[1].starts_with("<b><a href=\"https://x.org\">link"));
        assert!(parts[1].ends_with("</a></b> end"));
        assert!(parts.iter().all(|part| units(&without_markup(part)) <= TEXT_UNITS_MAX));
    }

    #[test]
    fn a_word_without_end_is_cut_all_the_same() {
        let parts = split(&"x".repeat(10_000));
        assert_eq!(parts.iter().map(String::len).collect::<Vec<_>>(), [4_096, 4_096, 1_808]);
        // Marks without a letter: nothing to cut at, and still an end.
        assert!(split(&"\u{301}".repeat(5_000)).len() == 2);
    }
}
