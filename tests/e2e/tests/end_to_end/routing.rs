//! Who is offered a chat, and when.

use switchboard_core::{ChatState, Composer, ErrorCode, NewContact, Outcome, Presence};
use switchboard_e2e::{TestServer, Visitor};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_server::Clock;
use switchboard_server::routing::{Distribution, QueueSettings};

/// 2026-03-02 is a Monday; 08:00 in Berlin.
const MONDAY_8: i64 = 1_772_434_800_000;
const HOUR: i64 = 3_600_000;

#[tokio::test(flavor = "multi_thread")]
async fn f06_f07_an_unknown_contact_asks_a_known_one_does_not() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let row = anna.until_offered("hello").await;
    assert!(row.prompt && boris.until_chat(row.chat).await.prompt);
    // Ignore hides it from the one who ignores, until the customer writes again.
    let mut outcomes = switchboard_e2e::outcome_stream(&anna.core);
    let id = anna.core.ignore(row.chat).await.unwrap();
    assert!(anna.inbox().is_empty());
    anna.skip_undo();
    assert_eq!(outcomes.of(id).await, Outcome::Applied);
    assert!(anna.inbox().is_empty());
    assert_eq!(boris.inbox().len(), 1);
    visitor.say("anybody?").await.unwrap();
    anna.until_offered("anybody?").await;
    // Add contact ends the question for all, and takes nothing.
    let contact = NewContact { name: "Maria".into(), email: Some("maria@example.com".into()), phone: None };
    boris.core.add_contact(row.chat, contact).await.unwrap();
    for operator in [&anna, &boris] {
        operator
            .until("known", |operator| {
                let row = operator.inbox().into_iter().find(|other| other.chat == row.chat)?;
                (!row.prompt && row.contact_name.as_deref() == Some("Maria") && row.state == ChatState::Waiting)
                    .then_some(())
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_candidates_see_who_else_is_typing_a_reply() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let chat = anna.until_offered("hello").await.chat;
    boris.until_chat(chat).await;
    let mut typing = switchboard_e2e::typing_stream(&boris.core);
    anna.core.typing(chat, true);
    let seen = tokio::time::timeout(switchboard_e2e::WAIT, typing.recv()).await.unwrap().unwrap();
    assert_eq!((seen.chat, seen.name.as_deref(), seen.typing), (chat, Some("Anna"), true));
    assert!(boris.inbox()[0].actions.take, "and may take it all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_a_queue_that_asks_for_take_first_replaces_the_composer() {
    let server = TestServer::start(&["Anna"]).await;
    server.set_queue(|queue| queue.take_first = true).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let row = anna.until_offered("hello").await;
    assert_eq!(row.composer, Composer::TakeFirst);
    anna.core.take(row.chat).await.unwrap();
    anna.until("hers", |anna| anna.inbox().iter().any(|row| row.composer == Composer::Reply).then_some(())).await;
    anna.core.reply(row.chat, "Hi!").await.unwrap();
    visitor.hear("Hi!").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f09_one_of_many_and_then_everybody() {
    let clock = Clock::manual(MONDAY_8);
    let server = TestServer::start_with(&["Anna", "Boris", "Clara"], |config| config.clock = clock.clone()).await;
    server
        .set_queue(|queue| {
            queue.distribution = Distribution::First { n: 1 };
            queue.widen_after_ms = Some(60_000);
        })
        .await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let chat = anna.until_offered("hello").await.chat;
    assert!(boris.inbox().is_empty());
    clock.advance(61_000);
    boris.until_chat(chat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f52_only_who_is_available_is_offered_chats_and_off_shift_gives_back() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut outcomes = switchboard_e2e::outcome_stream(&boris.core);
    let id = boris.core.set_presence(Presence::Away, false).await.unwrap();
    assert_eq!(outcomes.of(id).await, Outcome::Applied);
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let chat = anna.until_offered("hello").await.chat;
    assert!(boris.inbox().is_empty());
    anna.core.reply(chat, "Hi!").await.unwrap();
    visitor.hear("Hi!").await.unwrap();
    visitor.say("and now?").await.unwrap();
    anna.until_offered("and now?").await;
    assert_eq!(anna.core.unanswered().unwrap(), 1);
    boris.core.set_presence(Presence::Available, false).await.unwrap();
    anna.core.set_presence(Presence::OffShift, true).await.unwrap();
    let row = boris.until_offered("and now?").await;
    assert_eq!((row.chat, row.state), (chat, ChatState::Waiting));
    anna.until_gone(chat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f69_outside_the_hours_the_customer_is_told_once_and_the_widget_knows() {
    let clock = Clock::manual(MONDAY_8);
    let server = TestServer::start_with(&["Anna"], |config| config.clock = clock.clone()).await;
    server
        .set_queue(|queue| {
            queue.hours = Some(WeekHours {
                zone: "Europe/Berlin".into(),
                intervals: vec![Interval { day: 1, from: 9 * 60, to: 17 * 60 }],
                holidays: Vec::new(),
            });
            queue.out_of_office = Some("We are back at nine.".into());
        })
        .await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    assert!(!visitor.welcome.hours.open);
    assert_eq!(visitor.welcome.hours.changes_at, Some(MONDAY_8 + HOUR));
    visitor.say("hello").await.unwrap();
    visitor.say("anybody?").await.unwrap();
    let heard: Vec<_> = visitor.hear_messages(3).await.unwrap().iter().map(|message| message.text.clone()).collect();
    assert_eq!(heard.iter().filter(|text| *text == "We are back at nine.").count(), 1, "{heard:?}");
    clock.advance(2 * HOUR);
    let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
    assert!(again.welcome.hours.open);
    again.say("good morning").await.unwrap();
    again.hear_messages(4).await.unwrap();
    assert_eq!(again.messages.iter().filter(|message| message.text == "We are back at nine.").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_a_reply_to_a_chat_that_was_passed_on_is_unsent() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let boris = server.operator("Boris").await;
    let tablet = server.operator_through(&proxy, "Anna").await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let chat = tablet.until_offered("hello").await.chat;
    anna.core.take(chat).await.unwrap();
    tablet.until("hers", |tablet| tablet.inbox().iter().any(|row| row.is_mine).then_some(())).await;
    proxy.refuse();
    let mut outcomes = switchboard_e2e::outcome_stream(&tablet.core);
    let id = tablet.core.reply(chat, "written on the tablet").await.unwrap();
    let target = anna.core.transfer_targets("boris").unwrap().remove(0).target;
    anna.core.transfer(chat, target, None).await.unwrap();
    anna.skip_undo();
    boris.until_chat(chat).await;
    proxy.allow();
    tablet.core.wake();
    assert!(matches!(outcomes.of(id.into()).await, Outcome::Refused(ErrorCode::Taken | ErrorCode::NotFound)));
    tablet
        .until("unsent", |tablet| tablet.unsent().iter().any(|row| row.text == "written on the tablet").then_some(()))
        .await;
}

/// What the settings say by default is what PRODUCT.md says: offered to everyone, nothing widens, nothing returns.
#[test]
fn f09_f40_a_queue_offers_to_everyone_and_keeps_its_options_off() {
    let queue = QueueSettings::default();
    assert_eq!(queue.distribution, Distribution::Everyone);
    assert_eq!((queue.widen_after_ms, queue.release_after_ms, queue.return_within_ms), (None, None, 0));
}
