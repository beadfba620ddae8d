//! A chat's messages as a screen shows them: the server's, then this user's own that it has not numbered yet.

use rusqlite::{Connection, Row, params};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::message::{Activity, Author, Message, MessageKind, MessageStatus};
use switchboard_protocol::transfer::TransferTarget;

use super::message::{CONTACT, author_kind, kind_from_sql, no_of, pos, range};
use super::{Blob, collection, from_sql_u64, outbox};
use crate::error::{Error, Result};
use crate::model::{ActivityKind, ActivityLine, AuthorKind, CommandKind, DeliveryState, StaleReason, TimelineRow};
use crate::outbox::State;

/// What a window needs to know of its chat.
pub(crate) struct Head {
    pub(crate) key: i64,
    contact_name: Option<String>,
    /// The server has messages older than the oldest here.
    pub(crate) more: bool,
    /// The customer's newest text.
    last_inbound_no: u64,
}

pub(crate) fn head(db: &Connection, chat: ChatId) -> Result<Option<Head>> {
    let mut statement = db.prepare_cached("SELECT key, contact_name, more, last_inbound_no FROM chat WHERE id = ?1")?;
    let mut rows = statement.query([Blob(chat)])?;
    Ok(match rows.next()? {
        Some(row) => Some(Head {
            key: row.get(0)?,
            contact_name: row.get(1)?,
            more: row.get(2)?,
            last_inbound_no: from_sql_u64(row.get(3)?),
        }),
        None => None,
    })
}

const ROW: &str =
    "SELECT pos, id, author, author_id, author_name, text, sent_at, status, kind, activity, mentions FROM message";

fn read(row: &Row<'_>, head: &Head, me: UserId) -> Result<TimelineRow> {
    let author: i64 = row.get(2)?;
    let author_id: Option<UserId> = row.get::<_, Option<Blob<_>>>(3)?.map(|id| id.0);
    let status = MessageStatus::from_rank(row.get(7)?).ok_or(Error::BadValue("message.status"))?;
    let activity: Option<String> = row.get(9)?;
    let activity = activity.map(|json| serde_json::from_str(&json)).transpose()?;
    let mentions = row.get_ref(10)?.as_str_or_null().map_err(|_| Error::BadValue("message.mentions"))?;
    let mentions: Vec<UserId> = mentions.map_or_else(|| Ok(Vec::new()), serde_json::from_str)?;
    Ok(TimelineRow {
        id: row.get::<_, Blob<_>>(1)?.0,
        no: Some(no_of(row.get(0)?)),
        kind: kind_from_sql(row.get(8)?)?,
        author: author_kind(author),
        author_id,
        author_name: if author == CONTACT { head.contact_name.clone() } else { row.get(4)? },
        mine: author_id == Some(me),
        text: row.get(5)?,
        mentions_me: mentions.contains(&me),
        mentions,
        activity: activity.map(|activity| line(activity, me)),
        sent_at: row.get(6)?,
        state: DeliveryState::Stored(status),
    })
}

/// A message that is not in the store, as a row.
pub(crate) fn shown(message: Message, contact_name: Option<&str>, me: UserId) -> TimelineRow {
    let kind = message.kind();
    let (author, author_id, author_name) = match message.author {
        Author::Contact => (AuthorKind::Contact, None, contact_name.map(str::to_owned)),
        Author::User { id, name } => (AuthorKind::User, Some(id), Some(name)),
        Author::System => (AuthorKind::System, None, None),
    };
    TimelineRow {
        id: message.id,
        no: Some(message.no),
        kind,
        author,
        author_id,
        author_name,
        mine: author_id == Some(me),
        text: message.text,
        mentions_me: message.mentions.contains(&me),
        mentions: message.mentions,
        activity: message.activity.map(|activity| line(activity, me)),
        sent_at: message.sent_at,
        state: DeliveryState::Stored(message.status),
    }
}

/// An activity as a flat row.
fn line(activity: Activity, me: UserId) -> ActivityLine {
    let plain = |kind| ActivityLine {
        kind,
        to: None,
        to_name: None,
        to_me: false,
        stars: None,
        comment: None,
        reason: None,
        members: Vec::new(),
        group_name: None,
    };
    let to = |kind, to: Option<TransferTarget>, name: Option<String>| ActivityLine {
        to,
        to_name: name,
        to_me: to == Some(TransferTarget::User(me)),
        ..plain(kind)
    };
    match activity {
        Activity::Taken => plain(ActivityKind::Taken),
        Activity::Assigned { user, name } => to(ActivityKind::Assigned, Some(TransferTarget::User(user)), Some(name)),
        Activity::Transferred { to: target, name } => to(ActivityKind::Transferred, Some(target), Some(name)),
        Activity::Returned { user, name } => to(ActivityKind::Returned, user.map(TransferTarget::User), name),
        Activity::Released { reason } => ActivityLine { reason: Some(reason), ..plain(ActivityKind::Released) },
        Activity::DealtWith => plain(ActivityKind::DealtWith),
        Activity::Ended => plain(ActivityKind::Ended),
        Activity::Blocked => plain(ActivityKind::Blocked),
        Activity::Rated { stars, comment } => {
            ActivityLine { stars: Some(stars), comment, ..plain(ActivityKind::Rated) }
        }
        Activity::GroupCreated { name } => ActivityLine { group_name: Some(name), ..plain(ActivityKind::GroupCreated) },
        Activity::GroupRenamed { name } => ActivityLine { group_name: Some(name), ..plain(ActivityKind::GroupRenamed) },
        Activity::MembersAdded { members } => ActivityLine {
            to_me: members.iter().any(|member| member.id == me),
            members: members.into_iter().map(|member| member.name).collect(),
            ..plain(ActivityKind::MembersAdded)
        },
        Activity::MemberRemoved { member } => {
            ActivityLine { to_me: member.id == me, members: vec![member.name], ..plain(ActivityKind::MemberRemoved) }
        }
        Activity::MemberLeft => plain(ActivityKind::MemberLeft),
        Activity::Unknown => plain(ActivityKind::Unknown),
    }
}

/// At most `n` messages before `before`, oldest first.
pub(crate) fn before(db: &Connection, head: &Head, me: UserId, before: u64, n: u32) -> Result<Vec<TimelineRow>> {
    let (from, to) = range(head.key);
    let before = pos(head.key, before).unwrap_or(to);
    let mut statement = db.prepare_cached(&format!("{ROW} WHERE pos > ?1 AND pos < ?2 ORDER BY pos DESC LIMIT ?3"))?;
    let mut rows = statement.query(params![from, before, n])?;
    let mut out = Vec::with_capacity(n.min(256) as usize);
    while let Some(row) = rows.next()? {
        out.push(read(row, head, me)?);
    }
    out.reverse();
    Ok(out)
}

/// The messages from `from` on, oldest first: up to and with `upto` if that is given, and at most `n`.
pub(crate) fn from(
    db: &Connection,
    head: &Head,
    me: UserId,
    from: u64,
    upto: Option<u64>,
    n: u32,
) -> Result<Vec<TimelineRow>> {
    let (_, end) = range(head.key);
    let from = pos(head.key, from).unwrap_or(end);
    let upto = upto.and_then(|upto| pos(head.key, upto)).unwrap_or(end - 1);
    let mut statement = db.prepare_cached(&format!("{ROW} WHERE pos >= ?1 AND pos <= ?2 ORDER BY pos LIMIT ?3"))?;
    let mut rows = statement.query(params![from, upto, n])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row, head, me)?);
    }
    Ok(out)
}

/// This user's texts that the server has not numbered, in the order in which they were written.
pub(crate) fn pending(db: &Connection, chat: ChatId, me: UserId) -> Result<Vec<TimelineRow>> {
    let texts = outbox::texts(db, chat)?;
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let name = collection::user_name(db, me)?;
    let inbound = head(db, chat)?.map_or(0, |head| head.last_inbound_no);
    let row = |text: outbox::PendingText| TimelineRow {
        id: text.id.into(),
        no: None,
        kind: if text.kind == CommandKind::Note { MessageKind::Note } else { MessageKind::Text },
        author: AuthorKind::User,
        author_id: Some(me),
        author_name: name.clone(),
        mine: true,
        text: text.text,
        mentions_me: text.mentions.contains(&me),
        mentions: text.mentions,
        activity: None,
        sent_at: text.written_at,
        state: match text.state {
            State::Asking if inbound > text.seen => DeliveryState::Asking(StaleReason::Overtaken),
            State::Asking => DeliveryState::Asking(StaleReason::Old),
            State::Queued => DeliveryState::Queued,
            State::InFlight => DeliveryState::Sending,
            // The server has it; its number comes with the feed.
            _ => DeliveryState::Stored(MessageStatus::Queued),
        },
    };
    Ok(texts.into_iter().map(row).collect())
}
