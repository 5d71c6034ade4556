//! `{{ variable }}` in the manifest's strings.

/// Replaces each `{{ name }}` in `text` by what `value` gives for the name.
///
/// # Errors
/// Names the variable that `value` does not know, or the brace that is not closed.
pub(crate) fn expand<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        expanded.push_str(&rest[..start]);
        let Some((name, after)) = rest[start + 2..].split_once("}}") else {
            return Err(format!("unmatched `{{{{` in {text:?}"));
        };
        let name = name.trim();
        let Some(value) = value(name) else {
            return Err(format!("unknown variable `{name}` in {text:?}"));
        };
        expanded.push_str(value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn known(name: &str) -> Option<&'static str> {
        match name {
            "host" => Some("example.com"),
            "port" => Some("8080"),
            _ => None,
        }
    }

    #[test]
    fn literals_stay_and_names_are_replaced() {
        assert_eq!(expand("", known).as_deref(), Ok(""));
        assert_eq!(expand("plain }} text", known).as_deref(), Ok("plain }} text"));
        assert_eq!(expand("http://{{ host }}:{{port}}/{{host}}", known).as_deref(), Ok("http://example.com:8080/example.com"));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(expand("{{ nobody }}", known).unwrap_err().contains("nobody"));
        assert!(expand("{{ host", known).unwrap_err().contains("unmatched"));
    }
}
