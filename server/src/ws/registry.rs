//! Who is connected, and how news reaches them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ServerFrame;
use switchboard_protocol::frame::{Bye, Changed};
use switchboard_protocol::ids::{DeviceId, UserId};
use tokio::sync::Notify;

use super::hub::Hub;
use super::mailbox::Mailbox;
use crate::config::{AddressKey, Limits};
use crate::due::DueClock;
use crate::store::Publish;
use crate::store::effects::{Effect, Effects, EventTail, VisitorKey};

/// A user's feed, as followed by devices; `None` for content that was withdrawn.
pub type UserHub = Hub<Option<Arc<EventTail>>>;
/// A visitor's conversation, as followed by tabs: whole frames; `None` for a number that is not the visitor's to see.
pub type VisitorHub = Hub<Option<Arc<str>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who is connected.
#[derive(Default)]
pub struct Registry {
    users: Mutex<HashMap<UserId, Arc<UserHub>>>,
    visitors: Mutex<HashMap<VisitorKey, Arc<VisitorHub>>>,
    devices: Mutex<HashMap<DeviceId, (u64, Arc<Mailbox>)>>,
    sockets: Mutex<Sockets>,
    emptied: Notify,
    next: AtomicU64,
    /// Wakes the one who does what is due.
    pub due: DueClock,
}

#[derive(Default)]
struct Sockets {
    open: HashMap<u64, (Arc<Mailbox>, Counted)>,
    by_address: HashMap<Counted, usize>,
    stop: Option<u64>,
}

/// Which sockets of an address are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Widgets, for as long as they are open.
    Widget(AddressKey),
    /// Phones, until they have said who they are: a company's phones may all stand behind one address.
    Stranger(AddressKey),
}

/// One open socket. It leaves the registry when this is dropped.
pub struct Socket {
    registry: Arc<Registry>,
    id: u64,
    counted: Option<Counted>,
    mailbox: Arc<Mailbox>,
    place: Place,
}

enum Place {
    Nowhere,
    User { user: UserId, device: DeviceId, hub: Arc<UserHub> },
    Visitor { key: VisitorKey, hub: Arc<VisitorHub> },
}

/// Why a socket is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The server has as many as it may.
    Server,
    /// The address has as many as it may.
    Address,
    /// The server is stopping.
    Stopping,
}

fn hub_of<K: Hash + Eq, T: Clone>(hubs: &Mutex<HashMap<K, Arc<Hub<T>>>>, key: &K) -> Option<Arc<Hub<T>>> {
    lock(hubs).get(key).cloned()
}

impl Registry {
    /// Lets a socket in.
    pub fn open(self: &Arc<Self>, limits: &Limits, counted: Counted) -> Result<Socket, Full> {
        let mailbox = Arc::new(Mailbox::default());
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut sockets = lock(&self.sockets);
        if sockets.stop.is_some() {
            return Err(Full::Stopping);
        }
        if sockets.open.len() >= limits.max_sockets {
            return Err(Full::Server);
        }
        let count = sockets.by_address.entry(counted).or_default();
        if *count >= limits.sockets_per_address {
            return Err(Full::Address);
        }
        *count += 1;
        sockets.open.insert(id, (mailbox.clone(), counted));
        drop(sockets);
        Ok(Socket { registry: self.clone(), id, counted: Some(counted), mailbox, place: Place::Nowhere })
    }

    /// How many sockets are open.
    pub fn len(&self) -> usize {
        lock(&self.sockets).open.len()
    }

    /// Whether no socket is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tells everybody to come back later: each at another moment within `spread_ms`.
    pub fn stop(&self, spread_ms: u64) {
        let mut sockets = lock(&self.sockets);
        sockets.stop = Some(spread_ms);
        for (mailbox, _) in sockets.open.values() {
            // Not at once either: the new process needs a moment to listen.
            let retry_ms = spread_ms / 10 + rand::random_range(0..=spread_ms - spread_ms / 10);
            mailbox.stop(Bye { code: ErrorCode::ShuttingDown, retry_ms });
        }
    }

    /// Waits until the last socket is closed.
    pub async fn emptied(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Brings a frame to all devices of a user.
    pub fn post_to_user(&self, user: UserId, json: &Arc<str>) {
        if let Some(hub) = hub_of(&self.users, &user) {
            hub.post(json);
        }
    }

    /// Closes the widgets that stand at an address that was blocked, and the visitor's own wherever they are.
    fn shut_out(&self, address: &str, visitor: VisitorKey) {
        let at_address: Vec<_> = lock(&self.sockets)
            .open
            .values()
            .filter(|(_, counted)| matches!(counted, Counted::Widget(key) if key.to_string() == address))
            .map(|(mailbox, _)| mailbox.clone())
            .collect();
        for mailbox in at_address {
            mailbox.close(blocked_bye(i64::MAX));
        }
        // A block is not of one channel.
        let hubs: Vec<_> = lock(&self.visitors)
            .iter()
            .filter(|(key, _)| key.visitor == visitor.visitor)
            .map(|(_, hub)| hub.clone())
            .collect();
        for hub in hubs {
            hub.close(&blocked_bye(i64::MAX));
        }
    }

    /// Brings a frame to all tabs of a visitor.
    pub fn post_to_visitor(&self, key: VisitorKey, json: &Arc<str>) {
        if let Some(hub) = hub_of(&self.visitors, &key) {
            hub.post(json);
        }
    }
}

/// A blocked widget asks again after this long at the latest: the block may be lifted before its time.
const BLOCKED_RETRY_MS: u64 = 15 * 60 * 1000;

/// The word to a widget of whom nothing is taken, for as long as it still lasts.
pub fn blocked_bye(lasts_ms: i64) -> Bye {
    let retry_ms = u64::try_from(lasts_ms).unwrap_or(0).clamp(1_000, BLOCKED_RETRY_MS);
    Bye { code: ErrorCode::Blocked, retry_ms }
}

/// Tells the sockets what commits changed.
pub struct Publisher {
    registry: Arc<Registry>,
    /// Who has something to send since the last batch.
    wake: Vec<Arc<Mailbox>>,
}

impl Publisher {
    /// One for a thread that publishes.
    pub fn new(registry: Arc<Registry>) -> Publisher {
        Publisher { registry, wake: Vec::new() }
    }
}

impl Publish for Publisher {
    fn publish(&mut self, effects: Effects) {
        let Publisher { registry, wake } = self;
        for effect in effects {
            match effect {
                Effect::Feed { user, seq, tail } => {
                    if let Some(hub) = hub_of(&registry.users, &user) {
                        hub.publish(seq, Some(tail), wake);
                    }
                }
                Effect::FeedGrew { user, head } => {
                    if let Some(hub) = hub_of(&registry.users, &user) {
                        hub.grew(head, wake);
                    }
                }
                Effect::Withdrawn { user, chat } => {
                    if let Some(hub) = hub_of(&registry.users, &user) {
                        hub.revise(|item| {
                            if item.as_ref().is_some_and(|tail| tail.chat == chat) {
                                *item = None;
                            }
                        });
                    }
                }
                Effect::VisitorMessage { to, frame } => {
                    if let Some(hub) = hub_of(&registry.visitors, &to) {
                        hub.publish(frame.no, frame.json, wake);
                    }
                }
                Effect::VisitorGrew { to, last_no } => {
                    if let Some(hub) = hub_of(&registry.visitors, &to) {
                        hub.grew(last_no, wake);
                    }
                }
                Effect::VisitorStatus { to, json } => registry.post_to_visitor(to, &json),
                Effect::Blocked { address, visitor } => registry.shut_out(&address, visitor),
                Effect::Due { at } => registry.due.appears(at),
                Effect::Changed { collection, rev } => {
                    let frame = ServerFrame::Changed(Changed { collection: collection.as_str().to_owned(), rev });
                    let Ok(json) = frame.to_json().map(Arc::from) else { continue };
                    let hubs: Vec<_> = lock(&registry.users).values().cloned().collect();
                    for hub in hubs {
                        hub.post(&json);
                    }
                }
                Effect::Revoked { device, .. } => {
                    if let Some((_, mailbox)) = lock(&registry.devices).get(&device) {
                        mailbox.close(Bye { code: ErrorCode::Revoked, retry_ms: 0 });
                    }
                }
            }
        }
    }

    fn batch_done(&mut self) {
        for mailbox in self.wake.drain(..) {
            mailbox.wake();
        }
    }
}

impl Sockets {
    fn give_back(&mut self, counted: Counted) {
        if let Entry::Occupied(mut count) = self.by_address.entry(counted) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Socket {
    /// The session's mailbox.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// The session's number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The session is this device's. An older connection of the same device is closed.
    pub fn join_user(&mut self, user: UserId, device: DeviceId) -> Arc<UserHub> {
        if let Some(counted) = self.counted.take() {
            lock(&self.registry.sockets).give_back(counted);
        }
        let hub = {
            let mut users = lock(&self.registry.users);
            let hub = users.entry(user).or_default().clone();
            // Under the map's lock, so that the hub cannot be removed as empty in between.
            hub.follow(self.id, self.mailbox.clone());
            hub
        };
        let older = lock(&self.registry.devices).insert(device, (self.id, self.mailbox.clone()));
        if let Some((_, older)) = older {
            older.close(Bye { code: ErrorCode::Replaced, retry_ms: 0 });
        }
        self.place = Place::User { user, device, hub: hub.clone() };
        hub
    }

    /// The session is one of this visitor's tabs.
    pub fn join_visitor(&mut self, key: VisitorKey) -> Arc<VisitorHub> {
        let hub = {
            let mut visitors = lock(&self.registry.visitors);
            let hub = visitors.entry(key).or_default().clone();
            hub.follow(self.id, self.mailbox.clone());
            hub
        };
        self.place = Place::Visitor { key, hub: hub.clone() };
        hub
    }
}

fn leave<K: Hash + Eq, T: Clone>(hubs: &Mutex<HashMap<K, Arc<Hub<T>>>>, key: K, hub: &Arc<Hub<T>>, id: u64) {
    let mut hubs = lock(hubs);
    if hub.leave(id)
        && let Entry::Occupied(entry) = hubs.entry(key)
        && Arc::ptr_eq(entry.get(), hub)
    {
        entry.remove();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        match &self.place {
            Place::Nowhere => {}
            Place::User { user, device, hub } => {
                leave(&self.registry.users, *user, hub, self.id);
                let mut devices = lock(&self.registry.devices);
                if devices.get(device).is_some_and(|(id, _)| *id == self.id) {
                    devices.remove(device);
                }
            }
            Place::Visitor { key, hub } => leave(&self.registry.visitors, *key, hub, self.id),
        }
        let mut sockets = lock(&self.registry.sockets);
        sockets.open.remove(&self.id);
        if let Some(counted) = self.counted {
            sockets.give_back(counted);
        }
        if sockets.open.is_empty() {
            drop(sockets);
            self.registry.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ws::hub::Taken;
    use switchboard_protocol::ids::{ChannelId, ChatId, VisitorId};

    fn stranger() -> Counted {
        Counted::Stranger(AddressKey::of("192.0.2.1".parse().unwrap()))
    }

    fn event(chat: ChatId) -> Arc<EventTail> {
        Arc::new(EventTail { chat, json: "}".into() })
    }

    #[test]
    fn the_same_device_connected_again_replaces_the_older_connection() {
        let registry = Arc::new(Registry::default());
        let (user, device) = (UserId::new(), DeviceId::new());
        let mut first = registry.open(&Limits::default(), stranger()).unwrap();
        first.join_user(user, device);
        let mut second = registry.open(&Limits::default(), stranger()).unwrap();
        second.join_user(user, device);
        assert_eq!(first.mailbox().take().bye.map(|bye| bye.code), Some(ErrorCode::Replaced));
        drop(first);
        Publisher::new(registry.clone()).publish(vec![Effect::Revoked { device, user }]);
        assert_eq!(second.mailbox().take().bye.map(|bye| bye.code), Some(ErrorCode::Revoked));
        drop(second);
        assert!(registry.is_empty() && lock(&registry.users).is_empty() && lock(&registry.devices).is_empty());
    }

    #[test]
    fn f15_what_was_withdrawn_is_not_sent_from_memory_either() {
        let registry = Arc::new(Registry::default());
        let (user, chat, other) = (UserId::new(), ChatId::new(), ChatId::new());
        let mut socket = registry.open(&Limits::default(), stranger()).unwrap();
        let hub = socket.join_user(user, DeviceId::new());
        assert!(matches!(hub.take(socket.id(), 0), Taken::Nothing));
        Publisher::new(registry.clone()).publish(vec![
            Effect::Feed { user, seq: 1, tail: event(chat) },
            Effect::Feed { user, seq: 2, tail: event(other) },
            Effect::Withdrawn { user, chat },
            Effect::Feed { user, seq: 3, tail: event(chat) },
        ]);
        let Taken::Items(items) = hub.take(socket.id(), 0) else { panic!() };
        let kept: Vec<_> = items.iter().map(|(seq, tail)| (*seq, tail.is_some())).collect();
        assert_eq!(kept, [(1, false), (2, true), (3, true)]);
    }

    #[test]
    fn f42_a_block_closes_the_addresss_widgets_and_the_visitors_everywhere_and_nobody_elses() {
        let registry = Arc::new(Registry::default());
        let key = |text: &str| AddressKey::of(text.parse().unwrap());
        let open = |counted| registry.open(&Limits::default(), counted).unwrap();
        let visitor = VisitorKey { channel: ChannelId::new(), visitor: VisitorId::new() };
        let neighbour = open(Counted::Widget(key("2001:db8::1")));
        let phone = open(Counted::Stranger(key("2001:db8::1")));
        let mut moved = open(Counted::Widget(key("192.0.2.1")));
        // A block is not of one channel.
        moved.join_visitor(VisitorKey { channel: ChannelId::new(), ..visitor });
        let mut other = open(Counted::Widget(key("192.0.2.2")));
        other.join_visitor(VisitorKey { visitor: VisitorId::new(), ..visitor });
        let address = key("2001:db8::2").to_string().into();
        Publisher::new(registry.clone()).publish(vec![Effect::Blocked { address, visitor }]);
        let told = |socket: &Socket| socket.mailbox().take().bye.map(|bye| bye.code);
        assert_eq!((told(&neighbour), told(&moved)), (Some(ErrorCode::Blocked), Some(ErrorCode::Blocked)));
        assert_eq!((told(&phone), told(&other)), (None, None));
    }

    #[test]
    fn f42_a_blocked_widget_asks_again_in_time() {
        assert_eq!(blocked_bye(i64::MAX).retry_ms, 900_000);
        assert_eq!(blocked_bye(60_000).retry_ms, 60_000);
        assert_eq!(blocked_bye(-5).retry_ms, 1_000);
    }

    #[test]
    fn sockets_are_counted_by_address_and_given_back() {
        let registry = Arc::new(Registry::default());
        let limits = Limits { sockets_per_address: 1, max_sockets: 3, ..Limits::default() };
        let address = AddressKey::of("192.0.2.1".parse().unwrap());
        let (widget, stranger) = (Counted::Widget(address), Counted::Stranger(address));
        let first = registry.open(&limits, widget).unwrap();
        assert_eq!(registry.open(&limits, widget).err(), Some(Full::Address));
        let mut second = registry.open(&limits, stranger).unwrap();
        assert_eq!(registry.open(&limits, stranger).err(), Some(Full::Address));
        // Who has said who they are is no stranger any more.
        second.join_user(UserId::new(), DeviceId::new());
        let third = registry.open(&limits, stranger).unwrap();
        assert_eq!(registry.open(&limits, stranger).err(), Some(Full::Server));
        drop((first, second, third));
        assert!(lock(&registry.sockets).by_address.is_empty());
        let again = registry.open(&limits, widget).unwrap();
        registry.stop(100);
        assert_eq!(again.mailbox().take().stop.map(|bye| bye.code), Some(ErrorCode::ShuttingDown));
        assert_eq!(registry.open(&limits, stranger).err(), Some(Full::Stopping));
    }
}
