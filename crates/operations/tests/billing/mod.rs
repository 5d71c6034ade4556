//! What must not be billed, and what was: cleanups, figures, costs.

mod clash;
mod days_corpus;
mod figures;
mod money;
mod orders;
mod volumes;
mod weak_spots;
