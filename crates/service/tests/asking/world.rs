//! A migrated database, a clock of the test, and keys that ask.

use std::cell::Cell;

use clawstead_domain::api_key::{Reach, Scope};
use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Ledger};
use clawstead_operations::Cx;
use clawstead_service::Principal;
use futures::executor::block_on;
use tempfile::TempDir;

pub(crate) const START: i64 = 1_700_000_000_000;

/// What fills buffers where the real thing would be random.
type Dice = Box<dyn Fn(&mut [u8])>;

pub(crate) struct World {
    ledger: Ledger<NativeEngine>,
    now: Cell<i64>,
    dice: Dice,
    _folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log.db");
        let ledger = block_on(async {
            let ledger = Ledger::new(NativeEngine::open(&file, Durability::Normal).await.unwrap());
            ledger.migrate("test", START).await.unwrap();
            ledger
        });
        let state = Cell::new(0_u8);
        let dice = move |buffer: &mut [u8]| buffer.fill_with(|| state.replace(state.get().wrapping_add(1)));
        Self { ledger, now: Cell::new(START), dice: Box::new(dice), _folder: folder }
    }

    pub(crate) fn cx(&self) -> Cx<'_, NativeEngine> {
        let now = self.now.get();
        Cx { ledger: &self.ledger, now, entropy: &*self.dice, actor: "test:1".to_owned(), correlation: "c".to_owned() }
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.now.set(self.now.get() + ms);
    }
}

/// A key of a consumer app, for these agents and users.
pub(crate) fn key(agents: Option<&[&str]>, users: Option<&[&str]>) -> Principal {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
    of(Reach { agents: agents.map(names), users: users.map(names), companies: None })
}

/// A key of a consumer app, for what belongs to these companies.
pub(crate) fn company_key(companies: &[&str]) -> Principal {
    let companies = companies.iter().map(|name| (*name).to_owned()).collect();
    of(Reach { companies: Some(companies), ..Reach::default() })
}

fn of(reach: Reach) -> Principal {
    Principal::Service { key_id: "k".to_owned(), scopes: vec![Scope::Messages], reach }
}
