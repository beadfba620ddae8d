//! Search over what is here: messages newest first, never ranked (ranking reads every hit); people and templates by how
//! well they match.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::ContactRow;
use switchboard_protocol::command::{CommandBody, EditContact};
use switchboard_protocol::ids::{ChatId, ContactId};

use super::words::{Folds, Query};
use super::{Blob, Store, contact, message, template, text};
use crate::error::{Error, Result};
use crate::model::{ContactHit, SearchHit, SearchResults, SnippetPart, TemplateHit};
use crate::templates::picker::Catalogue;

/// More than a screen ever shows of one search.
const MAX_HITS: u32 = 200;
const MAX_CONTACTS: usize = 20;
const MAX_TEMPLATES: usize = 20;
/// From how many people with a matching word the best are chosen.
const PEOPLE_LOOKED_AT: u32 = 200;

/// A word that one message of so many has is frequent.
const FREQUENT: u32 = 20;

/// How far a search goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// How many of the newest messages are read before the index is asked, which gathers every message that has a word
    /// with that beginning before its first hit: 200 ms at a million messages for the letter of a frequent word. What
    /// fills no screen from so many messages is rare enough for the index. A tenth of them says of a longer word whether
    /// the rest is worth reading.
    pub(crate) newest: u32,
    /// How many messages that the index names are read where only a part of what was typed could be asked of it.
    pub(crate) read: u32,
}

impl Default for Reach {
    fn default() -> Self {
        Self { newest: 1_000, read: 3_000 }
    }
}

/// What a search keeps from one keystroke to the next.
#[derive(Default)]
pub(crate) struct Searcher {
    folds: Mutex<Folds>,
}

impl Searcher {
    /// Forgets which characters it met.
    pub(crate) fn clear(&self) {
        *self.folds.lock().unwrap_or_else(PoisonError::into_inner) = Folds::default();
    }
}

impl Store {
    /// The newest messages with every word of `typed`, and the people and templates with them.
    pub(crate) fn search(&self, typed: &str, limit: u32) -> Result<SearchResults> {
        self.search_within(typed, limit, Reach::default())
    }

    pub(crate) fn search_within(&self, typed: &str, limit: u32, reach: Reach) -> Result<SearchResults> {
        let limit = limit.min(MAX_HITS) as usize;
        let generation = self.generation();
        let mut folds = self.searcher().folds.lock().unwrap_or_else(PoisonError::into_inner);
        let query = Query::new(&mut folds, typed)?;
        self.read_consistent(|db| {
            let mut out = SearchResults { local_since: local_since(db)?, ..SearchResults::default() };
            if let Some(mut query) = query {
                (out.hits, out.more) = messages(db, &mut query, limit, reach)?;
                out.contacts = people(db, &mut query, typed, limit.min(MAX_CONTACTS))?;
                let all = self.kept_templates().catalogue(db, generation)?;
                out.templates = templates(db, &all, &mut query, limit.min(MAX_TEMPLATES))?;
            }
            Ok(out)
        })
    }
}

/// From when on every chat is complete on this device; `None`: from the beginning.
fn local_since(db: &Connection) -> Result<Option<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT first_at FROM chat INDEXED BY chat_partial WHERE more = 1 ORDER BY first_at DESC LIMIT 1",
    )?;
    let mut rows = statement.query([])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get(0)?),
        None => None,
    })
}

/// What a hit shows of its chat.
#[derive(Clone)]
struct ChatLine {
    chat: ChatId,
    name: Option<String>,
    channel_kind: Option<ChannelKind>,
}

fn chat_line(db: &Connection, key: i64) -> Result<Option<ChatLine>> {
    let mut statement = db.prepare_cached(
        "SELECT c.id, coalesce(c.contact_name, c.name, u.name), c.channel_kind FROM chat c
         LEFT JOIN user u ON u.id = c.direct_with WHERE c.key = ?1",
    )?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let kind: Option<String> = row.get(2)?;
    let channel_kind = match kind {
        Some(kind) => Some(ChannelKind::from_name(&kind).ok_or(Error::BadValue("chat.channel_kind"))?),
        None => None,
    };
    Ok(Some(ChatLine { chat: row.get::<_, Blob<_>>(0)?.0, name: row.get(1)?, channel_kind }))
}

/// The hits so far, with the chats that they are in.
struct Hits<'a> {
    db: &'a Connection,
    chats: HashMap<i64, Option<ChatLine>>,
    hits: Vec<SearchHit>,
    limit: usize,
    more: bool,
}

impl Hits<'_> {
    /// Takes a row of `pos, id, author, text, sent_at, kind`, from the second column on. Whether there is room for more.
    fn take(&mut self, query: &mut Query<'_>, row: &Row<'_>) -> Result<bool> {
        if self.hits.len() >= self.limit {
            self.more = true;
            return Ok(false);
        }
        let pos: i64 = row.get(1)?;
        let key = message::chat_of(pos);
        if !self.chats.contains_key(&key) {
            self.chats.insert(key, chat_line(self.db, key)?);
        }
        let Some(Some(line)) = self.chats.get(&key) else { return Ok(true) };
        self.hits.push(SearchHit {
            chat: line.chat,
            message: row.get::<_, Blob<_>>(2)?.0,
            no: message::no_of(pos),
            contact_name: line.name.clone(),
            channel_kind: line.channel_kind,
            kind: message::kind_from_sql(row.get(6)?)?,
            author: message::author_kind(row.get(3)?),
            snippet: query.snippet(text_of(row)?)?,
            sent_at: row.get(5)?,
        });
        Ok(true)
    }
}

fn text_of<'a>(row: &'a Row<'_>) -> Result<&'a str> {
    row.get_ref(4)?.as_str().map_err(|_| Error::BadValue("message.text"))
}

fn messages(db: &Connection, query: &mut Query<'_>, limit: usize, reach: Reach) -> Result<(Vec<SearchHit>, bool)> {
    let mut found = Hits { db, chats: HashMap::new(), hits: Vec::new(), limit, more: false };
    let telling = query.telling();
    let Some(below) = walk(&mut found, query, reach.newest, telling.is_none())? else {
        return Ok((found.hits, found.more));
    };
    let (asked, all) = telling.unwrap_or_else(|| query.longest());
    // CROSS JOIN keeps the order of the loops: the index first, from its newest row.
    let mut statement = db.prepare_cached(
        "SELECT m.fts, m.pos, m.id, m.author, m.text, m.sent_at, m.kind
         FROM message_fts f CROSS JOIN message m ON m.fts = f.rowid
         WHERE f.message_fts MATCH ?1 AND f.rowid < ?2 ORDER BY f.rowid DESC",
    )?;
    let mut rows = statement.query(params![asked, below])?;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        if !all {
            read += 1;
            if read > reach.read {
                // As far as a search goes: what is older may well have it all.
                found.more = true;
                break;
            }
            if !query.is_in(text_of(row)?)? {
                continue;
            }
        }
        if !found.take(query, row)? {
            break;
        }
    }
    Ok((found.hits, found.more))
}

/// Looks through the newest messages; unless all of them are wanted, it gives up where there are few hits among the
/// first ones. `None`: no more is to be looked for; otherwise where it ended.
fn walk(found: &mut Hits<'_>, query: &mut Query<'_>, newest: u32, all: bool) -> Result<Option<i64>> {
    let mut statement = found.db.prepare_cached(
        "SELECT fts, pos, id, author, text, sent_at, kind FROM message WHERE fts >= 0 ORDER BY fts DESC LIMIT ?1",
    )?;
    let mut rows = statement.query([newest])?;
    let (mut last, mut seen) = (i64::MAX, 0_u32);
    while let Some(row) = rows.next()? {
        (last, seen) = (row.get(0)?, seen + 1);
        if query.is_in(text_of(row)?)? && !found.take(query, row)? {
            return Ok(None);
        }
        if !all && seen == newest.div_ceil(10) && found.hits.len() < (seen / FREQUENT) as usize {
            return Ok(Some(last));
        }
    }
    Ok((seen == newest).then_some(last))
}

/// Somebody with a name and addresses.
struct Person {
    id: ContactId,
    known: bool,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// What else the person is known by.
    others: Vec<String>,
}

impl Person {
    fn of_row(row: ContactRow, known: bool) -> Self {
        let ContactRow { id, name, email, phone, .. } = row;
        Self { id, known, name, email, phone, others: Vec::new() }
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn addresses(&self) -> impl Iterator<Item = &str> {
        [&self.email, &self.phone].into_iter().flatten().chain(&self.others).map(String::as_str)
    }

    /// As the outbox will have it. Whether that differs.
    fn edit(&mut self, edits: &[EditContact]) -> bool {
        let mut edited = false;
        for edit in edits.iter().filter(|edit| edit.contact == self.id) {
            edited = true;
            self.known = true;
            let fields = [(&mut self.name, &edit.name), (&mut self.email, &edit.email), (&mut self.phone, &edit.phone)];
            for (field, change) in fields {
                if let Some(change) = change {
                    *field = Some(change.clone()).filter(|text| !text.is_empty());
                }
            }
        }
        edited
    }

    /// What the index has of such a person.
    fn indexed(&self) -> String {
        let (name, addresses) = text::indexed_person(self.name(), self.addresses());
        format!("{name} {addresses}")
    }
}

/// A person who may be shown: how good the match is comes first.
struct Candidate {
    tier: u8,
    hit: ContactHit,
    name: String,
}

/// Saved contacts, and customers of the chats that are here, as the outbox will have them.
fn people(db: &Connection, query: &mut Query<'_>, typed: &str, limit: usize) -> Result<Vec<ContactHit>> {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let edits: Vec<EditContact> = contact::pending(db)?
        .into_iter()
        .filter_map(|(_, body, _)| if let CommandBody::EditContact(edit) = body { Some(edit) } else { None })
        .collect();
    let mut out: HashMap<ContactId, Candidate> = HashMap::new();
    let mut consider = |query: &mut Query<'_>, mut person: Person| {
        if let Entry::Vacant(place) = out.entry(person.id) {
            if person.edit(&edits) && !query.is_in(&person.indexed())? {
                return Ok(());
            }
            place.insert(candidate(query, &digits, &person)?);
        }
        Ok::<_, Error>(())
    };
    // Names first: there may be more people with a matching address than are looked at.
    for columns in ["{name}", "{name address}"] {
        let asked = format!("{columns} : ({})", query.all());
        let mut saved = db.prepare_cached(
            "SELECT k.id, 1, k.name, k.email, k.phone, k.detail FROM contact_fts f
             CROSS JOIN contact k ON k.key = f.rowid WHERE f.contact_fts MATCH ?1 ORDER BY f.rowid DESC LIMIT ?2",
        )?;
        let mut met = db.prepare_cached(
            "SELECT c.contact, c.contact_known, c.contact_name, c.contact_email, c.contact_phone, NULL FROM chat_fts f
             CROSS JOIN chat c ON c.key = f.rowid WHERE f.chat_fts MATCH ?1 ORDER BY f.rowid DESC LIMIT ?2",
        )?;
        for statement in [&mut saved, &mut met] {
            let mut rows = statement.query(params![asked, PEOPLE_LOOKED_AT])?;
            while let Some(row) = rows.next()? {
                let Some(Blob(id)) = row.get::<_, Option<Blob<ContactId>>>(0)? else { continue };
                let detail: Option<String> = row.get(5)?;
                let person = Person {
                    id,
                    known: row.get(1)?,
                    name: row.get(2)?,
                    email: row.get(3)?,
                    phone: row.get(4)?,
                    others: detail.map_or(Ok(Vec::new()), |detail| contact::addresses(&detail))?,
                };
                consider(query, person)?;
            }
        }
    }
    // Who is not indexed by the name that was just given.
    for edit in &edits {
        let person = match contact::load(db, edit.contact)? {
            Some(row) => Some(Person::of_row(row, true)),
            None => contact::of_chats(db, edit.contact)?.map(|row| Person::of_row(row, false)),
        };
        if let Some(person) = person {
            consider(query, person)?;
        }
    }
    let mut all: Vec<Candidate> = out.into_values().collect();
    all.sort_by_cached_key(|one| (one.tier, !one.hit.known, one.name.to_lowercase(), one.hit.contact));
    all.truncate(limit);
    let mut newest = db.prepare_cached(
        "SELECT id FROM chat INDEXED BY chat_contact WHERE contact = ?1 ORDER BY last_at DESC, id LIMIT 1",
    )?;
    all.into_iter()
        .map(|Candidate { mut hit, .. }| {
            let chat: Option<Blob<_>> = newest.query_row([Blob(hit.contact)], |row| row.get(0)).optional()?;
            hit.chat = chat.map(|id| id.0);
            Ok(hit)
        })
        .collect()
}

fn candidate(query: &mut Query<'_>, digits: &str, person: &Person) -> Result<Candidate> {
    let name = person.name();
    let in_name = query.is_in(name)?;
    let tier = match in_name {
        true if query.is_whole_in(name)? => 0,
        true => 1,
        false => 2,
    };
    let mut detail = Vec::new();
    if !in_name {
        for address in person.addresses() {
            if query.touches(address)? {
                detail = query.snippet(address)?;
                break;
            }
            let of: String = address.chars().filter(char::is_ascii_digit).collect();
            if !digits.is_empty() && of.starts_with(digits) {
                // Found without what stands between the digits: no part of it as it is written is the match.
                detail = vec![SnippetPart { text: address.to_owned(), matched: true }];
                break;
            }
        }
    }
    let hit = ContactHit { contact: person.id, name: query.snippet(name)?, detail, known: person.known, chat: None };
    Ok(Candidate { tier, hit, name: name.to_owned() })
}

fn templates(db: &Connection, all: &Catalogue, query: &mut Query<'_>, limit: usize) -> Result<Vec<TemplateHit>> {
    if all.stored.is_empty() {
        return Ok(Vec::new());
    }
    let tiers = template::matching(db, &query.all())?;
    let uses = template::uses(db)?;
    let mut found: Vec<_> = all.stored.iter().filter_map(|one| Some((*tiers.get(&one.key)?, one))).collect();
    found.sort_by_cached_key(|(tier, one)| {
        let used = uses.get(&one.key).copied().unwrap_or_default();
        (*tier, std::cmp::Reverse(used), one.row.template.title.to_lowercase(), one.row.id)
    });
    found.truncate(limit);
    found
        .into_iter()
        .map(|(_, one)| {
            let template = &one.row.template;
            Ok(TemplateHit {
                template: one.row.id,
                title: query.snippet(&template.title)?,
                snippet: query.snippet(&template.text)?,
            })
        })
        .collect()
}

/// Indexes the customers of the chats whose names or addresses this transaction changed; triggers noted which.
pub(crate) fn index_people(tx: &Transaction<'_>) -> Result<()> {
    let mut noted = tx.prepare_cached(
        "SELECT u.key, c.contact_name, c.contact_email, c.contact_phone FROM chat_unindexed u
         CROSS JOIN chat c ON c.key = u.key WHERE u.key > 0",
    )?;
    let mut rows = noted.query([])?;
    let mut any = false;
    while let Some(row) = rows.next()? {
        any = true;
        let name: Option<String> = row.get(1)?;
        let (email, phone): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
        let addresses: Vec<String> = [email, phone].into_iter().flatten().collect();
        if name.is_none() && addresses.is_empty() {
            continue;
        }
        let (name, addresses) =
            text::indexed_person(name.as_deref().unwrap_or_default(), addresses.iter().map(String::as_str));
        tx.prepare_cached("INSERT INTO chat_fts (rowid, name, address) VALUES (?1, ?2, ?3)")?.execute(params![
            row.get::<_, i64>(0)?,
            name,
            addresses
        ])?;
    }
    if any {
        tx.prepare_cached("DELETE FROM chat_unindexed WHERE key > 0")?.execute([])?;
    }
    Ok(())
}
