//! F6, F43, F45, F68: what a user does for oneself alone, and contacts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChatState, UserChat};
use switchboard_protocol::collection::{Collection, Role};
use switchboard_protocol::command::{AddContact, CommandBody, CommandStatus, Read, Reply, Snooze, Transfer};
use switchboard_protocol::ids::ChatId;

use super::{HOUR, Office};
use crate::routing::Distribution;
use crate::store::people::UserChange;
use crate::store::{collections, prune};

fn contact(name: &str, email: Option<&str>, phone: Option<&str>) -> CommandBody {
    CommandBody::AddContact(AddContact {
        name: name.into(),
        email: email.map(str::to_owned),
        phone: phone.map(str::to_owned),
    })
}

#[test]
fn f43_archive_keeps_the_owner_and_a_message_brings_the_chat_back() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, visitor) = office.owned();
    let result = office.applied(anna, chat, CommandBody::Archive);
    let event = office.events(anna).pop().unwrap();
    assert_eq!((&event["body"]["archived"], event["seq"].as_u64()), (&true.into(), result.seq));
    assert_eq!(office.state(chat).1, Some(anna));
    assert_eq!(office.applied(anna, chat, CommandBody::Archive).seq, None, "it is archived already");
    // F38: from the archive too it goes back to the same user.
    office.say(visitor, "still there?");
    assert_eq!(office.news(anna), ["text still there?"], "phones bring it back by themselves");
    assert_eq!((office.mine(chat, anna).archived, office.state(chat).1), (false, Some(anna)));
}

#[test]
fn f68_snooze_hides_for_a_while_and_a_message_ends_it() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, visitor) = office.owned();
    let snooze = |until| CommandBody::Snooze(Snooze { until });
    let now = office.now;
    for until in [now, now - 1, now + 367 * 24 * HOUR] {
        office.refused(anna, chat, snooze(Some(until)), ErrorCode::BadTime);
    }
    office.applied(anna, chat, snooze(Some(now + HOUR)));
    assert_eq!(office.mine(chat, anna).snoozed_until, Some(now + HOUR));
    office.applied(anna, chat, snooze(None));
    assert_eq!(office.mine(chat, anna).snoozed_until, None);
    office.applied(anna, chat, snooze(Some(now + HOUR)));
    office.applied(anna, chat, CommandBody::Read(Read { upto: 1 }));
    assert_eq!(office.mine(chat, anna).snoozed_until, Some(now + HOUR), "reading changes nothing of it");
    office.say(visitor, "wake up");
    assert_eq!(office.mine(chat, anna), UserChat { read_upto: 1, ..UserChat::default() });
}

#[test]
fn f6_ignore_hides_a_waiting_chat_until_the_customer_writes_again() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, visitor) = office.waiting();
    office.look_at_all();
    office.applied(anna, chat, CommandBody::Ignore);
    assert_eq!(office.news(anna), ["user_chat"]);
    assert_eq!(office.news(boris), Vec::<String>::new());
    assert!(office.seeing(chat).contains(&anna), "it is still hers to take");
    office.say(visitor, "hello?");
    assert!(!office.mine(chat, anna).ignored);
    // Who answers what was ignored sees it again.
    office.applied(anna, chat, CommandBody::Ignore);
    office.look_at_all();
    office.applied(anna, chat, CommandBody::Reply(Reply { text: "yes".into() }));
    assert_eq!(office.news(anna), ["user_chat", "taken", "text yes"]);
    assert!(!office.mine(chat, anna).ignored);
    office.refused(anna, chat, CommandBody::Ignore, ErrorCode::NotWaiting);
}

#[test]
fn f6_what_all_candidates_ignore_is_offered_to_more_and_alarmed_until_it_is_taken() {
    let mut office = Office::new();
    office.settings(|settings| settings.distribution = Distribution::First { n: 1 });
    let (chat, _) = office.waiting();
    let [anna, boris, cleo, dora] = office.users();
    assert_eq!(office.seeing(chat), [anna]);
    office.applied(anna, chat, CommandBody::Ignore);
    assert_eq!(office.seeing(chat).len(), 4);
    let alarms = |office: &Office| crate::store::alarms::in_force(&office.connection).unwrap().len();
    assert_eq!(alarms(&office), 1, "others have it now, and managers are told all the same");
    for user in [boris, cleo, dora] {
        office.applied(user, chat, CommandBody::Ignore);
        assert_eq!(alarms(&office), 1);
    }
    office.applied(boris, chat, CommandBody::Take);
    assert_eq!(alarms(&office), 0);
}

#[test]
fn f6_add_contact_ends_the_prompt_for_all_and_takes_nothing() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, _) = office.waiting();
    office.look_at_all();
    let result = office.applied(anna, chat, contact(" Ann Lee ", Some("Ann@Example.com"), Some("+49 30 1")));
    assert_eq!(office.state(chat), (ChatState::Waiting, None, 0));
    let mine = office.events(anna).pop().unwrap();
    let theirs = office.events(boris).pop().unwrap();
    assert_eq!(mine["body"], theirs["body"]);
    assert_eq!((mine["seq"].as_u64(), theirs["command"].is_null()), (result.seq, true));
    let known = &mine["body"]["contact"];
    assert_eq!(
        (&known["name"], &known["phone"], &known["known"]),
        (&"Ann Lee".into(), &"+49 30 1".into(), &true.into())
    );
    // What is not given stays.
    office.applied(boris, chat, contact("Ann B. Lee", None, None));
    let row = office.row(chat);
    assert_eq!((row.contact.name.as_deref(), row.contact.phone.as_deref()), (Some("Ann B. Lee"), Some("+49 30 1")));
    for (name, email, phone) in
        [("  ", None, None), ("Ann", Some("nowhere"), None), ("Ann", None, Some("call me")), ("a\u{7}b", None, None)]
    {
        office.refused(anna, chat, contact(name, email, phone), ErrorCode::BadContact);
    }
    assert_eq!(office.applied(anna, chat, contact("Ann B. Lee", None, None)).seq, None);
}

#[test]
fn f45_delete_closes_an_owned_chat_first_and_the_server_keeps_it() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, visitor) = office.owned();
    let result = office.applied(anna, chat, CommandBody::Delete);
    let gone = office.events(anna).pop().unwrap();
    assert_eq!((&gone["body"]["reason"], gone["seq"].as_u64()), (&"deleted".into(), result.seq));
    assert_eq!(office.state(chat), (ChatState::Closed, None, 2));
    assert_eq!(office.seeing(chat), []);
    let row = office.row(chat);
    assert_eq!(row.last_no, 3, "no line says so");
    assert!(office.visitor.is_empty());
    // F39: when the customer writes, it goes by its route, with all that was said.
    office.say(visitor, "me again");
    assert_eq!(office.state(chat).0, ChatState::Waiting);
    let opened = office.events(anna).pop().unwrap();
    assert_eq!(opened["body"]["messages"].as_array().unwrap().len(), 4);
}

#[test]
fn f6_f43_f45_f68_nothing_is_put_away_behind_a_message_that_the_user_has_not_seen() {
    let mut office = Office::new();
    let anna = office.users[0];
    let snooze = CommandBody::Snooze(Snooze { until: Some(office.now + HOUR) });
    let owned = office.owned();
    let waiting = office.waiting();
    for ((chat, visitor), body) in
        [(owned, CommandBody::Archive), (owned, snooze), (owned, CommandBody::Delete), (waiting, CommandBody::Ignore)]
    {
        let command = office.command(chat, body);
        office.say(visitor, "one thing more");
        let result = office.run(anna, &command);
        assert_eq!((result.status, result.code), (CommandStatus::Conflict, Some(ErrorCode::NewMessage)), "{command:?}");
        assert!(office.seeing(chat).contains(&anna));
        assert_eq!(office.mine(chat, anna), office.mine(chat, anna).woken());
    }
}

#[test]
fn f45_delete_by_a_candidate_and_by_a_reader() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, visitor) = office.waiting();
    office.applied(anna, chat, CommandBody::Delete);
    assert_eq!(office.news(anna).pop().unwrap(), "gone deleted");
    assert!(!office.seeing(chat).contains(&anna));
    // Nothing but the customer brings it back, and not even that while others look after it.
    let (queue, users) = (office.queue, office.users.clone());
    office.write(|tx| tx.set_queue_members(queue, &users));
    assert!(!office.seeing(chat).contains(&anna));
    office.refused(anna, chat, CommandBody::Delete, ErrorCode::NotFound);
    office.applied(boris, chat, CommandBody::DealtWith);
    office.applied(boris, chat, CommandBody::Delete);
    assert_eq!(office.seeing(chat), []);
    office.say(visitor, "again");
    assert_eq!(office.seeing(chat).len(), 4);
}

#[test]
fn f62_a_closed_chat_leaves_its_readers_phone_after_its_time() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, visitor) = office.owned();
    let (other, _) = office.owned();
    office.applied(anna, chat, CommandBody::DealtWith);
    office.look_at_all();
    let keep = 90 * 24 * HOUR;
    office.pass(keep);
    let expire = |office: &mut Office| {
        let found = prune::expired(&office.connection, anna, office.now - keep).unwrap();
        office.write(|tx| tx.expire(anna, &found));
        found
    };
    assert_eq!(expire(&mut office), []);
    office.pass(1);
    assert_eq!(expire(&mut office), [chat]);
    assert_eq!(office.news(anna), ["gone expired"]);
    assert_eq!(office.seeing(other), [anna], "what is open stays, however old");
    office.say(visitor, "years later");
    assert_eq!(office.state(chat).0, ChatState::Waiting);
}

#[test]
fn f28_f62_the_line_of_a_chat_that_was_passed_on_leaves_after_its_time() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, _) = office.owned();
    let to = switchboard_protocol::transfer::TransferTarget::User(boris);
    office.applied(anna, chat, CommandBody::Transfer(Transfer { to, note: None }));
    // Answered, so that it does not come back.
    office.applied(boris, chat, CommandBody::Reply(Reply { text: "Boris here".into() }));
    office.look_at_all();
    let keep = 90 * 24 * HOUR;
    for (pass, found, news) in [(keep, vec![], vec![]), (1, vec![chat], vec!["gone expired"]), (1, vec![], vec![])] {
        office.pass(pass);
        assert_eq!(prune::expired(&office.connection, anna, office.now - keep).unwrap(), found);
        office.write(|tx| tx.expire(anna, &found));
        assert_eq!(office.news(anna), news);
    }
    assert_eq!(office.state(chat).1, Some(boris));
}

#[test]
fn f43_f40_an_archived_chat_that_leaves_its_owner_and_is_offered_to_them_again_is_back_in_recents() {
    let mut office = Office::new();
    let anna = office.users[0];
    office.settings(|settings| settings.release_after_ms = Some(HOUR));
    let (chat, visitor) = office.owned();
    office.say(visitor, "and?");
    office.applied(anna, chat, CommandBody::Archive);
    office.look_at_all();
    office.pass(HOUR);
    assert_eq!(office.state(chat).0, ChatState::Waiting);
    assert!(office.seeing(chat).contains(&anna) && !office.mine(chat, anna).archived);
    assert_eq!(office.news(anna), ["released", "user_chat"]);
    // Who goes on being offered what they ignore is left alone.
    office.applied(anna, chat, CommandBody::Ignore);
    let boris = office.users[1];
    office.write(|tx| tx.set_disabled(boris, true));
    assert!(office.mine(chat, anna).ignored);
}

/// A new phone asks for the alarms from the beginning; over the years most of them are over.
#[test]
fn f75_alarms_that_are_over_cost_a_new_phone_nothing() {
    let mut office = Office::new();
    let anna = office.users[0];
    let change = UserChange { role: Some(Role::SystemOwner), ..UserChange::default() };
    office.write(|tx| tx.change_user(anna, &change));
    let queue = office.queue;
    for _ in 0..300 {
        office.write(|tx| tx.set_queue_members(queue, &[]));
        let (chat, _) = office.waiting();
        office.write(|tx| tx.set_queue_members(queue, &[anna]));
        office.applied(anna, chat, CommandBody::DealtWith);
    }
    office.write(|tx| tx.set_queue_members(queue, &[]));
    let (chat, _) = office.waiting();
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = steps.clone();
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    office.connection.progress_handler(1, Some(count)).unwrap();
    let rows = collections::since(&office.connection, anna, Collection::Alarms, 0).unwrap().rows;
    office.connection.progress_handler(1, None::<fn() -> bool>).unwrap();
    assert_eq!(rows.iter().map(|row| ChatId::from_bytes(*row.id.as_bytes())).collect::<Vec<_>>(), [chat]);
    assert!(steps.load(Ordering::Relaxed) < 1_000, "{steps:?} steps");
}
