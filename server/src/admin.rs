//! What admins do, on the same store calls for the command line and for those who run a server in their own process.

mod blocks;
mod queues;
mod stub;
mod templates;
mod work;

use std::sync::Arc;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::device::EnrolLink;
use switchboard_protocol::ids::{ChannelId, DeviceId, GroupId, UserId};
use switchboard_protocol::widget::WidgetConfig;
use url::Url;

use crate::channels::live_chat::{self, LiveChat};
use crate::clock::Clock;
use crate::config::Config;
use crate::passwords::Passwords;
use crate::routing::Route;
use crate::store::channels::{self, ChannelInfo, QueueInfo};
use crate::store::devices::{self, CODE_LIFE_MS, DeviceRow};
use crate::store::people::{self, GroupInfo, NewUserRow, UserChange, UserInfo};
use crate::store::{self, Store, StoreError, offers};

/// The fewest letters of a password (NIST SP 800-63B).
const MIN_PASSWORD: usize = 8;

/// A user to be made.
#[derive(Clone)]
pub struct NewUser {
    /// The name; it is unique.
    pub name: String,
    /// The address to sign in with.
    pub email: Option<String>,
    /// The role.
    pub role: Role,
    /// The group.
    pub group: GroupId,
    /// The password, for those who may sign in with one.
    pub password: Option<String>,
    /// The short number by which colleagues find the user.
    pub extension: Option<String>,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// A channel to be made.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// The name; it is unique.
    pub name: String,
    /// The kind. `live_chat` is the one that this version connects to real customers.
    pub kind: ChannelKind,
    /// The pages that may embed the widget, as origins.
    pub origins: Vec<String>,
    /// How it looks and greets.
    pub widget: WidgetConfig,
    /// The group that it belongs to, whose managers hear of what nobody looks after.
    pub group: Option<GroupId>,
    /// Whether its customers are played, by [`Admin::stub_receive`]: then it may be of any kind.
    pub stub: bool,
}

impl NewUser {
    /// A user without address, password and extension.
    pub fn new(name: &str, role: Role, group: GroupId) -> NewUser {
        NewUser { name: name.to_owned(), email: None, role, group, password: None, extension: None }
    }
}

impl NewChannel {
    /// A website channel that no page may embed yet.
    pub fn website(name: &str) -> NewChannel {
        NewChannel {
            name: name.to_owned(),
            kind: ChannelKind::LiveChat,
            origins: Vec::new(),
            widget: WidgetConfig::default(),
            group: None,
            stub: false,
        }
    }

    /// A channel of any kind whose customers are played.
    pub fn stub(name: &str, kind: ChannelKind) -> NewChannel {
        NewChannel { kind, stub: true, ..NewChannel::website(name) }
    }
}

/// A channel that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its public key, for the script tag; empty for other kinds than websites.
    pub key: String,
}

/// A one-time code that signs a device in.
#[derive(Clone)]
pub struct EnrolmentCode {
    /// The code, for typing.
    pub code: String,
    /// Until when it is good.
    pub expires_at: UnixMillis,
}

impl EnrolmentCode {
    /// The link for a QR code or a message.
    pub fn link(&self, server: &Url) -> EnrolLink {
        EnrolLink { server: server.clone(), code: self.code.clone() }
    }
}

impl std::fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentCode").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The calls of admins.
#[derive(Clone)]
pub struct Admin {
    store: Arc<Store>,
    passwords: Passwords,
    clock: Clock,
}

impl Admin {
    pub(crate) fn of(store: Arc<Store>, passwords: Passwords, clock: Clock) -> Admin {
        Admin { store, passwords, clock }
    }

    /// Opens the data directory without a server, or beside a running one, which hears of every change within a second.
    pub fn open(config: &Config) -> Result<Admin, StoreError> {
        let store = Store::open(&config.storage(), &config.clock, store::Role::CommandLine)?;
        Ok(Admin { store: Arc::new(store), passwords: Passwords::new(), clock: config.clock.clone() })
    }

    /// Closes what [`Admin::open`] opened. Of a server's own it must not be called.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// Makes a group.
    pub async fn create_group(&self, name: &str) -> Result<GroupId, StoreError> {
        let name = name.to_owned();
        self.store.writer.write(move |tx| tx.create_group(&name)).await
    }

    /// Makes a user.
    pub async fn create_user(&self, user: NewUser) -> Result<UserId, StoreError> {
        let password_hash = match user.password {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        let NewUser { name, email, role, group, extension, .. } = user;
        let row = NewUserRow { name, email, role, group, password_hash, extension };
        self.store.writer.write(move |tx| tx.create_user(&row)).await
    }

    async fn hash(&self, password: String) -> Result<String, StoreError> {
        if password.chars().count() < MIN_PASSWORD {
            return Err(StoreError::Refused(format!("the password has fewer than {MIN_PASSWORD} characters")));
        }
        self.passwords.hash(password).await
    }

    /// Sets a user's password.
    pub async fn set_password(&self, user: UserId, password: String) -> Result<(), StoreError> {
        let hash = self.hash(password).await?;
        self.store.writer.write(move |tx| tx.set_password(user, &hash)).await
    }

    /// Makes a one-time code that signs a device of this user in, good for a day.
    pub async fn enrol(&self, user: UserId) -> Result<EnrolmentCode, StoreError> {
        self.enrol_for(user, CODE_LIFE_MS).await
    }

    /// The same for another time.
    pub async fn enrol_for(&self, user: UserId, life_ms: i64) -> Result<EnrolmentCode, StoreError> {
        let (code, expires_at) = self.store.writer.write(move |tx| tx.new_enrolment(user, life_ms)).await?;
        Ok(EnrolmentCode { code, expires_at })
    }

    /// Disables an account: its devices are signed out, its chats return to their routes.
    pub async fn disable_user(&self, user: UserId) -> Result<(), StoreError> {
        self.store.writer.write(move |tx| tx.set_disabled(user, true)).await
    }

    /// Enables an account again. Its devices sign in anew.
    pub async fn enable_user(&self, user: UserId) -> Result<(), StoreError> {
        self.store.writer.write(move |tx| tx.set_disabled(user, false)).await
    }

    /// Changes a user's role, group or extension.
    pub async fn change_user(&self, user: UserId, change: UserChange) -> Result<(), StoreError> {
        self.store.writer.write(move |tx| tx.change_user(user, &change)).await
    }

    /// Signs a device out; whether it was signed in.
    pub async fn revoke_device(&self, device: DeviceId) -> Result<bool, StoreError> {
        self.store.writer.write(move |tx| tx.revoke_device(device)).await
    }

    /// Makes a channel.
    pub async fn create_channel(&self, channel: NewChannel) -> Result<Channel, StoreError> {
        let NewChannel { name, kind, origins, widget, group, stub } = channel;
        let website = kind == ChannelKind::LiveChat;
        if !website && !stub {
            let kind = kind.as_str();
            return Err(StoreError::Refused(format!(
                "channels of kind {kind} are not part of this version, other than as stubs"
            )));
        }
        let settings = if website { settings(&LiveChat::checked(&origins, widget)?)? } else { "{}".to_owned() };
        let key = website.then(live_chat::new_key);
        let made = key.clone().unwrap_or_default();
        let make = move |tx: &mut store::Tx<'_>| {
            let id = tx.create_channel(&name, kind, key.as_deref(), &settings)?;
            if group.is_some() {
                tx.set_channel_group(id, group)?;
            }
            if stub {
                tx.make_stub(id)?;
            }
            Ok(id)
        };
        let id = self.store.writer.write(make).await?;
        Ok(Channel { id, key: made })
    }

    /// Says which group a channel belongs to.
    pub async fn set_channel_group(&self, channel: ChannelId, group: Option<GroupId>) -> Result<(), StoreError> {
        self.store.writer.write(move |tx| tx.set_channel_group(channel, group)).await
    }

    /// Changes who may embed a website channel's widget, and its looks.
    pub async fn set_live_chat(
        &self,
        channel: ChannelId,
        origins: &[String],
        widget: WidgetConfig,
    ) -> Result<(), StoreError> {
        let settings = settings(&LiveChat::checked(origins, widget)?)?;
        self.store.writer.write(move |tx| tx.set_channel_settings(channel, &settings)).await
    }

    /// Sets where a channel's new chats go.
    pub async fn set_route(&self, channel: ChannelId, route: Route) -> Result<(), StoreError> {
        self.store.writer.write(move |tx| tx.set_route(channel, &route)).await
    }

    /// A channel's route.
    pub async fn route(&self, channel: ChannelId) -> Result<Option<Route>, StoreError> {
        self.store.readers.read(move |sql| offers::route(sql, channel)).await
    }

    /// All groups, by name.
    pub async fn list_groups(&self) -> Result<Vec<GroupInfo>, StoreError> {
        let read = |sql: &rusqlite::Connection| all(|after| people::groups(sql, after), |group| &group.name);
        self.store.readers.read(read).await
    }

    /// All users, by name.
    pub async fn list_users(&self) -> Result<Vec<UserInfo>, StoreError> {
        let read = |sql: &rusqlite::Connection| all(|after| people::users(sql, after), |user| &user.name);
        self.store.readers.read(read).await
    }

    /// All queues, by name.
    pub async fn list_queues(&self) -> Result<Vec<QueueInfo>, StoreError> {
        let read = |sql: &rusqlite::Connection| all(|after| channels::queues(sql, after), |queue| &queue.name);
        self.store.readers.read(read).await
    }

    /// All channels, by name.
    pub async fn list_channels(&self) -> Result<Vec<ChannelInfo>, StoreError> {
        let read = |sql: &rusqlite::Connection| all(|after| channels::channels(sql, after), |channel| &channel.name);
        self.store.readers.read(read).await
    }

    /// A user's devices, also those that were signed out.
    pub async fn list_devices(&self, user: UserId) -> Result<Vec<DeviceRow>, StoreError> {
        self.store.readers.read(move |sql| devices::list(sql, user)).await
    }

    /// The user of a name or an e-mail address.
    pub async fn find_user(&self, name: &str) -> Result<UserId, StoreError> {
        let wanted = name.to_owned();
        let found = self.store.readers.read(move |sql| people::find_user(sql, &wanted)).await?;
        found.ok_or_else(|| StoreError::NotFound(format!("user {name:?}")))
    }

    /// The group of a name.
    pub async fn find_group(&self, name: &str) -> Result<GroupId, StoreError> {
        let wanted = name.to_owned();
        let found = self.store.readers.read(move |sql| people::find_group(sql, &wanted)).await?;
        found.ok_or_else(|| StoreError::NotFound(format!("group {name:?}")))
    }

    /// The channel of a name.
    pub async fn find_channel(&self, name: &str) -> Result<ChannelInfo, StoreError> {
        let wanted = name.to_owned();
        let found = self.store.readers.read(move |sql| channels::find_channel(sql, &wanted)).await?;
        found.ok_or_else(|| StoreError::NotFound(format!("channel {name:?}")))
    }

    /// What the store did since it was opened: requests, commits, failures.
    pub fn writer_stats(&self) -> &store::WriterStats {
        self.store.writer.stats()
    }
}

fn settings(live_chat: &LiveChat) -> Result<String, StoreError> {
    serde_json::to_string(live_chat).map_err(|error| StoreError::Unexpected(error.to_string()))
}

/// Every page of a list that is read by name.
fn all<T>(
    mut page: impl FnMut(&str) -> Result<Vec<T>, StoreError>,
    name: impl Fn(&T) -> &str,
) -> Result<Vec<T>, StoreError> {
    let mut rows: Vec<T> = Vec::new();
    loop {
        let next = page(rows.last().map_or("", &name))?;
        let last = next.len() < people::LIST_PAGE as usize;
        rows.extend(next);
        if last {
            return Ok(rows);
        }
    }
}
