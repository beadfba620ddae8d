//! What must hold after a run: the design's invariants, numbered as there, and that nobody shows anything else than one
//! who has just come.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use switchboard_core::ConnectionState;
use switchboard_protocol::ids::{ChatId, CommandId, UserId};
use switchboard_server::store::feed;
use switchboard_server::testing::is_known;

use crate::device::Device;
use crate::op::{DEVICES, USERS, WIDGETS};
use crate::store::{Dump, Files, number, numbers, numbers_in};
use crate::world::World;
use crate::{Checked, hold};

/// A text as the server has it.
struct Stored {
    chat: ChatId,
    times: usize,
}

fn stored(world: &World) -> BTreeMap<u32, Stored> {
    let mut query = world.server.sql().prepare("SELECT chat_id, text FROM messages WHERE kind < 2").unwrap();
    let mut rows = query.query([]).unwrap();
    let mut stored: BTreeMap<u32, Stored> = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        let chat = ChatId::from_slice(&row.get::<_, Vec<u8>>(0).unwrap()).unwrap();
        if let Some(n) = number(&row.get::<_, String>(1).unwrap()) {
            stored.entry(n).or_insert(Stored { chat, times: 0 }).times += 1;
        }
    }
    stored
}

/// Lets everything come to an end, and checks.
pub fn finish(world: &mut World) -> Checked {
    server_alone(world)?;
    let statuses: Vec<_> = (0..DEVICES).map(|n| Files::open(&world.devices[n].dir).statuses()).collect();
    for device in &mut world.devices {
        device.line.release();
        device.line.there = true;
    }
    for widget in &mut world.widgets {
        widget.line.release();
        widget.line.there = true;
    }
    // Long enough for every pause, short enough for every connection.
    for _ in 0..30 {
        world.wait(20_000)?;
        // A block may still come from an outbox.
        world.lift()?;
        for device in &mut world.devices {
            if let Some(phone) = &mut device.phone {
                phone.core().wake();
                phone.obey();
            }
        }
        world.settle(true)?;
        world.answer_all()?;
        if restless(world).is_empty() {
            break;
        }
    }
    once(world)?;
    if world.bug.is_none() {
        acknowledged(world)?;
    }
    let restless = restless(world);
    hold!(restless.is_empty(), "8: somebody does not come to rest: {restless:?}");
    for (device, before) in world.devices.iter().zip(&statuses) {
        no_status_went_back(device, before)?;
    }
    server_alone(world)?;
    withdrawn(world)?;
    texts_are_kept(world)?;
    nothing_is_left(world)?;
    visible(world)?;
    badges(world)?;
    alike(world)
}

/// Who is not connected or still has something to send.
fn restless(world: &World) -> Vec<String> {
    let phones = world.devices.iter().filter_map(|device| {
        let connection = device.phone.as_ref().map(|phone| phone.core().connection());
        let waiting = Files::open(&device.dir).waiting();
        let rests = device.has_ended() || (connection == Some(ConnectionState::Online) && waiting.is_empty());
        (!rests).then(|| format!("phone {}: {waiting:?}, {connection:?}", device.n))
    });
    let widgets = world.widgets.iter().filter(|widget| !widget.pending.is_empty());
    phones.chain(widgets.map(|widget| format!("widget {}: {} texts", widget.n, widget.pending.len()))).collect()
}

/// 2: one id, one message; and every acknowledged text of a visitor is there (1).
fn once(world: &World) -> Checked {
    let stored = stored(world);
    for (n, Stored { chat, times }) in &stored {
        hold!(*times == 1, "2: the text {n} stands {times} times in {chat}");
    }
    for widget in &world.widgets {
        for id in &widget.accepted {
            let sql = "SELECT count(*) FROM messages WHERE client_id = ?1";
            let count: i64 = world.server.sql().query_row(sql, [id.as_bytes().as_slice()], |row| row.get(0)).unwrap();
            hold!(count == 1, "1: {count} messages for an accepted text of widget {}", widget.n);
        }
    }
    Ok(())
}

/// 1 and 2: what was told to be applied is remembered, and no command had two effects.
fn acknowledged(world: &World) -> Checked {
    let sql = world.server.sql();
    for id in &world.applied {
        let id = CommandId::from_str(id).map_err(|error| error.to_string())?;
        let known = is_known(sql, id).map_err(|error| error.to_string())?;
        hold!(known, "1: the server has forgotten {id}, which it said to be applied");
    }
    let twice = "SELECT count(*) FROM (SELECT 1 FROM events WHERE command_id IS NOT NULL
        GROUP BY command_id HAVING count(*) > 1)";
    let twice: i64 = sql.query_row(twice, [], |row| row.get(0)).unwrap();
    hold!(twice == 0, "2: {twice} commands had two effects");
    Ok(())
}

/// What happened in the world, by kind.
pub fn seen(world: &World) -> BTreeMap<String, u64> {
    let mut seen = world.seen.clone();
    let sql = "SELECT substr(activity, 10, instr(substr(activity, 10), '\"') - 1), count(*) FROM messages
        WHERE activity IS NOT NULL GROUP BY 1";
    let mut query = world.server.sql().prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?))).unwrap();
    for (kind, count) in rows.map(Result::unwrap) {
        *seen.entry(format!("activity {kind}")).or_default() += u64::from(count);
    }
    for (name, sql) in [
        ("alarm", "SELECT count(*) FROM alarms"),
        ("block", "SELECT count(*) FROM blocks"),
        ("note", "SELECT count(*) FROM messages WHERE kind = 1"),
        ("reply out of office", "SELECT count(*) FROM messages WHERE kind = 0 AND author = 2"),
        ("second session", "SELECT count(*) FROM sessions WHERE no > 1"),
    ] {
        let count: u32 = world.server.sql().query_row(sql, [], |row| row.get(0)).unwrap();
        *seen.entry(name.to_owned()).or_default() += u64::from(count);
    }
    for device in &world.devices {
        let unsent = Files::open(&device.dir).unsent();
        *seen.entry("unsent".to_owned()).or_default() += unsent;
    }
    seen
}

/// What the database alone must hold to.
fn server_alone(world: &World) -> Checked {
    let sql = world.server.sql();
    let count = |query: &str| sql.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    for (query, what) in [
        (
            "SELECT count(*) FROM chats WHERE (state = 'owned') <> (owner_id IS NOT NULL)",
            "4: a state without its owner",
        ),
        (
            "SELECT count(*) FROM chats WHERE owner_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM chat_users
             WHERE chat_id = chats.id AND user_id = owner_id AND access = 2)",
            "4: an owner who does not see the chat",
        ),
        (
            "SELECT count(*) FROM chat_users JOIN chats ON chats.id = chat_id
             WHERE access = 2 AND owner_id IS NOT user_id",
            "4: somebody sees a chat as its owner who is not",
        ),
        (
            "SELECT count(*) FROM chat_users JOIN chats ON chats.id = chat_id WHERE access = 1 AND state <> 'waiting'",
            "6: a candidate of a chat that does not wait",
        ),
        (
            "SELECT count(*) FROM chat_users JOIN users ON users.id = user_id WHERE access IN (1, 2) AND disabled = 1",
            "6: a disabled user has a chat",
        ),
        (
            "SELECT count(*) FROM users WHERE open_chats <> (SELECT count(*) FROM chats WHERE owner_id = users.id)",
            "routing: a user's load is not the number of the user's chats",
        ),
        (
            "SELECT count(*) FROM queue_members JOIN users ON users.id = user_id
             WHERE queue_members.open_chats <> users.open_chats",
            "routing: a member's load is not the user's",
        ),
        (
            "SELECT count(*) FROM chats JOIN sessions ON chat_id = chats.id AND no = session
             WHERE (state = 'closed') <> (sessions.closed_at IS NOT NULL)",
            "4: a session is not as open as its chat",
        ),
    ] {
        hold!(count(query) == 0, "{what}");
    }
    let check: String = sql.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    hold!(check == "ok", "the server's database is broken: {check}");
    Ok(())
}

/// 6: no content of a chat that left stands in the feed before the place where it left.
fn withdrawn(world: &World) -> Checked {
    for (user, log) in world.truth.users.iter().zip(&world.truth.logs) {
        let rows = feed::after(world.server.sql(), *user, 0, usize::MAX >> 1, usize::MAX);
        for (seq, tail) in rows.map_err(|error| error.to_string())? {
            let Some(tail) = tail else { continue };
            let gone = crate::truth::kind_of(&tail.json) == "gone";
            let left = log.gone.get(&tail.chat).copied().unwrap_or(0);
            hold!(gone || seq > left, "6: row {seq} of {user} still has content of a chat that left at {left}");
        }
    }
    Ok(())
}

/// 8: every text is with the customer or still with its author.
fn texts_are_kept(world: &World) -> Checked {
    let stored = stored(world);
    for device in world.devices.iter().filter(|device| !device.has_ended()) {
        let own: BTreeSet<u32> =
            Files::open(&device.dir).own_texts().iter().flat_map(|text| numbers_in(text)).collect();
        for typed in &device.typed {
            let arrived = stored.contains_key(&typed.n);
            let kept = own.contains(&typed.n);
            hold!(arrived || kept, "8: the text {} that was typed on phone {} is lost", typed.n, device.n);
            hold!(!(arrived && kept), "8: the text {} arrived and is unsent on phone {}", typed.n, device.n);
        }
    }
    Ok(())
}

/// 6: on a phone there is content of the chats that it shows, and what its own user typed on it.
fn nothing_is_left(world: &World) -> Checked {
    let stored = stored(world);
    for device in &world.devices {
        let files = Files::open(&device.dir);
        let (here, log) = (files.chats(), &world.truth.logs[device.user]);
        drop(files);
        if device.has_ended() {
            hold!(here.is_empty(), "6: phone {} was signed out and holds chats", device.n);
        } else {
            let here: BTreeSet<ChatId> = here.iter().copied().collect();
            hold!(here == log.open, "6: phone {} has {here:?}, its user {:?}", device.n, log.open);
        }
        for n in numbers(&device.dir) {
            let own = world.texts.get(n as usize) == Some(&Some(device.n));
            let shown = stored.get(&n).is_some_and(|text| here.contains(&text.chat));
            hold!(own || shown, "6: the text {n} is left in the store of phone {}", device.n);
        }
    }
    Ok(())
}

/// 12: every customer's message is visible to somebody who can act, or the chat is in the list of alarms.
fn visible(world: &World) -> Checked {
    let sql = "SELECT count(*) FROM chats WHERE state <> 'closed' AND last_inbound_no > 0 AND NOT EXISTS (
        SELECT 1 FROM chat_users JOIN users ON users.id = user_id
        WHERE chat_id = chats.id AND access IN (1, 2) AND ignored = 0 AND disabled = 0)
        AND NOT EXISTS (SELECT 1 FROM alarms WHERE chat_id = chats.id AND over_at IS NULL)";
    let lost: i64 = world.server.sql().query_row(sql, [], |row| row.get(0)).unwrap();
    hold!(lost == 0, "12: {lost} chats are seen by nobody, and nobody is alarmed");
    Ok(())
}

/// 9: the badge is what the server's rows say.
fn badges(world: &World) -> Checked {
    for (user, id) in world.truth.users.iter().enumerate() {
        let badge = badge(world, *id);
        for device in [&world.devices[user * 2], &world.devices[user * 2 + 1]] {
            let Some(phone) = device.phone.as_ref().filter(|_| !device.has_ended()) else { continue };
            let shown = phone.core().badge().map_err(|error| format!("9: no badge: {error}"))?;
            hold!(shown == badge, "9: phone {} shows {shown}, the server's rows say {badge}", device.n);
        }
    }
    Ok(())
}

fn badge(world: &World, user: UserId) -> u32 {
    let sql = "SELECT count(*) FROM chat_users JOIN chats ON chats.id = chat_id
        WHERE user_id = ?1 AND access > 0 AND archived = 0 AND ignored = 0 AND coalesce(snoozed_until, 0) <= ?2
        AND EXISTS (SELECT 1 FROM messages WHERE messages.chat_id = chats.id AND author = 0 AND kind = 0
            AND no > read_upto AND no > chats.last_no - 50)";
    world.server.sql().query_row(sql, (user.as_bytes().as_slice(), world.server.now()), |row| row.get(0)).unwrap()
}

/// 10: where a message is still in its place, its status is at least what it was.
fn no_status_went_back(device: &Device, before: &[(i64, i64)]) -> Checked {
    let now: BTreeMap<i64, i64> = Files::open(&device.dir).statuses().into_iter().collect();
    for (place, then) in before {
        if let Some(now) = now.get(place) {
            hold!(now >= then, "10: a status on phone {} went from {then} to {now}", device.n);
        }
    }
    Ok(())
}

fn difference(one: &Dump, other: &Dump) -> String {
    let mut lines = Vec::new();
    for (table, rows) in one {
        let others = other.get(table).cloned().unwrap_or_default();
        lines.extend(rows.difference(&others).map(|row| format!("  this alone: {table}: {row}")));
        lines.extend(others.difference(rows).map(|row| format!("  the fresh one alone: {table}: {row}")));
    }
    lines.join("\n")
}

/// 3 and 7: whoever followed the feed shows what a snapshot shows; every widget shows what a new tab shows.
fn alike(world: &mut World) -> Checked {
    for user in 0..USERS {
        if world.devices[user * 2].has_ended() {
            continue;
        }
        let dumps: Vec<Dump> = [0, 1].map(|n| Files::open(&world.devices[user * 2 + n].dir).dump()).into();
        let fresh = Files::open(&world.fresh(user)?).dump();
        for (n, dump) in dumps.iter().enumerate() {
            let n = user * 2 + n;
            hold!(*dump == fresh, "7: phone {n} is not what a fresh one is:\n{}", difference(dump, &fresh));
        }
    }
    // Somebody blocked just now gets no new tab.
    world.lift()?;
    world.settle(true)?;
    for n in 0..WIDGETS {
        if world.widgets[n].token.is_none() {
            continue;
        }
        let mut tab = world.widgets[n].tab();
        tab.line.there = true;
        let before = std::mem::replace(&mut world.widgets[n], tab);
        world.settle(true)?;
        let (now, then) = (world.widgets[n].shown(), before.shown());
        hold!(now == then, "7: widget {n} shows\n{then:?}\na new tab\n{now:?}");
    }
    Ok(())
}
