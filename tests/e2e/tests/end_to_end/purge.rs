//! What a colleague took is gone from this phone: rows, index and write-ahead log, and it never comes back by replay.

use switchboard_core::{ChatId, ConnectionState};
use switchboard_e2e::{Operator, Phone, TestServer, Visitor, scan};
use switchboard_protocol::frame::Event;

const LATIN: &str = "Xylophonequartet";
const CYRILLIC: &str = "Щелкунчикомания";

async fn offer(visitor: &mut Visitor, operator: &Operator) -> ChatId {
    visitor.say(&format!("my secret is {LATIN} and {CYRILLIC}")).await.unwrap();
    visitor.say("still there?").await.unwrap();
    operator.until_offered("still there?").await.chat
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_taken_chat_leaves_no_byte_on_the_others_phones() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    let chat = offer(&mut visitor, &anna).await;
    boris.until_offered("still there?").await;
    // The scan finds it while it is there; a scan that finds nothing ever proves nothing.
    for marker in [LATIN, CYRILLIC] {
        assert!(!scan(boris.dir(), &[marker]).unwrap().is_empty(), "{marker} is not stored in a form the scan knows");
        assert_eq!(boris.core.search(marker, 10).unwrap().hits.len(), 1);
    }
    // A reader is open, as a screen would have one.
    let open = boris.core.timeline(chat, None).unwrap();
    assert_eq!(open.rows().len(), 2);

    anna.core.reply(chat, "It is safe with me").await.unwrap();
    boris.until_gone(chat).await;
    // The purge ends after the commit that takes the chat away, and tells nobody; stopping waits for it.
    boris.core.stop().await;
    assert_eq!(scan(boris.dir(), &[LATIN, CYRILLIC]).unwrap(), []);
    assert!(boris.core.search(LATIN, 10).unwrap().hits.is_empty());
    assert!(!scan(anna.dir(), &[LATIN]).unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn f15_a_candidate_offline_from_before_the_first_message_until_after_the_take_receives_no_content() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let anna = server.operator("Anna").await;
    let boris = server.operator_through(&proxy, "Boris").await;
    boris.until_online().await;
    // A second device of the same user that speaks the protocol by hand, to see the very bytes of the replay.
    let device = server.sign_in_device("Boris").await;
    let (phone, before) = Phone::hello(server.addr(), &device, None, 0).await.unwrap();
    drop(phone);
    proxy.refuse();
    boris
        .until("offline", |boris| matches!(boris.core.connection(), ConnectionState::Offline { .. }).then_some(()))
        .await;

    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    let chat = offer(&mut visitor, &anna).await;
    anna.core.reply(chat, "taken").await.unwrap();
    visitor.hear("taken").await.unwrap();

    let cursor = before.welcome.head;
    let (_phone, after) = Phone::hello(server.addr(), &device, Some(before.welcome.feed_id), cursor).await.unwrap();
    let kinds: Vec<_> = after.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, [Event::SKIP, Event::SKIP, "gone"]);
    let wire = serde_json::to_string(&after.events).unwrap();
    assert!(!wire.contains(LATIN) && !wire.contains(CYRILLIC) && !wire.contains("still there"));
    assert_eq!(
        after.events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (cursor + 1..=cursor + 3).collect::<Vec<_>>()
    );

    proxy.allow();
    boris.until_online().await;
    assert!(boris.inbox().is_empty());
    assert_eq!(scan(boris.dir(), &[LATIN, CYRILLIC]).unwrap(), []);
}
