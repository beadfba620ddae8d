//! F11, F38 to F40, F69: what a customer's message does, and taking.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::ChatState;
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{CommandBody, CommandStatus, Reply, SetPresence};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{CommandId, MessageId};
use switchboard_protocol::widget::WidgetSend;

use super::{HOUR, MINUTE, Office};
use crate::store::inbound::Received;

fn reply(text: &str) -> CommandBody {
    CommandBody::Reply(Reply { text: text.into() })
}

#[test]
fn f39_a_dealt_with_chat_goes_by_its_route_and_a_former_reader_is_told_if_it_is_not_theirs() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, visitor) = office.owned();
    office.applied(anna, chat, CommandBody::DealtWith);
    office.look_at_all();
    office.say(visitor, "one more question");
    let row = office.row(chat);
    assert_eq!((row.state, row.session, row.owner), (ChatState::Waiting, 2, None));
    // Anna reads it still, and is a candidate like the others.
    let event = office.events(anna).pop().unwrap();
    assert_eq!((&event["kind"], &event["body"]["chat"]["state"]), (&"message".into(), &"waiting".into()));
    assert!(!office.mine(chat, anna).archived);
    assert_eq!(office.news(boris), ["chat_opened"]);

    office.applied(anna, chat, CommandBody::DealtWith);
    office.write(|tx| tx.set_presence(anna, &SetPresence { presence: Presence::Away, release: false }));
    office.look_at_all();
    office.say(visitor, "and another");
    assert_eq!(office.news(anna), ["gone rerouted"]);
    assert!(!office.seeing(chat).contains(&anna));
}

#[test]
fn f40_soon_after_dealt_with_it_returns_to_the_same_user_without_a_word() {
    let mut office = Office::new();
    let anna = office.users[0];
    office.settings(|settings| settings.return_within_ms = 10 * MINUTE);
    let (chat, visitor) = office.owned();
    office.applied(anna, chat, CommandBody::DealtWith);
    office.look_at_all();
    office.pass(10 * MINUTE);
    office.say(visitor, "thank you!");
    assert_eq!(office.state(chat), (ChatState::Owned, Some(anna), 3));
    assert_eq!(office.news(anna), ["text thank you!"]);
    assert!(office.visitor.iter().all(|frame| frame["event"].is_null()));
    office.applied(anna, chat, CommandBody::DealtWith);
    office.pass(10 * MINUTE + 1);
    office.say(visitor, "hello again");
    assert_eq!(office.state(chat).0, ChatState::Waiting);
}

#[test]
fn f38_an_owned_chat_stays_with_its_owner_even_off_shift_unless_the_queue_wants_otherwise() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let (chat, visitor) = office.owned();
    office.write(|tx| tx.set_presence(anna, &SetPresence { presence: Presence::OffShift, release: false }));
    office.say(visitor, "are you there?");
    assert_eq!(office.state(chat).1, Some(anna));
    office.applied(anna, chat, reply("tomorrow"));
    office.settings(|settings| settings.release_after_ms = Some(HOUR));
    assert_eq!(office.state(chat).1, Some(anna), "nobody waits for an answer");
    office.look_at_all();
    office.say(visitor, "now, please");
    assert_eq!((office.state(chat).0, office.state(chat).2), (ChatState::Waiting, 2));
    assert!(office.seeing(chat).contains(&boris) && !office.seeing(chat).contains(&anna));
    assert_eq!(office.news(anna).pop().unwrap(), "gone unassigned");
}

#[test]
fn f69_who_writes_outside_the_hours_is_told_once_until_they_were_open_again() {
    let mut office = Office::new();
    let anna = office.users[0];
    let intervals = (1..=5).map(|day| Interval { day, from: 9 * 60, to: 17 * 60 }).collect();
    let hours = WeekHours { zone: "UTC".into(), intervals, holidays: Vec::new() };
    office.settings(|settings| {
        settings.hours = Some(hours);
        settings.out_of_office = Some("We are back at nine.".into());
    });
    // Monday, 08:00: the first message of all.
    let (chat, visitor) = office.waiting();
    let told = |office: &mut Office| {
        let texts = std::mem::take(&mut office.visitor);
        texts.iter().filter(|frame| frame["author"]["kind"] == "system" && frame["event"].is_null()).count()
    };
    assert_eq!(told(&mut office), 1);
    assert_eq!(office.news(anna), ["chat_opened", "text We are back at nine."]);
    assert!(office.row(chat).unanswered_since.is_some(), "it is no answer");
    office.say(visitor, "oh");
    assert_eq!(told(&mut office), 0);
    office.pass(2 * HOUR);
    office.say(visitor, "now it is open");
    assert_eq!(told(&mut office), 0);
    office.pass(9 * HOUR);
    office.say(visitor, "and closed again");
    assert_eq!(told(&mut office), 1);
    // An owned chat as well; the server's words are nobody's command.
    office.applied(anna, chat, CommandBody::Take);
    let message = office.connection.query_row(
        "SELECT id FROM messages WHERE chat_id = ?1 AND author = 2 AND kind = 0 LIMIT 1",
        [chat.as_bytes()],
        |row| row.get::<_, [u8; 16]>(0),
    );
    let mut reused = office.command(chat, reply("We are back at nine."));
    reused.id = CommandId::from_bytes(message.unwrap());
    assert_eq!(office.run(anna, &reused).code, Some(ErrorCode::IdReuse));
}

#[test]
fn f11_f13_a_queue_can_ask_for_take_first() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    office.settings(|settings| settings.take_first = true);
    let (chat, _) = office.waiting();
    office.look_at_all();
    office.refused(anna, chat, reply("mine"), ErrorCode::TakeFirst);
    assert_eq!(office.state(chat).0, ChatState::Waiting);
    let result = office.applied(anna, chat, CommandBody::Take);
    let taken = office.events(anna).pop().unwrap();
    assert_eq!((taken["seq"].as_u64(), &taken["body"]["chat"]["state"]), (result.seq, &"owned".into()));
    assert_eq!(office.news(boris), ["gone taken"]);
    office.applied(anna, chat, reply("now it is mine"));
    assert_eq!(office.visitor.iter().filter(|frame| frame["event"]["kind"] == "joined").count(), 1);
}

#[test]
fn f11_open_chats_and_the_oldest_question_are_counted() {
    let mut office = Office::new();
    let [anna, boris, ..] = office.users::<4>();
    let count = |office: &Office, user: switchboard_protocol::ids::UserId| -> (i64, i64) {
        let sql = "SELECT open_chats, last_reply_at FROM queue_members WHERE user_id = ?1 AND queue_id = ?2";
        let of = (user.as_bytes(), office.queue.as_bytes());
        office.connection.query_row(sql, of, |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let (chat, visitor) = office.waiting();
    let first = office.now;
    office.pass(MINUTE);
    office.say(visitor, "hello?");
    assert_eq!(office.row(chat).unanswered_since, Some(first));
    office.applied(anna, chat, CommandBody::Take);
    assert_eq!((count(&office, anna), office.row(chat).unanswered_since), ((1, 0), Some(first)));
    office.applied(anna, chat, reply("yes"));
    assert_eq!((count(&office, anna), office.row(chat).unanswered_since), ((1, office.now), None));
    let to = switchboard_protocol::transfer::TransferTarget::User(boris);
    office.applied(anna, chat, CommandBody::Transfer(switchboard_protocol::command::Transfer { to, note: None }));
    assert_eq!((count(&office, anna).0, count(&office, boris).0), (0, 1));
    office.applied(boris, chat, CommandBody::DealtWith);
    assert_eq!(count(&office, boris).0, 0);
}

#[test]
fn f63_the_same_message_again_changes_nothing_wherever_the_chat_went() {
    let mut office = Office::new();
    let anna = office.users[0];
    let visitor = office.visitor();
    let send = WidgetSend { id: MessageId::new(), text: "hello".into(), name: None, email: None };
    let first = office.write(|tx| tx.receive_from(visitor, None, &send));
    let chat = office.chat_of(visitor);
    office.applied(anna, chat, CommandBody::DealtWith);
    let again = office.write(|tx| tx.receive_from(visitor, None, &send));
    let (Received::Accepted { accepted: first, .. }, Received::Accepted { accepted: again, first: new }) =
        (first, again)
    else {
        panic!("refused")
    };
    assert_eq!((first, new), (again, false));
    assert_eq!(office.state(chat).0, ChatState::Closed, "it wakes nobody a second time");
    let other = WidgetSend { text: "other".into(), ..send };
    let other = office.write(|tx| tx.receive_from(visitor, None, &other));
    assert_eq!(other, Received::Refused(ErrorCode::IdReuse));
}

#[test]
fn a_command_is_about_a_chat_or_about_the_user_and_keeps_its_id() {
    let mut office = Office::new();
    let anna = office.users[0];
    let (chat, _) = office.owned();
    let presence = CommandBody::Presence(SetPresence { presence: Presence::Away, release: false });
    let with_chat = office.command(chat, presence.clone());
    assert_eq!(office.run(anna, &with_chat).code, Some(ErrorCode::BadRequest));
    let mut alone = office.command(chat, CommandBody::Archive);
    alone.chat = None;
    assert_eq!(office.run(anna, &alone).code, Some(ErrorCode::BadRequest));
    let mut away = office.command(chat, presence);
    away.chat = None;
    assert_eq!(office.run(anna, &away).status, CommandStatus::Applied);
    // The whole content counts: another presence under the same id is another command.
    away.body = CommandBody::Presence(SetPresence { presence: Presence::OffShift, release: false });
    assert_eq!(office.run(anna, &away).code, Some(ErrorCode::IdReuse));
}
