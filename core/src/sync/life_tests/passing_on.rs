//! Passing a chat on, and the line that stays; deleting either.

use super::*;

#[test]
fn f28_a_transfer_leaves_a_line_and_nothing_else() {
    let mut phone = phone();
    rows(&phone, "users", &format!("[{}]", user_row(other(), "Boris", "17", "away", false)));
    let body = CommandBody::Transfer(Transfer { to: TransferTarget::User(other()), note: Some("a note".into()) });
    let id = phone.act(1, body, true);
    let row = phone.archive().remove(0);
    let line = row.passed_on.clone().unwrap();
    assert_eq!((line.to_name.as_str(), line.to_kind), ("Boris", TargetKind::User));
    assert!(row.undo.is_some());
    release(&phone, AFTER);
    assert!(send(&phone)[0].body.as_ref().unwrap().get().contains("a note"));
    answer(&phone, id, CommandStatus::Applied, None, Some(phone.seq + 1));
    let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on_line(1)) };
    assert_eq!(by(&mut phone, id, 1, &EventBody::Gone(gone)), [], "told already");
    let archive = phone.archive();
    let [row] = &archive[..] else { panic!("one line") };
    assert_eq!((row.chat, row.contact_name.as_deref()), (chat_id(1), Some("Contact 1")));
    assert_eq!(row.last_message, None);
    assert!(row.actions.delete && !row.actions.transfer && row.composer == Composer::ReadOnly);
    assert!(phone.store.search("mine", 9).unwrap().hits.is_empty());
    assert!(phone.unsent().is_empty(), "the note went with it");
    // It comes back: the line goes.
    phone.feed_one(1, opened(owned(1, 9, me(), 3), vec![inbound(1, 1, "again")], false));
    assert!(phone.archive().is_empty());
    assert_eq!(recents(&phone).len(), 2);
}

#[test]
fn f28_the_feed_may_be_faster_than_the_answer_to_a_transfer() {
    let mut phone = phone();
    let body = CommandBody::Transfer(Transfer { to: TransferTarget::User(other()), note: Some("a note".into()) });
    let id = phone.act(1, body, false);
    send(&phone);
    let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on_line(1)) };
    assert_eq!(by(&mut phone, id, 1, &EventBody::Gone(gone)), [Outcome::Applied]);
    assert_eq!(answer(&phone, id, CommandStatus::Applied, None, Some(phone.seq)), []);
    assert!(phone.unsent().is_empty());
}

#[test]
fn f29_the_note_of_a_transfer_that_was_not_done_is_kept() {
    let with_note = || CommandBody::Transfer(Transfer { to: TransferTarget::User(other()), note: Some("note".into()) });
    let kept = |phone: &Phone| {
        // A note is never to be offered as a reply, and says whose chat it was in.
        let note = |row: &UnsentRow| (row.kind, row.contact_name.as_deref()) == (MessageKind::Note, Some("Contact 1"));
        assert!(phone.unsent().iter().all(note));
        phone.unsent().into_iter().map(|row| (row.text, row.reason)).collect::<Vec<_>>()
    };
    // Refused.
    let here = phone();
    let id = here.act(1, with_note(), false);
    send(&here);
    let refused = answer(&here, id, CommandStatus::Rejected, Some(ErrorCode::UserDisabled), None);
    assert_eq!(refused, [Outcome::Failed(ErrorCode::UserDisabled)]);
    assert_eq!(kept(&here), [("note".to_owned(), UnsentReason::Failed(ErrorCode::UserDisabled))]);
    assert!(recents(&here).contains(&chat_id(1)));
    // Undone.
    let here = phone();
    let id = here.act(1, with_note(), true);
    undo(&here, id).unwrap();
    assert_eq!(kept(&here), [("note".to_owned(), UnsentReason::Draft)]);
    // Overtaken by the chat's leaving.
    let mut here = phone();
    here.act(1, with_note(), true);
    here.feed_one(1, gone(GoneReason::Unassigned));
    assert_eq!(kept(&here), [("note".to_owned(), UnsentReason::ChatGone)]);
    // On its way when the chat left, and refused then.
    let mut here = phone();
    let id = here.act(1, with_note(), false);
    send(&here);
    here.feed_one(1, gone(GoneReason::Unassigned));
    assert_eq!(kept(&here), [("note".to_owned(), UnsentReason::Checking)]);
    let mut here = here.reopen();
    assert_eq!(send(&here).len(), 1, "it goes again, to be decided");
    answer(&here, id, CommandStatus::Conflict, Some(ErrorCode::Taken), None);
    assert_eq!(kept(&here), [("note".to_owned(), UnsentReason::Refused(ErrorCode::Taken))]);
    // On its way when the chat left, and done before that.
    here.feed_one(1, opened(owned(1, 9, me(), 3), vec![inbound(1, 1, "x")], false));
    here.store.write(Durability::Full, |tx, _| unsent::delete(tx, MessageId::from(id).into())).unwrap();
    let id = here.act(1, with_note(), false);
    send(&here);
    here.feed_one(1, gone(GoneReason::Unassigned));
    assert_eq!(kept(&here), [("note".to_owned(), UnsentReason::Checking)]);
    answer(&here, id, CommandStatus::Applied, None, Some(here.seq + 1));
    assert!(kept(&here).is_empty());
}

#[test]
fn f28_a_snapshot_brings_the_lines_and_removes_the_others() {
    let mut phone = phone();
    for n in [5, 6] {
        let gone = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on_line(n)) };
        phone.feed_one(n, EventBody::Gone(gone));
    }
    assert_eq!(
        phone.archive().iter().map(|row| row.chat).collect::<Vec<_>>(),
        [chat_id(6), chat_id(5)],
        "newest first"
    );
    let part = SnapshotPart { passed_on: vec![passed_on_line(6), passed_on_line(7)], ..SnapshotPart::default() };
    let json = serde_json::to_string(&part).unwrap();
    phone.store.write(Durability::Normal, |tx, _| snapshot::stage(tx, &json)).unwrap();
    let one = OpenedChat { chat: owned(1, 5, me(), 1), messages: vec![inbound(1, 1, "x")], more: false };
    phone.snapshot(phone.feed, 90, vec![(one, UserChat { archived: true, ..UserChat::default() })]);
    let archive: Vec<_> = phone.archive().iter().map(|row| row.chat).collect();
    assert_eq!(archive, [chat_id(1), chat_id(7), chat_id(6)]);
    assert!(recents(&phone).is_empty());
}

#[test]
fn f45_a_line_that_was_deleted_leaves_no_name_in_the_log() {
    let mut phone = phone();
    let passed = Gone { reason: GoneReason::Transferred, passed_on: Some(passed_on_line(5)) };
    assert!(!phone.feed_one(5, EventBody::Gone(passed)).purge);
    let pending = |phone: &Phone| {
        let sql = "SELECT purge_pending FROM sync WHERE one = 1";
        phone.store.read(|db| Ok(db.query_row(sql, [], |row| row.get::<_, bool>(0))?)).unwrap()
    };
    assert!(!pending(&phone));
    assert!(phone.feed_one(5, gone(GoneReason::Deleted)).purge);
    assert!(phone.archive().is_empty() && pending(&phone));
}

#[test]
fn f45_deleting_hides_at_once_a_chat_and_a_line() {
    let mut phone = phone();
    phone.feed_one(1, EventBody::UserChat(UserChat { archived: true, ..UserChat::default() }));
    assert!(phone.archive()[0].actions.delete);
    let id = phone.act(1, CommandBody::Delete, false);
    assert!(phone.archive().is_empty() && recents(&phone) == [chat_id(2)]);
    send(&phone);
    assert_eq!(answer(&phone, id, CommandStatus::Rejected, Some(ErrorCode::Internal), None).len(), 1);
    assert_eq!(phone.archive().len(), 1, "a refusal brings it back");
    let id = phone.act(1, CommandBody::Delete, false);
    send(&phone);
    assert_eq!(by(&mut phone, id, 1, &gone(GoneReason::Deleted)), [Outcome::Applied]);
    assert!(phone.archive().is_empty());
}
