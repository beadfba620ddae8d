//! The inbox's windows: walks along one index, with what a cell draws.

use rusqlite::{Connection, Row, ToSql};
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::ids::ChatId;

use super::{Blob, message};
use crate::error::{Error, Result};
use crate::model::{InboxFilter, InboxOrder, InboxRow, LastMessage};

/// The place of a row in its order: rows below it in a list compare as greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    wait_key: i64,
    newest: std::cmp::Reverse<(i64, [u8; 16])>,
}

const CELL: &str = "SELECT c.id, c.contact_name, c.channel_kind, q.name, c.last_preview, c.last_author, c.last_mine, \
    c.last_at, c.unread, c.state, c.owner, u.name, c.mine, c.waiting_since, c.wait_key, \
    EXISTS (SELECT 1 FROM draft d WHERE d.chat = c.id), \
    (SELECT count(*) FROM unsent n WHERE n.chat = c.id), \
    (SELECT count(*) FROM outbox o WHERE o.chat = c.id AND o.kind = 'reply' AND o.orphan = 0 AND o.state < 2) \
    FROM chat c";
const NAMES: &str = "LEFT JOIN user u ON u.id = c.owner LEFT JOIN queue q ON q.id = c.queue";

/// The index, the condition and the order of a list. Each index is partial and named, so a query that could not use
/// it fails instead of scanning.
fn walk(filter: InboxFilter, order: InboxOrder) -> (&'static str, &'static str, &'static str, bool) {
    const NEWEST: &str = "c.last_at DESC, c.id DESC";
    const LONGEST: &str = "c.wait_key, c.last_at DESC, c.id DESC";
    match (filter, order) {
        (InboxFilter::All, InboxOrder::NewestFirst) => ("chat_recents", "c.archived = 0", NEWEST, false),
        // None of one's own waits.
        (InboxFilter::Mine, _) => ("chat_mine", "c.archived = 0 AND c.mine = 1", NEWEST, false),
        (InboxFilter::Waiting, InboxOrder::NewestFirst) => {
            ("chat_waiting", "c.archived = 0 AND c.state = 'waiting'", NEWEST, false)
        }
        (InboxFilter::All, InboxOrder::LongestWaiting) => ("chat_longest", "c.archived = 0", LONGEST, true),
        (InboxFilter::Waiting, InboxOrder::LongestWaiting) => {
            ("chat_longest", "c.archived = 0 AND c.wait_key < 9223372036854775807", LONGEST, true)
        }
    }
}

/// The first `limit` rows, and on to `floor`, the lowest place that was ever shown: what comes in above never pushes a
/// row out of the window. Also the window's new floor, and whether there is more below.
pub(crate) fn window(
    db: &Connection,
    filter: InboxFilter,
    order: InboxOrder,
    limit: usize,
    floor: Option<Place>,
) -> Result<(Vec<InboxRow>, Option<Place>, bool)> {
    let (index, condition, order_by, by_wait) = walk(filter, order);
    let sql = format!("{CELL} INDEXED BY {index} {NAMES} WHERE {condition} ORDER BY {order_by}");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut out = Vec::with_capacity(limit.min(256));
    let mut lowest = floor;
    while let Some(row) = rows.next()? {
        let place = place(row, by_wait)?;
        if out.len() >= limit && floor.is_none_or(|floor| place > floor) {
            return Ok((out, lowest, true));
        }
        lowest = lowest.max(Some(place));
        out.push(read(row)?);
    }
    Ok((out, lowest, false))
}

/// One chat's row, archived or not.
pub(crate) fn one(db: &Connection, chat: ChatId) -> Result<Option<InboxRow>> {
    let mut statement = db.prepare_cached(&format!("{CELL} {NAMES} WHERE c.id = ?1"))?;
    let id = Blob(chat);
    let mut rows = statement.query([&id as &dyn ToSql])?;
    rows.next()?.map(read).transpose()
}

fn place(row: &Row<'_>, by_wait: bool) -> Result<Place> {
    let Blob(id): Blob<ChatId> = row.get(0)?;
    let wait_key = if by_wait { row.get(14)? } else { 0 };
    Ok(Place { wait_key, newest: std::cmp::Reverse((row.get(7)?, *id.as_bytes())) })
}

fn read(row: &Row<'_>) -> Result<InboxRow> {
    let kind = row.get_ref(2)?.as_str().map_err(|_| Error::BadValue("chat.channel_kind"))?;
    let state = row.get_ref(9)?.as_str().map_err(|_| Error::BadValue("chat.state"))?;
    let author: Option<i64> = row.get(5)?;
    let last_message = match author {
        Some(author) => Some(LastMessage {
            preview: row.get(4)?,
            author: message::author_kind(author),
            mine: row.get(6)?,
            sent_at: row.get(7)?,
        }),
        None => None,
    };
    Ok(InboxRow {
        chat: row.get::<_, Blob<_>>(0)?.0,
        contact_name: row.get(1)?,
        channel_kind: ChannelKind::from_name(kind).ok_or(Error::BadValue("chat.channel_kind"))?,
        queue_name: row.get(3)?,
        last_message,
        unread: row.get(8)?,
        state: ChatState::from_name(state).ok_or(Error::BadValue("chat.state"))?,
        owner: row.get::<_, Option<Blob<_>>>(10)?.map(|id| id.0),
        owner_name: row.get(11)?,
        is_mine: row.get(12)?,
        waiting_since: row.get(13)?,
        has_draft: row.get(15)?,
        unsent: row.get(16)?,
        pending: row.get(17)?,
    })
}

/// The chats of Recents with unread messages.
pub(crate) fn badge(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM chat INDEXED BY chat_unread WHERE archived = 0 AND unread > 0")?
        .query_row([], |row| row.get(0))?)
}
