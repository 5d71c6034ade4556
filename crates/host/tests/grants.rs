//! What the manifest gives a component, and what it does not.

mod common;

use common::{options, start, start_with};

#[tokio::test]
async fn variables_are_templates_of_the_applications() {
    let fixture = start().await;
    assert_eq!(fixture.text("/variable?greeting").await.1, "hello, world");
    assert_eq!(fixture.text("/variable?key").await.1, "s3cret");
    drop(fixture);
    let fixture = start_with(|options| options.variable("greeting", "goodbye")).await;
    assert_eq!(fixture.text("/variable?greeting").await.1, "goodbye, world");
}

#[tokio::test]
async fn a_file_gives_values_that_the_caller_does_not() {
    for (name, text) in
        [("values.toml", "greeting = \"salut\"\nkey = 42\n"), ("values.json", r#"{ "greeting": "salut", "key": 42 }"#)]
    {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        let fixture = start_with(|options| options.variables_file(&file)).await;
        assert_eq!(fixture.text("/variable?greeting").await.1, "salut, world", "{name}");
        assert_eq!(fixture.text("/variable?key").await.1, "s3cret", "the caller's comes first");
    }
}

#[tokio::test]
async fn variables_of_others_are_undefined() {
    let fixture = start().await;
    let (status, error) = fixture.text("/bare/variable?greeting").await;
    assert_eq!(status, 404);
    assert_eq!(error, r#"Error::Undefined("no variable for \"bare\".\"greeting\"")"#);
    let (_, error) = fixture.text("/variable?callee").await;
    assert!(error.contains("Undefined"), "{error}");
    let (_, error) = fixture.text("/variable?Not-A-Name").await;
    assert!(error.contains("InvalidName"), "{error}");
}

#[tokio::test]
async fn the_environment_is_the_manifests() {
    let fixture = start().await;
    assert_eq!(fixture.text("/environment?MODE").await.1, "test");
    assert_eq!(fixture.text("/environment?PATH").await.0, 404);
    assert_eq!(fixture.text("/bare/environment?MODE").await.0, 404);
}

#[tokio::test]
async fn databases_and_stores_must_be_listed() {
    let fixture = start().await;
    assert_eq!(fixture.text("/open?default").await.0, 200);
    assert_eq!(fixture.text("/open?other").await.1, "Error::AccessDenied");
    assert_eq!(fixture.text("/bare/open?default").await.1, "Error::AccessDenied");
    assert_eq!(fixture.text("/bare/key-value").await.1, "Error::AccessDenied");
    assert_eq!(fixture.text("/key-value?other").await.1, "Error::AccessDenied");
}

#[tokio::test]
async fn a_store_keeps_what_is_set() {
    let fixture = start().await;
    let seen = fixture.json("/key-value").await;
    let expected = serde_json::json!({
        "before": null, "after": "kept", "gone": false, "keys": ["word"],
    });
    assert_eq!(seen, expected);
    assert_eq!(fixture.json("/key-value").await["before"], "kept");
}

#[tokio::test]
async fn mistakes_with_variables_are_named() {
    let data = tempfile::tempdir().expect("a folder");
    let manifest = common::manifest();
    let missing = clawstead_host::HostOptions::new(&manifest).data_dir(data.path()).start().await;
    let error = missing.err().expect("the key is required").to_string();
    assert!(error.contains("`key`") && error.contains("SPIN_VARIABLE_KEY"), "{error}");

    let unknown = options(data.path()).variable("kee", "x").start().await;
    let error = unknown.err().expect("no such variable").to_string();
    assert!(error.contains("`kee`"), "{error}");
}
