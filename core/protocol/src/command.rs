//! What a user does: to a chat, or about their own work.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::collection::Presence;
use crate::frame::FrameError;
use crate::hours::WeekHours;
use crate::ids::{ChatId, CommandId, ContactId, LabelId, NoteId, QueueId, UserId};
use crate::transfer::TransferTarget;
use crate::{ErrorCode, UnixMillis};

/// A command as it travels. The body stays raw until the kind is known, so that an unknown kind is answered and not
/// a broken frame.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandFrame {
    /// Chosen by the device (UUIDv7); the same id with the same content has its effect once.
    pub id: CommandId,
    /// [`CommandBody::kind`].
    pub kind: String,
    /// The chat it is about; none for what is about the user alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatId>,
    /// The chat's `owner_epoch` when the user acted. Needed by `reply`, `transfer`, `dealt_with`, `end`, `block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_epoch: Option<u64>,
    /// The last message `no` that the user had seen when acting. Needed by `dealt_with` and `end`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// Only asks what became of the command: it is answered as it was then, and if it never came it has no effect and is
    /// `rejected: not_received`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask: bool,
    /// What belongs to the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
}

/// A text to the customer. Sent by a candidate of a waiting chat, it takes the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// At most 16 KiB of UTF-8, not empty.
    pub text: String,
}

/// The user has read everything up to this message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// A message `no`.
    pub upto: u64,
}

/// The chat is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// To whom.
    pub to: TransferTarget,
    /// A word to the next one, which the customer never gets; at most 16 KiB of UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The chat's person is added to the contacts; what is given replaces what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddContact {
    /// The name, not empty.
    pub name: String,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// The user does not want to see the chat for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// Until when, by the server's clock; none ends it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMillis>,
}

/// Whether the user can be offered chats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetPresence {
    /// From now on, until the schedule's next change.
    pub presence: Presence,
    /// With `off_shift`: gives back the owned chats whose customers wait for an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub release: bool,
}

/// When the user is on shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetSchedule {
    /// The hours of a week: Available within, Off shift outside. None: by tap alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<WeekHours>,
}

/// The user goes to work in a queue, or stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueLogin {
    /// A queue that the user is a member of.
    pub queue: QueueId,
    /// Whether the user is offered its chats.
    pub logged_in: bool,
}

/// A text among staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Say {
    /// At most 16 KiB of UTF-8, not empty.
    pub text: String,
    /// Users whom it mentions; those who do not see the chat are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
}

/// A note that the sender of an unsent reply gives to the one who has the chat now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteToOwner {
    /// At most 16 KiB of UTF-8, not empty.
    pub text: String,
}

/// The direct chat with a colleague.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDirect {
    /// The colleague; the command's chat is [`ChatId::direct`] of the two.
    pub user: UserId,
}

/// A new staff group. The command's chat is its id, chosen by the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup {
    /// Its name.
    pub name: String,
    /// The members beside the one who makes it.
    pub members: Vec<UserId>,
}

/// Another name of a staff group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenameGroup {
    /// The name.
    pub name: String,
}

/// People come into a staff group; who is in it already stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddMembers {
    /// Who.
    pub members: Vec<UserId>,
}

/// Somebody else is taken out of a staff group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMember {
    /// Who.
    pub member: UserId,
}

/// A label is given to a chat, or taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelChat {
    /// Which.
    pub label: LabelId,
    /// Whether the chat shall have it.
    pub on: bool,
}

/// A contact's fields are changed; what is absent stays, what is empty is removed. An unknown contact becomes a saved one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditContact {
    /// Who: a saved contact, or one of a chat that the user sees.
    pub contact: ContactId,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A label is given to a saved contact, or taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelContact {
    /// Who.
    pub contact: ContactId,
    /// Which.
    pub label: LabelId,
    /// Whether the contact shall have it.
    pub on: bool,
}

/// A note on a saved contact; its id is the command's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddContactNote {
    /// Who.
    pub contact: ContactId,
    /// At most 16 KiB of UTF-8, not empty.
    pub text: String,
}

/// A note on a contact is removed: by its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteContactNote {
    /// Which.
    pub note: NoteId,
}

/// Two contacts are one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeContacts {
    /// The saved contact that stays.
    pub kept: ContactId,
    /// The one whose chats, identities, notes and labels it gets: a saved contact, or one of a chat that the user sees.
    pub merged: ContactId,
}

/// A merged contact becomes one of its own again, with what it brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartContact {
    /// The one that was merged.
    pub contact: ContactId,
}

/// A label is made or changed: of the own group, or of the whole company by a system owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveLabel {
    /// Chosen by the device when it is new.
    pub label: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
    /// Whether everybody can give it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub company: bool,
}

/// A label is removed, from everything that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteLabel {
    /// Which.
    pub label: LabelId,
}

/// Makes the enum of commands with their names and bodies; `chat` or `user` says what a command is about.
macro_rules! commands {
    ($($(#[$doc:meta])* $variant:ident $(($body:ty))? = $kind:literal about $about:ident),+ $(,)?) => {
        /// A command's kind with what belongs to it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum CommandBody {
            $($(#[$doc])* $variant $(($body))?,)+
        }

        impl CommandBody {
            /// Every kind.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// The name in the frame's `kind`.
            pub const fn kind(&self) -> &'static str {
                match self { $(commands!(@any $variant $(($body))?) => $kind,)+ }
            }

            /// Whether it is about a chat; otherwise it is about the user alone.
            pub const fn is_about_chat(&self) -> bool {
                match self { $(commands!(@any $variant $(($body))?) => commands!(@about $about),)+ }
            }

            /// Reads a command's body. `None`: a kind that this build does not know.
            pub fn parse(frame: &CommandFrame) -> Result<Option<CommandBody>, FrameError> {
                Ok(Some(match frame.kind.as_str() {
                    $($kind => commands!(@parse frame $variant $(($body))?),)+
                    _ => return Ok(None),
                }))
            }

            /// The body as JSON; none for a kind without one.
            pub fn to_json(&self) -> Result<Option<String>, serde_json::Error> {
                match self { $(commands!(@bind body $variant $(($body))?) => commands!(@json body $(($body))?),)+ }
            }
        }
    };
    (@any $variant:ident ($body:ty)) => { CommandBody::$variant(_) };
    (@any $variant:ident) => { CommandBody::$variant };
    (@bind $name:ident $variant:ident ($body:ty)) => { CommandBody::$variant($name) };
    (@bind $name:ident $variant:ident) => { CommandBody::$variant };
    (@about chat) => { true };
    (@about user) => { false };
    (@parse $frame:ident $variant:ident ($body:ty)) => { CommandBody::$variant(read_body($frame)?) };
    (@parse $frame:ident $variant:ident) => { CommandBody::$variant };
    (@json $name:ident ($body:ty)) => { serde_json::to_string($name).map(Some) };
    (@json $name:ident) => { Ok(None) };
}

fn read_body<'a, T: Deserialize<'a>>(frame: &'a CommandFrame) -> Result<T, FrameError> {
    let raw = frame.body.as_deref().map_or("{}", RawValue::get);
    serde_json::from_str(raw).map_err(|error| FrameError::Malformed(error.to_string()))
}

commands! {
    /// A text to the customer.
    Reply(Reply) = "reply" about chat,
    /// Take the chat without a reply.
    Take = "take" about chat,
    /// Messages were read.
    Read(Read) = "read" about chat,
    /// Pass the chat on: by its owner, by a candidate while it waits, by its last owner when it is closed.
    Transfer(Transfer) = "transfer" about chat,
    /// Close the session and archive the chat: by its owner, or by a candidate while it waits.
    DealtWith = "dealt_with" about chat,
    /// The same, and the visitor is told. Live chat only.
    End = "end" about chat,
    /// Close the session and shut the visitor's address out: by the owner, for who is no known contact. Live chat only.
    Block = "block" about chat,
    /// Take the chat out of Recents; its owner stays.
    Archive = "archive" about chat,
    /// Bring it back.
    Unarchive = "unarchive" about chat,
    /// Do not show a waiting chat until the customer writes again.
    Ignore = "ignore" about chat,
    /// Do not show the chat for a while.
    Snooze(Snooze) = "snooze" about chat,
    /// Remove the chat, or the line of one that was passed on, for this user; an owned one is closed first.
    Delete = "delete" about chat,
    /// Add the chat's person to the contacts.
    AddContact(AddContact) = "add_contact" about chat,
    /// A note among those who see a customer's chat.
    Note(Say) = "note" about chat,
    /// A note to the owner of a chat that left this user.
    NoteToOwner(NoteToOwner) = "note_to_owner" about chat,
    /// Give the chat a label, or take it off.
    LabelChat(LabelChat) = "label_chat" about chat,
    /// A text in a staff chat.
    Say(Say) = "say" about chat,
    /// Open the direct chat with a colleague; nothing is done when it is there.
    OpenDirect(OpenDirect) = "open_direct" about chat,
    /// Make a staff group.
    CreateGroup(CreateGroup) = "create_group" about chat,
    /// Rename it.
    RenameGroup(RenameGroup) = "rename_group" about chat,
    /// Bring people in.
    AddMembers(AddMembers) = "add_members" about chat,
    /// Take somebody out.
    RemoveMember(RemoveMember) = "remove_member" about chat,
    /// Leave the staff group.
    Leave = "leave" about chat,
    /// Available, Away or Off shift.
    Presence(SetPresence) = "presence" about user,
    /// The user's own hours.
    Schedule(SetSchedule) = "schedule" about user,
    /// Log in to a queue, or out of it.
    QueueLogin(QueueLogin) = "queue_login" about user,
    /// Change a contact's fields.
    EditContact(EditContact) = "edit_contact" about user,
    /// Give a contact a label, or take it off.
    LabelContact(LabelContact) = "label_contact" about user,
    /// Write a note on a contact.
    AddContactNote(AddContactNote) = "add_contact_note" about user,
    /// Remove one's note on a contact.
    DeleteContactNote(DeleteContactNote) = "delete_contact_note" about user,
    /// Make one contact of two.
    MergeContacts(MergeContacts) = "merge_contacts" about user,
    /// Part a merged contact again.
    PartContact(PartContact) = "part_contact" about user,
    /// Make or change a label.
    SaveLabel(SaveLabel) = "save_label" about user,
    /// Remove a label.
    DeleteLabel(DeleteLabel) = "delete_label" about user,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandStatus {
    /// It had its effect, now or when it came the first time.
    Applied,
    /// Somebody was first; nothing happened.
    Conflict,
    /// It can never have an effect; `code` says why.
    Rejected,
    /// The server could not decide now; the same id is to be sent again.
    Retry,
}

/// The answer to a command, sent after the commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandResult {
    /// The command.
    pub id: CommandId,
    /// What became of it.
    pub status: CommandStatus,
    /// The place in this user's feed of the event that it caused, if it caused one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ErrorCode>,
    /// The chat's owner, on a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// The chat's owner epoch, on a conflict and after a take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_epoch: Option<u64>,
}
