//! Credentials as somebody may make them up: who has none of ours is nobody, and is not told what he sent.

use std::collections::BTreeSet;

use clawstead_domain::api_key::{Reach, Scope};
use clawstead_fuzz::{Corpus, Target};
use clawstead_operations::{api_keys, workers};
use clawstead_service::{Operation, Principal, Problem, Rates, Settings, authenticate};
use futures::executor::block_on;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::world::World;

const TARGET: Target = Target {
    name: "tokens",
    words: &["Bearer ", "bearer ", "Basic ", "operator_key", "tick_key", "csk_", "cs_worker_", " ", "\t", ",", "\u{a0}"],
    mutations: 2_500,
};

fn settings() -> Settings {
    let read = async |name: &'static str| match name {
        "operator_key" => Some("operator_key_for_the_corpus_0123456789".to_owned()),
        "tick_key" => Some("tick_key_for_the_corpus_0123456789".to_owned()),
        "vault_keys" => Some("k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
        "public_url" => Some("https://clawstead.test".to_owned()),
        _ => None,
    };
    block_on(Settings::load(read)).unwrap()
}

/// One operation for each way to prove who asks.
const OPERATIONS: [Operation; 6] = [
    Operation::GetConfig,
    Operation::EnqueueMessage,
    Operation::Tick,
    Operation::WorkerControl,
    Operation::ReceiveUpdate,
    Operation::DownloadFile,
];

struct Door {
    world: World,
    settings: Settings,
    rates: Rates,
}

impl Door {
    /// Everything that proves something is tried with the same bytes: the header, and what stands in the path.
    fn knock(&self, operation: Operation, bytes: &[u8]) -> Result<Principal, Problem> {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_bytes(bytes) {
            headers.insert(AUTHORIZATION, value.clone());
            headers.insert("x-telegram-bot-api-secret-token", value);
        }
        let text = String::from_utf8_lossy(bytes);
        block_on(authenticate(&self.world.cx(), &self.settings, &self.rates, operation, &headers, &text, &text))
    }
}

/// What a bearer's header is good for: blanks before and behind the key mean nothing.
fn key_of(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_prefix(b"Bearer ").map(<[u8]>::trim_ascii)
}

#[test]
fn corpus_of_tokens() {
    let door = Door { world: World::new(), settings: settings(), rates: Rates::default() };
    let cx = door.world.cx();
    let app = block_on(api_keys::create(&cx, "app", vec![Scope::Messages], Reach::default())).unwrap().key;
    let worker = block_on(workers::register(&cx, None)).unwrap().token;
    // What is made here is not in the corpus, for nobody can know it.
    let app = format!("Bearer {app}");
    assert!(matches!(door.knock(Operation::EnqueueMessage, app.as_bytes()), Ok(Principal::Service { .. })));
    assert!(matches!(door.knock(Operation::WorkerControl, worker.as_bytes()), Ok(Principal::Worker(_))));

    let corpus = Corpus::of(TARGET.name).unwrap();
    let ours: BTreeSet<&[u8]> = corpus.named("valid-").filter_map(key_of).collect();
    let far = TARGET.run(|name, bytes| {
        let is_ours = key_of(bytes).is_some_and(|key| ours.contains(key)) && HeaderValue::from_bytes(bytes).is_ok();
        let mut got_in = false;
        for operation in OPERATIONS {
            match door.knock(operation, bytes) {
                Ok(principal) => {
                    assert!(is_ours, "{principal:?} gets in");
                    got_in = true;
                }
                Err(problem) => {
                    assert!([401, 403].contains(&problem.status.as_u16()), "{problem:?}");
                    let told = problem.body().to_string();
                    let text = String::from_utf8_lossy(bytes);
                    assert!(text.len() < 16 || !told.contains(&*text), "{told}");
                }
            }
        }
        assert!(!name.starts_with("valid-") || got_in, "it is refused");
        assert!(!name.starts_with("refused-") || !got_in, "it is accepted");
        key_of(bytes).is_some()
    });
    assert!(far > TARGET.mutations / 10, "only {far} have a key");
}
