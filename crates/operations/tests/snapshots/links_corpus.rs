//! Links as somebody may write them: only those that we made, exactly as we made them, are good.

use std::collections::BTreeSet;

use clawstead_fuzz::{Corpus, Target};
use clawstead_operations::files::{Action, Link, LinkError};
use clawstead_vault::KeyRing;

/// The first one signs.
const KEYS: &str = "k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,old:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const PUBLIC: &str = "https://clawstead.test";

const TARGET: Target =
    Target { name: "links", words: &["put.", "get.", ".k.", ".old.", ".-.", "snapshot_1", "file_7", "."], mutations: 60_000 };

#[test]
fn corpus_of_links() {
    let keys = KeyRing::parse(KEYS).unwrap();
    let corpus = Corpus::of(TARGET.name).unwrap();
    let made: BTreeSet<&[u8]> = corpus.named("valid-").collect();
    let far = TARGET.run(|name, bytes| {
        let token = String::from_utf8_lossy(bytes);
        let read = |now| [Action::Upload, Action::Download].map(|action| Link::parse(&keys, &token, action, now));
        assert_eq!(name.starts_with("valid-"), made.contains(bytes) && !name.is_empty());
        if !made.contains(bytes) {
            for outcome in [read(1), read(i64::MAX)].as_flattened() {
                assert_eq!(*outcome, Err(LinkError::Forged), "it was not made by us");
            }
            // Far: the signature is looked at.
            return token.matches('.').count() >= 5;
        }
        let good: Vec<Link> = read(1).into_iter().flatten().collect();
        assert_eq!(good.len(), 1, "it is good for one action");
        assert!(read(i64::MAX).iter().all(Result::is_err), "it ends");
        if token.contains(".k.") {
            assert_eq!(good[0].url(&keys, PUBLIC), format!("{PUBLIC}/files/{token}"), "it is written in one way only");
        }
        true
    });
    assert!(far > TARGET.mutations / 4, "only {far} have a signature");
}
