//! Chats among staff, notes and mentions through the core's own API, against a server that says what the test tells it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;

use common::*;
use switchboard_core::{
    ActivityKind, ChatId, CommandId, Composer, Core, CoreError, DeliveryState, ErrorCode, InboxFilter, InboxOrder,
    InboxRow, MessageId, MessageKind, MessageStatus, TransferTarget, UnsentReason, UserId,
};
use switchboard_protocol::chat::{Chat, ChatState, InternalChat, OpenedChat, OpenedInternal};
use switchboard_protocol::command::{CommandBody, CommandStatus};
use switchboard_protocol::event::{EventBody, Gone, GoneReason, MessageAdded, StatusRaised};
use switchboard_protocol::message::{Activity, Author, Message, Named};

fn boris() -> UserId {
    UserId::from_bytes([0xBB; 16])
}

fn carla() -> UserId {
    UserId::from_bytes([0xCC; 16])
}

fn dora() -> UserId {
    UserId::from_bytes([0xDD; 16])
}

fn staff() -> Vec<(UserId, &'static str, bool)> {
    vec![(me(), "Anna", false), (boris(), "Boris Berg", false), (carla(), "Carla", false), (dora(), "Dora", true)]
}

fn mine(n: u8) -> OpenedChat {
    let chat = Chat { state: ChatState::Owned, owner: Some(me()), owner_epoch: 1, waiting_since: None, ..chat(n, 1) };
    OpenedChat { chat, ..opened(n, &["hello"]) }
}

/// Signed in, with an own chat, a waiting one, and colleagues.
async fn phone(dir: &Path) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir, &server).await;
    let mut connection = server.accept().await;
    connection.bring_up(vec![mine(1), opened(2, &["hello"])]).await;
    connection.users(&staff()).await;
    phone.until("the colleagues", |core| !core.colleagues("").unwrap().is_empty()).await;
    phone.online().await;
    (phone, server, connection)
}

fn list(core: &Core, filter: InboxFilter) -> Vec<InboxRow> {
    core.inbox(filter, InboxOrder::NewestFirst).unwrap().rows()
}

fn row(core: &Core, chat: ChatId) -> InboxRow {
    core.chat(chat).unwrap().rows().remove(0)
}

fn internal(id: ChatId, rev: u64, name: Option<&str>, members: &[UserId]) -> InternalChat {
    InternalChat { id, rev, name: name.map(str::to_owned), members: members.to_vec() }
}

fn opened_internal(internal: InternalChat, messages: Vec<Message>) -> EventBody {
    EventBody::InternalOpened(OpenedInternal { internal, messages, more: false })
}

fn said(no: u64, by: UserId, name: &str, text: &str) -> Message {
    Message {
        author: Author::User { id: by, name: name.into() },
        status: MessageStatus::Sent,
        ..inbound(by.as_bytes()[0], no, text)
    }
}

fn happened(no: u64, by: UserId, activity: Activity) -> Message {
    Message { activity: Some(activity), ..said(no, by, "Anna", "") }
}

/// With the chat's row.
fn told(message: Message, internal: InternalChat) -> EventBody {
    EventBody::Message(MessageAdded { message, chat: None, internal: Some(internal) })
}

fn texts(core: &Core, chat: ChatId) -> Vec<String> {
    core.timeline(chat, None).unwrap().rows().into_iter().map(|row| row.text).collect()
}

fn rejected<T: std::fmt::Debug>(result: Result<T, CoreError>) -> ErrorCode {
    match result {
        Err(CoreError::Rejected(code)) => code,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn f2_a_direct_chat_is_begun_without_a_network_and_opened_by_what_is_first_said() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, mut server, connection) = phone(dir.path()).await;
    let core = phone.core.clone();
    connection.close().await;
    phone.until("offline", |core| core.connection() != switchboard_core::ConnectionState::Online).await;
    let chat = core.direct_chat(boris()).unwrap();
    assert_eq!(chat, ChatId::direct(boris(), me()));
    assert_eq!(core.direct_chat(boris()).unwrap(), chat);
    assert!(list(&core, InboxFilter::Staff).is_empty(), "nothing was said");
    assert_eq!(row(&core, chat).composer, Composer::Reply);
    core.set_draft(chat, "hi Boris").await.unwrap();

    let id = core.say(chat, "hi Boris", &[]).await.unwrap();
    let second = core.say(chat, "are you there?", &[]).await.unwrap();
    assert_eq!(core.draft(chat).unwrap(), None, "what was in the composer was said");
    let shown = list(&core, InboxFilter::Staff);
    assert_eq!(shown[0].chat, chat);
    assert!(shown[0].at >= NOW, "of now, by the server's clock");
    assert!(list(&core, InboxFilter::All).iter().any(|row| row.chat == chat));
    assert_eq!(shown[0].contact_name.as_deref(), Some("Boris Berg"));
    assert_eq!((shown[0].channel_kind, shown[0].state), (None, ChatState::Internal));
    assert_eq!(shown[0].pending, 2);
    let info = shown[0].internal.clone().unwrap();
    assert_eq!((info.direct_with, info.members), (Some(boris()), 2));
    assert!(info.presence.is_some());

    core.wake();
    let mut connection = server.accept().await;
    // A snapshot that cannot know it leaves it where it is.
    connection.bring_up(vec![mine(1)]).await;
    let open = connection.command().await;
    assert_eq!((open.kind.as_str(), open.chat), ("open_direct", Some(chat)));
    assert!(matches!(CommandBody::parse(&open), Ok(Some(CommandBody::OpenDirect(body))) if body.user == boris()));
    let there = internal(chat, 1, None, &[me(), boris()]);
    connection.event_of(chat, &opened_internal(there, Vec::new()), Some(open.id)).await;
    connection.answer(open.id, CommandStatus::Applied, None, Some(connection.seq)).await;
    for (no, id, text) in [(1, id, "hi Boris"), (2, second, "are you there?")] {
        let say = connection.command().await;
        assert_eq!((say.kind.as_str(), say.id), ("say", CommandId::from(id)));
        let message = Message { id, ..said(no, me(), "Anna", text) };
        connection.event_of(chat, &added(message), Some(say.id)).await;
        connection.answer(say.id, CommandStatus::Applied, None, Some(connection.seq)).await;
    }
    phone.until("both are said", |core| row(core, chat).pending == 0).await;
    assert_eq!(texts(&core, chat), ["hi Boris", "are you there?"]);
    assert_eq!((row(&core, chat).unread, core.badge().unwrap()), (0, 1), "the waiting chats' own are not unread");

    // He answers, it is put away, he writes again.
    connection.event_of(chat, &added(said(3, boris(), "Boris Berg", "yes")), None).await;
    phone.until("his answer", |core| row(core, chat).unread == 1).await;
    assert_eq!(core.badge().unwrap(), 2);
    core.mark_read(chat, 3).await.unwrap();
    assert_eq!((row(&core, chat).unread, core.badge().unwrap()), (0, 1));
    // F57: he has read mine.
    let raised = StatusRaised { outbound: true, from: 1, upto: 2, status: MessageStatus::Read };
    connection.event_of(chat, &EventBody::Status(raised), None).await;
    connection.event_of(chat, &added(said(4, boris(), "Boris Berg", "well?")), None).await;
    phone.until("his next word", |core| row(core, chat).unread == 1).await;
    let states: Vec<_> = core.timeline(chat, None).unwrap().rows().into_iter().map(|row| row.state).collect();
    let (read, sent) = (DeliveryState::Stored(MessageStatus::Read), DeliveryState::Stored(MessageStatus::Sent));
    assert_eq!(states, [read, read, sent, sent]);
}

#[tokio::test]
async fn f2_a_group_is_there_at_once_and_lives() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = phone(dir.path()).await;
    let core = phone.core.clone();
    let chat = core.create_group("  Night shift ", &[boris(), me(), boris()]).await.unwrap();
    let shown = list(&core, InboxFilter::Staff);
    assert_eq!((shown[0].chat, shown[0].contact_name.as_deref()), (chat, Some("Night shift")));
    assert!(shown[0].at >= NOW, "of now, by the server's clock");
    assert!(shown[0].actions.members && shown[0].actions.leave && !shown[0].actions.transfer);
    let create = connection.command().await;
    let Ok(Some(CommandBody::CreateGroup(body))) = CommandBody::parse(&create) else { panic!("{}", create.kind) };
    assert_eq!((body.name.as_str(), body.members.as_slice()), ("Night shift", [boris()].as_slice()));
    let made = happened(1, me(), Activity::GroupCreated { name: "Night shift".into() });
    let there = internal(chat, 1, Some("Night shift"), &[me(), boris()]);
    connection.event_of(chat, &opened_internal(there, vec![made]), Some(create.id)).await;
    connection.answer(create.id, CommandStatus::Applied, None, Some(connection.seq)).await;
    phone.until("it is made", |core| core.timeline(chat, None).unwrap().rows().len() == 1).await;
    let line = core.timeline(chat, None).unwrap().rows().remove(0).activity.unwrap();
    assert_eq!((line.kind, line.group_name.as_deref()), (ActivityKind::GroupCreated, Some("Night shift")));

    // Renamed, and people come and go: shown as done before the server has it.
    core.rename_group(chat, "Late shift").await.unwrap();
    core.add_members(chat, &[carla()]).await.unwrap();
    core.remove_member(chat, boris()).await.unwrap();
    assert_eq!(row(&core, chat).contact_name.as_deref(), Some("Late shift"));
    let names = |core: &Core| core.members(chat).unwrap().into_iter().map(|member| member.name).collect::<Vec<_>>();
    assert_eq!(names(&core), ["Anna", "Carla"]);
    assert_eq!(row(&core, chat).internal.unwrap().members, 2);
    assert_eq!(core.mentionable(chat).unwrap().into_iter().map(|member| member.user).collect::<Vec<_>>(), [carla()]);
    let named = |id, name: &str| Named { id, name: name.into() };
    let steps: [(&str, Activity, InternalChat); 3] = [
        (
            "rename_group",
            Activity::GroupRenamed { name: "Late shift".into() },
            internal(chat, 2, Some("Late shift"), &[me(), boris()]),
        ),
        (
            "add_members",
            Activity::MembersAdded { members: vec![named(carla(), "Carla")] },
            internal(chat, 3, Some("Late shift"), &[me(), boris(), carla()]),
        ),
        (
            "remove_member",
            Activity::MemberRemoved { member: named(boris(), "Boris Berg") },
            internal(chat, 4, Some("Late shift"), &[me(), carla()]),
        ),
    ];
    for (no, (kind, activity, there)) in (2..).zip(steps) {
        let command = connection.command().await;
        assert_eq!((command.kind.as_str(), command.chat), (kind, Some(chat)));
        connection.event_of(chat, &told(happened(no, me(), activity), there), Some(command.id)).await;
        connection.answer(command.id, CommandStatus::Applied, None, Some(connection.seq)).await;
    }
    phone.until("all lines", |core| core.timeline(chat, None).unwrap().rows().len() == 4).await;
    assert_eq!(names(&core), ["Anna", "Carla"]);
    let lines: Vec<_> = core.timeline(chat, None).unwrap().rows().into_iter().filter_map(|row| row.activity).collect();
    assert_eq!(lines[2].members, ["Carla"]);
    assert_eq!((lines[3].kind, lines[3].members.clone()), (ActivityKind::MemberRemoved, vec!["Boris Berg".into()]));

    // In a group it is said who wrote.
    connection.event_of(chat, &added(said(5, carla(), "Carla", "hello all")), None).await;
    phone.until("her word", |core| row(core, chat).unread == 1).await;
    let last = row(&core, chat).last_message.unwrap();
    assert_eq!((last.author_name.as_deref(), last.preview.as_str(), last.mine), (Some("Carla"), "hello all", false));

    // Left: away at once, and gone with what the server says.
    core.set_draft(chat, "begun").await.unwrap();
    core.leave_group(chat).await.unwrap();
    assert!(list(&core, InboxFilter::All).iter().all(|row| row.chat != chat));
    assert_eq!(rejected(core.say(chat, "too late", &[]).await), ErrorCode::ChatClosed);
    let leave = loop {
        let command = connection.command().await;
        if command.kind != "read" {
            break command;
        }
    };
    let gone = EventBody::Gone(Gone { reason: GoneReason::Left, passed_on: None });
    connection.event_of(chat, &gone, Some(leave.id)).await;
    phone.until("gone", |core| core.chat(chat).is_err()).await;
    let unsent = core.unsent().unwrap().rows().remove(0);
    assert_eq!((unsent.text.as_str(), unsent.contact_name.as_deref()), ("begun", Some("Late shift")));
    assert!(!unsent.can_note_owner, "nobody owns a staff chat");
}

#[tokio::test]
async fn f2_what_is_said_in_a_group_that_the_server_does_not_make_is_unsent() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = phone(dir.path()).await;
    let core = phone.core.clone();
    let chat = core.create_group("Shift", &[boris()]).await.unwrap();
    core.say(chat, "hello all", &[]).await.unwrap();
    core.set_draft(chat, "and more").await.unwrap();
    let create = connection.command().await;
    connection.answer(create.id, CommandStatus::Rejected, Some(ErrorCode::BadMembers), None).await;
    phone.until("no group", |core| core.chat(chat).is_err()).await;
    let mut unsent: Vec<_> = core.unsent().unwrap().rows().into_iter().map(|row| (row.text, row.reason)).collect();
    unsent.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        unsent,
        [
            ("and more".to_owned(), UnsentReason::Draft),
            ("hello all".to_owned(), UnsentReason::Refused(ErrorCode::BadMembers))
        ]
    );
    // A colleague whose account was disabled meanwhile.
    let chat = core.direct_chat(carla()).unwrap();
    core.say(chat, "hi Carla", &[]).await.unwrap();
    let open = connection.command().await;
    connection.answer(open.id, CommandStatus::Rejected, Some(ErrorCode::UserDisabled), None).await;
    phone.until("not said", |core| core.unsent().unwrap().rows().len() == 3).await;
    assert!(list(&core, InboxFilter::Staff).is_empty());
}

#[tokio::test]
async fn f2_what_the_server_never_would_do_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, _connection) = phone(dir.path()).await;
    let core = &phone.core;
    let group = core.create_group("Shift", &[]).await.unwrap();
    let direct = core.direct_chat(boris()).unwrap();
    for chat in [group, direct] {
        assert_eq!(rejected(core.reply(chat, "text").await), ErrorCode::InternalChat);
        assert_eq!(rejected(core.take(chat).await), ErrorCode::InternalChat);
        assert_eq!(rejected(core.dealt_with(chat).await), ErrorCode::InternalChat);
        assert_eq!(rejected(core.transfer(chat, TransferTarget::User(boris()), None).await), ErrorCode::InternalChat);
        assert_eq!(rejected(core.ignore(chat).await), ErrorCode::InternalChat);
        assert_eq!(rejected(core.end_session(chat).await), ErrorCode::InternalChat);
        assert_eq!(rejected(core.note(chat, "note", &[]).await), ErrorCode::InternalChat);
    }
    assert_eq!(rejected(core.delete(group).await), ErrorCode::InternalChat, "a group is left");
    assert_eq!(rejected(core.say(chat_id(1), "text", &[]).await), ErrorCode::CustomerChat);
    assert_eq!(rejected(core.leave_group(chat_id(1)).await), ErrorCode::CustomerChat);
    assert_eq!(rejected(core.leave_group(direct).await), ErrorCode::DirectChat);
    assert_eq!(rejected(core.rename_group(direct, "name").await), ErrorCode::DirectChat);
    assert_eq!(rejected(core.add_members(direct, &[carla()]).await), ErrorCode::DirectChat);
    assert_eq!(rejected(core.add_members(group, &[dora()]).await), ErrorCode::BadMembers);
    assert_eq!(rejected(core.add_members(group, &[]).await), ErrorCode::BadMembers);
    assert_eq!(rejected(core.remove_member(group, boris()).await), ErrorCode::BadMembers);
    assert_eq!(rejected(core.remove_member(group, me()).await), ErrorCode::BadMembers, "oneself leaves");
    assert_eq!(rejected(core.rename_group(group, "  ").await), ErrorCode::BadName);
    assert_eq!(rejected(core.create_group(&"n".repeat(201), &[]).await), ErrorCode::BadName);
    assert_eq!(rejected(core.create_group("Shift", &[dora()]).await), ErrorCode::BadMembers);
    let many: Vec<UserId> = (0..200_u8).map(|n| UserId::from_bytes([n; 16])).filter(|id| *id != me()).collect();
    assert_eq!(rejected(core.create_group("Shift", &many).await), ErrorCode::BadMembers);
    assert_eq!(rejected(core.direct_chat(me())), ErrorCode::BadMembers);
    assert_eq!(rejected(core.direct_chat(dora())), ErrorCode::BadMembers);
    assert_eq!(rejected(core.say(group, "  ", &[]).await), ErrorCode::EmptyText);
    assert_eq!(rejected(core.say(group, &"x".repeat(16 * 1024 + 1), &[]).await), ErrorCode::TextTooLong);
    assert_eq!(rejected(core.say(group, "text", &many).await), ErrorCode::BadRequest);
    assert_eq!(core.say(chat_id(9), "text", &[]).await.unwrap_err(), CoreError::NotFound);
}

#[tokio::test]
async fn f24_a_text_with_a_variable_that_nobody_filled_is_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, _connection) = phone(dir.path()).await;
    let core = &phone.core;
    let text = "Hello {{contact.first_name}}";
    let group = core.create_group("Shift", &[]).await.unwrap();
    assert_eq!(rejected(core.reply(chat_id(1), text).await), ErrorCode::UnfilledVariable);
    assert_eq!(rejected(core.note(chat_id(1), text, &[]).await), ErrorCode::UnfilledVariable);
    assert_eq!(rejected(core.say(group, text, &[]).await), ErrorCode::UnfilledVariable);
    assert_eq!(texts(core, chat_id(1)), ["hello"]);
}

#[tokio::test]
async fn f66_a_note_takes_nothing_and_mentions_reach_whom_they_name() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = phone(dir.path()).await;
    let core = phone.core.clone();
    assert!(row(&core, chat_id(2)).actions.note);
    let id = core.note(chat_id(2), "who knows her?", &[carla(), me(), carla()]).await.unwrap();
    assert_eq!(row(&core, chat_id(2)).state, ChatState::Waiting);
    assert!(row(&core, chat_id(2)).actions.take, "it is still to be taken");
    let shown = core.timeline(chat_id(2), None).unwrap().rows().remove(1);
    assert_eq!(shown.kind, MessageKind::Note);
    assert_eq!(shown.mentions, [carla()], "each once, and not oneself");
    let note = connection.command().await;
    let Ok(Some(CommandBody::Note(body))) = CommandBody::parse(&note) else { panic!("{}", note.kind) };
    assert_eq!((body.text.as_str(), body.mentions.as_slice()), ("who knows her?", [carla()].as_slice()));
    let message = Message { id, private: true, mentions: vec![carla()], ..said(2, me(), "Anna", "who knows her?") };
    connection.event_by(2, &added(message), note.id).await;
    connection.answer(note.id, CommandStatus::Applied, None, Some(connection.seq)).await;
    phone.until("the note", |core| row(core, chat_id(2)).pending == 0).await;
    assert!(!row(&core, chat_id(2)).mentioned);

    // Somebody mentions me: no customer's text, so it counts as no unread one, and yet it is seen.
    let unread = row(&core, chat_id(2)).unread;
    let answer = Message { private: true, mentions: vec![me()], ..said(3, carla(), "Carla", "you do") };
    connection.event(2, &added(answer)).await;
    phone.until("the mention", |core| row(core, chat_id(2)).mentioned).await;
    assert_eq!(row(&core, chat_id(2)).unread, unread);
    assert!(core.timeline(chat_id(2), None).unwrap().rows()[2].mentions_me);
    core.mark_read(chat_id(2), 3).await.unwrap();
    assert!(!row(&core, chat_id(2)).mentioned);
    // Whom one can mention: nobody else sees an owned chat.
    let names = |chat| core.mentionable(chat).unwrap().into_iter().map(|member| member.name).collect::<Vec<_>>();
    assert_eq!(names(chat_id(2)), ["Boris Berg", "Carla"]);
    assert!(names(chat_id(1)).is_empty());
    assert_eq!(core.colleagues("ber").unwrap().len(), 1);
    assert!(core.colleagues("dora").unwrap().is_empty(), "disabled");
}

#[tokio::test]
async fn f64_an_unsent_text_goes_to_the_owner_as_a_note_and_stays_until_the_server_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = phone(dir.path()).await;
    let core = phone.core.clone();
    core.reply(chat_id(2), "my answer").await.unwrap();
    let reply = connection.command().await;
    connection.answer(reply.id, CommandStatus::Conflict, Some(ErrorCode::Taken), None).await;
    connection.event(2, &EventBody::Gone(Gone { reason: GoneReason::Taken, passed_on: None })).await;
    phone.until("gone", |core| core.chat(chat_id(2)).is_err()).await;
    let unsent = core.unsent().unwrap().rows().remove(0);
    assert!(unsent.can_note_owner && !unsent.noting_owner);

    let (tell, mut told) = tokio::sync::watch::channel(false);
    let (on_screen, shown) = (core.unsent().unwrap(), core.clone());
    let _kept = on_screen.subscribe(std::sync::Arc::new(move |_: switchboard_core::ListUpdate<_>| {
        let rows: Vec<switchboard_core::UnsentRow> = shown.unsent().unwrap().rows();
        tell.send_replace(rows.iter().any(|row| row.noting_owner));
    }));
    let command = core.unsent_to_owner(unsent.id).await.unwrap();
    assert_eq!(core.unsent_to_owner(unsent.id).await.unwrap(), command, "asked twice, it is one");
    let row = core.unsent().unwrap().rows().remove(0);
    assert!(row.noting_owner && !row.can_note_owner);
    tokio::time::timeout(WAIT, told.wait_for(|noting| *noting)).await.expect("under way").unwrap();
    let note = connection.command().await;
    let Ok(Some(CommandBody::NoteToOwner(body))) = CommandBody::parse(&note) else { panic!("{}", note.kind) };
    assert_eq!((body.text.as_str(), note.chat, note.id), ("my answer", Some(chat_id(2)), command));
    connection.answer(note.id, CommandStatus::Rejected, Some(ErrorCode::NotFound), None).await;
    // The list that is on the screen is told.
    tokio::time::timeout(WAIT, told.wait_for(|noting| !noting)).await.expect("refused").unwrap();
    assert!(!core.unsent().unwrap().rows()[0].noting_owner);
    assert!(core.unsent().unwrap().rows()[0].can_note_owner, "the text is still there");

    core.unsent_to_owner(unsent.id).await.unwrap();
    let note = connection.command().await;
    connection.answer(note.id, CommandStatus::Applied, None, None).await;
    phone.until("given", |core| core.unsent().unwrap().rows().is_empty()).await;
    assert_eq!(core.unsent_to_owner(unsent.id).await.unwrap_err(), CoreError::NotFound);
    let _: MessageId = reply.id.into();
}
