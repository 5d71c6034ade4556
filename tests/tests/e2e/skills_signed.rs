//! Skills where the operator has named who may sign them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clawstead_tests::{Answer, App, FunctionKind, assert_problem, function_error, function_value};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use crate::skills::{bundle, handed};

/// SHA-256 of nothing.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// Signs what a refusal says is to be signed. A publisher makes that out by himself.
fn signature(refused: &Answer, seed: u8) -> Value {
    let detail = refused.json["detail"].as_str().expect("a detail");
    let digest = detail.rsplit(' ').next().expect("a digest");
    let message = format!("clawstead skill release 1 {digest}");
    json!(STANDARD.encode(key(seed).sign(message.as_bytes()).to_bytes()))
}

#[tokio::test]
async fn w35_only_signed_releases_are_taken_and_handed_out() {
    let trusted = format!("ci:{}", STANDARD.encode(key(1).verifying_key().to_bytes()));
    let app = App::builder().bot().variable("skill_keys", &trusted).start().await;
    let worker = app.worker().await;
    let mut body = json!({"files": bundle("hello")});
    let deploy = async |body: &Value| app.put("/v1/skills/greeter/versions/1.0.0", body).await;

    let unsigned = deploy(&body).await;
    assert_problem(&unsigned, 400, "skill_signature_missing", Some("signature"));
    body["signature"] = signature(&unsigned, 2);
    assert_problem(&deploy(&body).await, 400, "skill_signature_invalid", Some("signature"));
    assert!(handed(&worker, "stable").await.is_empty());
    body["signature"] = signature(&unsigned, 1);
    assert_eq!(deploy(&body).await.status, 201);
    assert_eq!(handed(&worker, "stable").await, ["greeter@1.0.0"]);

    let empty = |path: &str| json!({"path": path, "content": "", "sha256": EMPTY});
    let files = json!([empty("SKILL.md"), empty("scripts/index.mjs")]);
    let mut arguments = json!({"slug": "empty", "version": "1.0.0", "files": files});
    let call = async |arguments: &Value| app.call(FunctionKind::Mutation, "globalSkillsDeploy", arguments).await;
    assert!(function_error(&call(&arguments).await).contains("skill_signature_missing"));
    arguments["signature"] = signature(&app.put("/v1/skills/empty/versions/1.0.0", &json!({"files": files})).await, 1);
    function_value(&call(&arguments).await);
    assert_eq!(handed(&worker, "stable").await, ["empty@1.0.0", "greeter@1.0.0"]);
}
