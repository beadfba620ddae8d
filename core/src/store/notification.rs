//! What happened, as a notification tells it.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::ids::{ChatId, MessageId, UserId};
use switchboard_protocol::message::{Activity, MessageKind};
use switchboard_protocol::transfer::TransferTarget;

use super::message::{CONTACT, kind_from_sql, pos, range};
use super::{Blob, collection, from_sql_u64, people, setting};
use crate::error::{Error, Result};
use crate::model::{Notification, NotificationKind, NotificationSettings};
use crate::notifying::{Occasion, look};

/// The longest text that a notification shows.
const BODY_CHARS: usize = 200;
/// How far back it is looked who gave a chat to this user.
const HANDS: u32 = 20;

/// Something that may be worth a notification; what is stored decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// Somebody else's message was added.
    Message(ChatId, u64),
    /// The chat came to this device.
    Opened(ChatId),
    /// A text of this user was refused or failed.
    Failed(ChatId, MessageId),
}

/// A stretch in which a chat waits: its session and its owner's epoch.
pub(crate) type Stretch = (u64, u64);

/// A notification, and of an offered chat the stretch, in which it is heard once.
pub(crate) struct Found {
    pub(crate) notification: Notification,
    pub(crate) stretch: Option<Stretch>,
}

/// What holds for all notifications of one moment.
pub(crate) struct Moment<'a> {
    db: &'a Connection,
    me: UserId,
    settings: NotificationSettings,
    presence: Presence,
}

struct Chat {
    id: ChatId,
    key: i64,
    channel_kind: Option<ChannelKind>,
    state: ChatState,
    mine: bool,
    name: Option<String>,
    is_group: bool,
    put_away: bool,
    read_upto: u64,
    waiting_since: Option<UnixMillis>,
    stretch: Stretch,
    last_preview: String,
}

struct Line {
    id: MessageId,
    no: u64,
    from_contact: bool,
    by: Option<UserId>,
    by_name: Option<String>,
    kind: MessageKind,
    text: String,
    mentions_me: bool,
    activity: Option<Activity>,
}

impl<'a> Moment<'a> {
    pub(crate) fn load(db: &'a Connection, me: UserId) -> Result<Moment<'a>> {
        let presence = people::work(db, me)?.presence.presence;
        Ok(Self { db, me, settings: setting::notifications(db)?, presence })
    }

    /// What is to be told of what happened together. A chat that came to this device is told as such, with what it
    /// brought; what gave it to this user stands for the message that did so.
    pub(crate) fn tell(&self, news: &[News]) -> Result<Vec<Found>> {
        // Those that were told to have come, and messages that were told.
        let (mut came, mut told) = (HashSet::new(), HashSet::new());
        let mut found: Vec<Found> = Vec::new();
        for &item in news {
            let one = match item {
                News::Message(chat, no) => {
                    let calls = |found: &Found| found.notification.kind == NotificationKind::Mention;
                    self.message(chat, no)?.filter(|found| !came.contains(&chat) || calls(found))
                }
                // It may have come, left and come again.
                News::Opened(chat) if came.contains(&chat) => None,
                News::Opened(chat) => {
                    let opened = self.opened(chat)?;
                    came.extend(opened.as_ref().map(|_| chat));
                    opened
                }
                News::Failed(chat, id) => self.failed(chat, id)?,
            };
            // The first words of a chat among staff are told with it, and stand among the messages.
            found.extend(one.filter(|one| match one.notification.message {
                Some(id) => told.insert((one.notification.chat, id)),
                None => true,
            }));
        }
        let given: HashSet<ChatId> = found
            .iter()
            .filter(|found| found.notification.kind == NotificationKind::Transferred)
            .map(|found| found.notification.chat)
            .collect();
        let mut once = HashSet::new();
        found.retain(|found| match found.notification.kind {
            NotificationKind::Transferred => once.insert(found.notification.chat),
            NotificationKind::Message => !given.contains(&found.notification.chat),
            _ => true,
        });
        Ok(found)
    }

    /// What a message's notification looks like, or a text's of this user that failed.
    pub(crate) fn of_message(&self, chat: ChatId, id: MessageId) -> Result<Option<Found>> {
        if let Some(failed) = self.failed(chat, id)? {
            return Ok(Some(failed));
        }
        let Some(row) = self.chat(chat)? else { return Ok(None) };
        match self.number(&row, id)? {
            Some(no) => self.message(chat, no),
            None => Ok(None),
        }
    }

    /// What it looks like that the chat is offered or given to this user.
    pub(crate) fn opened(&self, chat: ChatId) -> Result<Option<Found>> {
        let Some(chat) = self.chat(chat)? else { return Ok(None) };
        let newest = self.newest_said(&chat)?;
        match chat.state {
            // A colleague wrote the first words; who only made a group has not said anything yet.
            ChatState::Internal => newest.map_or(Ok(None), |line| self.line(&chat, &line)),
            ChatState::Waiting => Ok(self.found(&chat, None, NotificationKind::Offered, None, false)),
            ChatState::Owned if chat.mine && self.was_given(&chat)? => {
                Ok(self.found(&chat, None, NotificationKind::Transferred, None, false))
            }
            ChatState::Owned | ChatState::Closed => Ok(None),
        }
    }

    fn message(&self, chat: ChatId, no: u64) -> Result<Option<Found>> {
        let Some(chat) = self.chat(chat)? else { return Ok(None) };
        let Some(line) = self.at(&chat, no)? else { return Ok(None) };
        self.line(&chat, &line)
    }

    fn line(&self, chat: &Chat, line: &Line) -> Result<Option<Found>> {
        if line.by == Some(self.me) || line.no <= chat.read_upto {
            return Ok(None);
        }
        let kind = match line.kind {
            MessageKind::Activity => {
                let given = chat.mine && line.activity.as_ref().is_some_and(|activity| gives(activity, self.me));
                return Ok(if given {
                    self.found(chat, None, NotificationKind::Transferred, None, false)
                } else {
                    None
                });
            }
            _ if line.mentions_me => NotificationKind::Mention,
            MessageKind::Text if chat.state == ChatState::Internal => NotificationKind::Staff,
            MessageKind::Text if line.from_contact && chat.mine => NotificationKind::Message,
            MessageKind::Text if line.from_contact && chat.state == ChatState::Waiting => NotificationKind::Offered,
            // A note that names nobody, an answer of a colleague or of the server.
            MessageKind::Text | MessageKind::Note => return Ok(None),
        };
        let repeated = kind == NotificationKind::Offered && self.waited_before(chat, line.no)?;
        Ok(self.found(chat, Some(line), kind, None, repeated))
    }

    fn failed(&self, chat: ChatId, id: MessageId) -> Result<Option<Found>> {
        let unsent: Option<(Option<String>, String)> = self
            .db
            .prepare_cached("SELECT contact_name, text FROM unsent WHERE id = ?1")?
            .query_row([Blob(id)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((name, text)) = unsent else { return Ok(None) };
        let row = self.chat(chat)?;
        let occasion = Occasion {
            kind: NotificationKind::Failed,
            channel_kind: row.as_ref().and_then(|row| row.channel_kind),
            put_away: false,
            repeated: false,
        };
        let title = name.or_else(|| row.and_then(|row| row.name));
        Ok(self.shown(chat, Some(id), occasion, title, Some(one_line(&text)), None))
    }

    fn found(
        &self,
        chat: &Chat,
        line: Option<&Line>,
        kind: NotificationKind,
        body: Option<String>,
        repeated: bool,
    ) -> Option<Found> {
        let occasion = Occasion { kind, channel_kind: chat.channel_kind, put_away: chat.put_away, repeated };
        let body = body.or_else(|| match line {
            Some(line) => {
                let text = one_line(&line.text);
                // Whose words they are is not clear from the title of a group or of a customer's chat.
                let named = chat.is_group || (kind == NotificationKind::Mention && chat.channel_kind.is_some());
                Some(match &line.by_name {
                    Some(name) if named => format!("{name}: {text}"),
                    _ => text,
                })
            }
            None => Some(chat.last_preview.clone()).filter(|text| !text.is_empty()),
        });
        let stretch = (kind == NotificationKind::Offered).then_some(chat.stretch);
        self.shown(chat.id, line.map(|line| line.id), occasion, chat.name.clone(), body, stretch)
    }

    fn shown(
        &self,
        chat: ChatId,
        message: Option<MessageId>,
        occasion: Occasion,
        title: Option<String>,
        body: Option<String>,
        stretch: Option<Stretch>,
    ) -> Option<Found> {
        let look = look(&self.settings, self.presence, occasion)?;
        let notification = Notification {
            chat,
            message,
            kind: occasion.kind,
            channel_kind: occasion.channel_kind,
            title: title.filter(|_| look.previews),
            body: body.filter(|_| look.previews),
            in_app: look.in_app,
            system: look.system,
            sound: look.sound,
        };
        Some(Found { notification, stretch })
    }

    fn chat(&self, id: ChatId) -> Result<Option<Chat>> {
        let mut statement = self.db.prepare_cached(
            "SELECT key, channel_kind, state, mine, contact_name, name, direct_with, place, read_upto, waiting_since,
                 session, owner_epoch, last_preview
             FROM chat WHERE id = ?1",
        )?;
        let mut rows = statement.query([Blob(id)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let state =
            row.get_ref(2)?.as_str().ok().and_then(ChatState::from_name).ok_or(Error::BadValue("chat.state"))?;
        let group_name: Option<String> = row.get(5)?;
        let with: Option<UserId> = row.get::<_, Option<Blob<_>>>(6)?.map(|id| id.0);
        let is_group = state == ChatState::Internal && with.is_none();
        let name = match (state, with) {
            (ChatState::Internal, Some(with)) => collection::user_name(self.db, with)?,
            (ChatState::Internal, None) => group_name,
            _ => row.get(4)?,
        };
        let channel_kind: Option<String> = row.get(1)?;
        Ok(Some(Chat {
            id,
            key: row.get(0)?,
            channel_kind: channel_kind.as_deref().and_then(ChannelKind::from_name),
            state,
            mine: row.get(3)?,
            name,
            is_group,
            // Snoozed, ignored or being deleted.
            put_away: row.get::<_, i64>(7)? >= 2,
            read_upto: from_sql_u64(row.get(8)?),
            waiting_since: row.get(9)?,
            stretch: (from_sql_u64(row.get(10)?), from_sql_u64(row.get(11)?)),
            last_preview: row.get(12)?,
        }))
    }

    fn read(&self, row: &Row<'_>) -> Result<Line> {
        let mentions: Option<String> = row.get(7)?;
        let mentions: Vec<UserId> = mentions.map(|json| serde_json::from_str(&json)).transpose()?.unwrap_or_default();
        let activity: Option<String> = row.get(8)?;
        Ok(Line {
            no: super::message::no_of(row.get(0)?),
            id: row.get::<_, Blob<_>>(1)?.0,
            from_contact: row.get::<_, i64>(2)? == CONTACT,
            by: row.get::<_, Option<Blob<_>>>(3)?.map(|id| id.0),
            by_name: row.get(4)?,
            kind: kind_from_sql(row.get(5)?)?,
            text: row.get(6)?,
            mentions_me: mentions.contains(&self.me),
            activity: activity.map(|json| serde_json::from_str(&json)).transpose()?,
        })
    }

    fn at(&self, chat: &Chat, no: u64) -> Result<Option<Line>> {
        let Some(at) = pos(chat.key, no) else { return Ok(None) };
        let mut statement = self.db.prepare_cached(
            "SELECT pos, id, author, author_id, author_name, kind, text, mentions, activity FROM message WHERE pos = ?1",
        )?;
        let mut rows = statement.query([at])?;
        rows.next()?.map(|row| self.read(row)).transpose()
    }

    fn newest_said(&self, chat: &Chat) -> Result<Option<Line>> {
        let (from, to) = range(chat.key);
        let mut statement = self.db.prepare_cached(
            "SELECT pos, id, author, author_id, author_name, kind, text, mentions, activity FROM message
             WHERE pos > ?1 AND pos < ?2 AND kind = 0 ORDER BY pos DESC LIMIT 1",
        )?;
        let mut rows = statement.query([from, to])?;
        rows.next()?.map(|row| self.read(row)).transpose()
    }

    /// The place of a message in its chat, the newest being looked at first.
    fn number(&self, chat: &Chat, id: MessageId) -> Result<Option<u64>> {
        let (from, to) = range(chat.key);
        Ok(self
            .db
            .prepare_cached(
                "SELECT pos FROM message WHERE pos > ?1 AND pos < ?2 AND id = ?3 ORDER BY pos DESC LIMIT 1",
            )?
            .query_row(params![from, to, Blob(id)], |row| row.get(0))
            .optional()?
            .map(super::message::no_of))
    }

    /// Whether the customer had written already since the chat waits.
    fn waited_before(&self, chat: &Chat, no: u64) -> Result<bool> {
        let (from, to) = range(chat.key);
        let before: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT sent_at FROM message WHERE pos > ?1 AND pos < ?2 AND author = 0 AND kind = 0
                 ORDER BY pos DESC LIMIT 1",
            )?
            .query_row([from, pos(chat.key, no).unwrap_or(to)], |row| row.get(0))
            .optional()?;
        Ok(before.zip(chat.waiting_since).is_some_and(|(before, since)| before >= since))
    }

    /// Whether the last change of hands gave the chat to this user, and was not of this user's own doing.
    fn was_given(&self, chat: &Chat) -> Result<bool> {
        let (from, to) = range(chat.key);
        let mut statement = self.db.prepare_cached(
            "SELECT pos, id, author, author_id, author_name, kind, text, mentions, activity FROM message
             WHERE pos > ?1 AND pos < ?2 AND kind = 2 ORDER BY pos DESC LIMIT ?3",
        )?;
        let mut rows = statement.query(params![from, to, HANDS])?;
        while let Some(row) = rows.next()? {
            let line = self.read(row)?;
            match &line.activity {
                Some(activity) if gives(activity, self.me) => {
                    return Ok(line.by != Some(self.me) && line.no > chat.read_upto);
                }
                Some(Activity::Taken) => return Ok(false),
                _ => {}
            }
        }
        Ok(false)
    }
}

/// Whether it makes this user the owner.
fn gives(activity: &Activity, me: UserId) -> bool {
    match activity {
        Activity::Assigned { user, .. } => *user == me,
        Activity::Transferred { to, .. } => *to == TransferTarget::User(me),
        Activity::Returned { user, .. } => *user == Some(me),
        _ => false,
    }
}

/// The beginning of a text, on one line.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.split_whitespace().flat_map(|word| [" ", word]).skip(1).flat_map(str::chars).enumerate() {
        if count == BODY_CHARS {
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}
