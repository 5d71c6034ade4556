//! The HTML that `parse_mode` allows: the text people see, and its entities.

use serde_json::{Value, json};

/// A text with its markup taken out.
#[derive(Debug)]
pub(crate) struct Formatted {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

struct OpenTag {
    name: String,
    kind: &'static str,
    start: usize,
    at_byte: usize,
    url: Option<String>,
}

/// Reads markup; the error is what Telegram says after "can't parse entities: ".
pub(crate) fn parse(source: &str) -> Result<Formatted, String> {
    let mut text = String::new();
    let mut entities = Vec::new();
    let mut open: Vec<OpenTag> = Vec::new();
    let mut at = 0;
    while let Some(character) = source[at..].chars().next() {
        match character {
            '<' => {
                let tag = read_tag(source, at)?;
                let length = tag.len();
                match tag[1..length - 1].strip_prefix('/') {
                    Some(name) => close(name, at, &text, &mut open, &mut entities)?,
                    None => open.push(opened(&tag[1..length - 1], at, &text)?),
                }
                at += length;
            }
            '&' => {
                let (replaced, length) = character_reference(&source[at..]);
                text.push(replaced);
                at += length;
            }
            other => {
                text.push(other);
                at += other.len_utf8();
            }
        }
    }
    match open.last() {
        Some(tag) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", tag.name)),
        None => Ok(Formatted { text, entities }),
    }
}

/// The tag at `at`, from `<` to `>`.
fn read_tag(source: &str, at: usize) -> Result<&str, String> {
    let rest = &source[at..];
    let first = rest.chars().nth(1);
    if !first.is_some_and(|c| c.is_ascii_alphabetic() || c == '/') {
        return Err(format!("Unsupported start tag \"\" at byte offset {at}"));
    }
    match rest.find('>') {
        Some(end) => Ok(&rest[..=end]),
        None => Err(format!("Unclosed start tag at byte offset {at}")),
    }
}

fn opened(inside: &str, at_byte: usize, text: &str) -> Result<OpenTag, String> {
    let name: String =
        inside.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_ascii_lowercase();
    let attributes = &inside[name.len()..];
    let kind = match name.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" => "spoiler",
        "span" if attributes.contains("tg-spoiler") => "spoiler",
        "span" => return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at_byte}")),
        "a" => "text_link",
        "code" => "code",
        "pre" => "pre",
        "blockquote" => "blockquote",
        "tg-emoji" => "custom_emoji",
        "tg-time" => "date_time",
        _ => return Err(format!("Unsupported start tag \"{name}\" at byte offset {at_byte}")),
    };
    let url = (kind == "text_link").then(|| attribute(attributes, "href")).flatten();
    Ok(OpenTag { name, kind, start: utf16_length(text), at_byte, url })
}

fn close(name: &str, at: usize, text: &str, open: &mut Vec<OpenTag>, entities: &mut Vec<Value>) -> Result<(), String> {
    let name = name.trim().to_ascii_lowercase();
    let Some(tag) = open.pop() else {
        return Err(format!("Unexpected end tag at byte offset {at}"));
    };
    if !name.is_empty() && name != tag.name {
        let expected = tag.name;
        return Err(format!("Unmatched end tag at byte offset {at}, expected \"</{expected}>\", found \"</{name}>\""));
    }
    let length = utf16_length(text) - tag.start;
    let a_link_without_target = tag.kind == "text_link" && tag.url.is_none();
    if length == 0 || a_link_without_target {
        return Ok(());
    }
    tracing::trace!(tag = tag.name, opened_at = tag.at_byte, "entity");
    let mut entity = json!({ "type": tag.kind, "offset": tag.start, "length": length });
    if let Some(url) = tag.url {
        entity["url"] = json!(url);
    }
    entities.push(entity);
    Ok(())
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let rest = attributes.split_once(&format!("{name}="))?.1;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote {
        Some(quote) => rest[1..].split(quote).next()?,
        None => rest.split_whitespace().next()?,
    };
    Some(value.replace("&amp;", "&"))
}

/// The character a reference stands for and the length of the reference; a lone `&` is itself.
fn character_reference(rest: &str) -> (char, usize) {
    let end = rest.char_indices().take(10).find(|(_, c)| *c == ';').map(|(index, _)| index);
    let Some(end) = end else { return ('&', 1) };
    let name = &rest[1..end];
    let character = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => numeric_reference(name),
    };
    match character {
        Some(character) => (character, end + 1),
        None => ('&', 1),
    }
}

fn numeric_reference(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code)
}

fn utf16_length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn markup_becomes_entities_counted_in_utf16() {
        let formatted = parse("🦞 <b>a &amp; <i>b</i></b> &#33;").expect("valid markup");
        assert_eq!(formatted.text, "🦞 a & b !");
        assert_eq!(formatted.entities[0]["type"], "italic");
        assert_eq!(formatted.entities[0]["offset"], 7);
        assert_eq!(formatted.entities[1]["offset"], 3);
        assert_eq!(formatted.entities[1]["length"], 5);
    }

    #[test]
    fn links_keep_their_target() {
        let formatted = parse("<a href=\"http://x/?a=1&amp;b=2\">x</a>").expect("valid markup");
        assert_eq!(formatted.entities[0]["url"], "http://x/?a=1&b=2");
    }

    #[test]
    fn what_telegram_refuses_is_refused() {
        for source in ["a<b", "1 < 2", "<script>x</script>", "<b>x", "</b>", "<b>x</i>", "<b"] {
            assert!(parse(source).is_err(), "{source} passed");
        }
    }

    #[test]
    fn unknown_references_stay_as_they_are() {
        assert_eq!(parse("a & b &nope; c").expect("valid markup").text, "a & b &nope; c");
    }
}
