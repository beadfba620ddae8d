//! What this user can do with a chat, so that a cell and a screen draw their buttons without a follow-up call.

use switchboard_protocol::UnixMillis;
use switchboard_protocol::ids::CommandId;

use super::CommandKind;

/// What an app offers for a chat now. Each flag has a method of `Core`, which refuses at once what the server never would
/// do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChatActions {
    /// Write to the customer; the first reply to a waiting chat takes it.
    pub reply: bool,
    /// Take it without a reply.
    pub take: bool,
    /// Pass it on.
    pub transfer: bool,
    /// Close the session and archive it.
    pub dealt_with: bool,
    /// Put it out of Recents and keep its owner.
    pub archive: bool,
    /// Bring it back to Recents.
    pub unarchive: bool,
    /// Close the session and tell the visitor. To be asked about first.
    pub end_session: bool,
    /// Close the session and shut the visitor's address out. To be asked about first, with [`crate::Core::sharing`].
    pub block: bool,
    /// Remove it for this user; offered in the Archive alone. To be asked about first.
    pub delete: bool,
    /// Put it away until a time, or end that.
    pub snooze: bool,
    /// Add the person to the contacts.
    pub add_contact: bool,
    /// Hide it until the customer writes again.
    pub ignore: bool,
    /// Write a note that the customer never gets.
    pub note: bool,
    /// Give it labels.
    pub label: bool,
    /// Show what is known of the contact: [`crate::Core::information`].
    pub information: bool,
    /// Rename the staff group, bring people in and take them out.
    pub members: bool,
    /// Leave the staff group. To be asked about first.
    pub leave: bool,
}

/// What stands at the foot of a chat's screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Composer {
    /// A composer.
    Reply,
    /// The queue wants a chat to be taken first: Take stands in the composer's place.
    TakeFirst,
    /// Nothing can be written.
    #[default]
    ReadOnly,
}

/// Something that can still be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UndoInfo {
    /// What [`crate::Core::undo`] takes.
    pub command: CommandId,
    /// What was done.
    pub kind: CommandKind,
    /// When it is sent, by the device's clock.
    pub until: UnixMillis,
}

/// What kind of target a chat was passed on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// A user.
    User,
    /// A queue.
    Queue,
    /// A group.
    Group,
}

/// Of a chat that this user passed on: all that stays on the device beside the contact's name.
#[derive(Clone, PartialEq, Eq)]
pub struct PassedOnLine {
    /// The name of the user, queue or group.
    pub to_name: String,
    /// Which of them.
    pub to_kind: TargetKind,
    /// When, by the server's clock; by the device's while the server has not done it.
    pub at: UnixMillis,
}

impl std::fmt::Debug for PassedOnLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassedOnLine").field("to_kind", &self.to_kind).field("at", &self.at).finish_non_exhaustive()
    }
}
