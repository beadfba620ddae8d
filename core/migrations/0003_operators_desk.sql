-- The operator's desk: staff chats, notes and mentions, labels, contacts, templates, settings of this device. `outbox`,
-- `unsent`, `draft`, `read_mark` and `wish` stay as they are; rows of the server come anew.

-- Chats, rebuilt: one between staff has no channel and no contact.
CREATE TABLE chat_3 (
    key             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              BLOB    NOT NULL UNIQUE,
    -- 0: of a staff chat that this phone opened and the server does not know yet.
    rev             INTEGER NOT NULL,
    channel         BLOB,
    channel_kind    TEXT,
    queue           BLOB,
    group_id        BLOB,
    contact         BLOB,
    contact_name    TEXT,
    contact_email   TEXT,
    contact_phone   TEXT,
    contact_known   INTEGER NOT NULL DEFAULT 0,
    -- protocol's Visit as JSON.
    visit           TEXT,
    -- waiting, owned, closed, internal
    state           TEXT    NOT NULL,
    -- Of a staff group; a direct chat has none, and the other one in `direct_with`.
    name            TEXT,
    direct_with     BLOB,
    owner           BLOB,
    mine            INTEGER NOT NULL,
    owner_epoch     INTEGER NOT NULL,
    waiting_since   INTEGER,
    -- waiting_since, or the largest number for a chat that does not wait: longest waiting first is one index.
    wait_key        INTEGER NOT NULL,
    session         INTEGER NOT NULL DEFAULT 1,
    archived        INTEGER NOT NULL,
    ignored         INTEGER NOT NULL DEFAULT 0,
    -- By the server's clock; NULL also when it is over.
    snoozed_until   INTEGER,
    -- Where lists show it: 0 Recents, 1 Archive, 2 snoozed, 3 nowhere. The server's state with the outbox on top of it.
    place           INTEGER NOT NULL DEFAULT 0,
    read_upto       INTEGER NOT NULL,
    unread          INTEGER NOT NULL,
    -- The newest message that mentions this user.
    mentioned_no    INTEGER NOT NULL DEFAULT 0,
    -- The oldest message on this device, and whether the server has older ones.
    first_at        INTEGER NOT NULL,
    more            INTEGER NOT NULL,
    -- The newest message; last_said_at and what follows it are of the newest text or note.
    last_no         INTEGER NOT NULL,
    last_at         INTEGER NOT NULL,
    last_said_at    INTEGER NOT NULL DEFAULT 0,
    last_kind       INTEGER NOT NULL DEFAULT 0,
    last_author     INTEGER,
    last_author_id  BLOB,
    last_mine       INTEGER NOT NULL,
    last_preview    TEXT    NOT NULL,
    -- Whether a member of staff wrote to the customer in the present session.
    replied         INTEGER NOT NULL DEFAULT 0,
    -- Whether a customer's text is the last of the texts, and the newest such text.
    unanswered      INTEGER NOT NULL DEFAULT 0,
    last_inbound_no INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO chat_3 (key, id, rev, channel, channel_kind, queue, group_id, contact, contact_name, contact_email,
    contact_phone, contact_known, state, owner, mine, owner_epoch, waiting_since, wait_key, session, archived, ignored,
    snoozed_until, place, read_upto, unread, first_at, more, last_no, last_at, last_said_at, last_kind, last_author,
    last_mine, last_preview, replied, unanswered, last_inbound_no)
SELECT key, id, rev, channel, channel_kind, queue, group_id, contact, contact_name, contact_email,
    contact_phone, contact_known, state, owner, mine, owner_epoch, waiting_since, wait_key, session, archived, ignored,
    snoozed_until, place, read_upto, unread, first_at, more, last_no, last_at, last_said_at, last_kind, last_author,
    last_mine, last_preview, replied, unanswered, last_inbound_no FROM chat;
-- Keys that were purged are not given again.
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'chat') WHERE name = 'chat_3';
INSERT INTO sqlite_sequence (name, seq) SELECT 'chat_3', seq FROM sqlite_sequence
    WHERE name = 'chat' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'chat_3');
DROP TABLE chat;
ALTER TABLE chat_3 RENAME TO chat;
CREATE INDEX chat_recents ON chat (last_at, id) WHERE place = 0;
CREATE INDEX chat_mine ON chat (last_at, id) WHERE place = 0 AND mine = 1;
CREATE INDEX chat_waiting ON chat (last_at, id) WHERE place = 0 AND state = 'waiting';
CREATE INDEX chat_staff ON chat (last_at, id) WHERE place = 0 AND state = 'internal';
CREATE INDEX chat_longest ON chat (wait_key, last_at DESC, id DESC) WHERE place = 0;
CREATE INDEX chat_unread ON chat (unread) WHERE place = 0 AND unread > 0;
CREATE INDEX chat_archive ON chat (last_at, id) WHERE place = 1;
CREATE INDEX chat_snoozed ON chat (last_at, id) WHERE place = 2;
CREATE INDEX chat_wakes ON chat (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX chat_unanswered ON chat (id) WHERE mine = 1 AND unanswered = 1;
CREATE INDEX chat_partial ON chat (first_at) WHERE more = 1;
CREATE INDEX chat_contact ON chat (contact) WHERE contact IS NOT NULL;

-- The members of staff chats, in the order in which they joined.
CREATE TABLE chat_member (
    chat_key INTEGER NOT NULL,
    position INTEGER NOT NULL,
    user     BLOB    NOT NULL,
    PRIMARY KEY (chat_key, position)
) STRICT, WITHOUT ROWID;

-- Ids as a JSON array.
ALTER TABLE message ADD COLUMN mentions TEXT;

-- `chat` is the lane of a command: first in, first out. What is about a contact or a label has its id there.
-- State 5, asking: it waited too long, or the customer wrote meanwhile; a person decides.
-- Whether it had to wait for the network: only then it can have been overtaken. 2: a person said to send it all the same,
-- and its age does not matter any more.
ALTER TABLE outbox ADD COLUMN waited INTEGER NOT NULL DEFAULT 0;
-- The server is asked what became of it, because it may have come before it grew stale.
ALTER TABLE outbox ADD COLUMN ask INTEGER NOT NULL DEFAULT 0;
-- The unsent text that this command hands to the chat's owner: it is removed when the server has it.
ALTER TABLE outbox ADD COLUMN unsent BLOB;
CREATE INDEX outbox_asking ON outbox (chat) WHERE state = 5;
-- Whether it was written to staff: nobody outside of the chat gets it then.
ALTER TABLE unsent ADD COLUMN internal INTEGER NOT NULL DEFAULT 0;

CREATE TABLE label (
    id       BLOB PRIMARY KEY,
    name     TEXT NOT NULL,
    color    TEXT NOT NULL,
    group_id BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE chat_label (
    chat_key INTEGER NOT NULL,
    position INTEGER NOT NULL,
    label    BLOB    NOT NULL,
    PRIMARY KEY (chat_key, position)
) STRICT, WITHOUT ROWID;

-- Saved contacts. `key` is the row of the index.
CREATE TABLE contact (
    key       INTEGER PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE,
    name      TEXT,
    email     TEXT,
    phone     TEXT,
    -- Identities, labels and merged contacts, as JSON.
    detail    TEXT    NOT NULL
) STRICT;
-- By what a saved contact can be found to be the person of another one: `phone` and `email` of its fields and its
-- identities, as protocol's phone_key and email_key compare them; `part`: the contacts that were merged into it.
CREATE TABLE contact_key (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    contact BLOB NOT NULL,
    PRIMARY KEY (kind, key, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_key_of ON contact_key (contact);
CREATE VIRTUAL TABLE contact_fts USING fts5(
    name, address, content = '', contentless_delete = 1, prefix = '1 2',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
-- By what the customers of the chats are found, saved or not; the row is the chat's key. With its text, and deleting it
-- for good: it leaves with its chat, which prefix indices would make slow. Triggers note what is to be indexed,
-- `store::search` indexes it in the same transaction.
CREATE VIRTUAL TABLE chat_fts USING fts5(
    name, address,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
INSERT INTO chat_fts (chat_fts, rank) VALUES ('secure-delete', 1);
CREATE TABLE chat_unindexed (key INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER chat_person_met AFTER INSERT ON chat WHEN new.contact IS NOT NULL BEGIN
    INSERT INTO chat_unindexed (key) VALUES (new.key);
END;
CREATE TRIGGER chat_person_changed AFTER UPDATE OF contact_name, contact_email, contact_phone ON chat
WHEN old.contact_name IS NOT new.contact_name OR old.contact_email IS NOT new.contact_email
    OR old.contact_phone IS NOT new.contact_phone
BEGIN
    DELETE FROM chat_fts WHERE rowid = old.key;
    INSERT INTO chat_unindexed (key) VALUES (new.key) ON CONFLICT (key) DO NOTHING;
END;
CREATE TRIGGER chat_person_gone AFTER DELETE ON chat BEGIN
    DELETE FROM chat_fts WHERE rowid = old.key;
    DELETE FROM chat_unindexed WHERE key = old.key;
END;
INSERT INTO chat_unindexed (key) SELECT key FROM chat;
CREATE TABLE contact_note (
    id          BLOB    PRIMARY KEY,
    contact     BLOB    NOT NULL,
    author      BLOB    NOT NULL,
    author_name TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_note_of ON contact_note (contact, at);

CREATE TABLE template (
    key      INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE,
    group_id BLOB,
    category TEXT,
    language TEXT,
    title    TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    keywords TEXT    NOT NULL,
    edition  INTEGER NOT NULL,
    -- How often this user took it, and when last: of equals the usual one comes first.
    used     INTEGER NOT NULL DEFAULT 0,
    used_at  INTEGER
) STRICT;
CREATE INDEX template_used ON template (used, used_at) WHERE used > 0;
CREATE VIRTUAL TABLE template_fts USING fts5(
    title, keywords, text, content = '', contentless_delete = 1, prefix = '1 2',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);

-- What the user set on this device: toasts, sounds, previews.
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE sync SET want_snapshot = 1 WHERE feed_id IS NOT NULL;
DELETE FROM collection;
