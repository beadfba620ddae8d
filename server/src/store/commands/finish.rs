//! Dealt with, End and Block: a session's end, and its archive.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChannelKind, UserChat};
use switchboard_protocol::command::CommandResult;
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::ids::UserId;
use switchboard_protocol::message::Activity;

use super::{Acting, Command, Hold, applied, conflict, hold, rejected};
use crate::store::StoreError;
use crate::store::blocks;
use crate::store::chats::{self, Access};
pub(super) use crate::store::sessions::Ending;
use crate::store::writer::Tx;

impl Tx<'_> {
    /// F37 and F41: closes the session and archives the chat, unless the customer wrote what the user has not seen.
    pub(super) fn finish(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        ending: Ending,
    ) -> Result<CommandResult, StoreError> {
        let (Some(_), Some(seen)) = (command.owner_epoch, command.seen) else {
            return Ok(rejected(command.id, ErrorCode::BadRequest));
        };
        match hold(user, command, &acting) {
            Ok(Hold::Candidate | Hold::Owner) => {}
            Ok(Hold::Reader) => return Ok(rejected(command.id, ErrorCode::ChatClosed)),
            Err(answer) => return Ok(answer),
        }
        if ending == Ending::Ended && acting.chat.channel_kind != ChannelKind::LiveChat {
            return Ok(rejected(command.id, ErrorCode::NotLiveChat));
        }
        if acting.chat.last_inbound_no > seen {
            return Ok(conflict(command.id, &acting.chat, ErrorCode::NewMessage));
        }
        self.end_session(user, command, acting, ending)
    }

    /// F42: the session ends, and the visitor's address can write on no website channel for a while.
    pub(super) fn block(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
    ) -> Result<CommandResult, StoreError> {
        let refused = |code| Ok(rejected(command.id, code));
        if command.owner_epoch.is_none() {
            return refused(ErrorCode::BadRequest);
        }
        match hold(user, command, &acting) {
            Ok(Hold::Owner) => {}
            Ok(Hold::Candidate) => return refused(ErrorCode::NotOwner),
            Ok(Hold::Reader) => return refused(ErrorCode::ChatClosed),
            Err(answer) => return Ok(answer),
        }
        let chat = &acting.chat;
        if chat.channel_kind != ChannelKind::LiveChat {
            return refused(ErrorCode::NotLiveChat);
        }
        if chat.contact.known {
            return refused(ErrorCode::KnownContact);
        }
        let Some(visitor) = chat.visitor_key() else { return refused(ErrorCode::NoAddress) };
        let Some(address) = blocks::address(self.sql, visitor)? else { return refused(ErrorCode::NoAddress) };
        self.add_block(chat.id, visitor, &address, user)?;
        self.end_session(user, command, acting, Ending::Blocked)
    }

    fn end_session(
        &mut self,
        user: UserId,
        command: &Command,
        acting: Acting,
        ending: Ending,
    ) -> Result<CommandResult, StoreError> {
        let Acting { mut chat, mine, .. } = acting;
        let mut others = chats::seeing(self.sql, chat.id)?;
        others.retain(|other| *other != user);
        self.close_session(&mut chat, user, ending)?;
        self.grant(chat.id, user, Access::Reader)?;
        let activity = match ending {
            Ending::DealtWith | Ending::Deleted => Activity::DealtWith,
            Ending::Ended => Activity::Ended,
            Ending::Blocked => Activity::Blocked,
        };
        let author = self.author(user)?;
        let activity = self.add_activity(&mut chat, author, activity)?;
        self.tell_message(&chat, &[user], &activity, true, None)?;
        let archived = UserChat { archived: true, ..mine.woken() };
        let seq = self.change_own_part(&chat, user, archived, command.id)?;
        self.gone(&chat, &others, GoneReason::DealtWith)?;
        self.tend(&mut chat)?;
        Ok(applied(command.id, Some(seq), Some(chat.owner_epoch)))
    }
}
