//! The rows and values that cross: flat, immutable, everything a cell draws, no follow-up call.
//!
//! Those that hold a customer's or an operator's words have no `Debug`, so that none reaches a log by way of `{:?}`.

mod account;
mod actions;
mod alarms;
mod contacts;
mod inbox;
mod notifications;
mod search;
mod staff;
mod templates;
mod timeline;
mod unsent;
mod work;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use account::{
    Account, CommandKind, CommandOutcome, ConnectionState, CoreOptions, Outcome, Platform, Role, Typing,
};
pub use actions::{
    ChatActions, Composer, NewContact, PassedOnLine, Placement, ScreenAction, TargetKind, TransferTarget,
    TransferTargetRow, UndoInfo,
};
pub use alarms::{AlarmKind, AlarmRow, BlockRow};
pub use contacts::{
    ContactCard, ContactEdit, ContactIdentity, ContactNote, ContactSuggestion, History, HistoryRow, IdentityKind,
    InfoAction, InfoActionKind, InfoFact, InfoFactKind, Information, LabelChoice, MergedPart,
};
pub use inbox::{ChannelKind, ChatState, InboxFilter, InboxOrder, InboxRow, InternalInfo, LabelInfo, LastMessage};
pub use notifications::{ChatNotification, DeskPart, KindSound, NotificationKind, NotificationSettings, Sound};
pub use search::{ContactHit, SearchHit, SearchResults, SnippetPart, TemplateHit};
pub use staff::Colleague;
pub use templates::{FilledTemplate, Template, TemplateGroup, TemplateItem, TemplatePicker, TemplateQuery};
pub use timeline::{
    ActivityKind, ActivityLine, AuthorKind, DeliveryState, MessageKind, ReleaseReason, StaleReason, TimelineRow,
};
pub use unsent::{UnsentReason, UnsentRow};
pub use work::{Interval, MyQueue, Presence, PresenceInfo, WeekHours, Work};

/// A time of the core as a `Date` or `Instant`. What lies before 1970 is nobody's message and counts as 1970.
pub(crate) fn time(unix_ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(unix_ms).unwrap_or(0))
}

/// A `Date` or `Instant` as a time of the core. What lies before 1970 counts as 1970, which is no time to come.
pub(crate) fn unix_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// An enum of the same variants on both sides; the exhaustive match makes a new variant of the core a build error here.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl From<switchboard_core::$name> for $name {
            fn from(value: switchboard_core::$name) -> Self {
                match value { $(switchboard_core::$name::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for switchboard_core::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    };
}
use mirror;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_its_milliseconds_and_never_overflows() {
        assert_eq!(time(1_700_000_000_123).duration_since(UNIX_EPOCH).unwrap().as_millis(), 1_700_000_000_123);
        assert_eq!(time(-1), UNIX_EPOCH);
        assert_eq!(time(i64::MIN), UNIX_EPOCH);
        assert_eq!(unix_ms(time(i64::MAX)), i64::MAX);
        assert_eq!(unix_ms(time(1_700_000_000_123)), 1_700_000_000_123);
        assert_eq!(unix_ms(UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
