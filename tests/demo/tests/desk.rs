//! The desk at the keys, on the real core and against the real server: staff chats, templates, notes, Information,
//! labels and the search. What the operator sees is the screen's text.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/desk.rs"]
mod desk;

use std::sync::Arc;

use common::{PATIENCE, Visitor};
use crossterm::event::{KeyCode, KeyModifiers};
use desk::{Desk, Operator, Shop, shop};
use switchboard_core::{Core, CoreConfig, InboxFilter, InboxOrder, InboxRow, ListUpdate, MessageKind, Platform};
use tokio::sync::watch;

fn control(operator: &Operator, c: char) {
    operator.press_with(KeyCode::Char(c), KeyModifiers::CONTROL);
}

/// A colleague's device, and what its list of this filter shows.
async fn colleague(
    dir: &std::path::Path,
    shop: &Shop,
    filter: InboxFilter,
) -> (Core, watch::Receiver<Vec<InboxRow>>, impl Sized + use<>) {
    let core = Core::open(CoreConfig::new(dir.join("boris"), Platform::Terminal, "test")).unwrap();
    let link = shop.server.admin().enrol(shop.boris).await.unwrap().link(&shop.address.parse().unwrap());
    core.enrol(&link.to_string()).await.unwrap();
    core.start();
    let list = core.inbox(filter, InboxOrder::NewestFirst).unwrap();
    let (told, rows) = watch::channel(Vec::new());
    let subscription = list.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| {
        told.send_modify(|rows| switchboard_operator::app::apply(rows, update.changes));
    }));
    (core, rows, (list, subscription))
}

async fn until(rows: &mut watch::Receiver<Vec<InboxRow>>, what: impl FnMut(&Vec<InboxRow>) -> bool) -> Vec<InboxRow> {
    let seen = tokio::time::timeout(PATIENCE, rows.wait_for(what)).await;
    seen.expect("the colleague's list never showed it").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_f66_two_colleagues_and_a_group_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;
    let (boris, mut rows, _list) = colleague(dir.path(), &shop, InboxFilter::Staff).await;

    // Of two.
    operator.press(KeyCode::Char('c'));
    operator.types("102");
    operator.sees("[ ] ● Boris").await;
    operator.press(KeyCode::Enter);
    operator.sees("Write to your colleagues").await;
    operator.types("Are you there?");
    operator.press(KeyCode::Enter);
    let chat = until(&mut rows, |rows| !rows.is_empty()).await[0].chat;
    let me = desk.core.account().unwrap().user.id;
    boris.say(chat, "Yes, @Anna: what is it?", &[me]).await.unwrap();
    operator.sees("Boris · mentions you").await;
    operator.press(KeyCode::Esc);

    // A group, with a name behind an @.
    operator.press(KeyCode::Char('c'));
    operator.sees("[ ] ● Boris").await;
    operator.press(KeyCode::Tab);
    operator.sees("[x] ● Boris").await;
    operator.press(KeyCode::Enter);
    operator.types("Spring sale");
    operator.press(KeyCode::Enter);
    operator.sees("You made the group").await;
    operator.types("When, @b");
    operator.sees("● @Boris").await;
    operator.press(KeyCode::Tab);
    operator.press(KeyCode::Enter);
    let is_group = |row: &InboxRow| row.contact_name.as_deref() == Some("Spring sale");
    let seen = until(&mut rows, |rows| rows.iter().any(|row| is_group(row) && row.mentioned)).await;
    assert_eq!(seen.iter().find(|row| is_group(row)).unwrap().last_message.as_ref().unwrap().preview, "When, @Boris");

    // Named anew and left.
    control(operator, 'r');
    operator.sees("Boris").await;
    operator.press(KeyCode::Char('n'));
    operator.types(" 2026");
    operator.press(KeyCode::Enter);
    until(&mut rows, |rows| rows.iter().any(|row| row.contact_name.as_deref() == Some("Spring sale 2026"))).await;
    operator.press(KeyCode::Char('l'));
    operator.sees("Leave this group?").await;
    operator.press(KeyCode::Char('y'));
    until(&mut rows, |rows| rows.iter().any(|row| row.internal.as_ref().is_some_and(|it| it.members == 1))).await;

    boris.stop().await;
    desk.leave().await;
    shop.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_f18_f19_f22_f24_templates_are_made_found_filled_and_sent_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let table = "group,category,language,title,text,keywords\n\
        ,Greeting,ru,Добрый день,\"Здравствуйте, {{contact.first_name}}!\",привет\n\
        Shop,Stock,en,In stock,\"Yes, {{contact.first_name}}, we have it. Your mail is {{contact.email}}.\",stock left\n";
    shop.server.admin().import_templates(table.into(), None, false).await.unwrap();
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;
    let mut visitor = Visitor::open(&shop.address, &shop.channel, None).await;
    visitor.write("Good day, is the blue one in stock?").await;
    operator.sees_offered("is the blue one in stock?").await;
    operator.press(KeyCode::Enter);
    control(operator, 'f');
    // The likely one comes first, and the tabs are those of the templates.
    operator.sees("★ In stock").await;
    operator.sees("All  Greeting  Stock").await;
    operator.types("приве");
    operator.sees_no_more("In stock").await;
    operator.sees("Добрый день").await;
    (0.."приве".chars().count()).for_each(|_| operator.press(KeyCode::Backspace));
    operator.sees("★ In stock").await;
    operator.press(KeyCode::Enter);
    operator.sees("Yes, Maria, we have it. Your mail is {{contact.email}}.").await;
    // It is not sent by the tap, nor with its gap.
    operator.press(KeyCode::Enter);
    operator.sees("fill in {{contact.email}} first").await;
    operator.press(KeyCode::Tab);
    operator.types("not known here");
    operator.press(KeyCode::Enter);
    assert_eq!(visitor.read().await, "Yes, Maria, we have it. Your mail is not known here.");

    // A manager makes one for the group, and it is there to be used.
    control(operator, 'f');
    operator.sees("★ In stock").await;
    control(operator, 'n');
    operator.types("Wrapped");
    (0..4).for_each(|_| operator.press(KeyCode::Tab));
    operator.types("We wrap it for you.");
    operator.press(KeyCode::Enter);
    operator.sees("The template is saved.").await;
    operator.types("wrap");
    operator.sees_no_more("In stock").await;
    operator.sees("Wrapped").await;
    control(operator, 'd');
    operator.sees("Delete this template?").await;
    operator.press(KeyCode::Char('y'));
    operator.sees("No template fits.").await;
    operator.press(KeyCode::Esc);
    operator.press(KeyCode::Esc);

    desk.leave().await;
    shop.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f30_f31_f32_f65_f66_f67_a_contact_is_known_noted_labelled_and_found_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let shop = shop(dir.path()).await;
    let mut desk = Desk::open(dir.path());
    desk.sign_in(&shop.address).await;
    let operator = &mut desk.operator;
    let (boris, mut rows, _list) = colleague(dir.path(), &shop, InboxFilter::All).await;
    let mut visitor = Visitor::open(&shop.address, &shop.channel, None).await;
    visitor.write("Is the blue one in stock?").await;
    operator.sees_offered("Is the blue one in stock?").await;

    // A note while both are candidates; the visitor gets what follows, and not the note.
    operator.press(KeyCode::Char('N'));
    operator.sees("the customer never gets it").await;
    operator.types("She asks every week, @b");
    operator.sees("● @Boris").await;
    operator.press(KeyCode::Enter);
    operator.press(KeyCode::Enter);
    operator.sees("You · note to colleagues").await;
    let seen = until(&mut rows, |rows| rows.iter().any(|row| row.mentioned)).await;
    let lines = boris.timeline(seen[0].chat, None).unwrap().rows();
    assert!(lines.iter().any(|line| line.kind == MessageKind::Note && line.mentions_me));
    operator.types("Yes, three.");
    operator.press(KeyCode::Enter);
    assert_eq!(visitor.read().await, "Yes, three.");
    operator.sees("yours").await;

    // Who it is: the page, then saved with an address, with a note and a label.
    control(operator, 'r');
    operator.sees("http://shop.example/lamps/fjord").await;
    operator.sees("not saved").await;
    operator.press(KeyCode::Char('e'));
    operator.types(" López");
    operator.press(KeyCode::Tab);
    operator.types("maria@mail.example");
    operator.press(KeyCode::Enter);
    operator.sees("saved contact").await;
    operator.sees("mailto:maria@mail.example").await;
    operator.press(KeyCode::Char('n'));
    operator.types("Likes oak.");
    operator.press(KeyCode::Enter);
    operator.sees("Likes oak.").await;
    operator.press(KeyCode::Char('#'));
    operator.sees("There are no labels yet").await;
    operator.press(KeyCode::Char('n'));
    operator.types("Regular");
    operator.press(KeyCode::Enter);
    operator.sees("[ ] ● Regular").await;
    operator.press(KeyCode::Char(' '));
    operator.sees("[x] ● Regular").await;
    operator.press(KeyCode::Esc);
    operator.sees("#Regular").await;
    operator.press(KeyCode::Char('h'));
    operator.sees("This is where it begins.").await;
    operator.sees("Yes, three.").await;
    operator.press(KeyCode::Esc);
    operator.press(KeyCode::Esc);
    operator.press(KeyCode::Esc);

    // Found by name, and by a word of the note.
    operator.press(KeyCode::Char('/'));
    operator.types("lop");
    operator.sees("People").await;
    operator.sees("Maria López").await;
    (0..3).for_each(|_| operator.press(KeyCode::Backspace));
    operator.types("every wee");
    operator.sees("Maria López · note").await;
    operator.press(KeyCode::Esc);

    boris.stop().await;
    desk.leave().await;
    shop.server.stop().await.unwrap();
}
