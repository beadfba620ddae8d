//! Labels, with what is still in the outbox.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};
use switchboard_protocol::collection::{CollectionRow, LabelRow, Role};
use switchboard_protocol::command::{CommandBody, LabelChat};
use switchboard_protocol::ids::{ChatId, GroupId, LabelId, UserId};

use super::{Blob, contact, outbox};
use crate::error::{Error, Result};
use crate::model::{LabelChoice, LabelInfo};

/// Stores a row of the collection, or removes it.
pub(crate) fn store_row(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    let Some(json) = &row.row else {
        tx.prepare_cached("DELETE FROM label WHERE id = ?1")?.execute([row.id.as_bytes().as_slice()])?;
        return Ok(());
    };
    let label: LabelRow = serde_json::from_str(json.get())?;
    tx.prepare_cached(
        "INSERT INTO label (id, name, color, group_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, color = excluded.color, group_id = excluded.group_id",
    )?
    .execute(params![Blob(label.id), label.name, label.color, label.group.map(Blob)])?;
    Ok(())
}

/// The labels as they will be.
pub(crate) struct Labels {
    rows: HashMap<LabelId, LabelRow>,
}

/// Who asks: what a user may do with a label follows from role and group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) role: Role,
    pub(crate) group: Option<GroupId>,
}

/// The user's role and group now; the collection knows them better than the day of the sign-in.
pub(crate) fn asker(db: &Connection, me: UserId, signed_in_as: Role) -> Result<Asker> {
    let mut statement = db.prepare_cached("SELECT role, group_id FROM user WHERE id = ?1")?;
    let mut rows = statement.query([Blob(me)])?;
    Ok(match rows.next()? {
        Some(row) => {
            let role = Role::from_name(row.get_ref(0)?.as_str().unwrap_or_default()).unwrap_or(signed_in_as);
            Asker { role, group: row.get::<_, Option<Blob<_>>>(1)?.map(|group| group.0) }
        }
        None => Asker { role: signed_in_as, group: None },
    })
}

impl Asker {
    /// Whether this user can give the label.
    pub(crate) fn gives(self, label: &LabelRow) -> bool {
        label.group.is_none() || self.edits(label)
    }

    /// Whether this user may change and remove it.
    pub(crate) fn edits(self, label: &LabelRow) -> bool {
        self.role == Role::SystemOwner || (label.group.is_some() && label.group == self.group)
    }
}

impl Labels {
    /// All labels, `group` being where a new one of this user goes.
    pub(crate) fn load(db: &Connection, group: Option<GroupId>) -> Result<Labels> {
        let mut rows = HashMap::new();
        let mut statement = db.prepare_cached("SELECT id, name, color, group_id FROM label WHERE id > x''")?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let id: LabelId = row.get::<_, Blob<_>>(0)?.0;
            let group = row.get::<_, Option<Blob<_>>>(3)?.map(|group| group.0);
            rows.insert(id, LabelRow { id, name: row.get(1)?, color: row.get(2)?, group });
        }
        for (_, body, _) in contact::pending(db)? {
            match body {
                CommandBody::SaveLabel(save) => {
                    let before = rows.get(&save.label).and_then(|row| row.group);
                    let group = if save.company { None } else { before.or(group) };
                    rows.insert(
                        save.label,
                        LabelRow { id: save.label, name: save.name, color: save.color.to_lowercase(), group },
                    );
                }
                CommandBody::DeleteLabel(delete) => _ = rows.remove(&delete.label),
                _ => {}
            }
        }
        Ok(Labels { rows })
    }

    pub(crate) fn get(&self, id: LabelId) -> Option<&LabelRow> {
        self.rows.get(&id)
    }

    /// Whether another label of the group has this name.
    pub(crate) fn has_name(&self, name: &str, group: Option<GroupId>, but: LabelId) -> bool {
        let name = name.to_lowercase();
        self.rows.values().any(|row| row.id != but && row.group == group && row.name.to_lowercase() == name)
    }

    /// As they are drawn. One that is not here any more is left out.
    pub(crate) fn infos(&self, ids: &[LabelId]) -> Vec<LabelInfo> {
        ids.iter()
            .filter_map(|id| self.rows.get(id))
            .map(|row| LabelInfo { label: row.id, name: row.name.clone(), color: row.color.clone() })
            .collect()
    }

    /// Those that this user can give, by name.
    pub(crate) fn choices(&self, asker: Asker) -> Vec<LabelChoice> {
        let mut out: Vec<LabelChoice> = self
            .rows
            .values()
            .filter(|row| asker.gives(row))
            .map(|row| LabelChoice {
                label: row.id,
                name: row.name.clone(),
                color: row.color.clone(),
                group: row.group,
                can_edit: asker.edits(row),
            })
            .collect();
        out.sort_by_cached_key(|row| (row.name.to_lowercase(), row.label));
        out
    }
}

/// The labels of a chat as the server has them, in the order in which they were given.
pub(crate) fn of_chat(db: &Connection, chat_key: i64) -> Result<Vec<LabelId>> {
    let mut statement = db.prepare_cached("SELECT label FROM chat_label WHERE chat_key = ?1 ORDER BY position")?;
    let mut rows = statement.query([chat_key])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(row.get::<_, Blob<_>>(0)?.0);
    }
    Ok(out)
}

/// What the outbox will do to the labels of a chat, in the order in which it was given.
pub(crate) fn pending_of_chat(db: &Connection, chat: ChatId) -> Result<Vec<LabelChat>> {
    let mut statement = db.prepare_cached(
        "SELECT body FROM outbox WHERE chat = ?1 AND kind = 'label_chat' AND orphan = 0 ORDER BY ord",
    )?;
    let mut rows = statement.query([Blob(chat)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(serde_json::from_str(row.get_ref(0)?.as_str().map_err(|_| Error::BadValue("outbox.body"))?)?);
    }
    Ok(out)
}

/// A label as it is drawn, with what the outbox will do to it; `None`: it is not here, or not any more.
pub(crate) fn info(db: &Connection, id: LabelId) -> Result<Option<LabelInfo>> {
    let mut statement = db.prepare_cached("SELECT name, color FROM label WHERE id = ?1")?;
    let mut rows = statement.query([Blob(id)])?;
    let mut info = match rows.next()? {
        Some(row) => Some(LabelInfo { label: id, name: row.get(0)?, color: row.get(1)? }),
        None => None,
    };
    for (_, body, _) in outbox::pending_about(db, *id.as_bytes())? {
        match body {
            CommandBody::SaveLabel(save) => {
                info = Some(LabelInfo { label: id, name: save.name, color: save.color.to_lowercase() });
            }
            CommandBody::DeleteLabel(_) => info = None,
            _ => {}
        }
    }
    Ok(info)
}

/// Puts a label on, or takes it off.
pub(crate) fn switch(labels: &mut Vec<LabelId>, label: LabelId, on: bool) {
    let has = labels.contains(&label);
    if on && !has {
        labels.push(label);
    } else if !on && has {
        labels.retain(|other| *other != label);
    }
}
