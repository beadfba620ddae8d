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
