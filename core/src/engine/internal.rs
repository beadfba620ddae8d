//! Staff chats, notes and mentions.

use rusqlite::Transaction;
use switchboard_protocol::command::{AddMembers, CommandBody, CreateGroup, OpenDirect, RemoveMember, RenameGroup, Say};
use switchboard_protocol::ids::{ChatId, CommandId, MessageId, UserId};
use switchboard_protocol::limits::{MAX_INBOUND_FRAME_BYTES, MAX_MEMBERS, MAX_MENTIONS, MAX_NAME_BYTES};
use switchboard_protocol::{ClientFrame, ErrorCode};

use super::Core;
use super::commands::check_text;
use super::life::{check_sort, refused};
use crate::error::{CoreError, Result};
use crate::model::{Colleague, CommandKind};
use crate::store::chat::ChatRecord;
use crate::store::outbox::NewCommand;
use crate::store::{Durability, chat, draft, internal, outbox};

impl Core {
    fn me(&self) -> Result<UserId, CoreError> {
        self.shared().me().ok_or(CoreError::SignInAgain)
    }

    /// The direct chat with a colleague, made here if it is not there. Lists show it, and the colleague gets it, when
    /// something is said in it. Works without a network; blocks for one short write when it is new.
    pub fn direct_chat(&self, user: UserId) -> Result<ChatId, CoreError> {
        let me = self.me()?;
        if user == me {
            return Err(CoreError::Rejected(ErrorCode::BadMembers));
        }
        let id = ChatId::direct(me, user);
        let store = &self.shared().store;
        let (here, enabled) = store.read(|db| Ok((chat::key(db, id)?.is_some(), internal::is_enabled(db, user)?)))?;
        if here {
            return Ok(id);
        }
        if !enabled {
            return Err(CoreError::Rejected(ErrorCode::BadMembers));
        }
        store.write(Durability::Full, |tx, changes| {
            // Somebody may have been faster.
            if chat::key(tx, id)?.is_none() {
                internal::begin(tx, id, None, vec![me, user], me, None)?;
                changes.touched(id);
            }
            Ok(())
        })?;
        Ok(id)
    }

    /// Makes a staff group of these colleagues and oneself. It is in the lists when this returns.
    pub async fn create_group(&self, name: &str, members: &[UserId]) -> Result<ChatId, CoreError> {
        let me = self.me()?;
        let name = clean_name(name)?;
        let members = others(members, me);
        if members.len() + 1 > MAX_MEMBERS {
            return Err(CoreError::Rejected(ErrorCode::TooMany));
        }
        let (chat, id, now, at) = (ChatId::new(), CommandId::new(), self.shared().clock.now_ms(), self.server_now());
        self.act_and_send(move |tx, changes| {
            check_enabled(tx, &members)?;
            let mut all = vec![me];
            all.extend(&members);
            internal::begin(tx, chat, Some(&name), all, me, Some(at))?;
            let body = CommandBody::CreateGroup(CreateGroup { name, members });
            outbox::enqueue(tx, &NewCommand::plain(id, chat, &body, now))?;
            changes.touched(chat);
            Ok(chat)
        })
        .await
    }

    /// Says something in a staff chat. It is in the outbox when this returns, and the composer's draft is gone if it was
    /// this text.
    pub async fn say(&self, chat: ChatId, text: &str, mentions: &[UserId]) -> Result<MessageId, CoreError> {
        self.tell_staff(chat, text, mentions, CommandBody::Say).await
    }

    /// Writes a note in a customer's chat, which the customer never gets. It takes nothing.
    pub async fn note(&self, chat: ChatId, text: &str, mentions: &[UserId]) -> Result<MessageId, CoreError> {
        self.tell_staff(chat, text, mentions, CommandBody::Note).await
    }

    async fn tell_staff(
        &self,
        chat: ChatId,
        text: &str,
        mentions: &[UserId],
        body: fn(Say) -> CommandBody,
    ) -> Result<MessageId, CoreError> {
        check_text(text)?;
        let me = self.me()?;
        let mentions = others(mentions, me);
        if mentions.len() > MAX_MENTIONS {
            return Err(CoreError::Rejected(ErrorCode::BadRequest));
        }
        let (id, now, at) = (CommandId::new(), self.shared().clock.now_ms(), self.server_now());
        let waits = self.waits();
        let text = text.to_owned();
        self.act_and_send(move |tx, changes| {
            let mut record = chat::load(tx, chat)?.ok_or(CoreError::NotFound)?;
            let body = body(Say { text: text.clone(), mentions });
            let kind = CommandKind::from_name(body.kind()).ok_or(CoreError::Unexpected)?;
            check_sort(&record, kind)?;
            let pending = outbox::pending(tx, chat)?;
            if pending.ends() {
                return refused(ErrorCode::ChatClosed);
            }
            // JSON can make six bytes of one, and a frame that is too long would be sent again for ever.
            let frame = outbox::frame(id, chat, &body, Some(record.owner_epoch), Some(record.last_no))?;
            if ClientFrame::Command(frame).to_json()?.len() > MAX_INBOUND_FRAME_BYTES {
                return refused(ErrorCode::TextTooLong);
            }
            if kind == CommandKind::Say {
                open_first(tx, chat, &record, now)?;
                record.happened(at);
                record.save(tx)?;
            }
            let (owner_epoch, seen) = (record.owner_epoch, record.last_no);
            let command = NewCommand { owner_epoch, seen, waits, ..NewCommand::plain(id, chat, &body, now) };
            outbox::enqueue(tx, &command)?;
            if draft::load(tx, chat)?.is_some_and(|draft| draft == text) {
                draft::save(tx, chat, "", now)?;
            }
            changes.touched(chat);
            Ok(id.into())
        })
        .await
    }

    /// Gives a staff group another name.
    pub async fn rename_group(&self, chat: ChatId, name: &str) -> Result<CommandId, CoreError> {
        let name = clean_name(name)?;
        self.command(chat, CommandBody::RenameGroup(RenameGroup { name }), |_, record, _| check_group(record)).await
    }

    /// Brings colleagues into a staff group. They see what is written from then on; who is in it already stays.
    pub async fn add_members(&self, chat: ChatId, members: &[UserId]) -> Result<CommandId, CoreError> {
        let members = others(members, self.me()?);
        if members.is_empty() {
            return Err(CoreError::Rejected(ErrorCode::BadMembers));
        }
        let new = members.clone();
        self.command(chat, CommandBody::AddMembers(AddMembers { members }), move |tx, record, pending| {
            check_group(record)?;
            check_enabled(tx, &new)?;
            let mut all = internal::member_ids(tx, record.key, pending)?;
            all.extend(new.iter().filter(|user| !all.contains(user)).copied().collect::<Vec<_>>());
            if all.len() > MAX_MEMBERS { refused(ErrorCode::TooMany) } else { Ok(()) }
        })
        .await
    }

    /// Takes a colleague out of a staff group.
    pub async fn remove_member(&self, chat: ChatId, member: UserId) -> Result<CommandId, CoreError> {
        let is_me = self.me()? == member;
        self.command(chat, CommandBody::RemoveMember(RemoveMember { member }), move |tx, record, pending| {
            check_group(record)?;
            // Oneself leaves.
            if is_me || !internal::member_ids(tx, record.key, pending)?.contains(&member) {
                return refused(ErrorCode::BadMembers);
            }
            Ok(())
        })
        .await
    }

    /// Leaves a staff group: it leaves this device. To be asked about first.
    pub async fn leave_group(&self, chat: ChatId) -> Result<CommandId, CoreError> {
        self.command(chat, CommandBody::Leave, |_, record, _| check_group(record)).await
    }

    /// The members of a staff chat, in the order in which they joined; none of a customer's.
    pub fn members(&self, chat: ChatId) -> Result<Vec<Colleague>, CoreError> {
        let me = self.me()?;
        let members = self.shared().store.read_consistent(|db| {
            let record = chat::load(db, chat)?.ok_or(CoreError::NotFound)?;
            let ids = internal::member_ids(db, record.key, &outbox::pending(db, chat)?)?;
            internal::of_ids(db, &ids, me)
        })?;
        Ok(members)
    }

    /// Colleagues to write to, found by the beginnings of the words of their names or by their extension; by name.
    pub fn colleagues(&self, query: &str) -> Result<Vec<Colleague>, CoreError> {
        let me = self.me()?;
        Ok(self.shared().store.read(|db| internal::colleagues(db, me, query))?)
    }

    /// Whom a text in this chat can mention: of a staff chat the other members, of a waiting chat the colleagues, of a
    /// customer's chat with an owner nobody, because nobody else sees it.
    pub fn mentionable(&self, chat: ChatId) -> Result<Vec<Colleague>, CoreError> {
        let me = self.me()?;
        let found = self.shared().store.read_consistent(|db| internal::mentionable(db, chat, me))?;
        found.ok_or(CoreError::NotFound)
    }
}

/// What is first said in a chat that was begun here opens it on the server.
fn open_first(tx: &Transaction<'_>, chat: ChatId, record: &ChatRecord, now: i64) -> Result<()> {
    let Some(user) = record.direct_with else { return Ok(()) };
    if !internal::is_enabled(tx, user)? {
        return refused(ErrorCode::UserDisabled);
    }
    if record.rev == 0 && !outbox::has(tx, chat, CommandKind::OpenDirect)? {
        let body = CommandBody::OpenDirect(OpenDirect { user });
        outbox::enqueue(tx, &NewCommand::plain(CommandId::new(), chat, &body, now))?;
    }
    Ok(())
}

fn clean_name(name: &str) -> Result<String, CoreError> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(CoreError::Rejected(ErrorCode::BadName));
    }
    Ok(name.to_owned())
}

/// Each of them once, without oneself.
fn others(users: &[UserId], me: UserId) -> Vec<UserId> {
    let mut out: Vec<UserId> = Vec::with_capacity(users.len());
    for user in users {
        if *user != me && !out.contains(user) {
            out.push(*user);
        }
    }
    out
}

fn check_enabled(tx: &Transaction<'_>, users: &[UserId]) -> Result<()> {
    for user in users {
        if !internal::is_enabled(tx, *user)? {
            return refused(ErrorCode::BadMembers);
        }
    }
    Ok(())
}

fn check_group(record: &ChatRecord) -> Result<()> {
    if record.is_group() { Ok(()) } else { refused(ErrorCode::DirectChat) }
}
