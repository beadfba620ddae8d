//! What the apps see: flat, immutable rows that hold everything a cell draws.

mod account;
mod actions;
mod contact;
mod inbox;
mod internal;
mod notification;
mod outcome;
mod placement;
mod search;
mod template;
mod timeline;
mod unsent;
mod work;

pub use account::{Account, ConnectionState, Typing};
pub use actions::{ChatActions, Composer, PassedOnLine, TargetKind, UndoInfo};
pub use contact::{
    ContactCard, ContactEdit, ContactIdentity, ContactNote, ContactSuggestion, History, HistoryCursor, HistoryRow,
    InfoAction, InfoActionKind, InfoFact, InfoFactKind, Information, LabelChoice, MergedPart,
};
pub use inbox::{InboxFilter, InboxOrder, InboxRow, InternalInfo, LabelInfo, LastMessage};
pub use internal::Colleague;
pub use notification::{KindSound, Notification, NotificationKind, NotificationSettings, Sound};
pub use outcome::{CommandKind, CommandOutcome, Outcome};
pub use placement::{Placement, ScreenAction};
pub use search::{ContactHit, SearchHit, SearchResults, SnippetPart, TemplateHit};
pub use template::{FilledTemplate, TemplateGroup, TemplateItem, TemplatePicker, TemplateQuery};
pub use timeline::{ActivityKind, ActivityLine, AuthorKind, DeliveryState, StaleReason, TimelineRow};
pub use unsent::{UnsentId, UnsentReason, UnsentRow};
pub use work::{AlarmRow, BlockRow, MyQueue, NewContact, PresenceInfo, TransferTargetRow, Work};
