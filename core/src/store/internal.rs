//! Chats among staff: those that were begun here, their members, and colleagues.

use rusqlite::{Connection, Row, Transaction, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChatState, InternalChat};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::message::MessageKind;

use super::chat::ServerRow;
use super::outbox::Pending;
use super::{Blob, Changes, chat, draft, people, purge, unsent};
use crate::error::{Error, Result};
use crate::model::{Colleague, UnsentId, UnsentReason, UnsentRow};

/// More than a picker ever shows.
const MAX_COLLEAGUES: usize = 200;

/// Makes the row of a chat that the server does not know yet.
pub(crate) fn begin(
    tx: &Transaction<'_>,
    id: ChatId,
    name: Option<&str>,
    members: Vec<UserId>,
    me: UserId,
    at: Option<UnixMillis>,
) -> Result<()> {
    let mut record = chat::insert(tx, id)?;
    let row = InternalChat { id, rev: 0, name: name.map(str::to_owned), members };
    record.replace(ServerRow::Internal(&row), me)?;
    if let Some(at) = at {
        record.happened(at);
    }
    record.save(tx)
}

/// Whether the server cannot know the chat: one of two that was begun here, or a group that is still to be made. No
/// snapshot has it.
pub(crate) fn is_only_here(db: &Connection, id: ChatId) -> Result<bool> {
    let mut statement = db.prepare_cached(
        "SELECT c.name IS NULL OR EXISTS (SELECT 1 FROM outbox o WHERE o.chat = c.id AND o.kind = 'create_group')
         FROM chat c WHERE c.id = ?1 AND c.state = 'internal' AND c.rev = 0",
    )?;
    let mut rows = statement.query([Blob(id)])?;
    Ok(match rows.next()? {
        Some(row) => row.get(0)?,
        None => false,
    })
}

/// A group that was shown at once is not made: it goes. What was begun in its composer stays, as unsent.
pub(crate) fn drop_unmade(tx: &Transaction<'_>, id: ChatId, now: UnixMillis, changes: &mut Changes) -> Result<()> {
    let Some(record) = chat::load(tx, id)?.filter(|record| record.is_group() && record.rev == 0) else {
        return Ok(());
    };
    if let Some((text, written_at)) = draft::take(tx, id)?
        && !text.trim().is_empty()
    {
        let row = UnsentRow {
            id: UnsentId::new(),
            chat: id,
            contact_name: record.title(tx)?,
            kind: MessageKind::Text,
            text,
            written_at,
            unsent_at: now,
            reason: UnsentReason::Draft,
            can_note_owner: false,
            noting_owner: false,
        };
        unsent::insert(tx, &row, true)?;
        changes.unsent = true;
    }
    chat::delete(tx, record.key)?;
    purge::pending(tx)?;
    changes.chats.remove(&id);
    changes.gone.insert(id);
    Ok(())
}

/// The members of a staff chat, in the order in which they joined, with what is under way.
pub(crate) fn member_ids(db: &Connection, chat_key: i64, pending: &Pending) -> Result<Vec<UserId>> {
    let mut members: Vec<UserId> = db
        .prepare_cached("SELECT user FROM chat_member WHERE chat_key = ?1 ORDER BY position")?
        .query_map([chat_key], |row| Ok(row.get::<_, Blob<_>>(0)?.0))?
        .collect::<rusqlite::Result<_>>()?;
    pending.change_members(&mut members);
    Ok(members)
}

/// Whether the account is there and not disabled.
pub(crate) fn is_enabled(db: &Connection, user: UserId) -> Result<bool> {
    let mut statement = db.prepare_cached("SELECT disabled = 0 FROM user WHERE id = ?1")?;
    let mut rows = statement.query([Blob(user)])?;
    Ok(match rows.next()? {
        Some(row) => row.get(0)?,
        None => false,
    })
}

const COLLEAGUE: &str = "SELECT u.id, u.name, u.extension, g.name, u.presence, u.disabled FROM user u \
    LEFT JOIN user_group g ON g.id = u.group_id";

fn colleague(row: &Row<'_>, me: UserId) -> Result<Colleague> {
    let user = row.get::<_, Blob<UserId>>(0)?.0;
    let presence = row.get_ref(4)?.as_str().map_err(|_| Error::BadValue("user.presence"))?;
    Ok(Colleague {
        user,
        name: row.get(1)?,
        extension: row.get(2)?,
        group_name: row.get(3)?,
        presence: Presence::from_name(presence).ok_or(Error::BadValue("user.presence"))?,
        is_me: user == me,
    })
}

/// A user of whom this device knows no more than the id: its row is still to be pulled.
fn unknown(user: UserId, me: UserId) -> Colleague {
    Colleague {
        user,
        name: String::new(),
        extension: None,
        group_name: None,
        presence: Presence::OffShift,
        is_me: user == me,
    }
}

/// These users, in this order.
pub(crate) fn of_ids(db: &Connection, ids: &[UserId], me: UserId) -> Result<Vec<Colleague>> {
    let mut statement = db.prepare_cached(&format!("{COLLEAGUE} WHERE u.id = ?1"))?;
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query([Blob(*id)])?;
        out.push(match rows.next()? {
            Some(row) => colleague(row, me)?,
            None => unknown(*id, me),
        });
    }
    Ok(out)
}

/// The colleagues who can be written to and match what was typed, by name.
pub(crate) fn colleagues(db: &Connection, me: UserId, query: &str) -> Result<Vec<Colleague>> {
    let (typed, whole) = (people::words(query), query.trim());
    let mut statement =
        db.prepare_cached(&format!("{COLLEAGUE} WHERE u.id > x'' AND u.id <> ?1 AND u.disabled = 0"))?;
    let mut rows = statement.query(params![Blob(me)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let found = colleague(row, me)?;
        if people::matches(&typed, whole, &found.name, found.extension.as_deref()) {
            out.push(found);
        }
    }
    out.sort_by_cached_key(|colleague| (colleague.name.to_lowercase(), colleague.user));
    out.truncate(MAX_COLLEAGUES);
    Ok(out)
}

/// Whom a text in the chat can mention; `None`: there is no such chat here.
pub(crate) fn mentionable(db: &Connection, id: ChatId, me: UserId) -> Result<Option<Vec<Colleague>>> {
    let Some(record) = chat::load(db, id)? else { return Ok(None) };
    Ok(Some(match record.state {
        ChatState::Internal => {
            let mut others = member_ids(db, record.key, &super::outbox::pending(db, id)?)?;
            others.retain(|member| *member != me);
            let mut enabled = Vec::with_capacity(others.len());
            for member in others {
                if is_enabled(db, member)? {
                    enabled.push(member);
                }
            }
            of_ids(db, &enabled, me)?
        }
        // Who of them is a candidate only the server knows; it leaves the others out.
        ChatState::Waiting => colleagues(db, me, "")?,
        ChatState::Owned | ChatState::Closed => Vec::new(),
    }))
}
