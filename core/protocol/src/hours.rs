//! Hours of a week in a time zone: of a queue's office, of a user's shift.

use serde::{Deserialize, Serialize};

/// The hours of a week by the clock on the wall, without the days that are taken out.
///
/// What the wall clock shows decides: in the hour that comes twice in autumn both count, and an interval that lies in the
/// hour that is left out in spring is empty on that day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekHours {
    /// The IANA name of the time zone, such as `Europe/Berlin`.
    pub zone: String,
    /// The intervals, in any order; they may touch and overlap.
    #[serde(default)]
    pub intervals: Vec<Interval>,
    /// Days without hours, `YYYY-MM-DD`. An interval belongs to the day on which it begins.
    #[serde(default)]
    pub holidays: Vec<String>,
}

/// One stretch of a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The day on which it begins: 1 Monday to 7 Sunday (ISO 8601).
    pub day: u8,
    /// Minutes from midnight, 0 to 1439.
    pub from: u16,
    /// Minutes from midnight, 1 to 1440, not included; at or below `from` it ends on the next day.
    pub to: u16,
}
