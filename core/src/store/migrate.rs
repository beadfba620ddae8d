//! The schema's versions: a table, a loop, and nothing that a migration does by hand.

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Error, Result};

/// Marks the file as ours: "SwBd".
const APPLICATION_ID: i64 = 0x5377_4264;

/// Every migration in order; the schema's version is the number of those that ran.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_store.sql"),
    include_str!("../../migrations/0002_life_of_a_chat.sql"),
    include_str!("../../migrations/0003_operators_desk.sql"),
];

pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    run(connection, MIGRATIONS)
}

fn run(connection: &mut Connection, migrations: &[&str]) -> Result<()> {
    let known = migrations.len() as i64;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if found == 0 {
        let tables: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
        if tables {
            return Err(Error::NotAStore);
        }
        // Stays with the file. Not possible inside a transaction.
        connection.execute_batch("PRAGMA journal_mode = WAL")?;
    } else if application != APPLICATION_ID {
        return Err(Error::NotAStore);
    }
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    for (version, sql) in (1..).zip(migrations).skip(usize::try_from(found).unwrap_or(0)) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        // The loop writes the version, not the file: a migration cannot write a wrong one.
        tx.pragma_update(None, "user_version", version)?;
        tx.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_new_store_gets_every_migration_and_an_old_one_the_rest() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &["CREATE TABLE a (x) "]).unwrap();
        assert_eq!(version(&connection), 1);
        run(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)"]).unwrap();
        assert_eq!(version(&connection), 3);
        run(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)"]).unwrap();
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"]).unwrap_err();
        assert_eq!(version(&connection), 1);
        let b: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'b'", [], |row| row.get(0)).unwrap();
        assert_eq!(b, 0);
        run(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        assert_eq!(version(&connection), 2);
    }

    /// What only the phone knows, as version 1 kept it; and a row of the server.
    const OF_VERSION_1: &str = "
        INSERT INTO outbox (id, chat, kind, state, text, owner_epoch, seen, written_at, sent, orphan)
            VALUES (x'01', x'0a', 'reply', 0, 'queued', 3, 4, 5, 0, 0), (x'02', x'0a', 'take', 2, NULL, 3, 4, 6, 1, 0);
        INSERT INTO unsent (id, chat, contact_name, text, written_at, unsent_at, reason, code)
            VALUES (x'03', x'0b', 'Maria', 'unsent', 7, 8, 'refused', 'taken');
        INSERT INTO draft (chat, text, written_at) VALUES (x'0a', 'draft', 9);
        INSERT INTO read_mark (chat, upto, command, sent_upto) VALUES (x'0a', 12, NULL, NULL);
        UPDATE sync SET feed_id = x'07', cursor = 40 WHERE one = 1;
        INSERT INTO collection (name, rev) VALUES ('users', 9);
        INSERT INTO chat (id, rev, channel, channel_kind, queue, contact, contact_name, contact_email, state, owner,
            mine, owner_epoch, waiting_since, wait_key, archived, read_upto, unread, first_at, more, last_no, last_at,
            last_author, last_mine, last_preview)
            VALUES (x'0a', 1, x'01', 'sms', NULL, x'02', 'Tom', NULL, 'owned', NULL, 1, 3, NULL, 0, 1, 0, 1, 5, 0, 4,
            77, 0, 0, 'hello');";

    #[test]
    fn f63_a_store_of_version_1_keeps_what_only_it_knows_and_asks_for_the_rest() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &MIGRATIONS[..1]).unwrap();
        connection.execute_batch(OF_VERSION_1).unwrap();
        migrate(&mut connection).unwrap();
        let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(
            text(
                "SELECT group_concat(hex(id) || kind || state || coalesce(text, '') || owner_epoch || seen) FROM outbox"
            ),
            "01reply0queued34,02take234"
        );
        assert_eq!(text("SELECT contact_name || text || reason || code FROM unsent"), "Mariaunsentrefusedtaken");
        assert_eq!(text("SELECT text || written_at FROM draft"), "draft9");
        assert_eq!(text("SELECT hex(chat) || upto FROM read_mark"), "0A12");
        assert_eq!(text("SELECT cursor || '/' || want_snapshot FROM sync"), "40/1");
        assert_eq!(text("SELECT count(*) || '' FROM collection"), "0");
        assert_eq!(text("SELECT place || last_preview || last_said_at FROM chat"), "1hello77");
    }

    /// What a phone had whose store was written by version 2, with a chat whose key is not the highest that was given.
    const OF_VERSION_2: &str = "
        INSERT INTO outbox (id, chat, kind, state, text, owner_epoch, seen, written_at, sent, orphan, body, held_until,
            seq, follows)
            VALUES (x'01', x'0a', 'reply', 0, 'queued', 3, 4, 5, 0, 0, NULL, NULL, NULL, 0),
                (x'02', x'0a', 'transfer', 4, NULL, 3, 4, 6, 0, 0, '{}', 99, NULL, 1),
                (x'04', x'0a', 'archive', 2, NULL, 3, 4, 6, 1, 0, NULL, NULL, 7, 0);
        INSERT INTO unsent (id, chat, contact_name, text, written_at, unsent_at, reason, code, kind)
            VALUES (x'03', x'0b', 'Maria', 'unsent', 7, 8, 'refused', 'taken', 1);
        INSERT INTO draft (chat, text, written_at) VALUES (x'0a', 'draft', 9);
        INSERT INTO read_mark (chat, upto, command, sent_upto) VALUES (x'0a', 12, NULL, NULL);
        INSERT INTO wish (name, kind, id, body) VALUES ('presence', 'presence', x'05', '{\"presence\":\"away\"}');
        INSERT INTO passed_on (chat, channel_kind, contact_name, to_kind, to_name, at, hidden)
            VALUES (x'0c', 'sms', 'Otto', 'user', 'Boris', 3, 0);
        UPDATE sync SET feed_id = x'07', cursor = 40 WHERE one = 1;
        INSERT INTO collection (name, rev) VALUES ('users', 9);
        INSERT INTO chat (id, rev, channel, channel_kind, queue, contact, contact_name, state, mine, owner_epoch,
            waiting_since, wait_key, archived, read_upto, unread, first_at, more, last_no, last_at, last_author,
            last_mine, last_preview, place, snoozed_until, last_said_at, last_inbound_no)
            VALUES (x'0a', 1, x'01', 'sms', NULL, x'02', 'Tom', 'owned', 1, 3, NULL, 0, 0, 2, 1, 5, 0, 4,
                77, 0, 0, 'hello', 2, 1234, 76, 4),
            (x'0d', 1, x'01', 'sms', NULL, x'02', 'Tim', 'owned', 1, 3, NULL, 0, 0, 2, 1, 5, 0, 4,
                77, 0, 0, 'hello', 0, NULL, 76, 4);
        INSERT INTO message (pos, id, author, text, sent_at, status, fts) VALUES (4294967297, x'11', 0, 'hi', 5, 1, 1);
        DELETE FROM chat WHERE id = x'0d';";

    fn of_version_2() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &MIGRATIONS[..2]).unwrap();
        connection.execute_batch(OF_VERSION_2).unwrap();
        migrate(&mut connection).unwrap();
        connection
    }

    #[test]
    fn f63_a_store_of_version_2_keeps_what_only_it_knows_and_asks_for_the_rest() {
        let connection = of_version_2();
        let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(
            text(
                "SELECT group_concat(hex(id) || kind || state || coalesce(text, '') || coalesce(body, '')
                     || coalesce(held_until, '') || coalesce(seq, '') || follows || waited || ask, ' ')
                 FROM (SELECT * FROM outbox ORDER BY ord)"
            ),
            "01reply0queued000 02transfer4{}99100 04archive27000"
        );
        assert_eq!(
            text("SELECT contact_name || text || reason || code || kind || internal FROM unsent"),
            "Mariaunsentrefusedtaken10"
        );
        assert_eq!(text("SELECT text || written_at FROM draft"), "draft9");
        assert_eq!(text("SELECT hex(chat) || upto FROM read_mark"), "0A12");
        assert_eq!(text("SELECT name || hex(id) || body FROM wish"), "presence05{\"presence\":\"away\"}");
        assert_eq!(text("SELECT contact_name || to_name || hidden FROM passed_on"), "OttoBoris0");
        assert_eq!(text("SELECT cursor || '/' || want_snapshot FROM sync"), "40/1");
        assert_eq!(text("SELECT count(*) || '' FROM collection"), "0");
        // Shown as it was until the snapshot comes, with its messages.
        assert_eq!(
            text("SELECT key || hex(id) || place || snoozed_until || last_preview || last_inbound_no FROM chat"),
            "10A21234hello4"
        );
        assert_eq!(text("SELECT text FROM message WHERE pos >> 32 = (SELECT key FROM chat)"), "hi");
    }

    #[test]
    fn f15_keys_of_chats_that_left_before_an_update_are_not_given_again() {
        let connection = of_version_2();
        let key: i64 = connection
            .query_row(
                "INSERT INTO chat (id, rev, state, mine, owner_epoch, wait_key, archived, read_upto, unread, first_at,
                     more, last_no, last_at, last_mine, last_preview)
                 VALUES (x'0e', 0, 'internal', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '') RETURNING key",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(key, 3, "2 was the key of a chat that left");
        // Nor those of a phone that had no chat left.
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &MIGRATIONS[..2]).unwrap();
        connection.execute_batch(OF_VERSION_2).unwrap();
        connection.execute_batch("DELETE FROM chat").unwrap();
        migrate(&mut connection).unwrap();
        let seq: i64 =
            connection.query_row("SELECT seq FROM sqlite_sequence WHERE name = 'chat'", [], |row| row.get(0)).unwrap();
        assert_eq!(seq, 2);
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_sequence WHERE name IN ('chat', 'chat_3')", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn a_newer_store_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        let error = run(&mut connection, &["CREATE TABLE a (x)"]).unwrap_err();
        assert!(matches!(error, Error::NewerSchema { found: 2, known: 1 }));
        assert_eq!(version(&connection), 2);
    }

    #[test]
    fn somebody_elses_database_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(run(&mut connection, MIGRATIONS).unwrap_err(), Error::NotAStore));
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1").unwrap();
        assert!(matches!(run(&mut connection, MIGRATIONS).unwrap_err(), Error::NotAStore));
    }
}
