//! Labels: of a group or of the whole company, on chats and on contacts.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::collection::{Collection, LabelRow};
use switchboard_protocol::command::{CommandResult, LabelContact, SaveLabel};
use switchboard_protocol::ids::{ChatId, ContactId, GroupId, LabelId, UserId};
use switchboard_protocol::{ErrorCode, limits};

use super::super::collections::{PAGE_ROWS, Page};
use super::super::people;
use super::super::sql::{Blob, Columns, Sql, int};
use super::super::writer::Tx;
use super::{StoreError, parts, root};
use crate::rights::{Action, Actor, Extent, extent};

/// The labels of a chat, in the order in which they were given.
pub(in crate::store) fn chat_labels(connection: &Connection, chat: ChatId) -> Result<Vec<LabelId>, StoreError> {
    let mut query = connection.sql("SELECT label_id FROM chat_labels WHERE chat_id = ?1 ORDER BY position")?;
    let found = query.query_map([Blob(chat)], |row| row.id(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The labels that were given to this contact itself.
pub(super) fn contact_labels(connection: &Connection, contact: ContactId) -> Result<Vec<LabelId>, StoreError> {
    let mut query = connection.sql("SELECT label_id FROM contact_labels WHERE contact_id = ?1 ORDER BY position")?;
    let found = query.query_map([Blob(contact)], |row| row.id(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The labels that changed after a revision.
pub(in crate::store) fn labels_since(connection: &Connection, rev: u64, page: &mut Page) -> Result<(), StoreError> {
    let mut query = connection.sql(
        "SELECT id, name, color, group_id, deleted_at IS NOT NULL, rev FROM labels WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    )?;
    let found = query.query_map((int(rev), PAGE_ROWS), |row| {
        let label = LabelRow { id: row.id(0)?, name: row.get(1)?, color: row.get(2)?, group: row.maybe_id(3)? };
        Ok((label, row.get::<_, bool>(4)?, row.count(5)?))
    })?;
    for label in found {
        let (label, deleted, rev) = label?;
        if !page.push(rev, label.id.as_bytes(), (!deleted).then_some(&label))? {
            break;
        }
    }
    Ok(())
}

/// A label's group; `None` when there is no such label.
fn group_of(connection: &Connection, label: LabelId) -> Result<Option<Option<GroupId>>, StoreError> {
    Ok(connection
        .sql("SELECT group_id FROM labels WHERE id = ?1 AND deleted_at IS NULL")?
        .query_row([Blob(label)], |row| row.maybe_id(0))
        .optional()?)
}

fn is_everywhere(actor: &Actor) -> bool {
    extent(actor.role, Action::System) == Extent::Everything
}

/// Whether a user may give a label of this group.
fn may_give(actor: &Actor, group: Option<GroupId>) -> bool {
    group.is_none() || group == Some(actor.group) || is_everywhere(actor)
}

/// Whether a user may change a label of this group: one's own group's, or the company's as a system owner.
fn may_change(actor: &Actor, group: Option<GroupId>) -> bool {
    group == Some(actor.group) || is_everywhere(actor)
}

/// `#rrggbb` in lower case; none if it is no colour.
fn clean_color(color: &str) -> Option<String> {
    let color = color.trim().to_ascii_lowercase();
    let hex = color.strip_prefix('#')?;
    (hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| color.clone())
}

impl Tx<'_> {
    /// F67: makes a label, or changes one.
    pub(in crate::store) fn save_label(
        &mut self,
        user: UserId,
        save: &SaveLabel,
    ) -> Result<Option<ErrorCode>, StoreError> {
        let Some(actor) = people::actor(self.sql, user)? else { return Ok(Some(ErrorCode::Forbidden)) };
        let name = save.name.trim();
        let fits =
            !name.is_empty() && name.len() <= limits::MAX_SHORT_NAME_BYTES && !name.chars().any(char::is_control);
        let (true, Some(color)) = (fits, clean_color(&save.color)) else { return Ok(Some(ErrorCode::BadLabel)) };
        if save.company && !is_everywhere(&actor) {
            return Ok(Some(ErrorCode::Forbidden));
        }
        let before = group_of(self.sql, save.label)?;
        let group = match before {
            // A label that is changed stays its group's, unless it becomes the company's.
            Some(group) if !may_change(&actor, group) => return Ok(Some(ErrorCode::BadLabel)),
            Some(group) => (!save.company).then(|| group.unwrap_or(actor.group)),
            // Somebody removed it, whoever changes it still: it is on nothing any more, and does not come back as another's.
            None if self.label_was_removed(save.label)? => return Ok(Some(ErrorCode::BadLabel)),
            None => (!save.company).then_some(actor.group),
        };
        if self.label_name_is_taken(save.label, group, name)? {
            return Ok(Some(ErrorCode::BadLabel));
        }
        let rev = self.next_rev(Collection::Labels)?;
        self.sql
            .sql(
                "INSERT INTO labels (id, group_id, name, color, created_at, rev) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (id) DO UPDATE SET group_id = excluded.group_id, name = excluded.name, \
                 color = excluded.color, rev = excluded.rev",
            )?
            .execute((Blob(save.label), group.map(Blob), name, color, self.now, int(rev)))?;
        Ok(None)
    }

    fn label_was_removed(&self, label: LabelId) -> Result<bool, StoreError> {
        Ok(self.sql.sql("SELECT 1 FROM labels WHERE id = ?1 AND deleted_at IS NOT NULL")?.exists([Blob(label)])?)
    }

    /// Whether another label of the group has this name, however it is written.
    fn label_name_is_taken(&self, label: LabelId, group: Option<GroupId>, name: &str) -> Result<bool, StoreError> {
        let mut query = self.sql.sql(
            "SELECT name FROM labels INDEXED BY labels_by_group WHERE group_id IS ?1 AND deleted_at IS NULL AND id <> ?2",
        )?;
        let names = query.query_map((group.map(Blob), Blob(label)), |row| row.get::<_, String>(0))?;
        let wanted = name.to_lowercase();
        for other in names {
            if other?.to_lowercase() == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes a label from everything that has it.
    pub(in crate::store) fn delete_label(
        &mut self,
        user: UserId,
        label: LabelId,
    ) -> Result<Option<ErrorCode>, StoreError> {
        let Some(actor) = people::actor(self.sql, user)? else { return Ok(Some(ErrorCode::Forbidden)) };
        match group_of(self.sql, label)? {
            Some(group) if may_change(&actor, group) => {}
            _ => return Ok(Some(ErrorCode::BadLabel)),
        }
        let labelled: Vec<ChatId> = {
            let mut query = self.sql.sql("SELECT chat_id FROM chat_labels WHERE label_id = ?1")?;
            query.query_map([Blob(label)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        let contacts: Vec<ContactId> = {
            let mut query = self.sql.sql("SELECT contact_id FROM contact_labels WHERE label_id = ?1")?;
            query.query_map([Blob(label)], |row| row.id(0))?.collect::<Result<_, _>>()?
        };
        self.sql.sql("DELETE FROM chat_labels WHERE label_id = ?1")?.execute([Blob(label)])?;
        self.sql.sql("DELETE FROM contact_labels WHERE label_id = ?1")?.execute([Blob(label)])?;
        let rev = self.next_rev(Collection::Labels)?;
        self.sql.sql("UPDATE labels SET deleted_at = ?2, rev = ?3 WHERE id = ?1")?.execute((
            Blob(label),
            self.now,
            int(rev),
        ))?;
        self.tell_chats(&labelled, None)?;
        for contact in contacts {
            if let Some(root) = root(self.sql, contact)? {
                self.touch_contact(root.id)?;
            }
        }
        Ok(None)
    }

    /// F67: gives a chat a label, or takes it off.
    pub(in crate::store) fn label_chat(
        &mut self,
        user: UserId,
        command: &super::super::commands::Command,
        chat: ChatId,
        label: LabelId,
        on: bool,
    ) -> Result<CommandResult, StoreError> {
        use super::super::commands::{applied, rejected};
        let labels = chat_labels(self.sql, chat)?;
        if labels.contains(&label) == on {
            return Ok(applied(command.id, None, None));
        }
        if let Some(code) = self.cannot_label(user, label, on, labels.len())? {
            return Ok(rejected(command.id, code));
        }
        if on {
            self.sql
                .sql(
                    "INSERT INTO chat_labels (chat_id, label_id, position) VALUES (?1, ?2, \
                     1 + coalesce((SELECT max(position) FROM chat_labels WHERE chat_id = ?1), 0))",
                )?
                .execute((Blob(chat), Blob(label)))?;
        } else {
            self.sql
                .sql("DELETE FROM chat_labels WHERE chat_id = ?1 AND label_id = ?2")?
                .execute((Blob(chat), Blob(label)))?;
        }
        let seq = self.tell_chats(&[chat], Some((chat, user, command.id)))?;
        Ok(applied(command.id, seq, None))
    }

    /// F67: gives a saved contact a label, or takes it off.
    pub(in crate::store) fn label_contact(
        &mut self,
        user: UserId,
        change: &LabelContact,
    ) -> Result<Option<ErrorCode>, StoreError> {
        let Some(contact) = root(self.sql, change.contact)?.filter(|contact| contact.known) else {
            return Ok(Some(ErrorCode::UnknownContact));
        };
        let mut labels = Vec::new();
        let parts = parts(self.sql, contact.id)?;
        for &part in &parts {
            labels.extend(contact_labels(self.sql, part)?);
        }
        if labels.contains(&change.label) == change.on {
            // As with an edit that changes nothing: the phone waits for a row.
            self.touch_contact(contact.id)?;
            return Ok(None);
        }
        if let Some(code) = self.cannot_label(user, change.label, change.on, labels.len())? {
            return Ok(Some(code));
        }
        if change.on {
            self.sql
                .sql(
                    "INSERT INTO contact_labels (contact_id, label_id, position) VALUES (?1, ?2, \
                     1 + coalesce((SELECT max(position) FROM contact_labels WHERE contact_id = ?1), 0))",
                )?
                .execute((Blob(contact.id), Blob(change.label)))?;
        } else {
            // It may be a merged part's.
            for part in parts {
                self.sql
                    .sql("DELETE FROM contact_labels WHERE contact_id = ?1 AND label_id = ?2")?
                    .execute((Blob(part), Blob(change.label)))?;
            }
        }
        self.touch_contact(contact.id)?;
        Ok(None)
    }

    /// Why a user cannot give a label; one's own sight of the thing is enough to take one off.
    fn cannot_label(
        &self,
        user: UserId,
        label: LabelId,
        on: bool,
        has: usize,
    ) -> Result<Option<ErrorCode>, StoreError> {
        if !on {
            return Ok(None);
        }
        let Some(actor) = people::actor(self.sql, user)? else { return Ok(Some(ErrorCode::Forbidden)) };
        Ok(match group_of(self.sql, label)? {
            Some(group) if may_give(&actor, group) => (has >= limits::MAX_LABELS).then_some(ErrorCode::TooMany),
            _ => Some(ErrorCode::BadLabel),
        })
    }
}
