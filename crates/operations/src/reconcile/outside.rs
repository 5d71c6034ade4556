//! What the reconciler reaches beyond the log.

use clawstead_fly::{ApiToken, Machines, Outcome, RefusalKind};
use clawstead_vault::KeyRing;

use crate::OperationError;

/// The outside, as a component configures it.
pub struct Outside<'a, T> {
    /// Sends requests.
    pub transport: &'a T,
    /// The instant, ms since the epoch.
    pub clock: &'a dyn Fn() -> i64,
    /// Seals and opens the tokens of workers.
    pub keys: &'a KeyRing,
    /// Base of the Fly Machines API, such as `https://api.machines.dev/v1`.
    pub fly_api_url: &'a str,
    /// Its token; empty when there is none.
    pub fly_api_token: &'a str,
    /// Tag of what this deployment makes. No other deployment that uses the same Fly app may have it.
    pub deployment: &'a str,
    /// Where workers reach us, without a slash at the end.
    pub public_url: &'a str,
}

impl<T> std::fmt::Debug for Outside<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outside")
            .field("fly_api_url", &self.fly_api_url)
            .field("deployment", &self.deployment)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl<'a, T> Outside<'a, T> {
    /// One Fly app.
    pub(super) fn app(&self, name: &str) -> Result<Machines<&'a T>, OperationError> {
        let token = ApiToken::parse(self.fly_api_token).map_err(|error| OperationError::Outside {
            service: "fly",
            detail: error.to_string(),
            permanent: true,
        })?;
        Ok(Machines::new(self.transport, self.fly_api_url, token, name))
    }
}

/// The result of a call, or why there is none. An unknown outcome is an error like a refusal: nothing may be recorded, and
/// the next listing tells.
pub(super) fn settled<R>(outcome: Outcome<R>) -> Result<R, OperationError> {
    let (detail, permanent) = match outcome {
        Outcome::Done(result) => return Ok(result),
        Outcome::Unknown(unknown) => (unknown.to_string(), false),
        Outcome::Refused(refusal) => {
            let is_ours_to_mend =
                matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::Unauthorized | RefusalKind::Unprocessable);
            (refusal.to_string(), is_ours_to_mend)
        }
    };
    Err(OperationError::Outside { service: "fly", detail, permanent })
}
