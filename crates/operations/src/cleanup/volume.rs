//! Deleting one volume by its id.

use clawstead_domain::Refusal;
use clawstead_domain::config::ProviderPolicy;
use clawstead_ledger::Engine;

use crate::provider::TroubleKind;
use crate::reconcile::{self, Outside};
use crate::{Cx, OperationError, configs};

/// Deletes a volume of this deployment that no worker needs any more. One that is gone already is deleted.
///
/// # Errors
/// When it is not ours, when a worker or a machine has it, or when the provider does not do it.
pub async fn delete_volume<E: Engine>(
    cx: &Cx<'_, E>,
    outside: &Outside<'_>,
    app: &str,
    volume_id: &str,
) -> Result<(), OperationError> {
    let policy: ProviderPolicy = configs::load(cx).await?.get()?;
    let survey = reconcile::survey(cx, outside, &policy, Some(app)).await?;
    let Some(listing) = survey.listings.first() else {
        return Err(OperationError::Outside {
            service: "fly",
            detail: survey.errors.into_iter().next().unwrap_or_default(),
            permanent: false,
        });
    };
    let Some(volume) = listing.volumes.iter().find(|volume| volume.volume_id == volume_id) else {
        return Ok(());
    };
    if !volume.is_tagged {
        return Err(Refusal::conflict("not_ours", "this deployment did not make the volume, and never touches it").into());
    }
    let owner = survey
        .workers
        .iter()
        .find(|worker| worker.volume_id.as_deref() == Some(volume_id) || volume.worker_id.as_ref() == Some(&worker.worker_id));
    if volume.is_attached || owner.is_some_and(|worker| worker.machine_gone_at.is_none()) {
        return Err(Refusal::conflict("volume_in_use", "a machine or a worker has the volume; drain the worker first").into());
    }
    let kind = survey.places.get(app).ok_or_else(|| OperationError::unexpected("an app that was not listed"))?;
    match outside.provider(kind)?.delete_volume(app, volume_id).await {
        Err(trouble) if trouble.is(TroubleKind::NotYet) => {
            Err(Refusal::conflict("volume_in_use", "the volume is still bound; try again in a minute").into())
        }
        outcome => Ok(outcome?),
    }
}
