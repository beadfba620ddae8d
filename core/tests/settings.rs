//! Settings > Chat, and what they make of what happens, through the core's own API.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;
use std::sync::Arc;

use common::*;
use serde_json::json;
use switchboard_core::{
    ChatId, CommandId, Core, DeskPart, ErrorCode, KindSound, MessageId, Notification, NotificationKind,
    NotificationSettings, Presence, Sound, Subscription, TransferTarget, UserId,
};
use switchboard_protocol::ServerFrame;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, InternalChat, OpenedChat, OpenedInternal, UserChat};
use switchboard_protocol::command::CommandStatus;
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded};
use switchboard_protocol::frame::{CatchUp, SnapshotBegin, SnapshotEnd, SnapshotInternal, SnapshotPart};
use switchboard_protocol::message::{Activity, Author, Message};
use tokio::sync::mpsc;

fn other() -> UserId {
    UserId::from_bytes([0xBB; 16])
}

fn mine(n: u8) -> Chat {
    Chat { state: ChatState::Owned, owner: Some(me()), owner_epoch: 1, waiting_since: None, ..chat(n, 1) }
}

fn by_boris(n: u8, no: u64, text: &str) -> Message {
    Message { author: Author::User { id: other(), name: "Boris".into() }, ..inbound(n, no, text) }
}

fn group(n: u8) -> InternalChat {
    InternalChat { id: chat_id(n), rev: 1, name: Some("Night shift".into()), members: vec![me(), other()] }
}

fn direct() -> InternalChat {
    InternalChat { id: ChatId::direct(me(), other()), rev: 1, name: None, members: vec![me(), other()] }
}

/// What the core tells, in order.
struct Heard {
    told: mpsc::UnboundedReceiver<Notification>,
    _kept: Subscription,
}

impl Heard {
    fn of(core: &Core) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let kept = core.observe_notifications(Arc::new(move |notification: Notification| {
            let _ = tell.send(notification);
        }));
        Self { told, _kept: kept }
    }

    async fn next(&mut self) -> Notification {
        tokio::time::timeout(WAIT, self.told.recv()).await.expect("a notification").unwrap()
    }
}

/// Signed in and up to date: my chat 1, a waiting chat 2, a staff group 3, and the names of two users.
async fn phone(dir: &Path) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir, &server).await;
    let mut connection = server.accept().await;
    connection.hello().await;
    let revs = [("users".to_owned(), 1)].into();
    connection.welcome_with(CatchUp::Snapshot, 10, 30_000, revs).await;
    connection.send(ServerFrame::SnapshotBegin(SnapshotBegin { as_of: 10 })).await;
    let own = |opened| switchboard_protocol::frame::SnapshotChat { opened, me: UserChat::default() };
    let part = SnapshotPart {
        chats: vec![own(OpenedChat { chat: mine(1), ..opened(1, &["hello"]) }), own(opened(2, &["anybody there?"]))],
        internal: vec![SnapshotInternal {
            opened: OpenedInternal { internal: group(3), messages: vec![by_boris(3, 1, "hi all")], more: false },
            me: UserChat::default(),
        }],
        ..SnapshotPart::default()
    };
    connection.send(ServerFrame::SnapshotPart(part)).await;
    connection.send(ServerFrame::SnapshotEnd(SnapshotEnd { cursor: 10 })).await;
    connection.seq = 10;
    connection.live().await;
    let switchboard_protocol::ClientFrame::Pull(pull) = connection.next_action().await else { panic!("a pull") };
    let user = |id: UserId, name: &str| json!({"id": id, "row": {"id": id, "name": name, "role": "user", "disabled": false, "group": other()}});
    let rows = json!({"type": "rows", "req": pull.req, "collection": "users", "rev": 1,
        "rows": [user(me(), "Anna"), user(other(), "Boris")]});
    connection.send_text(&rows.to_string()).await;
    phone.online().await;
    (phone, server, connection)
}

async fn set(core: &Core, change: impl FnOnce(&mut NotificationSettings)) {
    let mut settings = core.notification_settings().unwrap();
    change(&mut settings);
    core.set_notification_settings(settings).await.unwrap();
}

#[tokio::test]
async fn f47_f48_f49_the_settings_of_this_device_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let phone = Phone::open(dir.path());
    let first = phone.core.notification_settings().unwrap();
    assert!(first.in_app_toaster && first.system_notifications && first.sound && first.previews);
    assert_eq!((first.default_sound, first.sounds.len()), (Sound::Chime, 0));
    let (tell, mut told) = mpsc::unbounded_channel();
    let kept = phone.core.observe_desk(Arc::new(move |part: DeskPart| _ = tell.send(part)));
    let own = |channel_kind, sound| KindSound { channel_kind, sound };
    let wanted = NotificationSettings {
        in_app_toaster: false,
        system_notifications: true,
        sound: false,
        default_sound: Sound::Hum,
        sounds: vec![own(Some(ChannelKind::Whatsapp), Sound::Bell), own(None, Sound::Knock)],
        previews: false,
    };
    phone.core.set_notification_settings(wanted.clone()).await.unwrap();
    assert_eq!(told.recv().await, Some(DeskPart::Notifications));
    assert_eq!(phone.core.notification_settings().unwrap(), wanted);
    drop((kept, phone));

    let phone = Phone::open(dir.path());
    assert_eq!(phone.core.notification_settings().unwrap(), wanted);
    // Of two for one kind the last one holds, and a kind can go back to the default.
    let twice = vec![own(None, Sound::Ping), own(None, Sound::Bell)];
    set(&phone.core, |settings| settings.sounds = twice).await;
    assert_eq!(phone.core.notification_settings().unwrap().sounds, [own(None, Sound::Bell)]);
    for &sound in Sound::ALL {
        assert_eq!(Sound::from_name(sound.as_str()), Some(sound));
    }
}

#[tokio::test]
async fn f47_f53_what_happens_now_is_told_once_and_what_happened_before_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, mut server, mut connection) = phone(dir.path()).await;
    let mut heard = Heard::of(&phone.core);

    // A customer in one of my chats.
    connection.event(1, &added(inbound(1, 2, "where is\n\n my   order?"))).await;
    let told = heard.next().await;
    assert_eq!((told.chat, told.kind), (chat_id(1), NotificationKind::Message));
    assert_eq!(told.message, Some(inbound(1, 2, "").id));
    assert_eq!((told.title.as_deref(), told.body.as_deref()), (Some("Contact 1"), Some("where is my order?")));
    assert_eq!((told.channel_kind, told.sound), (Some(ChannelKind::LiveChat), Some(Sound::Chime)));
    assert!(told.in_app && told.system);

    // My own words of another device, a colleague's note without my name, an answer by the server: nothing.
    let own_words = Message { author: Author::User { id: me(), name: "Anna".into() }, ..inbound(1, 3, "mine") };
    connection.event(1, &added(own_words)).await;
    connection.event(1, &added(Message { private: true, ..by_boris(1, 4, "for all") })).await;
    connection.event(1, &added(Message { author: Author::System, ..inbound(1, 5, "we are closed") })).await;
    // By name it is told.
    let called = Message { private: true, mentions: vec![me()], ..by_boris(1, 6, "@Anna look at this") };
    connection.event(1, &added(called)).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.title.as_deref()), (NotificationKind::Mention, Some("Contact 1")));
    assert_eq!(told.body.as_deref(), Some("Boris: @Anna look at this"));

    // Among staff: a group by its name, a colleague by theirs, whose first words open the chat.
    connection.event(3, &added(by_boris(3, 2, "who is on tonight?"))).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.title.as_deref()), (NotificationKind::Staff, Some("Night shift")));
    assert_eq!((told.body.as_deref(), told.channel_kind), (Some("Boris: who is on tonight?"), None));
    let opened_direct =
        OpenedInternal { internal: direct(), messages: vec![by_boris(4, 1, "got a minute?")], more: false };
    connection.event_of(direct().id, &EventBody::InternalOpened(opened_direct), None).await;
    let told = heard.next().await;
    assert_eq!((told.chat, told.title.as_deref()), (direct().id, Some("Boris")));
    assert_eq!((told.kind, told.body.as_deref()), (NotificationKind::Staff, Some("got a minute?")));

    // A chat is passed on to me: once, whatever it brings.
    let activity = Activity::Transferred { to: TransferTarget::User(me()), name: "Anna".into() };
    let passed = Message { activity: Some(activity), ..by_boris(5, 2, "") };
    let given = OpenedChat { chat: mine(5), messages: vec![inbound(5, 1, "help"), passed], more: false };
    connection.event(5, &EventBody::ChatOpened(given)).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.chat, told.body.as_deref()), (NotificationKind::Transferred, chat_id(5), Some("help")));

    // My own take on another device is no news.
    let taken = Message {
        activity: Some(Activity::Taken),
        author: Author::User { id: me(), name: "Anna".into() },
        ..inbound(6, 2, "")
    };
    let taken = OpenedChat { chat: mine(6), messages: vec![inbound(6, 1, "hi"), taken], more: false };
    connection.event(6, &EventBody::ChatOpened(taken)).await;
    // What was read meanwhile is none either: both come together.
    let read = EventBody::UserChat(UserChat { read_upto: 7, ..UserChat::default() });
    let frames = [(1, added(inbound(1, 7, "read on the other phone"))), (1, read)];
    connection.events_together(&frames).await;

    // What happened while the phone was away.
    connection.close().await;
    phone.core.wake();
    let mut connection = server.accept().await;
    let hello = connection.hello().await;
    connection.seq = hello.cursor;
    connection.welcome(CatchUp::Replay, hello.cursor + 1).await;
    connection.event(1, &added(inbound(1, 8, "in the night"))).await;
    connection.live().await;
    phone.online().await;
    connection.event(1, &added(inbound(1, 9, "in the morning"))).await;
    assert_eq!(heard.next().await.body.as_deref(), Some("in the morning"));
    assert!(heard.told.try_recv().is_err());
}

#[tokio::test]
async fn f53_an_offered_chat_is_heard_once_until_it_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, mut connection) = phone(dir.path()).await;
    let mut heard = Heard::of(&phone.core);
    connection.event(7, &EventBody::ChatOpened(opened(7, &["anybody?"]))).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.body.as_deref()), (NotificationKind::Offered, Some("anybody?")));
    assert_eq!((told.title.as_deref(), told.sound), (Some("Contact 7"), Some(Sound::Chime)));
    for no in 2..4 {
        connection.event(7, &added(inbound(7, no, "hello?"))).await;
        let told = heard.next().await;
        assert_eq!((told.kind, told.sound, told.in_app), (NotificationKind::Offered, None, true));
    }
    // Asked about by its id it is silent too; the first one was not.
    let look = |no| phone.core.notification(chat_id(7), Some(inbound(7, no, "").id)).unwrap().unwrap();
    assert_eq!((look(1).sound, look(2).sound), (Some(Sound::Chime), None));
    // Without toasts there is nothing to tell of what is silent.
    set(&phone.core, |settings| (settings.in_app_toaster, settings.system_notifications) = (false, false)).await;
    connection.event(7, &added(inbound(7, 4, "hello??"))).await;
    // What comes behind it is told after it was looked at.
    let called = Message { private: true, mentions: vec![me()], ..by_boris(7, 5, "@Anna can you?") };
    connection.event(7, &added(called)).await;
    assert_eq!(heard.next().await.kind, NotificationKind::Mention);
    // Taken, and given back: it waits anew.
    set(&phone.core, |settings| settings.in_app_toaster = true).await;
    let anew = Chat { owner_epoch: 2, rev: 3, waiting_since: Some(NOW + 60_000), ..chat(7, 1) };
    connection.event(7, &EventBody::Chat(anew)).await;
    let message = Message { sent_at: NOW + 61_000, ..inbound(7, 6, "still there?") };
    connection.event(7, &added(message)).await;
    let told = heard.next().await;
    assert_eq!((told.body.as_deref(), told.sound), (Some("still there?"), Some(Sound::Chime)));
}

#[tokio::test]
async fn f52_off_shift_silences_all_but_mentions() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, mut connection) = phone(dir.path()).await;
    let mut heard = Heard::of(&phone.core);
    // It counts here at once, without the server's word.
    phone.core.set_presence(Presence::OffShift, false).await.unwrap();
    connection.event(1, &added(inbound(1, 2, "hello?"))).await;
    connection.event(2, &added(inbound(2, 2, "hello?"))).await;
    connection.event(3, &added(by_boris(3, 2, "hello?"))).await;
    connection.event(3, &added(Message { mentions: vec![me()], ..by_boris(3, 3, "@Anna, an emergency") })).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.chat), (NotificationKind::Mention, chat_id(3)));
    assert_eq!(phone.core.notification(chat_id(1), Some(inbound(1, 2, "").id)).unwrap(), None);
    phone.core.set_presence(Presence::Away, false).await.unwrap();
    assert!(phone.core.notification(chat_id(1), Some(inbound(1, 2, "").id)).unwrap().is_some());
    assert!(heard.told.try_recv().is_err());
}

#[tokio::test]
async fn f47_f48_f49_f50_a_notification_looks_and_sounds_as_it_is_set() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, _connection) = phone(dir.path()).await;
    let core = &phone.core;
    let look = |n: u8| core.notification(chat_id(n), Some(inbound(n, 1, "").id)).unwrap();
    let full = look(1).unwrap();
    assert_eq!((full.title.as_deref(), full.body.as_deref()), (Some("Contact 1"), Some("hello")));
    set(core, |settings| settings.previews = false).await;
    let hidden = look(1).unwrap();
    assert_eq!((hidden.title, hidden.body, hidden.message), (None, None, full.message));
    set(core, |settings| {
        settings.in_app_toaster = false;
        settings.sounds = vec![KindSound { channel_kind: Some(ChannelKind::LiveChat), sound: Sound::Bell }];
    })
    .await;
    let bell = look(1).unwrap();
    assert_eq!((bell.in_app, bell.system, bell.sound), (false, true, Some(Sound::Bell)));
    assert_eq!(look(3).unwrap().sound, Some(Sound::Chime), "a staff chat has the default");
    set(core, |settings| settings.sound = false).await;
    assert_eq!(look(1).unwrap().sound, None);
    set(core, |settings| settings.system_notifications = false).await;
    assert_eq!(look(1), None);
    // The chat as such: offered, or mine already.
    set(core, |settings| *settings = NotificationSettings::default()).await;
    let offered = core.notification(chat_id(2), None).unwrap().unwrap();
    assert_eq!((offered.kind, offered.body.as_deref()), (NotificationKind::Offered, Some("anybody there?")));
    // Nothing of a chat or message that is not here, and nothing that was read.
    assert_eq!(core.notification(chat_id(9), None).unwrap(), None);
    assert_eq!(core.notification(chat_id(1), Some(MessageId::from_bytes([9; 16]))).unwrap(), None);
    core.mark_read(chat_id(1), 1).await.unwrap();
    assert_eq!(look(1), None);
}

#[tokio::test]
async fn f68_f6_what_was_put_away_is_not_told() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = phone(dir.path()).await;
    let id = inbound(1, 1, "").id;
    assert!(phone.core.notification(chat_id(1), Some(id)).unwrap().is_some());
    let until = phone.core.server_now() + 3_600_000;
    phone.core.snooze(chat_id(1), Some(until)).await.unwrap();
    assert_eq!(phone.core.notification(chat_id(1), Some(id)).unwrap(), None);
    phone.core.ignore(chat_id(2)).await.unwrap();
    assert_eq!(phone.core.notification(chat_id(2), None).unwrap(), None);
    // The customer writes: it is back, and told.
    let mut heard = Heard::of(&phone.core);
    connection.event(1, &added(inbound(1, 2, "now I need it"))).await;
    assert_eq!(heard.next().await.chat, chat_id(1));
    phone.until("it is back", |core| core.notification(chat_id(1), Some(id)).unwrap().is_some()).await;
}

#[tokio::test]
async fn f53_f54_a_text_that_cannot_be_sent_is_told_with_its_words() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, mut connection) = phone(dir.path()).await;
    let mut heard = Heard::of(&phone.core);
    let refused: CommandId = phone.core.reply(chat_id(1), "I will look into it").await.unwrap().into();
    let command = connection.command().await;
    assert_eq!(command.id, refused);
    connection.answer(refused, CommandStatus::Conflict, Some(ErrorCode::Taken), None).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.message), (NotificationKind::Failed, Some(refused.into())));
    assert_eq!((told.title.as_deref(), told.body.as_deref()), (Some("Contact 1"), Some("I will look into it")));
    let again = phone.core.notification(chat_id(1), Some(refused.into())).unwrap().unwrap();
    assert_eq!(again, told);
    // A chat that leaves with a text that waits.
    phone.core.reply(chat_id(2), "on my way").await.unwrap();
    connection.command().await;
    phone.core.reply(chat_id(2), "in five minutes").await.unwrap();
    connection.event(2, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.body.as_deref()), (NotificationKind::Failed, Some("in five minutes")));
    assert_eq!(told.title.as_deref(), Some("Contact 2"));
}

#[tokio::test]
async fn f3_a_chat_that_the_route_gives_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, mut connection) = phone(dir.path()).await;
    let mut heard = Heard::of(&phone.core);
    // A customer comes back to a chat that I still read, and the route gives it to me: two lines, one thing.
    let closed = Chat { state: ChatState::Closed, waiting_since: None, ..chat(8, 1) };
    connection.event(8, &EventBody::ChatOpened(OpenedChat { chat: closed, ..opened(8, &["thanks"]) })).await;
    let back = MessageAdded {
        message: inbound(8, 2, "one more thing"),
        chat: Some(Chat { rev: 2, ..mine(8) }),
        internal: None,
    };
    let assigned = Activity::Assigned { user: me(), name: "Anna".into() };
    let assigned = Message { activity: Some(assigned), author: Author::System, ..inbound(8, 3, "") };
    connection.events_together(&[(8, EventBody::Message(back)), (8, added(assigned))]).await;
    let told = heard.next().await;
    assert_eq!((told.kind, told.body.as_deref()), (NotificationKind::Transferred, Some("one more thing")));
    connection.event(8, &added(inbound(8, 4, "and another"))).await;
    assert_eq!(heard.next().await.body.as_deref(), Some("and another"));
}
