//! The rows that one visitor message costs, as the server writes them: the message, its event, the chat's row, and for
//! each recipient the feed's head and a feed row. The reference relay and the "same SQL alone" share them.

use rusqlite::{Connection, Transaction, params};

use crate::Result;

/// Users that can get a message, so that heads exist.
const USERS: usize = 1_000;
/// Chats that can be written to.
const CHATS: usize = 64;

/// The columns and indices of the server's tables that one message touches (server/migrations/0001_main_path.sql),
/// without the foreign keys and checks.
const SCHEMA: &str = "
    CREATE TABLE users (id BLOB NOT NULL PRIMARY KEY, head INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE chats (id BLOB NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, last_no INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE messages (chat_id BLOB NOT NULL, no INTEGER NOT NULL, id BLOB NOT NULL, outbound INTEGER NOT NULL,
        client_id BLOB, text TEXT NOT NULL, sent_at INTEGER NOT NULL, status INTEGER NOT NULL,
        PRIMARY KEY (chat_id, no)) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX messages_by_command ON messages (id) WHERE outbound = 1;
    CREATE UNIQUE INDEX messages_by_client_id ON messages (chat_id, client_id) WHERE client_id IS NOT NULL;
    CREATE TABLE events (id INTEGER NOT NULL PRIMARY KEY, chat_id BLOB NOT NULL, kind TEXT NOT NULL, rev INTEGER NOT NULL,
        body TEXT NOT NULL, command_id BLOB) STRICT;
    CREATE INDEX events_by_chat ON events (chat_id);
    CREATE TABLE feed (user_id BLOB NOT NULL, seq INTEGER NOT NULL, event_id INTEGER, at INTEGER NOT NULL,
        PRIMARY KEY (user_id, seq)) STRICT, WITHOUT ROWID;
    CREATE INDEX feed_by_event ON feed (event_id, user_id) WHERE event_id IS NOT NULL;";

/// The id of the user or chat of this number: spread like the UUIDv7 of rows made one after the other.
fn id(kind: u8, number: usize) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

/// Opens a database as the server does: WAL, a full sync at each commit, checkpoints beside the commit path.
pub fn open(path: &std::path::Path) -> Result<Connection> {
    let db = Connection::open(path)?;
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    db.set_prepared_statement_cache_capacity(32);
    Ok(db)
}

/// Opens an empty one with its tables, users and chats.
pub fn create(path: &std::path::Path) -> Result<Connection> {
    let mut db = open(path)?;
    let tx = db.transaction()?;
    tx.execute_batch(SCHEMA)?;
    for user in 0..USERS {
        tx.execute("INSERT INTO users (id, head) VALUES (?1, 0)", [id(1, user)])?;
    }
    for chat in 0..CHATS {
        tx.execute("INSERT INTO chats (id, rev, last_no) VALUES (?1, 0, 0)", [id(2, chat)])?;
    }
    tx.commit()?;
    Ok(db)
}

/// Writes one message for `fan` recipients and returns its body as it goes out.
pub fn write(tx: &Transaction<'_>, chat: usize, fan: usize, text: &str) -> Result<String> {
    let (message, client) = (uuid::Uuid::now_v7(), uuid::Uuid::now_v7());
    let chat = id(2, chat);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis() as i64;
    let (no, rev): (i64, i64) = tx
        .prepare_cached("UPDATE chats SET rev = rev + 1, last_no = last_no + 1 WHERE id = ?1 RETURNING last_no, rev")?
        .query_row([chat], |row| Ok((row.get(0)?, row.get(1)?)))?;
    tx.prepare_cached(
        "INSERT INTO messages (chat_id, no, id, outbound, client_id, text, sent_at, status) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, 6)",
    )?
    .execute(params![chat, no, message.as_bytes(), client.as_bytes(), text, now])?;
    let body = serde_json::json!({ "message": { "id": message, "no": no, "author": { "kind": "contact" }, "text": text,
        "sent_at": now, "status": "delivered" } })
    .to_string();
    tx.prepare_cached("INSERT INTO events (chat_id, kind, rev, body) VALUES (?1, 'message', ?2, ?3)")?
        .execute(params![chat, rev, body])?;
    let event = tx.last_insert_rowid();
    let mut head = tx.prepare_cached("UPDATE users SET head = head + 1 WHERE id = ?1 RETURNING head")?;
    let mut feed = tx.prepare_cached("INSERT INTO feed (user_id, seq, event_id, at) VALUES (?1, ?2, ?3, ?4)")?;
    for user in 0..fan {
        let user = id(1, user);
        let seq: i64 = head.query_row([user], |row| row.get(0))?;
        feed.execute(params![user, seq, event, now])?;
    }
    Ok(body)
}

/// Checkpoints every 50 ms beside the commit path until the sender is dropped.
pub fn checkpointer(path: std::path::PathBuf) -> std::sync::mpsc::Sender<()> {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let Ok(db) = open(&path) else { return };
        let tick = std::time::Duration::from_millis(50);
        while stopped.recv_timeout(tick) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        }
    });
    stop
}
