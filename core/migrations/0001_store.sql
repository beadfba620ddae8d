-- The first store of a phone. Ids are 16-byte blobs, times Unix milliseconds.

-- The signed-in device. Its token is what makes the directory worth protecting.
CREATE TABLE account (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    server    TEXT    NOT NULL,
    user      BLOB    NOT NULL,
    name      TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    device    BLOB    NOT NULL,
    token     TEXT    NOT NULL
) STRICT;

-- How far the store follows the server's log, and what is left to do for it.
CREATE TABLE sync (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    feed_id       BLOB,
    cursor        INTEGER NOT NULL,
    -- The event version of the app that met an event it did not know; a newer app starts with a snapshot.
    unknown_at    INTEGER,
    -- An event could not be read: the next connection asks for a snapshot.
    want_snapshot INTEGER NOT NULL,
    -- Content was deleted, and copies of it may still be in the WAL file.
    purge_pending INTEGER NOT NULL,
    -- The server's clock minus the device's, for countdowns.
    clock_offset  INTEGER NOT NULL
) STRICT;
INSERT INTO sync (one, feed_id, cursor, unknown_at, want_snapshot, purge_pending, clock_offset)
VALUES (1, NULL, 0, NULL, 0, 0, 0);

-- A chat with everything that a list shows of it, so that the inbox is one index walk.
CREATE TABLE chat (
    -- AUTOINCREMENT: a key that was purged is never given again, so nothing can point at the wrong chat.
    key           INTEGER PRIMARY KEY AUTOINCREMENT,
    id            BLOB    NOT NULL UNIQUE,
    rev           INTEGER NOT NULL,
    channel       BLOB    NOT NULL,
    channel_kind  TEXT    NOT NULL,
    queue         BLOB,
    contact       BLOB    NOT NULL,
    contact_name  TEXT,
    contact_email TEXT,
    state         TEXT    NOT NULL,
    owner         BLOB,
    mine          INTEGER NOT NULL,
    owner_epoch   INTEGER NOT NULL,
    waiting_since INTEGER,
    -- waiting_since, or the largest number for a chat that does not wait: longest waiting first is one index.
    wait_key      INTEGER NOT NULL,
    archived      INTEGER NOT NULL,
    read_upto     INTEGER NOT NULL,
    unread        INTEGER NOT NULL,
    -- The oldest message on this device, and whether the server has older ones.
    first_at      INTEGER NOT NULL,
    more          INTEGER NOT NULL,
    -- The newest message.
    last_no       INTEGER NOT NULL,
    last_at       INTEGER NOT NULL,
    last_author   INTEGER,
    last_mine     INTEGER NOT NULL,
    last_preview  TEXT    NOT NULL
) STRICT;
CREATE INDEX chat_recents ON chat (last_at, id) WHERE archived = 0;
CREATE INDEX chat_mine ON chat (last_at, id) WHERE archived = 0 AND mine = 1;
CREATE INDEX chat_waiting ON chat (last_at, id) WHERE archived = 0 AND state = 'waiting';
CREATE INDEX chat_longest ON chat (wait_key, last_at DESC, id DESC) WHERE archived = 0;
CREATE INDEX chat_unread ON chat (unread) WHERE archived = 0 AND unread > 0;
CREATE INDEX chat_partial ON chat (first_at) WHERE more = 1;

-- Messages, clustered so that a page of a chat lies together.
CREATE TABLE message (
    -- chat.key << 32 | no
    pos         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL,
    -- 0 the contact, 1 a member of staff
    author      INTEGER NOT NULL,
    author_id   BLOB,
    author_name TEXT,
    text        TEXT    NOT NULL,
    sent_at     INTEGER NOT NULL,
    status      INTEGER NOT NULL,
    -- sent_at << 20 | counter: the row of the index, in the order of time, so that the newest hits come first.
    fts         INTEGER NOT NULL UNIQUE
) STRICT;

-- No copy of the text; `columnsize` serves a ranking that is never asked for; no `prefix` indices: NOTES.md has why. Marks are part of words (Hindi, Arabic,
-- Thai). What is indexed is made by `store::text`, which sets characters of unspaced scripts apart.
CREATE VIRTUAL TABLE message_fts USING fts5(
    text, content = '', columnsize = 0,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
INSERT INTO message_fts (message_fts, rank) VALUES ('secure-delete', 1);

-- Collections: pulled by revision.
CREATE TABLE collection (
    name TEXT PRIMARY KEY,
    rev  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE user (
    id       BLOB PRIMARY KEY,
    name     TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    disabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE queue (
    id     BLOB PRIMARY KEY,
    name   TEXT    NOT NULL,
    member INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE channel (
    id   BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the user did and the server has not confirmed. Every later schema carries these three tables over.
CREATE TABLE outbox (
    ord         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB    NOT NULL UNIQUE,
    chat        BLOB    NOT NULL,
    kind        TEXT    NOT NULL,
    -- 0 queued, 1 in flight, 2 accepted: outbox::State
    state       INTEGER NOT NULL,
    text        TEXT,
    owner_epoch INTEGER NOT NULL,
    seen        INTEGER NOT NULL,
    written_at  INTEGER NOT NULL,
    -- It was handed to a socket at least once, so the server may have it.
    sent        INTEGER NOT NULL,
    -- Its chat left the device; the text is an unsent row, and only the answer is still awaited.
    orphan      INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_chat ON outbox (chat, ord);
CREATE TABLE unsent (
    ord          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE,
    chat         BLOB    NOT NULL,
    contact_name TEXT,
    text         TEXT    NOT NULL,
    written_at   INTEGER NOT NULL,
    unsent_at    INTEGER NOT NULL,
    reason       TEXT    NOT NULL,
    code         TEXT
) STRICT;
CREATE INDEX unsent_chat ON unsent (chat);
CREATE TABLE draft (
    chat       BLOB PRIMARY KEY,
    text       TEXT    NOT NULL,
    written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the user has read, where the server does not know it yet: one merged row a chat.
CREATE TABLE read_mark (
    chat      BLOB PRIMARY KEY,
    upto      INTEGER NOT NULL,
    command   BLOB,
    sent_upto INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX read_mark_command ON read_mark (command) WHERE command IS NOT NULL;
CREATE INDEX read_mark_waiting ON read_mark (chat) WHERE command IS NULL;

-- A snapshot while it comes in. In the file, because on a phone it may be larger than what memory should hold; emptied
-- by the swap, by a lost connection and at start, and cleaned out of the WAL like every other deleted content.
CREATE TABLE snapshot_part (
    n    INTEGER PRIMARY KEY,
    json TEXT NOT NULL
) STRICT;
