use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{CommandId, GroupId, QueueId, UserId};

use super::{CommandKind, Presence, mirror, time};

/// What can be done with a chat now: a screen shows exactly these, where its [`Placement`] puts them. Each flag has a method of `SwitchboardCore`, which
/// refuses what its flag does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Record)]
pub struct ChatActions {
    /// Write to the customer, by `reply`, where the first one to a waiting chat takes it; in a staff chat to the colleagues,
    /// by `say`.
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
    /// Close the session and tell the visitor. Ask first.
    pub end_session: bool,
    /// Close the session and shut the visitor's address out. Ask first, and say what `sharing` answers.
    pub block: bool,
    /// Remove it for this user. Ask first.
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
    /// Show what is known of the contact: `information`.
    pub information: bool,
    /// Rename the staff group, bring people in and take them out.
    pub members: bool,
    /// Leave the staff group. Ask first.
    pub leave: bool,
}

impl From<core::ChatActions> for ChatActions {
    fn from(actions: core::ChatActions) -> Self {
        // Taken apart by name, so that a new one of the core is a build error here.
        let core::ChatActions {
            reply,
            take,
            transfer,
            dealt_with,
            archive,
            unarchive,
            end_session,
            block,
            delete,
            snooze,
            add_contact,
            ignore,
            note,
            label,
            information,
            members,
            leave,
        } = actions;
        Self {
            reply,
            take,
            transfer,
            dealt_with,
            archive,
            unarchive,
            end_session,
            block,
            delete,
            snooze,
            add_contact,
            ignore,
            note,
            label,
            information,
            members,
            leave,
        }
    }
}

mirror! {
    /// Something that a chat's screen offers: a button or a menu entry.
    ScreenAction {
        /// Take the chat.
        Take,
        /// Pass it on.
        Transfer,
        /// Close the session and archive the chat.
        DealtWith,
        /// What is known of the contact.
        Information,
        /// Out of Recents.
        Archive,
        /// Back into Recents.
        Unarchive,
        /// Away until a time.
        Snooze,
        /// Labels.
        Labels,
        /// A note that the customer never gets.
        Note,
        /// The staff group's name and members.
        Members,
        /// Leave the staff group. Ask first.
        Leave,
        /// End the visitor's session. Ask first.
        EndSession,
        /// Shut the visitor's address out. Ask first, and say what `sharing` answers.
        Block,
        /// Remove the chat for this user. Ask first.
        Delete,
        /// The template picker.
        Templates,
    }
}

/// What stands where on a chat's screen, each in its order. What cannot be done now is not there.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Placement {
    /// At the top, on the right.
    pub bar: Vec<ScreenAction>,
    /// In the menu behind it.
    pub menu: Vec<ScreenAction>,
    /// At the composer's bottom left.
    pub composer: Vec<ScreenAction>,
}

impl From<core::Placement> for Placement {
    fn from(placement: core::Placement) -> Self {
        let actions = |actions: Vec<core::ScreenAction>| actions.into_iter().map(ScreenAction::from).collect();
        let core::Placement { bar, menu, composer } = placement;
        Self { bar: actions(bar), menu: actions(menu), composer: actions(composer) }
    }
}

mirror! {
    /// What stands at the foot of a chat's screen.
    Composer {
        /// A composer.
        Reply,
        /// The queue wants a chat to be taken first: Take stands in the composer's place.
        TakeFirst,
        /// Nothing can be written.
        ReadOnly,
    }
}

/// Something that can still be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Record)]
pub struct UndoInfo {
    /// What `undo` takes.
    pub command: CommandId,
    /// What was done, for the words beside the button.
    pub kind: CommandKind,
    /// When it is sent, by the device's clock: until then the button stands there. Without a network it can be taken
    /// back later too.
    pub until: SystemTime,
}

impl From<core::UndoInfo> for UndoInfo {
    fn from(undo: core::UndoInfo) -> Self {
        Self { command: undo.command, kind: undo.kind.into(), until: time(undo.until) }
    }
}

mirror! {
    /// What kind of target a chat was passed on to.
    TargetKind {
        /// A user.
        User,
        /// A queue.
        Queue,
        /// A group.
        Group,
    }
}

/// Of a chat that this user passed on: all that stays on the device beside the contact's name.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PassedOnLine {
    /// The name of the user, queue or group.
    pub to_name: String,
    /// Which of them.
    pub to_kind: TargetKind,
    /// When, by the server's clock; by the device's while the server has not done it.
    pub at: SystemTime,
}

impl From<core::PassedOnLine> for PassedOnLine {
    fn from(line: core::PassedOnLine) -> Self {
        Self { to_name: line.to_name, to_kind: line.to_kind.into(), at: time(line.at) }
    }
}

/// Where a chat is passed on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum TransferTarget {
    /// One user, who owns it from then on.
    User {
        /// The user.
        user: UserId,
    },
    /// A queue: it waits for the queue's members.
    Queue {
        /// The queue.
        queue: QueueId,
    },
    /// A group: it waits for the group's users.
    Group {
        /// The group.
        group: GroupId,
    },
}

impl From<core::TransferTarget> for TransferTarget {
    fn from(target: core::TransferTarget) -> Self {
        match target {
            core::TransferTarget::User(user) => Self::User { user },
            core::TransferTarget::Queue(queue) => Self::Queue { queue },
            core::TransferTarget::Group(group) => Self::Group { group },
        }
    }
}

impl From<TransferTarget> for core::TransferTarget {
    fn from(target: TransferTarget) -> Self {
        match target {
            TransferTarget::User { user } => Self::User(user),
            TransferTarget::Queue { queue } => Self::Queue(queue),
            TransferTarget::Group { group } => Self::Group(group),
        }
    }
}

/// Somebody or something that a chat can be passed on to: a line of the picker.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TransferTargetRow {
    /// What `transfer` takes.
    pub target: TransferTarget,
    /// The name.
    pub name: String,
    /// A user's short number.
    pub extension: Option<String>,
    /// Whether a user is available; none for queues and groups.
    pub presence: Option<Presence>,
    /// A user's group.
    pub detail: Option<String>,
}

impl From<core::TransferTargetRow> for TransferTargetRow {
    fn from(row: core::TransferTargetRow) -> Self {
        Self {
            target: row.target.into(),
            name: row.name,
            extension: row.extension,
            presence: row.presence.map(Presence::from),
            detail: row.detail,
        }
    }
}

/// A person to be added to the contacts. What is given replaces what is known.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewContact {
    /// The name, not empty.
    pub name: String,
    /// The e-mail address.
    #[uniffi(default = None)]
    pub email: Option<String>,
    /// The phone number.
    #[uniffi(default = None)]
    pub phone: Option<String>,
}

impl From<NewContact> for core::NewContact {
    fn from(contact: NewContact) -> Self {
        Self { name: contact.name, email: contact.email, phone: contact.phone }
    }
}
