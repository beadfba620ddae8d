use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{ChatId, CommandId};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What a queued command does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum CommandKind {
            $($(#[$doc])* $variant,)+
        }

        impl CommandKind {
            /// Every kind.
            pub const ALL: &'static [CommandKind] = &[$(CommandKind::$variant),+];

            /// The name in frames and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(CommandKind::$variant => $name,)+ }
            }

            pub(crate) fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
            }
        }
    };
}

kinds! {
    /// A text to the customer.
    Reply = "reply",
    /// Takes the chat.
    Take = "take",
    /// Passes the chat on.
    Transfer = "transfer",
    /// Closes the session and archives the chat.
    DealtWith = "dealt_with",
    /// The same, and the visitor is told.
    End = "end",
    /// The same, and the visitor's address is shut out.
    Block = "block",
    /// Puts the chat out of Recents.
    Archive = "archive",
    /// Brings it back.
    Unarchive = "unarchive",
    /// Hides a waiting chat until the customer writes again.
    Ignore = "ignore",
    /// Puts the chat away until a time, or ends that.
    Snooze = "snooze",
    /// Removes the chat for this user.
    Delete = "delete",
    /// Adds the person to the contacts.
    AddContact = "add_contact",
    /// A note among those who see a customer's chat.
    Note = "note",
    /// A note to the owner of a chat that left this user.
    NoteToOwner = "note_to_owner",
    /// Gives the chat a label, or takes it off.
    LabelChat = "label_chat",
    /// A text in a staff chat.
    Say = "say",
    /// Opens the direct chat with a colleague.
    OpenDirect = "open_direct",
    /// Makes a staff group.
    CreateGroup = "create_group",
    /// Renames it.
    RenameGroup = "rename_group",
    /// Brings people into it.
    AddMembers = "add_members",
    /// Takes somebody out of it.
    RemoveMember = "remove_member",
    /// Leaves it.
    Leave = "leave",
    /// Available, Away or Off shift.
    Presence = "presence",
    /// The user's own hours.
    Schedule = "schedule",
    /// Logs in to a queue, or out of it.
    QueueLogin = "queue_login",
    /// Changes a contact's fields.
    EditContact = "edit_contact",
    /// Gives a contact a label, or takes it off.
    LabelContact = "label_contact",
    /// Writes a note on a contact.
    AddContactNote = "add_contact_note",
    /// Removes one's note on a contact.
    DeleteContactNote = "delete_contact_note",
    /// Makes one contact of two.
    MergeContacts = "merge_contacts",
    /// Parts a merged contact again.
    PartContact = "part_contact",
    /// Makes or changes a label.
    SaveLabel = "save_label",
    /// Removes a label.
    DeleteLabel = "delete_label",
}

impl CommandKind {
    /// Whether it is about a chat; otherwise it is about the user's own work, a contact or a label.
    pub const fn is_about_chat(self) -> bool {
        !matches!(
            self,
            CommandKind::Presence
                | CommandKind::Schedule
                | CommandKind::QueueLogin
                | CommandKind::EditContact
                | CommandKind::LabelContact
                | CommandKind::AddContactNote
                | CommandKind::DeleteContactNote
                | CommandKind::MergeContacts
                | CommandKind::PartContact
                | CommandKind::SaveLabel
                | CommandKind::DeleteLabel
        )
    }

    /// Whether it is a text that becomes a message of the chat.
    pub const fn is_text(self) -> bool {
        matches!(self, CommandKind::Reply | CommandKind::Note | CommandKind::Say)
    }

    /// Whether it is kept back for a moment, in which it can be undone.
    pub const fn can_be_undone(self) -> bool {
        matches!(self, CommandKind::Transfer | CommandKind::DealtWith | CommandKind::Archive | CommandKind::Ignore)
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It had its effect.
    Applied,
    /// Somebody else has the chat, or it is no longer this user's.
    Refused(ErrorCode),
    /// The server could not use it.
    Failed(ErrorCode),
    /// It was taken back before it was sent: by undo, by a reply, or by a later wish of the same kind.
    Undone,
}

/// A command that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandOutcome {
    /// The command; a reply's is its message's id.
    pub id: CommandId,
    /// The chat; none for what is about the user's own work.
    pub chat: Option<ChatId>,
    /// What it was to do.
    pub kind: CommandKind,
    /// How it ended.
    pub outcome: Outcome,
}
