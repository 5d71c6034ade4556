//! What is handed in comes out again, whatever it is.

use clawstead_ledger::{Engine, Expected, Ledger};
use serde_json::{Value, json};

use crate::Checked;
use crate::scene::{agent, event, ledger, message, meta};

async fn there_and_back<E: Engine>(ledger: &Ledger<E>, data: Value) -> Checked {
    ledger.append("agent", &[event("x", Expected::Any, "Kept", data.clone())], &meta()).await?;
    let last = ledger.load("agent-x", 0, 1_000).await?.pop().ok_or("nothing was kept")?;
    if last.data != data {
        return Err(format!("{:.200} came out as {:.200}", data.to_string(), last.data.to_string()).into());
    }
    Ok(())
}

pub(super) async fn numbers_keep_their_digits<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    there_and_back(&ledger, json!({ "n": [i64::MIN, i64::MAX, u64::MAX, 0, -1, 0.1, 1e300, 5e-324, 1.0] })).await?;
    there_and_back(&ledger, json!({ "n": [true, false, null, {}, [], ""] })).await
}

pub(super) async fn every_unicode_character_survives<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    for part in all.chunks(0x8000) {
        let text: String = part.iter().collect();
        there_and_back(&ledger, json!({ "text": text, "key": { text.clone(): 1 } })).await?;
    }
    let odd = "\0 \" ' \\ \u{7f} \u{2028} \u{feff} \u{fffd} rule: UNIQUE constraint failed";
    ledger.append("agent", &[event(odd, Expected::Version(0), odd, json!({ "version": odd }))], &meta()).await?;
    let found = ledger.load(&format!("agent-{odd}"), 0, 1).await?;
    equal!(found.first().map(|event| event.event_type.as_str()), Some(odd));
    Ok(())
}

pub(super) async fn a_large_payload_survives<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    there_and_back(&ledger, json!({ "text": "🦀".repeat(1_000_000) })).await?;
    there_and_back(&ledger, json!((0..20_000).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>())).await
}

pub(super) async fn large_texts_reach_the_views_whole<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    ledger.append("agent", &[agent("a", Expected::Any)], &meta()).await?;
    ledger.append("conversation", &[message("c", "m", "hi")], &meta()).await?;
    let contents = ["x".repeat(256 * 1024), "before\0after".into(), "é\u{1F468}\u{200D}\u{1F469}".into(), String::new()];
    let turns: Vec<_> = contents
        .iter()
        .zip(1..)
        .map(|(content, turn_no)| json!({ "turn_no": turn_no, "role": "user", "content": content, "at": 1 }))
        .collect();
    let data = json!({ "message_id": "m", "lease_id": "l", "turns": turns, "turns_total": turns.len() });
    ledger.append("conversation", &[event("c", Expected::Any, "TurnsAppended", data)], &meta()).await?;
    let rows = engine.execute("SELECT content FROM turns ORDER BY turn_no", &[]).await?;
    let found: Vec<_> = rows.iter().filter_map(|row| row.text("content")).collect();
    holds!(found == contents);
    Ok(())
}
