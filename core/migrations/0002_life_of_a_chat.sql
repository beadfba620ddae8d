-- The life of a chat: passed on, finished, put away and taken up again; the user's own work. `outbox`, `unsent` and
-- `draft` stay as they are and get columns; rows of the server are brought anew by the snapshot that this asks for.

-- What belongs to a command other than a reply, as JSON.
ALTER TABLE outbox ADD COLUMN body TEXT;
-- State 4, held: kept back until then, by the device's clock, so that it can be undone.
ALTER TABLE outbox ADD COLUMN held_until INTEGER;
-- Where in the feed the event is that an accepted command caused.
ALTER TABLE outbox ADD COLUMN seq INTEGER;
-- It was given behind a reply or a take of a waiting chat, which raises the owner's epoch by one before it goes.
ALTER TABLE outbox ADD COLUMN follows INTEGER NOT NULL DEFAULT 0;
-- What kind of message it was to be: a transfer's note must never be offered as a reply.
ALTER TABLE unsent ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_held ON outbox (held_until) WHERE state = 4;

-- What the user wants of the own work, where the server does not know it yet: the last wish of each name. It is carried
-- over by every later schema, like the outbox.
CREATE TABLE wish (
    ord       INTEGER PRIMARY KEY AUTOINCREMENT,
    -- presence, schedule, or queue_login with the queue's id
    name      TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL,
    id        BLOB NOT NULL,
    body      TEXT NOT NULL,
    -- The command that is on its way: this one, or an earlier wish of the name.
    in_flight BLOB,
    -- It was on its way when a connection ended: the server may have granted it long ago, and something else since.
    again     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX wish_in_flight ON wish (in_flight) WHERE in_flight IS NOT NULL;

ALTER TABLE chat ADD COLUMN group_id BLOB;
ALTER TABLE chat ADD COLUMN contact_phone TEXT;
ALTER TABLE chat ADD COLUMN contact_known INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN session INTEGER NOT NULL DEFAULT 1;
ALTER TABLE chat ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0;
-- By the server's clock; NULL also when it is over.
ALTER TABLE chat ADD COLUMN snoozed_until INTEGER;
-- Where lists show it: 0 Recents, 1 Archive, 2 snoozed, 3 nowhere. The server's state with the outbox on top of it.
ALTER TABLE chat ADD COLUMN place INTEGER NOT NULL DEFAULT 0;
-- Whether a member of staff wrote to the customer in the present session.
ALTER TABLE chat ADD COLUMN replied INTEGER NOT NULL DEFAULT 0;
-- Whether a customer's text is the last of the texts, and the newest such text.
ALTER TABLE chat ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN last_inbound_no INTEGER NOT NULL DEFAULT 0;
-- The newest text or note; last_no and last_at are of the newest line of any kind.
ALTER TABLE chat ADD COLUMN last_said_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN last_kind INTEGER NOT NULL DEFAULT 0;
UPDATE chat SET place = archived, last_said_at = last_at;
DROP INDEX chat_recents;
DROP INDEX chat_mine;
DROP INDEX chat_waiting;
DROP INDEX chat_longest;
DROP INDEX chat_unread;
CREATE INDEX chat_recents ON chat (last_at, id) WHERE place = 0;
CREATE INDEX chat_mine ON chat (last_at, id) WHERE place = 0 AND mine = 1;
CREATE INDEX chat_waiting ON chat (last_at, id) WHERE place = 0 AND state = 'waiting';
CREATE INDEX chat_longest ON chat (wait_key, last_at DESC, id DESC) WHERE place = 0;
CREATE INDEX chat_unread ON chat (unread) WHERE place = 0 AND unread > 0;
CREATE INDEX chat_archive ON chat (last_at, id) WHERE place = 1;
CREATE INDEX chat_snoozed ON chat (last_at, id) WHERE place = 2;
CREATE INDEX chat_wakes ON chat (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX chat_unanswered ON chat (id) WHERE mine = 1 AND unanswered = 1;

-- Of chats that this user passed on: all that stays.
CREATE TABLE passed_on (
    chat         BLOB    PRIMARY KEY,
    channel_kind TEXT    NOT NULL,
    contact_name TEXT,
    to_kind      TEXT    NOT NULL,
    to_name      TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    -- The user deleted it, and the server does not know it yet.
    hidden       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passed_on_shown ON passed_on (at, chat) WHERE hidden = 0;

-- author: 0 the contact, 1 a member of staff, 2 the server. kind: 0 a text, 1 a note, 2 an activity.
ALTER TABLE message ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
-- The activity as JSON.
ALTER TABLE message ADD COLUMN activity TEXT;

ALTER TABLE user ADD COLUMN group_id BLOB;
ALTER TABLE user ADD COLUMN extension TEXT;
ALTER TABLE user ADD COLUMN presence TEXT NOT NULL DEFAULT 'available';
-- Of this device's user alone: WeekHours as JSON.
ALTER TABLE user ADD COLUMN schedule TEXT;
ALTER TABLE queue ADD COLUMN logged_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue ADD COLUMN take_first INTEGER NOT NULL DEFAULT 0;
CREATE TABLE user_group (
    id   BLOB PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm (
    chat    BLOB    PRIMARY KEY,
    kind    TEXT    NOT NULL,
    channel BLOB    NOT NULL,
    queue   BLOB,
    since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_since ON alarm (since, chat);

-- What the old store could not hold comes again.
UPDATE sync SET want_snapshot = 1 WHERE feed_id IS NOT NULL;
DELETE FROM collection;
