//! What the outbox will do to a chat: shown as done on top of the server's row.

use rusqlite::Connection;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::command::{AddContact, CommandBody};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::transfer::TransferTarget;

use super::{body_of, of_chat};
use crate::error::Result;
use crate::model::{CommandKind, UndoInfo};
use crate::outbox::State;

/// What is under way for a chat, all of it together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    /// A take, or a reply that may be one.
    pub(crate) takes: bool,
    /// A take.
    pub(crate) take: bool,
    /// A reply.
    pub(crate) replies: bool,
    /// The session is being closed.
    pub(crate) closes: bool,
    /// It is being passed on: to whom, and since when.
    pub(crate) passed_to: Option<(TransferTarget, UnixMillis)>,
    /// It is being deleted.
    pub(crate) deleted: bool,
    /// It is being put into the Archive, or brought back.
    pub(crate) archived: Option<bool>,
    /// It is being ignored.
    pub(crate) ignored: bool,
    /// It is being put away until then, or that is being ended.
    pub(crate) snoozed: Option<Option<UnixMillis>>,
    /// Its person is being added to the contacts.
    pub(crate) contact: Option<AddContact>,
    /// Something is said among staff.
    pub(crate) says: bool,
    /// The staff group is being made.
    pub(crate) creates: bool,
    /// The staff group is being left.
    pub(crate) leaves: bool,
    /// The name that the staff group is given.
    pub(crate) name: Option<String>,
    /// Who comes into the staff group and who is taken out, in order: true for who comes.
    pub(crate) members: Vec<(UserId, bool)>,
    /// What can still be taken back.
    pub(crate) undo: Option<UndoInfo>,
}

impl Pending {
    /// Whether this user's part of the chat is being ended.
    pub(crate) fn ends(&self) -> bool {
        self.closes || self.deleted || self.leaves || self.passed_to.is_some()
    }

    /// The members of a staff group once all of it is done.
    pub(crate) fn change_members(&self, members: &mut Vec<UserId>) {
        for (user, comes) in &self.members {
            members.retain(|member| *comes || member != user);
            if *comes && !members.contains(user) {
                members.push(*user);
            }
        }
    }
}

pub(crate) fn pending(db: &Connection, chat: ChatId) -> Result<Pending> {
    let mut out = Pending::default();
    for entry in of_chat(db, chat)?.into_iter().filter(|entry| !entry.orphan) {
        if let (State::Held, Some(until)) = (entry.state, entry.held_until) {
            out.undo = Some(UndoInfo { command: entry.id, kind: entry.kind, until });
        }
        match entry.kind {
            // It may never be sent.
            CommandKind::Reply if entry.state == State::Asking => {}
            CommandKind::Reply => {
                out.takes = true;
                out.replies = true;
            }
            CommandKind::Say => out.says = true,
            CommandKind::Leave => out.leaves = true,
            CommandKind::CreateGroup => out.creates = true,
            // They change nothing that is laid over the row here.
            CommandKind::Note | CommandKind::NoteToOwner | CommandKind::LabelChat | CommandKind::OpenDirect => {}
            CommandKind::Take => {
                out.takes = true;
                out.take = true;
            }
            _ => match body_of(db, &entry)? {
                CommandBody::Transfer(transfer) => out.passed_to = Some((transfer.to, entry.written_at)),
                CommandBody::DealtWith | CommandBody::End | CommandBody::Block => {
                    out.closes = true;
                    out.archived = Some(true);
                }
                CommandBody::Archive => out.archived = Some(true),
                CommandBody::Unarchive => out.archived = Some(false),
                CommandBody::Ignore => out.ignored = true,
                CommandBody::Snooze(snooze) => out.snoozed = Some(snooze.until),
                CommandBody::Delete => out.deleted = true,
                CommandBody::AddContact(contact) => out.contact = Some(contact),
                CommandBody::RenameGroup(rename) => out.name = Some(rename.name),
                CommandBody::AddMembers(add) => out.members.extend(add.members.into_iter().map(|user| (user, true))),
                CommandBody::RemoveMember(remove) => out.members.push((remove.member, false)),
                _ => {}
            },
        }
    }
    Ok(out)
}
