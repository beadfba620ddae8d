//! F2: chats among staff.

use serde_json::Value;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::ServerFrame;
use switchboard_protocol::chat::{InternalChat, UserChat};
use switchboard_protocol::command::{
    AddMembers, CommandBody, CommandResult, CommandStatus, CreateGroup, OpenDirect, Read, RemoveMember, RenameGroup,
    Reply, Say, Snooze,
};
use switchboard_protocol::frame::SnapshotInternal;
use switchboard_protocol::ids::{ChatId, CommandId, UserId};
use switchboard_protocol::message::MessageStatus;

use super::{HOUR, Office};
use crate::store::commands::Command;
use crate::store::{chats, snapshot};

fn say(text: &str) -> CommandBody {
    CommandBody::Say(Say { text: text.into(), mentions: Vec::new() })
}

impl Office {
    fn staff(&mut self, user: UserId, chat: ChatId, body: CommandBody) -> CommandResult {
        let id = CommandId::new();
        self.run(user, &Command { id, chat: Some(chat), owner_epoch: None, seen: None, ask: false, body })
    }

    #[track_caller]
    fn staff_done(&mut self, user: UserId, chat: ChatId, body: CommandBody) -> CommandResult {
        let result = self.staff(user, chat, body);
        assert_eq!((result.status, result.code), (CommandStatus::Applied, None));
        result
    }

    #[track_caller]
    fn staff_denied(&mut self, user: UserId, chat: ChatId, body: CommandBody, code: ErrorCode) {
        let result = self.staff(user, chat, body);
        assert_eq!((result.status, result.code), (CommandStatus::Rejected, Some(code)));
    }

    /// A direct chat in which the first said hello, with all events looked at.
    fn direct(&mut self, one: UserId, other: UserId) -> ChatId {
        let chat = ChatId::direct(one, other);
        self.staff_done(one, chat, CommandBody::OpenDirect(OpenDirect { user: other }));
        self.staff_done(one, chat, say("hello"));
        self.look_at_all();
        chat
    }

    /// A group of Anna, Boris and Cleo, with all events looked at.
    fn group_of_three(&mut self) -> ChatId {
        let [anna, boris, cleo, _] = self.users();
        let chat = ChatId::new();
        self.staff_done(anna, chat, group("Lunch", &[boris, cleo]));
        self.look_at_all();
        chat
    }

    /// The staff chats of a user's snapshot.
    fn staff_chats(&self, user: UserId) -> Vec<SnapshotInternal> {
        let frames = snapshot::read(&self.connection, user).unwrap().frames;
        let parts = frames.iter().filter_map(|frame| match ServerFrame::parse(frame).unwrap() {
            ServerFrame::SnapshotPart(part) => Some(part.internal),
            _ => None,
        });
        parts.flatten().collect()
    }

    fn texts(&self, user: UserId, chat: ChatId) -> Vec<String> {
        let page = chats::page(&self.connection, user, chat, 1_000, 100).unwrap();
        page.map(|(messages, _)| messages.into_iter().map(|message| message.text).collect()).unwrap_or_default()
    }

    fn statuses(&self, user: UserId, chat: ChatId) -> Vec<MessageStatus> {
        let (messages, _) = chats::page(&self.connection, user, chat, 1_000, 100).unwrap().unwrap();
        messages.iter().filter(|message| message.activity.is_none()).map(|message| message.status).collect()
    }
}

fn group(name: &str, members: &[UserId]) -> CommandBody {
    CommandBody::CreateGroup(CreateGroup { name: name.into(), members: members.to_vec() })
}

fn row(event: &Value) -> InternalChat {
    serde_json::from_value(event["body"]["internal"].clone()).unwrap()
}

#[test]
fn f2_a_direct_chat_is_the_others_when_something_is_said() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let chat = ChatId::direct(boris, anna);
    let open = CommandBody::OpenDirect(OpenDirect { user: boris });
    let opened = office.staff_done(anna, chat, open.clone());
    let event = office.events(anna).pop().unwrap();
    assert_eq!((event["kind"].as_str(), event["seq"].as_u64()), (Some("internal_opened"), opened.seq));
    assert_eq!((row(&event).members, row(&event).name), (vec![anna, boris], None));
    assert_eq!(office.news(boris), Vec::<String>::new(), "nobody sees an empty chat");
    assert!(office.staff_chats(boris).is_empty());
    assert_eq!(office.staff_done(anna, chat, open).seq, None, "it is open already");

    let said = office.staff_done(anna, chat, say("lunch?"));
    let events = office.events(anna);
    assert_eq!((events[0]["kind"].as_str(), events[0]["seq"].as_u64()), (Some("message"), said.seq));
    assert_eq!(office.news(boris), ["internal_opened", "text lunch?"]);
    office.staff_done(boris, chat, say("yes"));
    assert_eq!(office.news(anna), ["text yes", "status"]);
    assert_eq!(office.texts(anna, chat), ["lunch?", "yes"]);
    // Opened by the other one too it is the same chat, and is there.
    let back = office.staff_done(boris, chat, CommandBody::OpenDirect(OpenDirect { user: anna }));
    assert_eq!(back.seq, None);
}

#[test]
fn f2_who_cannot_be_talked_to_and_what_is_no_direct_chats_id() {
    let mut office = Office::new();
    let [anna, boris, cleo, _] = office.users();
    let nobody = UserId::new();
    let open = |user| CommandBody::OpenDirect(OpenDirect { user });
    office.staff_denied(anna, ChatId::new(), open(boris), ErrorCode::BadRequest);
    office.staff_denied(anna, ChatId::direct(boris, cleo), open(boris), ErrorCode::BadRequest);
    office.staff_denied(anna, ChatId::direct(anna, anna), open(anna), ErrorCode::BadMembers);
    office.staff_denied(anna, ChatId::direct(anna, nobody), open(nobody), ErrorCode::BadMembers);
    let chat = office.direct(anna, boris);
    office.write(|tx| {
        tx.set_disabled(boris, true)?;
        tx.set_disabled(cleo, true)
    });
    office.staff_denied(anna, ChatId::direct(anna, cleo), open(cleo), ErrorCode::UserDisabled);
    office.staff_denied(anna, chat, say("are you there?"), ErrorCode::UserDisabled);
    assert_eq!(office.texts(anna, chat), ["hello"], "what was said stays");
    assert_eq!(office.staff_chats(anna)[0].opened.internal.members, [anna, boris]);
}

#[test]
fn f2_f45_a_deleted_direct_chat_comes_back_with_what_is_said_next_and_nothing_before() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let chat = office.direct(anna, boris);
    let deleted = office.staff_done(boris, chat, CommandBody::Delete);
    let events = office.events(boris);
    assert_eq!((&events[0]["body"]["reason"], events[0]["seq"].as_u64()), (&Value::from("deleted"), deleted.seq));
    assert!(office.staff_chats(boris).is_empty());
    // What was said before is taken out of the feed.
    let rows = crate::store::feed::after(&office.connection, boris, 0, 100, usize::MAX).unwrap();
    assert!(rows.iter().all(|(_, tail)| tail.as_ref().is_none_or(|tail| !tail.json.contains("hello"))));
    assert_eq!(office.news(anna), Vec::<String>::new());
    assert_eq!(office.staff_chats(anna)[0].opened.internal.members, [anna, boris], "a direct chat has its two");
    office.staff_denied(boris, chat, say("gone"), ErrorCode::NotFound);

    office.staff_done(anna, chat, say("one more thing"));
    let events = office.events(boris);
    assert_eq!((&events[0]["kind"], &events[1]["kind"]), (&"internal_opened".into(), &"message".into()));
    assert_eq!((&events[0]["body"]["messages"], &events[0]["body"]["more"]), (&Value::Array(vec![]), &false.into()));
    assert_eq!(office.texts(boris, chat), ["one more thing"]);
    let fresh = &office.staff_chats(boris)[0];
    assert_eq!((fresh.opened.messages.len(), fresh.opened.more), (1, false));
    assert_eq!(office.texts(anna, chat), ["hello", "one more thing"]);
    // And by one's own hand.
    office.staff_done(boris, chat, CommandBody::Delete);
    office.look_at_all();
    office.staff_done(boris, chat, CommandBody::OpenDirect(OpenDirect { user: anna }));
    assert_eq!(office.news(boris), ["internal_opened"]);
    assert_eq!(office.texts(boris, chat), Vec::<String>::new());
    assert_eq!(office.news(anna), Vec::<String>::new());
}

#[test]
fn f2_a_group_has_a_name_and_members_who_come_and_go() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let chat = ChatId::new();
    let made = office.staff_done(anna, chat, group("  Lunch ", &[boris, anna, boris, cleo]));
    let mine = office.events(anna).pop().unwrap();
    let theirs = office.events(boris).pop().unwrap();
    assert_eq!(mine["seq"].as_u64(), made.seq);
    assert!(!mine["command"].is_null() && theirs["command"].is_null());
    assert_eq!(mine["body"], theirs["body"]);
    let internal = row(&mine);
    assert_eq!((internal.name.as_deref(), internal.members), (Some("Lunch"), vec![anna, boris, cleo]));
    assert_eq!(mine["body"]["messages"][0]["activity"]["kind"], "group_created");
    office.staff_done(anna, chat, say("where?"));
    office.look_at_all();

    let renamed = office.staff_done(boris, chat, CommandBody::RenameGroup(RenameGroup { name: "Dinner".into() }));
    let event = office.events(boris).pop().unwrap();
    assert_eq!((event["seq"].as_u64(), row(&event).name.as_deref()), (renamed.seq, Some("Dinner")));
    assert_eq!(office.news(cleo), ["group_renamed"]);
    let again = CommandBody::RenameGroup(RenameGroup { name: " Dinner".into() });
    assert_eq!(office.staff_done(cleo, chat, again).seq, None, "it is called so");

    // Who comes sees that, and what follows.
    let add = CommandBody::AddMembers(AddMembers { members: vec![boris, dora] });
    office.look_at_all();
    office.staff_done(cleo, chat, add.clone());
    let events = office.events(dora);
    assert_eq!((&events[0]["kind"], events.len()), (&"internal_opened".into(), 2));
    assert_eq!(events[0]["body"]["messages"], Value::Array(vec![]));
    assert_eq!(row(&events[0]), row(&events[1]));
    assert_eq!(row(&events[1]).members, [anna, boris, cleo, dora]);
    assert_eq!(events[1]["body"]["message"]["activity"]["members"][0]["name"], "Dora");
    assert_eq!(office.news(anna), ["members_added"]);
    assert_eq!(office.staff_done(cleo, chat, add).seq, None, "they are in it");
    assert_eq!(office.texts(dora, chat), [""]);
    assert_eq!(office.texts(anna, chat), ["", "where?", "", ""]);

    // Who is taken out has nothing of it any more.
    let remove = CommandBody::RemoveMember(RemoveMember { member: boris });
    let removed = office.staff_done(dora, chat, remove.clone());
    assert_eq!(office.events(dora).pop().unwrap()["seq"].as_u64(), removed.seq);
    assert_eq!(office.news(boris).pop().unwrap(), "gone left");
    assert_eq!(office.texts(boris, chat), Vec::<String>::new());
    let rows = crate::store::feed::after(&office.connection, boris, 0, 100, usize::MAX).unwrap();
    assert!(rows.iter().all(|(_, tail)| tail.as_ref().is_none_or(|tail| !tail.json.contains("where?"))));
    office.staff_denied(dora, chat, remove, ErrorCode::BadMembers);
    office.staff_denied(boris, chat, say("hey"), ErrorCode::NotFound);

    office.look_at_all();
    let left = office.staff_done(anna, chat, CommandBody::Leave);
    let gone = office.events(anna).pop().unwrap();
    assert_eq!((&gone["body"]["reason"], gone["seq"].as_u64()), (&"left".into(), left.seq));
    let event = office.events(cleo).pop().unwrap();
    assert_eq!(event["body"]["message"]["activity"]["kind"], "member_left");
    assert_eq!(row(&event).members, [cleo, dora]);
    // Who comes back comes last, and sees nothing of what was said meanwhile.
    office.staff_done(cleo, chat, say("without Anna"));
    office.staff_done(cleo, chat, CommandBody::AddMembers(AddMembers { members: vec![anna] }));
    assert_eq!(office.staff_chats(anna)[0].opened.internal.members, [cleo, dora, anna]);
    assert_eq!(office.texts(anna, chat), [""]);
    // The last one leaves it empty.
    for user in [cleo, dora, anna] {
        office.staff_done(user, chat, CommandBody::Leave);
    }
    assert!(chats::seeing(&office.connection, chat).unwrap().is_empty());
    assert!(crate::store::internal::load(&office.connection, chat).unwrap().is_some(), "the server keeps it");
}

#[test]
fn f2_what_is_no_group() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    for name in ["", "   ", "a\u{7}b", &"n".repeat(201)] {
        office.staff_denied(anna, ChatId::new(), group(name, &[boris]), ErrorCode::BadName);
    }
    office.write(|tx| tx.set_disabled(dora, true));
    office.staff_denied(anna, ChatId::new(), group("Lunch", &[boris, UserId::new()]), ErrorCode::BadMembers);
    office.staff_denied(anna, ChatId::new(), group("Lunch", &[dora]), ErrorCode::BadMembers);
    let many: Vec<UserId> = (0..201).map(|_| UserId::new()).collect();
    office.staff_denied(anna, ChatId::new(), group("Lunch", &many), ErrorCode::TooMany);
    // Nobody can put a group where two others will want to talk, or where there is something.
    office.staff_denied(anna, ChatId::direct(boris, cleo), group("Lunch", &[]), ErrorCode::BadRequest);
    let (customers, _) = office.waiting();
    office.staff_denied(anna, customers, group("Lunch", &[]), ErrorCode::IdReuse);
    let chat = ChatId::new();
    office.staff_done(anna, chat, group("Alone", &[anna]));
    office.staff_denied(anna, chat, group("Alone", &[]), ErrorCode::IdReuse);
    for name in ["", &"n".repeat(201)] {
        office.staff_denied(
            anna,
            chat,
            CommandBody::RenameGroup(RenameGroup { name: name.into() }),
            ErrorCode::BadName,
        );
    }
    let add = |members: Vec<UserId>| CommandBody::AddMembers(AddMembers { members });
    office.staff_denied(anna, chat, add(vec![dora]), ErrorCode::BadMembers);
    office.staff_denied(anna, chat, add(many), ErrorCode::TooMany);
    let remove = |member| CommandBody::RemoveMember(RemoveMember { member });
    office.staff_denied(anna, chat, remove(anna), ErrorCode::BadMembers);
    office.staff_denied(anna, chat, remove(boris), ErrorCode::BadMembers);
    office.staff_denied(anna, chat, CommandBody::Delete, ErrorCode::InternalChat);
    office.staff_denied(boris, chat, say("let me in"), ErrorCode::NotFound);

    let direct = office.direct(anna, boris);
    for body in [
        CommandBody::RenameGroup(RenameGroup { name: "Us".into() }),
        add(vec![cleo]),
        remove(boris),
        CommandBody::Leave,
    ] {
        office.staff_denied(anna, direct, body, ErrorCode::DirectChat);
    }
}

#[test]
fn f2_f12_what_belongs_to_customers_is_not_done_among_staff_and_the_other_way_round() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let direct = office.direct(anna, boris);
    let reply = CommandBody::Reply(Reply { text: "hello".into() });
    let note = CommandBody::Note(Say { text: "between us".into(), mentions: Vec::new() });
    for body in [
        reply,
        note,
        CommandBody::Take,
        CommandBody::DealtWith,
        CommandBody::End,
        CommandBody::Block,
        CommandBody::Ignore,
    ] {
        office.staff_denied(anna, direct, body, ErrorCode::InternalChat);
    }
    let (customers, _) = office.waiting();
    for body in [
        say("hello"),
        CommandBody::RenameGroup(RenameGroup { name: "Us".into() }),
        CommandBody::AddMembers(AddMembers { members: vec![boris] }),
        CommandBody::RemoveMember(RemoveMember { member: boris }),
        CommandBody::Leave,
    ] {
        office.staff_denied(anna, customers, body, ErrorCode::CustomerChat);
    }
}

#[test]
fn f2_f57_a_text_is_read_when_everybody_else_has_read_it() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let chat = office.group_of_three();
    let read = |upto| CommandBody::Read(Read { upto });
    office.staff_done(anna, chat, say("one"));
    office.staff_done(anna, chat, say("two"));
    office.look_at_all();
    let told = office.staff_done(boris, chat, read(3));
    assert_eq!(office.events(boris).pop().unwrap()["seq"].as_u64(), told.seq);
    assert_eq!(office.statuses(anna, chat), [MessageStatus::Sent; 2]);
    assert_eq!(office.news(anna), Vec::<String>::new());
    office.staff_done(cleo, chat, read(2));
    let event = office.events(anna).pop().unwrap();
    assert_eq!(
        (&event["kind"], &event["body"]["upto"], &event["body"]["status"]),
        (&"status".into(), &2.into(), &"read".into())
    );
    assert_eq!(office.statuses(anna, chat), [MessageStatus::Read, MessageStatus::Sent]);
    // Who answers has read what is answered; phones know it from the text.
    office.staff_done(cleo, chat, say("three"));
    assert_eq!(office.statuses(anna, chat), [MessageStatus::Read, MessageStatus::Read, MessageStatus::Sent]);
    assert_eq!(office.mine(chat, cleo).read_upto, 4);
    // Who comes later holds up nobody, and nobody goes back.
    office.staff_done(anna, chat, CommandBody::AddMembers(AddMembers { members: vec![dora] }));
    office.staff_done(anna, chat, read(1));
    office.staff_done(anna, chat, read(u64::MAX));
    assert_eq!(office.mine(chat, anna).read_upto, 5);
    office.look_at_all();
    // Boris has not read the third text, and then leaves.
    assert_eq!(office.statuses(anna, chat)[2], MessageStatus::Sent);
    office.staff_done(boris, chat, CommandBody::Leave);
    assert_eq!(office.statuses(anna, chat)[2], MessageStatus::Read);
    assert_eq!(office.news(cleo), ["member_left", "status"]);
    // Nobody reads what one says to oneself.
    let alone = ChatId::new();
    office.staff_done(anna, alone, group("Alone", &[]));
    office.staff_done(anna, alone, say("note to self"));
    office.staff_done(anna, alone, read(9));
    assert_eq!(office.statuses(anna, alone), [MessageStatus::Sent]);
}

#[test]
fn f2_a_disabled_colleague_stays_by_name_and_holds_up_nobody() {
    let mut office = Office::new();
    let [anna, boris, cleo, _] = office.users();
    let chat = office.group_of_three();
    office.write(|tx| tx.set_disabled(cleo, true));
    office.staff_done(anna, chat, say("who is there?"));
    office.staff_done(boris, chat, CommandBody::Read(Read { upto: 9 }));
    assert_eq!(office.statuses(anna, chat), [MessageStatus::Read]);
    assert_eq!(office.staff_chats(anna)[0].opened.internal.members, [anna, boris, cleo]);
}

#[test]
fn f2_f43_f68_a_colleagues_text_brings_a_chat_back_and_ones_own_does_not() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let chat = office.direct(anna, boris);
    let until = office.now + HOUR;
    office.staff_done(anna, chat, CommandBody::Archive);
    office.staff_done(boris, chat, CommandBody::Snooze(Snooze { until: Some(until) }));
    assert!(office.mine(chat, anna).archived && office.mine(chat, boris).snoozed_until.is_some());
    assert_eq!(office.staff_done(anna, chat, CommandBody::Archive).seq, None);
    office.staff_denied(boris, chat, CommandBody::Snooze(Snooze { until: Some(office.now) }), ErrorCode::BadTime);
    office.staff_done(anna, chat, say("by the way"));
    assert!(office.mine(chat, anna).archived);
    assert_eq!(office.mine(chat, boris).snoozed_until, None);
    office.staff_done(boris, chat, say("yes?"));
    assert!(!office.mine(chat, anna).archived);
    office.staff_done(anna, chat, CommandBody::Archive);
    office.staff_done(anna, chat, CommandBody::Unarchive);
    assert!(!office.mine(chat, anna).archived);
    // Nothing is put away behind a text that was not seen.
    for body in [CommandBody::Archive, CommandBody::Snooze(Snooze { until: Some(until) }), CommandBody::Delete] {
        let id = CommandId::new();
        let command = Command { id, chat: Some(chat), owner_epoch: None, seen: Some(2), ask: false, body };
        let result = office.run(anna, &command);
        assert_eq!((result.status, result.code), (CommandStatus::Conflict, Some(ErrorCode::NewMessage)), "{command:?}");
        let mine = office.mine(chat, anna);
        assert_eq!(mine, UserChat { read_upto: mine.read_upto, ..UserChat::default() });
    }
}

#[test]
fn f66_a_text_mentions_those_who_see_it_and_f24_holds_no_variable() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let chat = office.group_of_three();
    let mention = |mentions: Vec<UserId>| CommandBody::Say(Say { text: "look".into(), mentions });
    office.staff_done(anna, chat, mention(vec![dora, cleo, anna, cleo, UserId::new(), boris]));
    let event = office.events(boris).pop().unwrap();
    let mentions: Vec<UserId> = serde_json::from_value(event["body"]["message"]["mentions"].clone()).unwrap();
    assert_eq!(mentions, [cleo, boris]);
    assert_eq!(office.staff_chats(cleo)[0].opened.messages[1].mentions, [cleo, boris], "and it is kept");
    office.staff_denied(anna, chat, mention((0..51).map(|_| UserId::new()).collect()), ErrorCode::BadRequest);
    for (text, code) in [
        ("  ".to_owned(), ErrorCode::EmptyText),
        ("x".repeat(16 * 1024 + 1), ErrorCode::TextTooLong),
        ("Dear {{ contact.name }}".to_owned(), ErrorCode::UnfilledVariable),
    ] {
        office.staff_denied(anna, chat, say(&text), code);
    }
    office.staff_done(anna, chat, say("{{ what }} }} {{"));
}

#[test]
fn f64_the_question_what_became_of_a_command_does_nothing() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let direct = office.direct(anna, boris);
    let (customers, _) = office.waiting();
    let reply = CommandBody::Reply(Reply { text: "good day".into() });
    for (chat, epoch, body) in [(direct, None, say("hello?")), (customers, Some(0), reply)] {
        let id = CommandId::new();
        let command = Command { id, chat: Some(chat), owner_epoch: epoch, seen: None, ask: false, body };
        let asked = Command { ask: true, ..command.clone() };
        let head = office.head(anna);
        for _ in 0..2 {
            let never = office.run(anna, &asked);
            assert_eq!((never.status, never.code), (CommandStatus::Rejected, Some(ErrorCode::NotReceived)));
        }
        assert_eq!(office.head(anna), head);
        let then = office.run(anna, &command);
        assert_eq!(then.status, CommandStatus::Applied, "asking is no use of the id: {then:?}");
        assert_eq!(office.run(anna, &asked), then);
        // Of another content it is another command's id.
        let other = Command { body: CommandBody::Read(Read { upto: 1 }), ..asked };
        assert_eq!(office.run(anna, &other).code, Some(ErrorCode::IdReuse));
    }
}

#[test]
fn f58_typing_among_staff_is_the_members() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let chat = office.group_of_three();
    let audience = |user| chats::typing_audience(&office.connection, chat, user).unwrap();
    let mut users = audience(anna).unwrap().users;
    users.sort();
    let mut all = vec![anna, boris, cleo];
    all.sort();
    assert_eq!(users, all);
    assert!(audience(anna).unwrap().visitor.is_none() && audience(dora).is_none());
}
