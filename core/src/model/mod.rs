//! What the apps see: flat, immutable rows that hold everything a cell draws.

mod account;
mod actions;
mod inbox;
mod outcome;
mod search;
mod timeline;
mod unsent;
mod work;

pub use account::{Account, ConnectionState, Typing};
pub use actions::{ChatActions, Composer, PassedOnLine, TargetKind, UndoInfo};
pub use inbox::{InboxFilter, InboxOrder, InboxRow, LastMessage};
pub use outcome::{CommandKind, CommandOutcome, Outcome};
pub use search::{SearchHit, SearchResults, SnippetPart};
pub use timeline::{ActivityKind, ActivityLine, AuthorKind, DeliveryState, TimelineRow};
pub use unsent::{UnsentId, UnsentReason, UnsentRow};
pub use work::{AlarmRow, BlockRow, MyQueue, NewContact, PresenceInfo, TransferTargetRow, Work};
