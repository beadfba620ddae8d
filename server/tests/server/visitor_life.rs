//! What a visitor sees of a chat's life: who joined, that one was passed on, the end and its rating, office hours, a block.

use serde_json::{Value, json};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::MessageId;
use switchboard_server::{Clock, QueueSettings};

use crate::support::{Phone, Widget, Wire, World, chat_of};

/// Monday, 2 November 2026, 08:00 in UTC.
const MONDAY_8: i64 = 1_793_606_400_000;
const HOUR: i64 = 3_600_000;

/// A chat that Operator 0 answered.
async fn answered(world: &World) -> (Phone, Widget, String) {
    let mut anna = world.phone(0).await;
    let mut visitor = world.widget().await;
    assert_eq!(visitor.send("hello").await["type"], "accepted");
    let chat = chat_of(&anna.event("chat_opened").await);
    assert_eq!(anna.reply(&chat, 0, "good day").await["status"], "applied");
    (anna, visitor, chat)
}

/// The next line of the conversation.
async fn line(visitor: &mut Widget) -> Value {
    visitor.next_message().await
}

async fn rate(visitor: &mut Widget, id: MessageId, stars: i64, comment: Option<&str>) -> Value {
    let mut frame = json!({ "type": "rate", "id": id.to_string(), "stars": stars });
    if let Some(comment) = comment {
        frame["comment"] = json!(comment);
    }
    visitor.wire.send(frame).await;
    visitor.answer().await
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_a_visitor_sees_who_joined_and_that_one_was_passed_on_but_no_note() {
    let world = World::new(2).await;
    let (mut anna, mut visitor, chat) = answered(&world).await;
    assert_eq!(line(&mut visitor).await["text"], "hello");
    assert_eq!(line(&mut visitor).await["event"], json!({ "kind": "joined", "name": "Operator 0" }));
    let first = line(&mut visitor).await;
    assert_eq!((&first["text"], &first["event"]), (&json!("good day"), &Value::Null));

    let mut boris = world.phone(1).await;
    let to = json!({ "kind": "user", "id": world.operators[1].to_string() });
    let body = json!({ "to": to, "note": "she wants the green one" });
    let result = anna.any_command("transfer", Some(&chat), 1, 9, body).await;
    assert_eq!(result["status"], "applied", "{result}");
    let opened = boris.event("chat_opened").await;
    assert!(opened.to_string().contains("green one"));
    let passed = line(&mut visitor).await;
    assert_eq!(passed["event"], json!({ "kind": "passed_on", "name": "Operator 1" }));
    let note = first["no"].as_u64().unwrap() + 1;
    assert!(passed["no"].as_u64().unwrap() > note, "the note has a number: {passed}");

    // Who comes back gets the same, from memory or from the database; a note at the end does not stall anybody.
    assert_eq!(boris.reply(&chat, 2, "green it is").await["status"], "applied");
    line(&mut visitor).await;
    let feed = visitor.welcome["feed_id"].as_str().unwrap().to_owned();
    for (after, count) in [(0, 5), (note - 1, 2), (note + 2, 0)] {
        let mut again =
            Widget::connect(world.addr(), &world.channel.key, Some(&visitor.token), Some(&feed), after).await;
        for _ in 0..count {
            let line = line(&mut again).await;
            assert_ne!(line["no"], json!(note), "{line}");
        }
        again.wire.send(json!({ "type": "ping" })).await;
        loop {
            let frame = again.wire.next().await.unwrap();
            assert_ne!(frame["type"], "message", "{after}: {frame}");
            if frame["type"] == "pong" {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f41_f61_an_ended_session_is_told_and_rated_once() {
    let world = World::new(1).await;
    let (mut anna, mut visitor, chat) = answered(&world).await;
    let early = rate(&mut visitor, MessageId::new(), 5, None).await;
    assert_eq!((&early["type"], &early["code"]), (&json!("refused"), &json!("bad_rating")));

    let result = anna.any_command("end", Some(&chat), 1, 9, Value::Null).await;
    assert_eq!(result["status"], "applied", "{result}");
    let ended = loop {
        let line = line(&mut visitor).await;
        if line["event"]["kind"] == "ended" {
            break line;
        }
    };
    for (stars, comment) in [(0, None), (6, None), (5, Some("x".repeat(2_001)))] {
        let answer = rate(&mut visitor, MessageId::new(), stars, comment.as_deref()).await;
        assert_eq!(answer["code"], "bad_rating", "{stars}");
    }
    let id = MessageId::new();
    let accepted = rate(&mut visitor, id, 4, Some(" Quick! ")).await;
    assert_eq!(accepted["type"], "accepted", "{accepted}");
    let rated = line(&mut visitor).await;
    assert_eq!(rated["event"], json!({ "kind": "rated", "stars": 4 }));
    assert_eq!((&rated["id"], &rated["no"]), (&json!(id.to_string()), &accepted["no"]));
    assert!(rated["no"].as_u64() > ended["no"].as_u64());
    // The same again is the same; another one is not.
    assert_eq!(rate(&mut visitor, id, 4, Some("Quick!")).await["no"], accepted["no"]);
    assert_eq!(rate(&mut visitor, id, 5, Some("Quick!")).await["code"], "id_reuse");
    assert_eq!(rate(&mut visitor, MessageId::new(), 5, None).await["code"], "bad_rating");
    // Who ended it reads the word beside the stars.
    loop {
        let event = anna.event("message").await;
        let activity = &event["body"]["message"]["activity"];
        if activity["kind"] == "rated" {
            assert_eq!((&activity["stars"], &activity["comment"]), (&json!(4), &json!("Quick!")));
            break;
        }
    }
    // A new session is not rated by the old one's visitor.
    assert_eq!(visitor.send("one more thing").await["type"], "accepted");
    assert_eq!(rate(&mut visitor, MessageId::new(), 1, None).await["code"], "bad_rating");
}

#[tokio::test(flavor = "multi_thread")]
async fn f37_f61_dealt_with_is_the_staffs_own_business() {
    let world = World::new(1).await;
    let (mut anna, mut visitor, chat) = answered(&world).await;
    let result = anna.any_command("dealt_with", Some(&chat), 1, 9, Value::Null).await;
    assert_eq!(result["status"], "applied", "{result}");
    assert_eq!(rate(&mut visitor, MessageId::new(), 5, None).await["code"], "bad_rating");
    let again = Widget::connect(world.addr(), &world.channel.key, Some(&visitor.token), None, 0).await;
    // hello, joined, good day; the fourth is not for the visitor.
    assert_eq!(again.welcome["last_no"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn f69_f61_the_widget_knows_the_hours_of_the_queue_that_its_channel_leads_to() {
    let clock = Clock::manual(MONDAY_8);
    let world = World::with(1, |config| config.clock = clock.clone()).await;
    assert_eq!(world.widget().await.welcome["hours"], json!({ "open": true }));
    let settings = QueueSettings {
        hours: Some(WeekHours {
            zone: "UTC".into(),
            intervals: vec![Interval { day: 1, from: 9 * 60, to: 17 * 60 }],
            holidays: Vec::new(),
        }),
        out_of_office: Some("We are back at nine.".into()),
        ..QueueSettings::default()
    };
    let rev = world.admin.queue(world.queue).await.unwrap().rev;
    world.admin.set_queue(world.queue, settings, rev).await.unwrap();
    let mut early = world.widget().await;
    assert_eq!(early.welcome["hours"], json!({ "open": false, "changes_at": MONDAY_8 + HOUR }));
    assert_eq!(early.welcome["now"], MONDAY_8);
    // What is written now is answered by itself, in the company's name.
    assert_eq!(early.welcome["has_email"], false);
    let id = MessageId::new().to_string();
    early.wire.send(json!({ "type": "send", "id": id, "text": "anybody?", "email": "ann@example.com" })).await;
    assert_eq!(line(&mut early).await["text"], "anybody?");
    let reply = line(&mut early).await;
    assert_eq!((&reply["text"], &reply["author"]["kind"]), (&json!("We are back at nine."), &json!("system")));
    clock.advance(2 * HOUR);
    let open = Widget::connect(world.addr(), &world.channel.key, Some(&early.token), None, 0).await;
    assert_eq!(open.welcome["hours"], json!({ "open": true, "changes_at": MONDAY_8 + 9 * HOUR }));
    assert_eq!(open.welcome["has_email"], true);
}

/// A widget's first frames from an address behind the proxy.
async fn hello_from(world: &World, from: &str, token: Option<&str>) -> (Wire, Value) {
    let origin = format!("http://{}", world.addr());
    let headers = [("Origin", origin.as_str()), ("X-Forwarded-For", from)];
    let mut wire = Wire::open(world.addr(), "/widget/v1/socket", &headers).await.unwrap();
    wire.send(json!({ "type": "hello", "v": 1, "channel": world.channel.key, "token": token })).await;
    let answer = wire.next().await.unwrap();
    (wire, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_a_block_closes_the_addresss_sockets_and_holds_until_it_is_over() {
    let clock = Clock::manual(MONDAY_8);
    let world = World::with(1, |config| {
        config.clock = clock.clone();
        config.behind_proxy = true;
    })
    .await;
    let mut anna = world.phone(0).await;
    let (mut rude, welcome) = hello_from(&world, "203.0.113.1", None).await;
    let token = welcome["token"].as_str().unwrap().to_owned();
    let (mut neighbour, _) = hello_from(&world, "203.0.113.1", None).await;
    let (mut elsewhere, _) = hello_from(&world, "203.0.113.2", Some(&token)).await;
    let (mut stranger, _) = hello_from(&world, "203.0.113.3", None).await;
    rude.send(json!({ "type": "send", "id": MessageId::new().to_string(), "text": "!!!" })).await;
    rude.next_of("accepted").await;
    let chat = chat_of(&anna.event("chat_opened").await);
    anna.take(&chat).await;
    let result = anna.any_command("block", Some(&chat), 1, 9, Value::Null).await;
    assert_eq!(result["status"], "applied", "{result}");

    for wire in [&mut rude, &mut neighbour, &mut elsewhere] {
        let bye = wire.bye().await;
        assert_eq!(bye["code"], "blocked");
        assert!((1..=900_000).contains(&bye["retry_ms"].as_u64().unwrap()), "{bye}");
    }
    stranger.send(json!({ "type": "ping" })).await;
    stranger.next_of("pong").await;

    // The address for everybody, and the visitor from everywhere.
    for (from, token) in [("203.0.113.1", None), ("203.0.113.1", Some(token.as_str())), ("203.0.113.9", Some(&token))] {
        let (_, bye) = hello_from(&world, from, token).await;
        assert_eq!((&bye["type"], &bye["code"]), (&json!("bye"), &json!("blocked")), "{from}");
    }
    clock.advance(24 * HOUR - 60_000);
    let (_, bye) = hello_from(&world, "203.0.113.1", None).await;
    assert_eq!(bye["retry_ms"], 60_000, "no longer than it lasts");
    clock.advance(60_000);
    let (mut back, welcome) = hello_from(&world, "203.0.113.1", Some(&token)).await;
    assert_eq!(welcome["type"], "welcome");
    // The block itself is not told: the visitor's own words are all there is, and who answered.
    assert_eq!(back.next_of("message").await["text"], "!!!");
    back.send(json!({ "type": "send", "id": MessageId::new().to_string(), "text": "sorry" })).await;
    back.next_of("accepted").await;
}

/// A proxy that does not say whom it speaks for: its own address is everybody's, and to block it would shut all out.
#[tokio::test(flavor = "multi_thread")]
async fn f42_the_address_of_the_proxy_is_no_visitors_and_is_not_blocked() {
    let world = World::with(1, |config| config.behind_proxy = true).await;
    let (mut anna, _visitor, chat) = answered(&world).await;
    let result = anna.any_command("block", Some(&chat), 1, 9, Value::Null).await;
    assert_eq!((&result["status"], &result["code"]), (&json!("rejected"), &json!("no_address")));
    let mut other = world.widget().await;
    assert_eq!(other.send("still heard").await["type"], "accepted");
}
