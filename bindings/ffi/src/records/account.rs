use std::time::SystemTime;

use switchboard_core as core;
use switchboard_core::{ChatId, CommandId, UserId};

use super::{mirror, time};
use crate::errors::ErrorCode;

mirror! {
    /// What the app runs on.
    Platform {
        /// An iPhone or iPad.
        Ios,
        /// An Android phone.
        Android,
        /// A terminal.
        Terminal,
    }
}

mirror! {
    /// What a member of staff may do.
    Role {
        /// Answers customers.
        User,
        /// Also manages a group's people.
        Manager,
        /// Owns a group.
        GroupOwner,
        /// Owns the system.
        SystemOwner,
    }
}

mirror! {
    /// What a queued command does.
    CommandKind {
        /// A text to the customer.
        Reply,
        /// Takes the chat.
        Take,
        /// Passes the chat on.
        Transfer,
        /// Closes the session and archives the chat.
        DealtWith,
        /// The same, and the visitor is told.
        End,
        /// The same, and the visitor's address is shut out.
        Block,
        /// Puts the chat out of Recents.
        Archive,
        /// Brings it back.
        Unarchive,
        /// Hides a waiting chat until the customer writes again.
        Ignore,
        /// Puts the chat away until a time, or ends that.
        Snooze,
        /// Removes the chat for this user.
        Delete,
        /// Adds the person to the contacts.
        AddContact,
        /// A note among those who see a customer's chat.
        Note,
        /// A note to the owner of a chat that left this user.
        NoteToOwner,
        /// Gives the chat a label, or takes it off.
        LabelChat,
        /// A text in a staff chat.
        Say,
        /// Opens the direct chat with a colleague.
        OpenDirect,
        /// Makes a staff group.
        CreateGroup,
        /// Renames it.
        RenameGroup,
        /// Brings people into it.
        AddMembers,
        /// Takes somebody out of it.
        RemoveMember,
        /// Leaves it.
        Leave,
        /// Available, Away or Off shift.
        Presence,
        /// The user's own hours.
        Schedule,
        /// Logs in to a queue, or out of it.
        QueueLogin,
        /// Changes a contact's fields.
        EditContact,
        /// Gives a contact a label, or takes it off.
        LabelContact,
        /// Writes a note on a contact.
        AddContactNote,
        /// Removes one's note on a contact.
        DeleteContactNote,
        /// Makes one contact of two.
        MergeContacts,
        /// Parts a merged contact again.
        PartContact,
        /// Makes or changes a label.
        SaveLabel,
        /// Removes a label.
        DeleteLabel,
    }
}

/// Where and as what the core is opened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CoreOptions {
    /// A directory of the app, for the core alone: protected by the platform and kept out of backups.
    pub directory: String,
    /// What the app runs on.
    pub platform: Platform,
    /// The name that admins see: "Anna's iPhone".
    pub device_name: String,
}

/// Who is signed in, and where.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Account {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// The server's address.
    pub server: String,
}

impl From<core::Account> for Account {
    fn from(account: core::Account) -> Self {
        Self {
            user: account.user.id,
            name: account.user.name,
            role: account.user.role.into(),
            server: account.server.to_string(),
        }
    }
}

/// How the core stands to its server.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ConnectionState {
    /// Nobody is signed in.
    SignedOut,
    /// Not started, or stopped.
    Stopped,
    /// No connection.
    Offline {
        /// When the next attempt is made.
        retry_at: SystemTime,
    },
    /// A connection is being made.
    Connecting,
    /// Connected; what happened meanwhile is coming in.
    CatchingUp,
    /// Connected and up to date.
    Online,
    /// The server will not talk to this app or device until the user does something: sign in again, update the app, or
    /// have the server updated.
    Refused {
        /// Why.
        code: ErrorCode,
    },
}

impl From<core::ConnectionState> for ConnectionState {
    fn from(state: core::ConnectionState) -> Self {
        match state {
            core::ConnectionState::SignedOut => Self::SignedOut,
            core::ConnectionState::Stopped => Self::Stopped,
            core::ConnectionState::Offline { retry_at } => Self::Offline { retry_at: time(retry_at) },
            core::ConnectionState::Connecting => Self::Connecting,
            core::ConnectionState::CatchingUp => Self::CatchingUp,
            core::ConnectionState::Online => Self::Online,
            core::ConnectionState::Refused(code) => Self::Refused { code: code.into() },
        }
    }
}

/// Somebody started or stopped typing in a chat.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Typing {
    /// The chat.
    pub chat: ChatId,
    /// The member of staff; none for the customer.
    pub user: Option<UserId>,
    /// The member of staff's name, where it is known.
    pub name: Option<String>,
    /// True while typing. It always ends, at the latest 5 s after the last sign.
    pub typing: bool,
}

impl From<core::Typing> for Typing {
    fn from(typing: core::Typing) -> Self {
        Self { chat: typing.chat, user: typing.user, name: typing.name, typing: typing.typing }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Outcome {
    /// It had its effect.
    Applied,
    /// Somebody else has the chat, or it is no longer this user's.
    Refused {
        /// Why.
        code: ErrorCode,
    },
    /// The server could not use it.
    Failed {
        /// Why.
        code: ErrorCode,
    },
    /// It was taken back before it was sent: by undo, by a reply, or by a later wish of the same kind.
    Undone,
}

/// A command that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct CommandOutcome {
    /// The command; that of a reply, a note or what was said among staff has the UUID of its message.
    pub id: CommandId,
    /// The chat; none for what is about the user's own work, a contact or a label.
    pub chat: Option<ChatId>,
    /// What it was to do.
    pub kind: CommandKind,
    /// How it ended.
    pub outcome: Outcome,
}

impl From<core::CommandOutcome> for CommandOutcome {
    fn from(ended: core::CommandOutcome) -> Self {
        let outcome = match ended.outcome {
            core::Outcome::Applied => Outcome::Applied,
            core::Outcome::Refused(code) => Outcome::Refused { code: code.into() },
            core::Outcome::Failed(code) => Outcome::Failed { code: code.into() },
            core::Outcome::Undone => Outcome::Undone,
        };
        Self { id: ended.id, chat: ended.chat, kind: ended.kind.into(), outcome }
    }
}
