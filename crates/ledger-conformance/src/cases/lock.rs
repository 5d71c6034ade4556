//! Fenced locks.

use clawstead_ledger::Engine;
use futures::future::join_all;

use crate::Checked;
use crate::scene::{NOW, ledger};

pub(super) async fn one_holder_at_a_time<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let lock = ledger.try_lock("work", "one", NOW, 100).await?.ok_or("the lock is free")?;
    equal!(ledger.try_lock("work", "two", NOW + 99, 100).await?, None);
    holds!(ledger.try_lock("other work", "two", NOW, 100).await?.is_some());
    holds!(ledger.still_holds(&lock, NOW + 99).await?);
    ledger.unlock(&lock).await?;
    holds!(!ledger.still_holds(&lock, NOW).await?);
    let next = ledger.try_lock("work", "two", NOW, 100).await?.ok_or("the lock was given back")?;
    holds!(next.fence > lock.fence);
    Ok(())
}

/// Two requests of one instance may carry the same name; still only one may work.
pub(super) async fn a_name_alone_is_no_proof_of_holding<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    holds!(ledger.try_lock("work", "me", NOW, 100).await?.is_some());
    equal!(ledger.try_lock("work", "me", NOW + 1, 100).await?, None);
    Ok(())
}

pub(super) async fn an_expired_lock_passes_on_with_a_larger_fence<E: Engine>(engine: &E) -> Checked {
    let ledger = ledger(engine).await?;
    let late = ledger.try_lock("work", "one", NOW, 100).await?.ok_or("the lock is free")?;
    holds!(!ledger.still_holds(&late, NOW + 100).await?);
    let next = ledger.try_lock("work", "two", NOW + 100, 100).await?.ok_or("the lock has expired")?;
    holds!(next.fence > late.fence);
    ledger.unlock(&late).await?;
    holds!(ledger.still_holds(&next, NOW + 150).await?);
    holds!(!ledger.still_holds(&late, NOW + 50).await?);
    Ok(())
}

pub(super) async fn of_many_at_once_one_gets_it<E: Engine>(engine: &E) -> Checked {
    let mut ledgers = Vec::new();
    for _ in 0..4 {
        ledgers.push(ledger(engine).await?);
    }
    for round in 0..20 {
        let now = NOW + round * 100;
        let taken =
            join_all(ledgers.iter().zip(["a", "b", "c", "d"]).map(|(ledger, name)| ledger.try_lock("work", name, now, 100)));
        let mut holders = 0;
        for lock in taken.await {
            holders += usize::from(lock?.is_some());
        }
        equal!(holders, 1);
    }
    Ok(())
}
