//! The next run of a schedule.

use jiff::Timestamp;
use jiff::civil::Date;

use super::schedule::{DayOfMonth, Schedule};
use super::zone::Zone;

/// Two months, and the days on which clocks and calendar may differ: every schedule has a day among them.
const DAYS: usize = 66;

/// The first instant after `after` at which a schedule is due, both in ms since the epoch; `None` when it only runs when somebody asks, or
/// the calendar ends.
///
/// A month that is too short has its last day instead. A time that the clocks leap over counts at the first instant after the leap, and one
/// that they show twice at the first of the two.
pub fn next_run(schedule: Schedule, zone: &Zone, after: i64) -> Option<i64> {
    let time = schedule.time()?;
    let after = Timestamp::from_millisecond(after).ok()?;
    // From the day before: a leap moves a time to the next day where whole days are left out.
    let first = zone.clock(after).date().yesterday().ok()?;
    let days = first.series(jiff::Span::new().days(1)).take(DAYS).filter(|day| falls_on(schedule, *day));
    let mut instants = days.filter_map(|day| zone.instant(day.at(time.hour, time.minute, 0, 0)));
    instants.find(|instant| *instant > after).map(Timestamp::as_millisecond)
}

fn falls_on(schedule: Schedule, day: Date) -> bool {
    match schedule {
        Schedule::Manual {} => false,
        Schedule::Daily { .. } => true,
        Schedule::Weekly { weekday, .. } => day.weekday().to_monday_one_offset() == weekday.number(),
        Schedule::Monthly { day_of_month: DayOfMonth::Day(wanted), .. } => day.day() == wanted.min(day.days_in_month()),
        Schedule::Monthly { day_of_month: DayOfMonth::Last, .. } => day.day() == day.days_in_month(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;

    const MINUTE_MS: i64 = 60_000;

    fn schedule(value: Value) -> Schedule {
        serde_json::from_value(value).unwrap()
    }

    fn ms(instant: &str) -> i64 {
        instant.parse::<Timestamp>().unwrap().as_millisecond()
    }

    /// The next run, as text in UTC.
    fn next(wanted: &Value, zone: &str, after: &str) -> String {
        let found = next_run(schedule(wanted.clone()), &Zone::parse(zone).unwrap(), ms(after)).unwrap();
        Timestamp::from_millisecond(found).unwrap().to_string()
    }

    fn daily(time: &str) -> Value {
        json!({"kind": "daily", "time": time})
    }

    fn weekly(weekday: i64, time: &str) -> Value {
        json!({"kind": "weekly", "weekday": weekday, "time": time})
    }

    fn monthly(day: &Value, time: &str) -> Value {
        json!({"kind": "monthly", "day_of_month": day, "time": time})
    }

    #[test]
    fn p1_slots_in_the_first_hour_of_a_day_are_on_their_day() {
        let from = "2026-01-01T12:00:00Z";
        assert_eq!(next(&weekly(1, "00:30"), "UTC", from), "2026-01-05T00:30:00Z");
        assert_eq!(next(&monthly(&json!(1), "00:00"), "UTC", from), "2026-02-01T00:00:00Z");
        assert_eq!(next(&monthly(&json!("last"), "00:00"), "UTC", from), "2026-01-31T00:00:00Z");
        assert_eq!(next(&weekly(1, "00:00"), "Asia/Kathmandu", from), "2026-01-04T18:15:00Z");
        assert_eq!(next(&weekly(1, "00:00"), "America/New_York", from), "2026-01-05T05:00:00Z");
    }

    #[test]
    fn the_next_run_is_after_the_instant_and_never_at_it() {
        assert_eq!(next(&daily("08:00"), "UTC", "2026-01-01T07:59:59.999Z"), "2026-01-01T08:00:00Z");
        assert_eq!(next(&daily("08:00"), "UTC", "2026-01-01T08:00:00Z"), "2026-01-02T08:00:00Z");
        assert_eq!(next(&weekly(1, "09:00"), "America/New_York", "2026-01-01T12:00:00Z"), "2026-01-05T14:00:00Z");
    }

    #[test]
    fn months_that_are_too_short_have_their_last_day() {
        let thirty_first = monthly(&json!(31), "09:00");
        assert_eq!(next(&thirty_first, "UTC", "2026-02-01T00:00:00Z"), "2026-02-28T09:00:00Z");
        assert_eq!(next(&thirty_first, "UTC", "2028-02-01T00:00:00Z"), "2028-02-29T09:00:00Z");
        assert_eq!(next(&thirty_first, "UTC", "2026-02-28T09:00:00Z"), "2026-03-31T09:00:00Z");
        assert_eq!(next(&monthly(&json!("last"), "09:00"), "UTC", "2026-04-30T09:00:00Z"), "2026-05-31T09:00:00Z");
    }

    #[test]
    fn p2_a_time_that_does_not_exist_is_the_first_instant_after_the_leap() {
        // Rome goes from 02:00 to 03:00 on 29 March 2026, New York on 8 March; both at the hour of the leap itself, too.
        for time in ["02:00", "02:30", "02:59"] {
            assert_eq!(next(&daily(time), "Europe/Rome", "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z", "{time}");
            assert_eq!(next(&daily(time), "America/New_York", "2026-03-07T12:00:00Z"), "2026-03-08T07:00:00Z", "{time}");
        }
        assert_eq!(next(&daily("02:30"), "Europe/Rome", "2026-03-29T01:00:00Z"), "2026-03-30T00:30:00Z");
        // Lord Howe leaps by half an hour.
        assert_eq!(next(&daily("02:15"), "Australia/Lord_Howe", "2026-10-03T12:00:00Z"), "2026-10-03T15:30:00Z");
        // Santiago leaps at midnight, so that a day begins at 01:00.
        assert_eq!(next(&daily("00:30"), "America/Santiago", "2026-09-05T12:00:00Z"), "2026-09-06T04:00:00Z");
    }

    #[test]
    fn p2_a_time_that_exists_twice_is_the_first_of_the_two_and_comes_once() {
        assert_eq!(next(&daily("02:30"), "Europe/Rome", "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next(&daily("02:30"), "Europe/Rome", "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
        assert_eq!(next(&daily("01:30"), "America/New_York", "2026-10-31T12:00:00Z"), "2026-11-01T05:30:00Z");
    }

    #[test]
    fn a_day_that_a_place_left_out_is_the_beginning_of_the_next() {
        // Samoa had no 30 December 2011.
        assert_eq!(next(&daily("08:00"), "Pacific/Apia", "2011-12-30T00:00:00Z"), "2011-12-30T10:00:00Z");
        assert_eq!(next(&daily("08:00"), "Pacific/Apia", "2011-12-30T10:00:00Z"), "2011-12-30T18:00:00Z");
    }

    #[test]
    fn what_has_no_next_run_says_so() {
        let utc = Zone::parse("UTC").unwrap();
        assert_eq!(next_run(Schedule::Manual {}, &utc, 0), None);
        for after in [i64::MAX, i64::MIN, ms("9999-12-30T00:00:00Z")] {
            assert_eq!(next_run(schedule(monthly(&json!(1), "00:00")), &utc, after), None, "{after}");
        }
    }

    const ZONES: &[&str] = &[
        "UTC",
        "Europe/Rome",
        "America/New_York",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "Africa/Cairo",
        "Pacific/Chatham",
        "Pacific/Apia",
        "Africa/Casablanca",
    ];

    fn schedules() -> impl Strategy<Value = Value> {
        let time = (0..24, select(vec![0, 15, 30, 45])).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
        prop_oneof![
            time.clone().prop_map(|time| daily(&time)),
            (1..=7_i64, time.clone()).prop_map(|(day, time)| weekly(day, &time)),
            (1..=31_i64, time.clone()).prop_map(|(day, time)| monthly(&json!(day), &time)),
            time.prop_map(|time| monthly(&json!("last"), &time)),
        ]
    }

    /// By looking at the clocks every quarter of an hour: rules of zones have no smaller parts in these years.
    fn by_looking(wanted: Schedule, zone: &Zone, after: i64) -> i64 {
        let time = wanted.time().unwrap();
        let quarter = 15 * MINUTE_MS;
        let clock = |at: i64| zone.clock(Timestamp::from_millisecond(at).unwrap());
        let shows = |at: i64, wanted_clock: jiff::civil::DateTime| clock(at) == wanted_clock;
        let mut at = (after.div_euclid(quarter) + 1) * quarter;
        loop {
            let (now, before) = (clock(at), clock(at - 1));
            let today = now.date().at(time.hour, time.minute, 0, 0);
            // The clocks show it, for the first time; or they have just leapt over it.
            let is_shown = now == today && !(1..=12).any(|back| shows(at - back * quarter, today));
            let is_leapt = before < today && today < now;
            let is_on_day = |day: Date| falls_on(wanted, day);
            if (is_shown || is_leapt) && is_on_day(today.date()) {
                return at;
            }
            at += quarter;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
        #[test]
        fn the_clocks_show_the_time_at_the_next_run_and_not_before(
            wanted in schedules(), zone in select(ZONES), after in 1_500_000_000_000_i64..2_200_000_000_000,
        ) {
            let (wanted, zone) = (schedule(wanted), Zone::parse(zone).unwrap());
            let found = next_run(wanted, &zone, after).unwrap();
            prop_assert_eq!(found, by_looking(wanted, &zone, after));
        }

        #[test]
        fn runs_go_on_for_ever_and_each_comes_after_the_last(
            wanted in schedules(), zone in select(ZONES), after in 0_i64..4_000_000_000_000,
        ) {
            let (wanted, zone) = (schedule(wanted), Zone::parse(zone).unwrap());
            let mut at = after;
            for _ in 0..20 {
                let next = next_run(wanted, &zone, at).unwrap();
                prop_assert!(next > at && next - at <= 33 * 24 * 60 * MINUTE_MS, "{} after {}", next, at);
                at = next;
            }
        }

        #[test]
        fn no_instant_makes_it_fail(wanted in schedules(), zone in select(ZONES), after: i64) {
            let found = next_run(schedule(wanted), &Zone::parse(zone).unwrap(), after);
            prop_assert!(found.is_none_or(|at| at > after));
        }
    }
}
