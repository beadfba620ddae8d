-- The life of a chat: who is offered it and when, how it is passed on, finished, put away and taken up again.

-- People: found by extension; presence by tap and by schedule.
ALTER TABLE users ADD COLUMN extension TEXT;
CREATE UNIQUE INDEX users_by_extension ON users (extension) WHERE extension IS NOT NULL;
-- What holds now. It is computed from the tap and the schedule whenever one of them changes and when the schedule is due.
ALTER TABLE users ADD COLUMN presence TEXT NOT NULL DEFAULT 'available'
    CHECK (presence IN ('available', 'away', 'off_shift'));
-- The user's last tap; the schedule's next change after it ends it.
ALTER TABLE users ADD COLUMN tapped TEXT CHECK (tapped IN ('available', 'away', 'off_shift'));
ALTER TABLE users ADD COLUMN tapped_at INTEGER;
-- The user's own hours: WeekHours as JSON.
ALTER TABLE users ADD COLUMN schedule TEXT;
ALTER TABLE users ADD COLUMN presence_due INTEGER;
CREATE INDEX users_due ON users (presence_due) WHERE presence_due IS NOT NULL;
-- Owned chats, and the last reply to a customer: what `least_busy` and `longest_idle` go by.
ALTER TABLE users ADD COLUMN open_chats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN last_reply_at INTEGER NOT NULL DEFAULT 0;
UPDATE users SET open_chats = (SELECT count(*) FROM chats WHERE chats.owner_id = users.id);

ALTER TABLE groups ADD COLUMN rev INTEGER NOT NULL DEFAULT 1;
CREATE INDEX groups_by_rev ON groups (rev);
INSERT INTO collections (name, rev) VALUES ('groups', 1), ('alarms', 0);

-- Queues: distribution, hours, and what becomes of a chat whose owner does not answer.
ALTER TABLE queues ADD COLUMN group_id BLOB REFERENCES groups (id);
ALTER TABLE queues ADD COLUMN distribution_n INTEGER;
ALTER TABLE queues ADD COLUMN distribution_user BLOB REFERENCES users (id);
-- After this long a waiting chat is offered to every member. NULL: never.
ALTER TABLE queues ADD COLUMN widen_after_ms INTEGER;
ALTER TABLE queues ADD COLUMN take_first INTEGER NOT NULL DEFAULT 0 CHECK (take_first IN (0, 1));
-- F40: a chat leaves an owner who is off shift, or leaves a customer unanswered for this long within hours. NULL: never.
ALTER TABLE queues ADD COLUMN release_after_ms INTEGER;
-- F40: a message this soon after Dealt with goes back to the same user.
ALTER TABLE queues ADD COLUMN return_within_ms INTEGER NOT NULL DEFAULT 0;
-- WeekHours as JSON; NULL: always open.
ALTER TABLE queues ADD COLUMN hours TEXT;
ALTER TABLE queues ADD COLUMN out_of_office TEXT;
-- The position of the member whom round robin served last; for a random choice, how many lots were drawn.
ALTER TABLE queues ADD COLUMN served INTEGER NOT NULL DEFAULT -1;

-- `eligible`: enabled, Available and logged in. It and the two measures and the name are copies of the user's, so that
-- every strategy finds its next member by one step into an index.
ALTER TABLE queue_members ADD COLUMN logged_in INTEGER NOT NULL DEFAULT 1 CHECK (logged_in IN (0, 1));
ALTER TABLE queue_members ADD COLUMN eligible INTEGER NOT NULL DEFAULT 1 CHECK (eligible IN (0, 1));
ALTER TABLE queue_members ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE queue_members ADD COLUMN open_chats INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue_members ADD COLUMN last_reply_at INTEGER NOT NULL DEFAULT 0;
-- A random key, drawn anew whenever the member is picked: a random member is the next one after a random number.
ALTER TABLE queue_members ADD COLUMN shuffle INTEGER NOT NULL DEFAULT 0;
UPDATE queue_members SET
    name = (SELECT name FROM users WHERE users.id = queue_members.user_id),
    open_chats = (SELECT open_chats FROM users WHERE users.id = queue_members.user_id),
    eligible = (SELECT 1 - disabled FROM users WHERE users.id = queue_members.user_id),
    shuffle = random();
CREATE INDEX queue_members_in_order ON queue_members (queue_id, position) WHERE eligible = 1;
CREATE INDEX queue_members_least_busy ON queue_members (queue_id, open_chats, name) WHERE eligible = 1;
CREATE INDEX queue_members_longest_idle ON queue_members (queue_id, last_reply_at, name) WHERE eligible = 1;
CREATE INDEX queue_members_shuffled ON queue_members (queue_id, shuffle) WHERE eligible = 1;

ALTER TABLE channels ADD COLUMN group_id BLOB REFERENCES groups (id);
-- A channel of any kind whose customers are played by the command line and by tests.
ALTER TABLE channels ADD COLUMN stub INTEGER NOT NULL DEFAULT 0 CHECK (stub IN (0, 1));

ALTER TABLE contacts ADD COLUMN phone TEXT;
-- Whether a user added the person to the contacts.
ALTER TABLE contacts ADD COLUMN known INTEGER NOT NULL DEFAULT 0 CHECK (known IN (0, 1));

-- The group it waits in or was taken from.
ALTER TABLE chats ADD COLUMN group_id BLOB REFERENCES groups (id);
-- Whether it was passed on to a queue or group other than by its channel's route, whose changes it then does not follow.
ALTER TABLE chats ADD COLUMN diverted INTEGER NOT NULL DEFAULT 0 CHECK (diverted IN (0, 1));
ALTER TABLE chats ADD COLUMN session INTEGER NOT NULL DEFAULT 1;
ALTER TABLE chats ADD COLUMN last_inbound_no INTEGER NOT NULL DEFAULT 0;
-- When the oldest customer message without an answer came.
ALTER TABLE chats ADD COLUMN unanswered_since INTEGER;
-- Whether it is offered to every member by now, whatever the distribution says.
ALTER TABLE chats ADD COLUMN widened INTEGER NOT NULL DEFAULT 0 CHECK (widened IN (0, 1));
-- Who passed it on, and when, until it is answered.
ALTER TABLE chats ADD COLUMN transferred_by BLOB REFERENCES users (id);
ALTER TABLE chats ADD COLUMN transferred_at INTEGER;
-- Of a closed chat: who had it last, and since when it is closed.
ALTER TABLE chats ADD COLUMN last_owner_id BLOB REFERENCES users (id);
ALTER TABLE chats ADD COLUMN closed_at INTEGER;
-- The last out-of-office reply.
ALTER TABLE chats ADD COLUMN out_of_office_at INTEGER;
-- When the clock does something to it next: widen, return, release.
ALTER TABLE chats ADD COLUMN due_at INTEGER;
CREATE INDEX chats_due ON chats (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX chats_waiting_in_queue ON chats (queue_id) WHERE state = 'waiting';
CREATE INDEX chats_waiting_in_group ON chats (group_id) WHERE state = 'waiting';
UPDATE chats SET last_inbound_no = coalesce((SELECT max(no) FROM messages
    WHERE messages.chat_id = chats.id AND messages.outbound = 0), 0);
UPDATE chats SET unanswered_since = (SELECT min(sent_at) FROM messages
    WHERE messages.chat_id = chats.id AND messages.outbound = 0 AND messages.no > coalesce((SELECT max(answer.no)
        FROM messages AS answer WHERE answer.chat_id = chats.id AND answer.outbound = 1), 0));

CREATE TABLE sessions (
    chat_id   BLOB    NOT NULL REFERENCES chats (id),
    no        INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by BLOB    REFERENCES users (id),
    ending    TEXT    CHECK (ending IN ('dealt_with', 'ended', 'blocked', 'deleted')),
    stars     INTEGER CHECK (stars BETWEEN 1 AND 5),
    comment   TEXT,
    PRIMARY KEY (chat_id, no)
) STRICT, WITHOUT ROWID;
INSERT INTO sessions (chat_id, no, opened_at) SELECT id, 1, created_at FROM chats;

-- Messages, rebuilt: notes, activities, and texts that no user wrote.
CREATE TABLE messages_2 (
    chat_id      BLOB    NOT NULL REFERENCES chats (id),
    no           INTEGER NOT NULL,
    id           BLOB    NOT NULL,
    -- 0 a text between the customer and staff, 1 a note among staff, 2 an activity
    kind         INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
    -- 0 the contact, 1 a user, 2 the server
    author       INTEGER NOT NULL CHECK (author IN (0, 1, 2)),
    -- A text to the customer.
    outbound     INTEGER NOT NULL CHECK (outbound IN (0, 1)),
    client_id    BLOB,
    author_id    BLOB    REFERENCES users (id),
    author_name  TEXT,
    author_seq   INTEGER,
    author_epoch INTEGER,
    text         TEXT    NOT NULL,
    -- The activity as JSON.
    activity     TEXT,
    sent_at      INTEGER NOT NULL,
    status       INTEGER NOT NULL,
    PRIMARY KEY (chat_id, no),
    CHECK ((outbound = 1) = (kind = 0 AND author > 0)),
    CHECK ((author = 1) = (author_id IS NOT NULL)),
    CHECK ((kind = 2) = (activity IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO messages_2 (chat_id, no, id, kind, author, outbound, client_id, author_id, author_name, author_seq,
    author_epoch, text, activity, sent_at, status)
SELECT chat_id, no, id, 0, outbound, outbound, client_id, author_id, author_name, author_seq, author_epoch, text, NULL,
    sent_at, status FROM messages;
DROP TABLE messages;
ALTER TABLE messages_2 RENAME TO messages;
-- A reply's message carries its command's id; nothing else may claim it.
CREATE UNIQUE INDEX messages_by_command ON messages (id) WHERE outbound = 1;
CREATE UNIQUE INDEX messages_by_client_id ON messages (chat_id, client_id) WHERE client_id IS NOT NULL;

-- access: 0 none any more, 1 candidate, 2 owner, 3 reader (had it last, and it is closed)
ALTER TABLE chat_users ADD COLUMN ignored INTEGER NOT NULL DEFAULT 0 CHECK (ignored IN (0, 1));
ALTER TABLE chat_users ADD COLUMN snoozed_until INTEGER;
-- Deleted while it waited: not offered again until the customer writes or it comes to wait anew.
ALTER TABLE chat_users ADD COLUMN declined INTEGER NOT NULL DEFAULT 0 CHECK (declined IN (0, 1));
CREATE INDEX chat_users_declined ON chat_users (chat_id, user_id) WHERE declined = 1;

-- The line without content that stays with the user who passed a chat on.
CREATE TABLE passed_on (
    user_id      BLOB    NOT NULL REFERENCES users (id),
    chat_id      BLOB    NOT NULL REFERENCES chats (id),
    channel_kind TEXT    NOT NULL,
    contact_name TEXT,
    to_kind      TEXT    NOT NULL CHECK (to_kind IN ('user', 'queue', 'group')),
    to_id        BLOB    NOT NULL,
    to_name      TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (user_id, chat_id)
) STRICT, WITHOUT ROWID;

-- The address that a visitor wrote from last, as the key by which addresses are throttled and blocked.
ALTER TABLE visitors ADD COLUMN address TEXT;
ALTER TABLE visitors ADD COLUMN seen_at INTEGER;
CREATE INDEX visitors_by_address ON visitors (address, seen_at) WHERE address IS NOT NULL;

CREATE TABLE blocks (
    id         BLOB    NOT NULL PRIMARY KEY,
    address    TEXT    NOT NULL,
    chat_id    BLOB    NOT NULL REFERENCES chats (id),
    channel_id BLOB    NOT NULL REFERENCES channels (id),
    visitor_id BLOB    NOT NULL,
    by_id      BLOB    NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    lifted_at  INTEGER,
    -- NULL with lifted_at set: from the command line.
    lifted_by  BLOB    REFERENCES users (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_by_address ON blocks (address, expires_at) WHERE lifted_at IS NULL;
CREATE INDEX blocks_by_visitor ON blocks (visitor_id, expires_at) WHERE lifted_at IS NULL;
CREATE INDEX blocks_in_force ON blocks (expires_at) WHERE lifted_at IS NULL;

-- Waiting chats that nobody looks after. A row stays when it is over, so that phones hear of its end.
CREATE TABLE alarms (
    chat_id    BLOB    NOT NULL PRIMARY KEY REFERENCES chats (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('unattended', 'ignored')),
    -- Where it waits, and the group that answers for it.
    queue_id   BLOB    REFERENCES queues (id),
    group_id   BLOB    REFERENCES groups (id),
    since      INTEGER NOT NULL,
    over_at    INTEGER,
    rev        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alarms_by_rev ON alarms (rev);

-- The one question that is asked of all alarms: which are in force.
CREATE INDEX alarms_in_force ON alarms (over_at, since);

-- Raised by every change that an admin makes to a queue: of two who edit it at once, the second is told. `rev` would not
-- do, for it also rises when a member logs in.
ALTER TABLE queues ADD COLUMN edition INTEGER NOT NULL DEFAULT 1;

-- Whose clocks a change of the queue's times moves.
CREATE INDEX chats_owned_of_queue ON chats (queue_id) WHERE state = 'owned';
-- Since when its owner has it: nobody answers for what a customer waited before.
ALTER TABLE chats ADD COLUMN owned_since INTEGER;

-- Where a chat of the first schema waits when its channel leads to a group: till now only the route said so, and a chat
-- that is placed nowhere is offered to nobody.
UPDATE chats SET group_id = (SELECT group_id FROM routes WHERE routes.channel_id = chats.channel_id) WHERE queue_id IS NULL;
-- Those that wait are looked at when the server starts: one that nobody sees is alarmed.
UPDATE chats SET due_at = waiting_since WHERE state = 'waiting';

-- The rows of users and queues say more than what phones have of them: they are pulled once more.
UPDATE collections SET rev = rev + 1 WHERE name IN ('users', 'queues');
UPDATE users SET rev = (SELECT rev FROM collections WHERE name = 'users');
UPDATE queues SET rev = (SELECT rev FROM collections WHERE name = 'queues');
