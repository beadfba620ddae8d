//! F26 to F29.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{CommandBody, CommandStatus, Reply, SetPresence, Transfer};
use switchboard_protocol::ids::{GroupId, QueueId, UserId};
use switchboard_protocol::transfer::TransferTarget;

use super::{MINUTE, Office};
use crate::store::{passed_on, snapshot};

fn to(to: TransferTarget) -> CommandBody {
    CommandBody::Transfer(Transfer { to, note: None })
}

fn reply(text: &str) -> CommandBody {
    CommandBody::Reply(Reply { text: text.into() })
}

#[test]
fn f26_f28_the_owner_passes_a_chat_on_and_keeps_a_line_without_content() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, visitor) = office.owned();
    let note = Some("  wants the green one \n".to_owned());
    let body = CommandBody::Transfer(Transfer { to: TransferTarget::User(boris), note });
    let result = office.applied(anna, chat, body);
    assert_eq!(office.state(chat), (ChatState::Owned, Some(boris), 2));
    assert_eq!(result.owner_epoch, Some(2));

    // F28: nothing of it is left in Anna's feed, and what she gets is the line.
    let gone = office.events(anna).pop().unwrap();
    assert_eq!((gone["seq"].as_u64(), gone["command"].is_string()), (result.seq, true));
    assert_eq!(gone["body"]["reason"], "transferred");
    assert_eq!(gone["body"]["passed_on"]["to_name"], "Boris");
    let lines = passed_on::of(&office.connection, anna).unwrap();
    assert_eq!(serde_json::to_value(&lines[0]).unwrap(), gone["body"]["passed_on"]);
    office.looked.insert(anna, 0);
    assert!(!format!("{:?}", office.events(anna)).contains("good day"), "the history is withdrawn");
    let snapshot = snapshot::read(&office.connection, anna).unwrap().frames.concat();
    assert!(snapshot.contains("\"to_name\":\"Boris\"") && !snapshot.contains("good day"));

    // F27: Boris has the history, with the note and who passed it on.
    let opened = office.events(boris).pop().unwrap();
    let messages = opened["body"]["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 5);
    assert_eq!((&messages[3]["private"], &messages[3]["text"]), (&true.into(), &"wants the green one".into()));
    assert_eq!(messages[4]["activity"]["kind"], "transferred");
    // The visitor hears of the new one, and nothing of the note.
    let told = std::mem::take(&mut office.visitor);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["event"], serde_json::json!({ "kind": "passed_on", "name": "Boris" }));

    office.say(visitor, "more");
    assert_eq!(office.news(anna), Vec::<String>::new());
    assert_eq!(office.news(boris), ["text more"]);
    // What Anna had still queued does not reach the customer.
    let late = office.run(anna, &office.command(chat, reply("late")));
    assert_eq!((late.status, late.code, late.owner), (CommandStatus::Conflict, Some(ErrorCode::Taken), Some(boris)));

    // It comes back: the line makes room.
    office.applied(boris, chat, to(TransferTarget::User(anna)));
    assert_eq!(passed_on::of(&office.connection, anna).unwrap(), []);
    // And goes once more: deleting the line leaves nothing.
    office.applied(anna, chat, to(TransferTarget::User(boris)));
    office.applied(anna, chat, CommandBody::Delete);
    assert_eq!(passed_on::of(&office.connection, anna).unwrap(), []);
    assert_eq!(office.news(anna).pop().unwrap(), "gone deleted");
    assert_eq!(office.state(chat).1, Some(boris), "the chat itself is Boris's");
}

#[test]
fn f26_f6_who_ignored_a_chat_that_becomes_theirs_sees_it_again() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, _) = office.waiting();
    office.applied(boris, chat, CommandBody::Ignore);
    office.look_at_all();
    office.applied(anna, chat, to(TransferTarget::User(boris)));
    assert_eq!(office.state(chat).1, Some(boris));
    assert_eq!(office.mine(chat, boris), Default::default(), "an owned chat is not out of its owner's sight");
    assert_eq!(office.news(boris), ["transferred", "user_chat"], "and the phone is told");
}

#[test]
fn f26_a_candidate_passes_a_waiting_chat_on() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let (chat, _) = office.waiting();
    office.applied(anna, chat, to(TransferTarget::User(dora)));
    assert_eq!(office.state(chat), (ChatState::Owned, Some(dora), 1));
    for user in [boris, cleo] {
        let gone = office.events(user).pop().unwrap();
        assert_eq!((&gone["kind"], &gone["body"]["reason"]), (&"gone".into(), &"transferred".into()));
        assert!(gone["body"]["passed_on"].is_null(), "the line is the sender's alone");
    }
    assert_eq!(office.seeing(chat), [dora]);
    // Dora was a candidate: what she wrote while it waited is hers to send.
    let mut queued = office.command(chat, reply("here"));
    queued.owner_epoch = Some(0);
    assert_eq!(office.run(dora, &queued).status, CommandStatus::Applied);
}

#[test]
fn f26_out_of_the_archive_a_new_session_opens_that_is_the_targets() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, _) = office.owned();
    office.applied(anna, chat, CommandBody::DealtWith);
    office.look_at_all();
    office.applied(anna, chat, to(TransferTarget::User(boris)));
    assert_eq!(office.state(chat), (ChatState::Owned, Some(boris), 3));
    let row = office.row(chat);
    assert_eq!((row.session, row.closed_at), (2, None));
    assert_eq!(office.news(boris), ["chat_opened"]);
    // To a queue as well.
    office.applied(boris, chat, CommandBody::DealtWith);
    office.applied(boris, chat, to(TransferTarget::Queue(office.repairs)));
    assert_eq!((office.state(chat).0, office.row(chat).session), (ChatState::Waiting, 3));
}

#[test]
fn f29_to_a_queue_it_waits_there_for_all_but_the_sender() {
    let mut office = Office::new();
    let [anna, boris, cleo, dora] = office.users();
    let (chat, visitor) = office.owned();
    office.applied(anna, chat, to(TransferTarget::Queue(office.repairs)));
    assert_eq!(office.state(chat), (ChatState::Waiting, None, 2));
    assert_eq!((office.row(chat).queue, office.row(chat).diverted), (Some(office.repairs), true));
    let mut members = [cleo, dora];
    members.sort();
    assert_eq!(office.seeing(chat), members);
    assert_eq!(office.news(boris), Vec::<String>::new());
    assert_eq!(office.visitor.pop().unwrap()["event"], serde_json::json!({ "kind": "passed_on" }));

    // Back to the first queue by a candidate: the sender is no candidate there, and it is its route again.
    office.applied(cleo, chat, to(TransferTarget::Queue(office.queue)));
    let mut others = [anna, boris, dora];
    others.sort();
    assert_eq!(office.seeing(chat), others);
    assert!(!office.row(chat).diverted);
    // Who stays a candidate keeps what the device has and learns where it waits; the note of another's is not lost.
    assert_eq!(office.news(dora), ["chat_opened", "transferred"]);
    office.say(visitor, "anybody?");
    assert_eq!(office.news(cleo).pop().unwrap(), "gone transferred");

    office.applied(boris, chat, to(TransferTarget::Group(office.group)));
    assert_eq!((office.row(chat).queue, office.row(chat).group), (None, Some(office.group)));
    let mut others = [anna, cleo, dora];
    others.sort();
    assert_eq!(office.seeing(chat), others);
}

#[test]
fn f29_an_unanswered_transfer_returns_and_an_answered_one_stays() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, _) = office.owned();
    office.applied(anna, chat, to(TransferTarget::User(boris)));
    office.pass(5 * MINUTE - 1);
    assert_eq!(office.state(chat).1, Some(boris));
    office.look_at_all();
    office.pass(1);
    assert_eq!(office.state(chat), (ChatState::Owned, Some(anna), 3));
    assert_eq!(office.news(boris), ["gone unassigned"]);
    let opened = office.events(anna).pop().unwrap();
    assert_eq!(opened["body"]["messages"][4]["activity"]["kind"], "returned");

    office.applied(anna, chat, to(TransferTarget::User(boris)));
    office.applied(boris, chat, reply("I am on it"));
    office.pass(60 * MINUTE);
    assert_eq!(office.state(chat).1, Some(boris));

    // To a queue: taking it is an answer, and without one it goes back to Boris, or to its route when he has gone home.
    office.applied(boris, chat, to(TransferTarget::Queue(office.repairs)));
    office.write(|tx| tx.set_presence(boris, &SetPresence { presence: Presence::OffShift, release: false }));
    office.pass(5 * MINUTE);
    let row = office.row(chat);
    assert_eq!((row.state, row.queue, row.diverted), (ChatState::Waiting, Some(office.queue), false));
    assert!(office.seeing(chat).contains(&anna) && !office.seeing(chat).contains(&boris));
    office.applied(anna, chat, to(TransferTarget::Queue(office.repairs)));
    let cleo = office.users[2];
    office.applied(cleo, chat, CommandBody::Take);
    office.pass(60 * MINUTE);
    assert_eq!(office.state(chat).1, Some(cleo));
}

#[test]
fn f26_who_cannot_get_a_chat_is_named_and_nothing_happens() {
    let mut office = Office::new();
    let [anna, boris, cleo, ..] = office.users::<4>();
    let (chat, _) = office.owned();
    office.write(|tx| tx.set_disabled(cleo, true));
    let before = office.state(chat);
    for (target, code) in [
        (TransferTarget::User(anna), ErrorCode::TransferToSelf),
        (TransferTarget::User(cleo), ErrorCode::UserDisabled),
        (TransferTarget::User(UserId::new()), ErrorCode::NotFound),
        (TransferTarget::Queue(QueueId::new()), ErrorCode::NotFound),
        (TransferTarget::Group(GroupId::new()), ErrorCode::NotFound),
    ] {
        office.refused(anna, chat, to(target), code);
    }
    let note = Some("x".repeat(16 * 1024 + 1));
    let long = CommandBody::Transfer(Transfer { to: TransferTarget::User(boris), note });
    office.refused(anna, chat, long, ErrorCode::TextTooLong);
    let mut stale = office.command(chat, to(TransferTarget::User(boris)));
    stale.owner_epoch = Some(7);
    assert_eq!(office.run(anna, &stale).code, Some(ErrorCode::StaleEpoch));
    stale.id = switchboard_protocol::ids::CommandId::new();
    stale.owner_epoch = None;
    assert_eq!(office.run(anna, &stale).code, Some(ErrorCode::BadRequest));
    // Who saw it once is told who has it; it is nobody else's to pass on.
    let lost = office.run(boris, &office.command(chat, to(TransferTarget::User(anna))));
    assert_eq!((lost.status, lost.owner), (CommandStatus::Conflict, Some(anna)));
    assert_eq!(office.state(chat), before);
    assert_eq!(office.news(anna), Vec::<String>::new());
}
