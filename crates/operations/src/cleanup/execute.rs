//! Carrying an order out: drain, delete, tick, look, until nothing is left or the time is up.

use std::collections::BTreeSet;

use clawstead_domain::Refusal;
use clawstead_domain::cleanup::{Finding, Reach, Step, Thing};
use clawstead_domain::config::{ProviderPolicy, ScalingPolicy};
use clawstead_ledger::Engine;

use super::{Order, Report, findings_of};
use crate::provider::{Timer, Trouble, TroubleKind};
use crate::reconcile::{self, Outside, Survey};
use crate::tick::Turn;
use crate::{Cx, OperationError};

/// A tick that is under way is waited for so long; it has ten seconds for itself, and a call may take most of as many.
const TURN_WAIT_MS: i64 = 8_000;
const TURN_LOOK_MS: u64 = 500;

/// Between looks: Fly allows a listing a second.
const LOOK_EVERY_MS: u64 = 1_100;

pub(super) struct Job<'a> {
    pub(super) outside: &'a Outside<'a>,
    pub(super) timer: &'a dyn Timer,
    pub(super) provider: &'a ProviderPolicy,
    pub(super) scaling: &'a ScalingPolicy,
    pub(super) order: &'a Order,
    pub(super) reach: Reach,
}

impl Job<'_> {
    /// Fills in what was done, and what is left. Nobody ticks meanwhile but we: what one makes the other must not remove.
    pub(super) async fn run<E: Engine>(&self, cx: &Cx<'_, E>, report: &mut Report) -> Result<(), OperationError> {
        let waited_from = cx.at(self.timer.now_ms());
        let turn = self.turn(&waited_from).await?;
        let outcome = self.rounds(&turn, report).await;
        turn.end().await?;
        outcome
    }

    async fn turn<'c, E: Engine>(&self, cx: &'c Cx<'c, E>) -> Result<Turn<'c, E>, OperationError>
    where
        Self: 'c,
    {
        loop {
            if let Some(turn) = Turn::take(cx, self.outside.clock).await? {
                return Ok(turn);
            }
            if self.timer.now_ms() - cx.now > TURN_WAIT_MS {
                return Err(Refusal::conflict("tick_under_way", "a tick is under way; try again").into());
            }
            self.timer.sleep(TURN_LOOK_MS).await;
        }
    }

    async fn rounds<E: Engine>(&self, turn: &Turn<'_, E>, report: &mut Report) -> Result<(), OperationError> {
        loop {
            let mut errors = BTreeSet::new();
            let survey = self.look(turn, report).await?;
            for finding in report.remaining.clone() {
                if !turn.goes_on().await? {
                    break;
                }
                if let Err(error) = self.carry_out(turn, &survey, &finding, report).await {
                    errors.insert(format!("{:?} {}: {error}", finding.thing, finding.id).to_lowercase());
                }
            }
            errors.extend(reconcile::wind_down(turn, self.outside).await?.error);
            let left = self.look(turn, report).await?;
            report.errors = errors.into_iter().chain(left.errors).collect();
            report.complete = report.remaining.is_empty() && report.errors.is_empty();
            if report.complete {
                return Ok(());
            }
            self.timer.sleep(LOOK_EVERY_MS).await;
            if !turn.goes_on().await? {
                return Ok(());
            }
        }
    }

    async fn look<E: Engine>(&self, turn: &Turn<'_, E>, report: &mut Report) -> Result<Survey, OperationError> {
        let cx = turn.cx();
        let survey = reconcile::survey(&cx, self.outside, self.provider, self.order.app.as_deref()).await?;
        report.remaining = findings_of(&survey, self.reach, cx.now);
        // What came into sight only now was found as well.
        let new = report.remaining.iter().filter(|left| !report.found.iter().any(|known| known.is_same(left)));
        let new: Vec<Finding> = new.cloned().collect();
        report.found.extend(new);
        Ok(survey)
    }

    async fn carry_out<E: Engine>(
        &self,
        turn: &Turn<'_, E>,
        survey: &Survey,
        finding: &Finding,
        report: &mut Report,
    ) -> Result<(), OperationError> {
        match (finding.step, &finding.worker_id) {
            (Step::Drain, Some(worker_id)) => self.drain(turn, worker_id, report).await,
            (Step::Delete, _) => self.delete(survey, finding).await,
            (Step::Drain | Step::Wait, _) => Ok(()),
        }
    }

    async fn drain<E: Engine>(&self, turn: &Turn<'_, E>, worker_id: &str, report: &mut Report) -> Result<(), OperationError> {
        if !report.drained.insert(worker_id.to_owned()) {
            return Ok(());
        }
        let cx = turn.cx();
        let deadline_at = if self.order.force { cx.now } else { cx.now + self.scaling.drain_deadline_ms };
        reconcile::drain(&cx, worker_id, deadline_at).await.map(drop)
    }

    async fn delete(&self, survey: &Survey, finding: &Finding) -> Result<(), OperationError> {
        let (app, id) = (&finding.app, &finding.id);
        let kind = survey.places.get(app).ok_or_else(|| OperationError::unexpected("an app that was not listed"))?;
        let provider = self.outside.provider(kind)?;
        let outcome = match finding.thing {
            // Its worker has no valid token any more, so there is nothing that a gentle stop could save.
            Thing::Machine => provider.delete_machine(app, id, true).await,
            Thing::Volume => provider.delete_volume(app, id).await,
        };
        match outcome {
            Err(trouble) if is_no_trouble(&trouble) => Ok(()),
            outcome => Ok(outcome?),
        }
    }
}

/// A volume that is still bound, and what the rate limits put off, goes in the next round.
fn is_no_trouble(trouble: &Trouble) -> bool {
    matches!(trouble.kind, TroubleKind::NotYet | TroubleKind::Busy { .. })
}
