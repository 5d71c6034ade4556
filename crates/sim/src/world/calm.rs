//! The end of a run: no more faults, and time for all that waits.

use anyhow::{Context as _, Result};
use rusqlite::Connection;
use serde_json::json;

use super::prepare::{agent_key, bot_token, scaling};
use super::{World, pause};
use crate::schedule::draw::AGENTS;

/// How often it is looked whether all is quiet, ms.
const LOOK_MS: u64 = 30_000;

/// When it is not quiet after so long, something is stuck.
const PATIENCE_MS: u64 = 2 * 3_600_000;

/// Everything that is still under way, in the words of the views.
const UNDER_WAY: &str = "SELECT (SELECT count(*) FROM messages WHERE status IN ('queued', 'processing')) \
    + (SELECT count(*) FROM workers WHERE provider = 'fly' AND state <> 'stopped') \
    + (SELECT count(*) FROM due WHERE what <> 'message')";

impl World {
    /// Ends all faults and whatever the operator has stopped, and waits.
    pub(super) async fn run_on(&self) -> Result<()> {
        self.history.note("calm");
        let parties = self.wire.parties();
        self.wire.calm();
        parties.plane.calm();
        parties.fly.fill_region("fra", false);
        if !parties.plane.is_up() {
            parties.plane.start(&self.wire).await?;
        }
        for agent in 0..AGENTS {
            let path = format!("/v1/agents/{}", agent_key(agent));
            self.insist("PUT", &path, &json!({"enabled": true})).await;
            let link = json!({"agent_key": agent_key(agent), "token": bot_token(agent)});
            self.insist("POST", "/v1/bots", &link).await;
        }
        self.insist("PUT", "/v1/config/scaling", &scaling(3)).await;
        for _ in 0..PATIENCE_MS / LOOK_MS {
            pause(LOOK_MS).await;
            if self.under_way()? == 0 {
                break;
            }
        }
        self.history.note("end");
        Ok(())
    }

    fn under_way(&self) -> Result<i64> {
        let parties = self.wire.parties();
        let connection = Connection::open(parties.plane.database()).context("the database")?;
        let open: i64 = connection.query_row(UNDER_WAY, [], |row| row.get(0)).context("the views")?;
        let undelivered = parties.telegram.deliveries().iter().any(|one| one.outcome == clawstead_emulators::Outcome::Pending);
        Ok(open + i64::from(undelivered))
    }
}
