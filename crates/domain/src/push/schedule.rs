//! When a push job runs: at times of days, by the clocks of a place. "Every so many minutes" is not among them.

use serde::{Deserialize, Serialize};

/// How often. The word for a schedule's kind, and for what a template is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Periodicity {
    /// Only when somebody asks.
    Manual,
    /// Every day.
    Daily,
    /// On one day of each week.
    Weekly,
    /// On one day of each month.
    Monthly,
}

/// When a push job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Only when somebody asks.
    Manual {},
    /// Every day.
    Daily {
        /// At this time.
        time: TimeOfDay,
    },
    /// On one day of each week.
    Weekly {
        /// On which.
        weekday: Weekday,
        /// At this time.
        time: TimeOfDay,
    },
    /// On one day of each month.
    Monthly {
        /// On which.
        #[serde(alias = "dayOfMonth")]
        day_of_month: DayOfMonth,
        /// At this time.
        time: TimeOfDay,
    },
}

impl Schedule {
    /// How often that is.
    pub fn periodicity(self) -> Periodicity {
        match self {
            Self::Manual {} => Periodicity::Manual,
            Self::Daily { .. } => Periodicity::Daily,
            Self::Weekly { .. } => Periodicity::Weekly,
            Self::Monthly { .. } => Periodicity::Monthly,
        }
    }

    /// The time of day, unless it only runs when somebody asks.
    pub fn time(self) -> Option<TimeOfDay> {
        match self {
            Self::Manual {} => None,
            Self::Daily { time } | Self::Weekly { time, .. } | Self::Monthly { time, .. } => Some(time),
        }
    }
}

/// A time of day, written `HH:MM`, from 00:00 to 23:59.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let two = |part: &str| (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok()).flatten();
        let read = || {
            let (hour, minute) = text.trim().split_once(':')?;
            Some(Self { hour: two(hour)?, minute: two(minute)? })
        };
        read().filter(|time| time.hour < 24 && time.minute < 60).ok_or("expected a time from 00:00 to 23:59")
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.hour, time.minute)
    }
}

/// A day of the week: 1 is Monday, 7 is Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Weekday(i8);

impl Weekday {
    /// 1 to 7.
    pub fn number(self) -> i8 {
        self.0
    }
}

impl TryFrom<i64> for Weekday {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        i8::try_from(number).ok().filter(|day| (1..=7).contains(day)).map(Self).ok_or("expected a weekday from 1 to 7")
    }
}

impl From<Weekday> for i64 {
    fn from(day: Weekday) -> Self {
        Self::from(day.0)
    }
}

/// A day of a month. In a month that is too short, its last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NumberOrWord", into = "NumberOrWord")]
pub enum DayOfMonth {
    /// 1 to 31.
    Day(i8),
    /// The last one.
    Last,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NumberOrWord {
    Number(i64),
    Word(String),
}

impl TryFrom<NumberOrWord> for DayOfMonth {
    type Error = &'static str;

    fn try_from(day: NumberOrWord) -> Result<Self, Self::Error> {
        let day = match day {
            NumberOrWord::Number(number) => i8::try_from(number).ok().filter(|day| (1..=31).contains(day)).map(Self::Day),
            NumberOrWord::Word(word) => (word == "last").then_some(Self::Last),
        };
        day.ok_or("expected a day of the month from 1 to 31, or `last`")
    }
}

impl From<DayOfMonth> for NumberOrWord {
    fn from(day: DayOfMonth) -> Self {
        match day {
            DayOfMonth::Day(number) => Self::Number(i64::from(number)),
            DayOfMonth::Last => Self::Word("last".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Option<Schedule> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for written in [
            json!({"kind": "manual"}),
            json!({"kind": "daily", "time": "08:30"}),
            json!({"kind": "weekly", "weekday": 7, "time": "00:00"}),
            json!({"kind": "monthly", "day_of_month": 31, "time": "23:59"}),
            json!({"kind": "monthly", "day_of_month": "last", "time": "12:00"}),
        ] {
            assert_eq!(json!(read(written.clone()).unwrap()), written);
        }
        let of_existing_clients = json!({"kind": "monthly", "dayOfMonth": "last", "time": " 12:00 "});
        assert!(matches!(read(of_existing_clients), Some(Schedule::Monthly { day_of_month: DayOfMonth::Last, .. })));
    }

    #[test]
    fn pu15_what_cannot_be_is_not_read() {
        for bad in ["24:00", "8:30", "08:60", "-1:00", "08:30:00", "", "0a:00", "+8:00"] {
            assert_eq!(read(json!({"kind": "daily", "time": bad})), None, "{bad}");
        }
        for bad in [json!(0), json!(8), json!(-1), json!(1.5), json!("1"), json!(257)] {
            assert_eq!(read(json!({"kind": "weekly", "weekday": bad, "time": "08:00"})), None, "{bad}");
        }
        for bad in [json!(0), json!(32), json!("first"), json!(1.5), Value::Null] {
            assert_eq!(read(json!({"kind": "monthly", "day_of_month": bad, "time": "08:00"})), None, "{bad}");
        }
        for bad in [json!({"kind": "hourly"}), json!({}), json!({"kind": "daily", "time": "08:00", "weekday": 1}), json!("daily")]
        {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
    }
}
