//! No query of the store walks over a table: counted by SQLite itself, over everything that the store does, on a store
//! of a realistic size.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{InternalChat, OpenedChat, OpenedInternal, UserChat};
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::{
    AddMembers, CommandBody, CommandResult, CommandStatus, LabelChat, NoteToOwner, QueueLogin, Say, Snooze, Transfer,
};
use switchboard_protocol::event::{EventBody, Gone, GoneReason};
use switchboard_protocol::frame::Page;
use switchboard_protocol::ids::{CommandId, LabelId, QueueId, TemplateId, UserId};
use switchboard_protocol::message::{Message, MessageKind, MessageStatus};
use switchboard_protocol::transfer::TransferTarget;

use super::{
    Durability, account, chat, collection, draft, inbox, internal, outbox, passed_on, people, read_mark, scans,
    template, timeline, unsent, wish,
};
use crate::model::{CommandKind, InboxFilter, InboxOrder, TemplateQuery, UnsentId, UnsentReason, UnsentRow};
use crate::store::outbox::NewCommand;
use crate::sync::apply;
use crate::testing::{
    NOW, Phone, added, chat_id, gone, inbound, me, opened, other, outbound, owned, passed_on_line, raised,
};

const CHATS: u64 = 400;
const EACH: u64 = 25;

#[test]
fn no_statement_scans_a_table() {
    let mut phone = Phone::new();
    // Realistic for the planner too: many chats, most read, few waiting, few mine.
    let mut events = Vec::new();
    for n in 0..CHATS {
        let row = match n % 20 {
            0 => crate::testing::chat(n, 1),
            1 => owned(n, 1, me(), 1),
            _ => owned(n, 1, other(), 1),
        };
        let messages = (1..=EACH).map(|no| inbound(n, no, &format!("word{no} заказ 手机 number {n}"))).collect();
        events.push((n, opened(row, messages, n % 3 == 0)));
        events.push((
            n,
            EventBody::UserChat(UserChat {
                read_upto: EACH - n % 2,
                archived: n % 10 == 9,
                snoozed_until: (n % 20 == 2).then_some(NOW + n as i64),
                ..UserChat::default()
            }),
        ));
    }
    for batch in events.chunks(200) {
        phone.feed(batch);
    }
    phone.store.write(Durability::Normal, |tx, _| Ok(tx.execute_batch("ANALYZE")?)).unwrap();
    everything(&mut phone);
    let phone = phone.reopen();
    phone.store.search("word7 手", 50).unwrap();

    let mut bad = Vec::new();
    let seen = scans::seen();
    for (sql, steps) in &seen {
        // SQLite's and FTS5's own bookkeeping: the schema, the index's settings, ANALYZE.
        let own = sql.starts_with("ANALYZE") || sql.contains("sqlite_") || sql.contains("_fts_config");
        // Migrations, which run once, change the schema row by row.
        let own = own || sql.contains("ALTER TABLE") || sql.contains("DROP INDEX") || sql.contains("DROP TABLE");
        // A list walks along its index from the top and stops below its window: some rows, never all of them.
        let allowed = if sql.contains("INDEXED BY chat_") || sql.contains("passed_on_shown") { 70 } else { 0 };
        if *steps > allowed && !own {
            bad.push(format!("{steps} steps: {sql}"));
        }
    }
    assert!(seen.len() > 50, "the statements are watched");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

fn everything(phone: &mut Phone) {
    let far = CommandResult {
        id: CommandId::new(),
        status: CommandStatus::Applied,
        seq: None,
        code: None,
        owner: None,
        owner_epoch: None,
    };
    phone.feed_one(1, raised(false, 1, EACH, MessageStatus::Read));
    phone.feed_one(2, added(inbound(2, EACH + 1, "again")));
    for filter in [InboxFilter::All, InboxFilter::Mine, InboxFilter::Waiting, InboxFilter::Snoozed] {
        for order in [InboxOrder::NewestFirst, InboxOrder::LongestWaiting] {
            let (rows, floor, _) = phone.store.read(|db| inbox::window(db, filter, order, 10, None)).unwrap();
            assert!(!rows.is_empty());
            phone.store.read(|db| inbox::window(db, filter, order, 5, floor)).unwrap();
        }
    }
    let (rows, floor, _) = phone.store.read(|db| inbox::archive(db, 10, None)).unwrap();
    assert_eq!(rows.len(), 10);
    phone.store.read(|db| inbox::archive(db, 5, floor)).unwrap();
    phone.store.read(|db| inbox::one(db, chat_id(1))).unwrap();
    phone.store.read(inbox::unanswered).unwrap();
    phone.store.read(inbox::badge).unwrap();
    let texts = [phone.reply(1, "one"), phone.reply(1, "two"), phone.reply(3, "three")];
    phone.store.write(Durability::Full, |tx, _| draft::save(tx, chat_id(3), "draft", NOW)).unwrap();
    phone.store.write(Durability::Full, |tx, _| read_mark::put(tx, chat_id(1), EACH)).unwrap();
    phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap();
    phone.store.read(outbox::any_in_flight).unwrap();
    phone.timeline(1);
    phone
        .store
        .read(|db| {
            let head = timeline::head(db, chat_id(1))?.unwrap();
            timeline::from(db, &head, me(), 5, Some(9), 3)
        })
        .unwrap();
    apply::result(&phone.store, NOW, &far).unwrap();
    let refused =
        CommandResult { id: texts[0], status: CommandStatus::Conflict, code: Some(ErrorCode::Taken), ..far.clone() };
    apply::result(&phone.store, NOW, &refused).unwrap();
    phone.store.write(Durability::Full, |tx, _| outbox::lost(tx)).unwrap();
    phone.store.write(Durability::Normal, outbox::caught_up).unwrap();
    let first = phone.unsent()[0].id;
    phone
        .store
        .write(Durability::Full, |tx, _| {
            unsent::chat_of(tx, first)?;
            unsent::delete(tx, first)
        })
        .unwrap();
    phone.store.write(Durability::Full, |tx, _| outbox::forget_orphan(tx, texts[0])).unwrap();
    let page = Page { req: 1, chat: chat_id(3), messages: Vec::new(), more: false };
    apply::page(&phone.store, me(), &page, 1).unwrap();
    for typed in ["w", "word", "заказ 手机", "num"] {
        assert!(!phone.store.search(typed, 50).unwrap().hits.is_empty());
    }
    let json = r#"{"req":1,"collection":"users","rev":3,"rows":[{"id":"0198c0de-0000-7000-8000-000000000001","row":
        {"id":"0198c0de-0000-7000-8000-000000000001","name":"Anna","role":"user","disabled":false,
        "group":"0198c0de-0000-7000-8000-00000000000a"}},
        {"id":"0198c0de-0000-7000-8000-000000000002"}]}"#;
    let rows = serde_json::from_str(json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes)).unwrap();
    phone.store.read(collection::revisions).unwrap();
    templates_and_people(phone);
    life(phone);
    staff(phone);
    phone.store.read(account::position).unwrap();
    phone.store.read(account::load).unwrap();
    phone.store.read(chat::ids).unwrap();
    phone.feed_one(3, gone(GoneReason::Taken));
    assert!(phone.store.finish_purge().unwrap());
    let one = OpenedChat { chat: owned(5, 9, me(), 2), messages: vec![inbound(5, 90, "new")], more: true };
    phone.snapshot(phone.feed, 100_000, vec![(one, UserChat::default())]);
}

/// A thousand templates and contacts, a picker, and a search over all three kinds.
fn templates_and_people(phone: &Phone) {
    for (name, fields) in [
        ("templates", r#""edition":1,"category":"Tab","language":"en","title":"Word","text":"word {{contact.name}}""#),
        ("contacts", r#""name":"Word Number","email":"word@example.com","phone":"+1 555 0100""#),
    ] {
        let rows: Vec<String> = (0..1_000)
            .map(|n| {
                let id = chat_id(n);
                format!(r#"{{"id":"{id}","row":{{"id":"{id}",{fields}}}}}"#)
            })
            .collect();
        let json = format!(r#"{{"req":1,"collection":"{name}","rev":3,"rows":[{}]}}"#, rows.join(","));
        let rows = serde_json::from_str(&json).unwrap();
        phone.store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes)).unwrap();
    }
    let template = TemplateId::from_bytes(*chat_id(7).as_bytes());
    phone.store.write(Durability::Normal, |tx, _| template::took(tx, template, NOW)).unwrap();
    for search in ["", "w", "word"] {
        let query = TemplateQuery { search: search.into(), chat: Some(chat_id(1)), ..TemplateQuery::default() };
        let picked = phone.store.templates(&query, me(), Role::SystemOwner).unwrap();
        assert_eq!(picked.rows.len(), 200);
    }
    phone.store.read_consistent(|db| template::fill(db, chat_id(1), template, me(), "Anna")).unwrap();
    for typed in ["w", "word", "number", "155", "contact 7"] {
        let found = phone.store.search(typed, 50).unwrap();
        assert!(!found.contacts.is_empty(), "{typed}");
    }
}

/// What the user does to chats and about the own work.
fn life(phone: &mut Phone) {
    for n in 100..140 {
        let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on_line(n)) };
        phone.feed_one(n, EventBody::Gone(gone));
    }
    let held = phone.act(21, CommandBody::DealtWith, true);
    phone.act(21, CommandBody::Snooze(Snooze { until: Some(NOW) }), false);
    phone.act(22, CommandBody::Transfer(Transfer { to: TransferTarget::User(other()), note: None }), true);
    let (rows, ..) = phone.store.read(|db| inbox::archive(db, 60, None)).unwrap();
    assert!(rows.iter().any(|row| row.passed_on.is_some()));
    phone.store.write(Durability::Full, |tx, changes| outbox::undo(tx, held, NOW, changes)).unwrap();
    phone
        .store
        .write(Durability::Full, |tx, changes| outbox::undo_unsent(tx, chat_id(22), true, NOW, changes))
        .unwrap();
    phone.act(21, CommandBody::Archive, true);
    phone.store.read(|db| outbox::next_release(db, NOW)).unwrap();
    phone.store.write(Durability::Full, |tx, changes| outbox::release_due(tx, NOW + 9_000, changes)).unwrap();
    phone.store.read(chat::next_wake).unwrap();
    phone.store.write(Durability::Full, |tx, changes| chat::wake_due(tx, NOW + 50, changes)).unwrap();
    phone.feed_one(21, added(inbound(21, EACH + 1, "again")));
    let login = CommandBody::QueueLogin(QueueLogin { queue: QueueId::from_bytes([3; 16]), logged_in: true });
    for id in [CommandId::new(), CommandId::new()] {
        phone.store.write(Durability::Full, |tx, _| wish::put(tx, "queue_login", id, &login)).unwrap();
    }
    let sent = phone.store.write(Durability::Full, outbox::take_sendable(NOW)).unwrap();
    for frame in sent {
        let done = CommandResult {
            id: frame.id,
            status: CommandStatus::Applied,
            seq: Some(1),
            code: None,
            owner: None,
            owner_epoch: None,
        };
        apply::result(&phone.store, NOW, &done).unwrap();
    }
    phone.store.write(Durability::Full, |tx, changes| outbox::passed(tx, 1_000_000, changes)).unwrap();
    phone.store.read(|db| people::work(db, me())).unwrap();
    phone.store.read(|db| people::transfer_targets(db, me(), "an")).unwrap();
    phone.store.read(|db| people::alarms(db, 50)).unwrap();
    phone.store.read(|db| collection::is_member(db, QueueId::from_bytes([3; 16]))).unwrap();
    phone.store.write(Durability::Full, |tx, _| passed_on::hide(tx, chat_id(101), true)).unwrap();
    phone.store.write(Durability::Full, |tx, _| passed_on::remove(tx, chat_id(102))).unwrap();
}

/// Staff chats, notes, labels on chats and stale texts.
fn staff(phone: &mut Phone) {
    const FIRST: u64 = 1_000;
    let mut events = Vec::new();
    for n in FIRST..FIRST + 60 {
        let name = (n % 2 == 0).then(|| format!("Group {n}"));
        let internal = InternalChat { id: chat_id(n), rev: 1, name, members: vec![me(), other()] };
        let messages = (1..=EACH).map(|no| outbound(n, no, other(), "word")).collect();
        events.push((n, EventBody::InternalOpened(OpenedInternal { internal, messages, more: false })));
    }
    phone.feed(&events);
    let mention = Message { mentions: vec![me()], ..outbound(FIRST, EACH + 1, other(), "look") };
    phone.feed_one(FIRST, added(mention));
    phone.feed_one(FIRST, added(outbound(FIRST, EACH + 2, me(), "mine")));
    let (rows, floor, _) =
        phone.store.read(|db| inbox::window(db, InboxFilter::Staff, InboxOrder::NewestFirst, 10, None)).unwrap();
    assert_eq!(rows.len(), 10);
    phone.store.read(|db| inbox::window(db, InboxFilter::Staff, InboxOrder::NewestFirst, 5, floor)).unwrap();
    let said = |text: &str| Say { text: text.into(), mentions: vec![other()] };
    phone.act(FIRST, CommandBody::Say(said("hi")), false);
    let add = CommandBody::AddMembers(AddMembers { members: vec![UserId::from_bytes([0xCC; 16])] });
    phone.act(FIRST, add, false);
    phone.act(41, CommandBody::Note(said("note")), false);
    let label = LabelId::from_bytes([1; 16]);
    phone.act(41, CommandBody::LabelChat(LabelChat { label, on: true }), false);
    let mut labelled = owned(41, 3, me(), 1);
    labelled.labels = vec![label];
    phone.feed_one(41, EventBody::Chat(labelled));
    phone.timeline(FIRST);
    phone.row(41);
    phone
        .store
        .write(Durability::Full, |tx, changes| {
            changes.touched(chat_id(2_000));
            internal::begin(tx, chat_id(2_000), Some("New"), vec![me()], me(), Some(NOW))?;
            internal::is_only_here(tx, chat_id(2_000))?;
            internal::drop_unmade(tx, chat_id(2_000), NOW, changes)?;
            internal::is_enabled(tx, other())?;
            let record = chat::load(tx, chat_id(FIRST))?.unwrap();
            let ids = internal::member_ids(tx, record.key, &outbox::pending(tx, chat_id(FIRST))?)?;
            internal::of_ids(tx, &ids, me())?;
            internal::colleagues(tx, me(), "an")?;
            internal::mentionable(tx, chat_id(FIRST), me())?;
            outbox::has(tx, chat_id(FIRST), CommandKind::Say)?;
            outbox::pending_about(tx, [1; 16])?;
            Ok(())
        })
        .unwrap();
    let old = phone.reply(41, "old");
    let late = NOW + 31 * 60_000;
    // One that is on its way is asked about, the other asks here.
    phone.store.write(Durability::Full, |tx, _| outbox::lost(tx)).unwrap();
    phone.store.write(Durability::Full, outbox::take_sendable(late)).unwrap();
    phone.store.write(Durability::Full, |tx, changes| outbox::send_anyway(tx, old, changes)).unwrap();
    phone.store.write(Durability::Full, |tx, changes| outbox::withdraw(tx, old, late, changes)).unwrap();
    let row = UnsentRow {
        id: UnsentId::new(),
        chat: chat_id(41),
        contact_name: None,
        kind: MessageKind::Text,
        text: "text".into(),
        written_at: NOW,
        unsent_at: NOW,
        reason: UnsentReason::ChatGone,
        can_note_owner: false,
        noting_owner: false,
    };
    let body = CommandBody::NoteToOwner(NoteToOwner { text: "text".into() });
    let id = CommandId::new();
    phone
        .store
        .write(Durability::Full, |tx, changes| {
            unsent::insert(tx, &row, false)?;
            unsent::load(tx, row.id)?;
            let command = NewCommand { unsent: Some(row.id), ..NewCommand::plain(id, chat_id(41), &body, NOW) };
            outbox::enqueue(tx, &command)?;
            unsent::handing_over(tx, row.id, chat_id(41))?;
            unsent::newest(tx, 50)?;
            outbox::seen(tx, id, changes)
        })
        .unwrap();
    phone.feed_one(FIRST, gone(GoneReason::Left));
}
