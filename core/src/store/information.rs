//! A contact as screens show it: the server's rows with the outbox on top of them.

use std::collections::HashSet;

use rusqlite::Connection;
use switchboard_protocol::chat::{ChannelKind, ChatState, Visit};
use switchboard_protocol::collection::{ContactNoteRow, ContactRow, MergedContact};
use switchboard_protocol::command::CommandBody;
use switchboard_protocol::contact::{Identity, IdentityKind};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, ContactId, GroupId, LabelId, NoteId, QueueId, UserId};
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::label::{self, Labels};
use super::{Blob, collection, contact, people};
use crate::error::{CoreError, Error, Result};
use crate::information::{self, Known};
use crate::model::{ContactCard, ContactIdentity, ContactNote, ContactSuggestion, Information, MergedPart};

/// More suggestions than these are no help.
const MAX_SUGGESTIONS: u32 = 10;
/// Merges upon merges that are all still in the outbox.
const MAX_DEPTH: usize = 16;

type Pending = Vec<(CommandId, CommandBody, UnixMillis)>;

/// The contacts of one moment.
pub(crate) struct Contacts<'a> {
    db: &'a Connection,
    me: UserId,
    pending: Pending,
    labels: Labels,
}

/// A contact with its notes; the last are those of the outbox.
struct Whole {
    row: ContactRow,
    notes: Vec<ContactNote>,
    chats: Vec<(i64, ChatId)>,
}

impl<'a> Contacts<'a> {
    pub(crate) fn load(db: &'a Connection, me: UserId) -> Result<Contacts<'a>> {
        Ok(Self { db, me, pending: contact::pending(db)?, labels: Labels::load(db, None)? })
    }

    pub(crate) fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The contact that this one is a part of now, or itself.
    pub(crate) fn root(&self, id: ContactId) -> Result<ContactId> {
        let mut root = id;
        let mut parted = HashSet::new();
        for (_, body, _) in &self.pending {
            if let CommandBody::PartContact(part) = body {
                parted.insert(part.contact);
            }
        }
        for _ in 0..MAX_DEPTH {
            let stored = match contact::root_of_part(self.db, root)? {
                Some(stored) if !parted.contains(&root) => Some(stored),
                _ => None,
            };
            match self.merged_into(root).or(stored) {
                Some(next) if next != id => root = next,
                _ => break,
            }
        }
        Ok(root)
    }

    /// Into what the outbox merges it, unless it parts it again.
    fn merged_into(&self, id: ContactId) -> Option<ContactId> {
        let mut into = None;
        for (_, body, _) in &self.pending {
            match body {
                CommandBody::MergeContacts(merge) if merge.merged == id => into = Some(merge.kept),
                CommandBody::PartContact(part) if part.contact == id => into = None,
                _ => {}
            }
        }
        into
    }

    /// Whether the contact is saved, or will be.
    pub(crate) fn is_saved(&self, id: ContactId) -> Result<bool> {
        Ok(contact::load(self.db, id)?.is_some() || self.saves(id))
    }

    fn saves(&self, id: ContactId) -> bool {
        self.pending.iter().any(|(_, body, _)| matches!(body, CommandBody::EditContact(edit) if edit.contact == id))
    }

    /// Whether a chat with the contact is here.
    pub(crate) fn is_here(&self, id: ContactId) -> Result<bool> {
        Ok(contact::of_chats(self.db, id)?.is_some())
    }

    /// The labels that a contact has or will have.
    pub(crate) fn label_ids(&self, id: ContactId) -> Result<Vec<LabelId>> {
        Ok(self.whole(id, self.pending.len(), 0)?.row.labels)
    }

    /// The name that it has or will have.
    pub(crate) fn name(&self, id: ContactId) -> Result<Option<String>> {
        Ok(self.whole(id, self.pending.len(), 0)?.row.name)
    }

    /// Its name, address and number, and what is merged into it, as they are or will be.
    pub(crate) fn row(&self, id: ContactId) -> Result<ContactRow> {
        Ok(self.whole(self.root(id)?, self.pending.len(), 0)?.row)
    }

    /// How many notes it has or will have.
    pub(crate) fn count_notes(&self, id: ContactId) -> Result<usize> {
        Ok(self.whole(id, self.pending.len(), 0)?.notes.len())
    }

    /// Whose note this is, and on which contact.
    pub(crate) fn note(&self, note: NoteId) -> Result<Option<(ContactId, UserId)>> {
        for (id, body, _) in &self.pending {
            match body {
                CommandBody::AddContactNote(add) if note == (*id).into() => return Ok(Some((add.contact, self.me))),
                CommandBody::DeleteContactNote(delete) if delete.note == note => return Ok(None),
                _ => {}
            }
        }
        contact::note(self.db, note)
    }

    /// The contact after the first `upto` commands of the outbox. A row that came a moment before its command's answer has
    /// the command's effect already, so each is laid on top as if it may have been done.
    fn whole(&self, id: ContactId, upto: usize, depth: usize) -> Result<Whole> {
        let row = match contact::load(self.db, id)? {
            Some(row) => row,
            None => contact::of_chats(self.db, id)?.unwrap_or(contact::empty(id)),
        };
        let notes = contact::notes(self.db, id)?.into_iter().map(|note| self.shown_note(note)).collect();
        let mut whole = Whole { row, notes, chats: contact::chats(self.db, id)? };
        for (index, (command, body, at)) in self.pending.iter().enumerate().take(upto) {
            match body {
                CommandBody::EditContact(edit) if edit.contact == id => {
                    for (field, change) in [
                        (&mut whole.row.name, &edit.name),
                        (&mut whole.row.email, &edit.email),
                        (&mut whole.row.phone, &edit.phone),
                    ] {
                        if let Some(change) = change {
                            *field = Some(change.clone()).filter(|text| !text.is_empty());
                        }
                    }
                }
                CommandBody::LabelContact(change) if change.contact == id => {
                    label::switch(&mut whole.row.labels, change.label, change.on);
                }
                CommandBody::AddContactNote(_) if whole.notes.iter().any(|note| note.id == (*command).into()) => {}
                CommandBody::MergeContacts(merge)
                    if merge.kept == id && whole.row.merged.iter().any(|part| part.id == merge.merged) => {}
                CommandBody::AddContactNote(add) if add.contact == id => whole.notes.push(ContactNote {
                    id: (*command).into(),
                    author: self.me,
                    author_name: collection::user_name(self.db, self.me)?.unwrap_or_default(),
                    mine: true,
                    text: add.text.clone(),
                    at: *at,
                    pending: true,
                }),
                CommandBody::DeleteContactNote(delete) => whole.notes.retain(|note| note.id != delete.note),
                CommandBody::MergeContacts(merge)
                    if merge.kept == id && depth < MAX_DEPTH && !self.is_parted(merge.merged, index, upto) =>
                {
                    whole.take(self.whole(merge.merged, index, depth + 1)?);
                }
                CommandBody::PartContact(part) => whole.row.merged.retain(|merged| merged.id != part.contact),
                _ => {}
            }
        }
        Ok(whole)
    }

    /// Whether one of the commands between these parts the contact again.
    fn is_parted(&self, id: ContactId, from: usize, upto: usize) -> bool {
        let parts = |(_, body, _): &(_, CommandBody, _)| matches!(body, CommandBody::PartContact(p) if p.contact == id);
        self.pending.get(from..upto).is_some_and(|between| between.iter().any(parts))
    }

    fn shown_note(&self, note: ContactNoteRow) -> ContactNote {
        ContactNote {
            id: note.id,
            mine: note.author == self.me,
            author: note.author,
            author_name: note.author_name,
            text: note.text,
            at: note.at,
            pending: false,
        }
    }

    /// A saved contact; `None`: it is not saved, and nothing in the outbox saves it.
    pub(crate) fn card(&self, id: ContactId) -> Result<Option<ContactCard>> {
        let id = self.root(id)?;
        if !self.is_saved(id)? {
            return Ok(None);
        }
        Ok(Some(self.shown(self.whole(id, self.pending.len(), 0)?)))
    }

    fn shown(&self, whole: Whole) -> ContactCard {
        let Whole { row, mut notes, mut chats } = whole;
        // Those that wait are the last that were written, whatever the device's clock says.
        notes.sort_by_key(|note| (!note.pending, std::cmp::Reverse(note.at)));
        chats.sort_unstable_by(|a, b| b.cmp(a));
        ContactCard {
            contact: row.id,
            labels: self.labels.infos(&row.labels),
            name: row.name,
            email: row.email,
            phone: row.phone,
            identities: row
                .identities
                .into_iter()
                .map(|identity| ContactIdentity { kind: identity.kind, value: identity.value })
                .collect(),
            notes,
            merged: row.merged.into_iter().map(|part| MergedPart { contact: part.id, name: part.name }).collect(),
            chats: chats.into_iter().map(|(_, chat)| chat).collect(),
        }
    }

    /// Saved contacts with a number or address that this one has too.
    fn suggestions(&self, row: &ContactRow) -> Result<Vec<ContactSuggestion>> {
        let parts: HashSet<ContactId> = row.merged.iter().map(|part| part.id).collect();
        let mut out: Vec<ContactSuggestion> = Vec::new();
        let keys = contact::same_person_keys(row.email.as_deref(), row.phone.as_deref(), &row.identities);
        for (kind, key) in keys {
            for found in contact::with_key(self.db, kind, &key, MAX_SUGGESTIONS)? {
                let found = self.root(found)?;
                if found == row.id || parts.contains(&found) || out.iter().any(|other| other.contact == found) {
                    continue;
                }
                let by = if kind == "email" { IdentityKind::Email } else { IdentityKind::Phone };
                let name = self.whole(found, self.pending.len(), 0)?.row.name;
                out.push(ContactSuggestion { contact: found, name, by });
            }
        }
        out.truncate(MAX_SUGGESTIONS as usize);
        Ok(out)
    }

    /// The Information screen of a customer's chat. `None`: it is not here.
    pub(crate) fn information(&self, chat: ChatId) -> Result<Option<Information>> {
        let Some(head) = head(self.db, chat)? else { return Ok(None) };
        let root = self.root(head.contact)?;
        let saved = head.known || self.is_saved(root)?;
        let mut whole = self.whole(root, self.pending.len(), 0)?;
        if contact::load(self.db, root)?.is_none() && root == head.contact && !self.saves(root) {
            // Not in the collection, or not yet: what the chat itself says.
            (whole.row.name, whole.row.email, whole.row.phone) = (head.name, head.email, head.phone);
        }
        let known = Known {
            saved,
            email: whole.row.email.clone(),
            phone: whole.row.phone.clone().or_else(|| number_of(&whole.row.identities)),
            channel_name: people::channel_name(self.db, head.channel)?,
            department: head.department,
            visit: head.visit,
        };
        let suggestions = self.suggestions(&whole.row)?;
        let mut chat_labels = label::of_chat(self.db, head.key)?;
        for change in label::pending_of_chat(self.db, chat)? {
            label::switch(&mut chat_labels, change.label, change.on);
        }
        Ok(Some(Information {
            contact: root,
            name: whole.row.name.clone(),
            known: saved,
            channel_kind: head.channel_kind,
            actions: information::actions(head.channel_kind, &known),
            facts: information::facts(head.channel_kind, &known),
            chat_labels: self.labels.infos(&chat_labels),
            card: saved.then(|| self.shown(whole)),
            suggestions,
            has_history: head.has_history,
        }))
    }
}

impl Whole {
    /// Gets what `other` has and it lacks.
    fn take(&mut self, other: Whole) {
        let Whole { row, notes, chats } = other;
        self.row.merged.push(MergedContact { id: row.id, name: row.name.clone() });
        for part in row.merged {
            if !self.row.merged.iter().any(|known| known.id == part.id) {
                self.row.merged.push(part);
            }
        }
        for (field, theirs) in
            [(&mut self.row.name, row.name), (&mut self.row.email, row.email), (&mut self.row.phone, row.phone)]
        {
            if field.is_none() {
                *field = theirs;
            }
        }
        for identity in row.identities {
            if !self.row.identities.contains(&identity) {
                self.row.identities.push(identity);
            }
        }
        for id in row.labels {
            label::switch(&mut self.row.labels, id, true);
        }
        self.notes.extend(notes);
        self.chats.extend(chats);
    }
}

/// A number by which a channel knows the person.
fn number_of(identities: &[Identity]) -> Option<String> {
    let of = |kind| identities.iter().find(|identity| identity.kind == kind);
    if let Some(phone) = of(IdentityKind::Phone) {
        return Some(phone.value.clone());
    }
    // WhatsApp's ids are international numbers without their plus.
    let whatsapp = &of(IdentityKind::Whatsapp)?.value;
    Some(if whatsapp.starts_with('+') { whatsapp.clone() } else { format!("+{whatsapp}") })
}

/// What a customer's chat says of its contact.
struct Head {
    key: i64,
    channel: ChannelId,
    channel_kind: ChannelKind,
    department: Option<String>,
    contact: ContactId,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    known: bool,
    visit: Option<Visit>,
    has_history: bool,
}

fn head(db: &Connection, chat: ChatId) -> Result<Option<Head>> {
    let mut statement = db.prepare_cached(
        "SELECT key, state, mine, channel, channel_kind, queue, group_id, contact, contact_name, contact_email,
             contact_phone, contact_known, visit
         FROM chat WHERE id = ?1",
    )?;
    let mut rows = statement.query([Blob(chat)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let state =
        ChatState::from_name(row.get_ref(1)?.as_str().unwrap_or_default()).ok_or(Error::BadValue("chat.state"))?;
    if state == ChatState::Internal {
        return Err(CoreError::Rejected(ErrorCode::InternalChat).into());
    }
    let kind = row.get_ref(4)?.as_str().ok().and_then(ChannelKind::from_name);
    let queue: Option<QueueId> = row.get::<_, Option<Blob<_>>>(5)?.map(|id| id.0);
    let group: Option<GroupId> = row.get::<_, Option<Blob<_>>>(6)?.map(|id| id.0);
    let department = match (queue, group) {
        (Some(queue), _) => people::queue_name(db, queue)?,
        (None, Some(group)) => people::group_name(db, group)?,
        (None, None) => None,
    };
    let visit: Option<String> = row.get(12)?;
    Ok(Some(Head {
        key: row.get(0)?,
        channel: row.get::<_, Blob<_>>(3)?.0,
        channel_kind: kind.ok_or(Error::BadValue("chat.channel_kind"))?,
        department,
        contact: row.get::<_, Blob<_>>(7)?.0,
        name: row.get(8)?,
        email: row.get(9)?,
        phone: row.get(10)?,
        known: row.get(11)?,
        visit: visit.map(|json| serde_json::from_str(&json)).transpose()?,
        has_history: state == ChatState::Waiting || row.get(2)?,
    }))
}
