//! What the outbox will do to a chat: shown as done on top of the server's row.

use rusqlite::Connection;
use switchboard_protocol::UnixMillis;
use switchboard_protocol::command::{AddContact, CommandBody};
use switchboard_protocol::ids::ChatId;
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
    /// What can still be taken back.
    pub(crate) undo: Option<UndoInfo>,
}

impl Pending {
    /// Whether this user's part of the chat is being ended.
    pub(crate) fn ends(&self) -> bool {
        self.closes || self.deleted || self.passed_to.is_some()
    }
}

pub(crate) fn pending(db: &Connection, chat: ChatId) -> Result<Pending> {
    let mut out = Pending::default();
    for entry in of_chat(db, chat)?.into_iter().filter(|entry| !entry.orphan) {
        if let (State::Held, Some(until)) = (entry.state, entry.held_until) {
            out.undo = Some(UndoInfo { command: entry.id, kind: entry.kind, until });
        }
        match entry.kind {
            CommandKind::Reply => {
                out.takes = true;
                out.replies = true;
            }
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
                _ => {}
            },
        }
    }
    Ok(out)
}
