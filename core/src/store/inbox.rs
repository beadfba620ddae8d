//! The inbox's windows: walks along one index, with what a cell draws.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, ToSql};
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::CommandBody;
use switchboard_protocol::ids::{ChatId, ContactId};

use super::chat::Place as Where;
use super::outbox::{self, Pending};
use super::{Blob, collection, from_sql_u64, label, message, passed_on};
use crate::error::{Error, Result};
use crate::model::{
    ChatActions, Composer, InboxFilter, InboxOrder, InboxRow, InternalInfo, LabelInfo, LastMessage, PassedOnLine,
    TargetKind,
};

/// The place of a row in its order: rows below it in a list compare as greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    wait_key: i64,
    newest: std::cmp::Reverse<(i64, [u8; 16])>,
}

const CELL: &str = "SELECT c.id, c.contact_name, c.channel_kind, q.name, c.last_preview, c.last_author, c.last_mine, \
    c.last_at, c.unread, c.state, c.owner, u.name, c.mine, c.waiting_since, c.wait_key, \
    EXISTS (SELECT 1 FROM draft t WHERE t.chat = c.id), \
    (SELECT count(*) FROM unsent n WHERE n.chat = c.id), \
    (SELECT count(*) FROM outbox o WHERE o.chat = c.id AND o.kind IN ('reply', 'say', 'note') AND o.orphan = 0 \
        AND o.state <> 2), \
    EXISTS (SELECT 1 FROM outbox o WHERE o.chat = c.id), g.name, q.take_first, c.session, c.contact_known, \
    c.contact_phone, c.contact_email, c.place, c.snoozed_until, c.replied, c.last_said_at, c.last_kind, c.key, c.contact, c.name, c.direct_with, d.name, d.presence, \
    coalesce(d.disabled, 0), CASE c.state WHEN 'internal' THEN \
        (SELECT count(*) FROM chat_member m WHERE m.chat_key = c.key) ELSE 0 END, \
    c.mentioned_no > c.read_upto, \
    (SELECT count(*) FROM outbox o INDEXED BY outbox_asking WHERE o.chat = c.id AND o.state = 5), \
    EXISTS (SELECT 1 FROM chat_label l WHERE l.chat_key = c.key), a.name, \
    EXISTS (SELECT 1 FROM outbox o WHERE o.chat = c.contact) FROM chat c";
const NAMES: &str = "LEFT JOIN user u ON u.id = c.owner LEFT JOIN queue q ON q.id = c.queue \
    LEFT JOIN user_group g ON g.id = c.group_id LEFT JOIN user d ON d.id = c.direct_with \
    LEFT JOIN user a ON a.id = c.last_author_id AND c.state = 'internal'";

/// The index, the condition and the order of a list. Each index is partial and named, so a query that could not use
/// it fails instead of scanning.
fn walk(filter: InboxFilter, order: InboxOrder) -> (&'static str, &'static str, &'static str, bool) {
    const NEWEST: &str = "c.last_at DESC, c.id DESC";
    const LONGEST: &str = "c.wait_key, c.last_at DESC, c.id DESC";
    match (filter, order) {
        (InboxFilter::All, InboxOrder::NewestFirst) => ("chat_recents", "c.place = 0", NEWEST, false),
        // None of one's own waits.
        (InboxFilter::Mine, _) => ("chat_mine", "c.place = 0 AND c.mine = 1", NEWEST, false),
        (InboxFilter::Waiting, InboxOrder::NewestFirst) => {
            ("chat_waiting", "c.place = 0 AND c.state = 'waiting'", NEWEST, false)
        }
        (InboxFilter::All, InboxOrder::LongestWaiting) => ("chat_longest", "c.place = 0", LONGEST, true),
        (InboxFilter::Waiting, InboxOrder::LongestWaiting) => {
            ("chat_longest", "c.place = 0 AND c.wait_key < 9223372036854775807", LONGEST, true)
        }
        (InboxFilter::Staff, _) => ("chat_staff", "c.place = 0 AND c.state = 'internal'", NEWEST, false),
        (InboxFilter::Snoozed, _) => ("chat_snoozed", "c.place = 2", NEWEST, false),
    }
}

/// A window: its rows, its new floor, and whether there is more below.
pub(crate) type Window = (Vec<InboxRow>, Option<Place>, bool);

/// The first `limit` rows, and on to `floor`, the lowest place that was ever shown: what comes in above never pushes a
/// row out of the window.
pub(crate) fn window(
    db: &Connection,
    filter: InboxFilter,
    order: InboxOrder,
    limit: usize,
    floor: Option<Place>,
) -> Result<Window> {
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
        out.push(read(db, row)?);
    }
    Ok((out, lowest, false))
}

/// The Archive: archived chats and the lines of those that were passed on, two walks along their indices merged.
pub(crate) fn archive(db: &Connection, limit: usize, floor: Option<Place>) -> Result<Window> {
    let mut chats = db.prepare_cached(&format!(
        "{CELL} INDEXED BY chat_archive {NAMES} WHERE c.place = 1 ORDER BY c.last_at DESC, c.id DESC"
    ))?;
    let mut chats = chats.query([])?;
    let mut lines = db.prepare_cached(
        "SELECT chat, channel_kind, contact_name, to_kind, to_name, at FROM passed_on INDEXED BY passed_on_shown
         WHERE hidden = 0 ORDER BY at DESC, chat DESC",
    )?;
    let mut lines = lines.query([])?;
    let (mut chat, mut line) = (chats.next()?, lines.next()?);
    let mut out = Vec::with_capacity(limit.min(256));
    let mut lowest = floor;
    loop {
        let (chat_place, line_place) =
            (chat.map(|row| place(row, false)).transpose()?, line.map(line_place).transpose()?);
        let place = match (chat_place, line_place) {
            (None, None) => return Ok((out, lowest, false)),
            (chat, None) => chat,
            (None, line) => line,
            (chat, line) => chat.min(line),
        };
        if out.len() >= limit && floor.is_none_or(|floor| place > Some(floor)) {
            return Ok((out, lowest, true));
        }
        lowest = lowest.max(place);
        if place == chat_place {
            if let Some(row) = chat {
                out.push(read(db, row)?);
            }
            chat = chats.next()?;
        } else {
            if let Some(row) = line {
                out.push(read_line(row)?);
            }
            line = lines.next()?;
        }
    }
}

/// One chat's row, wherever lists show it.
pub(crate) fn one(db: &Connection, chat: ChatId) -> Result<Option<InboxRow>> {
    let mut statement = db.prepare_cached(&format!("{CELL} {NAMES} WHERE c.id = ?1"))?;
    let id = Blob(chat);
    let mut rows = statement.query([&id as &dyn ToSql])?;
    rows.next()?.map(|row| read(db, row)).transpose()
}

fn place(row: &Row<'_>, by_wait: bool) -> Result<Place> {
    let Blob(id): Blob<ChatId> = row.get(0)?;
    let wait_key = if by_wait { row.get(14)? } else { 0 };
    Ok(Place { wait_key, newest: std::cmp::Reverse((row.get(7)?, *id.as_bytes())) })
}

fn line_place(row: &Row<'_>) -> Result<Place> {
    let Blob(id): Blob<ChatId> = row.get(0)?;
    Ok(Place { wait_key: 0, newest: std::cmp::Reverse((row.get(5)?, *id.as_bytes())) })
}

fn channel_kind(row: &Row<'_>, index: usize) -> Result<Option<ChannelKind>> {
    let kind = row.get_ref(index)?.as_str_or_null().map_err(|_| Error::BadValue("channel_kind"))?;
    kind.map(|kind| ChannelKind::from_name(kind).ok_or(Error::BadValue("channel_kind"))).transpose()
}

/// What a staff chat has beside the rest; none of a customer's.
fn internal(row: &Row<'_>, state: ChatState) -> Result<Option<InternalInfo>> {
    if state != ChatState::Internal {
        return Ok(None);
    }
    let presence = row.get_ref(35)?.as_str_or_null().map_err(|_| Error::BadValue("user.presence"))?;
    Ok(Some(InternalInfo {
        direct_with: row.get::<_, Option<Blob<_>>>(33)?.map(|id| id.0),
        presence: presence.map(|name| Presence::from_name(name).ok_or(Error::BadValue("user.presence"))).transpose()?,
        members: row.get(37)?,
    }))
}

fn read(db: &Connection, row: &Row<'_>) -> Result<InboxRow> {
    let state = row.get_ref(9)?.as_str().map_err(|_| Error::BadValue("chat.state"))?;
    let author: Option<i64> = row.get(5)?;
    let last_message = match author {
        Some(author) => Some(LastMessage {
            preview: row.get(4)?,
            kind: message::kind_from_sql(row.get(29)?)?,
            author: message::author_kind(author),
            // In a group it is not plain who it was.
            author_name: if row.get_ref(32)? == ValueRef::Null { None } else { row.get(41)? },
            mine: row.get(6)?,
            sent_at: row.get(28)?,
        }),
        None => None,
    };
    let state = ChatState::from_name(state).ok_or(Error::BadValue("chat.state"))?;
    let place = Where::from_sql(row.get(25)?)?;
    let snoozed_until: Option<i64> = row.get(26)?;
    let mut cell = InboxRow {
        chat: row.get::<_, Blob<_>>(0)?.0,
        contact_name: match state {
            // The group's name, or the other one's.
            ChatState::Internal => {
                row.get::<_, Option<String>>(32)?.map_or_else(|| row.get(34), |name| Ok(Some(name)))?
            }
            _ => row.get(1)?,
        },
        channel_kind: channel_kind(row, 2)?,
        internal: internal(row, state)?,
        contact: row.get::<_, Option<Blob<_>>>(31)?.map(|id| id.0),
        mentioned: row.get(38)?,
        labels: Vec::new(),
        asking: row.get(39)?,
        queue_name: row.get(3)?,
        group_name: row.get(19)?,
        last_message,
        at: row.get(7)?,
        unread: row.get(8)?,
        state,
        owner: row.get::<_, Option<Blob<_>>>(10)?.map(|id| id.0),
        owner_name: row.get(11)?,
        is_mine: row.get(12)?,
        waiting_since: row.get(13)?,
        has_draft: row.get(15)?,
        unsent: row.get(16)?,
        pending: row.get(17)?,
        session: from_sql_u64(row.get(21)?),
        contact_known: row.get(22)?,
        contact_phone: row.get(23)?,
        contact_email: row.get(24)?,
        archived: place == Where::Archive,
        snoozed_until: snoozed_until.filter(|_| place == Where::Snoozed),
        prompt: false,
        actions: ChatActions::default(),
        composer: Composer::ReadOnly,
        passed_on: None,
        undo: None,
    };
    let under_way: bool = row.get(18)?;
    let pending = if under_way { outbox::pending(db, cell.chat)? } else { Pending::default() };
    let (key, labelled): (i64, bool) = (row.get(30)?, row.get(40)?);
    if labelled || under_way {
        cell.labels = labels(db, cell.chat, key)?;
    }
    lay_over(db, &mut cell, key, &pending)?;
    if let Some(contact) = cell.contact
        && row.get(42)?
    {
        change_contact(db, &mut cell, contact)?;
    }
    let take_first = row.get::<_, Option<bool>>(20)?.unwrap_or(false);
    let replied: bool = row.get(27)?;
    let hidden = place == Where::Nowhere;
    cell.prompt = cell.state == ChatState::Waiting
        && !cell.contact_known
        && !replied
        && !hidden
        && !pending.takes
        && !pending.ends();
    let other_disabled: bool = row.get(36)?;
    cell.composer = composer(&cell, &pending, take_first, other_disabled);
    cell.actions = actions(&cell, &pending, hidden);
    Ok(cell)
}

/// Shows the changes of its contact that are under way as done.
fn change_contact(db: &Connection, cell: &mut InboxRow, contact: ContactId) -> Result<()> {
    for (_, body, _) in outbox::pending_about(db, *contact.as_bytes())? {
        let CommandBody::EditContact(edit) = body else { continue };
        cell.contact_known = true;
        for (field, change) in [
            (&mut cell.contact_name, edit.name),
            (&mut cell.contact_email, edit.email),
            (&mut cell.contact_phone, edit.phone),
        ] {
            if let Some(change) = change {
                *field = Some(change).filter(|text| !text.is_empty());
            }
        }
    }
    Ok(())
}

/// A chat's labels with what the outbox will do to them.
fn labels(db: &Connection, chat: ChatId, key: i64) -> Result<Vec<LabelInfo>> {
    let mut ids = label::of_chat(db, key)?;
    for change in label::pending_of_chat(db, chat)? {
        label::switch(&mut ids, change.label, change.on);
    }
    ids.into_iter().filter_map(|id| label::info(db, id).transpose()).collect()
}

/// Shows what is under way as done.
fn lay_over(db: &Connection, cell: &mut InboxRow, key: i64, pending: &Pending) -> Result<()> {
    cell.undo = pending.undo;
    if let Some(info) = &mut cell.internal {
        if !pending.members.is_empty() {
            info.members = u32::try_from(super::internal::member_ids(db, key, pending)?.len()).unwrap_or(u32::MAX);
        }
        if let Some(name) = &pending.name {
            cell.contact_name = Some(name.clone());
        }
    }
    if let Some(contact) = &pending.contact {
        cell.contact_known = true;
        cell.contact_name = Some(contact.name.clone());
        cell.contact_email = contact.email.clone().or_else(|| cell.contact_email.take());
        cell.contact_phone = contact.phone.clone().or_else(|| cell.contact_phone.take());
    }
    if let Some((target, at)) = pending.passed_to {
        let to_name = collection::target(db, target)?.map_or_else(String::new, |target| target.name);
        let to_kind = passed_on::kind_from_sql(passed_on::kind_to_sql(target))?;
        cell.passed_on = Some(PassedOnLine { to_name, to_kind, at });
    } else if pending.closes {
        cell.state = ChatState::Closed;
        cell.owner = None;
        cell.owner_name = None;
        cell.is_mine = false;
        cell.waiting_since = None;
    }
    Ok(())
}

fn composer(cell: &InboxRow, pending: &Pending, take_first: bool, other_disabled: bool) -> Composer {
    // What is held can be written over: the text undoes it.
    if pending.ends() && pending.undo.is_none() {
        return Composer::ReadOnly;
    }
    match cell.state {
        ChatState::Waiting if take_first && !pending.take => Composer::TakeFirst,
        ChatState::Waiting => Composer::Reply,
        ChatState::Owned if cell.is_mine => Composer::Reply,
        ChatState::Owned => Composer::ReadOnly,
        ChatState::Closed if pending.undo.is_some() && pending.closes => Composer::Reply,
        // Nobody would read it.
        ChatState::Internal if other_disabled => Composer::ReadOnly,
        ChatState::Internal => Composer::Reply,
        ChatState::Closed => Composer::ReadOnly,
    }
}

fn actions(cell: &InboxRow, pending: &Pending, hidden: bool) -> ChatActions {
    // There is only taking it back.
    if pending.ends() {
        return ChatActions { reply: cell.composer == Composer::Reply, ..ChatActions::default() };
    }
    if let Some(info) = &cell.internal {
        let group = info.direct_with.is_none();
        return ChatActions {
            reply: cell.composer == Composer::Reply,
            archive: !cell.archived,
            unarchive: cell.archived,
            // A group is left.
            delete: cell.archived && !group,
            snooze: !cell.archived,
            members: group,
            leave: group,
            ..ChatActions::default()
        };
    }
    let waiting = cell.state == ChatState::Waiting;
    let mine = cell.is_mine || (waiting && pending.takes);
    let open = waiting || cell.is_mine;
    let live_chat = cell.channel_kind == Some(ChannelKind::LiveChat);
    let part = open || cell.state == ChatState::Closed;
    ChatActions {
        reply: cell.composer == Composer::Reply,
        take: waiting && !pending.takes,
        transfer: part,
        dealt_with: open,
        archive: part && !cell.archived,
        unarchive: part && cell.archived,
        end_session: open && live_chat,
        block: mine && live_chat && !cell.contact_known,
        delete: part && cell.archived,
        snooze: part && !cell.archived,
        add_contact: part && !cell.contact_known,
        ignore: waiting && !pending.takes && !hidden,
        note: part,
        label: part,
        information: true,
        ..ChatActions::default()
    }
}

fn read_line(row: &Row<'_>) -> Result<InboxRow> {
    let kind: String = row.get(3)?;
    let to_kind: TargetKind = passed_on::kind_from_sql(&kind)?;
    Ok(InboxRow {
        chat: row.get::<_, Blob<_>>(0)?.0,
        contact_name: row.get(2)?,
        channel_kind: channel_kind(row, 1)?,
        internal: None,
        contact: None,
        mentioned: false,
        labels: Vec::new(),
        asking: 0,
        queue_name: None,
        group_name: None,
        last_message: None,
        at: row.get(5)?,
        unread: 0,
        state: ChatState::Closed,
        owner: None,
        owner_name: None,
        is_mine: false,
        waiting_since: None,
        has_draft: false,
        unsent: 0,
        pending: 0,
        session: 0,
        contact_known: false,
        contact_phone: None,
        contact_email: None,
        archived: true,
        snoozed_until: None,
        prompt: false,
        actions: ChatActions { delete: true, ..ChatActions::default() },
        composer: Composer::ReadOnly,
        passed_on: Some(PassedOnLine { to_name: row.get(4)?, to_kind, at: row.get(5)? }),
        undo: None,
    })
}

/// The chats of Recents with unread messages.
pub(crate) fn badge(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM chat INDEXED BY chat_unread WHERE place = 0 AND unread > 0")?
        .query_row([], |row| row.get(0))?)
}

/// This user's own chats whose customers wait for an answer, without those that the outbox has something for.
pub(crate) fn unanswered(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM chat c INDEXED BY chat_unanswered WHERE c.mine = 1 AND c.unanswered = 1
             AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.chat = c.id AND o.orphan = 0
                 AND o.state <> 5 AND o.kind IN ('reply', 'transfer', 'dealt_with', 'end', 'block', 'delete'))",
        )?
        .query_row([], |row| row.get(0))?)
}
