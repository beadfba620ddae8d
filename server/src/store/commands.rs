//! What users do to chats: reply, take, read. Each is one transaction, has its effect once, and answers the same when it
//! comes again.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::command::{CommandBody, CommandFrame, CommandResult, CommandStatus, Reply};
use switchboard_protocol::event::{EventBody, GoneReason, MessageAdded, StatusRaised};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, UserId};
use switchboard_protocol::message::{Author, Message, MessageStatus};
use switchboard_protocol::{ErrorCode, limits};

use super::StoreError;
use super::chats::{self, Access, ChatRow};
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;

/// A command that was read and understood.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its id.
    pub id: CommandId,
    /// The chat.
    pub chat: ChatId,
    /// The epoch that the user saw.
    pub owner_epoch: Option<u64>,
    /// What to do.
    pub body: CommandBody,
}

impl Command {
    /// Reads a frame's body. The error is the answer: a frame whose command cannot be used is no broken connection.
    pub fn from_frame(frame: &CommandFrame) -> Result<Command, CommandResult> {
        match CommandBody::parse(frame) {
            Ok(Some(body)) => match frame.chat {
                Some(chat) => Ok(Command { id: frame.id, chat, owner_epoch: frame.owner_epoch, body }),
                None => Err(rejected(frame.id, ErrorCode::BadRequest)),
            },
            Ok(None) => Err(rejected(frame.id, ErrorCode::Unsupported)),
            Err(_) => Err(rejected(frame.id, ErrorCode::BadRequest)),
        }
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

fn applied(id: CommandId, seq: Option<u64>, owner_epoch: Option<u64>) -> CommandResult {
    CommandResult { seq, owner_epoch, ..answer(id, CommandStatus::Applied, None) }
}

/// Another owns the chat.
fn taken(id: CommandId, chat: &ChatRow) -> CommandResult {
    CommandResult {
        owner: chat.owner,
        owner_epoch: Some(chat.owner_epoch),
        ..answer(id, CommandStatus::Conflict, Some(ErrorCode::Taken))
    }
}

/// What makes two commands the same: kind, chat and content. The epoch is not part: a client may learn a newer one
/// between two attempts.
fn fingerprint(chat: ChatId, body: &CommandBody) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(body.kind().as_bytes());
    hash.update([0]);
    hash.update(chat.as_bytes());
    match body {
        CommandBody::Reply(Reply { text }) => hash.update(text.as_bytes()),
        CommandBody::Take => {}
        CommandBody::Read(read) => hash.update(read.upto.to_be_bytes()),
        _ => {}
    }
    hash.finalize().into()
}

/// What became of this command when it came before.
fn known(connection: &Connection, user: UserId, command: &Command) -> Result<Option<CommandResult>, StoreError> {
    let reused = || rejected(command.id, ErrorCode::IdReuse);
    // A reply's message carries its command's id for ever.
    let message = connection
        .sql("SELECT chat_id, author_id, text, author_seq, author_epoch FROM messages WHERE id = ?1 AND outbound = 1")?
        .query_row([Blob(command.id)], |row| {
            let same = row.id::<ChatId>(0)? == command.chat
                && row.id::<UserId>(1)? == user
                && matches!(&command.body, CommandBody::Reply(reply) if reply.text == row.get::<_, String>(2)?);
            let seq: Option<i64> = row.get(3)?;
            let epoch: Option<i64> = row.get(4)?;
            let count = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
            Ok(if same { applied(command.id, count(seq), count(epoch)) } else { reused() })
        })
        .optional()?;
    if message.is_some() {
        return Ok(message);
    }
    let result = connection
        .sql("SELECT user_id, fingerprint, result FROM commands WHERE id = ?1")?
        .query_row([Blob(command.id)], |row| {
            let fingerprint_then: Vec<u8> = row.get(1)?;
            if row.id::<UserId>(0)? != user || fingerprint_then != fingerprint(command.chat, &command.body) {
                return Ok(reused());
            }
            let result: String = row.get(2)?;
            serde_json::from_str(&result).map_err(|_| bad_name(2, "command result"))
        })
        .optional()?;
    Ok(result)
}

impl Tx<'_> {
    /// Does what a user's command says, or says why not.
    pub fn execute(&mut self, user: UserId, command: &Command) -> Result<CommandResult, StoreError> {
        if let Some(result) = known(self.sql, user, command)? {
            return Ok(result);
        }
        let result = match &command.body {
            CommandBody::Reply(reply) => {
                let result = self.reply(user, command, reply)?;
                if result.status == CommandStatus::Applied {
                    // Its message is its memory.
                    return Ok(result);
                }
                result
            }
            CommandBody::Take => self.take(user, command)?,
            CommandBody::Read(read) => self.read(user, command, read.upto)?,
            _ => rejected(command.id, ErrorCode::Unsupported),
        };
        let json = serde_json::to_string(&result).map_err(|error| StoreError::Unexpected(error.to_string()))?;
        self.sql
            .sql("INSERT INTO commands (id, user_id, fingerprint, result, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((
                Blob(command.id),
                Blob(user),
                fingerprint(command.chat, &command.body).as_slice(),
                json,
                self.now,
            ))?;
        Ok(result)
    }

    /// The chat, and what the user has of it; the error is the answer to a user who may not act on it.
    fn acting(
        &mut self,
        user: UserId,
        command: &Command,
    ) -> Result<Result<(ChatRow, Access, UserChat), CommandResult>, StoreError> {
        let not_found = || rejected(command.id, ErrorCode::NotFound);
        let Some((access, mine)) = chats::access(self.sql, command.chat, user)? else { return Ok(Err(not_found())) };
        let chat = chats::must(self.sql, command.chat)?;
        Ok(match access {
            Access::None if chat.owner.is_some() => Err(taken(command.id, &chat)),
            Access::None => Err(not_found()),
            _ => Ok((chat, access, mine)),
        })
    }

    /// F11: the first reply takes the chat; F12: nobody else's does anything.
    fn reply(&mut self, user: UserId, command: &Command, reply: &Reply) -> Result<CommandResult, StoreError> {
        if reply.text.trim().is_empty() {
            return Ok(rejected(command.id, ErrorCode::EmptyText));
        }
        if reply.text.len() > limits::MAX_TEXT_BYTES {
            return Ok(rejected(command.id, ErrorCode::TextTooLong));
        }
        let Some(seen_epoch) = command.owner_epoch else { return Ok(rejected(command.id, ErrorCode::BadRequest)) };
        let mut chat = match self.acting(user, command)? {
            Ok((chat, _, _)) => chat,
            Err(answer) => return Ok(answer),
        };
        let takes = match chat.state {
            ChatState::Waiting => true,
            ChatState::Owned if chat.owner == Some(user) => {
                // Written in the present epoch, or while the chat waited for the one who then got it.
                let current = seen_epoch == chat.owner_epoch;
                let waited = chat.waited_before && seen_epoch.checked_add(1) == Some(chat.owner_epoch);
                if !current && !waited {
                    return Ok(rejected(command.id, ErrorCode::StaleEpoch));
                }
                false
            }
            ChatState::Owned => return Ok(taken(command.id, &chat)),
            ChatState::Closed => return Ok(rejected(command.id, ErrorCode::NotOwner)),
        };
        if takes && seen_epoch != chat.owner_epoch {
            // The chat went through other hands and waits again; what was written then may answer nothing now.
            return Ok(rejected(command.id, ErrorCode::StaleEpoch));
        }
        let others = if takes { self.hand_over(&mut chat, user)? } else { Vec::new() };
        let message = Message {
            id: MessageId::from(command.id),
            no: chat.last_no + 1,
            author: Author::User { id: user, name: self.user_name(user)? },
            text: reply.text.clone(),
            private: false,
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        let epoch = chat.owner_epoch;
        self.add_message(&mut chat, &message, None, Some(epoch))?;
        let body = EventBody::Message(MessageAdded { message, chat: takes.then(|| chat.public()) });
        let event = self.event(chat.id, chat.rev, &body, Some(command.id))?;
        let seq = self.append(user, &event)?;
        self.sql
            .sql("UPDATE messages SET author_seq = ?2 WHERE id = ?1 AND outbound = 1")?
            .execute((Blob(command.id), int(seq)))?;
        self.gone(&chat, &others, GoneReason::Taken)?;
        Ok(applied(command.id, Some(seq), Some(chat.owner_epoch)))
    }

    /// F13: takes without a reply. By the present owner it is applied once more.
    fn take(&mut self, user: UserId, command: &Command) -> Result<CommandResult, StoreError> {
        let mut chat = match self.acting(user, command)? {
            Ok((chat, _, _)) => chat,
            Err(answer) => return Ok(answer),
        };
        match chat.state {
            ChatState::Waiting => {}
            ChatState::Owned if chat.owner == Some(user) => {
                return Ok(applied(command.id, None, Some(chat.owner_epoch)));
            }
            ChatState::Owned => return Ok(taken(command.id, &chat)),
            ChatState::Closed => return Ok(rejected(command.id, ErrorCode::NotOwner)),
        }
        let others = self.hand_over(&mut chat, user)?;
        let event = self.event(chat.id, chat.rev, &EventBody::Chat(chat.public()), Some(command.id))?;
        let seq = self.append(user, &event)?;
        self.gone(&chat, &others, GoneReason::Taken)?;
        Ok(applied(command.id, Some(seq), Some(chat.owner_epoch)))
    }

    /// A waiting chat becomes a candidate's; who loses it is told by the caller, after what the new owner gets.
    fn hand_over(&mut self, chat: &mut ChatRow, user: UserId) -> Result<Vec<UserId>, StoreError> {
        let seeing = chats::seeing(self.sql, chat.id)?;
        chat.waited_before = true;
        chat.state = ChatState::Owned;
        chat.owner = Some(user);
        chat.owner_epoch += 1;
        chat.waiting_since = None;
        self.save_hands(chat)?;
        self.grant(chat.id, user, Access::Owner)?;
        Ok(seeing.into_iter().filter(|other| *other != user).collect())
    }

    /// The user has read up to a message, on any device; the highest counts.
    fn read(&mut self, user: UserId, command: &Command, upto: u64) -> Result<CommandResult, StoreError> {
        let (mut chat, mine) = match self.acting(user, command)? {
            Ok((chat, _, mine)) => (chat, mine),
            // Nothing of the user's is lost with a mark on a chat that left: no conflict to show.
            Err(_) => return Ok(rejected(command.id, ErrorCode::NotFound)),
        };
        let upto = upto.min(chat.last_no);
        if upto <= mine.read_upto {
            return Ok(applied(command.id, None, None));
        }
        self.sql.sql("UPDATE chat_users SET read_upto = ?3 WHERE chat_id = ?1 AND user_id = ?2")?.execute((
            Blob(chat.id),
            Blob(user),
            int(upto),
        ))?;
        let body = EventBody::UserChat(UserChat { read_upto: upto, ..mine });
        let event = self.event(chat.id, chat.rev, &body, Some(command.id))?;
        let seq = self.append(user, &event)?;
        if upto > chat.staff_read_upto {
            let from = chat.staff_read_upto + 1;
            chat.staff_read_upto = upto;
            self.sql.sql("UPDATE chats SET staff_read_upto = ?2 WHERE id = ?1")?.execute((Blob(chat.id), int(upto)))?;
            self.raise_status(&chat, StatusRaised { outbound: false, from, upto, status: MessageStatus::Read })?;
        }
        Ok(applied(command.id, Some(seq), None))
    }
}
