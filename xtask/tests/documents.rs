//! W-58: what the documents tell people to run, ask or call is there: commands with their options, routes with their
//! methods, and functions.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn read(file: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(file);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// What people read, by name. Of the changelog, what is not released: the rest tells of other times.
fn documents() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).expect("the documents");
    let names = folder.map(|entry| format!("docs/{}", entry.expect("a file").file_name().to_string_lossy()));
    let names = names.filter(|name| name.ends_with(".md")).chain(["README.md".to_owned(), "ARCHITECTURE.md".to_owned()]);
    let mut documents: Vec<_> = names.map(|name| (name.clone(), read(&name))).collect();
    let changes = read("CHANGELOG.md");
    let unreleased = changes.split("\n## ").find(|part| part.starts_with("Unreleased")).unwrap_or_default();
    documents.push(("CHANGELOG.md".to_owned(), unreleased.to_owned()));
    documents
}

/// What `cargo xtask <arguments> --help` says.
fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).arg("--help").output().expect("it runs");
    assert!(output.status.success(), "there is no `cargo xtask {}`", arguments.join(" "));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn w58_every_command_that_a_document_names_is_there_with_its_options() {
    let mut seen = BTreeSet::new();
    for (name, text) in documents() {
        for rest in text.split("cargo xtask ").skip(1) {
            let line = rest.split(['`', '\n', '#', '|']).next().unwrap_or_default();
            let mut words = line.split([' ', ',', ';']).filter(|word| !word.is_empty());
            let command = words.next().unwrap_or_default();
            let help = help(&[command]);
            let mut options = words.filter(|word| word.starts_with("--"));
            let wrong = options.find(|option| !help.split_whitespace().any(|word| word.trim_end_matches(',') == *option));
            assert_eq!(wrong, None, "{name}: cargo xtask {line}");
            seen.insert(command.to_owned());
        }
    }
    assert!(seen.len() >= 8, "only {seen:?}");
}

/// Method and path of every route.
fn routes() -> Vec<(String, Vec<String>)> {
    let source = read("crates/service/src/route.rs");
    let table = source.split("pub const ROUTES").nth(1).and_then(|rest| rest.split("\n};").next()).expect("the table");
    let quoted = |call: &str| -> Option<(String, Vec<String>)> {
        let mut texts = call.split('"').skip(1).step_by(2);
        Some((texts.next()?.to_owned(), segments(texts.next()?)))
    };
    table.split("route(").skip(1).filter_map(quoted).collect()
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// A path that a document names, the method before it, and whether it is the end of a path only.
#[derive(Debug)]
struct Named {
    method: Option<String>,
    path: Vec<String>,
    is_end: bool,
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const BEGINNINGS: [&str; 7] = ["v1", "api", "worker", "internal", "telegram", "files", "healthz"];

fn named(text: &str) -> Vec<Named> {
    let words = text.split(|c: char| c.is_whitespace() || "`'\"(),;|".contains(c)).filter(|word| !word.is_empty());
    let mut before = "";
    let mut found = Vec::new();
    for word in words {
        let method = METHODS.contains(&before).then(|| before.to_owned());
        if !METHODS.contains(&word) || method.is_none() {
            before = word;
        }
        let Some((whole, path)) = path_of(word) else { continue };
        let path = segments(path.split('?').next().unwrap_or_default().trim_end_matches(['.', ':']));
        let is_ours = path.first().is_some_and(|first| BEGINNINGS.contains(&first.as_str()));
        if is_ours {
            found.push(Named { method, path, is_end: false });
        } else if !whole && method.is_some() && !path.is_empty() {
            found.push(Named { method, path, is_end: true });
        }
    }
    found
}

/// What comes after scheme and host, or after dots that stand for them or for the beginning of a path; whether it is the
/// whole path.
fn path_of(word: &str) -> Option<(bool, &str)> {
    if let Some(rest) = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")) {
        return rest.find('/').map(|at| (true, &rest[at..]));
    }
    if let Some(rest) = word.strip_prefix('…') {
        return rest.starts_with('/').then_some((false, rest));
    }
    if word.starts_with("localhost:") {
        return word.find('/').map(|at| (true, &word[at..]));
    }
    word.starts_with('/').then_some((true, word))
}

/// Whether a path of a document is that of a route, or, where no method is asked for, its beginning.
fn fits(named: &Named, method: &str, route: &[String]) -> bool {
    if named.method.as_ref().is_some_and(|asked| asked != method) {
        return false;
    }
    let open = named.method.is_none() || named.path.last().is_some_and(|last| last == "…");
    let path: Vec<&str> = named.path.iter().map(String::as_str).collect();
    let path = path.strip_suffix(&["…"]).unwrap_or(&path);
    let is_placeholder = |segment: &str| segment.starts_with(['{', '<']);
    let same = |(asked, known): (&&str, &String)| *asked == known || *asked == "…" || known.starts_with('{');
    if path.len() > route.len() || (!open && !named.is_end && path.len() < route.len()) {
        return false;
    }
    let from = if named.is_end { route.len() - path.len() } else { 0 };
    let known = &route[from..from + path.len()];
    // An end is told by its words: whatever stands there would fit a route that ends in a placeholder.
    if named.is_end && path.iter().zip(known).all(|(asked, known)| asked != known) {
        return false;
    }
    let placeholders_agree = path.iter().zip(known).all(|(asked, known)| !is_placeholder(asked) || known.starts_with('{'));
    placeholders_agree && path.iter().zip(known).all(same)
}

#[test]
fn w58_every_route_that_a_document_names_is_there_with_its_method() {
    let routes = routes();
    assert!(routes.len() > 80, "only {} routes", routes.len());
    let mut count = 0;
    for (name, text) in documents() {
        for named in named(&text) {
            assert!(routes.iter().any(|(method, path)| fits(&named, method, path)), "{name}: {named:?}");
            count += 1;
        }
    }
    assert!(count > 60, "only {count} routes are named");
}

#[test]
fn what_is_no_route_is_found_out() {
    let routes = routes();
    let is_there = |text: &str| named(text).iter().all(|named| routes.iter().any(|(method, path)| fits(named, method, path)));
    for there in [
        "`GET /v1/messages/{id}`",
        "`/v1/messages`",
        "PUT https://claw.example.org/v1/config/queue -d",
        "POST …/snapshots/<id>/finish",
        "under `/worker/<token>/v1/…`",
        "curl localhost:3000/healthz",
    ] {
        assert!(!named(there).is_empty() && is_there(there), "{there}: {:?}", named(there));
    }
    for gone in
        ["`GET /v1/massages`", "`PATCH /v1/messages`", "`POST /v1/messages/{id}/resend`", "POST …/resend", "`/v1/massages`"]
    {
        assert!(!is_there(gone), "{gone}");
    }
}

/// The functions that are served.
fn functions() -> BTreeSet<String> {
    let source = read("components/functions/src/table.rs");
    let names = source.split("function(\"").skip(1).filter_map(|call| call.split('"').next());
    names.map(str::to_owned).collect()
}

/// What is written as functions are and is somebody else's.
const OTHERS: [&str; 1] = ["sqlite3LockAndPrepare"];

/// As functions of existing clients are called.
fn is_function(word: &str) -> bool {
    !OTHERS.contains(&word)
        && word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.contains(|letter: char| letter.is_ascii_uppercase())
        && word.chars().all(|letter| letter.is_ascii_alphanumeric())
}

#[test]
fn w58_every_function_that_a_document_names_is_served() {
    let functions = functions();
    let mut named = BTreeSet::new();
    for (name, text) in documents() {
        for word in text.split('`').skip(1).step_by(2).filter(|word| is_function(word)) {
            assert!(functions.contains(word), "{name}: {word} is not served");
            named.insert(word.to_owned());
        }
    }
    assert!(named.len() > 30, "only {} functions are named", named.len());
}

#[test]
fn w58_the_readme_says_how_many_functions_are_served() {
    let said = format!("{} are served", functions().len());
    assert!(read("README.md").replace('\n', " ").contains(&said), "the README does not say that {said}");
}
