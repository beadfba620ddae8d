//! An inbox with a few chats, keys, and what stands on the screen then. Each screen is kept as text in `tests/screens/`;
//! `UPDATE_SCREENS=1 cargo test -p switchboard-operator` writes them anew, to be read in review.

// Helpers of tests are tests, and not every file needs all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use chrono::FixedOffset;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use switchboard_core::{
    AuthorKind, ChannelKind, ChatActions, ChatId, ChatState, Composer, ConnectionState, ContactId, DeliveryState,
    InboxRow, LastMessage, ListChange, ListUpdate, MessageId, MessageKind, MessageStatus, Role, TimelineRow,
};
use switchboard_operator::app::{App, Effect, Msg};
use switchboard_operator::clock::Zone;
use switchboard_operator::view;

/// 2026-03-10 10:40 in Bergen.
pub const NOW: i64 = 1_773_135_600_000;
pub const MINUTE: i64 = 60_000;

pub fn chat(n: u8) -> ChatId {
    ChatId::from_bytes([n; 16])
}

pub fn app(columns: u16, rows: u16) -> App {
    let mut app = App::new((columns, rows), NOW, Zone::Fixed(FixedOffset::east_opt(3_600).unwrap()));
    app.update(Msg::Account(Some(("Anna Berg".into(), Role::User))));
    app.update(Msg::Connection(ConnectionState::Online));
    app
}

pub fn row(n: u8, name: Option<&str>, preview: &str, age: i64) -> InboxRow {
    InboxRow {
        chat: chat(n),
        contact_name: name.map(Into::into),
        channel_kind: Some(ChannelKind::LiveChat),
        internal: None,
        contact: Some(ContactId::from_bytes([n; 16])),
        queue_name: Some("Sales".into()),
        group_name: None,
        at: NOW - age,
        last_message: Some(LastMessage {
            preview: preview.into(),
            kind: MessageKind::Text,
            author: AuthorKind::Contact,
            author_name: None,
            mine: false,
            sent_at: NOW - age,
        }),
        unread: 1,
        state: ChatState::Waiting,
        owner: None,
        owner_name: None,
        is_mine: false,
        waiting_since: Some(NOW - age),
        mentioned: false,
        labels: Vec::new(),
        asking: 0,
        has_draft: false,
        unsent: 0,
        pending: 0,
        session: 1,
        contact_known: name.is_some(),
        contact_phone: None,
        contact_email: None,
        archived: false,
        snoozed_until: None,
        prompt: false,
        actions: ChatActions {
            reply: true,
            take: true,
            transfer: true,
            dealt_with: true,
            archive: true,
            end_session: true,
            snooze: true,
            add_contact: name.is_none(),
            ignore: true,
            note: true,
            label: true,
            information: true,
            ..ChatActions::default()
        },
        composer: Composer::Reply,
        passed_on: None,
        undo: None,
    }
}

/// The same chat as its owner sees it.
pub fn owned(mut row: InboxRow) -> InboxRow {
    (row.state, row.is_mine, row.unread, row.waiting_since) = (ChatState::Owned, true, 0, None);
    (row.actions.take, row.actions.ignore) = (false, false);
    row.actions.block = !row.contact_known;
    row
}

pub fn inbox() -> Vec<InboxRow> {
    let maria = row(1, Some("Maria López"), "Is the blue one in stock? I would need it before Friday.", 2 * MINUTE);
    let mut visitor = row(2, None, "hello?", 12 * MINUTE);
    visitor.unread = 3;
    let mut mine = row(3, Some("Tanaka Yūko 田中優子"), "配送はいつですか？急いでいます", 45 * MINUTE);
    mine = owned(mine);
    (mine.has_draft, mine.pending) = (true, 1);
    let mut old = row(4, Some("Ольга"), "Спасибо большое, всё получилось!", 3 * 1440 * MINUTE);
    old = owned(old);
    if let Some(last) = old.last_message.as_mut() {
        last.mine = true;
    }
    vec![maria, visitor, mine, old]
}

pub fn message(no: u64, mine: bool, text: &str, age: i64) -> TimelineRow {
    TimelineRow {
        id: MessageId::from_bytes([u8::try_from(no).unwrap(); 16]),
        no: Some(no),
        kind: MessageKind::Text,
        author: if mine { AuthorKind::User } else { AuthorKind::Contact },
        author_id: None,
        author_name: Some(if mine { "Anna Berg" } else { "Maria López" }.into()),
        mine,
        text: text.into(),
        mentions: Vec::new(),
        mentions_me: false,
        activity: None,
        sent_at: NOW - age,
        state: DeliveryState::Stored(MessageStatus::Delivered),
    }
}

pub fn conversation() -> Vec<TimelineRow> {
    let mut rows = vec![
        message(1, false, "Good morning", 1_500 * MINUTE),
        message(2, false, "Is the blue one in stock? I would need it before Friday, as a present 🎁", 9 * MINUTE),
        message(3, true, "Yes, three of them. Sent today it is with you on Thursday.", 7 * MINUTE),
        message(4, true, "Shall I put one aside?", 6 * MINUTE),
    ];
    rows[2].state = DeliveryState::Stored(MessageStatus::Read);
    rows[3].state = DeliveryState::Queued;
    rows[3].no = None;
    rows
}

pub fn reset<R>(rows: Vec<R>) -> ListUpdate<R> {
    ListUpdate { revision: 0, changes: vec![ListChange::Reset { rows }], closed: false }
}

pub fn key(app: &mut App, code: KeyCode) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// The key with Ctrl.
pub fn control(app: &mut App, c: char) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)))
}

pub fn typed(app: &mut App, text: &str) -> Vec<Effect> {
    text.chars().flat_map(|c| key(app, KeyCode::Char(c))).collect()
}

/// With Maria's chat selected and loaded.
pub fn with_chat(columns: u16, rows: u16) -> App {
    let mut app = app(columns, rows);
    let effects = app.update(Msg::Inbox(reset(inbox())));
    assert_eq!(effects, [Effect::Open(chat(1), None)]);
    app.update(Msg::Chat(chat(1), reset(inbox()[..1].to_vec())));
    app.update(Msg::Timeline(chat(1), reset(conversation())));
    app
}

pub fn screen(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| view::draw(app, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(switchboard_operator::text::width(symbol).max(1)).unwrap();
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[track_caller]
pub fn assert_screen(name: &str, app: &App) {
    let got = screen(app);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SCREENS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &got).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == wanted, "{name} looks different.\n--- kept\n{wanted}\n--- now\n{got}");
}
