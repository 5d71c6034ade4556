//! Time zones, from the copy of the IANA database that is built in.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::{Refusal, text};

const NAME_BYTES_MAX: usize = 64;
/// Names that the database answers to, and that are no place.
const NO_PLACES: [&str; 2] = ["Etc/Unknown", "Factory"];

/// A time zone that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl Zone {
    /// Finds a zone by its name in the IANA database, as `Europe/Rome`; upper and lower case are one.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        text::check_text("timezone", name, NAME_BYTES_MAX)?;
        let unknown = || Refusal::invalid("timezone", "must be a time zone of the IANA database, as `Europe/Rome`");
        let rules = TimeZoneDatabase::bundled().get(name.trim()).map_err(|_| unknown())?;
        let name = rules.iana_name().filter(|name| !NO_PLACES.contains(name)).ok_or_else(unknown)?.to_owned();
        Ok(Self { name, rules })
    }

    /// Its name, in upper and lower case as the database has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the clocks of the place show at an instant.
    pub(super) fn clock(&self, instant: Timestamp) -> DateTime {
        self.rules.to_datetime(instant)
    }

    /// When the clocks of the place show a time. If they leap over it, the first instant after the leap; if they show it twice, the
    /// first of the two.
    pub(super) fn instant(&self, clock: DateTime) -> Option<Timestamp> {
        match self.rules.to_ambiguous_timestamp(clock).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(clock).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(clock).ok(),
            AmbiguousOffset::Gap { before, .. } => {
                // The clocks as they went before show this after the leap.
                let after = Timestamp::from_second(before.to_timestamp(clock).ok()?.as_second() + 1).ok()?;
                self.rules.preceding(after).next().map(|leap| leap.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_in_any_case() {
        assert_eq!(Zone::parse(" europe/rome").unwrap().name(), "Europe/Rome");
        assert_eq!(Zone::parse("utc").unwrap().name(), "UTC");
        for unknown in
            ["", " ", "Mars/Olympus", "+02:00", "CET-1CEST", "Etc/Unknown", "/etc/localtime", "../Rome", &"a".repeat(70)]
        {
            assert_eq!(Zone::parse(unknown).unwrap_err().field, Some("timezone"), "{unknown}");
        }
    }
}
