//! What carries our tag and belongs to no worker. What does not carry it is never touched.

use super::unowned::unowned;
use super::{Action, View};
use crate::cleanup::Thing;

/// Deletes machines and volumes without an owner, when it is time.
pub(super) fn steps(view: &View<'_>) -> Vec<Action> {
    let unowned = unowned(&view.inventory.workers, &view.inventory.listings);
    let due = unowned.into_iter().filter(|one| one.removed_from.is_some_and(|at| at <= view.now));
    let delete = |app, thing, id| match thing {
        Thing::Machine => Action::DeleteOrphanMachine { app, machine_id: id },
        Thing::Volume => Action::DeleteOrphanVolume { app, volume_id: id },
    };
    due.map(|one| delete(one.app, one.thing, one.id)).collect()
}
