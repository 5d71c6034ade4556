//! Requests that nobody expects, at every route: each is answered with a reason, and none with a failure of ours.

use clawstead_service::ROUTES;
use clawstead_tests::{App, seed};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngSeed, TestRunner};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Map, Value, json};

use crate::odd::odd;

/// How many requests.
const REQUESTS: usize = 1_200;

/// All memory that an instance may take, bytes.
const MEMORY_MAX: usize = 64 << 20;

/// Routes that are asked on other occasions: they wait, or end what the rest of the test needs.
const LEFT_OUT: &[&str] = &["/worker/{token}/v1/claim", "/v1/provider/cleanup"];

/// Fields of bodies, arguments and queries; a request has some of them, and mostly too few.
const FIELDS: &[&str] = &[
    "agent_key",
    "conversation_id",
    "message_id",
    "worker_id",
    "consumer_user_id",
    "provider",
    "provider_user_id",
    "text",
    "priority",
    "scheduled_for",
    "metadata",
    "attachments",
    "external_id",
    "key",
    "token",
    "bot_id",
    "code",
    "ttl_ms",
    "enabled",
    "bridge",
    "name",
    "scopes",
    "companies",
    "company_id",
    "template_id",
    "title",
    "tags",
    "agents",
    "users",
    "lease_id",
    "error",
    "turns",
    "url",
    "secret_ref",
    "plaintext",
    "limit",
    "after",
    "from",
    "status",
    "type",
    "size_bytes",
    "sha256",
    "content_type",
    "snapshot_id",
    "file_id",
    "machines_max",
    "lease_ms",
    "base_delay_ms",
    "format",
    "ids",
    "agentKey",
    "conversationId",
    "messageId",
    "workerId",
    "leaseId",
    "consumerUserId",
    "messageText",
    "providerUserId",
    "payload",
    "externalMessageId",
    "scheduledFor",
    "workspaceId",
    "messages",
    "errorMessage",
    "storageId",
    "snapshotId",
    "sizeBytes",
    "secretRef",
    "plaintextValue",
    "botIdentity",
    "telegramUserId",
    "telegramChatId",
    "nowMs",
    "limit",
    "systemPrompt",
    "expiresAt",
    "reason",
    "source",
    "slug",
    "version",
    "files",
    "channel",
    "module_format",
    "entry_point",
    "signature",
    "displayName",
    "moduleFormat",
    "entryPoint",
    "releaseChannel",
    "job_id",
    "timezone",
    "schedule",
    "periodicity",
    "suggested_times",
    "template_key",
    "jobId",
    "templateId",
    "companyId",
    "templateKey",
    "suggestedTimes",
    "actorUserId",
    "requestedBy",
    "providerConfig",
];

const FUNCTIONS: &[&str] = &[
    "enqueue",
    "sendMessageToUserAgent",
    "queueStats",
    "listQueueItemsForConversation",
    "getConversationViewForUserAgent",
    "setMessageRuntimeConfig",
    "seedDefaultAgent",
    "importSecret",
    "secretStatus",
    "bindUserAgent",
    "revokeUserAgentBinding",
    "getUserAgentBinding",
    "resolveAgentForTelegram",
    "createPairingCode",
    "consumePairingCode",
    "getPairingCodeStatus",
    "getUserAgentOnboardingState",
    "getTelegramAgentReadiness",
    "deleteFlyVolume",
    "globalSkillsDeploy",
    "globalSkillsList",
    "globalSkillsSetStatus",
    "globalSkillsDelete",
    "workerGlobalSkillsManifest",
    "createPushTemplate",
    "createPushJobCustom",
    "createPushJobFromTemplateForAgent",
    "updatePushJob",
    "triggerPushJobNow",
    "listPushDispatchesForAgent",
    "dispatchDuePushJobs",
    "getUserAgentUsageStats",
    "listSnapshotsForUserAgent",
    "setProviderRuntimeConfig",
    "sendBroadcastToAllActiveAgents",
    "workerClaim",
    "workerHydrationBundle",
    "workerHeartbeat",
    "workerAppendConversationMessages",
    "workerComplete",
    "workerFail",
    "workerPrepareSnapshotUpload",
    "workerFinalizeSnapshotUpload",
    "workerLatestSnapshotForRestore",
    "workerGetStorageFileUrl",
    "workerAttachMessageMetadata",
    "noSuchFunction",
];

/// A request, in the words of the table of routes.
#[derive(Debug, Clone)]
struct Request {
    method: &'static str,
    path: &'static str,
    params: Vec<String>,
    query: Vec<(&'static str, Value)>,
    key: Key,
    body: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Key {
    Operator,
    None,
    Odd(String),
}

/// What exists, so that a request gets somewhere.
struct There {
    plausible: Vec<Value>,
    worker_token: String,
}

impl There {
    async fn in_app(app: &App) -> Self {
        let message_id = app.enqueue("c", "hello").await;
        let worker = app.worker().await;
        let job = worker.claim().await;
        let skill = json!([{"path": "SKILL.md", "content": "hi"}, {"path": "scripts/index.mjs", "content": "1"}]);
        app.put("/v1/skills/greeter/versions/1.0.0", &json!({"files": skill})).await.success().expect("it is deployed");
        let plausible = vec![
            json!(seed::AGENT),
            json!("c"),
            json!(message_id),
            json!(worker.id),
            job["leaseId"].clone(),
            json!(seed::CONSUMER_USER_ID),
            json!(seed::USER_ID),
            json!(seed::USER_ID.to_string()),
            json!(seed::BOT_ID.to_string()),
            json!("app"),
            json!("telegram"),
            json!(1),
            json!(60_000),
            json!(1_800_000_000_000_i64),
            json!(["messages"]),
            json!({"a": 1}),
            json!("queued"),
            json!("json"),
            json!([{"role": "user", "content": "hi", "at": 1}]),
            json!("https://example.org/hook"),
            json!("queue"),
            json!("greeter"),
            json!("1.0.0"),
            json!("canary"),
            json!("Europe/Rome"),
            json!("daily"),
            json!({"kind": "daily", "time": "08:00"}),
            skill,
        ];
        Self { plausible, worker_token: worker.token }
    }

    fn value(&self) -> impl Strategy<Value = Value> + use<> {
        prop_oneof![3 => select(self.plausible.clone()), 1 => odd()]
    }

    fn fields(&self) -> impl Strategy<Value = Value> + use<> {
        let fields = vec((select(FIELDS), self.value()), 0..10);
        fields.prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into())
    }

    fn body(&self) -> impl Strategy<Value = Vec<u8>> + use<> {
        let format = prop_oneof![8 => Just(json!("json")), 1 => odd()];
        let call = (select(FUNCTIONS), self.fields(), format);
        let call = call.prop_map(|(name, args, format)| json!({"path": format!("api:{name}"), "args": args, "format": format}));
        prop_oneof![
            6 => self.fields().prop_map(|fields| fields.to_string().into_bytes()),
            6 => call.prop_map(|call| call.to_string().into_bytes()),
            1 => odd().prop_map(|value| value.to_string().into_bytes()),
            1 => vec(any::<u8>(), 0..300),
            1 => (1_usize..200_000).prop_map(|depth| "[".repeat(depth).into_bytes()),
        ]
    }

    fn request(&self) -> impl Strategy<Value = Request> + use<> {
        // The protocol of function calls is one route for many things.
        let routes = ROUTES.iter().filter(|route| !LEFT_OUT.contains(&route.path));
        let routes: Vec<_> = routes.flat_map(|route| vec![*route; if route.path.contains("{kind}") { 20 } else { 1 }]).collect();
        let kinds = ["query", "mutation", "action"].map(|kind| json!(kind));
        let token = json!(self.worker_token);
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let param = prop_oneof![2 => self.value(), 2 => Just(token), 3 => select(kinds.to_vec())].prop_map(text);
        let key = prop_oneof![8 => Just(Key::Operator), 1 => Just(Key::None), 1 => any::<String>().prop_map(Key::Odd)];
        let query = vec((select(FIELDS), self.value()), 0..3);
        (select(routes), vec(param, 4), query, key, self.body()).prop_map(|(route, params, query, key, body)| Request {
            method: route.method,
            path: route.path,
            params,
            query,
            key,
            body,
        })
    }
}

impl Request {
    fn url(&self, base_url: &str) -> Url {
        let mut url = Url::parse(base_url).expect("an address");
        let mut params = self.params.iter();
        for segment in self.path.split('/').skip(1) {
            let filled = if segment.starts_with('{') { params.next().map_or("", String::as_str) } else { segment };
            // A browser would take these for steps in the tree.
            let filled = if matches!(filled, "." | "..") { "%2e" } else { filled };
            url.path_segments_mut().expect("a path").push(&filled.chars().take(300).collect::<String>());
        }
        if self.method == "GET" {
            for (name, value) in &self.query {
                let value: String = value.to_string().chars().take(1_000).collect();
                url.query_pairs_mut().append_pair(name, value.trim_matches('"'));
            }
        }
        url
    }
}

#[tokio::test]
async fn whatever_is_sent_is_answered_with_a_reason() {
    let app = App::builder().paired().memory_bytes_max(MEMORY_MAX).start().await;
    let there = There::in_app(&app).await;
    let strategy = there.request();
    let config = ProptestConfig { rng_seed: RngSeed::Fixed(20_261_120), failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let client = reqwest::Client::new();
    let mut done = 0;
    for _ in 0..REQUESTS {
        let request = strategy.new_tree(&mut runner).expect("a request").current();
        let method: Method = request.method.parse().expect("a method");
        let mut sent = client.request(method, request.url(app.api().base_url())).body(request.body.clone());
        match &request.key {
            Key::Operator => sent = sent.bearer_auth(&app.keys().operator),
            Key::None => {}
            Key::Odd(text) => {
                let value = reqwest::header::HeaderValue::from_bytes(text.as_bytes());
                sent = value.map_or(sent.try_clone().expect("a body in memory"), |value| sent.header("authorization", value));
            }
        }
        let answer = sent.send().await.unwrap_or_else(|error| panic!("{error:?}: {request:?}"));
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        done += usize::from(status.is_success());
        // Telegram's stand-in does not know most of the bots.
        let is_outside = status == StatusCode::BAD_GATEWAY && text.contains("outside_trouble");
        assert!(!status.is_server_error() || is_outside, "{status} {text}: {request:?}");
    }
    assert!(done > REQUESTS / 50, "only {done} got anywhere");
    assert_eq!(app.get("/healthz").await.status, 200);
}
