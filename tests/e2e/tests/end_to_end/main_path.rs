//! A visitor writes, the operators' phones get it, one takes it and answers, the visitor reads it.

use std::collections::HashSet;

use switchboard_core::{AuthorKind, ChatState, ConnectionState, CoreError, DeliveryState, MessageStatus};
use switchboard_e2e::{Operator, TestServer, Visitor};

#[tokio::test(flavor = "multi_thread")]
async fn f01_f03_f10_f11_f12_f15_the_first_reply_takes_and_the_others_lose_the_chat() {
    let server = TestServer::start(&["Anna", "Boris", "Clara"]).await;
    let (anna, boris, clara) =
        tokio::join!(server.operator("Anna"), server.operator("Boris"), server.operator("Clara"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("Is the blue one in stock?").await.unwrap();

    let row = anna.until_offered("Is the blue one in stock?").await;
    assert_eq!((row.state, row.unread, row.owner, row.is_mine), (ChatState::Waiting, 1, None, false));
    assert_eq!(row.queue_name.as_deref(), Some("Sales"));
    assert!(row.waiting_since.is_some());
    for other in [&boris, &clara] {
        let offered = other.until_chat(row.chat).await;
        // F10: any candidate reads it.
        assert_eq!(offered.state, ChatState::Waiting);
        assert_eq!(other.timeline(row.chat)[0].text, "Is the blue one in stock?");
        assert_eq!(other.core.badge().unwrap(), 1);
    }

    let id = anna.core.reply(row.chat, "Yes, two left.").await.unwrap();
    let heard = visitor.hear("Yes, two left.").await.unwrap();
    assert_eq!(heard.id, id);
    for other in [&boris, &clara] {
        other.until_gone(row.chat).await;
        assert_eq!(other.core.badge().unwrap(), 0);
        // F12: nobody else can take part; what they write is refused before it leaves the phone, or by the server.
        assert_eq!(other.core.reply(row.chat, "me too").await, Err(CoreError::NotFound));
    }
    let taken = anna
        .until("Anna owns the chat", |anna| anna.inbox().into_iter().find(|row| row.state == ChatState::Owned))
        .await;
    assert!(taken.is_mine && taken.owner_name.as_deref() == Some("Anna") && taken.waiting_since.is_none());

    // The conversation goes on between the two, and only there.
    visitor.say("Please keep one for me").await.unwrap();
    anna.until_timeline(row.chat, "the visitor's second message", |rows| {
        (rows.len() == 3 && rows[2].text == "Please keep one for me").then_some(())
    })
    .await;
    assert!(boris.inbox().is_empty() && clara.inbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn f13_f14_take_without_a_reply() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let row = anna.until_offered("hello").await;
    boris.until_chat(row.chat).await;
    anna.core.take(row.chat).await.unwrap();
    boris.until_gone(row.chat).await;
    anna.until("Anna owns it", |anna| anna.inbox().iter().any(|row| row.is_mine).then_some(())).await;
    anna.core.reply(row.chat, "I am Anna").await.unwrap();
    visitor.hear("I am Anna").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f57_f58_ticks_and_typing_in_both_directions() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    // To exactly one user the chat is owned at once (F3); the queue has one member here, which is not the same.
    visitor.say("hello").await.unwrap();
    let chat = anna.until_offered("hello").await.chat;
    let id = anna.core.reply(chat, "Hi!").await.unwrap();
    let state_of = |wanted: MessageStatus| {
        move |rows: &[switchboard_core::TimelineRow]| {
            rows.iter().find(|row| row.id == id && row.state == DeliveryState::Stored(wanted)).map(|_| ())
        }
    };
    anna.until_timeline(chat, "sent", state_of(MessageStatus::Sent)).await;
    let no = visitor.hear("Hi!").await.unwrap().no;
    visitor.delivered(no).await.unwrap();
    anna.until_timeline(chat, "delivered", state_of(MessageStatus::Delivered)).await;
    visitor.read(no).await.unwrap();
    anna.until_timeline(chat, "read", state_of(MessageStatus::Read)).await;

    // The visitor's own message gets its tick when the operator has read it.
    anna.core.mark_read(chat, no).await.unwrap();
    loop {
        use switchboard_protocol::widget::WidgetServerFrame::Status;
        if let Status(status) = visitor.next_frame().await.unwrap()
            && !status.outbound
            && status.status == MessageStatus::Read
        {
            break;
        }
    }
    anna.until("no unread message is left", |anna| (anna.core.badge() == Ok(0)).then_some(())).await;

    // Typing, from the operator to the visitor and back.
    anna.core.typing(chat, true);
    loop {
        use switchboard_protocol::widget::WidgetServerFrame::Typing;
        if let Typing(typing) = visitor.next_frame().await.unwrap() {
            assert_eq!((typing.name.as_deref(), typing.typing), (Some("Anna"), true));
            break;
        }
    }
    let mut typing = switchboard_e2e::typing_stream(&anna.core);
    visitor.typing(true).await.unwrap();
    let seen = tokio::time::timeout(switchboard_e2e::WAIT, typing.recv()).await.unwrap().unwrap();
    assert_eq!((seen.chat, seen.user, seen.typing), (chat, None, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn f62_f63_reads_work_offline_and_a_reply_written_offline_arrives_once() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let anna = server.operator_through(&proxy, "Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("Where is my order?").await.unwrap();
    let chat = anna.until_offered("Where is my order?").await.chat;

    proxy.refuse();
    anna.until("offline", |anna| matches!(anna.core.connection(), ConnectionState::Offline { .. }).then_some(())).await;
    assert_eq!(anna.timeline(chat)[0].text, "Where is my order?");
    assert_eq!(anna.core.search("order", 10).unwrap().hits.len(), 1);
    anna.core.set_draft(chat, "a thought").await.unwrap();
    assert_eq!(anna.core.draft(chat).unwrap().as_deref(), Some("a thought"));
    let mut ids = HashSet::new();
    for text in ["One moment.", "It left yesterday.", "It arrives today."] {
        ids.insert(anna.core.reply(chat, text).await.unwrap());
    }
    let rows = anna.timeline(chat);
    assert_eq!(rows.len(), 4);
    assert!(rows[1..].iter().all(|row| row.state == DeliveryState::Queued && row.author == AuthorKind::User));

    proxy.allow();
    let heard = visitor.hear_messages(4).await.unwrap();
    let texts: Vec<_> = heard[1..].iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["One moment.", "It left yesterday.", "It arrives today."]);
    assert_eq!(heard[1..].iter().map(|message| message.id).collect::<HashSet<_>>(), ids);
    anna.until_timeline(chat, "all stored", |rows| {
        let stored = |row: &switchboard_core::TimelineRow| matches!(row.state, DeliveryState::Stored(_));
        (rows.len() == 4 && rows.iter().all(stored)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_a_message_sent_twice_under_one_id_is_one_message_and_two_tabs_show_one_chat() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let mut tab = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    let id = switchboard_protocol::ids::MessageId::new();
    let first = tab.say_as(id, "only once").await.unwrap();
    let again = tab.say_as(id, "only once").await.unwrap();
    assert_eq!(first, again);
    let mut second = Visitor::reopen(server.addr(), server.channel_key(), &tab.token).await.unwrap();
    second.hear("only once").await.unwrap();
    second.say("from the other tab").await.unwrap();
    tab.hear("from the other tab").await.unwrap();
    let chat = anna.until_offered("from the other tab").await.chat;
    assert_eq!(anna.inbox().len(), 1);
    assert_eq!(anna.timeline(chat).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn f62_a_chat_longer_than_a_page_is_fetched_backwards() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    for n in 1..=130 {
        visitor.say(&format!("message {n}")).await.unwrap();
    }
    let chat = anna.until_offered("message 130").await.chat;
    // A second device starts with a snapshot: the newest 50.
    let second = server.operator("Anna").await;
    second.until_chat(chat).await;
    assert_eq!(second.timeline(chat).len(), 50);
    while second.core.fetch_older(chat).await.unwrap() {}
    let texts: Vec<_> = second.timeline(chat).into_iter().map(|row| row.text).collect();
    assert_eq!(texts, (1..=130).map(|n| format!("message {n}")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_out_and_revocation_delete_the_store() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("SecretOrderNumber").await.unwrap();
    for operator in [&anna, &boris] {
        operator.until_offered("SecretOrderNumber").await;
    }
    anna.core.sign_out().await.unwrap();
    assert_eq!(anna.core.connection(), ConnectionState::SignedOut);
    assert_eq!(switchboard_e2e::scan(anna.dir(), &["SecretOrderNumber"]).unwrap(), []);

    server.revoke_devices("Boris").await;
    boris.until("revoked", |boris| (boris.core.connection() == ConnectionState::SignedOut).then_some(())).await;
    assert_eq!(switchboard_e2e::scan(boris.dir(), &["SecretOrderNumber"]).unwrap(), []);
    assert!(boris.core.account().is_none() && boris.inbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_comes_back_after_every_kind_of_bad_network() {
    // A short heartbeat, so that a dead connection is noticed within the test.
    let server = TestServer::start_with(&["Anna"], |config| config.limits.heartbeat_ms = 1_000).await;
    let proxy = server.proxy().await;
    let anna: Operator = server.operator_through(&proxy, "Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("before").await.unwrap();
    // The visitor sends no pings, so by the next time the server may have given up on it too.
    let token = visitor.token;
    let say = async |text| {
        Visitor::reopen(server.addr(), server.channel_key(), &token).await.unwrap().say(text).await.unwrap()
    };
    anna.until_offered("before").await;
    proxy.cut();
    say("after a cut").await;
    anna.until_offered("after a cut").await;
    proxy.delay(std::time::Duration::from_millis(150));
    say("on a slow line").await;
    anna.until_offered("on a slow line").await;
    // Half-open: the phone hears nothing to its pings and must notice by itself.
    proxy.half_close();
    anna.until("a dead connection is noticed", |anna| {
        (anna.core.connection() != ConnectionState::Online).then_some(())
    })
    .await;
    proxy.allow();
    proxy.cut();
    say("after silence").await;
    anna.until_offered("after silence").await;
}
