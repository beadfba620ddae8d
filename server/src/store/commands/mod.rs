//! What users do to chats. Each command is one transaction, has its effect once, and answers the same when it comes again.

mod contact;
mod finish;
mod note;
mod own_part;
mod reply;
mod transfer;

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult, CommandStatus};
use switchboard_protocol::ids::{ChatId, CommandId, UserId};

pub(super) use note::{check_mentions, check_text};
pub(super) use own_part::is_snooze;

use super::StoreError;
use super::chats::{self, Access, ChatRow};
use super::sql::{Blob, Columns, Sql, bad_name};
use super::writer::Tx;
use crate::rights::{self, Part};

/// A command that was read and understood.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its id.
    pub id: CommandId,
    /// The chat; none for what is about the user alone.
    pub chat: Option<ChatId>,
    /// The epoch that the user saw.
    pub owner_epoch: Option<u64>,
    /// The last message that the user saw.
    pub seen: Option<u64>,
    /// Only what became of it is asked: it has no effect now.
    pub ask: bool,
    /// What to do.
    pub body: CommandBody,
}

impl Command {
    /// Reads a frame's body. The error is the answer: a frame whose command cannot be used is no broken connection.
    pub fn from_frame(frame: &CommandFrame) -> Result<Command, CommandResult> {
        let body = match CommandBody::parse(frame) {
            Ok(Some(body)) => body,
            Ok(None) => return Err(rejected(frame.id, ErrorCode::Unsupported)),
            Err(_) => return Err(rejected(frame.id, ErrorCode::BadRequest)),
        };
        if body.is_about_chat() != frame.chat.is_some() {
            return Err(rejected(frame.id, ErrorCode::BadRequest));
        }
        let CommandFrame { id, chat, owner_epoch, seen, ask, .. } = *frame;
        Ok(Command { id, chat, owner_epoch, seen, ask, body })
    }
}

/// A result that only names why not.
pub fn rejected(id: CommandId, code: ErrorCode) -> CommandResult {
    answer(id, CommandStatus::Rejected, Some(code))
}

/// The answer when the server could not decide: the same id is to be sent again.
pub fn retry(id: CommandId, code: ErrorCode) -> CommandResult {
    answer(id, CommandStatus::Retry, Some(code))
}

fn answer(id: CommandId, status: CommandStatus, code: Option<ErrorCode>) -> CommandResult {
    CommandResult { id, status, seq: None, code, owner: None, owner_epoch: None }
}

pub(super) fn applied(id: CommandId, seq: Option<u64>, owner_epoch: Option<u64>) -> CommandResult {
    CommandResult { seq, owner_epoch, ..answer(id, CommandStatus::Applied, None) }
}

/// Somebody was first; how the chat stands now.
fn conflict(id: CommandId, chat: &ChatRow, code: ErrorCode) -> CommandResult {
    CommandResult {
        owner: chat.owner,
        owner_epoch: Some(chat.owner_epoch),
        ..answer(id, CommandStatus::Conflict, Some(code))
    }
}

/// What makes two commands the same: kind, chat and content. Epoch and `seen` are not part: a client may learn newer ones
/// between two attempts.
fn fingerprint(command: &Command) -> Result<[u8; 32], StoreError> {
    let body = command.body.to_json().map_err(|error| StoreError::Unexpected(error.to_string()))?;
    let mut hash = Sha256::new();
    hash.update(command.body.kind().as_bytes());
    hash.update([0]);
    hash.update(command.chat.as_ref().map_or(&[][..], |chat| &chat.as_bytes()[..]));
    hash.update([0]);
    hash.update(body.unwrap_or_default().as_bytes());
    Ok(hash.finalize().into())
}

/// What a command writes into its chat: the text, and the kind of the message's row. Such a command is remembered by its
/// message.
fn written(body: &CommandBody) -> Option<(&str, i64)> {
    match body {
        CommandBody::Reply(reply) => Some((&reply.text, 0)),
        CommandBody::Say(say) => Some((&say.text, 0)),
        CommandBody::Note(note) => Some((&note.text, 1)),
        CommandBody::NoteToOwner(note) => Some((&note.text, 1)),
        _ => None,
    }
}

/// What became of this command when it came before: the memory by which a command has its effect once.
fn known(connection: &Connection, user: UserId, command: &Command) -> Result<Option<CommandResult>, StoreError> {
    let reused = || rejected(command.id, ErrorCode::IdReuse);
    // What a user wrote carries its command's id for ever. An out-of-office reply has an id as well, and no author.
    let message = connection
        .sql(
            "SELECT chat_id, author_id, text, author_seq, author_epoch, kind FROM messages WHERE id = ?1 AND author > 0",
        )?
        .query_row([Blob(command.id)], |row| {
            let (text, kind): (String, i64) = (row.get(2)?, row.get(5)?);
            let same = Some(row.id::<ChatId>(0)?) == command.chat
                && row.maybe_id::<UserId>(1)? == Some(user)
                && written(&command.body) == Some((text.as_str(), kind));
            let seq: Option<i64> = row.get(3)?;
            let epoch: Option<i64> = row.get(4)?;
            let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
            Ok(if same { applied(command.id, count(seq), count(epoch)) } else { reused() })
        })
        .optional()?;
    if message.is_some() {
        return Ok(message);
    }
    let now = fingerprint(command)?;
    let result = connection
        .sql("SELECT user_id, fingerprint, result FROM commands WHERE id = ?1")?
        .query_row([Blob(command.id)], |row| {
            let then: Vec<u8> = row.get(1)?;
            if row.id::<UserId>(0)? != user || then != now {
                return Ok(reused());
            }
            let result: String = row.get(2)?;
            serde_json::from_str(&result).map_err(|_| bad_name(2, "command result"))
        })
        .optional()?;
    Ok(result)
}

/// What a user has of a chat on which the user may act.
struct Acting {
    chat: ChatRow,
    access: Access,
    mine: UserChat,
}

/// How a user who means to change a chat's hands holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// It waits, and is offered to the user.
    Candidate,
    /// It is the user's.
    Owner,
    /// It is closed, and the user had it last.
    Reader,
}

/// The compare of every compare-and-set: whether the user still holds the chat as it was when the user acted. The epoch is
/// compared where one was given; the error is the answer.
fn hold(user: UserId, command: &Command, acting: &Acting) -> Result<Hold, CommandResult> {
    let Acting { chat, access, .. } = acting;
    let stale = || rejected(command.id, ErrorCode::StaleEpoch);
    match (chat.state, access) {
        // With another epoch the chat went through other hands and waits again; what was meant then may fit nothing now.
        (ChatState::Waiting, Access::Candidate) => match command.owner_epoch {
            Some(seen) if seen != chat.owner_epoch => Err(stale()),
            _ => Ok(Hold::Candidate),
        },
        (ChatState::Owned, Access::Owner) if chat.owner == Some(user) => match command.owner_epoch {
            None => Ok(Hold::Owner),
            Some(seen) if seen == chat.owner_epoch => Ok(Hold::Owner),
            // Written while the chat waited for the one who then got it.
            Some(seen) if chat.waited_before && seen.checked_add(1) == Some(chat.owner_epoch) => Ok(Hold::Owner),
            Some(_) => Err(stale()),
        },
        // Who reads a closed chat had it last, whatever happened before.
        (ChatState::Closed, Access::Reader) => Ok(Hold::Reader),
        (ChatState::Owned, _) => Err(conflict(command.id, chat, ErrorCode::Taken)),
        _ => Err(rejected(command.id, ErrorCode::NotFound)),
    }
}

impl Tx<'_> {
    /// Does what a user's command says, or says why not.
    pub fn execute(&mut self, user: UserId, command: &Command) -> Result<CommandResult, StoreError> {
        if let Some(result) = known(self.sql, user, command)? {
            return Ok(result);
        }
        if command.ask {
            return Ok(rejected(command.id, ErrorCode::NotReceived));
        }
        let result = match command.chat {
            Some(chat) => self.execute_on_chat(user, command, chat)?,
            None => self.execute_on_user(user, command)?,
        };
        let remembered = written(&command.body).is_some() && result.status == CommandStatus::Applied;
        if !remembered {
            self.remember(user, command, &result)?;
        }
        Ok(result)
    }

    fn execute_on_user(&mut self, user: UserId, command: &Command) -> Result<CommandResult, StoreError> {
        let refused = match &command.body {
            CommandBody::Presence(set) => self.set_presence(user, set)?,
            CommandBody::Schedule(set) => self.set_schedule(user, set)?,
            CommandBody::QueueLogin(login) => self.log_in_to_queue(user, login)?,
            CommandBody::EditContact(edit) => self.edit_contact(user, edit)?,
            CommandBody::LabelContact(change) => self.label_contact(user, change)?,
            CommandBody::AddContactNote(note) => self.add_contact_note(user, command.id, note)?,
            CommandBody::DeleteContactNote(delete) => self.delete_contact_note(user, delete.note)?,
            CommandBody::MergeContacts(merge) => self.merge_contacts(user, merge)?,
            CommandBody::PartContact(part) => self.part_contact(part.contact)?,
            CommandBody::SaveLabel(save) => self.save_label(user, save)?,
            CommandBody::DeleteLabel(delete) => self.delete_label(user, delete.label)?,
            // About a chat: without one they make no sense.
            _ => Some(ErrorCode::BadRequest),
        };
        Ok(refused.map_or_else(|| applied(command.id, None, None), |code| rejected(command.id, code)))
    }

    fn execute_on_chat(&mut self, user: UserId, command: &Command, id: ChatId) -> Result<CommandResult, StoreError> {
        match &command.body {
            CommandBody::OpenDirect(open) => return self.open_direct(user, command, id, open.user),
            CommandBody::CreateGroup(group) => return self.make_staff_group(user, command, id, group),
            CommandBody::NoteToOwner(note) => return self.note_to_owner(user, command, id, note),
            _ => {}
        }
        // What is deleted may be nothing but a line.
        if command.body == CommandBody::Delete
            && let Some(result) = self.delete_line(user, command, id)?
        {
            return Ok(result);
        }
        let Some((access, mine)) = chats::access(self.sql, id, user)? else {
            return Ok(rejected(command.id, ErrorCode::NotFound));
        };
        if access == Access::Member {
            return self.execute_on_internal(user, command, id, mine);
        }
        let acting = match self.acting(command, id, access, mine)? {
            Ok(acting) => acting,
            Err(answer) => return Ok(answer),
        };
        match &command.body {
            CommandBody::Reply(reply) => self.reply(user, command, acting, reply),
            CommandBody::Take => self.take(user, command, acting),
            CommandBody::Read(read) => self.read(user, command, acting, read.upto),
            CommandBody::Transfer(transfer) => self.transfer(user, command, acting, transfer),
            CommandBody::DealtWith => self.finish(user, command, acting, finish::Ending::DealtWith),
            CommandBody::End => self.finish(user, command, acting, finish::Ending::Ended),
            CommandBody::Block => self.block(user, command, acting),
            CommandBody::Archive => self.archive(user, command, acting, true),
            CommandBody::Unarchive => self.archive(user, command, acting, false),
            CommandBody::Ignore => self.ignore(user, command, acting),
            CommandBody::Snooze(snooze) => self.snooze(user, command, acting, snooze.until),
            CommandBody::Delete => self.delete(user, command, acting),
            CommandBody::AddContact(contact) => self.add_contact(user, command, acting, contact),
            CommandBody::Note(note) => self.note(user, command, acting, note),
            CommandBody::LabelChat(change) => self.label_chat(user, command, id, change.label, change.on),
            // About the user alone: with a chat they make no sense.
            _ => Ok(rejected(command.id, ErrorCode::BadRequest)),
        }
    }

    /// Keeps the answer to a command that left no message.
    fn remember(&mut self, user: UserId, command: &Command, result: &CommandResult) -> Result<(), StoreError> {
        let json = serde_json::to_string(result).map_err(|error| StoreError::Unexpected(error.to_string()))?;
        self.sql
            .sql("INSERT INTO commands (id, user_id, fingerprint, result, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((Blob(command.id), Blob(user), fingerprint(command)?.as_slice(), json, self.now))?;
        Ok(())
    }

    /// The chat, and what the user has of it; the error is the answer to a user who may not act on it.
    fn acting(
        &mut self,
        command: &Command,
        id: ChatId,
        access: Access,
        mine: UserChat,
    ) -> Result<Result<Acting, CommandResult>, StoreError> {
        let not_found = || rejected(command.id, ErrorCode::NotFound);
        // A chat among staff that the user is not in any more is not there.
        let Some(chat) = chats::load(self.sql, id)? else { return Ok(Err(not_found())) };
        Ok(match access {
            // Nothing of the user's is lost with a mark on a chat that left: no conflict to show.
            Access::None if chat.owner.is_some() && !matches!(command.body, CommandBody::Read(_)) => {
                Err(conflict(command.id, &chat, ErrorCode::Taken))
            }
            Access::None => Err(not_found()),
            access => {
                let part = part(access);
                if rights::of_command(&command.body).admits(part) {
                    Ok(Acting { chat, access, mine })
                } else {
                    Err(rejected(command.id, rights::refusal(&command.body, part)))
                }
            }
        })
    }
}

/// What an access is to the table of rights.
const fn part(access: Access) -> Part {
    match access {
        Access::None => Part::Stranger,
        Access::Candidate => Part::Candidate,
        Access::Owner => Part::Owner,
        Access::Reader => Part::Reader,
        Access::Member => Part::Member,
    }
}
