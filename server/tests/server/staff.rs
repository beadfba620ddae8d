//! F2: staff write to each other, over real sockets.

use serde_json::{Value, json};
use switchboard_protocol::ids::{ChatId, CommandId};

use crate::support::{Phone, World};

/// Frames of a snapshot or replay that hold something of a chat.
fn of_chat<'a>(frames: &'a [Value], chat: &str) -> Vec<&'a Value> {
    frames.iter().filter(|frame| frame.to_string().contains(chat)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_f58_a_direct_chat_is_opened_typed_into_said_into_and_caught_up_on() {
    let world = World::new(2).await;
    let [a, b] = [world.operators[0], world.operators[1]];
    let mut anna = world.phone(0).await;
    let signed = world.device(1).await;
    let mut boris = Phone::connect(world.addr(), &signed, None, 0).await;
    boris.caught_up().await;
    let chat = ChatId::direct(a, b).to_string();
    let opened = anna.any_command("open_direct", Some(&chat), 0, 0, json!({ "user": b.to_string() })).await;
    assert_eq!(anna.event_of(&opened).await["body"]["internal"]["members"], json!([a.to_string(), b.to_string()]));
    let id = CommandId::new();
    let said = anna.command(id, "say", &chat, None, json!({ "text": "lunch?" })).await;
    assert_eq!(said["status"], "applied", "{said}");
    assert_eq!(boris.event("internal_opened").await["body"]["messages"], json!([]));
    assert_eq!(boris.event("message").await["body"]["message"]["text"], "lunch?");
    // Both ways, and to nobody but the other.
    boris.wire.send(json!({ "type": "ephemeral", "chat": chat, "typing": true })).await;
    let typing = anna.next_of("ephemeral").await;
    assert_eq!(typing, json!({ "type": "ephemeral", "chat": chat, "user": b.to_string(), "typing": true }));

    // What became of it is answered, and of what never came that it did not.
    let ask = |id: CommandId, text: &str| {
        json!({ "type": "command", "id": id.to_string(), "kind": "say", "chat": chat, "ask": true,
            "body": { "text": text } })
    };
    anna.seen.clear();
    anna.wire.send(ask(id, "lunch?")).await;
    assert_eq!(anna.result(id).await, said);
    let never = CommandId::new();
    anna.wire.send(ask(never, "dinner?")).await;
    let answer = anna.result(never).await;
    assert_eq!((&answer["status"], &answer["code"]), (&json!("rejected"), &json!("not_received")));

    // A phone that was away replays it; a new one gets it in its snapshot.
    drop(boris);
    let mut back = Phone::connect(world.addr(), &signed, Some(&anna.feed_id()), 0).await;
    let replayed = back.caught_up().await;
    assert!(of_chat(&replayed, &chat).iter().any(|frame| frame["kind"] == "internal_opened"));
    let mut fresh = Phone::connect(world.addr(), &world.device(1).await, None, 0).await;
    let frames = fresh.caught_up().await;
    let part = frames.iter().find(|frame| frame["internal"].is_array()).expect("a part with staff chats");
    assert_eq!(part["internal"][0]["messages"][0]["text"], "lunch?");
    assert_eq!(part["internal"][0]["me"]["read_upto"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_who_joins_a_group_fetches_nothing_from_before_and_who_leaves_nothing_at_all() {
    let world = World::new(3).await;
    let mut phones = Vec::new();
    for n in 0..3 {
        phones.push(world.phone(n).await);
    }
    let [anna, boris, cleo] = phones.get_disjoint_mut([0, 1, 2]).unwrap();
    let chat = ChatId::new().to_string();
    let group = json!({ "name": "Night shift", "members": [world.operators[1].to_string()] });
    assert_eq!(anna.any_command("create_group", Some(&chat), 0, 0, group).await["status"], "applied");
    for n in 0..60 {
        let said = anna.any_command("say", Some(&chat), 0, 0, json!({ "text": format!("text {n}") })).await;
        assert_eq!(said["status"], "applied", "{said}");
    }
    let add = json!({ "members": [world.operators[2].to_string()] });
    assert_eq!(boris.any_command("add_members", Some(&chat), 0, 0, add).await["status"], "applied");
    assert_eq!(cleo.event("internal_opened").await["body"]["more"], false);
    let said = anna.any_command("say", Some(&chat), 0, 0, json!({ "text": "welcome" })).await;
    assert_eq!(said["status"], "applied");
    let fetch = |before: u64| json!({ "type": "fetch", "req": 1, "chat": chat, "before": before, "n": 100 });
    cleo.wire.send(fetch(1_000)).await;
    let page = cleo.next_of("page").await;
    let texts: Vec<_> = page["messages"].as_array().unwrap().iter().map(|message| message["text"].clone()).collect();
    assert_eq!((texts, &page["more"]), (vec![json!(""), json!("welcome")], &json!(false)));
    cleo.wire.send(fetch(62)).await;
    assert_eq!(cleo.next_of("page").await["messages"], json!([]));
    // The others have it all, the newest first.
    boris.wire.send(fetch(62)).await;
    let page = boris.next_of("page").await;
    assert_eq!((page["messages"].as_array().unwrap().len(), &page["more"]), (61, &json!(false)));
    let frames = Phone::connect(world.addr(), &world.device(0).await, None, 0).await.caught_up().await;
    let part = frames.iter().find(|frame| frame["internal"].is_array()).unwrap();
    assert_eq!(
        (part["internal"][0]["messages"].as_array().unwrap().len(), &part["internal"][0]["more"]),
        (50, &json!(true))
    );

    let left = boris.any_command("leave", Some(&chat), 0, 0, Value::Null).await;
    assert_eq!(boris.event_of(&left).await["body"]["reason"], "left");
    boris.wire.send(fetch(62)).await;
    assert_eq!(boris.next_of("error").await["code"], "not_found");
    let frames =
        Phone::connect(world.addr(), &world.device(1).await, Some(&boris.feed_id()), 0).await.caught_up().await;
    assert!(of_chat(&frames, &chat).iter().all(|frame| frame["kind"] == "gone"), "{frames:?}");
    let frames = Phone::connect(world.addr(), &world.device(1).await, None, 0).await.caught_up().await;
    assert!(of_chat(&frames, &chat).is_empty());
}
