//! What is done to contacts and labels in a random history: it changes what every device has of their chats.

use rand::RngExt;
use rand::seq::IndexedRandom;
use switchboard_protocol::command::{
    AddContactNote, CommandBody, DeleteContactNote, DeleteLabel, EditContact, LabelChat, LabelContact, MergeContacts,
    PartContact, SaveLabel,
};
use switchboard_protocol::ids::{ContactId, LabelId, NoteId};

use super::History;
use crate::store::sql::Columns;

impl History {
    /// Any contact, saved or not, a part of another one or not; or a part.
    async fn some_contact(&mut self, part: bool) -> Option<ContactId> {
        let read = move |sql: &rusqlite::Connection| {
            let mut query = sql.prepare("SELECT id FROM contacts WHERE merged_into IS NOT NULL OR NOT ?1")?;
            Ok(query.query_map([part], |row| row.id(0))?.collect::<Result<Vec<ContactId>, _>>()?)
        };
        let found = self.fixture.store.readers.read(read).await.unwrap();
        found.choose(&mut self.rng).copied()
    }

    /// One thing that somebody does to a contact or a label.
    pub(super) async fn contacts(&mut self) {
        let user = self.user();
        let (Some(contact), Some(other)) = (self.some_contact(false).await, self.some_contact(false).await) else {
            return;
        };
        let label = self.labels.choose(&mut self.rng).copied();
        let on = self.rng.random_bool(0.8);
        let body = match self.rng.random_range(0..26) {
            0..2 => {
                let label = label.filter(|_| self.labels.len() > 4).unwrap_or_else(LabelId::new);
                if !self.labels.contains(&label) {
                    self.labels.push(label);
                }
                let name = format!("label {}", self.rng.random_range(0..8));
                CommandBody::SaveLabel(SaveLabel { label, name, color: "#00a0FF".into(), company: false })
            }
            2 => match label {
                Some(label) => {
                    // What was removed stays so; now and then somebody means it still.
                    if self.rng.random_bool(0.8) {
                        self.labels.retain(|other| *other != label);
                    }
                    CommandBody::DeleteLabel(DeleteLabel { label })
                }
                None => return,
            },
            3..7 => {
                if let Some(label) = label {
                    self.on_chat(|_| CommandBody::LabelChat(LabelChat { label, on })).await;
                }
                return;
            }
            7..9 => match label {
                Some(label) => CommandBody::LabelContact(LabelContact { contact, label, on }),
                None => return,
            },
            9..12 => {
                let name = Some(format!("Ann {}", self.rng.random_range(0..5)));
                let email = self.rng.random_bool(0.3).then(|| "ann@example.com".to_owned());
                CommandBody::EditContact(EditContact { contact, name, email, phone: None })
            }
            12..15 => {
                let note = AddContactNote { contact, text: "calls on Mondays".into() };
                let id = self.command(user, None, CommandBody::AddContactNote(note)).await;
                self.notes.push((NoteId::from(id), user));
                return;
            }
            15..19 => {
                let Some(&(note, author)) = self.notes.choose(&mut self.rng) else { return };
                let user = if self.rng.random_bool(0.8) { author } else { user };
                self.command(user, None, CommandBody::DeleteContactNote(DeleteContactNote { note })).await;
                return;
            }
            19..23 => CommandBody::MergeContacts(MergeContacts { kept: contact, merged: other }),
            _ => {
                let part = self.some_contact(true).await;
                CommandBody::PartContact(PartContact { contact: part.unwrap_or(contact) })
            }
        };
        self.command(user, None, body).await;
    }

    /// What must hold of contacts between any two transactions.
    pub(super) async fn check_contacts(&self, seed: u64) {
        let read = |sql: &rusqlite::Connection| {
            // Every chat stands at the contact that its own is a part of now, over however many steps.
            let astray: i64 = sql.query_row(
                "WITH RECURSIVE up (id, root) AS (SELECT id, id FROM contacts WHERE merged_into IS NULL \
                 UNION ALL SELECT contacts.id, up.root FROM contacts JOIN up ON contacts.merged_into = up.id) \
                 SELECT count(*) FROM chats LEFT JOIN up ON up.id = chats.origin_contact_id \
                 WHERE chats.state <> 'internal' AND up.root IS NOT chats.contact_id",
                [],
                |row| row.get(0),
            )?;
            assert_eq!(astray, 0, "chats that stand at another contact than theirs, or in a circle");
            let unsaved: i64 = sql.query_row(
                "SELECT count(*) FROM contacts AS part JOIN contacts AS kept ON kept.id = part.merged_into \
                 WHERE kept.known = 0",
                [],
                |row| row.get(0),
            )?;
            assert_eq!(unsaved, 0, "only a saved contact has parts");
            Ok(())
        };
        self.fixture.store.readers.read(read).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}
