//! Whether a release is signed as the operator wants it. He wants it when he has named keys that he trusts.

use clawstead_domain::skill::{KnownVersion, signed_message};
use clawstead_domain::{Refusal, RefusalKind};
use clawstead_vault::TrustedKeys;

/// Checks a signature over a digest. Where nobody is trusted, none may be given: whoever signs believes that somebody looks.
pub(super) fn check(keys: &TrustedKeys, digest: &str, signature: Option<&str>) -> Result<(), Refusal> {
    let refused = |code, detail: String| Refusal { kind: RefusalKind::Invalid, code, detail, field: Some("signature") };
    match signature {
        None if keys.is_empty() => Ok(()),
        Some(_) if keys.is_empty() => {
            let detail = "nothing checks it here: the variable skill_keys names no key";
            Err(refused("skill_signature_unwanted", detail.to_owned()))
        }
        None => {
            let detail = format!("skills must be signed here; the digest of this release is {digest}");
            Err(refused("skill_signature_missing", detail))
        }
        Some(signature) if is_good(keys, digest, Some(signature)) => Ok(()),
        Some(_) => {
            let detail = format!("is of none of the keys that are trusted here, over the digest {digest}");
            Err(refused("skill_signature_invalid", detail))
        }
    }
}

/// Checks a version that was deployed earlier, perhaps when others were trusted, or nobody was asked to sign.
pub(super) fn check_stored(keys: &TrustedKeys, known: &KnownVersion) -> Result<(), Refusal> {
    if is_good(keys, &known.digest, known.signature.as_deref()) {
        return Ok(());
    }
    let detail = "this version is not signed with a key that is trusted now; deploy it once more with such a signature";
    Err(Refusal::conflict("skill_signature_untrusted", detail))
}

/// Whether what was stored once may be handed out: it must be signed with a key that is trusted now.
pub(super) fn is_good(keys: &TrustedKeys, digest: &str, signature: Option<&str>) -> bool {
    let signed = |signature| keys.signer(signed_message(digest).as_bytes(), signature).is_some();
    keys.is_empty() || signature.is_some_and(signed)
}
