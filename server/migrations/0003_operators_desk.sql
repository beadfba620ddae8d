-- The operator's desk: chats among staff, notes and mentions, labels, contacts that can be merged, templates.

-- Chats, rebuilt: one between staff has no channel, contact, queue or owner. What loads customers' chats joins channel and
-- contact, so an internal chat is none of theirs.
CREATE TABLE chats_3 (
    id                      BLOB    NOT NULL PRIMARY KEY,
    channel_id              BLOB    REFERENCES channels (id),
    contact_id              BLOB    REFERENCES contacts (id),
    -- The contact it came from; `contact_id` is another one while that one is merged.
    origin_contact_id       BLOB    REFERENCES contacts (id),
    visitor_id              BLOB,
    -- protocol's Visit as JSON.
    visit                   TEXT,
    queue_id                BLOB    REFERENCES queues (id),
    group_id                BLOB    REFERENCES groups (id),
    diverted                INTEGER NOT NULL DEFAULT 0 CHECK (diverted IN (0, 1)),
    state                   TEXT    NOT NULL CHECK (state IN ('waiting', 'owned', 'closed', 'internal')),
    -- Of a staff group; a direct chat has none.
    name                    TEXT,
    owner_id                BLOB    REFERENCES users (id),
    owner_epoch             INTEGER NOT NULL DEFAULT 0,
    waited_before           INTEGER NOT NULL DEFAULT 0 CHECK (waited_before IN (0, 1)),
    waiting_since           INTEGER,
    rev                     INTEGER NOT NULL,
    last_no                 INTEGER NOT NULL,
    session                 INTEGER NOT NULL DEFAULT 1,
    last_inbound_no         INTEGER NOT NULL DEFAULT 0,
    unanswered_since        INTEGER,
    widened                 INTEGER NOT NULL DEFAULT 0 CHECK (widened IN (0, 1)),
    transferred_by          BLOB    REFERENCES users (id),
    transferred_at          INTEGER,
    last_owner_id           BLOB    REFERENCES users (id),
    closed_at               INTEGER,
    out_of_office_at        INTEGER,
    due_at                  INTEGER,
    owned_since             INTEGER,
    customer_delivered_upto INTEGER NOT NULL DEFAULT 0,
    customer_read_upto      INTEGER NOT NULL DEFAULT 0,
    -- Among staff: up to where every member has read.
    staff_read_upto         INTEGER NOT NULL DEFAULT 0,
    created_at              INTEGER NOT NULL,
    CHECK ((state = 'owned') = (owner_id IS NOT NULL)),
    CHECK ((state = 'waiting') = (waiting_since IS NOT NULL)),
    CHECK ((state = 'internal') = (channel_id IS NULL)),
    CHECK ((state = 'internal') = (contact_id IS NULL)),
    CHECK ((state = 'internal') = (origin_contact_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO chats_3 (id, channel_id, contact_id, origin_contact_id, visitor_id, visit, queue_id, group_id, diverted, state,
    name, owner_id, owner_epoch, waited_before, waiting_since, rev, last_no, session, last_inbound_no, unanswered_since,
    widened, transferred_by, transferred_at, last_owner_id, closed_at, out_of_office_at, due_at, owned_since,
    customer_delivered_upto, customer_read_upto, staff_read_upto, created_at)
SELECT id, channel_id, contact_id, contact_id, visitor_id, NULL, queue_id, group_id, diverted, state,
    NULL, owner_id, owner_epoch, waited_before, waiting_since, rev, last_no, session, last_inbound_no, unanswered_since,
    widened, transferred_by, transferred_at, last_owner_id, closed_at, out_of_office_at, due_at, owned_since,
    customer_delivered_upto, customer_read_upto, staff_read_upto, created_at FROM chats;
DROP TABLE chats;
ALTER TABLE chats_3 RENAME TO chats;
CREATE INDEX chats_waiting ON chats (channel_id) WHERE state = 'waiting';
CREATE INDEX chats_by_contact ON chats (contact_id);
CREATE INDEX chats_by_origin ON chats (origin_contact_id);
CREATE INDEX chats_by_owner ON chats (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX chats_due ON chats (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX chats_waiting_in_queue ON chats (queue_id) WHERE state = 'waiting';
CREATE INDEX chats_waiting_in_group ON chats (group_id) WHERE state = 'waiting';
CREATE INDEX chats_owned_of_queue ON chats (queue_id) WHERE state = 'owned';

-- access: 0 none any more, 1 candidate, 2 owner, 3 reader (had it last, and it is closed), 4 member (among staff)
-- A member sees what is above this number: a group from joining on, a direct chat from its last deletion on.
ALTER TABLE chat_users ADD COLUMN from_no INTEGER NOT NULL DEFAULT 0;
-- The order in which members joined.
ALTER TABLE chat_users ADD COLUMN joined INTEGER NOT NULL DEFAULT 0;

-- The users whom a text or note mentions: ids as a JSON array.
ALTER TABLE messages ADD COLUMN mentions TEXT;
-- What a user wrote carries its command's id, also among staff and as a note; nothing else of ours may claim it.
DROP INDEX messages_by_command;
-- Till now only a reply's id could not come twice: a line beside it that has the same gets one of its own.
UPDATE messages SET id = randomblob(16) WHERE author > 0 AND outbound = 0
    AND id IN (SELECT id FROM messages WHERE author > 0 GROUP BY id HAVING count(*) > 1);
CREATE UNIQUE INDEX messages_by_command ON messages (id) WHERE author > 0;

-- Contacts: those that were saved are a collection.
ALTER TABLE contacts ADD COLUMN rev INTEGER NOT NULL DEFAULT 0;
-- The contact that it is a part of now. Its own row stays as it was, for the day they are parted.
ALTER TABLE contacts ADD COLUMN merged_into BLOB REFERENCES contacts (id);
ALTER TABLE contacts ADD COLUMN merged_at INTEGER;
-- Which fields the other one got from this one because it had none: a parting takes them back.
ALTER TABLE contacts ADD COLUMN gave_name INTEGER NOT NULL DEFAULT 0 CHECK (gave_name IN (0, 1));
ALTER TABLE contacts ADD COLUMN gave_email INTEGER NOT NULL DEFAULT 0 CHECK (gave_email IN (0, 1));
ALTER TABLE contacts ADD COLUMN gave_phone INTEGER NOT NULL DEFAULT 0 CHECK (gave_phone IN (0, 1));
CREATE INDEX contacts_by_rev ON contacts (rev) WHERE rev > 0;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;
UPDATE contacts SET rev = numbered.n
    FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS n FROM contacts WHERE known = 1) AS numbered
    WHERE contacts.id = numbered.id;
INSERT INTO collections (name, rev) SELECT 'contacts', count(*) FROM contacts WHERE known = 1;

-- By what channels know a contact. Rows of a merged contact stay its own.
CREATE TABLE contact_identities (
    contact_id BLOB NOT NULL REFERENCES contacts (id),
    kind       TEXT NOT NULL CHECK (kind IN ('phone', 'email', 'whatsapp', 'messenger', 'visitor')),
    value      TEXT NOT NULL,
    PRIMARY KEY (contact_id, kind, value)
) STRICT, WITHOUT ROWID;
INSERT INTO contact_identities (contact_id, kind, value)
SELECT DISTINCT chats.contact_id, 'visitor', lower(hex(chats.visitor_id)) FROM chats
    JOIN channels ON channels.id = chats.channel_id WHERE channels.kind = 'live_chat' AND chats.visitor_id IS NOT NULL;
INSERT INTO contact_identities (contact_id, kind, value)
SELECT DISTINCT contacts.id, CASE channels.kind WHEN 'whatsapp' THEN 'whatsapp' ELSE 'phone' END, contacts.phone
    FROM chats JOIN channels ON channels.id = chats.channel_id JOIN contacts ON contacts.id = chats.contact_id
    WHERE channels.kind IN ('whatsapp', 'sms') AND contacts.phone IS NOT NULL;
-- What was saved, or said in a form: as it is noted from now on.
INSERT INTO contact_identities (contact_id, kind, value) SELECT id, 'email', email FROM contacts WHERE email IS NOT NULL;
INSERT INTO contact_identities (contact_id, kind, value)
SELECT id, 'phone', phone FROM contacts WHERE phone IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM contact_identities WHERE contact_id = contacts.id AND value = contacts.phone);

CREATE TABLE contact_notes (
    id          BLOB    NOT NULL PRIMARY KEY,
    contact_id  BLOB    NOT NULL REFERENCES contacts (id),
    author_id   BLOB    NOT NULL REFERENCES users (id),
    author_name TEXT    NOT NULL,
    -- Empty once it is deleted: the row stays, so that phones hear of it.
    text        TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    deleted_at  INTEGER,
    rev         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_notes_by_contact ON contact_notes (contact_id, at) WHERE deleted_at IS NULL;
CREATE INDEX contact_notes_by_rev ON contact_notes (rev);

CREATE TABLE labels (
    id         BLOB    NOT NULL PRIMARY KEY,
    -- NULL: of the whole company.
    group_id   BLOB    REFERENCES groups (id),
    name       TEXT    NOT NULL,
    color      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    rev        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_by_rev ON labels (rev);
CREATE INDEX labels_by_group ON labels (group_id) WHERE deleted_at IS NULL;
CREATE TABLE chat_labels (
    chat_id  BLOB    NOT NULL REFERENCES chats (id),
    label_id BLOB    NOT NULL REFERENCES labels (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (chat_id, label_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_labels_by_label ON chat_labels (label_id);
CREATE TABLE contact_labels (
    contact_id BLOB    NOT NULL REFERENCES contacts (id),
    label_id   BLOB    NOT NULL REFERENCES labels (id),
    position   INTEGER NOT NULL,
    PRIMARY KEY (contact_id, label_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_labels_by_label ON contact_labels (label_id);

CREATE TABLE templates (
    id         BLOB    NOT NULL PRIMARY KEY,
    -- NULL: of the whole company.
    group_id   BLOB    REFERENCES groups (id),
    category   TEXT,
    language   TEXT,
    title      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    keywords   TEXT    NOT NULL,
    -- Raised by every change; of two who edit it at once the second is told.
    edition    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER,
    rev        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX templates_by_rev ON templates (rev);
CREATE INDEX templates_by_group ON templates (group_id) WHERE deleted_at IS NULL;

INSERT INTO collections (name, rev) VALUES ('templates', 0), ('labels', 0), ('contact_notes', 0);
