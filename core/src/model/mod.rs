//! What the apps see: flat, immutable rows that hold everything a cell draws.

mod account;
mod inbox;
mod outcome;
mod search;
mod timeline;
mod unsent;

pub use account::{Account, ConnectionState, Typing};
pub use inbox::{InboxFilter, InboxOrder, InboxRow, LastMessage};
pub use outcome::{CommandKind, CommandOutcome, Outcome};
pub use search::{SearchHit, SearchResults, SnippetPart};
pub use timeline::{AuthorKind, DeliveryState, TimelineRow};
pub use unsent::{UnsentId, UnsentReason, UnsentRow};
