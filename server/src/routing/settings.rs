//! What an admin sets of a queue.

use serde::{Deserialize, Serialize};
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::{GroupId, UserId};
use switchboard_protocol::limits;

use super::hours::{Hours, HoursError};

/// Milliseconds of the longest time that a queue may set: 30 days.
pub const MAX_TIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How many users [`Distribution::Random`] and [`Distribution::First`] offer a chat to when nothing else is said.
pub const DEFAULT_N: u32 = 3;

/// To which of a queue's members a waiting chat is offered (F9). Only members who are there count: enabled, Available and
/// logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// To all of them.
    #[default]
    Everyone,
    /// To one named member.
    OneUser {
        /// The member.
        user: UserId,
    },
    /// To so many of them, by lot.
    Random {
        /// How many; above their number it means all.
        #[serde(default = "default_n")]
        n: u32,
    },
    /// To the first of them in the queue's order.
    First {
        /// How many; above their number it means all.
        #[serde(default = "default_n")]
        n: u32,
    },
    /// To the one after whom was served last.
    RoundRobin,
    /// To the one with the fewest open chats.
    LeastBusy,
    /// To the one whose last reply is the longest ago.
    LongestIdle,
}

const fn default_n() -> u32 {
    DEFAULT_N
}

impl Distribution {
    /// The name as it stands in JSON, SQL and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Distribution::Everyone => "everyone",
            Distribution::OneUser { .. } => "one_user",
            Distribution::Random { .. } => "random",
            Distribution::First { .. } => "first",
            Distribution::RoundRobin => "round_robin",
            Distribution::LeastBusy => "least_busy",
            Distribution::LongestIdle => "longest_idle",
        }
    }

    /// Every name.
    pub const NAMES: &'static [&'static str] =
        &["everyone", "one_user", "random", "first", "round_robin", "least_busy", "longest_idle"];

    /// The distribution of this name with what belongs to it, as SQL and the command line hold it. `None`: no such name, or
    /// `one_user` without a user.
    pub fn from_parts(name: &str, n: Option<u32>, user: Option<UserId>) -> Option<Distribution> {
        let n = n.unwrap_or(DEFAULT_N);
        Some(match name {
            "everyone" => Distribution::Everyone,
            "one_user" => Distribution::OneUser { user: user? },
            "random" => Distribution::Random { n },
            "first" => Distribution::First { n },
            "round_robin" => Distribution::RoundRobin,
            "least_busy" => Distribution::LeastBusy,
            "longest_idle" => Distribution::LongestIdle,
            _ => return None,
        })
    }

    /// The number that belongs to it.
    pub const fn n(self) -> Option<u32> {
        match self {
            Distribution::Random { n } | Distribution::First { n } => Some(n),
            _ => None,
        }
    }

    /// The user who belongs to it.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Distribution::OneUser { user } => Some(user),
            _ => None,
        }
    }
}

/// What an admin sets of a queue, beside its name and its members.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueSettings {
    /// The group that it belongs to, whose managers are told of its alarms. Routing does not look at it.
    pub group: Option<GroupId>,
    /// To whom its chats are offered.
    pub distribution: Distribution,
    /// After this long a waiting chat is offered to every member who is there. None: never.
    pub widen_after_ms: Option<i64>,
    /// Whether a chat is taken first and answered then (F11).
    pub take_first: bool,
    /// F40: a chat leaves an owner who is off shift, or leaves the customer unanswered for this long within hours. None: it
    /// stays with its owner.
    pub release_after_ms: Option<i64>,
    /// F40: a message this soon after Dealt with goes back to the same user. 0: by the route.
    pub return_within_ms: i64,
    /// When the queue is open. None: always.
    pub hours: Option<WeekHours>,
    /// What a customer who writes outside the hours is answered (F69). None: nothing.
    pub out_of_office: Option<String>,
}

/// What is wrong with a queue's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A number of members that can be nobody.
    #[error("{0}: n must be at least 1")]
    NoOne(&'static str),
    /// A time that is no time, or too long.
    #[error("{0} must be from 1 ms to 30 days")]
    Time(&'static str),
    /// The same, where 0 means off.
    #[error("{0} must be from 0 (off) to 30 days")]
    TimeOrOff(&'static str),
    /// The hours.
    #[error("hours: {0}")]
    Hours(#[from] HoursError),
    /// The out-of-office reply.
    #[error("out_of_office: the text is empty")]
    EmptyText,
    /// The out-of-office reply.
    #[error("out_of_office: the text is longer than {} bytes", limits::MAX_TEXT_BYTES)]
    TextTooLong,
}

impl QueueSettings {
    /// Whether they make sense; the error says what does not.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.distribution.n() == Some(0) {
            return Err(SettingsError::NoOne(self.distribution.as_str()));
        }
        for (name, time) in [("widen_after_ms", self.widen_after_ms), ("release_after_ms", self.release_after_ms)] {
            if time.is_some_and(|time| !(1..=MAX_TIME_MS).contains(&time)) {
                return Err(SettingsError::Time(name));
            }
        }
        if !(0..=MAX_TIME_MS).contains(&self.return_within_ms) {
            return Err(SettingsError::TimeOrOff("return_within_ms"));
        }
        self.checked_hours()?;
        match &self.out_of_office {
            Some(text) if text.trim().is_empty() => Err(SettingsError::EmptyText),
            Some(text) if text.len() > limits::MAX_TEXT_BYTES => Err(SettingsError::TextTooLong),
            _ => Ok(()),
        }
    }

    /// The hours, ready to be asked. None: always open.
    pub fn checked_hours(&self) -> Result<Option<Hours>, HoursError> {
        self.hours.as_ref().map(Hours::new).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_protocol::hours::Interval;

    #[test]
    fn f9_settings_are_everyone_when_nothing_is_said() {
        let settings: QueueSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings, QueueSettings::default());
        assert_eq!(settings.distribution, Distribution::Everyone);
        assert_eq!(settings.check(), Ok(()));
        let three: Distribution = serde_json::from_str(r#"{"kind":"random"}"#).unwrap();
        assert_eq!(three, Distribution::Random { n: 3 });
        serde_json::from_str::<QueueSettings>(r#"{"distribution":{"kind":"random","m":2}}"#).unwrap_err();
        serde_json::from_str::<QueueSettings>(r#"{"take_frist":true}"#).unwrap_err();
    }

    #[test]
    fn every_distribution_survives_json_and_its_parts() {
        for &name in Distribution::NAMES {
            let one = Distribution::from_parts(name, Some(7), Some(UserId::new())).unwrap();
            assert_eq!(one.as_str(), name);
            assert_eq!(Distribution::from_parts(name, one.n(), one.user()), Some(one));
            assert_eq!(serde_json::from_str::<Distribution>(&serde_json::to_string(&one).unwrap()).unwrap(), one);
        }
        assert_eq!(Distribution::from_parts("one_user", None, None), None);
        assert_eq!(Distribution::from_parts("by_horoscope", None, None), None);
    }

    #[test]
    fn bad_settings_are_named() {
        let bad = |change: fn(&mut QueueSettings)| {
            let mut settings = QueueSettings::default();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert_eq!(bad(|s| s.distribution = Distribution::First { n: 0 }), "first: n must be at least 1");
        assert_eq!(bad(|s| s.widen_after_ms = Some(0)), "widen_after_ms must be from 1 ms to 30 days");
        assert_eq!(bad(|s| s.release_after_ms = Some(i64::MAX)), "release_after_ms must be from 1 ms to 30 days");
        assert_eq!(bad(|s| s.return_within_ms = -1), "return_within_ms must be from 0 (off) to 30 days");
        assert_eq!(bad(|s| s.out_of_office = Some(" \n".into())), "out_of_office: the text is empty");
        let long = bad(|s| s.out_of_office = Some("x".repeat(limits::MAX_TEXT_BYTES + 1)));
        assert!(long.starts_with("out_of_office: the text is longer"), "{long}");
        let hours = bad(|s| {
            let intervals = vec![Interval { day: 8, from: 0, to: 60 }];
            s.hours = Some(WeekHours { zone: "Europe/Berlin".into(), intervals, holidays: Vec::new() });
        });
        assert!(hours.starts_with("hours: "), "{hours}");
    }
}
