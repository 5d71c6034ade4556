//! The cron trigger's component: it POSTs to the tick route and says whether that went well.
//!
//! Nothing else happens here. What is due is the tick route's business, so that the same work can
//! be started by a timer of any other kind.

use spin_sdk::http::{EmptyBody, Request, send};
use spin_sdk::variables;

#[expect(unsafe_code, reason = "wit-bindgen writes the component's entry points")]
mod bindings {
    use super::Cron;

    spin_sdk::wit_bindgen::generate!({
        world: "spin-cron",
        path: "wit",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
    export!(Cron);
}

use bindings::spin::cron::cron_types::{Error, Metadata};

struct Cron;

impl bindings::Guest for Cron {
    async fn handle_cron_event(_: Metadata) -> Result<(), Error> {
        tick().await.map_err(Error::Other)
    }
}

/// Calls the tick route. The error says what went wrong, without the key.
async fn tick() -> Result<(), String> {
    let url = variable("tick_url").await?;
    let key = variable("tick_key").await?;
    let request = Request::post(&url)
        .header("authorization", format!("Bearer {key}"))
        .body(EmptyBody::new())
        .map_err(|error| format!("tick_url {url:?} or tick_key cannot be used: {error}"))?;
    let response = send(request).await.map_err(|error| format!("POST {url}: {error}"))?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("POST {url}: answered {status}"));
    }
    Ok(())
}

async fn variable(name: &str) -> Result<String, String> {
    variables::get(name).await.map_err(|error| format!("variable {name}: {error}"))
}
