//! Who has a chat after its customer wrote again, in every case: the owner's state × the queue's hours × whether and when it
//! was dealt with × F40's release option × the distribution. The table stands in `routing/table.txt` for people to read.
//! Every cell is computed twice, by the pure functions and by a transaction on the database, and both must agree.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{CommandBody, CommandStatus};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, QueueId, UserId};
use switchboard_protocol::widget::WidgetSend;

use super::commands::Command;
use super::sql::{Blob, Columns};
use super::tests::Fixture;
use super::{StoreError, Tx, chats};
use crate::routing::distribution::{Case, choose};
use crate::routing::hours::Hours;
use crate::routing::roster::{Member, Members};
use crate::routing::{Distribution, OwnerState, QueueSettings, returning};

/// In the order of the queue. Olga has the chat.
const NAMES: [&str; 5] = ["Olga", "Anna", "Boris", "Clara", "Dora"];
const MINUTE: i64 = 60_000;
const RETURN_WITHIN: i64 = 10 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finished {
    Not,
    Within,
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Office {
    Always,
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    owner: OwnerState,
    hours: Office,
    finished: Finished,
    release: bool,
}

impl Row {
    fn all() -> Vec<Row> {
        let mut rows = Vec::new();
        for finished in [Finished::Not, Finished::Within, Finished::Later] {
            for &owner in OwnerState::ALL {
                for hours in [Office::Always, Office::Open, Office::Closed] {
                    for release in [false, true] {
                        rows.push(Row { owner, hours, finished, release });
                    }
                }
            }
        }
        rows
    }

    fn settings(&self, distribution: Distribution) -> QueueSettings {
        let week = |intervals| WeekHours { zone: "Europe/Berlin".into(), intervals, holidays: Vec::new() };
        QueueSettings {
            distribution,
            release_after_ms: self.release.then_some(30 * MINUTE),
            return_within_ms: RETURN_WITHIN,
            hours: match self.hours {
                Office::Always => None,
                Office::Open => Some(week((1..=7).map(|day| Interval { day, from: 0, to: 1440 }).collect())),
                Office::Closed => Some(week(Vec::new())),
            },
            ..QueueSettings::default()
        }
    }

    fn names(&self) -> [&'static str; 4] {
        [
            match self.finished {
                Finished::Not => "not dealt with",
                Finished::Within => "within 10 min",
                Finished::Later => "later",
            },
            match self.owner {
                OwnerState::Available => "available",
                OwnerState::Away => "away",
                OwnerState::OffShift => "off shift",
                OwnerState::Disabled => "disabled",
            },
            match self.hours {
                Office::Always => "none",
                Office::Open => "open",
                Office::Closed => "closed",
            },
            if self.release { "on" } else { "off" },
        ]
    }
}

struct Desk {
    fixture: Fixture,
    queue: QueueId,
    visitor: super::effects::VisitorKey,
    chat: ChatId,
}

impl Desk {
    /// Olga took a chat 20 minutes ago; the others have done this and that.
    async fn new() -> Desk {
        let fixture = Fixture::new(NAMES.len()).await;
        let (users, visitor) = (fixture.users.clone(), fixture.visitor());
        let (queue, chat) = fixture
            .store
            .writer
            .write(move |tx| {
                for (at, &user) in users.iter().enumerate() {
                    // Boris has the fewest chats, Clara's last reply is the longest ago.
                    let (open, replied) = [(0, 900), (3, 500), (1, 700), (2, 100), (2, 300)][at];
                    tx.sql.execute(
                        "UPDATE users SET name = ?2, open_chats = ?3, last_reply_at = ?4 WHERE id = ?1",
                        (Blob(user), NAMES[at], open, replied),
                    )?;
                    tx.sql.execute(
                        "UPDATE queue_members SET open_chats = ?2, last_reply_at = ?3 WHERE user_id = ?1",
                        (Blob(user), open, replied),
                    )?;
                    tx.refresh_memberships(user)?;
                }
                let queue = super::channels::find_queue(tx.sql, "Desk")?.unwrap();
                tx.receive_visitor_message(visitor, &hello())?;
                let chat = super::inbound::visitor_state(tx.sql, visitor)?.chat.unwrap();
                act(tx, users[0], chat, CommandBody::Take);
                tx.sql.execute("UPDATE queues SET served = 0 WHERE id = ?1", [Blob(queue)])?;
                Ok((queue, chat))
            })
            .await
            .unwrap();
        Desk { fixture, queue, visitor, chat }
    }

    /// What the database makes of a case, and what the pure functions say; nothing of it stays.
    async fn outcome(&self, row: Row, distribution: Distribution) -> (String, String) {
        let (queue, chat, visitor, users) = (self.queue, self.chat, self.visitor, self.fixture.users.clone());
        let found = Arc::new(Mutex::new(None));
        let leave = found.clone();
        let ended: Result<(), _> = self
            .fixture
            .store
            .writer
            .write(move |tx| {
                let rev = super::queues::detail(tx.sql, queue)?.unwrap().rev;
                tx.set_queue(queue, &row.settings(distribution), rev)?;
                if row.finished != Finished::Not {
                    act(tx, users[0], chat, CommandBody::DealtWith);
                    let ago = if row.finished == Finished::Within { 5 } else { 15 } * MINUTE;
                    tx.sql.execute("UPDATE chats SET closed_at = ?2 WHERE id = ?1", (Blob(chat), tx.now - ago))?;
                }
                // The state alone: what going away does by itself is not this table's matter.
                let presence = match row.owner {
                    OwnerState::Available | OwnerState::Disabled => Presence::Available,
                    OwnerState::Away => Presence::Away,
                    OwnerState::OffShift => Presence::OffShift,
                };
                tx.sql.execute(
                    "UPDATE users SET disabled = ?2, presence = ?3 WHERE id = ?1",
                    (Blob(users[0]), row.owner == OwnerState::Disabled, presence.as_str()),
                )?;
                tx.refresh_memberships(users[0])?;
                let expected = expected(tx.sql, queue, &users, row, distribution)?;
                tx.receive_visitor_message(visitor, &hello())?;
                let chat = chats::must(tx.sql, chat)?;
                let seeing = chats::seeing(tx.sql, chat.id)?.into_iter().collect();
                let got = cell(&users, chat.state == ChatState::Owned, &seeing);
                *leave.lock().unwrap() = Some((got, expected));
                Err(StoreError::Refused("rolled back".into()))
            })
            .await;
        assert!(matches!(ended, Err(StoreError::Refused(_))), "{ended:?}");
        let outcome = found.lock().unwrap().take();
        outcome.unwrap()
    }
}

fn hello() -> WidgetSend {
    WidgetSend { id: MessageId::new(), text: "hello".into(), name: None, email: None }
}

fn act(tx: &mut Tx<'_>, user: UserId, chat: ChatId, body: CommandBody) {
    let row = chats::must(tx.sql, chat).unwrap();
    let command = Command {
        id: CommandId::new(),
        chat: Some(chat),
        owner_epoch: Some(row.owner_epoch),
        seen: Some(row.last_no),
        ask: false,
        body,
    };
    assert_eq!(tx.execute(user, &command).unwrap().status, CommandStatus::Applied);
}

fn cell(users: &[UserId], owned: bool, seeing: &BTreeSet<UserId>) -> String {
    let names: Vec<_> =
        users.iter().zip(NAMES).filter(|(user, _)| seeing.contains(user)).map(|(_, name)| name).collect();
    match (owned, &names[..]) {
        (true, _) => format!("= {}", names.join(" ")),
        (false, []) => "nobody".into(),
        (false, names) => names.join(" "),
    }
}

/// What the pure functions make of a case.
fn expected(
    sql: &Connection,
    queue: QueueId,
    users: &[UserId],
    row: Row,
    distribution: Distribution,
) -> Result<String, StoreError> {
    let open = row.settings(distribution).hours.is_none_or(|hours| Hours::new(&hours).unwrap().is_open(1_000_000));
    let stays = match row.finished {
        Finished::Not => returning::released(row.owner, row.release, open).is_none(),
        Finished::Within => returning::returns(Some(row.owner), -5 * MINUTE, 0, RETURN_WITHIN),
        Finished::Later => returning::returns(Some(row.owner), -15 * MINUTE, 0, RETURN_WITHIN),
    };
    if stays {
        return Ok(cell(users, true, &[users[0]].into()));
    }
    // The chat leaves Olga: it counts no longer among hers when the next one is looked for.
    let mut query = sql.prepare(
        "SELECT user_id, name, position, open_chats - (user_id = ?2), last_reply_at, shuffle, eligible FROM queue_members \
         WHERE queue_id = ?1",
    )?;
    let members = query
        .query_map((Blob(queue), Blob(users[0])), |row| {
            Ok(Member {
                user: row.id(0)?,
                name: row.get(1)?,
                position: row.get(2)?,
                open_chats: row.get(3)?,
                last_reply_at: row.get(4)?,
                lot: row.get(5)?,
                eligible: row.get(6)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    let mut roster = Members { members, served: 0 };
    let Ok(chosen) = choose(distribution, &mut roster, Case::default());
    Ok(cell(users, false, &chosen))
}

const HEAD: &str = "\
Who has a chat after its customer wrote again.

Olga had it. The queue is Olga, Anna, Boris, Clara, Dora, in this order; all but Olga are available. Boris has the fewest open
chats, but for Olga when hers is closed; Clara's last reply is the longest ago; round robin served Olga last; one_user names
Dora. `= Olga`: it is hers. Names alone: it waits for these.

dealt with: not, or how long ago (the queue returns a chat to the same user within 10 minutes)
owner: Olga's state                      hours: of the queue; none means always open
release: whether the queue takes chats from owners who cannot answer (F40)

";

#[tokio::test]
async fn f38_f39_f40_who_gets_a_chat_back_in_every_case() {
    let desk = Desk::new().await;
    let distributions: Vec<Distribution> = Distribution::NAMES
        .iter()
        .map(|name| Distribution::from_parts(name, Some(2), Some(desk.fixture.users[4])).unwrap())
        .collect();
    let mut table = String::from(HEAD);
    let mut line = |cells: &[&str]| {
        let widths = [15, 10, 7, 8, 29, 9, 12, 12, 12, 11];
        let mut text = String::new();
        for (at, cell) in cells.iter().enumerate() {
            write!(text, "{cell:<width$}", width = widths.get(at).copied().unwrap_or(0)).unwrap();
        }
        writeln!(table, "{}", text.trim_end()).unwrap();
    };
    let mut head = vec!["dealt with", "owner", "hours", "release"];
    head.extend(["everyone", "one_user", "random 2", "first 2", "round_robin", "least_busy", "longest_idle"]);
    line(&head);
    for row in Row::all() {
        let mut cells: Vec<String> = row.names().map(String::from).into();
        for &distribution in &distributions {
            let (got, expected) = desk.outcome(row, distribution).await;
            assert_eq!(got, expected, "{row:?} {distribution:?}: the database and the pure functions");
            rules(row, &got);
            cells.push(got);
        }
        line(&cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/routing/table.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert!(table == golden, "{path} says otherwise; look at the difference after UPDATE_GOLDEN=1\n{table}");
}

/// What holds of every cell, in PRODUCT.md's words.
fn rules(row: Row, cell: &str) {
    let hers = cell == "= Olga";
    assert!(hers || !cell.starts_with('='), "{row:?}: nobody else owns it at once: {cell}");
    assert_ne!(cell, "nobody", "{row:?}: there is always somebody");
    let there = matches!(row.owner, OwnerState::Available | OwnerState::Away);
    assert!(hers || row.owner == OwnerState::Available || !cell.contains("Olga"), "{row:?}: {cell}");
    match row.finished {
        // F38, but for F76 and F40.
        Finished::Not if row.owner == OwnerState::Disabled => assert!(!hers, "{row:?}"),
        Finished::Not if row.owner == OwnerState::OffShift && row.release && row.hours != Office::Closed => {
            assert!(!hers, "{row:?}");
        }
        Finished::Not => assert!(hers, "{row:?}: {cell}"),
        // F40: silently back within the time, F39 after it.
        Finished::Within => assert_eq!(hers, there, "{row:?}: {cell}"),
        Finished::Later => assert!(!hers, "{row:?}"),
    }
}
