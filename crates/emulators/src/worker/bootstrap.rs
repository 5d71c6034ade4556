//! What happens before the loop: restore, then skills.

use super::run::Running;

impl Running {
    /// The error keeps the worker from starting.
    pub(crate) async fn boot(&mut self) -> Result<(), String> {
        self.restore().await;
        if !self.config.skills_from_manifest {
            return Ok(());
        }
        match self.materialise_skills().await {
            Ok(count) => {
                tracing::debug!(worker = self.config.worker_id, count, "skills materialised");
                Ok(())
            }
            Err(why) if self.config.skills_required => Err(why),
            Err(why) => {
                tracing::warn!(worker = self.config.worker_id, why, "starts without all skills");
                Ok(())
            }
        }
    }
}
