//! The life of a chat by keys: what each asks of the core, and what the operator sees.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{
    ActivityKind, ActivityLine, AlarmKind, AlarmRow, AuthorKind, BlockId, BlockRow, ChannelKind, ChatActions,
    ChatState, CommandId, CommandKind, CommandOutcome, Composer, ErrorCode, GroupId, InboxRow, Interval, ListChange,
    ListUpdate, MessageKind, MyQueue, NewContact, Outcome, PassedOnLine, Presence, PresenceInfo, QueueId,
    ReleaseReason, Role, TargetKind, TimelineRow, TransferTarget, TransferTargetRow, UndoInfo, UserId, WeekHours, Work,
};
use switchboard_operator::app::{Act, Action, App, Effect, Focus, Msg, Overlay, Question, Showing};

const COMMAND: CommandId = CommandId::from_bytes([7; 16]);

/// With a chat selected and loaded that this row describes.
fn with(row: InboxRow, columns: u16, rows: u16) -> App {
    let mut app = app(columns, rows);
    let mut all = inbox();
    all[0] = row.clone();
    app.update(Msg::Inbox(reset(all)));
    app.update(Msg::Chat(chat(1), reset(vec![row])));
    app.update(Msg::Timeline(chat(1), reset(conversation())));
    app
}

fn mine() -> InboxRow {
    owned(inbox().remove(0))
}

fn colleagues() -> Vec<TransferTargetRow> {
    let user = |n: u8, name: &str, extension: &str, presence| TransferTargetRow {
        target: TransferTarget::User(UserId::from_bytes([n; 16])),
        name: name.into(),
        extension: Some(extension.into()),
        presence: Some(presence),
        detail: Some("Workshop".into()),
    };
    let other = |target, name: &str| TransferTargetRow {
        target,
        name: name.into(),
        extension: None,
        presence: None,
        detail: None,
    };
    vec![
        user(1, "Boris Orlov", "102", Presence::Available),
        other(TransferTarget::Queue(QueueId::from_bytes([5; 16])), "Repairs"),
        other(TransferTarget::Group(GroupId::from_bytes([6; 16])), "Workshop"),
        user(2, "Chloe Martin", "103", Presence::Away),
        user(3, "Dmitri Абрамов", "201", Presence::OffShift),
    ]
}

fn said(id: CommandId, kind: CommandKind, outcome: Outcome) -> Msg {
    Msg::Command(CommandOutcome { id, chat: Some(chat(1)), kind, outcome })
}

#[test]
fn f6_f7_an_unknown_contact_can_be_added_answered_or_ignored() {
    let mut unknown = inbox().remove(0);
    (unknown.contact_known, unknown.prompt, unknown.actions.add_contact) = (false, true, true);
    let mut app = with(unknown.clone(), 80, 24);
    assert_screen("unknown_80", &app);

    assert_eq!(key(&mut app, KeyCode::Char('i')), [Effect::Act(chat(1), Act::Ignore)]);
    assert!(screen(&app).contains("✓ Ignored: Maria López"));

    assert_eq!(key(&mut app, KeyCode::Char('n')), []);
    key(&mut app, KeyCode::Tab);
    typed(&mut app, "maria.example");
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("has an @"));
    typed(&mut app, "@mail.example");
    assert_screen("contact_80", &app);
    let contact =
        NewContact { name: "Maria López".into(), email: Some("maria.example@mail.example".into()), phone: None };
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Act(chat(1), Act::AddContact(contact))]);

    // Reply opens the composer, in which every letter is a letter.
    key(&mut app, KeyCode::Enter);
    assert_eq!(app.focus, Focus::Chat);
    typed(&mut app, "indeed");
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "indeed");

    unknown.prompt = false;
    assert!(!screen(&with(unknown, 80, 24)).contains("Ignore"));
}

#[test]
fn f11_where_a_queue_wants_it_take_stands_in_the_composers_place() {
    let mut first = inbox().remove(0);
    (first.composer, first.actions.reply) = (Composer::TakeFirst, false);
    let mut app = with(first, 80, 24);
    key(&mut app, KeyCode::Enter);
    assert_screen("take_first_80", &app);
    assert_eq!(typed(&mut app, "td"), []);
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "");
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Act(chat(1), Act::Take)]);
    assert_eq!(control(&mut app, 't'), [Effect::Act(chat(1), Act::Take)]);
}

#[test]
fn f26_f29_a_chat_is_passed_on_by_name_or_extension_with_a_note() {
    let mut app = with(mine(), 80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "half an answer");
    assert_eq!(control(&mut app, 'p'), [Effect::Targets(String::new())]);
    app.update(Msg::Targets(String::new(), colleagues()));
    key(&mut app, KeyCode::Tab);
    typed(&mut app, "She needs it before Friday: please look whether the blue one can go out today, with a card.");
    assert_screen("transfer_80", &app);
    key(&mut app, KeyCode::BackTab);

    assert_eq!(typed(&mut app, "ch"), [Effect::Targets("c".into()), Effect::Targets("ch".into())]);
    // The answer to an earlier query is not what stands there.
    app.update(Msg::Targets("c".into(), Vec::new()));
    assert!(screen(&app).contains("Boris"));
    // Enter before the answer came counts for the answer, never for what stands there still.
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    let effects = app.update(Msg::Targets("ch".into(), colleagues()[3..4].to_vec()));
    let note = "She needs it before Friday: please look whether the blue one can go out today, with a card.";
    let act = Act::Transfer(TransferTarget::User(UserId::from_bytes([2; 16])), Some(note.into()));
    assert!(effects.contains(&Effect::Draft(chat(1), "half an answer".into())));
    assert!(effects.contains(&Effect::Act(chat(1), act)));
    // What is passed on is left.
    assert_eq!(app.focus, Focus::List);
    assert!(screen(&app).contains("✓ Passed on: Maria López"));
}

#[test]
fn f29_a_colleague_stays_chosen_while_others_come_and_go() {
    let mut app = with(mine(), 80, 24);
    key(&mut app, KeyCode::Char('p'));
    app.update(Msg::Targets(String::new(), colleagues()));
    key(&mut app, KeyCode::Down);
    key(&mut app, KeyCode::Down);
    assert_eq!(app.update(Msg::Tick(NOW + 1_000)), [Effect::Targets(String::new())]);
    let mut changed = colleagues();
    changed.rotate_right(2);
    app.update(Msg::Targets(String::new(), changed));
    let group = TransferTarget::Group(GroupId::from_bytes([6; 16]));
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Act(chat(1), Act::Transfer(group, None))]);
    key(&mut app, KeyCode::Char('p'));
    app.update(Msg::Targets(String::new(), Vec::new()));
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("Nobody of this name"));
    app.update(Msg::Targets(String::new(), colleagues()));
    app.update(Msg::Resized(44, 20));
    assert_screen("transfer_44", &app);
}

#[test]
fn f37_f46_dealt_with_can_be_taken_back_while_it_is_held() {
    let mut app = with(mine(), 80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('d')), [Effect::Act(chat(1), Act::DealtWith)]);
    app.update(Msg::Acted(chat(1), COMMAND));
    app.update(Msg::Inbox(ListUpdate { revision: 1, changes: vec![ListChange::Remove { index: 0 }], closed: false }));
    app.update(Msg::Tick(NOW + 1_200));
    assert_screen("undo_80", &app);
    assert_eq!(app.selected, Some(chat(2)));
    assert_eq!(key(&mut app, KeyCode::Char('z')), [Effect::Undo(COMMAND)]);
    app.update(Msg::Undone(true));
    app.update(said(COMMAND, CommandKind::DealtWith, Outcome::Undone));
    assert!(screen(&app).contains("Taken back: Maria López."));
    // It is selected again once it is back.
    let back = ListChange::Insert { index: 0, row: mine() };
    let effects = app.update(Msg::Inbox(ListUpdate { revision: 2, changes: vec![back], closed: false }));
    assert_eq!(effects, [Effect::Open(chat(1), None)]);
    assert_eq!(app.selected, Some(chat(1)));
    assert_eq!(key(&mut app, KeyCode::Char('z')), []);
    assert!(screen(&app).contains("nothing to take back"));
}

#[test]
fn f46_what_was_done_is_offered_for_five_seconds_and_a_refusal_is_said_with_its_name() {
    let mut app = with(mine(), 80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "z");
    let effects = control(&mut app, 'd');
    assert!(effects.contains(&Effect::Act(chat(1), Act::DealtWith)));
    app.update(Msg::Acted(chat(1), COMMAND));
    app.update(Msg::Tick(NOW + 4_999));
    assert!(screen(&app).contains("z takes it back · 1 s"));
    app.update(Msg::Tick(NOW + 5_000));
    assert!(!screen(&app).contains("takes it back"));
    app.update(said(COMMAND, CommandKind::DealtWith, Outcome::Refused(ErrorCode::NewMessage)));
    assert!(screen(&app).contains("Not closed: the customer wrote meanwhile"));
    assert_eq!(key(&mut app, KeyCode::Char('a')), [Effect::Act(chat(1), Act::Archive)]);
    // It could not even be stored.
    app.update(Msg::NotDone(chat(1), "The local store has a problem.".into()));
    assert!(app.held.is_empty() && screen(&app).contains("The local store has a problem."));
}

#[test]
fn f46_without_a_network_the_row_says_that_it_can_be_taken_back() {
    let mut row = mine();
    row.undo = Some(UndoInfo { command: COMMAND, kind: CommandKind::Archive, until: NOW - 1 });
    let mut app = with(row, 80, 24);
    assert!(screen(&app).contains("z undoes"));
    assert_eq!(key(&mut app, KeyCode::Char('z')), [Effect::Undo(COMMAND)]);
    app.update(Msg::Undone(false));
    assert!(screen(&app).contains("Too late"));
}

#[test]
fn f41_ending_a_session_asks_first() {
    let mut app = with(mine(), 80, 24);
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "Bye");
    control(&mut app, 'x');
    assert_screen("menu_80", &app);
    key(&mut app, KeyCode::Char('e'));
    assert_screen("end_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_eq!(key(&mut app, KeyCode::Char('n')), []);
    assert!(app.overlay.is_none() && app.focus == Focus::Chat);
    control(&mut app, 'x');
    key(&mut app, KeyCode::Char('e'));
    assert!(key(&mut app, KeyCode::Char('y')).contains(&Effect::Act(chat(1), Act::End)));
    // It cannot be taken back, and nothing says that it could.
    assert!(app.held.is_empty());
}

#[test]
fn f42_blocking_tells_how_many_visitors_share_the_address() {
    let mut row = mine();
    (row.contact_known, row.actions.block) = (false, true);
    let mut app = with(row, 80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('b')), [Effect::Sharing(chat(1))]);
    // Not before the count is known.
    assert_eq!(key(&mut app, KeyCode::Char('y')), []);
    app.update(Msg::Sharing(chat(2), Ok(9)));
    assert!(matches!(app.overlay, Some(Overlay::Ask(Question::Block { sharing: None, .. }))));
    app.update(Msg::Sharing(chat(1), Ok(3)));
    assert_screen("block_80", &app);
    assert_eq!(key(&mut app, KeyCode::Char('y')), [Effect::Act(chat(1), Act::Block)]);
    key(&mut app, KeyCode::Char('b'));
    app.update(Msg::Sharing(chat(1), Err("The server cannot be reached.".into())));
    assert!(screen(&app).contains("is not known."));
    assert_eq!(key(&mut app, KeyCode::Esc), []);
    // A known contact cannot be blocked.
    let mut app = with(mine(), 80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('b')), []);
    assert!(screen(&app).contains("Only an unknown visitor"));
}

fn archive() -> Vec<InboxRow> {
    let mut closed = row(1, Some("Maria López"), "Thank you, that was quick!", 30 * MINUTE);
    (closed.state, closed.archived, closed.unread) = (ChatState::Closed, true, 0);
    closed.composer = Composer::ReadOnly;
    closed.actions = ChatActions { transfer: true, unarchive: true, delete: true, ..ChatActions::default() };
    let mut passed = row(2, Some("Tom"), "", 50 * MINUTE);
    (passed.last_message, passed.unread, passed.archived) = (None, 0, true);
    passed.composer = Composer::ReadOnly;
    passed.actions = ChatActions { delete: true, ..ChatActions::default() };
    let line = PassedOnLine { to_name: "Repairs".into(), to_kind: TargetKind::Queue, at: NOW - 50 * MINUTE };
    passed.passed_on = Some(line);
    passed.channel_kind = Some(ChannelKind::Whatsapp);
    vec![passed, closed]
}

#[test]
fn f43_f44_f45_the_archive_is_one_key_away_and_gives_back_passes_on_and_deletes() {
    let mut app = with(mine(), 80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('v')), [Effect::Archive]);
    assert_eq!(app.showing, Showing::Archive);
    // Of a chat that was passed on there is nothing to open, only its line.
    assert_eq!(app.update(Msg::Inbox(reset(archive()))), []);
    assert!(key(&mut app, KeyCode::Up).contains(&Effect::Close));
    assert_screen("archive_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert_eq!(app.focus, Focus::List);
    key(&mut app, KeyCode::Delete);
    assert!(screen(&app).contains("Delete this line?"));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [Effect::Act(chat(2), Act::Delete)]);

    assert!(key(&mut app, KeyCode::Down).contains(&Effect::Open(chat(1), None)));
    app.update(Msg::Chat(chat(1), reset(archive()[1..].to_vec())));
    assert_eq!(key(&mut app, KeyCode::Char('a')), [Effect::Act(chat(1), Act::Unarchive)]);
    assert_eq!(key(&mut app, KeyCode::Char('p')), [Effect::Targets(String::new())]);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Delete);
    assert!(screen(&app).contains("Delete this chat?"));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [Effect::Act(chat(1), Act::Delete)]);
    assert_eq!(key(&mut app, KeyCode::Char('d')), []);
    assert!(screen(&app).contains("closed already"));
    // A filter is one of Recents.
    let effects = key(&mut app, KeyCode::Char('5'));
    assert!(matches!(effects[..], [Effect::Inbox(switchboard_core::InboxFilter::Snoozed, _)]));
    assert_eq!(app.showing, Showing::Recents);
}

#[test]
fn f68_a_chat_is_put_away_until_a_time() {
    let mut app = with(mine(), 80, 24);
    key(&mut app, KeyCode::Char('s'));
    assert_screen("snooze_80", &app);
    let act = Act::Snooze(Some(NOW + 60 * MINUTE));
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Act(chat(1), act)]);
    key(&mut app, KeyCode::Char('s'));
    typed(&mut app, "17.45");
    let act = Act::Snooze(Some(NOW + 425 * MINUTE));
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Act(chat(1), act)]);
    key(&mut app, KeyCode::Char('s'));
    typed(&mut app, "soon");
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("A time, such as"));
    typed(&mut app, "x");
    assert!(!screen(&app).contains("A time, such as"));

    let mut away = mine();
    away.snoozed_until = Some(NOW + 3 * 1440 * MINUTE);
    let mut app = with(away, 80, 24);
    assert!(screen(&app).contains("until Fri 10:40"));
    key(&mut app, KeyCode::Char('s'));
    key(&mut app, KeyCode::End);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Act(chat(1), Act::Snooze(None))]);
}

fn work(presence: Presence) -> Work {
    let queue = |n: u8, name: &str, logged_in, take_first| MyQueue {
        queue: QueueId::from_bytes([n; 16]),
        name: name.into(),
        logged_in,
        take_first,
    };
    let schedule = WeekHours {
        zone: "Europe/Oslo".into(),
        intervals: (1..=5).map(|day| Interval { day, from: 540, to: 1020 }).collect(),
        holidays: Vec::new(),
    };
    Work {
        presence: PresenceInfo { presence, schedule: Some(schedule) },
        queues: vec![queue(1, "Repairs", false, true), queue(2, "Shop", true, false)],
    }
}

#[test]
fn f52_presence_is_one_key_and_queues_and_hours_are_in_one_place() {
    let mut app = with(mine(), 80, 24);
    app.update(Msg::Work(work(Presence::Away)));
    key(&mut app, KeyCode::Char('w'));
    assert_screen("work_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Presence(Presence::Available, false)]);
    for _ in 0..4 {
        key(&mut app, KeyCode::Down);
    }
    let repairs = QueueId::from_bytes([1; 16]);
    assert_eq!(key(&mut app, KeyCode::Char(' ')), [Effect::QueueLogin(repairs, true)]);
    key(&mut app, KeyCode::Up);
    key(&mut app, KeyCode::Enter);
    assert_screen("hours_80", &app);
    key(&mut app, KeyCode::Tab);
    typed(&mut app, ", 18-");
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("Monday: \"18-\" is not a time"));
    typed(&mut app, "20");
    let effects = key(&mut app, KeyCode::Enter);
    let [Effect::Schedule(Some(hours))] = &effects[..] else { panic!("{effects:?}") };
    assert!(hours.intervals.contains(&Interval { day: 1, from: 1080, to: 1200 }));
    key(&mut app, KeyCode::Esc);

    // In the middle of a text as well.
    key(&mut app, KeyCode::Enter);
    typed(&mut app, "One mom");
    assert_eq!(key(&mut app, KeyCode::F(3)), [Effect::Presence(Presence::Away, false)]);
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), "One mom");
}

#[test]
fn f52_off_shift_asks_what_becomes_of_those_who_wait() {
    let mut app = with(mine(), 80, 24);
    assert_eq!(key(&mut app, KeyCode::F(4)), [Effect::CountUnanswered]);
    assert_eq!(app.update(Msg::Unanswered(0)), [Effect::Presence(Presence::OffShift, false)]);
    app.update(Msg::Unanswered(2));
    assert_screen("off_shift_80", &app);
    assert_eq!(key(&mut app, KeyCode::Char('g')), [Effect::Presence(Presence::OffShift, true)]);
    app.update(Msg::Unanswered(2));
    assert_eq!(key(&mut app, KeyCode::Char('k')), [Effect::Presence(Presence::OffShift, false)]);
    app.update(Msg::Unanswered(2));
    assert_eq!(key(&mut app, KeyCode::Esc), []);
    assert!(app.overlay.is_none());
}

fn activity(no: u64, kind: ActivityKind, age: i64) -> TimelineRow {
    let mut row = message(no, false, "", age);
    row.kind = MessageKind::Activity;
    (row.author, row.author_name) = (AuthorKind::User, Some("Boris Orlov".into()));
    let (to, to_name, to_me, stars, comment, reason) = (None, None, false, None, None, None);
    let (members, group_name) = (Vec::new(), None);
    row.activity = Some(ActivityLine { kind, to, to_name, to_me, stars, comment, reason, members, group_name });
    row
}

#[test]
fn f27_f29_f40_f41_f69_the_chat_shows_its_life_and_the_notes_among_staff() {
    let mut app = with(mine(), 80, 32);
    let mut away = message(2, false, "We are back on Monday at nine.", 60 * MINUTE);
    (away.author, away.author_name) = (AuthorKind::System, None);
    let taken = activity(3, ActivityKind::Taken, 59 * MINUTE);
    let mut note = message(4, false, "She needs it before Friday.", 50 * MINUTE);
    (note.kind, note.author, note.author_name) = (MessageKind::Note, AuthorKind::User, Some("Boris Orlov".into()));
    let mut passed = activity(5, ActivityKind::Transferred, 50 * MINUTE);
    if let Some(line) = passed.activity.as_mut() {
        (line.to_me, line.to_name) = (true, Some("Anna Berg".into()));
    }
    let mut released = activity(7, ActivityKind::Released, 30 * MINUTE);
    if let Some(line) = released.activity.as_mut() {
        line.reason = Some(ReleaseReason::Unanswered);
    }
    let mut ended = activity(8, ActivityKind::Ended, 20 * MINUTE);
    ended.mine = true;
    let mut rated = activity(9, ActivityKind::Rated, 19 * MINUTE);
    if let Some(line) = rated.activity.as_mut() {
        (line.stars, line.comment) = (Some(4), Some("Quick, and friendly\u{1b}[2J".into()));
    }
    let mut rows = vec![message(1, false, "Is anybody there?", 61 * MINUTE), away, taken, note, passed];
    rows.push(message(6, false, "Hello?", 40 * MINUTE));
    rows.extend([released, ended, rated]);
    app.update(Msg::Timeline(chat(1), reset(rows)));
    assert_screen("life_80", &app);
}

#[test]
fn managers_see_alarms_and_lift_blocks_and_others_do_not() {
    let mut app = with(mine(), 80, 24);
    assert_eq!(key(&mut app, KeyCode::Char('m')), []);
    assert!(app.overlay.is_none());
    app.update(Msg::Account(Some(("Anna Berg".into(), Role::Manager))));
    let alarm = |n: u8, kind, queue: Option<&str>, age| AlarmRow {
        chat: chat(n),
        kind,
        channel_name: Some("Website".into()),
        channel_kind: Some(ChannelKind::LiveChat),
        queue_name: queue.map(Into::into),
        since: NOW - age,
    };
    app.update(Msg::Alarms(reset(vec![
        alarm(9, AlarmKind::Unattended, Some("Repairs"), 25 * MINUTE),
        alarm(2, AlarmKind::Ignored, None, 5 * MINUTE),
    ])));
    assert!(screen(&app).contains("2 chats unattended m"));
    app.update(Msg::Tick(NOW + 10_000));
    assert_eq!(key(&mut app, KeyCode::Char('m')), [Effect::Blocks]);
    assert_screen("alarms_80", &app);
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    assert!(screen(&app).contains("not offered to you"));
    key(&mut app, KeyCode::Tab);
    assert!(screen(&app).contains("Asking the server"));
    let block = BlockId::from_bytes([4; 16]);
    app.update(Msg::Blocks(Ok(vec![BlockRow {
        id: block,
        address: "203.0.113.7".into(),
        visitors: 3,
        chat: chat(1),
        channel_name: Some("Website".into()),
        by_name: Some("Boris Orlov".into()),
        created_at: NOW - 60 * MINUTE,
        expires_at: NOW + 23 * 60 * MINUTE,
    }])));
    app.update(Msg::Tick(NOW + 60_000));
    assert_screen("blocks_80", &app);
    assert_eq!(key(&mut app, KeyCode::Char('l')), []);
    assert_eq!(key(&mut app, KeyCode::Char('x')), []);
    key(&mut app, KeyCode::Char('l'));
    assert_eq!(key(&mut app, KeyCode::Char('y')), [Effect::LiftBlock(block)]);
    app.update(Msg::Blocks(Err("The server cannot be reached.".into())));
    assert!(screen(&app).contains("The server cannot be reached."));
    // From an alarm to its chat, if it is offered to this operator.
    key(&mut app, KeyCode::Tab);
    key(&mut app, KeyCode::Down);
    assert_eq!(key(&mut app, KeyCode::Enter), [Effect::Open(chat(2), None)]);
}

#[test]
fn no_letter_that_is_typed_does_anything_to_a_chat() {
    let mut app = with(mine(), 80, 24);
    key(&mut app, KeyCode::Enter);
    let all: String = (' '..='~').collect();
    let effects = typed(&mut app, &all);
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Typing(..))), "{effects:?}");
    assert_eq!(app.chat.as_ref().unwrap().composer.text(), all);
    // Nor when the composer goes while somebody types.
    let mut closed = mine();
    (closed.state, closed.is_mine, closed.composer) = (ChatState::Closed, false, Composer::ReadOnly);
    app.update(Msg::Chat(chat(1), reset(vec![closed])));
    assert_eq!(typed(&mut app, &all), []);
    assert!(app.overlay.is_none());
    assert_eq!(key(&mut app, KeyCode::Enter), []);
    // What was typed is still there.
    assert!(screen(&app).contains("}~"));
    assert_eq!(control(&mut app, 'y'), [Effect::Copy(all)]);
}

#[test]
fn every_action_has_a_key_of_its_own_that_moves_nothing() {
    let keys: Vec<&str> = Action::ALL.iter().map(|action| action.key()).collect();
    let mut unique = keys.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), keys.len());
    for taken in ["j", "k", "g", "G", "l", "q", "o", "u", "v", "w", "m", "f", "x", "z", "/", "?"] {
        assert!(!keys.contains(&taken), "{taken}");
    }
    // With Ctrl or Alt a letter means in the list what it means in a chat.
    let mut app = with(mine(), 80, 24);
    for modifiers in [KeyModifiers::CONTROL, KeyModifiers::ALT] {
        assert_eq!(app.update(Msg::Key(KeyEvent::new(KeyCode::Char('b'), modifiers))), []);
        assert_eq!(app.update(Msg::Key(KeyEvent::new(KeyCode::Char('e'), modifiers))), []);
    }
    assert!(app.overlay.is_none());
}

#[test]
fn everything_fits_a_narrow_terminal() {
    let mut row = mine();
    (row.contact_known, row.actions.block) = (false, true);
    let mut app = with(row, 44, 20);
    app.update(Msg::Work(work(Presence::OffShift)));
    key(&mut app, KeyCode::Char('x'));
    assert_screen("menu_44", &app);
    key(&mut app, KeyCode::Char('b'));
    app.update(Msg::Sharing(chat(1), Ok(3)));
    assert_screen("block_44", &app);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Char('w'));
    assert_screen("work_44", &app);
    for _ in 0..3 {
        key(&mut app, KeyCode::Down);
    }
    key(&mut app, KeyCode::Enter);
    assert_screen("hours_44", &app);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Char('?'));
    key(&mut app, KeyCode::PageDown);
    key(&mut app, KeyCode::PageDown);
    assert_screen("help_44", &app);
    key(&mut app, KeyCode::Esc);
    key(&mut app, KeyCode::Char('d'));
    assert_screen("undo_44", &app);
    app.update(Msg::Tick(NOW + 10_000));
    key(&mut app, KeyCode::Char('v'));
    app.update(Msg::Inbox(reset(archive())));
    assert_screen("archive_44", &app);
}
