//! How the database is driven.

use std::path::PathBuf;

use serde::Deserialize;

/// How the database is driven.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Connections that read beside the writer.
    pub readers: usize,
    /// Feed rows older than this are dropped; a device that was away longer takes a snapshot.
    pub feed_days: u32,
    /// Feed rows of one user beyond the newest this many are dropped.
    pub feed_rows: u64,
    /// The most pages (4 KiB) that the database may grow to; 0 for as many as the disk holds. Beyond it the server
    /// answers as on a full disk.
    pub max_pages: u64,
}

impl Default for Database {
    fn default() -> Self {
        Self { readers: 8, feed_days: 30, feed_rows: 50_000, max_pages: 0 }
    }
}

/// Where the data are kept, and how the database is driven: what the store is opened with.
#[derive(Debug, Clone)]
pub struct Storage {
    /// The directory of the database.
    pub data_dir: PathBuf,
    /// How it is driven.
    pub database: Database,
    /// What becomes of chats with time.
    pub chats: super::ChatRules,
}
