//! Whether it ended well.

use anyhow::{Context as _, Result, ensure};
use clawstead_emulators::fly::MachineState;
use clawstead_sandbox::{Api, Sandbox};
use serde_json::json;

use super::waves::Waves;

/// What there is to say in the end, and what is wrong.
pub(crate) struct Verdict {
    lines: Vec<String>,
    problems: Vec<String>,
}

impl Verdict {
    /// Asks clawstead and the stand-in for Fly, and compares.
    pub(crate) async fn of(sandbox: &Sandbox, waves: &Waves) -> Result<Self> {
        let (api, fly) = (sandbox.api(), sandbox.fly());
        let mut problems = Vec::new();
        let (mut messages, mut reruns) = (0, 0);
        for (conversation_id, sent) in &waves.sent {
            let answers = answers(api, conversation_id).await?;
            for (message_id, text) in sent {
                let message = api.get(&format!("/v1/messages/{message_id}")).await?.success()?;
                messages += 1;
                let again = message["deliveries"].as_u64().unwrap_or(1).saturating_sub(1);
                reruns += again;
                // One whose worker was lost after it had answered is worked on again, and answered again.
                let times = answers.iter().filter(|answer| **answer == format!("echo: {text}")).count();
                let is_answered = times == 1 || (times > 1 && times as u64 <= 1 + again);
                if message["status"] != "done" || !is_answered {
                    problems.push(format!("{conversation_id}: {text:?} is {}, answers {answers:?}", message["status"]));
                }
            }
        }
        let left: Vec<String> =
            fly.machines().iter().filter(|one| one.state != MachineState::Destroyed).map(|one| one.id.clone()).collect();
        let volumes: Vec<String> = fly.volumes().iter().map(|volume| volume.id.clone()).collect();
        problems.extend(left.iter().map(|id| format!("machine {id} is left")));
        problems.extend(volumes.iter().map(|id| format!("volume {id} is left")));
        problems.extend(of_views(api).await?);
        let lines = vec![
            format!("{} conversations, {messages} messages, {reruns} deliveries more than one each", waves.sent.len()),
            format!("{} machines made, {} troubles met at Fly", fly.machines().len(), fly.troubles()),
            format!("left at Fly: {} machines, {} volumes", left.len(), volumes.len()),
        ];
        Ok(Self { lines, problems })
    }

    pub(crate) fn print(&self) {
        self.lines.iter().for_each(|line| println!("{line}"));
    }

    pub(crate) fn into_result(self) -> Result<()> {
        ensure!(self.problems.is_empty(), "it did not end well:\n  {}", self.problems.join("\n  "));
        println!("every message was answered once, and nothing is left that costs");
        Ok(())
    }
}

async fn answers(api: &Api, conversation_id: &str) -> Result<Vec<String>> {
    let turns = api.get(&format!("/v1/conversations/{conversation_id}/turns?limit=1000")).await?.success()?;
    let turns = turns["turns"].as_array().context("a conversation has turns")?.clone();
    let of_agent = turns.iter().filter(|turn| turn["role"] == "assistant");
    Ok(of_agent.filter_map(|turn| turn["content"].as_str().map(str::to_owned)).collect())
}

/// What clawstead itself believes: no live worker, nothing to clean up.
async fn of_views(api: &Api) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut after = String::new();
    loop {
        let page = api.get(&format!("/v1/workers?limit=1000&after={after}")).await?.success()?;
        let workers = page["workers"].as_array().context("a page of workers")?.clone();
        let live = workers.iter().filter(|worker| worker["state"] != "stopped");
        problems.extend(live.map(|worker| format!("worker {} is {}", worker["worker_id"], worker["state"])));
        match page["next_after"].as_str() {
            Some(next) if !workers.is_empty() => after = next.to_owned(),
            _ => break,
        }
    }
    let report = clean_report(api).await?;
    let found = report["found"].as_array().context("a report")?;
    problems.extend(found.iter().map(|finding| format!("a cleanup would find {finding}")));
    Ok(problems)
}

/// The weather may hit the listing; so a report is asked for until one is whole.
async fn clean_report(api: &Api) -> Result<serde_json::Value> {
    for _ in 0..20 {
        let report = api.post("/v1/provider/cleanup", &json!({ "scope": "everything" })).await?.success()?;
        if report["errors"].as_array().is_some_and(Vec::is_empty) {
            return Ok(report);
        }
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    anyhow::bail!("no cleanup could look at everything")
}
