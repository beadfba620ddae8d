//! The local store: one SQLite file, one writer, a few readers.
//!
//! Functions on rows take a connection or a transaction and stand in one file per aggregate; [`Store`] hands those
//! out. What only this phone knows is committed with `synchronous=FULL`, what the server can send again with `NORMAL`:
//! in WAL mode a power cut then loses the last commits whole, cursor and content together, and the replay brings them.

pub(crate) mod account;
pub(crate) mod chat;
pub(crate) mod collection;
pub(crate) mod contact;
#[cfg(test)]
mod desk_tests;
pub(crate) mod draft;
#[cfg(test)]
mod fault_tests;
pub(crate) mod inbox;
pub(crate) mod information;
pub(crate) mod internal;
pub(crate) mod label;
pub(crate) mod message;
mod migrate;
pub(crate) mod notification;
mod open;
pub(crate) mod outbox;
pub(crate) mod passed_on;
pub(crate) mod people;
pub(crate) mod purge;
pub(crate) mod read_mark;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
pub(crate) mod scans;
pub(crate) mod search;
#[cfg(test)]
mod search_tests;
pub(crate) mod setting;
pub(crate) mod snapshot;
pub(crate) mod template;
#[cfg(test)]
mod template_tests;
pub(crate) mod text;
pub(crate) mod timeline;
pub(crate) mod unsent;
mod value;
pub(crate) mod wish;
pub(crate) mod words;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use switchboard_protocol::ids::ChatId;

use crate::error::{Error, Result};
use crate::model::CommandKind;
use crate::views::DeskPart;

pub(crate) use value::{Blob, from_sql_u64, to_sql_u64};

/// What a commit changed, for the lists.
#[derive(Default, Clone, Debug)]
pub(crate) struct Changes {
    /// Chats whose row or messages changed.
    pub(crate) chats: HashSet<ChatId>,
    /// Chats that left the device.
    pub(crate) gone: HashSet<ChatId>,
    /// Rows of the collections, or wishes about the user's own work.
    pub(crate) names: bool,
    /// Chats whose outbox changed: before the commit it is decided anew where lists show them.
    pub(crate) unplaced: HashSet<ChatId>,
    /// Something that the clock ends: what is held, what is snoozed.
    pub(crate) timers: bool,
    /// Unsent texts.
    pub(crate) unsent: bool,
    /// Parts of the desk whose rows changed.
    pub(crate) desk: HashSet<DeskPart>,
    /// Anything: a snapshot was swapped in, or the store was deleted.
    pub(crate) all: bool,
}

impl Changes {
    /// The chat's part of the outbox changed.
    pub(crate) fn touched(&mut self, chat: ChatId) {
        self.chats.insert(chat);
        self.unplaced.insert(chat);
    }

    /// The outbox has something about a contact or a label, or no longer has it.
    pub(crate) fn about(&mut self, kind: CommandKind) {
        // Lists show contacts and labels too.
        self.names = true;
        self.desk.insert(match kind {
            CommandKind::SaveLabel | CommandKind::DeleteLabel => DeskPart::Labels,
            _ => DeskPart::Contacts,
        });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chats.is_empty()
            && self.gone.is_empty()
            && self.desk.is_empty()
            && !self.names
            && !self.unsent
            && !self.all
    }

    pub(crate) fn merge(&mut self, other: Changes) {
        self.chats.extend(other.chats);
        self.gone.extend(other.gone);
        self.desk.extend(other.desk);
        self.names |= other.names;
        self.unsent |= other.unsent;
        self.timers |= other.timers;
        self.all |= other.all;
    }
}

/// What a commit must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A power cut: nobody else knows it.
    Full,
    /// A kill of the process: the server sends it again.
    Normal,
}

struct Writer {
    connection: Connection,
    durability: Option<Durability>,
}

struct Db {
    writer: Mutex<Writer>,
    readers: Mutex<Vec<Connection>>,
}

/// Idle read-only connections that are kept: lists, search and the app's own calls seldom meet.
const KEPT_READERS: usize = 4;

pub(crate) struct Store {
    dir: PathBuf,
    /// Readers and the writer hold it shared; truncating the WAL and deleting the store hold it alone.
    db: RwLock<Option<Db>>,
    /// Counts commits, so that a list knows whether its window can have changed.
    generation: AtomicU64,
    committed: Box<dyn Fn(Changes) + Send + Sync>,
    searcher: search::Searcher,
    kept_templates: template::Kept,
    /// Held for as long as the store is open.
    _lock: std::fs::File,
}

impl Store {
    /// Opens the store in `dir`, or makes it. `committed` is called after every commit.
    pub(crate) fn open(dir: &Path, committed: Box<dyn Fn(Changes) + Send + Sync>) -> Result<Self> {
        open::make_dir(dir)?;
        let lock = open::lock(dir)?;
        if open::is_condemned(dir) {
            open::delete_files(dir)?;
        }
        let db = Db::open(dir)?;
        let store = Self {
            dir: dir.to_owned(),
            db: RwLock::new(Some(db)),
            generation: AtomicU64::new(1),
            committed,
            searcher: search::Searcher::default(),
            kept_templates: template::Kept::default(),
            _lock: lock,
        };
        store.recover()?;
        Ok(store)
    }

    /// What a process that was killed left behind: commands that were on their way, half a snapshot, an unfinished purge.
    fn recover(&self) -> Result<()> {
        let (in_flight, staged) = self.read(|db| Ok((outbox::any_in_flight(db)?, snapshot::any_staged(db)?)))?;
        if in_flight || staged {
            self.write(Durability::Full, |tx, _| {
                outbox::lost(tx)?;
                snapshot::drop_stage(tx)
            })?;
        }
        if !self.finish_purge()? {
            tracing::warn!("another reader holds the write-ahead log: the purge is finished later");
        }
        Ok(())
    }

    /// Rises with every commit.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    fn shared(&self) -> RwLockReadGuard<'_, Option<Db>> {
        self.db.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads on a connection that sees the last commit.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let shared = self.shared();
        let db = shared.as_ref().ok_or(Error::NotAStore)?;
        let idle = db.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open::reader(&self.dir)?,
        };
        let result = work(&connection);
        let mut readers = db.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < KEPT_READERS && connection.is_autocommit() {
            readers.push(connection);
        }
        result
    }

    /// Reads more than one statement's worth of one and the same state.
    pub(crate) fn read_consistent<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.read(|db| {
            let tx = db.unchecked_transaction()?;
            let result = work(&tx)?;
            tx.finish()?;
            Ok(result)
        })
    }

    /// Runs one transaction, commits it, and tells the lists. Blocks: not for async threads.
    pub(crate) fn write<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&Transaction<'_>, &mut Changes) -> Result<T>,
    ) -> Result<T> {
        let mut changes = Changes::default();
        let result = {
            let shared = self.shared();
            let db = shared.as_ref().ok_or(Error::NotAStore)?;
            let mut writer = db.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.transaction(durability, |tx| {
                let result = work(tx, &mut changes)?;
                chat::place_touched(tx, &mut changes)?;
                search::index_people(tx)?;
                Ok(result)
            })?
        };
        self.announce(changes);
        Ok(result)
    }

    fn announce(&self, changes: Changes) {
        let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        self.kept_templates.committed(&changes, generation);
        (self.committed)(changes);
    }

    /// Deletes everything and starts anew, as after the first install.
    pub(crate) fn wipe(&self) -> Result<()> {
        {
            let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
            // The mark first: a kill from here on ends in an empty store at the next start.
            open::condemn(&self.dir)?;
            drop(db.take());
            open::delete_files(&self.dir)?;
            *db = Some(Db::open(&self.dir)?);
        }
        self.searcher.clear();
        self.announce(Changes { all: true, unsent: true, names: true, ..Changes::default() });
        Ok(())
    }

    fn kept_templates(&self) -> &template::Kept {
        &self.kept_templates
    }

    fn searcher(&self) -> &search::Searcher {
        &self.searcher
    }
}

impl Db {
    fn open(dir: &Path) -> Result<Self> {
        let mut connection = open::writer(dir)?;
        migrate::migrate(&mut connection)?;
        Ok(Self { writer: Mutex::new(Writer { connection, durability: None }), readers: Mutex::new(Vec::new()) })
    }
}

impl Writer {
    fn transaction<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        if !self.connection.is_autocommit() {
            // A commit that failed (a full disk) can leave the transaction open; nothing of it may get into the next.
            self.connection.execute_batch("ROLLBACK")?;
        }
        if self.durability.is_none() {
            self.connection.execute_batch("PRAGMA cache_size = -8192")?;
        }
        if self.durability != Some(durability) {
            // Only possible between transactions. A FULL commit also syncs the NORMAL ones before it: same file.
            self.connection.execute_batch(match durability {
                Durability::Full => "PRAGMA synchronous = FULL",
                Durability::Normal => "PRAGMA synchronous = NORMAL",
            })?;
            self.durability = Some(durability);
        }
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&tx)?;
        tx.commit()?;
        Ok(result)
    }
}
