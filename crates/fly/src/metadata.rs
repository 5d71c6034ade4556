use std::collections::BTreeMap;

use clawstead_transport::Transport;
use http::Method;
use serde::Serialize;

use crate::call::Call;
use crate::{Machines, Outcome};

#[derive(Serialize)]
struct MetadataRequest<'a> {
    /// An empty text removes its key.
    metadata: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine_version: Option<&'a str>,
}

impl<T: Transport> Machines<T> {
    /// Reads a machine's metadata.
    pub async fn metadata(&self, id: &str) -> Outcome<BTreeMap<String, String>> {
        self.ask(Call::new(Method::GET, &["machines", id, "metadata"])).await
    }

    /// Sets keys of a machine's metadata; an empty text removes one. With a version (`instance_id`), only if the machine still
    /// has it: otherwise [`crate::RefusalKind::Precondition`].
    pub async fn set_metadata(&self, id: &str, changes: &BTreeMap<String, String>, version: Option<&str>) -> Outcome<()> {
        let request = MetadataRequest { metadata: changes, machine_version: version };
        // With a version, a second try would meet what the first one did.
        let call = Call::new(Method::PATCH, &["machines", id, "metadata"]).json(&request).repeatable(version.is_none());
        self.tell(call).await
    }
}
