//! What staff do among themselves in a random history, and what must hold of it.

use rand::RngExt;
use rand::seq::IndexedRandom;
use switchboard_protocol::command::{
    AddMembers, CommandBody, CreateGroup, NoteToOwner, OpenDirect, Read, RemoveMember, RenameGroup, Say, Snooze,
};
use switchboard_protocol::ids::{ChatId, UserId};

use super::{History, NOTE};
use crate::store::chats;
use crate::store::sql::Columns;

impl History {
    fn some_users(&mut self) -> Vec<UserId> {
        let users = self.fixture.users.clone();
        users.into_iter().filter(|_| self.rng.random_bool(0.5)).collect()
    }

    /// One thing that somebody does among staff, or a note on a customer's chat.
    pub(super) async fn staff(&mut self) {
        let user = self.user();
        match self.rng.random_range(0..30) {
            0..2 => {
                let other = self.user();
                let chat = ChatId::direct(user, other);
                if user != other && !self.staff.contains(&chat) {
                    self.staff.push(chat);
                }
                self.command(user, Some(chat), CommandBody::OpenDirect(OpenDirect { user: other })).await;
            }
            2 => {
                let (chat, members) = (ChatId::new(), self.some_users());
                self.staff.push(chat);
                let group = CreateGroup { name: "Lunch".into(), members };
                self.command(user, Some(chat), CommandBody::CreateGroup(group)).await;
            }
            3..5 => {
                let mentions = self.some_users();
                self.on_chat(|_| CommandBody::Note(Say { text: NOTE.into(), mentions })).await;
            }
            5 => self.on_chat(|_| CommandBody::NoteToOwner(NoteToOwner { text: NOTE.into() })).await,
            choice => {
                let Some(&chat) = self.staff.choose(&mut self.rng) else { return };
                // Mostly somebody who is in it.
                let seeing = self.fixture.store.readers.read(move |sql| chats::seeing(sql, chat)).await.unwrap();
                let user = if self.rng.random_bool(0.9) { seeing.choose(&mut self.rng).copied() } else { Some(user) };
                let Some(user) = user else { return };
                let body = self.among_staff(choice);
                self.command(user, Some(chat), body).await;
            }
        }
    }

    fn among_staff(&mut self, choice: u32) -> CommandBody {
        match choice {
            6..15 => CommandBody::Say(Say { text: "between colleagues".into(), mentions: self.some_users() }),
            15..19 => CommandBody::Read(Read { upto: self.rng.random_range(0..30) }),
            19 => CommandBody::Archive,
            20 => CommandBody::Unarchive,
            21 => CommandBody::Snooze(Snooze { until: Some(self.fixture.clock.now() + 1_000) }),
            22 => CommandBody::Delete,
            23 => CommandBody::RenameGroup(RenameGroup { name: format!("Lunch {}", self.rng.random_range(0..9)) }),
            24..26 => CommandBody::AddMembers(AddMembers { members: self.some_users() }),
            26..28 => CommandBody::RemoveMember(RemoveMember { member: self.user() }),
            28 => CommandBody::Leave,
            _ => CommandBody::Take,
        }
    }

    /// What must hold of staff chats between any two transactions.
    pub(super) async fn check_staff(&self, seed: u64) {
        let read = |sql: &rusqlite::Connection| {
            let mut query =
                sql.prepare("SELECT id, name, last_no, staff_read_upto FROM chats WHERE state = 'internal'")?;
            let rows = query.query_map([], |row| {
                Ok((row.id::<ChatId>(0)?, row.get::<_, Option<String>>(1)?, row.count(2)?, row.count(3)?))
            })?;
            for row in rows {
                let (id, name, last_no, read_upto) = row?;
                let mut query =
                    sql.prepare("SELECT access, from_no, read_upto, joined FROM chat_users WHERE chat_id = ?1")?;
                let members: Vec<(i64, u64, u64, u64)> = query
                    .query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.count(1)?, row.count(2)?, row.count(3)?)))?
                    .collect::<Result<_, _>>()?;
                assert!(members.iter().all(|(access, ..)| [0, 4].contains(access)), "{members:?}");
                assert!(
                    members
                        .iter()
                        .all(|(_, from, read, _)| *from <= last_no && *read <= last_no && read_upto <= last_no)
                );
                assert!(name.is_some() || members.len() == 2, "a direct chat has its two");
                let places: std::collections::BTreeSet<_> = members.iter().map(|(.., joined)| joined).collect();
                assert_eq!(places.len(), members.len(), "each has a place of its own");
                let count: i64 =
                    sql.query_row("SELECT count(*) FROM messages WHERE chat_id = ?1", [id.as_bytes()], |row| {
                        row.get(0)
                    })?;
                assert_eq!(u64::try_from(count).unwrap(), last_no, "messages are numbered without a gap");
            }
            let astray: i64 = sql.query_row(
                "SELECT count(*) FROM chat_users JOIN chats ON chats.id = chat_users.chat_id \
                 WHERE (chats.state = 'internal') <> (chat_users.access = 4) AND chat_users.access > 0",
                [],
                |row| row.get(0),
            )?;
            assert_eq!(astray, 0, "members are of staff chats, and of nothing else");
            Ok(())
        };
        self.fixture.store.readers.read(read).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}
