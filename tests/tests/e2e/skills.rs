//! Global skills: deployed by people, handed to workers, over both protocols.

use clawstead_tests::emulators::worker::check_manifest;
use clawstead_tests::{Answer, App, FunctionKind, TestWorker, assert_problem, function_error, function_value, seed};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use FunctionKind::{Mutation, Query};

/// SHA-256 of the word `empty`: what existing workers know for a manifest without skills.
const EMPTY: &str = "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d";

pub(crate) fn bundle(text: &str) -> Value {
    json!([
        {"path": "SKILL.md", "content": "# Greets\n"},
        {"path": "scripts/index.mjs", "content": format!("export default () => {text:?};\n")},
        {"path": "scripts/Words_it.mjs", "content": "export const hello = \"ciao 🦀\";\n"},
    ])
}

async fn deploy(app: &App, version: &str, body: &Value) -> Answer {
    app.put(&format!("/v1/skills/greeter/versions/{version}"), body).await
}

/// What a worker gets when it starts, after it has checked it.
pub(crate) async fn manifest(worker: &TestWorker, channel: &str) -> Value {
    let arguments = json!({"workspaceId": "default", "workerId": worker.id, "releaseChannel": channel});
    let manifest = function_value(&worker.call(Query, "workerGlobalSkillsManifest", &arguments).await);
    check_manifest(&manifest).expect("a worker takes it");
    manifest
}

pub(crate) async fn handed(worker: &TestWorker, channel: &str) -> Vec<String> {
    let named = |skill: &Value| format!("{}@{}", skill["slug"].as_str().expect("text"), skill["version"].as_str().expect("text"));
    manifest(worker, channel).await["skills"].as_array().expect("skills").iter().map(named).collect()
}

#[tokio::test]
async fn a_skill_is_deployed_handed_out_disabled_rolled_back_and_deleted() {
    let app = App::start().await;
    let worker = app.worker().await;
    let none = manifest(&worker, "stable").await;
    assert_eq!((&none["manifestVersion"], &none["skills"]), (&json!(EMPTY), &json!([])), "never null");

    let made = deploy(&app, "1.0.0", &json!({"files": bundle("hello"), "display_name": "Greeter"})).await;
    assert_eq!((made.status, &made.json["status"]), (201, &json!("active")), "{}", made.text);
    assert_eq!(handed(&worker, "stable").await, ["greeter@1.0.0"]);
    assert!(handed(&worker, "canary").await.is_empty());
    let (position, version) = (app.position().await, manifest(&worker, "stable").await["manifestVersion"].clone());
    let again = deploy(&app, "1.0.0", &json!({"files": bundle("hello")})).await;
    assert_eq!((again.status, &again.json["release_id"]), (200, &made.json["release_id"]), "{}", again.text);
    assert_eq!((app.position().await, &manifest(&worker, "stable").await["manifestVersion"]), (position, &version));
    assert_problem(&deploy(&app, "1.0.0", &json!({"files": bundle("hi")})).await, 409, "skill_version_conflict", Some("version"));

    let disabled = app.post("/v1/skills/greeter/disable", &json!({})).await;
    assert_eq!((disabled.status, &disabled.json["status"]), (200, &json!("disabled")), "{}", disabled.text);
    let next = deploy(&app, "1.1.0-rc.1+b.7", &json!({"files": bundle("hi"), "channel": "canary"})).await;
    assert_eq!((next.status, &next.json["status"]), (201, &json!("disabled")), "{}", next.text);
    assert!(handed(&worker, "stable").await.is_empty() && handed(&worker, "canary").await.is_empty());
    app.post("/v1/skills/greeter/enable", &json!({})).await.success().expect("it is enabled");
    assert_eq!(handed(&worker, "stable").await, ["greeter@1.0.0"]);
    assert_eq!(handed(&worker, "canary").await, ["greeter@1.1.0-rc.1+b.7"]);

    let point = async |version: &str| app.put("/v1/skills/greeter/channels/stable", &json!({"version": version})).await;
    point("1.1.0-rc.1+b.7").await.success().expect("it is promoted");
    assert_eq!(handed(&worker, "stable").await, ["greeter@1.1.0-rc.1+b.7"]);
    point("1.0.0").await.success().expect("it is rolled back");
    assert_eq!(manifest(&worker, "stable").await["manifestVersion"], version);
    assert_problem(&point("9.0.0").await, 404, "skill_version_not_found", None);

    let listed = app.get("/v1/skills?status=active&channel=canary").await.json;
    assert_eq!((&listed["skills"][0]["slug"], &listed["skills"][0]["display_name"]), (&json!("greeter"), &json!("Greeter")));
    assert_eq!(app.get("/v1/skills/greeter").await.json, listed["skills"][0]);
    let versions = app.get("/v1/skills/greeter/versions").await.json;
    assert_eq!(versions["versions"].as_array().map(Vec::len), Some(2), "{versions}");
    let shown = app.get("/v1/skills/greeter/versions/1.1.0-rc.1+b.7").await.json;
    assert_eq!(shown["files"].as_array().map(Vec::len), Some(3), "{shown}");

    let deleted = app.delete("/v1/skills/greeter").await;
    assert_eq!((deleted.status, &deleted.json), (200, &json!({"deleted_versions": 2, "deleted_releases": 2})));
    assert_eq!(manifest(&worker, "canary").await["manifestVersion"], EMPTY);
    assert_problem(&app.get("/v1/skills/greeter").await, 404, "skill_not_found", None);
    let actors: Vec<Value> = app.events("SkillDeleted").await.iter().map(|event| event["meta"]["actor"].clone()).collect();
    assert_eq!(actors, ["operator"]);
}

#[tokio::test]
async fn workers_of_our_own_are_handed_the_same() {
    let app = App::start().await;
    let worker = app.worker().await;
    deploy(&app, "1.0.0", &json!({"files": bundle("hello")})).await.success().expect("it is deployed");
    let theirs = manifest(&worker, "stable").await;
    let ours = worker.api.get("/v1/skills?channel=stable").await.expect("an answer").json;
    assert_eq!(ours["manifest_version"], theirs["manifestVersion"]);
    assert_eq!(ours["skills"][0]["files"], theirs["skills"][0]["files"]);
    assert_eq!((&ours["skills"][0]["dir_name"], &ours["channel"]), (&json!("greeter"), &json!("stable")));
    let wrong = worker.api.get("/v1/skills?channel=beta").await.expect("an answer");
    assert_problem(&wrong, 400, "invalid_field", Some("channel"));
}

#[tokio::test]
async fn existing_clients_deploy_list_switch_and_delete() {
    let app = App::start().await;
    let worker = app.worker().await;
    let file = |path: &str, content: &str, sha256: &str| json!({"path": path, "content": content, "sha256": sha256});
    let (abc, empty) = (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    let arguments = json!({
        "slug": " Greeter ", "version": "1.0.0", "displayName": "Greeter", "description": "Greets", "moduleFormat": "cjs",
        "releaseChannel": "canary", "actor": "somebody else", "entryPoint": "main",
        "files": [file("scripts/index.cjs", "abc", abc), file("SKILL.md", "", empty)],
    });
    let made = function_value(&app.call(Mutation, "globalSkillsDeploy", &arguments).await);
    let names: Vec<&str> = made.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names.len(), 7, "{made}");
    assert_eq!(
        (&made["slug"], &made["version"], &made["releaseChannel"]),
        (&json!("greeter"), &json!("1.0.0"), &json!("canary"))
    );
    assert!(["skillId", "versionId", "releaseId", "sha256"].iter().all(|name| made[name].is_string()), "{made}");
    assert_eq!(function_value(&app.call(Mutation, "globalSkillsDeploy", &arguments).await), made);

    let list = async |arguments: Value| function_value(&app.call(Query, "globalSkillsList", &arguments).await);
    assert_eq!(list(json!({})).await[0]["activeRelease"], Value::Null, "stable, unless something else is said");
    let listed = list(json!({"releaseChannel": "canary", "status": "active", "limit": 0})).await[0].clone();
    let release = listed["activeRelease"].clone();
    assert_eq!(
        (&listed["skillId"], &listed["displayName"], &listed["description"], &listed["status"]),
        (&made["skillId"], &json!("Greeter"), &json!("Greets"), &json!("active"))
    );
    assert!(listed["updatedAt"].is_i64() && release["activatedAt"].is_i64());
    for name in ["releaseId", "versionId", "version", "sha256", "releaseChannel"] {
        assert_eq!(release[name], made[name], "{name}");
    }
    assert_eq!((&release["moduleFormat"], &release["entryPoint"]), (&json!("cjs"), &json!("main")));
    assert_eq!(handed(&worker, "canary").await, ["greeter@1.0.0"]);

    let status = async |slug: &str| {
        let arguments = json!({"slug": slug, "status": "disabled", "actor": "somebody else"});
        function_value(&app.call(Mutation, "globalSkillsSetStatus", &arguments).await)
    };
    assert_eq!(status("greeter").await, json!({"updated": true, "slug": "greeter", "status": "disabled"}));
    assert_eq!(status("nobody").await, json!({"updated": false, "slug": "nobody", "status": "disabled"}));
    assert!(handed(&worker, "canary").await.is_empty());
    assert_eq!(list(json!({"status": "active"})).await, json!([]));

    let delete = async || function_value(&app.call(Mutation, "globalSkillsDelete", &json!({"slug": "greeter"})).await);
    assert_eq!(delete().await, json!({"deleted": true, "slug": "greeter", "deletedVersions": 1, "deletedReleases": 1}));
    assert_eq!(delete().await, json!({"deleted": false, "slug": "greeter", "deletedVersions": 0, "deletedReleases": 0}));

    let mut forged = arguments.clone();
    forged["files"][0]["sha256"] = json!(empty);
    let refused = function_error(&app.call(Mutation, "globalSkillsDeploy", &forged).await);
    assert!(refused.contains("skill_checksum_mismatch"), "{refused}");
    let log = app.get("/v1/events?limit=1000").await.text;
    assert!(!log.contains("somebody else"), "who it was has been proved");
}

#[tokio::test]
async fn w35_what_no_bundle_may_be_is_refused_with_the_field() {
    let app = App::start().await;
    let with = |path: &str, content: &str| {
        let mut files = bundle("hello");
        files.as_array_mut().expect("a list").push(json!({"path": path, "content": content}));
        json!({"files": files})
    };
    for path in ["../a", "a/..", "./SKILL.md", ".af-global-skill.json", "skill.md", "a\nb", "C:\\a", "/a", "scripts"] {
        assert_problem(&deploy(&app, "1.0.0", &with(path, "")).await, 400, "skill_path_invalid", Some("files"));
    }
    let large = with("a.txt", &"x".repeat(200_000));
    assert_problem(&deploy(&app, "1.0.0", &large).await, 413, "skill_too_large", Some("files"));
    assert_problem(&deploy(&app, "01.0.0", &json!({"files": bundle("a")})).await, 400, "skill_version_invalid", Some("version"));
    assert_problem(&deploy(&app, "1.0.0", &json!({"files": []})).await, 400, "invalid_field", Some("files"));
    assert_problem(&deploy(&app, "1.0.0", &json!({})).await, 400, "missing_field", Some("files"));
    let slug = app.put("/v1/skills/G/versions/1.0.0", &json!({"files": bundle("a")})).await;
    assert_problem(&slug, 400, "skill_slug_invalid", Some("slug"));
    let signed = json!({"files": bundle("a"), "signature": "AAAA"});
    assert_problem(&deploy(&app, "1.0.0", &signed).await, 400, "skill_signature_unwanted", Some("signature"));
    assert_problem(&app.get("/v1/skills?status=wat").await, 400, "invalid_field", Some("status"));
    assert!(app.events("SkillCreated").await.is_empty());
}

#[tokio::test]
async fn only_the_operator_and_keys_for_skills_deploy_them() {
    let app = App::start().await;
    let with_key = async |body: Value| {
        let made = app.post("/v1/api-keys", &body).await.success().expect("a key");
        app.api().with_key(made["key"].as_str().expect("the key"))
    };
    let body = json!({"files": bundle("hello")});
    let every_other = json!({"name": "app", "scopes": ["messages", "pairing", "stats", "agents", "events"]});
    let bounded = json!({"name": "app", "scopes": ["skills"], "agents": [seed::AGENT]});
    for wanted in [every_other, bounded] {
        let api = with_key(wanted).await;
        let refused = api.put("/v1/skills/greeter/versions/1.0.0", &body).await.expect("an answer");
        assert_problem(&refused, 403, "forbidden", None);
        let call = json!({"path": "example:globalSkillsDelete", "args": {"slug": "greeter"}});
        let refused = api.post("/api/mutation", &call).await.expect("an answer");
        assert!(refused.text.contains("do not allow"), "{}", refused.text);
    }
    let pipeline = with_key(json!({"name": "ci", "scopes": ["skills"]})).await;
    let made = pipeline.put("/v1/skills/greeter/versions/1.0.0", &body).await.expect("an answer");
    assert_eq!(made.status, 201, "{}", made.text);
    let actor = app.events("SkillVersionAdded").await[0]["meta"]["actor"].clone();
    assert!(actor.as_str().is_some_and(|actor| actor.starts_with("service:")), "{actor}");
    assert_problem(&pipeline.get("/v1/agents").await.expect("an answer"), 403, "forbidden", None);
    let nobody = app.api().anonymous().request(Method::GET, "/v1/skills");
    assert_eq!(app.api().send(nobody).await.expect("an answer").status, 401);
}

#[tokio::test]
async fn of_many_who_deploy_at_once_each_decides_on_what_the_others_did() {
    let app = App::start().await;
    let worker = app.worker().await;
    let same = json!({"files": bundle("hello")});
    let answers = join_all((0..8).map(|_| deploy(&app, "1.0.0", &same))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!((made, answers.iter().filter(|answer| answer.is_success()).count()), (1, 8), "{answers:?}");
    let others: Vec<Value> = (0..8).map(|n| json!({"files": bundle(&format!("hello {n}"))})).collect();
    let answers = join_all(others.iter().map(|body| deploy(&app, "2.0.0", body))).await;
    let statuses = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((statuses(201), statuses(409)), (1, 7), "{answers:?}");
    for (event, count) in [("SkillCreated", 1), ("SkillVersionAdded", 2), ("SkillActivated", 2)] {
        assert_eq!(app.events(event).await.len(), count, "{event}");
    }
    assert_eq!(handed(&worker, "stable").await, ["greeter@2.0.0"]);
}

/// A machine whose worker does not start without its skills.
#[tokio::test]
async fn a_machine_starts_with_the_skills_and_works() {
    let app = App::builder().paired().machines(1).worker_env("SKILLS_BOOTSTRAP_REQUIRED", "true").start().await;
    deploy(&app, "1.0.0", &json!({"files": bundle("hello")})).await.success().expect("it is deployed");
    app.write(seed::USER_ID, "one").await;
    assert_eq!(app.replies(seed::USER_ID, 1).await, ["echo: one"]);
}

#[tokio::test]
async fn a_full_channel_is_handed_out_by_an_instance_of_64_mib() {
    let app = App::builder().bot().memory_bytes_max(64 << 20).start().await;
    let worker = app.worker().await;
    for n in 0..20 {
        // Each of these is two bytes long in JSON.
        let content = "\"\n".repeat(99_900);
        let files = json!([
            {"path": "SKILL.md", "content": ""}, {"path": "scripts/index.mjs", "content": ""}, {"path": "data", "content": content},
        ]);
        let deployed = app.put(&format!("/v1/skills/large{n}/versions/1.0.0"), &json!({"files": files})).await;
        assert_eq!(deployed.status, 201, "{}", deployed.text);
    }
    for _ in 0..3 {
        assert_eq!(handed(&worker, "stable").await.len(), 20);
    }
    let (mut after, mut read) = (json!(0), 0);
    loop {
        let page =
            app.get(&format!("/v1/events?type=SkillVersionAdded&limit=1000&after={after}")).await.success().expect("a page");
        read += page["events"].as_array().expect("events").len();
        if page["has_more"] == false {
            break;
        }
        after = page["next_after"].clone();
    }
    assert_eq!(read, 20);
    let files = json!([{"path": "SKILL.md", "content": "x".repeat(9_000)}, {"path": "scripts/index.mjs", "content": ""}]);
    assert_problem(&deploy(&app, "1.0.0", &json!({"files": files})).await, 409, "skill_channel_full", None);
}
