//! Who is in a group, and how it is called.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::command::CommandResult;
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::ids::{CommandId, UserId};
use switchboard_protocol::message::{Activity, Named};

use super::{InternalRow, members};
use crate::store::StoreError;
use crate::store::chats::Access;
use crate::store::commands::{Command, applied, rejected};
use crate::store::people::clean_name;
use crate::store::writer::Tx;

impl Tx<'_> {
    fn named(&self, user: UserId) -> Result<Named, StoreError> {
        Ok(Named { id: user, name: self.user_name(user)? })
    }

    /// F2: another name.
    pub(super) fn rename_group(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: InternalRow,
        name: &str,
    ) -> Result<CommandResult, StoreError> {
        if chat.is_direct() {
            return Ok(rejected(command.id, ErrorCode::DirectChat));
        }
        let Ok(name) = clean_name(name) else { return Ok(rejected(command.id, ErrorCode::BadName)) };
        if chat.name.as_deref() == Some(name.as_str()) {
            return Ok(applied(command.id, None, None));
        }
        chat.name = Some(name.clone());
        self.save_internal(&mut chat)?;
        let line = self.add_internal_activity(&mut chat, user, Activity::GroupRenamed { name })?;
        let seq = self.tell_members(&chat, user, &line, true, command.id)?;
        Ok(applied(command.id, seq, None))
    }

    /// F2: people come in. They see that they came, and what follows.
    pub(super) fn add_members(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: InternalRow,
        given: &[UserId],
    ) -> Result<CommandResult, StoreError> {
        if chat.is_direct() {
            return Ok(rejected(command.id, ErrorCode::DirectChat));
        }
        let new = match self.newcomers(given, &members(self.sql, &chat)?)? {
            Ok(new) if new.is_empty() => return Ok(applied(command.id, None, None)),
            Ok(new) => new,
            Err(code) => return Ok(rejected(command.id, code)),
        };
        let from = chat.last_no;
        let mut came = Vec::with_capacity(new.len());
        let mut names = Vec::with_capacity(new.len());
        for member in new {
            came.push((member, self.admit(chat.id, member, from)?));
            names.push(self.named(member)?);
        }
        self.save_internal(&mut chat)?;
        self.open_internal(&chat, &came, from, None)?;
        let line = self.add_internal_activity(&mut chat, user, Activity::MembersAdded { members: names })?;
        let seq = self.tell_members(&chat, user, &line, true, command.id)?;
        Ok(applied(command.id, seq, None))
    }

    /// F2: somebody else is taken out, and has nothing of the chat from then on.
    pub(super) fn remove_member(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: InternalRow,
        member: UserId,
    ) -> Result<CommandResult, StoreError> {
        if chat.is_direct() {
            return Ok(rejected(command.id, ErrorCode::DirectChat));
        }
        if member == user || !members(self.sql, &chat)?.contains(&member) {
            return Ok(rejected(command.id, ErrorCode::BadMembers));
        }
        self.leave_internal(&chat, member, GoneReason::Left, None)?;
        self.save_internal(&mut chat)?;
        let member = self.named(member)?;
        let line = self.add_internal_activity(&mut chat, user, Activity::MemberRemoved { member })?;
        let seq = self.tell_members(&chat, user, &line, true, command.id)?;
        // Perhaps everybody else had read it.
        self.raise_staff_read(&mut chat)?;
        Ok(applied(command.id, seq, None))
    }

    /// F2: out of a group. Who is the last leaves an empty one, which nobody sees any more.
    pub(super) fn leave_group(
        &mut self,
        user: UserId,
        command: &Command,
        mut chat: InternalRow,
    ) -> Result<CommandResult, StoreError> {
        if chat.is_direct() {
            return Ok(rejected(command.id, ErrorCode::DirectChat));
        }
        let seq = self.leave_internal(&chat, user, GoneReason::Left, Some(command.id))?;
        self.save_internal(&mut chat)?;
        let line = self.add_internal_activity(&mut chat, user, Activity::MemberLeft)?;
        self.tell_members(&chat, user, &line, true, command.id)?;
        self.raise_staff_read(&mut chat)?;
        Ok(applied(command.id, Some(seq), None))
    }

    /// The chat leaves a member: the right, the content in the feed, and then a word on why; its place there.
    pub(super) fn leave_internal(
        &mut self,
        chat: &InternalRow,
        user: UserId,
        reason: GoneReason,
        command: Option<CommandId>,
    ) -> Result<u64, StoreError> {
        self.grant(chat.id, user, Access::None)?;
        self.withdraw(&[user], chat.id)?;
        // Stored after the withdrawal, which would otherwise take it too.
        let gone = EventBody::Gone(Gone { reason, passed_on: None });
        let event = self.event(chat.id, chat.rev, &gone, command)?;
        self.append(user, &event)
    }
}
