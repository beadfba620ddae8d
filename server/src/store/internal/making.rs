//! A direct chat is opened, a group is made.

use rusqlite::OptionalExtension;
use switchboard_protocol::command::{CommandResult, CreateGroup};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::message::Activity;
use switchboard_protocol::{ErrorCode, limits};

use super::{InternalRow, is_enabled, load, must};
use crate::store::StoreError;
use crate::store::chats::{self, Access};
use crate::store::commands::{Command, applied, rejected};
use crate::store::people::clean_name;
use crate::store::sql::{Blob, Sql};
use crate::store::writer::Tx;

/// Whether a device may have chosen this id: one of a version that no direct chat's id is of, which follow from their two
/// users. Otherwise a group could stand where two others will want to talk.
fn is_chosen(chat: ChatId) -> bool {
    chat.as_bytes()[6] >> 4 == 7
}

impl Tx<'_> {
    /// F2: the direct chat with a colleague. The other one sees nothing of it until something is said.
    pub(in crate::store) fn open_direct(
        &mut self,
        user: UserId,
        command: &Command,
        id: ChatId,
        other: UserId,
    ) -> Result<CommandResult, StoreError> {
        let refused = |code| Ok(rejected(command.id, code));
        if id != ChatId::direct(user, other) {
            return refused(ErrorCode::BadRequest);
        }
        if matches!(chats::access(self.sql, id, user)?, Some((Access::Member, _))) {
            return Ok(applied(command.id, None, None));
        }
        match is_enabled(self.sql, other)? {
            _ if other == user => return refused(ErrorCode::BadMembers),
            None => return refused(ErrorCode::BadMembers),
            Some(false) => return refused(ErrorCode::UserDisabled),
            Some(true) => {}
        }
        let (chat, mine) = match load(self.sql, id)? {
            Some(chat) => {
                let mine = self.readmit(id, user, chat.last_no)?;
                (chat, mine)
            }
            None => {
                let chat = self.new_internal(id, None)?;
                let mine = self.admit(id, user, 0)?;
                self.sql
                    .sql("INSERT INTO chat_users (chat_id, user_id, access, joined) VALUES (?1, ?2, 0, 2)")?
                    .execute((Blob(id), Blob(other)))?;
                (chat, mine)
            }
        };
        let seq = self.open_internal(&chat, &[(user, mine)], chat.last_no, Some(command.id))?;
        Ok(applied(command.id, seq, None))
    }

    /// F2: a group, with a name that its members see.
    pub(in crate::store) fn make_staff_group(
        &mut self,
        user: UserId,
        command: &Command,
        id: ChatId,
        group: &CreateGroup,
    ) -> Result<CommandResult, StoreError> {
        let refused = |code| Ok(rejected(command.id, code));
        let Ok(name) = clean_name(&group.name) else { return refused(ErrorCode::BadName) };
        if !is_chosen(id) {
            return refused(ErrorCode::BadRequest);
        }
        if self.is_chat(id)? {
            return refused(ErrorCode::IdReuse);
        }
        let others = match self.newcomers(&group.members, &[user])? {
            Ok(others) => others,
            Err(code) => return refused(code),
        };
        let mut chat = self.new_internal(id, Some(name.clone()))?;
        let mine = self.admit(id, user, 0)?;
        let mut theirs = Vec::with_capacity(others.len());
        for other in others {
            theirs.push((other, self.admit(id, other, 0)?));
        }
        self.add_internal_activity(&mut chat, user, Activity::GroupCreated { name })?;
        let seq = self.open_internal(&chat, &[(user, mine)], 0, Some(command.id))?;
        self.open_internal(&chat, &theirs, 0, None)?;
        Ok(applied(command.id, seq, None))
    }

    /// Of the given users those who are not there yet, each once; the error says why they cannot come.
    pub(super) fn newcomers(
        &self,
        given: &[UserId],
        there: &[UserId],
    ) -> Result<Result<Vec<UserId>, ErrorCode>, StoreError> {
        // Looked at before the list is, which may be as long as a frame.
        if given.len() > limits::MAX_MEMBERS {
            return Ok(Err(ErrorCode::TooMany));
        }
        let mut new = Vec::new();
        for &user in given {
            if there.contains(&user) || new.contains(&user) {
                continue;
            }
            if is_enabled(self.sql, user)? != Some(true) {
                return Ok(Err(ErrorCode::BadMembers));
            }
            new.push(user);
        }
        Ok(if there.len() + new.len() > limits::MAX_MEMBERS { Err(ErrorCode::TooMany) } else { Ok(new) })
    }

    fn is_chat(&self, id: ChatId) -> Result<bool, StoreError> {
        let found = self.sql.sql("SELECT 1 FROM chats WHERE id = ?1")?.query_row([Blob(id)], |_| Ok(())).optional()?;
        Ok(found.is_some())
    }

    fn new_internal(&mut self, id: ChatId, name: Option<String>) -> Result<InternalRow, StoreError> {
        self.sql
            .sql("INSERT INTO chats (id, state, name, rev, last_no, created_at) VALUES (?1, 'internal', ?2, 1, 0, ?3)")?
            .execute((Blob(id), name, self.now))?;
        must(self.sql, id)
    }
}
