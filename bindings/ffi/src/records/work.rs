use switchboard_core as core;
use switchboard_core::QueueId;

use super::mirror;

mirror! {
    /// Whether a user can be offered chats.
    Presence {
        /// Is offered chats.
        Available,
        /// Is there, and wants no new chats.
        Away,
        /// Is not at work.
        OffShift,
    }
}

/// Hours of a week in a time zone, by the clock on the wall, without the days that are taken out.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WeekHours {
    /// The IANA name of the time zone, such as `Europe/Berlin`.
    pub zone: String,
    /// The intervals, in any order; they may touch and overlap.
    pub intervals: Vec<Interval>,
    /// Days without hours, `YYYY-MM-DD`. An interval belongs to the day on which it begins.
    #[uniffi(default = [])]
    pub holidays: Vec<String>,
}

/// One stretch of a day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Record)]
pub struct Interval {
    /// The day on which it begins: 1 Monday to 7 Sunday (ISO 8601).
    pub day: u8,
    /// Minutes from midnight, 0 to 1439.
    pub from: u16,
    /// Minutes from midnight, 1 to 1440, not included; at or below `from` it ends on the next day.
    pub to: u16,
}

impl From<core::WeekHours> for WeekHours {
    fn from(hours: core::WeekHours) -> Self {
        let interval = |core::Interval { day, from, to }: core::Interval| Interval { day, from, to };
        Self {
            zone: hours.zone,
            intervals: hours.intervals.into_iter().map(interval).collect(),
            holidays: hours.holidays,
        }
    }
}

impl From<WeekHours> for core::WeekHours {
    fn from(hours: WeekHours) -> Self {
        let interval = |Interval { day, from, to }: Interval| core::Interval { day, from, to };
        Self {
            zone: hours.zone,
            intervals: hours.intervals.into_iter().map(interval).collect(),
            holidays: hours.holidays,
        }
    }
}

/// Whether this user is offered chats, and by which schedule. What was set on this device counts at once.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PresenceInfo {
    /// What holds now.
    pub presence: Presence,
    /// The user's own hours; none: by tap alone.
    pub schedule: Option<WeekHours>,
}

impl From<core::PresenceInfo> for PresenceInfo {
    fn from(info: core::PresenceInfo) -> Self {
        Self { presence: info.presence.into(), schedule: info.schedule.map(WeekHours::from) }
    }
}

/// A queue that this user is a member of.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MyQueue {
    /// The queue.
    pub queue: QueueId,
    /// Its name.
    pub name: String,
    /// Whether the user is offered its chats.
    pub logged_in: bool,
    /// Whether its waiting chats are taken first and answered then.
    pub take_first: bool,
}

impl From<core::MyQueue> for MyQueue {
    fn from(queue: core::MyQueue) -> Self {
        Self { queue: queue.queue, name: queue.name, logged_in: queue.logged_in, take_first: queue.take_first }
    }
}

/// The state of the user's own work: what a presence switch and a list of queues show.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Work {
    /// Available, Away or Off shift, and the schedule.
    pub presence: PresenceInfo,
    /// The user's queues, by name.
    pub queues: Vec<MyQueue>,
}

impl From<core::Work> for Work {
    fn from(work: core::Work) -> Self {
        Self { presence: work.presence.into(), queues: work.queues.into_iter().map(MyQueue::from).collect() }
    }
}
