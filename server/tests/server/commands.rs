//! Reply, take, read: who may, who was first, and the same answer twice.

use serde_json::{Value, json};
use switchboard_protocol::ids::{ChatId, CommandId};
use switchboard_server::Route;

use crate::support::{Phone, Widget, World, chat_of, is_answer};

/// A waiting chat that both operators see.
async fn waiting(world: &World, phones: &mut [&mut Phone]) -> (String, Widget) {
    let mut visitor = world.widget().await;
    visitor.send("hello").await;
    let mut chat = String::new();
    for phone in phones {
        chat = chat_of(&phone.event("chat_opened").await);
    }
    (chat, visitor)
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_the_loser_is_told_who_has_it_and_the_customer_gets_one_answer() {
    let world = World::new(3).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let (chat, mut visitor) = waiting(&world, &mut [&mut anna, &mut boris]).await;
    assert_eq!(anna.reply(&chat, 0, "first").await["status"], "applied");

    let id = CommandId::new();
    let lost = boris.command(id, "reply", &chat, Some(0), json!({ "text": "second" })).await;
    assert_eq!(lost["status"], "conflict");
    assert_eq!(lost["code"], "taken");
    assert_eq!(lost["owner"], world.operators[0].to_string());
    assert_eq!(lost["owner_epoch"], 1);
    assert_eq!(boris.take(&chat).await["status"], "conflict");
    assert_eq!(boris.command(CommandId::new(), "read", &chat, None, json!({ "upto": 1 })).await["code"], "not_found");

    visitor.wire.send(json!({ "type": "ping" })).await;
    let mut texts = Vec::new();
    loop {
        let frame = visitor.wire.next().await.unwrap();
        match frame["type"].as_str().unwrap() {
            "message" if is_answer(&frame) => texts.push(frame["text"].clone()),
            "pong" => break,
            _ => {}
        }
    }
    assert_eq!(texts, ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_chat_that_one_never_saw_is_not_there() {
    let world = World::new(2).await;
    world.admin.set_route(world.channel.id, Route::Users(vec![world.operators[0]])).await.unwrap();
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let mut visitor = world.widget().await;
    visitor.send("to one alone").await;
    let opened = anna.event("chat_opened").await;
    // F3: to exactly one user it is owned at once.
    assert_eq!(opened["body"]["chat"]["state"], "owned");
    assert_eq!(opened["body"]["chat"]["owner_epoch"], 1);
    let chat = chat_of(&opened);
    for (kind, body) in [("reply", json!({ "text": "x" })), ("take", Value::Null), ("read", json!({ "upto": 1 }))] {
        for chat in [&chat, &ChatId::new().to_string()] {
            let result = boris.command(CommandId::new(), kind, chat, Some(1), body.clone()).await;
            assert_eq!((&result["status"], &result["code"]), (&json!("rejected"), &json!("not_found")), "{kind}");
        }
    }
    boris.wire.send(json!({ "type": "fetch", "req": 7, "chat": chat, "before": 9, "n": 5 })).await;
    assert_eq!(boris.next_of("error").await, json!({ "type": "error", "req": 7, "code": "not_found" }));
    // Typing into it reaches nobody.
    boris.wire.send(json!({ "type": "ephemeral", "chat": chat, "typing": true })).await;
    assert_eq!(anna.reply(&chat, 1, "yes").await["status"], "applied");
    assert!(!anna.seen.iter().any(|frame| frame["type"] == "ephemeral"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f63_a_command_that_comes_twice_has_its_effect_once() {
    let world = World::new(2).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let (chat, mut visitor) = waiting(&world, &mut [&mut anna, &mut boris]).await;
    let reply = CommandId::new();
    let first = anna.command(reply, "reply", &chat, Some(0), json!({ "text": "once" })).await;
    anna.seen.clear();
    let again = anna.command(reply, "reply", &chat, Some(1), json!({ "text": "once" })).await;
    assert_eq!(first, again, "the epoch is not part of what makes two commands the same");
    let other = json!({ "text": "another" });
    anna.seen.clear();
    assert_eq!(anna.command(reply, "reply", &chat, Some(1), other.clone()).await["code"], "id_reuse");
    anna.seen.clear();
    assert_eq!(anna.command(reply, "take", &chat, None, Value::Null).await["code"], "id_reuse");
    // Another user's command under the same id is no way to learn its answer.
    assert_eq!(boris.command(reply, "reply", &chat, Some(0), json!({ "text": "once" })).await["code"], "id_reuse");

    let lost = CommandId::new();
    let conflict = boris.command(lost, "reply", &chat, Some(0), other.clone()).await;
    assert_eq!(conflict["status"], "conflict");
    boris.seen.clear();
    assert_eq!(boris.command(lost, "reply", &chat, Some(0), other).await, conflict);

    visitor.send("more").await;
    let read = CommandId::new();
    let done = anna.command(read, "read", &chat, None, json!({ "upto": 4 })).await;
    assert_eq!(done["status"], "applied");
    anna.seen.clear();
    assert_eq!(anna.command(read, "read", &chat, None, json!({ "upto": 4 })).await, done);
    anna.seen.clear();
    assert_eq!(anna.command(read, "read", &chat, None, json!({ "upto": 2 })).await["code"], "id_reuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn f64_two_devices_of_one_user_do_not_conflict_with_themselves() {
    let world = World::new(2).await;
    let (mut phone, mut tablet, mut boris) = (world.phone(0).await, world.phone(0).await, world.phone(1).await);
    let (chat, mut visitor) = waiting(&world, &mut [&mut phone, &mut tablet, &mut boris]).await;
    // Queued offline on both, while the chat waited in epoch 0: all arrive, once each.
    for text in ["one", "two", "three"] {
        assert_eq!(phone.reply(&chat, 0, text).await["status"], "applied");
    }
    for text in ["four", "five"] {
        assert_eq!(tablet.reply(&chat, 0, text).await["status"], "applied");
    }
    assert_eq!(tablet.take(&chat).await["owner_epoch"], 1, "a take by the present owner is applied");
    let mut texts = Vec::new();
    while texts.len() < 5 {
        let frame = visitor.wire.next_of("message").await;
        if is_answer(&frame) {
            texts.push(frame["text"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(texts, ["one", "two", "three", "four", "five"]);
    // Both devices have the same feed.
    while phone.cursor < tablet.cursor {
        phone.next().await;
    }
    while tablet.cursor < phone.cursor {
        tablet.next().await;
    }
    let events =
        |phone: &Phone| -> Vec<Value> { phone.seen.iter().filter(|frame| frame["type"] == "event").cloned().collect() };
    assert_eq!(events(&phone), events(&tablet));
}

#[tokio::test(flavor = "multi_thread")]
async fn f64_what_was_written_before_the_chat_changed_hands_is_not_sent() {
    let world = World::new(2).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let (chat, _visitor) = waiting(&world, &mut [&mut anna, &mut boris]).await;
    assert_eq!(boris.take(&chat).await["owner_epoch"], 1);
    anna.event("gone").await;
    // Boris leaves; the chat waits again, in epoch 2, and Anna, who was the loser of epoch 1, gets it.
    world.admin.disable_user(world.operators[1]).await.unwrap();
    let opened = anna.event("chat_opened").await;
    assert_eq!(opened["body"]["chat"]["owner_epoch"], 2);
    assert_eq!(anna.reply(&chat, 0, "from long ago").await["code"], "stale_epoch");
    assert_eq!(anna.reply(&chat, 2, "now").await["owner_epoch"], 3);
    assert_eq!(anna.reply(&chat, 2, "queued while it waited").await["status"], "applied");
    assert_eq!(anna.reply(&chat, 3, "now again").await["status"], "applied");
    assert_eq!(anna.reply(&chat, 1, "stale").await["code"], "stale_epoch");
    assert_eq!(anna.reply(&chat, 4, "of the future").await["code"], "stale_epoch");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_cannot_be_sent_are_rejected_with_the_reason() {
    let world = World::new(1).await;
    let mut anna = world.phone(0).await;
    let (chat, _visitor) = waiting(&world, &mut [&mut anna]).await;
    assert_eq!(anna.reply(&chat, 0, "  \n").await["code"], "empty_text");
    assert_eq!(anna.reply(&chat, 0, &"x".repeat(16 * 1024 + 1)).await["code"], "text_too_long");
    let no_epoch = anna.command(CommandId::new(), "reply", &chat, None, json!({ "text": "x" })).await;
    assert_eq!(no_epoch["code"], "bad_request");
    // None of them took the chat.
    assert_eq!(anna.reply(&chat, 0, &"x".repeat(16 * 1024)).await["owner_epoch"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_reading_is_shared_by_ones_devices_and_seen_by_the_visitor() {
    let world = World::new(2).await;
    let (mut phone, mut tablet, mut boris) = (world.phone(0).await, world.phone(0).await, world.phone(1).await);
    let (chat, mut visitor) = waiting(&world, &mut [&mut phone, &mut tablet, &mut boris]).await;
    let done = phone.command(CommandId::new(), "read", &chat, None, json!({ "upto": 99 })).await;
    assert_eq!(done["status"], "applied");
    let mine = tablet.event("user_chat").await;
    assert_eq!(mine["body"], json!({ "read_upto": 1 }), "no further than there are messages");
    assert_eq!(boris.event("status").await["body"]["outbound"], false);
    let status = visitor.wire.next_of("status").await;
    assert_eq!((&status["outbound"], &status["status"]), (&json!(false), &json!("read")));
    // A second reader changes nothing for the visitor, and less than before nothing at all.
    boris.command(CommandId::new(), "read", &chat, None, json!({ "upto": 1 })).await;
    boris.event_by_now("user_chat").await;
    let lower = phone.command(CommandId::new(), "read", &chat, None, json!({ "upto": 0 })).await;
    assert_eq!((&lower["status"], &lower["seq"]), (&json!("applied"), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn f58_typing_goes_both_ways() {
    let world = World::new(2).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let (chat, mut visitor) = waiting(&world, &mut [&mut anna, &mut boris]).await;
    visitor.wire.send(json!({ "type": "typing", "typing": true })).await;
    let typing = anna.next_of("ephemeral").await;
    assert_eq!(typing, json!({ "type": "ephemeral", "chat": chat, "typing": true }));
    anna.wire.send(json!({ "type": "ephemeral", "chat": chat, "typing": true })).await;
    let typing = loop {
        // The visitor's own typing comes to Boris as well.
        let frame = boris.next_of("ephemeral").await;
        if !frame["user"].is_null() {
            break frame;
        }
    };
    assert_eq!(typing["user"], world.operators[0].to_string());
    let shown = visitor.wire.next_of("typing").await;
    assert_eq!(shown, json!({ "type": "typing", "name": "Operator 0", "typing": true }));
}
