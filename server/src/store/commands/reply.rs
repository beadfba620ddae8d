//! Reply, take, read.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::UserChat;
use switchboard_protocol::command::{CommandResult, Reply};
use switchboard_protocol::event::{EventBody, GoneReason, StatusRaised};
use switchboard_protocol::ids::{MessageId, QueueId, UserId};
use switchboard_protocol::message::{Activity, Message, MessageStatus};

use super::{Acting, Command, Hold, applied, check_text, hold, rejected};
use crate::store::StoreError;
use crate::store::chats::{self, Access, ChatRow};
use crate::store::sql::{Blob, Sql, int};
use crate::store::writer::Tx;

/// What a take leaves to be told: the line of it, and who lost the chat.
struct TakenOver {
    activity: Message,
    others: Vec<UserId>,
}

impl Tx<'_> {
    /// F11: the first reply takes the chat; F12: nobody else's does anything.
    pub(super) fn reply(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        reply: &Reply,
    ) -> Result<CommandResult, StoreError> {
        if let Some(code) = check_text(&reply.text) {
            return Ok(rejected(command.id, code));
        }
        if command.owner_epoch.is_none() {
            return Ok(rejected(command.id, ErrorCode::BadRequest));
        }
        let takes = match hold(user, command, &acting) {
            Ok(Hold::Candidate) => true,
            Ok(Hold::Owner) => false,
            Ok(Hold::Reader) => return Ok(rejected(command.id, ErrorCode::ChatClosed)),
            Err(answer) => return Ok(answer),
        };
        let Acting { mut chat, mine, .. } = acting;
        if takes && self.wants_take_first(chat.queue)? {
            return Ok(rejected(command.id, ErrorCode::TakeFirst));
        }
        let others = if takes {
            let TakenOver { activity, others } = self.take_over(&mut chat, user, mine)?;
            self.tell_message(&chat, &[user], &activity, true, None)?;
            others
        } else {
            Vec::new()
        };
        let message = Message {
            id: MessageId::from(command.id),
            no: chat.last_no + 1,
            author: self.author(user)?,
            text: reply.text.clone(),
            private: false,
            mentions: Vec::new(),
            activity: None,
            sent_at: self.now,
            status: MessageStatus::Sent,
        };
        // A further answer moves no clock.
        let clocks = takes || chat.unanswered_since.is_some() || chat.transferred_by.is_some();
        chat.unanswered_since = None;
        chat.transferred_by = None;
        chat.transferred_at = None;
        let epoch = chat.owner_epoch;
        self.add_message(&mut chat, &message, None, Some(epoch))?;
        let seq = self.tell_message(&chat, &[user], &message, false, Some(command.id))?;
        self.set_author_seq(command.id, seq)?;
        self.member_replied(user)?;
        self.gone(&chat, &others, GoneReason::Taken)?;
        if clocks {
            self.tend(&mut chat)?;
        }
        Ok(applied(command.id, seq, Some(epoch)))
    }

    /// F13: takes without a reply. By the present owner it is applied once more.
    pub(super) fn take(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
    ) -> Result<CommandResult, StoreError> {
        match hold(user, command, &acting) {
            Ok(Hold::Candidate) => {}
            Ok(Hold::Owner) => return Ok(applied(command.id, None, Some(acting.chat.owner_epoch))),
            Ok(Hold::Reader) => return Ok(rejected(command.id, ErrorCode::ChatClosed)),
            Err(answer) => return Ok(answer),
        }
        let Acting { mut chat, mine, .. } = acting;
        let TakenOver { activity, others } = self.take_over(&mut chat, user, mine)?;
        let seq = self.tell_message(&chat, &[user], &activity, true, Some(command.id))?;
        self.gone(&chat, &others, GoneReason::Taken)?;
        self.tend(&mut chat)?;
        Ok(applied(command.id, seq, Some(chat.owner_epoch)))
    }

    /// A waiting chat becomes a candidate's. Who loses it is told by the caller, after what the new owner gets.
    fn take_over(&mut self, chat: &mut ChatRow, user: UserId, mine: UserChat) -> Result<TakenOver, StoreError> {
        let mut others = chats::seeing(self.sql, chat.id)?;
        others.retain(|other| *other != user);
        self.set_owner(chat, Some(user))?;
        self.save_hands(chat)?;
        self.grant(chat.id, user, Access::Owner)?;
        if mine != mine.woken() {
            // What one answers is not out of sight.
            self.set_own_part(chat.id, user, mine.woken())?;
            let event = self.event(chat.id, chat.rev, &EventBody::UserChat(mine.woken()), None)?;
            self.append(user, &event)?;
        }
        let author = self.author(user)?;
        let activity = self.add_activity(chat, author, Activity::Taken)?;
        Ok(TakenOver { activity, others })
    }

    fn wants_take_first(&self, queue: Option<QueueId>) -> Result<bool, StoreError> {
        let Some(queue) = queue else { return Ok(false) };
        Ok(self.sql.sql("SELECT take_first FROM queues WHERE id = ?1")?.query_row([Blob(queue)], |row| row.get(0))?)
    }

    /// The user has read up to a message, on any device; the highest counts.
    pub(super) fn read(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        upto: u64,
    ) -> Result<CommandResult, StoreError> {
        let Acting { mut chat, mine, .. } = acting;
        let upto = upto.min(chat.last_no);
        if upto <= mine.read_upto {
            return Ok(applied(command.id, None, None));
        }
        let seq = self.change_own_part(&chat, user, UserChat { read_upto: upto, ..mine }, command.id)?;
        if upto > chat.staff_read_upto {
            let from = chat.staff_read_upto + 1;
            chat.staff_read_upto = upto;
            self.sql.sql("UPDATE chats SET staff_read_upto = ?2 WHERE id = ?1")?.execute((Blob(chat.id), int(upto)))?;
            self.raise_status(&chat, StatusRaised { outbound: false, from, upto, status: MessageStatus::Read })?;
        }
        Ok(applied(command.id, Some(seq), None))
    }
}
