//! The terminal inbox on the real core, against the real server: a visitor writes, the operator reads, takes and
//! answers by keys, and searches. What the operator sees is the screen's text.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/desk.rs"]
mod desk;

use std::sync::Arc;

use common::{PATIENCE, Visitor};
use crossterm::event::{KeyCode, KeyModifiers};
use desk::{Desk, shop};
use switchboard_core::{
    Core, CoreConfig, ErrorCode, InboxFilter, InboxOrder, InboxRow, ListUpdate, MessageKind, Platform,
};
use switchboard_protocol::widget::WidgetEvent;
use switchboard_server::Route;
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread")]
async fn f10_f11_f65_an_operator_signs_in_answers_and_searches_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;

    let mut visitor = Visitor::open(&shop.address, &shop.channel, None).await;
    assert_eq!(visitor.welcome.last_no, 0);
    visitor.write("Is the blue one in stock?").await;
    operator.sees("a new contact").await;
    operator.sees("Is the blue one in stock?").await;
    operator.press(KeyCode::Enter);
    operator.types("Yes, three of them.");
    operator.press(KeyCode::Enter);
    assert_eq!(visitor.read().await, "Yes, three of them.");
    operator.sees("yours").await;

    operator.press(KeyCode::Esc);
    operator.press(KeyCode::Char('/'));
    operator.types("thre");
    operator.sees("Yes, three of them.").await;
    operator.press(KeyCode::Esc);

    desk.leave().await;
    shop.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f6_f13_f43_f46_f52_f68_the_own_chats_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;
    let mut visitor = Visitor::open(&shop.address, &shop.channel, None).await;
    visitor.write("Is the blue one in stock?").await;

    // Unknown: ignored, taken back, added to the contacts.
    operator.sees("n Add contact").await;
    operator.press(KeyCode::Char('i'));
    operator.sees("✓ Ignored: Maria").await;
    operator.sees("All answered.").await;
    operator.press(KeyCode::Char('z'));
    operator.sees("Taken back: Maria").await;
    operator.sees("n Add contact").await;
    operator.press(KeyCode::Char('n'));
    operator.sees("Add to the contacts").await;
    operator.types(" López");
    operator.press(KeyCode::Enter);
    operator.sees("your first reply takes this chat").await;
    operator.sees("Maria López").await;

    operator.press(KeyCode::Char('t'));
    visitor.sees(WidgetEvent::Joined { name: "Anna".into() }).await;
    operator.sees("You took the chat").await;

    // Out of Recents and back, and put away.
    operator.press(KeyCode::Char('a'));
    operator.sees("✓ Archived: Maria López").await;
    operator.press(KeyCode::Char('v'));
    operator.sees("Archive ▾").await;
    operator.sees("yours").await;
    operator.press(KeyCode::Char('a'));
    operator.sees("Nothing here.").await;
    operator.press(KeyCode::Char('v'));
    operator.sees("Recents ▾").await;
    operator.sees("yours").await;
    operator.press(KeyCode::Char('s'));
    operator.sees("For an hour").await;
    operator.press(KeyCode::Enter);
    operator.sees("All answered.").await;
    operator.press(KeyCode::Char('5'));
    operator.sees("yours · until").await;
    // The customer's message brings it back.
    visitor.write("Hello?").await;
    operator.sees("Nothing is put away.").await;
    operator.press(KeyCode::Char('1'));
    operator.sees("Hello?").await;

    // Presence, and the question when customers wait.
    operator.press(KeyCode::F(3));
    operator.sees("◐ Away").await;
    operator.press(KeyCode::F(4));
    operator.sees("One of your customers waits for an answer.").await;
    operator.press(KeyCode::Char('k'));
    operator.sees("○ Off shift").await;
    operator.press(KeyCode::F(2));
    operator.sees("● Available").await;
    operator.press(KeyCode::Char('w'));
    operator.sees("[x] Repairs").await;
    for _ in 0..4 {
        operator.press(KeyCode::Down);
    }
    operator.press(KeyCode::Enter);
    operator.sees("[ ] Repairs").await;
    operator.press(KeyCode::Esc);

    desk.leave().await;
    shop.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_f28_f29_f41_f42_f45_passing_on_ending_and_blocking_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;
    let boris = Core::open(CoreConfig::new(dir.path().join("boris"), Platform::Terminal, "test")).unwrap();
    let link = shop.server.admin().enrol(shop.boris).await.unwrap().link(&shop.address.parse().unwrap());
    boris.enrol(&link.to_string()).await.unwrap();
    boris.start();

    // Passed on, with a note that the customer never gets.
    let mut visitor = Visitor::open(&shop.address, &shop.channel, None).await;
    visitor.write("Can you mend my lamp?").await;
    operator.sees_offered("Can you mend my lamp?").await;
    operator.press(KeyCode::Char('t'));
    operator.sees("You took the chat").await;
    operator.press(KeyCode::Char('p'));
    operator.types("102");
    operator.press(KeyCode::Tab);
    operator.types("An old Fjord: be kind.");
    operator.sees("Available").await;
    operator.press(KeyCode::Enter);
    operator.sees("✓ Passed on: Maria").await;
    visitor.sees(WidgetEvent::PassedOn { name: Some("Boris".into()) }).await;
    let owned = boris.inbox(InboxFilter::Mine, InboxOrder::NewestFirst).unwrap();
    let (told, mut rows) = watch::channel(Vec::new());
    let _subscription = owned.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| {
        told.send_modify(|rows| switchboard_operator::app::apply(rows, update.changes));
    }));
    let seen = tokio::time::timeout(PATIENCE, rows.wait_for(|rows| !rows.is_empty())).await;
    let chat = seen.expect("nothing came").unwrap()[0].chat;
    let lines = boris.timeline(chat, None).unwrap().rows();
    assert!(lines.iter().any(|line| line.kind == MessageKind::Note && line.text == "An old Fjord: be kind."));

    // A line without content is left, until it is deleted.
    operator.press(KeyCode::Char('v'));
    operator.sees("Passed on to Boris").await;
    operator.sees("Del removes this").await;
    operator.press(KeyCode::Delete);
    operator.sees("Delete this line?").await;
    operator.press(KeyCode::Char('y'));
    operator.sees("Nothing here.").await;
    operator.press(KeyCode::Char('v'));
    boris.stop().await;

    // Ended by a question.
    let mut second = Visitor::open(&shop.address, &shop.channel, None).await;
    second.write("When do you open?").await;
    operator.sees_offered("When do you open?").await;
    operator.press(KeyCode::Enter);
    operator.types("At nine.");
    operator.press(KeyCode::Enter);
    assert_eq!(second.read().await, "At nine.");
    operator.press_with(KeyCode::Char('x'), KeyModifiers::CONTROL);
    operator.sees("End the chat session…").await;
    operator.types("ey");
    second.sees(WidgetEvent::Ended).await;
    operator.sees("All answered.").await;

    // Blocked: every visitor of this address, and lifted by the manager.
    second.write("Buy cheap lamps!").await;
    operator.sees_offered("Buy cheap lamps!").await;
    operator.press(KeyCode::Char('t'));
    operator.sees("yours").await;
    operator.press(KeyCode::Char('b'));
    operator.sees("2 visitors have written from this address").await;
    operator.types("y");
    assert_eq!(second.farewell().await, ErrorCode::Blocked);
    operator.sees("All answered.").await;
    operator.press(KeyCode::Char('m'));
    operator.press(KeyCode::Tab);
    operator.sees("127.0.0.1").await;
    operator.types("ly");
    operator.sees("Nobody is blocked.").await;
    operator.press(KeyCode::Esc);

    // Passed on to a queue in which nobody else works: the manager is told.
    let mut third = Visitor::open(&shop.address, &shop.channel, None).await;
    third.write("Is the red one back?").await;
    operator.sees_offered("Is the red one back?").await;
    operator.press(KeyCode::Char('t'));
    operator.sees("yours").await;
    operator.press(KeyCode::Char('p'));
    operator.types("rep");
    operator.press(KeyCode::Enter);
    operator.sees("✓ Passed on: Maria").await;
    operator.sees("1 chat unattended m").await;
    operator.press(KeyCode::Char('m'));
    operator.sees("Offered to nobody").await;
    operator.press(KeyCode::Esc);

    desk.leave().await;
    shop.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f8_f11_f37_f39_f44_taking_first_and_dealt_with_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let admin = shop.server.admin();
    let repairs = admin.find_queue("Repairs").await.unwrap();
    admin.set_queue_members(repairs, &[admin.find_user("Anna").await.unwrap(), shop.boris]).await.unwrap();
    let website = admin.find_channel("Website").await.unwrap().id;
    admin.set_route(website, Route::Queue(repairs)).await.unwrap();
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;
    let boris = Core::open(CoreConfig::new(dir.path().join("boris"), Platform::Terminal, "test")).unwrap();
    let link = admin.enrol(shop.boris).await.unwrap().link(&shop.address.parse().unwrap());
    boris.enrol(&link.to_string()).await.unwrap();
    boris.start();

    let mut visitor = Visitor::open(&shop.address, &shop.channel, None).await;
    visitor.write("Can you mend my lamp?").await;
    operator.sees("Can you mend my lamp?").await;
    let inbox = boris.inbox(InboxFilter::All, InboxOrder::NewestFirst).unwrap();
    let (told, mut rows) = watch::channel(Vec::new());
    let _subscription = inbox.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| {
        told.send_modify(|rows| switchboard_operator::app::apply(rows, update.changes));
    }));
    let offered = |rows: &Vec<InboxRow>| rows.first().map(|row: &InboxRow| row.chat);
    let seen = tokio::time::timeout(PATIENCE, rows.wait_for(|rows| offered(rows).is_some())).await;
    let chat = offered(&seen.expect("nothing came").unwrap()).unwrap();

    // Two candidates look at it: one sees the other type, and answers only when the chat is hers.
    operator.press(KeyCode::Enter);
    operator.sees("Enter Take this chat").await;
    boris.typing(chat, true);
    operator.sees("Boris is typing…").await;
    operator.types("No letter of this is kept.");
    operator.press(KeyCode::Enter);
    operator.sees("You took the chat").await;
    let left = tokio::time::timeout(PATIENCE, rows.wait_for(Vec::is_empty)).await.is_ok();
    assert!(left, "the chat is still on the other's phone");
    operator.types("Gladly, bring it in.");
    operator.press(KeyCode::Enter);
    assert_eq!(visitor.read().await, "Gladly, bring it in.");

    // Done, and found in the archive when the server has it.
    operator.press_with(KeyCode::Char('d'), KeyModifiers::CONTROL);
    operator.sees("✓ Dealt with: Maria").await;
    operator.sees("All answered.").await;
    operator.press(KeyCode::Char('v'));
    operator.sees("Archive ▾").await;
    operator.sees("You dealt with it").await;
    // What the customer writes next goes by the route, to both of them, and out of the archive.
    visitor.write("And the other one?").await;
    operator.sees("Nothing here.").await;
    operator.press(KeyCode::Char('v'));
    operator.sees("Recents ▾").await;
    operator.sees("And the other one?").await;
    operator.sees("just arrived").await;
    let again = tokio::time::timeout(PATIENCE, rows.wait_for(|rows| offered(rows) == Some(chat))).await.is_ok();
    assert!(again, "it is not offered by the route");

    boris.stop().await;
    desk.leave().await;
    shop.server.stop().await.unwrap();
}
