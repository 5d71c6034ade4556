use clawstead_transport::Transport;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::{Machines, Outcome};

pub(crate) const NONCE_HEADER: &str = "fly-machine-lease-nonce";

/// The right to change a machine, for a while.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Lease {
    /// What proves it: see [`Machines::holding`].
    pub nonce: String,
    /// When it ends, in seconds since the epoch.
    #[serde(default)]
    pub expires_at: i64,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lease").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct LeaseRequest<'a> {
    ttl: u32,
    description: &'a str,
}

/// The schema has the lease at the top; the service has been seen to wrap it.
#[derive(Deserialize)]
#[serde(untagged)]
enum LeaseAnswer {
    Wrapped { data: Lease },
    Plain(Lease),
}

impl From<LeaseAnswer> for Lease {
    fn from(answer: LeaseAnswer) -> Self {
        match answer {
            LeaseAnswer::Wrapped { data: lease } | LeaseAnswer::Plain(lease) => lease,
        }
    }
}

impl<T: Transport> Machines<T> {
    /// Takes the lease of a machine for so many seconds, or prolongs the one held. [`crate::RefusalKind::Conflict`] when
    /// somebody else has it. After [`Outcome::Unknown`] nobody may know its nonce; it ends by itself.
    pub async fn take_lease(&self, id: &str, ttl_seconds: u32, description: &str) -> Outcome<Lease> {
        let request = LeaseRequest { ttl: ttl_seconds, description };
        self.ask::<LeaseAnswer>(Call::new(Method::POST, &["machines", id, "lease"]).json(&request)).await.map(Lease::from)
    }

    /// Who holds the lease and until when; [`crate::RefusalKind::NotFound`] when nobody does.
    pub async fn show_lease(&self, id: &str) -> Outcome<Lease> {
        self.ask::<LeaseAnswer>(Call::new(Method::GET, &["machines", id, "lease"])).await.map(Lease::from)
    }

    /// Gives a lease back.
    pub async fn release_lease(&self, id: &str, lease: &Lease) -> Outcome<()> {
        self.tell(Call::new(Method::DELETE, &["machines", id, "lease"]).header(NONCE_HEADER, Some(&lease.nonce))).await
    }
}
