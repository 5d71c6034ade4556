//! The dice that guests throw.

use rand::TryRng;
use std::convert::Infallible;
use std::sync::Arc;

/// Randomness for guests. A simulation passes its own, with a seed.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`. For anything but a simulation they must be fit for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// A generator that the operating system seeds, fit for keys.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        rand::Rng::fill_bytes(&mut rand::rng(), bytes);
    }
}

/// The dice as the generator that `wasmtime-wasi` asks for.
pub(crate) struct WasiRandom(pub(crate) Arc<dyn Random>);

impl WasiRandom {
    /// The seed for a guest's hash maps.
    pub(crate) fn seed(&self) -> u128 {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        u128::from_le_bytes(bytes)
    }
}

impl TryRng for WasiRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}
