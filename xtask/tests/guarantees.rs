//! The tests that `docs/guarantees.md` names are there.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What stands between backticks, in the order in which it does.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// A name that only a test has: words, and many of them.
fn is_test(word: &str) -> bool {
    word.matches('_').count() >= 2
        && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

#[test]
fn every_test_that_is_named_is_where_it_is_said_to_be() {
    let text = std::fs::read_to_string(root().join("docs/guarantees.md")).expect("the document");
    let words = quoted(&text);
    let mut found = 0;
    for (at, name) in words.iter().enumerate().filter(|(_, word)| is_test(word)) {
        let file = words[at..].iter().find(|word| word.ends_with(".rs")).expect("a file after the name");
        let source = std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // Some are made by macros, which begin with the name as well.
        let is_there = source.contains(&format!("fn {name}(")) || source.contains(&format!("    {name}: "));
        assert!(is_there, "{name} is not in {file}");
        found += 1;
    }
    assert!(found > 30, "only {found} tests are named");
}

#[test]
fn every_rule_of_the_checker_is_named_and_every_named_rule_is_one() {
    let text = std::fs::read_to_string(root().join("docs/guarantees.md")).expect("the document");
    let folder = std::fs::read_dir(root().join("crates/sim/src/check")).expect("the checker");
    let sources: Vec<String> =
        folder.map(|entry| std::fs::read_to_string(entry.expect("a file").path()).expect("text")).collect();
    let added = sources.iter().flat_map(|source| source.split("add(").skip(1));
    let mut rules: Vec<&str> = added.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next()).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut named: Vec<&str> = quoted(&text).into_iter().filter(|word| is_rule(word)).collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, rules);
}

/// As the rules of the checker are written.
fn is_rule(word: &str) -> bool {
    word.contains('-') && word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')
}
