use sha2::{Digest as _, Sha256};

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const DEPLOYMENT_CHARS: usize = 6;
const WORKER_CHARS: usize = 20;

/// The name of a worker's own volume: `cs_<deployment>_<worker>`, 30 characters of `a-z 0-9 _`, which is what Fly
/// allows.
///
/// A volume carries no metadata, so its name is the only tag that it can have. Both parts are taken from SHA-256: 6
/// characters for the deployment (31 bits), 20 for deployment and worker together (103 bits), so that no two workers
/// ever share a name, however their ids are spelled (scheduler-fly.md F-12).
#[must_use]
pub fn volume_name(deployment: &str, worker: &str) -> String {
    let length = deployment.len() as u64;
    let both = [&length.to_be_bytes(), deployment.as_bytes(), worker.as_bytes()].concat();
    format!("{}{}", deployment_prefix(deployment), base36(&both, WORKER_CHARS))
}

/// Whether a volume carries the tag of this deployment.
///
/// Of 31 bits: enough to report a volume, and to look for its worker among all that the log knows. That alone does not make it
/// an orphan: it is deleted only when no worker accounts for it, no machine has it, and it is a day old
/// (`clawstead_domain::plan`). Two deployments of one Fly app share a tag once in two thousand million.
#[must_use]
pub fn is_volume_of(deployment: &str, name: &str) -> bool {
    name.len() == "cs__".len() + DEPLOYMENT_CHARS + WORKER_CHARS && name.starts_with(&deployment_prefix(deployment))
}

fn deployment_prefix(deployment: &str) -> String {
    format!("cs_{}_", base36(deployment.as_bytes(), DEPLOYMENT_CHARS))
}

/// The last `length` digits of a hash in base 36.
fn base36(bytes: &[u8], length: usize) -> String {
    let hash = Sha256::digest(bytes);
    let first_half = hash[..16].try_into().expect("SHA-256 has 32 bytes");
    let mut rest = u128::from_be_bytes(first_half);
    let digits = std::iter::repeat_with(|| {
        let digit = ALPHABET[(rest % 36) as usize];
        rest /= 36;
        char::from(digit)
    });
    digits.take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn f12_the_spellings_that_used_to_collide_do_not() {
        let spellings = ["AFW 1 0", "afw-1-0", "afw_1_0", "afw1-0", ""];
        let mut names: Vec<String> = spellings.iter().map(|worker| volume_name("prod", worker)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), spellings.len());
        assert_ne!(volume_name("a", "bc"), volume_name("ab", "c"));
    }

    #[test]
    fn a_name_never_changes() {
        assert_eq!(volume_name("prod", "worker-1"), "cs_38tpua_q26b9b5u2ntkioggwfhj");
    }

    proptest! {
        #[test]
        fn any_ids_give_a_name_that_fly_allows_and_that_tells_the_deployment(
            deployment in "\\PC{0,40}",
            worker in "\\PC{0,80}",
            other in "\\PC{0,40}",
        ) {
            let name = volume_name(&deployment, &worker);
            prop_assert_eq!(name.len(), 30);
            prop_assert!(name.bytes().all(|byte| ALPHABET.contains(&byte) || byte == b'_'));
            prop_assert!(is_volume_of(&deployment, &name));
            prop_assert!(other == deployment || !is_volume_of(&other, &name));
        }
    }
}
