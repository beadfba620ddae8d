//! Times as an operator reads them.

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, TimeZone, Utc};

/// The zone that times are shown in.
#[derive(Debug, Clone, Copy)]
pub enum Zone {
    /// The machine's.
    Local,
    /// A fixed one: tests.
    Fixed(FixedOffset),
}

impl Zone {
    /// This moment in this zone, with the offset that was in force then.
    pub fn at(&self, millis: i64) -> DateTime<FixedOffset> {
        let utc = Utc.timestamp_millis_opt(millis).single().unwrap_or_default();
        match self {
            Zone::Local => utc.with_timezone(&Local).fixed_offset(),
            Zone::Fixed(offset) => utc.with_timezone(offset),
        }
    }

    /// When the clock on the wall shows this; the first time where it does so twice, none where it never does.
    pub fn instant(&self, local: NaiveDateTime) -> Option<i64> {
        match self {
            Zone::Local => Local.from_local_datetime(&local).earliest().map(|at| at.timestamp_millis()),
            Zone::Fixed(offset) => offset.from_local_datetime(&local).earliest().map(|at| at.timestamp_millis()),
        }
    }
}

/// "now", "3 min", "2 h", "5 d": how long something has lasted.
pub fn lasted(millis: i64) -> String {
    match millis / 60_000 {
        ..1 => "now".into(),
        minutes @ 1..60 => format!("{minutes} min"),
        minutes @ 60..1440 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1440),
    }
}

/// The time of today, the weekday of this week, otherwise the date.
pub fn short(at: i64, now: i64, zone: &Zone) -> String {
    let (at, now) = (zone.at(at), zone.at(now));
    match (now.date_naive() - at.date_naive()).num_days() {
        ..=0 => at.format("%H:%M").to_string(),
        1..=6 => at.format("%a").to_string(),
        _ => at.format("%-d %b").to_string(),
    }
}

/// A time to come: of today, with the weekday within a week, otherwise with the date.
pub fn coming(at: i64, now: i64, zone: &Zone) -> String {
    let (at, now) = (zone.at(at), zone.at(now));
    match (at.date_naive() - now.date_naive()).num_days() {
        ..=0 => at.format("%H:%M").to_string(),
        1..=6 => at.format("%a %H:%M").to_string(),
        _ => at.format("%-d %b %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_exact_as_its_age_deserves() {
        let zone = Zone::Fixed(FixedOffset::east_opt(3_600).unwrap());
        let now = 1_700_000_000_000; // Tuesday 2023-11-14 23:13:20 +01:00
        assert_eq!(short(now, now, &zone), "23:13");
        assert_eq!(short(now - 86_400_000, now, &zone), "Mon");
        assert_eq!(short(now - 30 * 86_400_000, now, &zone), "15 Oct");
        assert_eq!([0, 60_000, 7_200_000, 172_800_000].map(lasted), ["now", "1 min", "2 h", "2 d"]);
    }
}
