//! Brings a database to this build's schema: numbered, forward only, each step in one transaction with the version that
//! it makes, so that no step can be half done or done twice.

use rusqlite::{Connection, TransactionBehavior};
use switchboard_protocol::ids::FeedId;

use super::StoreError;

/// The steps; the place in the table is the version. A released step is never edited.
const STEPS: &[&str] =
    &[include_str!("../../migrations/0001_main_path.sql"), include_str!("../../migrations/0002_life_of_a_chat.sql")];

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
pub fn run(connection: &mut Connection, now: i64) -> Result<(), StoreError> {
    check(connection)?;
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
        step.pragma_update(None, "user_version", done + 1)?;
        step.commit()?;
        tracing::info!(schema = done + 1, "database migrated");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
