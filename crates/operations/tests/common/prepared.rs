//! What every world begins with: dice, and a migrated database.

use std::cell::Cell;
use std::sync::OnceLock;

use clawstead_ledger::engines::native::NativeEngine;
use clawstead_ledger::{Durability, Engine, Ledger};
use futures::executor::block_on;

use crate::world::START;

/// Fills a buffer.
pub(crate) type Dice = Box<dyn Fn(&mut [u8])>;

/// SplitMix64.
pub(crate) fn dice() -> Dice {
    let state = Cell::new(1_u64);
    Box::new(move |buffer| {
        for byte in buffer {
            state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
            let mixed = (state.get() ^ (state.get() >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 32) as u8;
        }
    })
}

/// The bytes of a migrated database. Made once: a property test needs hundreds.
pub(crate) fn migrated() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("template.db");
        let ledger = Ledger::new(block_on(NativeEngine::open(&file, Durability::Normal)).unwrap());
        block_on(ledger.migrate("test", START)).unwrap();
        block_on(ledger.engine().execute("PRAGMA wal_checkpoint(TRUNCATE)", &[])).unwrap();
        std::fs::read(&file).unwrap()
    })
}
