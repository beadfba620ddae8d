//! The inbox as an operator sees it, without a terminal, a core or a clock.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chrono::FixedOffset;
use common::*;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{
    AuthorKind, ChannelKind, CommandId, CommandKind, CommandOutcome, ConnectionState, ErrorCode, InboxFilter,
    InboxOrder, ListChange, ListUpdate, MessageId, MessageKind, Outcome, Role, SearchHit, SearchResults, SnippetPart,
    TimelineRow, Typing, UnsentId, UnsentReason, UnsentRow,
};
use switchboard_operator::app::{Act, App, DeskEffect, Effect, Focus, Msg, Overlay};
use switchboard_operator::clock::Zone;
use switchboard_operator::signin::SignInWith;
use switchboard_operator::timeline::Scroll;

#[test]
fn f1_the_inbox_and_a_chat_side_by_side() {
    let mut app = with_chat(80, 24);
    assert_screen("inbox_80", &app);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "Of course. Which address should it go to, and shall we wrap it?");
    app.update(Msg::Typing(Typing { chat: chat(1), user: None, name: Some("Boris".into()), typing: true }));
    assert_screen("chat_80", &app);
    app.update(Msg::Resized(120, 32));
    assert_screen("chat_120", &app);
}

#[test]
fn a_narrow_terminal_shows_one_pane_at_a_time() {
    let mut app = with_chat(44, 20);
    assert_screen("list_44", &app);
    key(&mut app, KeyCode::Enter);
    assert_screen("chat_44", &app);
    app.update(Msg::Resized(19, 7));
    assert!(screen(&app).starts_with("Please make this"));
}

#[test]
fn an_empty_inbox_says_what_to_expect() {
    let mut app = app(80, 24);
    app.update(Msg::Inbox(reset(Vec::new())));
    app.update(Msg::Connection(ConnectionState::Offline { retry_at: NOW + 4_000 }));
    app.hints = vec!["The shop: http://127.0.0.1:8331".into(), "Write in its chat, and it appears here.".into()];
    assert_screen("empty_80", &app);
}

#[test]
fn f1_filters_and_orders_are_asked_of_the_core() {
    let mut app = with_chat(80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('f')), [Effect::Inbox(InboxFilter::Mine, InboxOrder::NewestFirst)]);
    assert_eq!(key(&mut app, KeyCode::Char('3')), [Effect::Inbox(InboxFilter::Waiting, InboxOrder::NewestFirst)]);
    assert_eq!(key(&mut app, KeyCode::Char('o')), [Effect::Inbox(InboxFilter::Waiting, InboxOrder::LongestWaiting)]);
}

#[test]
fn a_reply_is_sent_once_and_the_composer_is_empty_again() {
    let mut app = with_chat(80, 24);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Read(chat(1), 3)]);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_eq!(typed(&mut app, "Yes"), [Effect::Typing(chat(1), true)]);
    assert_eq!(app.update(Msg::Tick(NOW + 250)), [Effect::Draft(chat(1), "Yes".into())]);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Reply(chat(1), "Yes".into()), Effect::Typing(chat(1), false)]);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "");
}

#[test]
fn a_text_that_the_store_did_not_take_comes_back_to_the_composer() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "one");
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "two");
    app.update(Msg::NotSent(chat(1), "one".into(), "disk full".into()));
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "one\ntwo");
}

#[test]
fn a_draft_is_kept_when_the_operator_leaves_in_any_way() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "half a");
    assert_eq!(key(&mut app, KeyCode::Esc), [Effect::Typing(chat(1), false), Effect::Draft(chat(1), "half a".into())]);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, " sentence");
    let effects = control(&mut app, 'c');
    assert!(effects.contains(&Effect::Draft(chat(1), "half a sentence".into())));
    assert_eq!(effects.last(), Some(&Effect::Quit));
}

#[test]
fn typing_is_told_every_three_seconds_and_ends_by_itself() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    assert_eq!(typed(&mut app, "ab"), [Effect::Typing(chat(1), true)]);
    app.update(Msg::Tick(NOW + 3_000));
    assert_eq!(typed(&mut app, "c"), [Effect::Typing(chat(1), true)]);
    app.update(Msg::Tick(NOW + 6_000));
    assert_eq!(app.update(Msg::Tick(NOW + 7_000)), [Effect::Typing(chat(1), false)]);
}

#[test]
fn f13_take_is_asked_of_the_core_and_a_loss_is_said() {
    let mut app = with_chat(80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('t')), [Effect::Act(chat(1), Act::Take)]);
    let lost = CommandOutcome {
        id: CommandId::from_bytes([9; 16]),
        chat: Some(chat(1)),
        kind: CommandKind::Take,
        outcome: Outcome::Refused(ErrorCode::Taken),
    };
    app.update(Msg::Command(lost));
    assert!(screen(&app).contains("Not taken: somebody else took the chat first."));
    app.update(Msg::Tick(NOW + 60_000));
    assert!(!screen(&app).contains("Not taken"));
}

#[test]
fn f15_a_chat_that_another_took_is_closed_on_the_screen() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "I can");
    app.update(Msg::Tick(NOW + 250));
    app.update(Msg::Timeline(
        chat(1),
        ListUpdate { revision: 1, changes: vec![ListChange::Reset { rows: vec![] }], closed: true },
    ));
    app.update(Msg::Inbox(ListUpdate { revision: 1, changes: vec![ListChange::Remove { index: 0 }], closed: false }));
    app.update(Msg::Unsent(reset(vec![unsent(1, "I can", UnsentReason::Draft)])));
    assert_screen("taken_80", &app);
    assert!(!screen(&app).contains("blue one"));
    assert_eq!(typed(&mut app, "x"), []);
    // Back in the list the next chat is selected.
    let effects = key(&mut app, KeyCode::Esc);
    assert_eq!(effects, [Effect::Open(chat(2), None)]);
}

fn unsent(n: u8, text: &str, reason: UnsentReason) -> UnsentRow {
    UnsentRow {
        id: UnsentId::from_bytes([n; 16]),
        chat: chat(1),
        contact_name: Some("Maria López".into()),
        kind: MessageKind::Text,
        text: text.into(),
        written_at: NOW - 5 * MINUTE,
        unsent_at: NOW,
        reason,
        can_note_owner: true,
        noting_owner: false,
    }
}

#[test]
fn f64_unsent_texts_can_be_read_copied_and_deleted() {
    let mut app = with_chat(80, 24);
    app.update(Msg::Unsent(reset(vec![
        unsent(
            1,
            "Yes, three of them. Sent today it is with you on Thursday, wrapped if you like, and the card is on us.",
            UnsentReason::Refused(ErrorCode::Taken),
        ),
        unsent(2, "And a draft", UnsentReason::Draft),
    ])));
    key(&mut app, KeyCode::Char('u'));
    assert_screen("unsent_80", &app);
    // To whoever has the chat now, as a note; once.
    let first = UnsentId::from_bytes([1; 16]);
    assert_eq!(key(&mut app, KeyCode::Char('n')), [DeskEffect::ToOwner(first).into()]);
    let under_way = UnsentRow { noting_owner: true, ..app.unsent[0].clone() };
    let update = ListChange::Update { index: 0, row: under_way };
    app.update(Msg::Unsent(ListUpdate { revision: 1, changes: vec![update], closed: false }));
    assert!(screen(&app).contains("On its way to the owner"));
    assert_eq!(key(&mut app, KeyCode::Char('n')), []);
    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Char('c')), [Effect::Copy("And a draft".into())]);
    assert_eq!(key(&mut app, KeyCode::Char('d')), []);
    assert_eq!(key(&mut app, KeyCode::Char('n')), []);
    key(&mut app, KeyCode::Char('d'));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [Effect::DeleteUnsent(UnsentId::from_bytes([2; 16]))]);
    app.update(Msg::Unsent(ListUpdate { revision: 1, changes: vec![ListChange::Remove { index: 1 }], closed: false }));
    assert!(matches!(app.overlay, Some(Overlay::Unsent { selected: 0, deleting: false })));
}

#[test]
fn f65_search_as_you_type_opens_at_the_message() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Char('/'));
    assert_eq!(typed(&mut app, "bl"), [Effect::Search("b".into()), Effect::Search("bl".into())]);
    let part = |text: &str, matched| SnippetPart { text: text.into(), matched };
    let hit = |n: u8, no, snippet| SearchHit {
        chat: chat(n),
        message: MessageId::from_bytes([2; 16]),
        no,
        contact_name: Some("Maria López".into()),
        channel_kind: Some(ChannelKind::LiveChat),
        kind: MessageKind::Text,
        author: AuthorKind::Contact,
        snippet,
        sent_at: NOW - 9 * MINUTE,
    };
    let results = SearchResults {
        hits: vec![
            hit(
                1,
                2,
                vec![
                    part("Is the ", false),
                    part("blue", true),
                    part(" one in stock? I would need it before Friday, as a present for her birthday", false),
                ],
            ),
            hit(1, 1, vec![part("Was ", false), part("bl", true), part("ue before", false)]),
        ],
        more: false,
        contacts: Vec::new(),
        templates: Vec::new(),
        local_since: Some(NOW - 90 * 1440 * MINUTE),
    };
    // An answer to an earlier query is not shown.
    app.update(Msg::Found("b".into(), Box::new(SearchResults { hits: Vec::new(), ..results.clone() })));
    assert!(!screen(&app).contains("Nothing"));
    app.update(Msg::Found("bl".into(), Box::new(results)));
    assert_screen("search_80", &app);
    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Open(chat(1), Some(1))]);
    // What stands below the screen was not read; once the whole chat fits, its end was.
    assert_eq!(app.update(Msg::Timeline(chat(1), reset(conversation()))), []);
    assert_eq!(app.update(Msg::Resized(80, 40)), [Effect::Read(chat(1), 3)]);
    assert_eq!(app.focus, Focus::Chat);
    assert_eq!(app.chat.as_ref().unwrap().target, Some(1));
}

#[test]
fn paging_back_asks_for_older_messages_at_the_top_only_and_the_reader_stays() {
    let mut app = app(80, 16);
    app.update(Msg::Inbox(reset(inbox())));
    let rows: Vec<TimelineRow> =
        (50..80).map(|no| message(no, false, &format!("message {no}"), (200 - no as i64) * MINUTE)).collect();
    app.update(Msg::Timeline(chat(1), reset(rows)));
    key(&mut app, KeyCode::Enter);
    assert_eq!(key(&mut app, KeyCode::PageUp), []);
    let mut asked = Vec::new();
    for _ in 0..20 {
        asked.extend(key(&mut app, KeyCode::PageUp));
    }
    assert_eq!(asked, [Effect::ExtendTimeline(chat(1))]);
    let before = screen(&app);
    assert!(before.contains("message 50"));
    let older = (40..50).rev().map(|no| ListChange::Insert {
        index: 0,
        row: message(no, false, &format!("message {no}"), (200 - no as i64) * MINUTE),
    });
    app.update(Msg::Timeline(chat(1), ListUpdate { revision: 1, changes: older.collect(), closed: false }));
    app.update(Msg::Extended(chat(1)));
    assert!(matches!(app.chat.as_ref().unwrap().scroll, Scroll::At { .. }));
    assert!(screen(&app).contains("message 50") && !screen(&app).contains("message 40"));
    key(&mut app, KeyCode::PageUp);
    assert!(screen(&app).contains("message 46"));
    // A new message below does not move the reader, and is read only at the end.
    let new = ListChange::Insert { index: 40, row: message(80, false, "message 80", 0) };
    assert_eq!(app.update(Msg::Timeline(chat(1), ListUpdate { revision: 2, changes: vec![new], closed: false })), []);
    let effects = app.update(Msg::Key(KeyEvent::new(KeyCode::End, KeyModifiers::CONTROL)));
    assert_eq!(effects, [Effect::Read(chat(1), 80)]);
}

#[test]
fn signing_in_by_each_way() {
    let mut app = App::new((80, 24), NOW, Zone::Fixed(FixedOffset::east_opt(0).unwrap()));
    app.update(Msg::Connection(ConnectionState::SignedOut));
    assert_screen("sign_in_80", &app);
    app.update(Msg::Paste("switchboard://enrol?server=http%3A%2F%2Flocalhost&code=ABCD\n".into()));
    let link = "switchboard://enrol?server=http%3A%2F%2Flocalhost&code=ABCD".to_owned();
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::SignIn(SignInWith::Link(link))]);
    app.update(Msg::SignInFailed("Refused: the code is wrong, used or expired: ask for a new one.".into()));
    assert!(screen(&app).contains("ask for a new one"));
    key(&mut app, KeyCode::F(2));
    key(&mut app, KeyCode::F(2));
    typed(&mut app, "chat.example.com");
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "anna@example.com");
    key(&mut app, KeyCode::Tab);
    typed(&mut app, "hunter2 ");
    assert!(!screen(&app).contains("hunter2"));
    let with = SignInWith::Password {
        server: "https://chat.example.com".into(),
        email: "anna@example.com".into(),
        password: "hunter2 ".into(),
    };
    let effects = key(&mut app, KeyCode::Enter);
    assert!(!format!("{effects:?}").contains("hunter2"));
    assert_eq!(effects, [Effect::SignIn(with)]);
    app.update(Msg::Account(Some(("Anna".into(), Role::User))));
    // Revoked: the form is back, and nothing of the inbox is left in memory.
    app.update(Msg::Inbox(reset(inbox())));
    assert_eq!(app.update(Msg::Account(None)), [Effect::Close]);
    assert!(app.inbox.is_empty() && screen(&app).contains("signed out"));
}

#[test]
fn the_keys_are_listed() {
    let mut app = with_chat(80, 24);
    key(&mut app, KeyCode::Char('?'));
    assert_screen("help_80", &app);
    key(&mut app, KeyCode::Char('x'));
    assert!(app.overlay.is_none());
}
