//! Chats among staff: direct ones of two, and named groups. They share the tables of customers' chats and have a state of
//! their own: what loads a customer's chat never finds one of these.

mod making;
mod members;
mod own_part;
mod talking;

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::chat::{InternalChat, OpenedInternal, UserChat};
use switchboard_protocol::command::{CommandBody, CommandResult};
use switchboard_protocol::event::{EventBody, MessageAdded};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, UserId};
use switchboard_protocol::message::{Activity, Message, MessageStatus};
use switchboard_protocol::{ErrorCode, limits};

use super::StoreError;
use super::chats;
use super::commands::{Command, rejected};
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use crate::rights::{self, Part};

/// A staff chat's row as the database has it.
#[derive(Debug, Clone)]
pub(super) struct InternalRow {
    pub id: ChatId,
    /// Of a group; a direct chat has none.
    pub name: Option<String>,
    pub rev: u64,
    pub last_no: u64,
    /// Up to where every member has read.
    pub staff_read_upto: u64,
}

impl InternalRow {
    /// Whether it is a chat of two.
    pub const fn is_direct(&self) -> bool {
        self.name.is_none()
    }
}

/// Reads a staff chat's row; a customer's chat is none.
pub(super) fn load(connection: &Connection, chat: ChatId) -> Result<Option<InternalRow>, StoreError> {
    Ok(connection
        .sql("SELECT name, rev, last_no, staff_read_upto FROM chats WHERE id = ?1 AND state = 'internal'")?
        .query_row([Blob(chat)], |row| {
            Ok(InternalRow {
                id: chat,
                name: row.get(0)?,
                rev: row.count(1)?,
                last_no: row.count(2)?,
                staff_read_upto: row.count(3)?,
            })
        })
        .optional()?)
}

/// A staff chat that must be there.
pub(super) fn must(connection: &Connection, chat: ChatId) -> Result<InternalRow, StoreError> {
    load(connection, chat)?
        .ok_or_else(|| StoreError::Unexpected("a staff chat that is referred to does not exist".into()))
}

/// The members in the order in which they joined. A direct chat is of its two for ever, also of one who deleted it.
fn members(connection: &Connection, chat: &InternalRow) -> Result<Vec<UserId>, StoreError> {
    let mut query = connection
        .sql("SELECT user_id FROM chat_users WHERE chat_id = ?1 AND (access > 0 OR ?2) ORDER BY joined, user_id")?;
    let found = query.query_map((Blob(chat.id), chat.is_direct()), |row| row.id(0))?.collect::<Result<_, _>>()?;
    Ok(found)
}

/// The row as its members get it.
fn public(connection: &Connection, chat: &InternalRow) -> Result<InternalChat, StoreError> {
    Ok(InternalChat { id: chat.id, rev: chat.rev, name: chat.name.clone(), members: members(connection, chat)? })
}

/// The chat with its newest messages above `from`.
fn opened(connection: &Connection, chat: &InternalRow, from: u64) -> Result<OpenedInternal, StoreError> {
    let before = chat.last_no.saturating_add(1);
    let (messages, more) = chats::messages_between(connection, chat.id, from, before, limits::OPENED_MESSAGES)?;
    Ok(OpenedInternal { internal: public(connection, chat)?, messages, more })
}

/// The chat as a member sees it now.
pub(super) fn opened_for(connection: &Connection, chat: ChatId, user: UserId) -> Result<OpenedInternal, StoreError> {
    let from = connection
        .sql("SELECT from_no FROM chat_users WHERE chat_id = ?1 AND user_id = ?2 AND access > 0")?
        .query_row((Blob(chat), Blob(user)), |row| row.count(0))
        .optional()?
        .ok_or_else(|| StoreError::Unexpected("who is no member sees nothing of a staff chat".into()))?;
    opened(connection, &must(connection, chat)?, from)
}

/// The other one of a direct chat; none when the account has no such chat.
fn other_of(connection: &Connection, chat: &InternalRow, user: UserId) -> Result<Option<UserId>, StoreError> {
    Ok(members(connection, chat)?.into_iter().find(|member| *member != user))
}

/// Whether an account can take part in something: `None` if there is none.
fn is_enabled(connection: &Connection, user: UserId) -> Result<Option<bool>, StoreError> {
    Ok(connection
        .sql("SELECT disabled FROM users WHERE id = ?1")?
        .query_row([Blob(user)], |row| row.get::<_, bool>(0).map(|disabled| !disabled))
        .optional()?)
}

impl Tx<'_> {
    /// Does what a member's command says to a staff chat.
    pub(super) fn execute_on_internal(
        &mut self,
        user: UserId,
        command: &Command,
        id: ChatId,
        mine: UserChat,
    ) -> Result<CommandResult, StoreError> {
        if !rights::of_command(&command.body).admits(Part::Member) {
            return Ok(rejected(command.id, rights::refusal(&command.body, Part::Member)));
        }
        let chat = must(self.sql, id)?;
        match &command.body {
            CommandBody::Say(say) => self.say(user, command, chat, say),
            CommandBody::Read(read) => self.read_internal(user, command, chat, mine, read.upto),
            CommandBody::Archive => self.archive_internal(user, command, &chat, mine, true),
            CommandBody::Unarchive => self.archive_internal(user, command, &chat, mine, false),
            CommandBody::Snooze(snooze) => self.snooze_internal(user, command, &chat, mine, snooze.until),
            CommandBody::Delete => self.delete_internal(user, command, &chat),
            CommandBody::RenameGroup(rename) => self.rename_group(user, command, chat, &rename.name),
            CommandBody::AddMembers(add) => self.add_members(user, command, chat, &add.members),
            CommandBody::RemoveMember(remove) => self.remove_member(user, command, chat, remove.member),
            CommandBody::Leave => self.leave_group(user, command, chat),
            _ => Ok(rejected(command.id, ErrorCode::InternalChat)),
        }
    }

    /// Adds a message to a staff chat. Who is told is up to the caller.
    fn add_internal_message(&mut self, chat: &mut InternalRow, message: &Message) -> Result<(), StoreError> {
        self.store_message(chat.id, message, None, None)?;
        chat.last_no = message.no;
        self.sql.sql("UPDATE chats SET last_no = ?2 WHERE id = ?1")?.execute((Blob(chat.id), int(message.no)))?;
        Ok(())
    }

    /// Something happened in a staff chat, by this user's doing.
    fn add_internal_activity(
        &mut self,
        chat: &mut InternalRow,
        user: UserId,
        activity: Activity,
    ) -> Result<Message, StoreError> {
        let message = Message {
            id: MessageId::new(),
            no: chat.last_no + 1,
            author: self.author(user)?,
            text: String::new(),
            private: false,
            mentions: Vec::new(),
            activity: Some(activity),
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        self.add_internal_message(chat, &message)?;
        Ok(message)
    }

    /// Writes a staff chat's row under a new revision.
    fn save_internal(&mut self, chat: &mut InternalRow) -> Result<(), StoreError> {
        chat.rev += 1;
        self.sql.sql("UPDATE chats SET name = ?2, rev = ?3 WHERE id = ?1")?.execute((
            Blob(chat.id),
            chat.name.as_deref(),
            int(chat.rev),
        ))?;
        Ok(())
    }

    /// One event with a message for all who are in the chat, with its row if that changed; its place in the feed of the one
    /// who caused it, who may be out of the chat by now.
    fn tell_members(
        &mut self,
        chat: &InternalRow,
        user: UserId,
        message: &Message,
        with_row: bool,
        command: CommandId,
    ) -> Result<Option<u64>, StoreError> {
        let mut users = chats::seeing(self.sql, chat.id)?;
        let Some(message_for) = author_last(&mut users, user) else { return Ok(None) };
        let internal = if with_row { Some(public(self.sql, chat)?) } else { None };
        let body = EventBody::Message(MessageAdded { message: message.clone(), chat: None, internal });
        let event = self.event(chat.id, chat.rev, &body, Some(command))?;
        let seq = self.append_to(&users, &event)?;
        Ok(if message_for { seq } else { None })
    }

    /// Who became a member gets the chat, from `from` on. All of them have the same; what is their own of it follows.
    fn open_internal(
        &mut self,
        chat: &InternalRow,
        users: &[(UserId, UserChat)],
        from: u64,
        command: Option<CommandId>,
    ) -> Result<Option<u64>, StoreError> {
        if users.is_empty() {
            return Ok(None);
        }
        let body = EventBody::InternalOpened(opened(self.sql, chat, from)?);
        let event = self.event(chat.id, chat.rev, &body, command)?;
        let ids: Vec<UserId> = users.iter().map(|(user, _)| *user).collect();
        let seq = self.append_to(&ids, &event)?;
        for (user, mine) in users {
            if *mine != UserChat::default() {
                let event = self.event(chat.id, chat.rev, &EventBody::UserChat(*mine), None)?;
                self.append(*user, &event)?;
            }
        }
        Ok(seq)
    }

    /// Makes a user a member who sees what is above `from`; the user's own part.
    fn admit(&mut self, chat: ChatId, user: UserId, from: u64) -> Result<UserChat, StoreError> {
        let joined: i64 = self
            .sql
            .sql("SELECT coalesce(max(joined), 0) + 1 FROM chat_users WHERE chat_id = ?1")?
            .query_row([Blob(chat)], |row| row.get(0))?;
        self.sql
            .sql(
                "INSERT INTO chat_users (chat_id, user_id, access, from_no, joined) VALUES (?1, ?2, 4, ?3, ?4) \
                 ON CONFLICT (chat_id, user_id) DO UPDATE SET access = 4, from_no = excluded.from_no, \
                 joined = excluded.joined, archived = 0, ignored = 0, snoozed_until = NULL",
            )?
            .execute((Blob(chat), Blob(user), int(from), joined))?;
        Ok(chats::access(self.sql, chat, user)?.map(|(_, mine)| mine).unwrap_or_default())
    }

    /// One of the two of a direct chat has it again, from `from` on; the user's own part.
    fn readmit(&mut self, chat: ChatId, user: UserId, from: u64) -> Result<UserChat, StoreError> {
        self.sql
            .sql(
                "UPDATE chat_users SET access = 4, from_no = ?3, archived = 0, ignored = 0, snoozed_until = NULL \
                 WHERE chat_id = ?1 AND user_id = ?2",
            )?
            .execute((Blob(chat), Blob(user), int(from)))?;
        Ok(chats::access(self.sql, chat, user)?.map(|(_, mine)| mine).unwrap_or_default())
    }
}

/// Puts a user last, if among them: the last place is what [`Tx::append_to`] answers. `None`: there is nobody to tell.
fn author_last(users: &mut Vec<UserId>, author: UserId) -> Option<bool> {
    let at = users.iter().position(|user| *user == author);
    if let Some(at) = at {
        let author = users.remove(at);
        users.push(author);
    }
    (!users.is_empty()).then_some(at.is_some())
}
