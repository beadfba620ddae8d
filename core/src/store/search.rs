//! Search over the messages that are here: newest first, never ranked (ranking reads every hit).

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};
use switchboard_protocol::chat::ChannelKind;

use super::text::{self, APART};
use super::{Blob, Store, message};
use crate::error::{Error, Result};
use crate::model::{SearchHit, SearchResults, SnippetPart};

/// More than a screen ever shows of one search.
const MAX_HITS: u32 = 200;
/// What a snippet shows before the first match, and in all.
const LEAD_CHARS: usize = 32;
const SNIPPET_CHARS: usize = 160;

const OPEN: char = '\u{2}';
const CLOSE: char = '\u{3}';

impl Store {
    /// The newest messages with every word of `typed`.
    pub(crate) fn search(&self, typed: &str, limit: u32) -> Result<SearchResults> {
        let limit = limit.min(MAX_HITS);
        let (found, more, local_since) = self.read_consistent(|db| {
            let local_since = local_since(db)?;
            let Some(query) = text::query(typed) else { return Ok((None, false, local_since)) };
            let (hits, more) = hits(db, &query, limit)?;
            Ok((Some((query, hits)), more, local_since))
        })?;
        let hits = match found {
            Some((query, hits)) => self.highlighter().mark(&query, hits)?,
            None => Vec::new(),
        };
        Ok(SearchResults { hits, more, local_since, ..SearchResults::default() })
    }
}

fn hits(db: &Connection, query: &str, limit: u32) -> Result<(Vec<(SearchHit, String)>, bool)> {
    // CROSS JOIN keeps the order of the loops: the index first, from its newest row.
    let mut statement = db.prepare_cached(
        "SELECT c.id, m.id, m.pos, c.contact_name, c.channel_kind, m.author, m.text, m.sent_at, m.kind
         FROM message_fts f CROSS JOIN message m ON m.fts = f.rowid CROSS JOIN chat c ON c.key = m.pos >> 32
         WHERE f.message_fts MATCH ?1 ORDER BY f.rowid DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![query, i64::from(limit) + 1])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        if out.len() >= limit as usize {
            return Ok((out, true));
        }
        let kind = row.get_ref(4)?.as_str().map_err(|_| Error::BadValue("chat.channel_kind"))?;
        let hit = SearchHit {
            chat: row.get::<_, Blob<_>>(0)?.0,
            message: row.get::<_, Blob<_>>(1)?.0,
            no: message::no_of(row.get(2)?),
            contact_name: row.get(3)?,
            channel_kind: Some(ChannelKind::from_name(kind).ok_or(Error::BadValue("chat.channel_kind"))?),
            kind: message::kind_from_sql(row.get(8)?)?,
            author: message::author_kind(row.get(5)?),
            snippet: Vec::new(),
            sent_at: row.get(7)?,
        };
        out.push((hit, row.get(6)?));
    }
    Ok((out, false))
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

/// Marks what matched. The store's index keeps no text, so the few texts that are shown are indexed once more, in
/// memory, by the same tokenizer: what is marked is exactly what matched, accents, word beginnings and all.
#[derive(Default)]
pub(crate) struct Highlighter {
    memory: Mutex<Option<Connection>>,
}

impl Highlighter {
    /// Forgets what it last marked.
    pub(crate) fn clear(&self) {
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn mark(&self, query: &str, hits: Vec<(SearchHit, String)>) -> Result<Vec<SearchHit>> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let db = match memory.take() {
            Some(db) => memory.insert(db),
            None => memory.insert(open()?),
        };
        let tx = db.transaction()?;
        let mut out = Vec::with_capacity(hits.len());
        {
            let mut insert = tx.prepare_cached("INSERT INTO hit (rowid, text) VALUES (?1, ?2)")?;
            for (index, (_, text)) in (0_i64..).zip(&hits) {
                insert.execute(params![index, text::indexed(text)])?;
            }
            let mut marked =
                tx.prepare_cached("SELECT highlight(hit, 0, ?2, ?3) FROM hit WHERE rowid = ?4 AND hit MATCH ?1")?;
            for (index, (mut hit, text)) in (0_i64..).zip(hits) {
                let mut rows = marked.query(params![query, OPEN.to_string(), CLOSE.to_string(), index])?;
                hit.snippet = match rows.next()? {
                    Some(row) => snippet(row.get_ref(0)?.as_str().map_err(|_| Error::BadValue("highlight"))?),
                    None => snippet(&text::indexed(&text)),
                };
                out.push(hit);
            }
        }
        // Rolled back: nothing of the texts stays.
        tx.rollback()?;
        Ok(out)
    }
}

fn open() -> Result<Connection> {
    let db = Connection::open_in_memory()?;
    // The same tokenizer as message_fts.
    db.execute_batch(
        "CREATE VIRTUAL TABLE hit USING fts5(
             text, tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
    )?;
    Ok(db)
}

/// The part around the first match, on one line.
fn snippet(marked: &str) -> Vec<SnippetPart> {
    // One flat line first: (character, matched).
    let mut line: Vec<(char, bool)> = Vec::new();
    let mut matched = false;
    let mut first = None;
    for c in marked.chars() {
        match c {
            OPEN => {
                matched = true;
                first.get_or_insert(line.len());
            }
            CLOSE => matched = false,
            APART => {}
            c if c.is_whitespace() => {
                if line.last().is_some_and(|(last, _)| *last != ' ') {
                    line.push((' ', matched));
                }
            }
            c => line.push((c, matched)),
        }
    }
    let first = first.unwrap_or(0).min(line.len());
    let mut start = first.saturating_sub(LEAD_CHARS);
    if start > 0 {
        // Not from the middle of a word, if the word ends before the match.
        if let Some(space) = line[start..first].iter().position(|(c, _)| *c == ' ') {
            start += space + 1;
        }
    }
    let end = (start + SNIPPET_CHARS).min(line.len());
    let mut parts: Vec<SnippetPart> = Vec::new();
    let mut push = |c: char, matched: bool| match parts.last_mut() {
        Some(part) if part.matched == matched => part.text.push(c),
        _ => parts.push(SnippetPart { text: c.to_string(), matched }),
    };
    if start > 0 {
        push('…', false);
    }
    for &(c, matched) in &line[start..end] {
        push(c, matched);
    }
    if end < line.len() {
        push('…', false);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(marked: &str) -> String {
        snippet(marked)
            .iter()
            .map(|part| if part.matched { format!("[{}]", part.text) } else { part.text.clone() })
            .collect()
    }

    #[test]
    fn f65_a_snippet_is_one_line_around_the_first_match() {
        assert_eq!(shown("the \u{2}order\u{3} is\n\nlate"), "the [order] is late");
        assert_eq!(shown("no match"), "no match");
        assert_eq!(shown(""), "");
        let long = format!("{} \u{2}needle\u{3} {}", "word ".repeat(50), "tail ".repeat(100));
        let shown = shown(&long);
        assert!(shown.starts_with("…word") && shown.ends_with('…') && shown.contains("[needle]"), "{shown}");
        assert_eq!(super::snippet(&"я".repeat(9000)).first().map(|part| part.text.chars().count()), Some(161));
    }
}
