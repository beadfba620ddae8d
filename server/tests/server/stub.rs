//! Played customers: a channel of every kind can be used before it is connected.

use serde_json::json;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::widget::WidgetAuthor;
use switchboard_server::{Admin, NewChannel, Route, StoreError};

use crate::support::{World, chat_of};

#[tokio::test(flavor = "multi_thread")]
async fn f3_f4_a_played_customer_of_every_kind_is_answered() {
    let world = World::new(1).await;
    let mut anna = world.phone(0).await;
    for &kind in ChannelKind::ALL {
        let name = kind.as_str();
        let line = world.admin.create_channel(NewChannel::stub(name, kind)).await.unwrap();
        world.admin.set_route(line.id, Route::Queue(world.queue)).await.unwrap();
        let customer = "+49301234567";
        assert_eq!(world.admin.stub_receive(line.id, customer, "a", "hello").await.unwrap(), 1, "{name}");
        let opened = anna.event("chat_opened").await;
        let chat = chat_of(&opened);
        assert_eq!(opened["body"]["chat"]["channel_kind"], name);
        assert_eq!(opened["body"]["messages"][0]["text"], "hello");
        // Who writes from a number has it in the contact.
        if matches!(kind, ChannelKind::Whatsapp | ChannelKind::Sms) {
            assert_eq!(opened["body"]["chat"]["contact"]["phone"], customer, "{name}");
        }
        // The provider tells it again: the same message, once. Another text under its id is none.
        assert_eq!(world.admin.stub_receive(line.id, customer, "a", "hello").await.unwrap(), 1, "{name}");
        let refused = world.admin.stub_receive(line.id, customer, "a", "other").await.unwrap_err();
        assert!(refused.to_string().contains("id_reuse"), "{refused}");
        assert_eq!(anna.reply(&chat, 0, "good day").await["status"], "applied", "{name}");
        let seen = world.admin.stub_messages(line.id, customer, 0).await.unwrap();
        let texts: Vec<&str> = seen.iter().filter(|line| line.event.is_none()).map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["hello", "good day"], "{name}");
        let reply = seen.last().unwrap();
        assert!(matches!(&reply.author, WidgetAuthor::Operator { name } if name == "Operator 0"));
        // Another customer is another chat, and sees nothing of this one.
        assert!(world.admin.stub_messages(line.id, "+49307654321", 0).await.unwrap().is_empty());

        world.admin.stub_status(line.id, customer, reply.no, MessageStatus::Failed).await.unwrap();
        let told = anna.event("status").await;
        assert_eq!((&told["body"]["upto"], &told["body"]["status"]), (&json!(reply.no), &json!("failed")), "{name}");
        world.admin.stub_status(line.id, customer, reply.no, MessageStatus::Read).await.unwrap();
        assert_eq!(anna.event("status").await["body"]["status"], "read", "{name}");
        // Nothing goes backwards.
        world.admin.stub_status(line.id, customer, reply.no, MessageStatus::Delivered).await.unwrap();
        let seen = world.admin.stub_messages(line.id, customer, 0).await.unwrap();
        assert_eq!(seen.last().unwrap().status, MessageStatus::Read, "{name}");
        let missing = world.admin.stub_status(line.id, customer, 99, MessageStatus::Read).await.unwrap_err();
        assert!(matches!(missing, StoreError::NotFound(_)), "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_a_played_customer_beside_the_server_reaches_its_phones_and_never_gets_a_note() {
    let world = World::new(2).await;
    let beside = Admin::open(&world.config).unwrap();
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let line = beside.create_channel(NewChannel::stub("Line", ChannelKind::Whatsapp)).await.unwrap();
    beside.set_route(line.id, Route::Users(vec![world.operators[0]])).await.unwrap();
    beside.stub_receive(line.id, "+49301234567", "1", "where is it?").await.unwrap();
    let chat = chat_of(&anna.event("chat_opened").await);
    let to = json!({ "kind": "user", "id": world.operators[1].to_string() });
    let body = json!({ "to": to, "note": "ask the warehouse" });
    assert_eq!(anna.any_command("transfer", Some(&chat), 1, 1_000, body).await["status"], "applied");
    let opened = boris.event("chat_opened").await;
    let texts: Vec<&str> =
        opened["body"]["messages"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert!(texts.contains(&"ask the warehouse"), "{opened}");
    assert_eq!(boris.reply(&chat, 2, "on its way").await["status"], "applied");
    let seen = beside.stub_messages(line.id, "+49301234567", 0).await.unwrap();
    let texts: Vec<&str> = seen.iter().filter(|line| line.event.is_none()).map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["where is it?", "on its way"]);
    beside.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_stubs_are_played() {
    let world = World::new(1).await;
    let real = world.admin.stub_receive(world.channel.id, "visitor", "1", "hello").await.unwrap_err();
    assert!(real.to_string().contains("no stub"), "{real}");
    let unconnected = NewChannel { stub: false, ..NewChannel::stub("Line", ChannelKind::Sms) };
    let refused = world.admin.create_channel(unconnected).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
    let line = world.admin.create_channel(NewChannel::stub("Line", ChannelKind::Sms)).await.unwrap();
    assert_eq!(line.key, "", "only a website channel has a key for its script tag");
    for (customer, id, text) in [("", "1", "x"), ("+1", "", "x"), ("+1", "1", "  "), ("+\n1", "1", "x")] {
        let refused = world.admin.stub_receive(line.id, customer, id, text).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{customer:?} {id:?}: {refused}");
    }
    let huge = "x".repeat(16 * 1024 + 1);
    assert!(
        world.admin.stub_receive(line.id, "+1", "1", &huge).await.unwrap_err().to_string().contains("text_too_long")
    );
    assert!(world.admin.stub_messages(line.id, "+1", 0).await.unwrap().is_empty());
    let status = world.admin.stub_status(line.id, "+1", 1, MessageStatus::Sent).await.unwrap_err();
    assert!(matches!(status, StoreError::Refused(_)));
}
