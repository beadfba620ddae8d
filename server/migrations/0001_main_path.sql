-- The main path: people, queues, website channels, chats, messages, and the feed that carries them to the phones.
--
-- Law of this schema: STRICT; ids are 16-byte blobs; times are Unix milliseconds; plural table names (`user` and `group`
-- are reserved words in PostgreSQL); no JSON operators; no AUTOINCREMENT.

-- One row: which log this database is. A restore writes a new feed_id, and clients then take a snapshot.
CREATE TABLE logs (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    feed_id    BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Revisions of what the phones pull instead of being sent: users, queues, channels.
CREATE TABLE collections (
    name TEXT    NOT NULL PRIMARY KEY,
    rev  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO collections (name, rev) VALUES ('users', 0), ('queues', 0), ('channels', 0);

CREATE TABLE groups (
    id         BLOB    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY,
    group_id      BLOB    NOT NULL REFERENCES groups (id),
    name          TEXT    NOT NULL UNIQUE,
    -- Lower case: the part before the @ is compared so by every mail system in use.
    email         TEXT    UNIQUE,
    role          TEXT    NOT NULL CHECK (role IN ('user', 'manager', 'group_owner', 'system_owner')),
    password_hash TEXT,
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    -- The user's feed holds floor < seq <= head.
    head          INTEGER NOT NULL DEFAULT 0,
    floor         INTEGER NOT NULL DEFAULT 0,
    rev           INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_group ON users (group_id);
CREATE INDEX users_by_rev ON users (rev);

CREATE TABLE devices (
    id         BLOB    NOT NULL PRIMARY KEY,
    user_id    BLOB    NOT NULL REFERENCES users (id),
    name       TEXT    NOT NULL,
    platform   TEXT    NOT NULL,
    token_hash BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_user ON devices (user_id);

-- One-time codes that sign a device in; only the hash is kept.
CREATE TABLE enrolments (
    code_hash  BLOB    NOT NULL PRIMARY KEY,
    user_id    BLOB    NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolments_by_expiry ON enrolments (expires_at);
CREATE INDEX enrolments_by_user ON enrolments (user_id);

CREATE TABLE queues (
    id           BLOB    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    distribution TEXT    NOT NULL DEFAULT 'everyone',
    rev          INTEGER NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX queues_by_rev ON queues (rev);

CREATE TABLE queue_members (
    queue_id BLOB    NOT NULL REFERENCES queues (id),
    user_id  BLOB    NOT NULL REFERENCES users (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (queue_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_members_by_user ON queue_members (user_id);

CREATE TABLE channels (
    id         BLOB    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    kind       TEXT    NOT NULL CHECK (kind IN ('live_chat', 'whatsapp', 'messenger', 'sms')),
    -- The public key of a website channel: it stands in the script tag.
    key        TEXT    UNIQUE,
    -- What belongs to the kind, as JSON that the database never looks into.
    settings   TEXT    NOT NULL,
    rev        INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX channels_by_rev ON channels (rev);

-- Where a channel's new chats go; a channel without a row keeps them waiting until it has one.
CREATE TABLE routes (
    channel_id BLOB NOT NULL PRIMARY KEY REFERENCES channels (id),
    kind       TEXT NOT NULL CHECK (kind IN ('queue', 'group', 'users')),
    queue_id   BLOB REFERENCES queues (id),
    group_id   BLOB REFERENCES groups (id),
    CHECK ((kind = 'queue') = (queue_id IS NOT NULL) AND (kind = 'group') = (group_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX routes_by_queue ON routes (queue_id);
CREATE INDEX routes_by_group ON routes (group_id);

CREATE TABLE route_users (
    channel_id BLOB    NOT NULL REFERENCES routes (channel_id) ON DELETE CASCADE,
    user_id    BLOB    NOT NULL REFERENCES users (id),
    position   INTEGER NOT NULL,
    PRIMARY KEY (channel_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_users_by_user ON route_users (user_id);

CREATE TABLE contacts (
    id         BLOB    NOT NULL PRIMARY KEY,
    name       TEXT,
    email      TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chats (
    id                      BLOB    NOT NULL PRIMARY KEY,
    channel_id              BLOB    NOT NULL REFERENCES channels (id),
    contact_id              BLOB    NOT NULL REFERENCES contacts (id),
    -- The browser on the other end of a website chat.
    visitor_id              BLOB,
    queue_id                BLOB    REFERENCES queues (id),
    state                   TEXT    NOT NULL CHECK (state IN ('waiting', 'owned', 'closed')),
    owner_id                BLOB    REFERENCES users (id),
    owner_epoch             INTEGER NOT NULL,
    -- Whether the epoch before the present one was a waiting one: a reply queued in it may still be sent by the owner.
    waited_before           INTEGER NOT NULL DEFAULT 0 CHECK (waited_before IN (0, 1)),
    waiting_since           INTEGER,
    rev                     INTEGER NOT NULL,
    last_no                 INTEGER NOT NULL,
    -- Watermarks of message status, both directions: what is at or below needs no second report.
    customer_delivered_upto INTEGER NOT NULL DEFAULT 0,
    customer_read_upto      INTEGER NOT NULL DEFAULT 0,
    staff_read_upto         INTEGER NOT NULL DEFAULT 0,
    created_at              INTEGER NOT NULL,
    CHECK ((state = 'owned') = (owner_id IS NOT NULL)),
    CHECK ((state = 'waiting') = (waiting_since IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX chats_waiting ON chats (channel_id) WHERE state = 'waiting';
CREATE INDEX chats_by_contact ON chats (contact_id);
CREATE INDEX chats_by_owner ON chats (owner_id) WHERE owner_id IS NOT NULL;

CREATE TABLE visitors (
    channel_id BLOB    NOT NULL REFERENCES channels (id),
    id         BLOB    NOT NULL,
    chat_id    BLOB    NOT NULL REFERENCES chats (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (channel_id, id)
) STRICT, WITHOUT ROWID;

-- Clustered by chat: opening a chat reads neighbouring pages. The id of an operator's message is its command's id, kept
-- for ever; the id that a widget chose is unique in its chat only, for a visitor must not be able to claim ids of others.
CREATE TABLE messages (
    chat_id      BLOB    NOT NULL REFERENCES chats (id),
    no           INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    outbound     INTEGER NOT NULL CHECK (outbound IN (0, 1)),
    client_id    BLOB,
    author_id    BLOB    REFERENCES users (id),
    author_name  TEXT,
    -- Where the author's own feed shows it, and the epoch it made or had: so a repeated command is answered the same.
    author_seq   INTEGER,
    author_epoch INTEGER,
    text         TEXT    NOT NULL,
    sent_at      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    PRIMARY KEY (chat_id, no),
    CHECK ((outbound = 1) = (author_id IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX messages_by_command ON messages (id) WHERE outbound = 1;
CREATE UNIQUE INDEX messages_by_client_id ON messages (chat_id, client_id) WHERE client_id IS NOT NULL;

-- Who sees a chat and what is theirs of it. A row stays when access ends: who once saw the chat is told who took it.
CREATE TABLE chat_users (
    chat_id   BLOB    NOT NULL REFERENCES chats (id),
    user_id   BLOB    NOT NULL REFERENCES users (id),
    -- 0 none any more, 1 candidate, 2 owner
    access    INTEGER NOT NULL,
    read_upto INTEGER NOT NULL DEFAULT 0,
    archived  INTEGER NOT NULL DEFAULT 0 CHECK (archived IN (0, 1)),
    PRIMARY KEY (chat_id, user_id)
) STRICT, WITHOUT ROWID;
-- A message's cost grows with those who see the chat, not with those who once did.
-- With `access` among its columns SQLite sees that it is better than the primary key; without, it takes that.
CREATE INDEX chat_users_seeing ON chat_users (chat_id, access) WHERE access > 0;
CREATE INDEX chat_users_of_user ON chat_users (user_id) WHERE access > 0;

-- What happened, stored once.
CREATE TABLE events (
    id         INTEGER NOT NULL PRIMARY KEY,
    chat_id    BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    rev        INTEGER NOT NULL,
    body       TEXT    NOT NULL,
    command_id BLOB
) STRICT;
CREATE INDEX events_by_chat ON events (chat_id);

-- Whom it reached, and where in the user's own gapless order. event_id NULL: the content was withdrawn from this user;
-- replay sends `skip`. No foreign keys: a look-up per row on the hottest path, for rows that one function writes.
CREATE TABLE feed (
    user_id  BLOB    NOT NULL,
    seq      INTEGER NOT NULL,
    event_id INTEGER,
    at       INTEGER NOT NULL,
    PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;
-- Finds a chat's rows of one user by way of events_by_chat, and says whether an event is still needed. Event ids rise, so
-- entries are appended at its right edge; an index by (user, chat) would be written to all over.
CREATE INDEX feed_by_event ON feed (event_id, user_id) WHERE event_id IS NOT NULL;

-- Results of commands that left no message; 30 days.
CREATE TABLE commands (
    id          BLOB    NOT NULL PRIMARY KEY,
    user_id     BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    result      TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_by_time ON commands (at);

-- What another process (the command line) committed and a running server has yet to tell its sockets.
CREATE TABLE notices (
    id    INTEGER NOT NULL PRIMARY KEY,
    kind  TEXT    NOT NULL,
    ref   BLOB,
    name  TEXT,
    value INTEGER
) STRICT;
