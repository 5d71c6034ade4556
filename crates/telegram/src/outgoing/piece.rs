/// Tags that Telegram knows (Bot API, "HTML style"). Everything else in angle brackets it refuses.
const TAGS: [&str; 16] = [
    "a",
    "b",
    "blockquote",
    "code",
    "del",
    "em",
    "i",
    "ins",
    "pre",
    "s",
    "span",
    "strike",
    "strong",
    "tg-emoji",
    "tg-spoiler",
    "u",
];

/// The smallest part of a text that must stay whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A character, or an entity that stands for one.
    Text {
        /// As it is written.
        written: &'a str,
        /// As it is shown.
        shown: char,
    },
    /// The beginning of some markup.
    Open {
        /// As it is written.
        written: &'a str,
        /// What is opened.
        name: &'a str,
    },
    /// The end of it.
    Close {
        /// As it is written.
        written: &'a str,
        /// What is closed.
        name: &'a str,
    },
}

impl<'a> Piece<'a> {
    pub(super) fn written(&self) -> &'a str {
        match self {
            Self::Text { written, .. } | Self::Open { written, .. } | Self::Close { written, .. } => written,
        }
    }

    /// What counts towards the length of a message, in UTF-16 code units.
    pub(super) fn units(&self) -> usize {
        match self {
            Self::Text { shown, .. } => shown.len_utf16(),
            Self::Open { .. } | Self::Close { .. } => 0,
        }
    }

    pub(super) fn shown(&self) -> Option<char> {
        match self {
            Self::Text { shown, .. } => Some(*shown),
            Self::Open { .. } | Self::Close { .. } => None,
        }
    }
}

pub(super) fn pieces_of_text(text: &str) -> Vec<Piece<'_>> {
    let piece = |(at, shown): (usize, char)| Piece::Text { written: &text[at..at + shown.len_utf8()], shown };
    text.char_indices().map(piece).collect()
}

pub(super) fn pieces_of_html(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(first) = rest.chars().next() {
        let special = match first {
            '<' => tag(rest),
            '&' => entity(rest),
            _ => None,
        };
        let piece = special.unwrap_or(Piece::Text { written: &rest[..first.len_utf8()], shown: first });
        rest = &rest[piece.written().len()..];
        pieces.push(piece);
    }
    pieces
}

fn tag(rest: &str) -> Option<Piece<'_>> {
    let end = rest.find('>')?;
    let (written, inside) = (&rest[..=end], &rest[1..end]);
    if inside.contains('<') {
        return None;
    }
    let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
    let name = inside.split_ascii_whitespace().next()?;
    if !inside.starts_with(name) || !TAGS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return None;
    }
    Some(if closes { Piece::Close { written, name } } else { Piece::Open { written, name } })
}

fn entity(rest: &str) -> Option<Piece<'_>> {
    // The longest that stands for a character is `&#1114111;`.
    let end = rest.bytes().take(12).position(|byte| byte == b';')?;
    let shown = match &rest[1..end] {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        number => char::from_u32(code_point(number)?)?,
    };
    Some(Piece::Text { written: &rest[..=end], shown })
}

fn code_point(number: &str) -> Option<u32> {
    let digits = number.strip_prefix('#')?;
    match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => digits.parse().ok(),
    }
}
