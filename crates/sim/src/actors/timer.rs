//! Ticks, as the cron component makes them.

use std::sync::Arc;

use serde_json::json;

use crate::plane::keys;
use crate::wire::Link;
use crate::world::{Asking, World, pause};

/// How often, ms.
const EVERY_MS: u64 = 10_000;

/// Ticks for ever; one that gets no answer is given up.
pub async fn live(world: Arc<World>) {
    loop {
        let tick = Asking::new(Link::TimerToPlane, "POST", "/internal/tick").bearer(keys::TICK);
        world.ask(&tick, Some(&json!({}))).await;
        pause(EVERY_MS).await;
    }
}
