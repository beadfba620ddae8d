//! Brings a database to this build's schema: numbered, forward only, each step in one transaction with the version that
//! it makes, so that no step can be half done or done twice.

use rusqlite::{Connection, TransactionBehavior};
use switchboard_protocol::ids::FeedId;

use super::StoreError;

/// The steps; the place in the table is the version. A released step is never edited.
const STEPS: &[&str] = &[
    include_str!("../../migrations/0001_main_path.sql"),
    include_str!("../../migrations/0002_life_of_a_chat.sql"),
    include_str!("../../migrations/0003_operators_desk.sql"),
];

/// The schema that this build knows.
pub const SCHEMA: u32 = STEPS.len() as u32;

/// The schema of this database; 0 for an empty one.
pub fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Refuses a database of a newer build before anything is read from or written to it.
pub fn check(connection: &Connection) -> Result<u32, StoreError> {
    let found = version(connection)?;
    if found > SCHEMA { Err(StoreError::Newer { found, known: SCHEMA }) } else { Ok(found) }
}

/// Runs the missing steps.
///
/// Foreign keys are off meanwhile, because a table that others refer to can only be rebuilt so, and checked before each
/// commit; the setting cannot be changed inside of a transaction.
pub fn run(connection: &mut Connection, now: i64) -> Result<(), StoreError> {
    check(connection)?;
    let enforced: bool = connection.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let done = run_steps(connection, now);
    connection.pragma_update(None, "foreign_keys", enforced)?;
    done
}

fn run_steps(connection: &mut Connection, now: i64) -> Result<(), StoreError> {
    loop {
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read inside the transaction: another process may have migrated in the meantime.
        let done = check(&step)?;
        let Some(text) = STEPS.get(done as usize) else { return Ok(()) };
        step.execute_batch(text)?;
        if done == 0 {
            step.execute(
                "INSERT INTO logs (id, feed_id, created_at) VALUES (1, ?1, ?2)",
                (FeedId::new().as_bytes(), now),
            )?;
        }
        let dangling: i64 = step.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
        if dangling > 0 {
            return Err(StoreError::Unexpected(format!(
                "migration {} would leave {dangling} rows without what they refer to",
                done + 1
            )));
        }
        step.pragma_update(None, "user_version", done + 1)?;
        step.commit()?;
        tracing::info!(schema = done + 1, "database migrated");
    }
}

#[cfg(test)]
mod tests {
    use switchboard_protocol::ServerFrame;
    use switchboard_protocol::chat::ChatState;
    use switchboard_protocol::collection::{Collection, Presence};
    use switchboard_protocol::command::{CommandBody, CommandStatus, NoteToOwner, OpenDirect, Reply, Say, SetPresence};
    use switchboard_protocol::event::EventBody;
    use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, MessageId, UserId, VisitorId};
    use switchboard_protocol::widget::WidgetSend;

    use super::*;
    use crate::store::commands::Command;
    use crate::store::effects::VisitorKey;
    use crate::store::inbound::Received;
    use crate::store::writer::transact;
    use crate::store::{Tx, alarms, chats, collections, feed, snapshot};

    #[test]
    fn a_new_database_gets_every_step_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, 1).unwrap();
        assert_eq!(version(&connection).unwrap(), SCHEMA);
        let feed_id: Vec<u8> = connection.query_row("SELECT feed_id FROM logs", [], |row| row.get(0)).unwrap();
        run(&mut connection, 2).unwrap();
        let again: Vec<u8> = connection.query_row("SELECT feed_id FROM logs", [], |row| row.get(0)).unwrap();
        assert_eq!(feed_id, again, "a second start must not change the log's identity");
    }

    #[test]
    fn a_newer_database_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, 1).unwrap();
        connection.pragma_update(None, "user_version", SCHEMA + 1).unwrap();
        let refused = run(&mut connection, 2).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { found, known } if found == SCHEMA + 1 && known == SCHEMA));
        assert!(refused.to_string().contains("newer version"));
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        // Something of ours is in the way: the step must roll back whole, and the version must stay.
        connection.execute_batch("CREATE TABLE notices (id INTEGER)").unwrap();
        assert!(run(&mut connection, 1).is_err());
        assert_eq!(version(&connection).unwrap(), 0);
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 1);
    }

    /// A database of schema 1 with the fixture's data.
    fn version_1() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        connection.execute_batch(include_str!("../../migrations/fixtures/0001_data.sql")).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        connection
    }

    fn id(kind: u8, n: u8) -> [u8; 16] {
        let mut id = [0; 16];
        (id[0], id[15]) = (kind, n);
        id
    }

    #[test]
    fn a_database_of_schema_1_keeps_everything_and_works_on() {
        let mut connection = version_1();
        type Text = (Vec<u8>, i64, String, i64, Option<Vec<u8>>);
        let texts = |connection: &Connection| -> Vec<Text> {
            let mut query = connection
                .prepare("SELECT id, outbound, text, status, client_id FROM messages ORDER BY chat_id, no")
                .unwrap();
            let rows = query
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
                .unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        let before = texts(&connection);
        run(&mut connection, 9_000).unwrap();
        assert_eq!(texts(&connection), before);
        let broken: i64 =
            connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
        assert_eq!(broken, 0);

        let (waiting, owned) = (ChatId::from_bytes(id(7, 1)), ChatId::from_bytes(id(7, 2)));
        let [anna, boris, cleo] = [1, 2, 3].map(|n| UserId::from_bytes(id(2, n)));
        let row = chats::must(&connection, owned).unwrap();
        assert_eq!((row.owner, row.owner_epoch, row.session, row.last_inbound_no), (Some(anna), 1, 1, 3));
        assert_eq!(row.unanswered_since, Some(2_300), "what came after the last answer waits for one");
        let row = chats::must(&connection, waiting).unwrap();
        assert_eq!(
            (row.state, row.waiting_since, row.unanswered_since),
            (ChatState::Waiting, Some(2_000), Some(2_000))
        );
        assert!(!row.contact.known && row.contact.phone.is_none());
        let mine = chats::access(&connection, waiting, boris).unwrap().unwrap().1;
        assert_eq!((mine.read_upto, mine.archived, mine.ignored), (1, true, false));

        let member = |user: UserId| {
            connection
                .query_row(
                    "SELECT name, open_chats, eligible FROM queue_members WHERE user_id = ?1",
                    [user.as_bytes()],
                    |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?)),
                )
                .unwrap()
        };
        assert_eq!(member(anna), ("Anna".into(), 1, true));
        assert_eq!(member(boris), ("Boris".into(), 0, true));
        assert_eq!(member(cleo), ("Cleo".into(), 0, false));
        // What a phone has not fetched yet can still be read.
        for (_, tail) in feed::after(&connection, anna, 5, 10, usize::MAX).unwrap() {
            let frame = ServerFrame::parse(&feed::event_frame(1, tail.as_deref())).unwrap();
            let ServerFrame::Event(event) = frame else { panic!("no event") };
            let body = EventBody::parse(&event.kind, event.body.unwrap().get()).unwrap().unwrap();
            if let EventBody::Chat(chat) = body {
                assert_eq!(chat.session, 1);
            }
        }

        // Work goes on: what was known is known, what was begun is ended.
        let visitor = VisitorKey { channel: ChannelId::from_bytes(id(5, 1)), visitor: VisitorId::from_bytes(id(8, 2)) };
        let send = |n: u8, text: &str| WidgetSend {
            id: MessageId::from_bytes(id(10, n)),
            text: text.into(),
            name: None,
            email: None,
        };
        let reply = |n: u8, epoch: u64, text: &str| Command {
            id: CommandId::from_bytes(id(9, n)),
            chat: Some(owned),
            owner_epoch: Some(epoch),
            seen: None,
            ask: false,
            body: CommandBody::Reply(Reply { text: text.into() }),
        };
        let work = |tx: &mut Tx<'_>| {
            let again = tx.receive_visitor_message(visitor, &send(5, "thanks"))?;
            assert!(matches!(again, Received::Accepted { accepted, first: false } if accepted.no == 3));
            tx.receive_visitor_message(visitor, &send(9, "and one more thing"))?;
            let known = tx.execute(anna, &reply(4, 1, "on its way"))?;
            assert_eq!((known.status, known.seq), (CommandStatus::Applied, Some(5)));
            // Queued before the update, while the chat waited.
            assert_eq!(tx.execute(anna, &reply(77, 0, "yes?"))?.status, CommandStatus::Applied);
            tx.set_disabled(anna, true)
        };
        transact(&mut connection, 9_000, work).unwrap();
        let row = chats::must(&connection, owned).unwrap();
        assert_eq!((row.state, row.owner_epoch, row.last_no), (ChatState::Waiting, 2, 6));
        assert_eq!(chats::seeing(&connection, owned).unwrap(), [boris]);
    }

    /// A chat of schema 1 that waits for a group, which only its channel's route says there, and one that nobody was offered.
    #[test]
    fn f3_a_chat_of_schema_1_that_waits_for_a_group_goes_on_waiting_for_it_and_one_that_nobody_sees_is_alarmed() {
        let mut connection = version_1();
        connection
            .execute_batch(
                "INSERT INTO channels (id, name, kind, key, settings, rev, created_at) VALUES
                    (x'05000000000000000000000000000002', 'Help', 'live_chat', 'help', '{}', 5, 1000);
                 INSERT INTO routes (channel_id, kind, queue_id, group_id) VALUES
                    (x'05000000000000000000000000000002', 'group', NULL, x'01000000000000000000000000000001');
                 INSERT INTO chats (id, channel_id, contact_id, visitor_id, queue_id, state, owner_epoch, waiting_since, rev,
                    last_no, created_at) VALUES
                    (x'07000000000000000000000000000004', x'05000000000000000000000000000002',
                     x'06000000000000000000000000000001', NULL, NULL, 'waiting', 0, 2000, 1, 0, 2000),
                    (x'07000000000000000000000000000005', x'05000000000000000000000000000001',
                     x'06000000000000000000000000000001', NULL, NULL, 'waiting', 0, 2000, 1, 0, 2000);
                 INSERT INTO chat_users (chat_id, user_id, access) VALUES
                    (x'07000000000000000000000000000004', x'02000000000000000000000000000001', 1),
                    (x'07000000000000000000000000000004', x'02000000000000000000000000000002', 1);",
            )
            .unwrap();
        run(&mut connection, 9_000).unwrap();
        let (grouped, unseen) = (ChatId::from_bytes(id(7, 4)), ChatId::from_bytes(id(7, 5)));
        let [anna, boris] = [1, 2].map(|n| UserId::from_bytes(id(2, n)));
        let away = SetPresence { presence: Presence::Away, release: false };
        transact(&mut connection, 9_000, |tx| {
            tx.set_presence(boris, &away)?;
            tx.run_due(100)
        })
        .unwrap();
        assert_eq!(
            chats::seeing(&connection, grouped).unwrap(),
            [anna],
            "Boris is away; Anna goes on being offered it"
        );
        let alarmed: Vec<_> = alarms::in_force(&connection).unwrap().iter().map(|alarm| alarm.row.chat).collect();
        assert_eq!(alarmed, [unseen]);
    }

    /// The rows of users and queues say more than those that phones have: they are pulled once more.
    #[test]
    fn f52_what_phones_know_of_people_and_queues_is_told_anew() {
        let mut connection = version_1();
        run(&mut connection, 9_000).unwrap();
        let anna = UserId::from_bytes(id(2, 1));
        for (collection, rows) in [(Collection::Users, 3), (Collection::Queues, 1)] {
            let found = collections::since(&connection, anna, collection, 5).unwrap();
            assert_eq!((found.rev, found.rows.len()), (6, rows), "{collection:?}");
            assert!(collections::since(&connection, anna, collection, found.rev).unwrap().rows.is_empty());
        }
    }

    /// A database of schema 2 with the fixture's data.
    fn version_2() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        for step in &STEPS[..2] {
            connection.execute_batch(step).unwrap();
        }
        connection.execute_batch(include_str!("../../migrations/fixtures/0002_data.sql")).unwrap();
        connection.pragma_update(None, "user_version", 2).unwrap();
        connection
    }

    /// All that a table of both schemas holds, as text, in the columns of the older one.
    fn table(connection: &Connection, columns: &str, table: &str) -> Vec<String> {
        let row = columns.split(", ").map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ',' || ");
        let mut query = connection.prepare(&format!("SELECT {row} FROM {table} ORDER BY 1")).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    fn columns(connection: &Connection, table: &str) -> String {
        let mut query = connection.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
        let names = query.query_map([table], |row| row.get::<_, String>(0)).unwrap();
        names.collect::<Result<Vec<_>, _>>().unwrap().join(", ")
    }

    #[test]
    fn a_database_of_schema_2_keeps_everything() {
        let mut connection = version_2();
        let tables: Vec<String> = {
            let mut query = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
            query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
        };
        // The revisions alone may rise.
        let kept: Vec<(String, String, Vec<String>)> = tables
            .into_iter()
            .filter(|name| name != "collections")
            .map(|name| {
                let columns = columns(&connection, &name);
                let rows = table(&connection, &columns, &name);
                (name, columns, rows)
            })
            .collect();
        assert!(
            kept.iter().filter(|(.., rows)| !rows.is_empty()).count() >= 18,
            "the fixture has something of everything"
        );
        run(&mut connection, 9_000).unwrap();
        for (name, columns, rows) in kept {
            assert_eq!(table(&connection, &columns, &name), rows, "{name}");
        }
        let broken: i64 =
            connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
        assert_eq!(broken, 0);
        // By what a contact is known, and where a chat came from, follows from what was there.
        assert_eq!(
            table(&connection, "contact_id, kind, value", "contact_identities"),
            [
                "X'06000000000000000000000000000001','visitor','08000000000000000000000000000001'",
                "X'06000000000000000000000000000002','email','tom@example.com'",
                "X'06000000000000000000000000000002','phone','+44 20 7'",
                "X'06000000000000000000000000000002','visitor','08000000000000000000000000000002'",
                "X'06000000000000000000000000000003','visitor','08000000000000000000000000000003'",
                "X'06000000000000000000000000000004','whatsapp','+49 30 901820'",
            ]
        );
        assert_eq!(table(&connection, "id, origin_contact_id", "chats"), table(&connection, "id, contact_id", "chats"));
        // The saved contacts are a collection, in the order in which they came.
        assert_eq!(table(&connection, "rev, name", "contacts WHERE known = 1"), ["1,'Ann Lee'", "2,'Tom'"]);
        assert_eq!(table(&connection, "rev", "collections WHERE name = 'contacts'"), ["2"]);
        assert_eq!(table(&connection, "rev", "contacts WHERE known = 0"), ["0", "0"]);
    }

    #[test]
    fn f2_f66_a_database_of_schema_2_works_on() {
        let mut connection = version_2();
        // Whoever guessed a line's id and replied under it must not keep the server from starting.
        connection
            .execute(
                "UPDATE messages SET id = (SELECT id FROM messages WHERE kind = 2 LIMIT 1) WHERE text = 'We do.'",
                [],
            )
            .unwrap();
        run(&mut connection, 9_000).unwrap();
        let [anna, boris] = [1, 2].map(|n| UserId::from_bytes(id(2, n)));
        let [owned, closed] = [2, 4].map(|n| ChatId::from_bytes(id(7, n)));
        let command = |chat, epoch, body| Command {
            id: CommandId::new(),
            chat: Some(chat),
            owner_epoch: epoch,
            seen: None,
            ask: false,
            body,
        };
        let text = |text: &str| Say { text: text.into(), mentions: vec![boris] };
        let known = Command {
            id: CommandId::from_bytes(id(9, 4)),
            ..command(owned, Some(1), CommandBody::Reply(Reply { text: "on its way".into() }))
        };
        let direct = ChatId::direct(anna, boris);
        let results = transact(&mut connection, 9_000, |tx| {
            let commands = [
                known.clone(),
                Command { ask: true, ..known },
                command(owned, None, CommandBody::Note(text("a good customer"))),
                command(closed, None, CommandBody::NoteToOwner(NoteToOwner { text: "they wrote to me".into() })),
                command(direct, None, CommandBody::OpenDirect(OpenDirect { user: boris })),
                command(direct, None, CommandBody::Say(text("have you seen Ann's chat?"))),
            ];
            let key = VisitorKey { channel: ChannelId::from_bytes(id(5, 2)), visitor: VisitorId::from_bytes(id(8, 4)) };
            let send = WidgetSend { id: MessageId::new(), text: "and Leeds?".into(), name: None, email: None };
            let results = commands.iter().map(|command| tx.execute(anna, command)).collect::<Result<Vec<_>, _>>()?;
            tx.receive_visitor_message(key, &send)?;
            Ok(results)
        });
        for result in results.unwrap().0 {
            assert_eq!((result.status, result.code), (CommandStatus::Applied, None));
        }
        let row = chats::must(&connection, closed).unwrap();
        assert_eq!((row.state, row.session), (ChatState::Waiting, 2));
        let (messages, _) = chats::page(&connection, boris, direct, 10, 10).unwrap().unwrap();
        assert_eq!((messages[0].no, &messages[0].mentions), (1, &vec![boris]));
        let frames = snapshot::read(&connection, boris).unwrap().frames;
        assert!(frames.iter().any(|frame| frame.contains("have you seen Ann's chat?")));
    }
}
