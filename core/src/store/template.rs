//! Templates and their place in their full-text index.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::collection::{CollectionRow, Role, TemplateRow};
use switchboard_protocol::ids::{ChatId, ContactId, GroupId, TemplateId, UserId};
use switchboard_protocol::template::Template;

use super::information::Contacts;
use super::{Blob, Changes, Store, chat, from_sql_u64, message, text, to_sql_u64};
use crate::error::{CoreError, Error, Result};
use crate::model::{FilledTemplate, TemplateGroup, TemplateItem, TemplatePicker, TemplateQuery};
use crate::templates::picker::{self, Catalogue, Found, Rights, Stored, Uses, Written};
use crate::templates::variables::{self, Values};
use crate::views::DeskPart;

/// What a picker shows at most.
const MAX_ROWS: usize = 200;
/// How far back it is looked for what the customer wrote.
const LOOK_BACK: u32 = 40;
/// How many of the customer's texts tell the language.
const TELLING_TEXTS: usize = 6;

/// The templates as the picker needs them, kept from one keystroke to the next.
#[derive(Default)]
pub(crate) struct Kept {
    /// The first state of the store that has the last change of a template.
    changed_at: AtomicU64,
    catalogue: Mutex<Option<(u64, Arc<Catalogue>)>>,
}

impl Kept {
    /// A commit made this state of the store.
    pub(crate) fn committed(&self, changes: &Changes, generation: u64) {
        if changes.all || changes.desk.contains(&DeskPart::Templates) {
            self.changed_at.fetch_max(generation, Ordering::AcqRel);
        }
    }

    /// All templates. `generation` is of before the reading began.
    pub(super) fn catalogue(&self, db: &Connection, generation: u64) -> Result<Arc<Catalogue>> {
        let mut kept = self.catalogue.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((since, catalogue)) if *since >= self.changed_at.load(Ordering::Acquire) => Ok(Arc::clone(catalogue)),
            _ => {
                let catalogue = Arc::new(Catalogue::new(all(db)?));
                *kept = Some((generation, Arc::clone(&catalogue)));
                Ok(catalogue)
            }
        }
    }
}

impl Store {
    /// What a picker shows.
    pub(crate) fn templates(&self, query: &TemplateQuery, me: UserId, role: Role) -> Result<TemplatePicker> {
        let generation = self.generation();
        self.read_consistent(|db| {
            let all = self.kept_templates().catalogue(db, generation)?;
            picker(db, &all, query, rights(db, me, role)?)
        })
    }
}

fn picker(db: &Connection, all: &Catalogue, query: &TemplateQuery, rights: Rights) -> Result<TemplatePicker> {
    let texts = match query.chat {
        Some(chat) => last_texts(db, chat)?,
        None => LastTexts::default(),
    };
    let language = all.language_of(&texts.telling.join("\n"));
    let last = texts.last.join("\n");
    let written = (!texts.telling.is_empty()).then(|| Written { text: &last, language: language.as_deref() });
    // A box in which nothing stands that could be found does not filter.
    let found = match text::query(&query.search) {
        Some(words) => Some(matching(db, &words)?),
        None => None,
    };
    let picked = picker::pick(all, &uses(db)?, query, found.as_ref(), written.as_ref());
    let names = group_names(db)?;
    let name_of =
        |group: Option<GroupId>| names.iter().find(|(id, _)| Some(*id) == group).map(|(_, name)| name.clone());
    let rows = picked.iter().take(MAX_ROWS).map(|one| {
        let TemplateRow { id, edition, template } = all.stored[one.index].row.clone();
        TemplateItem {
            id,
            edition,
            group: template.group,
            group_name: name_of(template.group),
            category: template.category,
            language: template.language,
            title: template.title,
            text: template.text,
            keywords: template.keywords,
            likely: one.likely,
            can_edit: rights.can_edit(template.group),
        }
    });
    let mut categories: Vec<String> = all.stored.iter().filter_map(|one| one.row.template.category.clone()).collect();
    categories.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
    categories.dedup();
    let groups = match rights.role {
        Role::User => Vec::new(),
        Role::SystemOwner => {
            let company = TemplateGroup { group: None, name: None };
            let groups = names.iter().map(|(id, name)| TemplateGroup { group: Some(*id), name: Some(name.clone()) });
            [company].into_iter().chain(groups).collect()
        }
        Role::Manager | Role::GroupOwner => rights
            .group
            .map(|group| TemplateGroup { group: Some(group), name: name_of(Some(group)) })
            .into_iter()
            .collect(),
    };
    Ok(TemplatePicker {
        rows: rows.collect(),
        categories,
        languages: all.languages.iter().cloned().collect(),
        customer_language: language,
        can_create: rights.can_create(),
        groups,
    })
}

/// What the user may do to templates, by the newest row of the collection.
pub(crate) fn rights(db: &Connection, me: UserId, role: Role) -> Result<Rights> {
    let row: Option<(String, Option<Blob<GroupId>>)> = db
        .prepare_cached("SELECT role, group_id FROM user WHERE id = ?1")?
        .query_row([Blob(me)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match row {
        Some((name, group)) => {
            Rights { role: Role::from_name(&name).ok_or(Error::BadValue("user.role"))?, group: group.map(|id| id.0) }
        }
        None => Rights { role, group: None },
    })
}

fn group_names(db: &Connection) -> Result<Vec<(GroupId, String)>> {
    let mut names: Vec<(GroupId, String)> = db
        .prepare_cached("SELECT id, name FROM user_group WHERE id > x''")?
        .query_map([], |row| Ok((row.get::<_, Blob<_>>(0)?.0, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    names.sort_by_cached_key(|(id, name)| (name.to_lowercase(), *id));
    Ok(names)
}

fn all(db: &Connection) -> Result<Vec<Stored>> {
    let mut statement = db.prepare_cached(
        "SELECT key, id, group_id, category, language, title, text, keywords, edition FROM template
         WHERE key > -9223372036854775807 ORDER BY key",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Stored {
            key: row.get(0)?,
            row: TemplateRow {
                id: row.get::<_, Blob<_>>(1)?.0,
                edition: from_sql_u64(row.get(8)?),
                template: Template {
                    group: row.get::<_, Option<Blob<_>>>(2)?.map(|id| id.0),
                    category: row.get(3)?,
                    language: row.get(4)?,
                    title: row.get(5)?,
                    text: row.get(6)?,
                    keywords: row.get(7)?,
                },
            },
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn uses(db: &Connection) -> Result<Uses> {
    let mut statement =
        db.prepare_cached("SELECT key, used, used_at FROM template INDEXED BY template_used WHERE used > 0")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The templates with every word of the query, and how good a match each is: in the title, in title and keywords, or
/// with the text.
pub(super) fn matching(db: &Connection, words: &str) -> Result<Found> {
    let mut statement = db.prepare_cached("SELECT rowid FROM template_fts WHERE template_fts MATCH ?1")?;
    let mut out = Found::new();
    for (tier, columns) in (0..).zip(["{title}", "{title keywords}", "{title keywords text}"]) {
        let mut rows = statement.query([format!("{columns} : ({words})")])?;
        while let Some(row) = rows.next()? {
            out.entry(row.get(0)?).or_insert(tier);
        }
    }
    Ok(out)
}

/// What the customer wrote in a chat.
#[derive(Default)]
struct LastTexts {
    /// What nobody has answered yet, or else what was answered last.
    last: Vec<String>,
    /// The newest texts, for the language.
    telling: Vec<String>,
}

fn last_texts(db: &Connection, id: ChatId) -> Result<LastTexts> {
    let mut out = LastTexts::default();
    let Some(key) = chat::key(db, id)? else { return Ok(out) };
    let (from, to) = message::range(key);
    let mut statement = db.prepare_cached(
        "SELECT author, text FROM message WHERE pos > ?1 AND pos < ?2 AND kind = 0 ORDER BY pos DESC LIMIT ?3",
    )?;
    let mut rows = statement.query(params![from, to, LOOK_BACK])?;
    let mut answered = false;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(0)? != message::CONTACT {
            answered |= !out.last.is_empty();
            continue;
        }
        let text: String = row.get(1)?;
        if !answered {
            out.last.push(text.clone());
        }
        out.telling.push(text);
        if out.telling.len() >= TELLING_TEXTS {
            break;
        }
    }
    out.last.reverse();
    Ok(out)
}

/// A template's text with its variables filled for a chat.
pub(crate) fn fill(db: &Connection, chat: ChatId, id: TemplateId, me: UserId, my_name: &str) -> Result<FilledTemplate> {
    let (mut values, contact): (Values, Option<Blob<ContactId>>) = db
        .prepare_cached(
            "SELECT c.contact_name, c.contact_email, c.contact_phone, q.name, n.name, c.contact FROM chat c
             LEFT JOIN queue q ON q.id = c.queue LEFT JOIN channel n ON n.id = c.channel WHERE c.id = ?1",
        )?
        .query_row([Blob(chat)], |row| {
            let values = Values {
                contact_name: row.get(0)?,
                contact_email: row.get(1)?,
                contact_phone: row.get(2)?,
                queue_name: row.get(3)?,
                channel_name: row.get(4)?,
                user_name: Some(my_name.to_owned()),
                ..Values::default()
            };
            Ok((values, row.get(5)?))
        })
        .optional()?
        .ok_or(CoreError::NotFound)?;
    if let Some(Blob(contact)) = contact {
        // What was put right a moment ago counts, also where the server does not know it yet.
        let row = Contacts::load(db, me)?.row(contact)?;
        values.contact_name = row.name.or(values.contact_name);
        values.contact_email = row.email.or(values.contact_email);
        values.contact_phone = row.phone.or(values.contact_phone);
    }
    let mine: Option<(String, Option<String>, Option<String>)> = db
        .prepare_cached(
            "SELECT u.name, u.extension, g.name FROM user u LEFT JOIN user_group g ON g.id = u.group_id WHERE u.id = ?1",
        )?
        .query_row([Blob(me)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((name, extension, group)) = mine {
        values.user_name = Some(name);
        values.user_extension = extension;
        values.group_name = group;
    }
    let text: String = db
        .prepare_cached("SELECT text FROM template WHERE id = ?1")?
        .query_row([Blob(id)], |row| row.get(0))
        .optional()?
        .ok_or(CoreError::NotFound)?;
    Ok(variables::fill(&text, &values))
}

/// The user took a template.
pub(crate) fn took(tx: &Transaction<'_>, id: TemplateId, now: UnixMillis) -> Result<()> {
    tx.prepare_cached("UPDATE template SET used = used + 1, used_at = ?2 WHERE id = ?1")?
        .execute(params![Blob(id), now])?;
    Ok(())
}

/// Stores a row of the collection, or removes it.
pub(crate) fn store_row(tx: &Transaction<'_>, row: &CollectionRow) -> Result<()> {
    match &row.row {
        Some(json) => put(tx, &serde_json::from_str(json.get())?),
        None => remove(tx, TemplateId::from_bytes(*row.id.as_bytes())),
    }
}

pub(crate) fn remove(tx: &Transaction<'_>, id: TemplateId) -> Result<()> {
    if let Some(key) = key(tx, id)? {
        tx.prepare_cached("DELETE FROM template_fts WHERE rowid = ?1")?.execute([key])?;
        tx.prepare_cached("DELETE FROM template WHERE key = ?1")?.execute([key])?;
    }
    Ok(())
}

/// Stores a template. How often it was used stays.
pub(crate) fn put(tx: &Transaction<'_>, row: &TemplateRow) -> Result<()> {
    let TemplateRow { id, edition, template } = row;
    tx.prepare_cached(
        "INSERT INTO template (id, group_id, category, language, title, text, keywords, edition)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET group_id = excluded.group_id, category = excluded.category,
             language = excluded.language, title = excluded.title, text = excluded.text,
             keywords = excluded.keywords, edition = excluded.edition",
    )?
    .execute(params![
        Blob(*id),
        template.group.map(Blob),
        template.category,
        template.language,
        template.title,
        template.text,
        template.keywords,
        to_sql_u64(*edition),
    ])?;
    let Some(key) = key(tx, *id)? else { return Ok(()) };
    tx.prepare_cached("DELETE FROM template_fts WHERE rowid = ?1")?.execute([key])?;
    tx.prepare_cached("INSERT INTO template_fts (rowid, title, keywords, text) VALUES (?1, ?2, ?3, ?4)")?.execute(
        params![key, text::indexed(&template.title), text::indexed(&template.keywords), text::indexed(&template.text)],
    )?;
    Ok(())
}

fn key(db: &Connection, id: TemplateId) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached("SELECT key FROM template WHERE id = ?1")?
        .query_row([Blob(id)], |row| row.get(0))
        .optional()?)
}
