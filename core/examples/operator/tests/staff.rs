//! Staff chats, notes, mentions, replies that ask first, and what is seen and heard of what comes.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{
    ActivityKind, ActivityLine, AuthorKind, ChannelKind, ChatActions, ChatState, Colleague, Composer, DeliveryState,
    InboxFilter, InboxRow, InternalInfo, KindSound, MessageId, MessageKind, MessageStatus, Notification,
    NotificationKind, NotificationSettings, Presence, Sound, StaleReason, TimelineRow, UserId,
};
use switchboard_operator::app::{App, DeskEffect, DeskNews, Effect, Focus, Msg, Overlay};

fn user(n: u8) -> UserId {
    UserId::from_bytes([n; 16])
}

fn colleague(n: u8, name: &str, extension: &str, presence: Presence) -> Colleague {
    let group_name = Some("Workshop".into());
    Colleague {
        user: user(n),
        name: name.into(),
        extension: Some(extension.into()),
        group_name,
        presence,
        is_me: n == 1,
    }
}

fn colleagues() -> Vec<Colleague> {
    vec![
        colleague(2, "Boris Orlov", "102", Presence::Available),
        colleague(3, "Chloe Martin", "103", Presence::Away),
        colleague(4, "Dmitri Абрамов", "201", Presence::OffShift),
    ]
}

fn group() -> InboxRow {
    let mut row = row(5, Some("Spring sale"), "Can somebody look at the blue lamp? @Anna Berg", MINUTE);
    (row.channel_kind, row.contact, row.queue_name, row.waiting_since) = (None, None, None, None);
    (row.state, row.mentioned) = (ChatState::Internal, true);
    row.internal = Some(InternalInfo { direct_with: None, presence: None, members: 4 });
    row.actions =
        ChatActions { reply: true, archive: true, snooze: true, members: true, leave: true, ..Default::default() };
    if let Some(last) = row.last_message.as_mut() {
        (last.author, last.author_name) = (AuthorKind::User, Some("Boris Orlov".into()));
    }
    row
}

fn direct() -> InboxRow {
    let mut row = group();
    (row.chat, row.contact_name, row.unread, row.mentioned) = (chat(6), Some("Chloe Martin".into()), 0, false);
    row.internal = Some(InternalInfo { direct_with: Some(user(3)), presence: Some(Presence::Away), members: 2 });
    (row.actions.members, row.actions.leave) = (false, false);
    row.actions.delete = true;
    if let Some(last) = row.last_message.as_mut() {
        (last.mine, last.preview) = (true, "See you at noon".into());
    }
    row
}

fn said(no: u8, name: &str, mine: bool, text: &str, age: i64) -> TimelineRow {
    let mut row = message(u64::from(no), mine, text, age);
    (row.author, row.author_id, row.author_name) = (AuthorKind::User, Some(user(no)), Some(name.into()));
    row
}

/// With the staff group open, selected in the list among others.
fn in_group(columns: u16, rows: u16) -> App {
    let mut app = app(columns, rows);
    let mut all = vec![group(), direct()];
    all.extend(inbox());
    app.update(Msg::Inbox(reset(all)));
    app.update(Msg::Chat(chat(5), reset(vec![group()])));
    let mut made = said(1, "Boris Orlov", false, "", 90 * MINUTE);
    made.kind = MessageKind::Activity;
    made.activity = Some(ActivityLine {
        kind: ActivityKind::GroupCreated,
        to: None,
        to_name: None,
        to_me: false,
        stars: None,
        comment: None,
        reason: None,
        members: Vec::new(),
        group_name: Some("Spring sale".into()),
    });
    let mut added = made.clone();
    added.id = MessageId::from_bytes([20; 16]);
    if let Some(line) = added.activity.as_mut() {
        (line.kind, line.members) = (ActivityKind::MembersAdded, vec!["Chloe Martin".into(), "Dmitri Абрамов".into()]);
    }
    let mut mine = said(4, "Anna Berg", true, "I have one on the bench.", 20 * MINUTE);
    mine.state = DeliveryState::Stored(MessageStatus::Read);
    let mut to_me = said(2, "Boris Orlov", false, "Can somebody look at the blue lamp? @Anna Berg", MINUTE);
    (to_me.no, to_me.mentions, to_me.mentions_me) = (Some(5), vec![user(1)], true);
    app.update(Msg::Timeline(chat(5), reset(vec![made, added, mine, to_me])));
    app
}

fn press(app: &mut App, code: KeyCode, modifiers: KeyModifiers) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(code, modifiers)))
}

#[test]
fn f1_f2_f5_staff_chats_stand_in_the_list_without_a_channel_and_have_a_filter() {
    let mut app = in_group(80, 24);
    assert_screen("staff_80", &app);
    let effects = key(&mut app, KeyCode::Char('4'));
    assert!(matches!(effects[..], [Effect::Inbox(InboxFilter::Staff, _)]));
    app.update(Msg::Inbox(reset(Vec::new())));
    assert!(screen(&app).contains("No staff chats."));
}

#[test]
fn f2_a_chat_of_two_begins_with_a_name_and_a_group_with_several() {
    let mut app = with_chat(80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('c')), [DeskEffect::Colleagues(String::new()).into()]);
    app.update(Msg::Desk(DeskNews::Colleagues(String::new(), colleagues())));
    assert_eq!(typed(&mut app, "ch").last(), Some(&DeskEffect::Colleagues("ch".into()).into()));
    // An answer to what does not stand there any more is not shown.
    app.update(Msg::Desk(DeskNews::Colleagues("c".into(), Vec::new())));
    app.update(Msg::Desk(DeskNews::Colleagues("ch".into(), colleagues()[1..2].to_vec())));
    assert_eq!(key(&mut app, KeyCode::Enter), [DeskEffect::Direct(user(3)).into()]);
    let effects = app.update(Msg::Desk(DeskNews::Opened(chat(6))));
    assert!(effects.contains(&Effect::Open(chat(6), None)));
    assert_eq!(app.focus, Focus::Chat);
    key(&mut app, KeyCode::Esc);

    key(&mut app, KeyCode::Char('c'));
    app.update(Msg::Desk(DeskNews::Colleagues(String::new(), colleagues())));
    key(&mut app, KeyCode::Tab);
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Tab);
    assert_screen("colleagues_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("There is nothing in it yet."));
    typed(&mut app, "Spring sale");
    let effect = DeskEffect::CreateGroup("Spring sale".into(), vec![user(2), user(3)]);
    assert_eq!(key(&mut app, KeyCode::Enter), [effect.into()]);
    assert!(app.overlay.is_none());
}

#[test]
fn f2_who_is_in_a_group_is_seen_named_brought_in_and_taken_out() {
    let mut app = in_group(80, 24);
    key(&mut app, KeyCode::Enter);
    assert_eq!(control(&mut app, 'r'), [DeskEffect::Members(chat(5)).into()]);
    let members = vec![colleague(1, "Anna Berg", "101", Presence::Available), colleagues().remove(0)];
    app.update(Msg::Desk(DeskNews::Members(chat(5), members.clone())));
    assert_screen("members_80", &app);
    // Somebody else brought one in meanwhile.
    assert_eq!(app.update(Msg::Chat(chat(5), reset(vec![group()]))), [DeskEffect::Members(chat(5)).into()]);

    key(&mut app, KeyCode::Char('a'));
    app.update(Msg::Desk(DeskNews::Colleagues(String::new(), colleagues())));
    assert!(!screen(&app).contains("Boris") && screen(&app).contains("Chloe"));
    let effects = key(&mut app, KeyCode::Enter);
    assert_eq!(effects[0], DeskEffect::AddMembers(chat(5), vec![user(3)]).into());
    assert!(matches!(app.overlay, Some(Overlay::Members(_))));

    key(&mut app, KeyCode::Char('n'));
    typed(&mut app, " 2026");
    let named = DeskEffect::RenameGroup(chat(5), "Spring sale 2026".into());
    assert_eq!(key(&mut app, KeyCode::Enter), [named.into()]);

    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Delete), []);
    assert!(screen(&app).contains("Boris Orlov sees nothing more"));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [DeskEffect::RemoveMember(chat(5), user(2)).into()]);
    assert!(matches!(app.overlay, Some(Overlay::Members(_))));
    key(&mut app, KeyCode::Char('l'));
    assert_eq!(key(&mut app, KeyCode::Char('n')), []);
    key(&mut app, KeyCode::Char('l'));
    assert_eq!(key(&mut app, KeyCode::Char('y'))[0], DeskEffect::Leave(chat(5)).into());
    assert!(app.overlay.is_none() && app.focus == Focus::List);
}

#[test]
fn f2_f66_what_is_said_goes_to_staff_and_an_at_offers_names() {
    let mut app = in_group(80, 24);
    key(&mut app, KeyCode::Enter);
    let effects = typed(&mut app, "Ask @");
    assert!(effects.contains(&DeskEffect::Mentionable(chat(5)).into()));
    app.update(Msg::Desk(DeskNews::Mentionable(chat(5), colleagues())));
    assert_screen("mention_80", &app);
    typed(&mut app, "абр");
    assert_eq!(key(&mut app, KeyCode::Tab), []);
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "Ask @Dmitri Абрамов ");
    typed(&mut app, "or @c");
    // Waved away it is a letter like any other, and Enter sends.
    key(&mut app, KeyCode::Esc);
    assert_eq!(app.focus, Focus::Chat);
    let effects = key(&mut app, KeyCode::Enter);
    assert_eq!(effects[0], DeskEffect::Say(chat(5), "Ask @Dmitri Абрамов or @c".into()).into());
    // A mail address offers nothing.
    typed(&mut app, "anna@b");
    assert!(!screen(&app).contains("@Boris"));
}

#[test]
fn f66_a_note_is_written_beside_the_reply_and_never_becomes_one() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "Half a reply");
    app.update(Msg::Tick(NOW + 250));
    let effects = control(&mut app, 'o');
    assert!(effects.contains(&DeskEffect::Mentionable(chat(1)).into()));
    let effects = typed(&mut app, "She is in a hurry @b");
    // Nobody outside is told that somebody types, and no draft of it is kept.
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Typing(..))), "{effects:?}");
    app.update(Msg::Desk(DeskNews::Mentionable(chat(1), colleagues())));
    key(&mut app, KeyCode::Enter);
    assert_screen("note_80", &app);
    assert_eq!(app.update(Msg::Tick(NOW + 500)), []);
    let effects = key(&mut app, KeyCode::Enter);
    assert_eq!(effects[0], DeskEffect::Note(chat(1), "She is in a hurry @Boris Orlov ".into()).into());
    // The reply is back, as it was.
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "Half a reply");
    assert!(!app.is_noting());
    // One that could not be stored comes back as a note.
    app.update(Msg::Desk(DeskNews::NoteNotSent(chat(1), "She is".into(), "disk full".into())));
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "Half a reply");
    control(&mut app, 'o');
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "She is");
    // And is there when the operator comes back to the chat.
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Up);
    app.update(Msg::Chat(chat(1), reset(inbox()[..1].to_vec())));
    key(&mut app, KeyCode::Char('N'));
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "She is");
}

#[test]
fn f66_a_note_can_be_written_where_a_reply_cannot_yet() {
    let mut first = inbox().remove(0);
    (first.composer, first.actions.reply) = (Composer::TakeFirst, false);
    let mut app = with_chat(80, 24);
    app.update(Msg::Chat(chat(1), reset(vec![first])));
    key(&mut app, KeyCode::Enter);
    control(&mut app, 'o');
    typed(&mut app, "Who knows lamps?");
    let effects = key(&mut app, KeyCode::Enter);
    assert_eq!(effects[0], DeskEffect::Note(chat(1), "Who knows lamps?".into()).into());
}

#[test]
fn f64_a_reply_that_grew_old_or_was_overtaken_asks_before_it_is_sent() {
    let mut app = with_chat(80, 24);
    let mut rows = conversation();
    rows[3].state = DeliveryState::Asking(StaleReason::Overtaken);
    rows[3].sent_at = NOW - 40 * MINUTE;
    let id = rows[3].id;
    let mut asking = owned(inbox().remove(0));
    asking.asking = 1;
    app.update(Msg::Inbox(reset(vec![asking.clone()])));
    app.update(Msg::Chat(chat(1), reset(vec![asking])));
    app.update(Msg::Timeline(chat(1), reset(rows.clone())));
    assert!(screen(&app).contains("asks first"));
    // It asks when the operator comes to it, and again when told to.
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Read(chat(1), 3)]);
    assert_screen("stale_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_eq!(key(&mut app, KeyCode::Esc), []);
    control(&mut app, 's');
    assert_eq!(key(&mut app, KeyCode::Char('y'))[0], DeskEffect::SendAnyway(id).into());
    control(&mut app, 's');
    assert_eq!(key(&mut app, KeyCode::Char('t'))[0], DeskEffect::Withdraw(chat(1), id).into());
    app.update(Msg::Desk(DeskNews::Withdrawn(chat(1), "Shall I put one aside?".into())));
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "Shall I put one aside?");
    rows.pop();
    app.update(Msg::Timeline(chat(1), reset(rows)));
    control(&mut app, 's');
    assert!(app.overlay.is_none() && screen(&app).contains("No reply asks"));
}

#[test]
fn f47_f48_f49_settings_are_switched_and_each_kind_has_a_sound() {
    let mut app = with_chat(80, 24);
    assert_eq!(key(&mut app, KeyCode::Char(',')), [DeskEffect::Settings.into()]);
    app.update(Msg::Desk(DeskNews::Settings(NotificationSettings::default())));
    let off = NotificationSettings { in_app_toaster: false, ..NotificationSettings::default() };
    assert_eq!(key(&mut app, KeyCode::Enter), [DeskEffect::SetSettings(off.clone()).into()]);
    for _ in 0..4 {
        key(&mut app, KeyCode::Down);
    }
    // A new sound is heard at once, and once more when asked.
    let ping = NotificationSettings { default_sound: Sound::Ping, ..off };
    let effects = key(&mut app, KeyCode::Right);
    assert_eq!(effects, [DeskEffect::SetSettings(ping.clone()).into(), DeskEffect::Ring(Sound::Ping).into()]);
    assert_eq!(key(&mut app, KeyCode::Char('p')), [DeskEffect::Ring(Sound::Ping).into()]);
    key(&mut app, KeyCode::End);
    let sounds = vec![KindSound { channel_kind: None, sound: Sound::Hum }];
    let own = NotificationSettings { sounds, ..ping.clone() };
    assert_eq!(key(&mut app, KeyCode::Left)[0], DeskEffect::SetSettings(own).into());
    assert_screen("settings_80", &app);
    // Behind the last one it is as the others again.
    assert_eq!(key(&mut app, KeyCode::Right)[0], DeskEffect::SetSettings(ping).into());
    key(&mut app, KeyCode::Esc);
    assert!(app.overlay.is_none());
}

fn notification(n: u8, title: &str, body: &str) -> Notification {
    Notification {
        chat: chat(n),
        message: None,
        kind: NotificationKind::Message,
        channel_kind: Some(ChannelKind::LiveChat),
        title: Some(title.into()),
        body: Some(body.into()),
        in_app: true,
        system: true,
        sound: Some(Sound::Bell),
    }
}

#[test]
fn f47_f53_what_comes_is_seen_and_heard_unless_it_is_on_the_screen() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    let mut mention = notification(5, "Boris Orlov", "@Anna Berg, the blue lamp?");
    (mention.kind, mention.channel_kind) = (NotificationKind::Mention, None);
    let ring = |sound| [DeskEffect::Ring(sound).into()];
    assert_eq!(
        app.update(Msg::Desk(DeskNews::Notified(notification(3, "Tanaka Yūko 田中優子", "配送はいつですか？")))),
        ring(Sound::Bell)
    );
    app.update(Msg::Desk(DeskNews::Notified(mention)));
    assert_screen("toasts_80", &app);
    // Behind another window the terminal itself says it.
    app.update(Msg::InFront(false));
    let effects = app.update(Msg::Desk(DeskNews::Notified(notification(3, "Tanaka", "a\u{1b}b"))));
    assert_eq!(effects[1], DeskEffect::Outside("Tanaka: ab".into()).into());
    app.update(Msg::InFront(true));
    // Who is in the chat reads it there.
    app.update(Msg::Desk(DeskNews::Notified(notification(1, "Maria López", "Hello?"))));
    assert_eq!(app.toasts.len(), 2);
    // Without a preview it still says that there is something; switched off it does not.
    let hidden = Notification { title: None, body: None, sound: None, ..notification(4, "", "") };
    assert_eq!(app.update(Msg::Desk(DeskNews::Notified(hidden))), []);
    assert!(screen(&app).contains("A visitor"));
    let silent = Notification { in_app: false, ..notification(7, "Tom", "x") };
    app.update(Msg::Desk(DeskNews::Notified(silent)));
    assert_eq!(app.toasts.len(), 3);
    assert!(press(&mut app, KeyCode::F(6), KeyModifiers::NONE).contains(&Effect::Open(chat(4), None)));
    app.update(Msg::Tick(NOW + 6_000));
    assert!(app.toasts.is_empty());
}
