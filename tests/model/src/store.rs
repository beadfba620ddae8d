//! What is in a phone's store, read past the core: the rows that the server's state makes, and every byte of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use switchboard_protocol::ids::{ChatId, MessageId};
use switchboard_protocol::limits::OPENED_MESSAGES;

/// Rows by table; each row is its columns' names and values.
pub type Dump = BTreeMap<String, BTreeSet<String>>;

/// Tables that hold what only this phone knows, or how far it is.
const OWN: &[&str] = &[
    "account",
    "sync",
    "outbox",
    "unsent",
    "draft",
    "read_mark",
    "snapshot_part",
    "collection",
    "wish",
    "setting",
    "chat_unindexed",
];
/// Columns that say where a row lies, or how much of the past is here.
const PLACE: &[&str] = &["key", "chat_key", "pos", "fts", "first_at", "more"];

/// A phone's database.
pub struct Files {
    db: Connection,
}

fn open(dir: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(dir.join("switchboard.db"), flags).unwrap()
}

fn show(value: &Value) -> String {
    match value {
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Value::Null => "-".into(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
    }
}

impl Files {
    /// Opens it beside the core.
    pub fn open(dir: &Path) -> Files {
        Files { db: open(dir) }
    }

    fn rows(&self, sql: &str) -> Vec<Vec<(String, Value)>> {
        let mut query = self.db.prepare(sql).unwrap();
        let names: Vec<String> = query.column_names().map(str::to_owned).collect();
        let read = |row: &rusqlite::Row<'_>| {
            names.iter().enumerate().map(|(n, name)| Ok((name.clone(), row.get(n)?))).collect::<Result<Vec<_>, _>>()
        };
        query.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn strings(&self, sql: &str) -> Vec<String> {
        let mut query = self.db.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn columns(&self, table: &str) -> Vec<String> {
        self.strings(&format!("SELECT name FROM pragma_table_info('{table}')"))
    }

    /// The replies about which this phone asks its user.
    pub fn asking(&self) -> Vec<(MessageId, String)> {
        let mut query = self.db.prepare("SELECT id, text FROM outbox WHERE state = 5 ORDER BY ord").unwrap();
        let rows = query.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?))).unwrap();
        let known = |(id, text): (Vec<u8>, String)| (MessageId::from_slice(&id).unwrap(), text);
        rows.map(|row| known(row.unwrap())).collect()
    }

    /// The rows that the server's state makes, of each chat the newest messages.
    pub fn dump(&self) -> Dump {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%fts%'
             AND name NOT LIKE 'sqlite%'";
        let mut dump = Dump::new();
        for table in self.strings(tables).into_iter().filter(|table| !OWN.contains(&table.as_str())) {
            let sql = if table == "message" {
                format!(
                    "SELECT hex(chat.id) AS chat, pos & 0xffffffff AS no, message.* FROM message
                     JOIN chat ON chat.key = message.pos >> 32
                     WHERE pos & 0xffffffff > chat.last_no - {OPENED_MESSAGES}"
                )
            } else if table == "chat" {
                // Of a staff chat that was opened here and never came to anything, the server knows nothing.
                "SELECT * FROM chat WHERE rev > 0".to_owned()
            } else if self.columns(&table).iter().any(|column| column == "chat_key") {
                format!(
                    "SELECT hex(chat.id) AS chat, {table}.* FROM {table} JOIN chat ON chat.key = chat_key WHERE rev > 0"
                )
            } else {
                format!("SELECT * FROM {table}")
            };
            let rows = self.rows(&sql).into_iter().map(|row| {
                row.iter()
                    .filter(|(name, _)| !PLACE.contains(&name.as_str()))
                    .map(|(name, value)| format!("{name}={}", show(value)))
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            dump.insert(table.clone(), rows.collect());
        }
        dump
    }

    /// The chats on this phone.
    pub fn chats(&self) -> Vec<ChatId> {
        let mut query = self.db.prepare("SELECT id FROM chat").unwrap();
        let rows = query.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        rows.map(|id| ChatId::from_slice(&id.unwrap()).unwrap()).collect()
    }

    /// What the user typed and the server has not confirmed, wherever it is kept.
    pub fn own_texts(&self) -> Vec<String> {
        self.strings(
            "SELECT text FROM unsent UNION ALL SELECT text FROM draft
             UNION ALL SELECT text FROM outbox WHERE text IS NOT NULL AND orphan = 0",
        )
    }

    /// What waits for the server or for its answer.
    pub fn waiting(&self) -> Vec<String> {
        self.strings(
            "SELECT kind || ' in state ' || state || ', orphan ' || orphan || ', seq ' || coalesce(seq, '-') FROM outbox
             UNION ALL SELECT 'read up to ' || upto FROM read_mark UNION ALL SELECT 'wish of ' || name FROM wish",
        )
    }

    /// How many texts did not go out.
    pub fn unsent(&self) -> u64 {
        self.db.query_row("SELECT count(*) FROM unsent", [], |row| row.get::<_, u32>(0)).unwrap().into()
    }

    /// The messages' statuses, by their place in the store.
    pub fn statuses(&self) -> Vec<(i64, i64)> {
        let mut query = self.db.prepare("SELECT pos, status FROM message").unwrap();
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// The terms of the full-text index that are numbers of ours.
    fn terms(&self) -> Vec<String> {
        self.db.execute_batch("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, message_fts, row)").unwrap();
        let terms = self.strings("SELECT term FROM temp.terms WHERE term >= 'qz' AND term < 'r'");
        self.db.execute_batch("DROP TABLE temp.terms").unwrap();
        terms
    }
}

/// The number in a text.
pub fn number(text: &str) -> Option<u32> {
    let at = text.find("qz")?;
    text.get(at + 2..at + 7)?.parse().ok()
}

/// All the numbers in a text.
pub fn numbers_in(text: &str) -> impl Iterator<Item = u32> {
    text.match_indices("qz").filter_map(|(at, _)| text.get(at + 2..at + 7)?.parse().ok())
}

/// A text with a number in it, that no other text has.
pub fn text(n: u32, words: &str) -> String {
    format!("{words} qz{n:05}")
}

/// Every number that stands anywhere in the files of a store, and in its index.
pub fn numbers(dir: &Path) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for at in 0..bytes.len().saturating_sub(6) {
            if bytes[at] == b'q' && bytes[at + 1] == b'z' {
                let digits = std::str::from_utf8(&bytes[at + 2..at + 7]).unwrap_or_default();
                found.extend(digits.parse::<u32>().ok());
            }
        }
    }
    found.extend(Files::open(dir).terms().iter().filter_map(|term| number(term)));
    found
}
