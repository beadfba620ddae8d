//! The main job: a visitor writes, operators get it, one answers, the visitor reads it.

use serde_json::json;
use switchboard_protocol::ids::{CommandId, MessageId};

use crate::support::{Phone, Widget, World, chat_of, is_answer};

#[tokio::test(flavor = "multi_thread")]
async fn f11_a_visitor_writes_two_operators_get_it_one_answers_the_visitor_reads_it() {
    let world = World::new(2).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let mut visitor = world.widget().await;
    assert_eq!(visitor.welcome["config"]["greeting"], "Hello");
    assert_eq!(visitor.welcome["last_no"], 0);

    let accepted = visitor.send("Is the blue one in stock?").await;
    assert_eq!((&accepted["type"], &accepted["no"]), (&json!("accepted"), &json!(1)));

    let opened = anna.event("chat_opened").await;
    let chat = chat_of(&opened);
    assert_eq!(boris.event("chat_opened").await["body"], opened["body"], "one body for all");
    assert_eq!(opened["body"]["messages"][0]["text"], "Is the blue one in stock?");
    assert_eq!(opened["body"]["chat"]["state"], "waiting");
    let epoch = opened["body"]["chat"]["owner_epoch"].as_u64().unwrap();

    let result = anna.reply(&chat, epoch, "Yes, two of them.").await;
    assert_eq!(result["status"], "applied");
    let taken = anna.event_by_now("message").await;
    assert_eq!(taken["body"]["message"]["activity"], json!({ "kind": "taken" }));
    assert_eq!(taken["body"]["chat"]["state"], "owned");
    let own = anna.event_of(&result).await;
    assert_eq!(own["seq"], result["seq"]);
    assert_eq!(own["body"]["message"]["status"], "sent");
    assert_eq!(boris.event("gone").await["body"]["reason"], "taken");

    let answer = loop {
        let frame = visitor.wire.next_of("message").await;
        if is_answer(&frame) {
            break frame;
        }
    };
    assert_eq!((&answer["text"], &answer["no"]), (&json!("Yes, two of them."), &json!(3)));
    assert_eq!(answer["author"]["name"], "Operator 0");

    visitor.wire.send(json!({ "type": "delivered", "upto": 3 })).await;
    let delivered = anna.event("status").await;
    assert_eq!(delivered["body"], json!({ "outbound": true, "from": 1, "upto": 3, "status": "delivered" }));
    visitor.wire.send(json!({ "type": "read", "upto": 3 })).await;
    assert_eq!(anna.event("status").await["body"]["status"], "read");

    let read = anna.command(CommandId::new(), "read", &chat, None, json!({ "upto": 1 })).await;
    assert_eq!(read["status"], "applied");
    let status = visitor.wire.next_of("status").await;
    assert_eq!((&status["outbound"], &status["status"]), (&json!(true), &json!("delivered")));

    // The visitor goes on; only the owner hears of it.
    visitor.send("Thanks!").await;
    assert_eq!(anna.event("message").await["body"]["message"]["text"], "Thanks!");
    let before = boris.cursor;
    visitor.wire.send(json!({ "type": "ping" })).await;
    boris.wire.send(json!({ "type": "ping" })).await;
    boris.next_of("pong").await;
    assert_eq!(boris.cursor, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_a_widget_survives_reload_and_two_tabs_show_one_conversation() {
    let world = World::new(1).await;
    let mut first = world.widget().await;
    let id = MessageId::new();
    let accepted = first.send_as(id, "one").await;
    // The answer was lost: the same message again is the same message.
    assert_eq!(first.send_as(id, "one").await, accepted);
    assert_eq!(first.send_as(id, "another").await["code"], "id_reuse");

    let feed_id = first.welcome["feed_id"].as_str().unwrap().to_owned();
    let mut second = Widget::connect(world.addr(), &world.channel.key, Some(&first.token), None, 0).await;
    assert_eq!(second.welcome["token"], json!(null));
    assert_eq!(second.welcome["last_no"], 1);
    assert_eq!(second.wire.next_of("message").await["id"], id.to_string());
    first.send("two").await;
    assert_eq!(second.wire.next_of("message").await["text"], "two");

    let mut reloaded = Widget::connect(world.addr(), &world.channel.key, Some(&first.token), Some(&feed_id), 1).await;
    assert_eq!(reloaded.wire.next_of("message").await["no"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn f62_a_phone_that_was_away_gets_what_it_missed_and_no_content_of_what_left() {
    let world = World::new(2).await;
    let signed = world.device(1).await;
    let mut boris = Phone::connect(world.addr(), &signed, None, 0).await;
    assert_eq!(boris.welcome["mode"], "snapshot");
    boris.caught_up().await;
    let (feed_id, cursor) = (boris.feed_id(), boris.cursor);
    drop(boris);

    let mut anna = world.phone(0).await;
    let mut visitor = world.widget().await;
    visitor.send("a secret of the first chat").await;
    let chat = chat_of(&anna.event("chat_opened").await);
    visitor.send("and another").await;
    assert_eq!(anna.take(&chat).await["status"], "applied");
    let mut other = world.widget().await;
    other.send("the second chat").await;
    anna.event("chat_opened").await;

    let mut boris = Phone::connect(world.addr(), &signed, Some(&feed_id), cursor).await;
    assert_eq!(boris.welcome["mode"], "replay");
    let frames = boris.caught_up().await;
    let kinds: Vec<_> = frames.iter().map(|frame| frame["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["skip", "skip", "gone", "chat_opened"]);
    assert!(!frames.iter().any(|frame| frame.to_string().contains("secret")));

    // A fresh device gets the present state.
    let mut fresh = world.phone(1).await;
    let parts: Vec<_> = fresh.seen.iter().filter(|frame| frame["type"] == "snapshot_part").cloned().collect();
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0]["chats"].as_array().unwrap().len(), 1);
    assert_eq!(parts[0]["chats"][0]["messages"][0]["text"], "the second chat");
    visitor.send("unseen by the other").await;
    fresh.wire.send(json!({ "type": "ping" })).await;
    fresh.next_of("pong").await;
    assert!(!fresh.seen.iter().any(|frame| frame.to_string().contains("unseen")));
}
