//! One JSON file per frame kind and protocol version. A difference here is a change of the protocol: if it is meant,
//! `UPDATE_GOLDEN=1 cargo test -p switchboard-protocol` writes the files anew, and review sees what changed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::RawValue;
use switchboard_protocol::block::{BlockRow, Sharing};
use switchboard_protocol::chat::{
    ChannelKind, Chat, ChatState, InternalChat, OpenedChat, OpenedInternal, PassedOn, UserChat, Visit,
};
use switchboard_protocol::collection::*;
use switchboard_protocol::command::*;
use switchboard_protocol::contact::{Contact, HistoryEntry, HistoryPage, Identity, IdentityKind};
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded, StatusRaised};
use switchboard_protocol::frame::*;
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::*;
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::message::{Activity, Author, Message, MessageStatus, Named, ReleaseReason};
use switchboard_protocol::template::{Template, TemplateEdit};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::widget::*;
use switchboard_protocol::{ClientFrame, ErrorCode, FrameError, ServerFrame};

const NOW: i64 = 1_790_000_000_000;
const TOKEN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn bytes(n: u8) -> [u8; 16] {
    [0x01, 0x98, 0xc0, 0xde, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n]
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn chat_id() -> ChatId {
    ChatId::from_bytes(bytes(1))
}

fn chat() -> Chat {
    Chat {
        id: chat_id(),
        rev: 3,
        channel: ChannelId::from_bytes(bytes(2)),
        channel_kind: ChannelKind::LiveChat,
        queue: Some(QueueId::from_bytes(bytes(3))),
        group: None,
        contact: Contact {
            id: ContactId::from_bytes(bytes(4)),
            name: Some("Мария".into()),
            email: Some("maria@example.com".into()),
            phone: None,
            known: true,
        },
        state: ChatState::Owned,
        owner: Some(UserId::from_bytes(bytes(5))),
        owner_epoch: 1,
        waiting_since: None,
        session: 2,
        labels: vec![LabelId::from_bytes(bytes(16))],
        visit: Some(Visit {
            page: Some("https://shop.example/blue".into()),
            referrer: Some("https://search.example/".into()),
            browser: Some("Firefox 132, Windows".into()),
            address: Some("203.0.113.7".into()),
        }),
    }
}

fn inbound() -> Message {
    Message {
        id: MessageId::from_bytes(bytes(6)),
        no: 1,
        author: Author::Contact,
        text: "Is the blue one in stock?\nСпасибо!".into(),
        private: false,
        mentions: Vec::new(),
        activity: None,
        sent_at: NOW,
        status: MessageStatus::Delivered,
    }
}

fn outbound() -> Message {
    Message {
        id: MessageId::from_bytes(bytes(7)),
        no: 2,
        author: Author::User { id: UserId::from_bytes(bytes(5)), name: "Anna".into() },
        text: "Yes, two left.".into(),
        private: false,
        mentions: Vec::new(),
        activity: None,
        sent_at: NOW + 5_000,
        status: MessageStatus::Sent,
    }
}

fn note() -> Message {
    let mentions = vec![UserId::from_bytes(bytes(5))];
    Message { no: 3, text: "@Anna, she is waiting for the invoice.".into(), private: true, mentions, ..outbound() }
}

fn activity(activity: Activity) -> Message {
    Message { no: 4, author: Author::System, text: String::new(), activity: Some(activity), ..outbound() }
}

fn activities() -> Vec<Activity> {
    let (user, name) = (UserId::from_bytes(bytes(5)), "Anna".to_owned());
    let anna = Named { id: user, name: name.clone() };
    vec![
        Activity::Taken,
        Activity::Assigned { user, name: name.clone() },
        Activity::Transferred { to: TransferTarget::Queue(QueueId::from_bytes(bytes(3))), name: "Repairs".into() },
        Activity::Returned { user: Some(user), name: Some(name) },
        Activity::Released { reason: ReleaseReason::Unanswered },
        Activity::DealtWith,
        Activity::Ended,
        Activity::Blocked,
        Activity::Rated { stars: 5, comment: Some("Quick!".into()) },
        Activity::GroupCreated { name: "Night shift".into() },
        Activity::GroupRenamed { name: "Day shift".into() },
        Activity::MembersAdded { members: vec![anna.clone()] },
        Activity::MemberRemoved { member: anna },
        Activity::MemberLeft,
    ]
}

fn passed_on() -> PassedOn {
    PassedOn {
        chat: ChatId::from_bytes(bytes(12)),
        channel_kind: ChannelKind::LiveChat,
        contact_name: Some("Tom".into()),
        to: TransferTarget::User(UserId::from_bytes(bytes(5))),
        to_name: "Anna".into(),
        at: NOW,
    }
}

fn hours() -> WeekHours {
    WeekHours {
        zone: "Europe/Berlin".into(),
        intervals: vec![Interval { day: 1, from: 540, to: 1080 }, Interval { day: 5, from: 1320, to: 120 }],
        holidays: vec!["2026-12-25".into()],
    }
}

fn command(body: &CommandBody) -> CommandFrame {
    CommandFrame {
        id: CommandId::from_bytes(bytes(7)),
        kind: body.kind().into(),
        chat: body.is_about_chat().then(chat_id),
        owner_epoch: body.is_about_chat().then_some(0),
        seen: body.is_about_chat().then_some(1),
        ask: false,
        body: body.to_json().unwrap().as_deref().map(raw),
    }
}

fn internal() -> InternalChat {
    InternalChat {
        id: chat_id(),
        rev: 3,
        name: Some("Night shift".into()),
        members: vec![UserId::from_bytes(bytes(5)), UserId::from_bytes(bytes(17))],
    }
}

fn said() -> Message {
    Message { mentions: vec![UserId::from_bytes(bytes(17))], text: "@Boris, the key is here.".into(), ..outbound() }
}

fn template() -> Template {
    Template {
        group: Some(GroupId::from_bytes(bytes(13))),
        category: Some("Orders".into()),
        language: Some("en".into()),
        title: "Where is it".into(),
        text: "Hello {{contact.first_name}}, it left us today.".into(),
        keywords: "order parcel".into(),
    }
}

fn client_frames() -> Vec<(String, ClientFrame)> {
    let plain = [
        ClientFrame::Hello(Hello {
            v: PROTOCOL_VERSION,
            device: DeviceId::from_bytes(bytes(8)),
            token: TOKEN.into(),
            feed_id: Some(FeedId::from_bytes(bytes(9))),
            cursor: 41,
        }),
        ClientFrame::Ack(Ack { cursor: 42 }),
        ClientFrame::Fetch(Fetch { req: 1, chat: chat_id(), before: 51, n: 50 }),
        ClientFrame::Pull(Pull { req: 2, collection: Collection::Users, rev: 7 }),
        ClientFrame::Ephemeral(Typing { chat: chat_id(), typing: true }),
        ClientFrame::Ping(Empty {}),
    ];
    let commands = [
        CommandBody::Reply(Reply { text: "Yes, two left.".into() }),
        CommandBody::Take,
        CommandBody::Read(Read { upto: 1 }),
        CommandBody::Transfer(Transfer {
            to: TransferTarget::User(UserId::from_bytes(bytes(5))),
            note: Some("She is waiting for the invoice.".into()),
        }),
        CommandBody::DealtWith,
        CommandBody::End,
        CommandBody::Block,
        CommandBody::Archive,
        CommandBody::Unarchive,
        CommandBody::Ignore,
        CommandBody::Snooze(Snooze { until: Some(NOW) }),
        CommandBody::Delete,
        CommandBody::AddContact(AddContact {
            name: "Мария".into(),
            email: Some("maria@example.com".into()),
            phone: Some("+49 30 1234567".into()),
        }),
        CommandBody::Note(Say { text: "@Anna, she waits.".into(), mentions: vec![UserId::from_bytes(bytes(5))] }),
        CommandBody::NoteToOwner(NoteToOwner { text: "Yes, two left.".into() }),
        CommandBody::LabelChat(LabelChat { label: LabelId::from_bytes(bytes(16)), on: true }),
        CommandBody::Say(Say { text: "The key is here.".into(), mentions: Vec::new() }),
        CommandBody::OpenDirect(OpenDirect { user: UserId::from_bytes(bytes(17)) }),
        CommandBody::CreateGroup(CreateGroup {
            name: "Night shift".into(),
            members: vec![UserId::from_bytes(bytes(17))],
        }),
        CommandBody::RenameGroup(RenameGroup { name: "Day shift".into() }),
        CommandBody::AddMembers(AddMembers { members: vec![UserId::from_bytes(bytes(17))] }),
        CommandBody::RemoveMember(RemoveMember { member: UserId::from_bytes(bytes(17)) }),
        CommandBody::Leave,
        CommandBody::Presence(SetPresence { presence: Presence::OffShift, release: true }),
        CommandBody::Schedule(SetSchedule { schedule: Some(hours()) }),
        CommandBody::QueueLogin(QueueLogin { queue: QueueId::from_bytes(bytes(3)), logged_in: true }),
        CommandBody::EditContact(EditContact {
            contact: ContactId::from_bytes(bytes(4)),
            name: Some("Мария".into()),
            email: Some(String::new()),
            phone: None,
        }),
        CommandBody::LabelContact(LabelContact {
            contact: ContactId::from_bytes(bytes(4)),
            label: LabelId::from_bytes(bytes(16)),
            on: false,
        }),
        CommandBody::AddContactNote(AddContactNote {
            contact: ContactId::from_bytes(bytes(4)),
            text: "Prefers to be called.".into(),
        }),
        CommandBody::DeleteContactNote(DeleteContactNote { note: NoteId::from_bytes(bytes(18)) }),
        CommandBody::MergeContacts(MergeContacts {
            kept: ContactId::from_bytes(bytes(4)),
            merged: ContactId::from_bytes(bytes(19)),
        }),
        CommandBody::PartContact(PartContact { contact: ContactId::from_bytes(bytes(19)) }),
        CommandBody::SaveLabel(SaveLabel {
            label: LabelId::from_bytes(bytes(16)),
            name: "urgent".into(),
            color: "#c81e1e".into(),
            company: true,
        }),
        CommandBody::DeleteLabel(DeleteLabel { label: LabelId::from_bytes(bytes(16)) }),
    ];
    let kinds: Vec<_> = commands.iter().map(CommandBody::kind).collect();
    assert_eq!(kinds, CommandBody::KINDS);
    let commands =
        commands.iter().map(|body| (format!("command_{}", body.kind()), ClientFrame::Command(command(body))));
    plain.into_iter().map(|frame| (frame.kind().to_owned(), frame)).chain(commands).collect()
}

fn event_bodies() -> Vec<EventBody> {
    vec![
        EventBody::ChatOpened(OpenedChat { chat: chat(), messages: vec![inbound()], more: false }),
        EventBody::InternalOpened(OpenedInternal { internal: internal(), messages: vec![said()], more: true }),
        EventBody::Message(MessageAdded { message: outbound(), chat: Some(chat()), internal: None }),
        EventBody::Status(StatusRaised { outbound: true, from: 2, upto: 2, status: MessageStatus::Read }),
        EventBody::Chat(chat()),
        EventBody::UserChat(UserChat { read_upto: 2, archived: true, ignored: false, snoozed_until: Some(NOW) }),
        EventBody::Gone(Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on()) }),
    ]
}

fn user_row() -> UserRow {
    UserRow {
        id: UserId::from_bytes(bytes(5)),
        name: "Anna".into(),
        role: Role::User,
        disabled: false,
        group: GroupId::from_bytes(bytes(13)),
        extension: Some("101".into()),
        presence: Presence::Away,
        schedule: Some(hours()),
    }
}

fn server_frames() -> Vec<(String, ServerFrame)> {
    let user_row = serde_json::to_string(&user_row()).unwrap();
    let plain = [
        ServerFrame::Welcome(Welcome {
            feed_id: FeedId::from_bytes(bytes(9)),
            user: UserId::from_bytes(bytes(5)),
            head: 42,
            revs: [("users".to_owned(), 7), ("queues".to_owned(), 1), ("channels".to_owned(), 1)].into(),
            mode: CatchUp::Replay,
            heartbeat_ms: 30_000,
            now: NOW,
        }),
        ServerFrame::Live(Live { seq: 42 }),
        ServerFrame::SnapshotBegin(SnapshotBegin { as_of: 42 }),
        ServerFrame::SnapshotPart(SnapshotPart {
            chats: vec![SnapshotChat {
                opened: OpenedChat { chat: chat(), messages: vec![inbound(), outbound(), note()], more: false },
                me: UserChat { read_upto: 2, ..UserChat::default() },
            }],
            internal: vec![SnapshotInternal {
                opened: OpenedInternal { internal: internal(), messages: vec![said()], more: false },
                me: UserChat { read_upto: 2, ..UserChat::default() },
            }],
            passed_on: vec![passed_on()],
        }),
        ServerFrame::SnapshotEnd(SnapshotEnd { cursor: 42 }),
        ServerFrame::Page(Page { req: 1, chat: chat_id(), messages: vec![inbound()], more: false }),
        ServerFrame::Rows(Rows {
            req: 2,
            collection: Collection::Users,
            rev: 8,
            rows: vec![
                CollectionRow { id: uuid::Uuid::from_bytes(bytes(5)), row: Some(raw(&user_row)) },
                CollectionRow { id: uuid::Uuid::from_bytes(bytes(10)), row: None },
            ],
            more: true,
        }),
        ServerFrame::Error(RequestError { req: 1, code: ErrorCode::NotFound }),
        ServerFrame::Changed(Changed { collection: "users".into(), rev: 8 }),
        ServerFrame::Ephemeral(PeerTyping { chat: chat_id(), user: Some(UserId::from_bytes(bytes(5))), typing: true }),
        ServerFrame::Result(CommandResult {
            id: CommandId::from_bytes(bytes(7)),
            status: CommandStatus::Conflict,
            seq: None,
            code: Some(ErrorCode::Taken),
            owner: Some(UserId::from_bytes(bytes(5))),
            owner_epoch: Some(1),
        }),
        ServerFrame::Bye(Bye { code: ErrorCode::ShuttingDown, retry_ms: 1_200 }),
        ServerFrame::Pong(Empty {}),
    ];
    let event = |kind: &str, rev, chat, body| {
        let frame = ServerFrame::Event(Event { seq: 42, kind: kind.into(), chat, rev, body, command: None });
        (format!("event_{kind}"), frame)
    };
    let events = event_bodies().into_iter().map(|body| {
        let json = raw(&body.to_json().unwrap());
        event(body.kind(), 3, Some(chat_id()), Some(json))
    });
    let plain = plain.into_iter().map(|frame| (frame.kind().to_owned(), frame));
    plain.chain(events).chain([event(Event::SKIP, 0, None, None)]).collect()
}

fn widget_client_frames() -> Vec<WidgetClientFrame> {
    vec![
        WidgetClientFrame::Hello(WidgetHello {
            v: PROTOCOL_VERSION,
            channel: "shop".into(),
            token: Some(TOKEN.into()),
            feed_id: Some(FeedId::from_bytes(bytes(9))),
            after: 1,
            page: Some("https://shop.example/blue".into()),
            referrer: Some("https://search.example/".into()),
        }),
        WidgetClientFrame::Send(WidgetSend {
            id: MessageId::from_bytes(bytes(6)),
            text: "Is the blue one in stock?".into(),
            name: Some("Мария".into()),
            email: None,
        }),
        WidgetClientFrame::Typing(WidgetTyping { name: None, typing: true }),
        WidgetClientFrame::Delivered(Upto { upto: 2 }),
        WidgetClientFrame::Read(Upto { upto: 2 }),
        WidgetClientFrame::Rate(WidgetRate {
            id: MessageId::from_bytes(bytes(14)),
            stars: 5,
            comment: Some("Quick!".into()),
        }),
        WidgetClientFrame::Ping(Empty {}),
    ]
}

fn widget_server_frames() -> Vec<WidgetServerFrame> {
    vec![
        WidgetServerFrame::Welcome(WidgetWelcome {
            feed_id: FeedId::from_bytes(bytes(9)),
            visitor: VisitorId::from_bytes(bytes(11)),
            token: None,
            config: WidgetConfig {
                title: "Blue Shop".into(),
                greeting: "Hello! How can we help?".into(),
                pre_chat: PreChat::NameAndEmail,
                consent: "We keep this chat for 90 days.".into(),
                color: "#0a6cff".into(),
                offline_form: true,
                offline_text: "We are back on Monday.".into(),
                rating: true,
            },
            known: true,
            has_email: true,
            hours: WidgetHours { open: true, changes_at: Some(NOW + 3_600_000) },
            last_no: 2,
            read_upto: 1,
            heartbeat_ms: 25_000,
            now: NOW,
        }),
        WidgetServerFrame::Message(WidgetMessage {
            no: 2,
            id: MessageId::from_bytes(bytes(7)),
            author: WidgetAuthor::Operator { name: "Anna".into() },
            text: "Yes, two left.".into(),
            event: None,
            sent_at: NOW,
            status: MessageStatus::Sent,
        }),
        WidgetServerFrame::Accepted(WidgetAccepted { id: MessageId::from_bytes(bytes(6)), no: 1, sent_at: NOW }),
        WidgetServerFrame::Refused(WidgetRefused { id: MessageId::from_bytes(bytes(6)), code: ErrorCode::TextTooLong }),
        WidgetServerFrame::Status(WidgetStatus { outbound: false, from: 1, upto: 1, status: MessageStatus::Read }),
        WidgetServerFrame::Typing(WidgetTyping { name: Some("Anna".into()), typing: true }),
        WidgetServerFrame::Bye(Bye { code: ErrorCode::SlowDown, retry_ms: 10_000 }),
        WidgetServerFrame::Pong(Empty {}),
    ]
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("v{PROTOCOL_VERSION}"))
}

/// Compares with the golden file, and what reading the file gives with what was written.
fn check(direction: &str, name: &str, json: &str, read: impl Fn(&str) -> String) {
    let path = folder().join(direction).join(format!("{name}.json"));
    let value: Value = serde_json::from_str(json).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&value).unwrap())).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(serde_json::from_str::<Value>(&golden).unwrap(), value, "{direction}/{name} is not its golden file");
    let again: Value = serde_json::from_str(&read(&golden)).unwrap();
    assert_eq!(again, value, "{direction}/{name} loses something on reading");
}

/// Every frame type of an enum has a golden file, and no file is without its frame.
fn check_complete(direction: &str, names: Vec<String>, types: &[&str]) {
    for kind in types {
        let has = names.iter().any(|name| name == kind || name.starts_with(&format!("{kind}_")));
        assert!(has, "{direction}: no golden file for {kind}");
    }
    let files = std::fs::read_dir(folder().join(direction)).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, names.iter().map(|name| format!("{name}.json")).collect());
}

#[test]
fn every_client_frame_has_its_golden_file() {
    let frames = client_frames();
    for (name, frame) in &frames {
        check("client", name, &frame.to_json().unwrap(), |text| ClientFrame::parse(text).unwrap().to_json().unwrap());
        if let ClientFrame::Command(command) = frame {
            let body = CommandBody::parse(command).unwrap().unwrap();
            assert_eq!(body.to_json().unwrap().as_deref(), command.body.as_deref().map(RawValue::get));
        }
    }
    check_complete("client", frames.into_iter().map(|(name, _)| name).collect(), ClientFrame::TYPES);
}

#[test]
fn every_server_frame_has_its_golden_file() {
    let frames = server_frames();
    for (name, frame) in &frames {
        check("server", name, &frame.to_json().unwrap(), |text| ServerFrame::parse(text).unwrap().to_json().unwrap());
    }
    for body in event_bodies() {
        assert_eq!(EventBody::parse(body.kind(), &body.to_json().unwrap()).unwrap(), Some(body));
    }
    check_complete("server", frames.into_iter().map(|(name, _)| name).collect(), ServerFrame::TYPES);
}

#[test]
fn f61_every_widget_frame_has_its_golden_file() {
    let mut names = Vec::new();
    for frame in widget_client_frames() {
        let read = |text: &str| WidgetClientFrame::parse(text).unwrap().to_json().unwrap();
        check("widget_client", frame.kind(), &frame.to_json().unwrap(), read);
        names.push(frame.kind().to_owned());
    }
    check_complete("widget_client", std::mem::take(&mut names), WidgetClientFrame::TYPES);
    for frame in widget_server_frames() {
        let read = |text: &str| WidgetServerFrame::parse(text).unwrap().to_json().unwrap();
        check("widget_server", frame.kind(), &frame.to_json().unwrap(), read);
        names.push(frame.kind().to_owned());
    }
    check_complete("widget_server", names, WidgetServerFrame::TYPES);
}

/// What stands inside of frames and bodies, a file each.
#[test]
fn every_part_has_its_golden_file() {
    fn part<T: serde::Serialize + serde::de::DeserializeOwned>(names: &mut Vec<String>, name: &str, value: &T) {
        let json = serde_json::to_string(value).unwrap();
        check("parts", name, &json, |text| serde_json::to_string(&serde_json::from_str::<T>(text).unwrap()).unwrap());
        names.push(name.to_owned());
    }
    let names = &mut Vec::new();
    for it in activities() {
        let message = activity(it);
        let value = serde_json::to_value(&message).unwrap();
        let kind = value.pointer("/activity/kind").and_then(Value::as_str).unwrap().to_owned();
        part(names, &format!("activity_{kind}"), &message);
    }
    let author = WidgetAuthor::System;
    let events = [
        ("joined", WidgetEvent::Joined { name: "Anna".into() }),
        ("passed_on", WidgetEvent::PassedOn { name: None }),
        ("ended", WidgetEvent::Ended),
        ("rated", WidgetEvent::Rated { stars: 5 }),
    ];
    for (name, event) in events {
        let message = WidgetMessage {
            no: 3,
            id: MessageId::from_bytes(bytes(7)),
            author: author.clone(),
            text: String::new(),
            event: Some(event),
            sent_at: NOW,
            status: MessageStatus::Sent,
        };
        part(names, &format!("widget_event_{name}"), &message);
    }
    part(names, "row_user", &user_row());
    part(names, "row_group", &GroupRow { id: GroupId::from_bytes(bytes(13)), name: "Sales".into() });
    let queue = QueueRow {
        id: QueueId::from_bytes(bytes(3)),
        name: "Repairs".into(),
        member: true,
        logged_in: true,
        take_first: false,
    };
    part(names, "row_queue", &queue);
    let channel = ChannelRow { id: ChannelId::from_bytes(bytes(2)), name: "Shop".into(), kind: ChannelKind::LiveChat };
    part(names, "row_channel", &channel);
    let alarm = AlarmRow {
        chat: chat_id(),
        kind: AlarmKind::Unattended,
        channel: ChannelId::from_bytes(bytes(2)),
        queue: Some(QueueId::from_bytes(bytes(3))),
        since: NOW,
    };
    part(names, "row_alarm", &alarm);
    let block = BlockRow {
        id: BlockId::from_bytes(bytes(15)),
        address: "2001:db8::/64".into(),
        visitors: 3,
        chat: chat_id(),
        channel: ChannelId::from_bytes(bytes(2)),
        by: UserId::from_bytes(bytes(5)),
        created_at: NOW,
        expires_at: NOW + 86_400_000,
    };
    part(names, "block", &block);
    part(names, "sharing", &Sharing { visitors: 3 });
    let added = EventBody::Message(MessageAdded { message: said(), chat: None, internal: Some(internal()) });
    part(names, "message_internal", &serde_json::from_str::<Value>(&added.to_json().unwrap()).unwrap());
    part(
        names,
        "row_template",
        &TemplateRow { id: TemplateId::from_bytes(bytes(20)), edition: 2, template: template() },
    );
    part(names, "template_edit", &TemplateEdit { edition: Some(2), template: template() });
    let label = LabelRow {
        id: LabelId::from_bytes(bytes(16)),
        name: "urgent".into(),
        color: "#c81e1e".into(),
        group: Some(GroupId::from_bytes(bytes(13))),
    };
    part(names, "row_label", &label);
    let contact = ContactRow {
        id: ContactId::from_bytes(bytes(4)),
        name: Some("Мария".into()),
        email: Some("maria@example.com".into()),
        phone: Some("+49 30 1234567".into()),
        identities: vec![Identity { kind: IdentityKind::Whatsapp, value: "+49301234567".into() }],
        labels: vec![LabelId::from_bytes(bytes(16))],
        merged: vec![MergedContact { id: ContactId::from_bytes(bytes(19)), name: Some("Maria L.".into()) }],
    };
    part(names, "row_contact", &contact);
    let contact_note = ContactNoteRow {
        id: NoteId::from_bytes(bytes(18)),
        contact: ContactId::from_bytes(bytes(4)),
        author: UserId::from_bytes(bytes(5)),
        author_name: "Anna".into(),
        text: "Prefers to be called.".into(),
        at: NOW,
    };
    part(names, "row_contact_note", &contact_note);
    let history = HistoryPage {
        entries: vec![HistoryEntry {
            chat: chat_id(),
            channel_kind: ChannelKind::LiveChat,
            channel: "Shop".into(),
            department: Some("Repairs".into()),
            at: NOW,
            message: inbound(),
        }],
        next: Some("1790000000000-6".into()),
    };
    part(names, "history", &history);
    check_complete("parts", names.clone(), &[]);
    let newer = r#"{"kind":"beamed_up","by":"Scotty"}"#;
    assert_eq!(serde_json::from_str::<Activity>(newer).unwrap(), Activity::Unknown);
}

#[test]
fn unknown_fields_are_ignored_and_unknown_types_told_apart_from_broken_frames() {
    let ack = ClientFrame::parse(r#"{"moon":"full","type":"ack","cursor":3,"nested":{"a":[1,2]}}"#).unwrap();
    assert!(matches!(ack, ClientFrame::Ack(Ack { cursor: 3 })));
    let newer = ClientFrame::parse(r#"{"type":"teleport","to":"moon"}"#).unwrap_err();
    assert_eq!(newer, FrameError::UnknownType("teleport".into()));
    let broken = ["", "[]", "1", "{", r#"{"cursor":3}"#, r#"{"type":"ack"}"#, r#"{"type":"ack","cursor":"3"}"#];
    for text in broken.into_iter().chain([r#"{"type":7}"#]) {
        assert!(matches!(ClientFrame::parse(text), Err(FrameError::Malformed(_))), "{text}");
    }
}

#[test]
fn a_deep_frame_does_not_exhaust_the_stack() {
    let deep = |head: &str| format!("{head}{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
    // Whether a field this deep is refused or skipped does not matter; that the process lives does.
    let _ = ClientFrame::parse(&deep(r#"{"type":"command","body":"#));
    let _ = ClientFrame::parse(&deep(r#"{"type":"ping","ignored":"#));
}

#[test]
fn an_event_and_a_command_of_a_newer_peer_are_none_and_not_an_error() {
    assert_eq!(EventBody::parse("chat_painted", "{}").unwrap(), None);
    let newer = CommandFrame { kind: "paint".into(), ..command(&CommandBody::Take) };
    assert_eq!(CommandBody::parse(&newer).unwrap(), None);
    let broken = CommandFrame { kind: "reply".into(), body: None, ..command(&CommandBody::Take) };
    assert!(CommandBody::parse(&broken).is_err());
}
