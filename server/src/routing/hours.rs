//! Hours of a week in a time zone: whether it is open, and when that changes.
//!
//! What the clock on the wall shows decides. When the clock is set back an hour comes twice, and both count; when it is set
//! forward an interval within the hour that is left out is empty on that day, and one that begins or ends in it does so
//! when the clock jumps.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use chrono_tz::Tz;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::hours::{Interval, WeekHours};

/// The most intervals and the most holidays; more is a mistake, and would make every question slow.
pub const MAX_ENTRIES: usize = 400;

const MINUTES_OF_DAY: u16 = 24 * 60;
/// Without a holiday the state changes within this many days, or never: one week, and another when the only hours of the
/// first fall into the hour that is left out.
const REGULAR_DAYS: u64 = 21;
/// How far [`Hours::add_open`] counts. Nobody waits longer.
const HORIZON_MS: i64 = 366 * 24 * 60 * 60 * 1000;

/// What is wrong with hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// No such zone.
    #[error("there is no time zone {0:?}; write its IANA name, such as Europe/Berlin")]
    Zone(String),
    /// Not a day of the week.
    #[error("interval {index}: day {day} is none of 1 (Monday) to 7 (Sunday)")]
    Day {
        /// Which interval, from 1.
        index: usize,
        /// The day.
        day: u8,
    },
    /// Not a minute of the day.
    #[error("interval {index}: it begins at minute {from}, which is not 0 to 1439")]
    From {
        /// Which interval, from 1.
        index: usize,
        /// The minute.
        from: u16,
    },
    /// Not a minute of the day.
    #[error("interval {index}: it ends at minute {to}, which is not 1 to 1440")]
    To {
        /// Which interval, from 1.
        index: usize,
        /// The minute.
        to: u16,
    },
    /// Not a date.
    #[error("holiday {0:?} is no date; write YYYY-MM-DD")]
    Holiday(String),
    /// Too many.
    #[error("more than {MAX_ENTRIES} {0}")]
    TooMany(&'static str),
}

/// Hours that were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    zone: Tz,
    intervals: Vec<Interval>,
    holidays: BTreeSet<NaiveDate>,
}

impl Hours {
    /// Checks hours; the error names what is wrong with them.
    pub fn new(week: &WeekHours) -> Result<Hours, HoursError> {
        let zone: Tz = week.zone.parse().map_err(|_| HoursError::Zone(week.zone.chars().take(64).collect()))?;
        if week.intervals.len() > MAX_ENTRIES {
            return Err(HoursError::TooMany("intervals"));
        }
        if week.holidays.len() > MAX_ENTRIES {
            return Err(HoursError::TooMany("holidays"));
        }
        for (index, &Interval { day, from, to }) in (1..).zip(&week.intervals) {
            if !(1..=7).contains(&day) {
                return Err(HoursError::Day { index, day });
            }
            if from >= MINUTES_OF_DAY {
                return Err(HoursError::From { index, from });
            }
            if !(1..=MINUTES_OF_DAY).contains(&to) {
                return Err(HoursError::To { index, to });
            }
        }
        let holidays = week.holidays.iter().map(|day| date(day)).collect::<Result<_, _>>()?;
        Ok(Hours { zone, intervals: week.intervals.clone(), holidays })
    }

    /// Whether it is open at this moment.
    pub fn is_open(&self, at: UnixMillis) -> bool {
        self.wall(at).is_some_and(|wall| self.is_open_on_the_wall(wall))
    }

    /// The first moment after `at` at which it opens or closes; `None` when it never does.
    pub fn next_change(&self, at: UnixMillis) -> Option<UnixMillis> {
        if self.intervals.is_empty() {
            return None;
        }
        let open = self.is_open(at);
        let first = self.wall(at)?.date().pred_opt()?;
        let mut day = first;
        let mut until = first.checked_add_days(Days::new(REGULAR_DAYS))?;
        loop {
            let change = self.moments(day).into_iter().find(|&moment| moment > at && self.is_open(moment) != open);
            if change.is_some() {
                return change;
            }
            day = day.succ_opt()?;
            if day > until {
                // Nothing changes by the week alone: the next holiday may, and the weeks after it.
                let holiday = *self.holidays.range(until..).next()?;
                day = holiday.pred_opt()?.max(day);
                until = holiday.checked_add_days(Days::new(REGULAR_DAYS))?;
            }
        }
    }

    /// Whether it was open at some moment of `from <= moment < to`.
    pub fn opened_between(&self, from: UnixMillis, to: UnixMillis) -> bool {
        from < to && (self.is_open(from) || self.next_change(from).is_some_and(|opened| opened < to))
    }

    /// The moment at which it was open for `millis` in all since `from`; `None` when that takes more than a year.
    pub fn add_open(&self, from: UnixMillis, millis: i64) -> Option<UnixMillis> {
        let (mut at, mut left, mut open) = (from, millis.max(0), self.is_open(from));
        loop {
            let next = self.next_change(at);
            if open {
                let end = at.checked_add(left)?;
                match next {
                    Some(next) if next < end => left -= next - at,
                    _ => return Some(end),
                }
            }
            at = next?;
            open = !open;
            if at.saturating_sub(from) > HORIZON_MS {
                return None;
            }
        }
    }

    fn wall(&self, at: UnixMillis) -> Option<NaiveDateTime> {
        Some(DateTime::from_timestamp_millis(at)?.with_timezone(&self.zone).naive_local())
    }

    fn is_open_on_the_wall(&self, wall: NaiveDateTime) -> bool {
        let minute = u16::try_from(wall.hour() * 60 + wall.minute()).unwrap_or(0);
        let today = wall.date();
        if self.of(today).any(|Interval { from, to, .. }| from <= minute && (minute < to || to <= from)) {
            return true;
        }
        let Some(yesterday) = today.pred_opt() else { return false };
        self.of(yesterday).any(|Interval { from, to, .. }| to <= from && minute < to)
    }

    /// The intervals that begin on a day.
    fn of(&self, day: NaiveDate) -> impl Iterator<Item = Interval> + '_ {
        let holiday = self.holidays.contains(&day);
        let weekday = u8::try_from(day.weekday().number_from_monday()).unwrap_or(0);
        self.intervals.iter().copied().filter(move |interval| !holiday && interval.day == weekday)
    }

    /// Every moment that shows this day at which something may change, in order: days do not overlap, so what is found first
    /// comes first.
    fn moments(&self, day: NaiveDate) -> Vec<UnixMillis> {
        let mut moments: Vec<UnixMillis> = self.clock_set(day).into_iter().collect();
        for begins in [day.pred_opt(), Some(day)].into_iter().flatten() {
            for Interval { from, to, .. } in self.of(begins) {
                let end = if to <= from { begins.succ_opt() } else { Some(begins) };
                let walls = [wall_time(begins, from), end.and_then(|end| wall_time(end, to))];
                for wall in walls.into_iter().flatten().filter(|wall| wall.date() == day) {
                    match self.zone.from_local_datetime(&wall) {
                        MappedLocalTime::Single(at) => moments.push(at.timestamp_millis()),
                        MappedLocalTime::Ambiguous(a, b) => {
                            moments.extend([a.timestamp_millis(), b.timestamp_millis()]);
                        }
                        // In the hour that is left out: it is when the clock jumps.
                        MappedLocalTime::None => {}
                    }
                }
            }
        }
        moments.sort_unstable();
        moments
    }

    /// When the clock is set on a day, if it is: the first second that has the new offset, which shows this day.
    fn clock_set(&self, day: NaiveDate) -> Option<UnixMillis> {
        // A day of the wall lies within these, whatever the zone.
        let noon = day.and_time(NaiveTime::from_hms_opt(12, 0, 0)?).and_utc().timestamp();
        let (mut before, mut after) = (noon - 30 * 3600, noon + 30 * 3600);
        let old = self.offset(before)?;
        if self.offset(after)? == old {
            return None;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.offset(middle)? == old { before = middle } else { after = middle }
        }
        let at = after.checked_mul(1000)?;
        (self.wall(at)?.date() == day).then_some(at)
    }

    fn offset(&self, second: i64) -> Option<i64> {
        let utc = DateTime::from_timestamp(second, 0)?;
        Some(utc.with_timezone(&self.zone).naive_local().and_utc().timestamp() - second)
    }
}

/// `YYYY-MM-DD`, and nothing that merely reads like it.
fn date(text: &str) -> Result<NaiveDate, HoursError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| date.format("%Y-%m-%d").to_string() == text)
        .ok_or_else(|| HoursError::Holiday(text.chars().take(32).collect()))
}

/// A minute of a day; 1440 is the next day's first.
fn wall_time(day: NaiveDate, minute: u16) -> Option<NaiveDateTime> {
    let day = if minute == MINUTES_OF_DAY { day.succ_opt()? } else { day };
    let minute = u32::from(minute % MINUTES_OF_DAY);
    day.and_hms_opt(minute / 60, minute % 60, 0)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    const MINUTE: i64 = 60_000;

    fn week(zone: &str, intervals: &[(u8, u16, u16)], holidays: &[&str]) -> WeekHours {
        WeekHours {
            zone: zone.into(),
            intervals: intervals.iter().map(|&(day, from, to)| Interval { day, from, to }).collect(),
            holidays: holidays.iter().map(|day| (*day).into()).collect(),
        }
    }

    fn hours(zone: &str, intervals: &[(u8, u16, u16)], holidays: &[&str]) -> Hours {
        Hours::new(&week(zone, intervals, holidays)).unwrap()
    }

    /// `2026-03-29T01:00Z` as milliseconds.
    fn at(text: &str) -> UnixMillis {
        DateTime::parse_from_rfc3339(&text.replace('Z', ":00Z")).unwrap().timestamp_millis()
    }

    const BERLIN: &str = "Europe/Berlin";
    /// Monday to Friday, 9 to 17.
    const OFFICE: &[(u8, u16, u16)] = &[(1, 540, 1020), (2, 540, 1020), (3, 540, 1020), (4, 540, 1020), (5, 540, 1020)];

    #[test]
    fn f69_office_hours_by_the_wall_clock_of_their_zone() {
        let hours = hours(BERLIN, OFFICE, &["2026-12-25"]);
        // Thursday in winter: Berlin is an hour ahead of UTC.
        assert!(!hours.is_open(at("2026-11-19T07:59Z")));
        assert!(hours.is_open(at("2026-11-19T08:00Z")));
        assert!(!hours.is_open(at("2026-11-19T16:00Z")));
        // In summer two.
        assert!(hours.is_open(at("2026-07-16T07:00Z")));
        // Friday evening to Monday morning.
        assert_eq!(hours.next_change(at("2026-11-20T16:00Z")), Some(at("2026-11-23T08:00Z")));
        // Christmas is a Friday.
        assert_eq!(hours.next_change(at("2026-12-24T16:00Z")), Some(at("2026-12-28T08:00Z")));
        assert!(!hours.opened_between(at("2026-12-24T16:00Z"), at("2026-12-28T08:00Z")));
        assert!(hours.opened_between(at("2026-12-24T16:00Z"), at("2026-12-28T08:01Z")));
    }

    #[test]
    fn f69_hours_across_midnight_belong_to_the_day_on_which_they_begin() {
        // Friday 22:00 to 06:00; 24 hours from Sunday noon.
        let night = hours(BERLIN, &[(5, 1320, 360), (7, 720, 720)], &["2026-11-27"]);
        assert!(night.is_open(at("2026-11-20T23:30Z")));
        assert!(night.is_open(at("2026-11-21T04:59Z")));
        assert!(!night.is_open(at("2026-11-21T05:00Z")));
        assert_eq!(night.next_change(at("2026-11-20T22:00Z")), Some(at("2026-11-21T05:00Z")));
        assert_eq!(night.next_change(at("2026-11-22T11:00Z")), Some(at("2026-11-23T11:00Z")));
        // The holiday takes its night away, until Saturday morning; Saturday's date is of no matter.
        assert!(!night.is_open(at("2026-11-28T02:00Z")));
        assert_eq!(night.next_change(at("2026-11-26T12:00Z")), Some(at("2026-11-29T11:00Z")));
    }

    #[test]
    fn f69_the_hour_that_is_left_out_and_the_hour_that_comes_twice() {
        // 29 March 2026, 01:00Z: two o'clock becomes three. 25 October, 01:00Z: three becomes two.
        let within = hours(BERLIN, &[(7, 120, 180)], &[]);
        assert!(!within.is_open(at("2026-03-29T00:59Z")));
        assert!(!within.is_open(at("2026-03-29T01:00Z")));
        assert_eq!(within.next_change(at("2026-03-28T12:00Z")), Some(at("2026-04-05T00:00Z")));
        let across = hours(BERLIN, &[(7, 150, 300)], &[]);
        assert_eq!(across.next_change(at("2026-03-28T12:00Z")), Some(at("2026-03-29T01:00Z")));
        assert_eq!(across.next_change(at("2026-03-29T01:00Z")), Some(at("2026-03-29T03:00Z")));
        // Both hours count.
        assert_eq!(within.next_change(at("2026-10-24T12:00Z")), Some(at("2026-10-25T00:00Z")));
        assert_eq!(within.next_change(at("2026-10-25T00:00Z")), Some(at("2026-10-25T02:00Z")));
        // It ends in the first one and is open again in the second.
        let half = hours(BERLIN, &[(7, 60, 150)], &[]);
        let mut moment = at("2026-10-24T12:00Z");
        let changes: Vec<_> = std::iter::from_fn(|| {
            moment = half.next_change(moment)?;
            Some(moment)
        })
        .take(4)
        .collect();
        let expected = ["2026-10-24T23:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z"];
        assert_eq!(changes, expected.map(at));
    }

    #[test]
    fn f69_always_and_never_do_not_change() {
        let always: Vec<_> = (1..=7).map(|day| (day, 0, 1440)).collect();
        assert_eq!(hours("UTC", &always, &[]).next_change(0), None);
        assert!(hours("UTC", &always, &[]).is_open(0));
        assert_eq!(hours("UTC", &[], &[]).next_change(0), None);
        assert!(!hours("UTC", &[], &[]).is_open(0));
        // But for a holiday years ahead.
        let holiday = hours("UTC", &always, &["2034-02-03"]);
        assert_eq!(holiday.next_change(at("2026-01-01T00:00Z")), Some(at("2034-02-03T00:00Z")));
        assert_eq!(holiday.next_change(at("2034-02-03T00:00Z")), Some(at("2034-02-04T00:00Z")));
        assert_eq!(holiday.next_change(at("2034-02-04T00:00Z")), None);
        // A clock that makes no sense is no panic.
        assert!(!hours("UTC", &always, &[]).is_open(i64::MAX));
        assert_eq!(hours("UTC", OFFICE, &[]).next_change(i64::MIN), None);
        assert_eq!(hours("UTC", OFFICE, &[]).add_open(i64::MAX - 5, 10), None);
    }

    #[test]
    fn f40_time_is_counted_within_hours_alone() {
        let hours = hours(BERLIN, OFFICE, &[]);
        // An hour from Friday 16:30: half of it on Friday, half on Monday.
        assert_eq!(hours.add_open(at("2026-11-20T15:30Z"), 60 * MINUTE), Some(at("2026-11-23T08:30Z")));
        assert_eq!(hours.add_open(at("2026-11-20T12:00Z"), 60 * MINUTE), Some(at("2026-11-20T13:00Z")));
        // It ends with the hours, not when they begin again.
        assert_eq!(hours.add_open(at("2026-11-20T15:30Z"), 30 * MINUTE), Some(at("2026-11-20T16:00Z")));
        assert_eq!(hours.add_open(at("2026-11-21T12:00Z"), MINUTE), Some(at("2026-11-23T08:01Z")));
        assert_eq!(self::hours("UTC", &[], &[]).add_open(0, 1), None);
        let short = self::hours("UTC", &[(1, 0, 1)], &[]);
        assert_eq!(short.add_open(0, 100 * MINUTE), None, "more than a year");
    }

    #[test]
    fn bad_hours_are_named() {
        let error = |zone: &str, interval, holiday: &str| {
            Hours::new(&week(zone, &[(1, 0, 60), interval], &[holiday])).unwrap_err().to_string()
        };
        let (fine, day) = ((1, 0, 60), "2026-12-25");
        assert!(error("Europe/Atlantis", fine, day).contains("no time zone \"Europe/Atlantis\""));
        assert!(error("", fine, day).contains("no time zone"));
        assert_eq!(error(BERLIN, (0, 0, 60), day), "interval 2: day 0 is none of 1 (Monday) to 7 (Sunday)");
        assert!(error(BERLIN, (8, 0, 60), day).contains("day 8"));
        assert!(error(BERLIN, (1, 1440, 60), day).contains("begins at minute 1440"));
        assert!(error(BERLIN, (1, 60, 0), day).contains("ends at minute 0"));
        assert!(error(BERLIN, (1, 60, 1441), day).contains("ends at minute 1441"));
        for bad in ["2026-02-29", "25.12.2026", "2026-1-1", " 2026-01-01", "", "+2026-01-01"] {
            assert!(error(BERLIN, fine, bad).contains("is no date"), "{bad}");
        }
        let many = week(BERLIN, &[(1, 0, 60); MAX_ENTRIES + 1], &[]);
        assert_eq!(Hours::new(&many), Err(HoursError::TooMany("intervals")));
    }

    /// Every answer is the one that asking minute by minute gives, in zones with every kind of oddity: set at midnight, by
    /// half an hour, in the southern half, over a whole day.
    #[test]
    fn f69_changes_are_those_that_asking_every_minute_finds() {
        let zones = [
            (BERLIN, "2026-03-27T00:00Z"),
            (BERLIN, "2026-10-23T00:00Z"),
            ("America/Havana", "2026-03-06T00:00Z"),
            ("America/Havana", "2026-10-30T00:00Z"),
            ("Australia/Lord_Howe", "2026-04-03T00:00Z"),
            ("Australia/Lord_Howe", "2026-10-02T00:00Z"),
            ("Pacific/Apia", "2011-12-28T00:00Z"),
            ("Asia/Kathmandu", "2026-06-01T00:00Z"),
        ];
        let seeds: u64 = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(8);
        for (seed, (zone, from)) in (0..seeds).flat_map(|seed| zones.map(|zone| (seed, zone))) {
            let (mut random, from) = (StdRng::seed_from_u64(seed), at(from));
            {
                let intervals: Vec<_> = (0..random.random_range(1..10))
                    .map(|_| {
                        let (day, from, to) =
                            (random.random_range(1..=7), random.random_range(0..48), random.random_range(1..=48));
                        (day, from * 30, to * 30)
                    })
                    .collect();
                let holiday = DateTime::from_timestamp_millis(from + random.random_range(0..5) * 86_400_000).unwrap();
                let holiday = holiday.format("%Y-%m-%d").to_string();
                let holidays: &[&str] = if random.random() { &[] } else { &[&holiday] };
                let hours = hours(zone, &intervals, holidays);
                let (mut moment, mut open, mut next) = (from, hours.is_open(from), hours.next_change(from));
                while moment < from + 6 * 86_400_000 {
                    moment += MINUTE;
                    if hours.is_open(moment) != open {
                        assert_eq!(next, Some(moment), "seed {seed} {zone} {intervals:?} {holiday}");
                        open = !open;
                        next = hours.next_change(moment);
                    } else {
                        assert!(next.is_none_or(|next| next > moment), "seed {seed} {zone} {intervals:?} {holiday}");
                    }
                }
            }
        }
    }
}
