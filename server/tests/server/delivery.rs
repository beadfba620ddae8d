//! Events reach who should have them: live, after a stall, after a restart; and a stop is a good one.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_server::Limits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{PATIENCE, Phone, Signed, Widget, World, chat_of, http};

#[tokio::test(flavor = "multi_thread")]
async fn f63_a_restart_loses_nothing_and_is_announced() {
    let mut world = World::new(1).await;
    let signed = world.device(0).await;
    let mut anna = Phone::connect(world.addr(), &signed, None, 0).await;
    anna.caught_up().await;
    let mut visitor = world.widget().await;
    visitor.send("before").await;
    let chat = chat_of(&anna.event("chat_opened").await);
    let (feed_id, cursor, token) = (anna.feed_id(), anna.cursor, visitor.token.clone());

    let goodbyes = tokio::spawn(async move { (anna.wire.bye().await, visitor.wire.bye().await) });
    world.restart().await;
    let (phone, widget) = goodbyes.await.unwrap();
    for bye in [phone, widget] {
        assert_eq!(bye["code"], "shutting_down");
        assert!(bye["retry_ms"].as_u64().is_some_and(|retry| (1..=10).contains(&retry)), "{bye}");
    }

    let mut visitor = Widget::connect(world.addr(), &world.channel.key, Some(&token), None, 0).await;
    assert_eq!(visitor.wire.next_of("message").await["text"], "before");
    visitor.send("after").await;
    let mut anna = Phone::connect(world.addr(), &signed, Some(&feed_id), cursor).await;
    assert_eq!(anna.welcome["mode"], "replay");
    assert_eq!(anna.event("message").await["body"]["message"]["text"], "after");
    assert_eq!(anna.reply(&chat, 0, "both arrived").await["status"], "applied");
    world.server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn work_in_flight_is_answered_before_the_stop() {
    let world = World::new(1).await;
    let mut visitor = world.widget().await;
    for n in 0..15 {
        let id = switchboard_protocol::ids::MessageId::new().to_string();
        visitor.wire.send(json!({ "type": "send", "id": id, "text": format!("{n}") })).await;
    }
    // At least one was read by then, so that the stop meets work.
    let mut accepted = 0;
    visitor.wire.next_of("accepted").await;
    accepted += 1;
    let config = world.config.clone();
    let token = visitor.token.clone();
    let reader = tokio::spawn(async move {
        while let Some(frame) = visitor.wire.next().await {
            if frame["type"] == "accepted" {
                accepted += 1;
            }
        }
        accepted
    });
    world.server.stop().await.unwrap();
    let accepted = reader.await.unwrap();
    let server = crate::support::start(&config).await;
    let again = Widget::connect(server.addr(), &world.channel.key, Some(&token), None, 0).await;
    assert_eq!(again.welcome["last_no"], accepted, "what is stored was answered, and what was answered is stored");
    // And the log was emptied into the database.
    server.stop().await.unwrap();
    let wal = world.config.data_dir.join("switchboard.db-wal");
    assert_eq!(std::fs::metadata(wal).map_or(0, |file| file.len()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_device_again_replaces_the_older_connection() {
    let world = World::new(1).await;
    let signed = world.device(0).await;
    let mut old = Phone::connect(world.addr(), &signed, None, 0).await;
    old.caught_up().await;
    let mut new = Phone::connect(world.addr(), &signed, None, 0).await;
    assert_eq!(old.wire.bye().await["code"], "replaced");
    new.caught_up().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_cut_before_hello_and_after() {
    let quick = Limits { hello_timeout_ms: 1_000, heartbeat_ms: 300, ..Limits::default() }.unthrottled();
    let world = World::with(1, |config| config.limits = quick).await;
    let mut silent = crate::support::Wire::open(world.addr(), "/v1/socket", &[]).await.unwrap();
    assert_eq!(silent.bye().await["code"], "too_slow");
    let mut silent = Widget::open(world.addr()).await;
    assert_eq!(silent.bye().await["code"], "too_slow");
    let signed = world.device(0).await;
    let mut phone = Phone::connect(world.addr(), &signed, None, 0).await;
    assert_eq!(phone.welcome["heartbeat_ms"], 300);
    assert_eq!(phone.wire.bye().await["code"], "too_slow");
}

/// A phone whose user has put it away: it says hello and never reads again.
async fn stalled(world: &World, signed: &Signed) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    // A small window, so that the system's own buffers are full soon.
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    socket.connect(&world.addr().into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut stream = TcpStream::from_std(socket.into()).unwrap();
    let upgrade = format!(
        "GET /v1/socket HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        world.addr()
    );
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let hello =
        json!({ "type": "hello", "v": 1, "device": signed.device.to_string(), "token": signed.token }).to_string();
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(hello.as_bytes());
    stream.write_all(&frame).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_does_not_read_is_cut_and_comes_back_to_all_it_missed() {
    let world = World::with(1, |config| config.limits.write_timeout_ms = 300).await;
    let signed = world.device(0).await;
    let socket = stalled(&world, &signed).await;
    let mut steady = world.phone(0).await;
    while world.server.sockets() < 2 {
        tokio::task::yield_now().await;
    }
    let feed_id = steady.feed_id();
    let mut visitor = world.widget().await;
    let text = "x".repeat(16 * 1024);
    let mut sent = 0;
    // Until its connection is gone: phone and widget are left.
    tokio::time::timeout(PATIENCE, async {
        while world.server.sockets() > 2 {
            visitor.send(&text).await;
            sent += 1;
            while steady.cursor < sent {
                steady.next_of("event").await;
            }
        }
    })
    .await
    .expect("a stalled phone is cut");
    drop(socket);
    let mut back = Phone::connect(world.addr(), &signed, Some(&feed_id), 0).await;
    let events = back.caught_up().await;
    assert_eq!(events.len() as u64, sent, "one feed, whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn f62_older_messages_come_in_pages() {
    let world = World::new(1).await;
    let mut visitor = world.widget().await;
    for n in 1..=120 {
        visitor.send(&format!("message {n}")).await;
    }
    let mut anna = world.phone(0).await;
    let part = anna.seen.iter().find(|frame| frame["type"] == "snapshot_part").unwrap().clone();
    let numbers = |messages: &Value| -> Vec<u64> {
        messages.as_array().unwrap().iter().map(|message| message["no"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&part["chats"][0]["messages"]), (71..=120).collect::<Vec<_>>());
    assert_eq!(part["chats"][0]["more"], true);
    let chat = part["chats"][0]["chat"]["id"].as_str().unwrap();
    for (before, n, expected, more) in
        [(71, 50, 21..=70, true), (21, 50, 1..=20, false), (1_000, 500, 21..=120, true), (u64::MAX, 0, 120..=120, true)]
    {
        anna.wire.send(json!({ "type": "fetch", "req": 5, "chat": chat, "before": before, "n": n })).await;
        let page = anna.next_of("page").await;
        assert_eq!((numbers(&page["messages"]), &page["more"]), (expected.collect(), &json!(more)), "before {before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_the_largest_size_fit_the_largest_frame() {
    let world = World::new(1).await;
    let mut visitor = world.widget().await;
    // A control character takes six bytes in JSON.
    let text = "\u{1}".repeat(16 * 1024 / 2);
    for _ in 0..60 {
        assert_eq!(visitor.send(&text).await["type"], "accepted");
    }
    let mut anna = world.phone(0).await;
    let largest = anna.seen.iter().map(|frame| frame.to_string().len()).max().unwrap();
    assert!(largest < switchboard_protocol::limits::MAX_OUTBOUND_FRAME_BYTES, "{largest}");
    let part = anna.seen.iter().find(|frame| frame["type"] == "snapshot_part").unwrap().clone();
    assert_eq!(part["chats"][0]["more"], true);
    let chat = part["chats"][0]["chat"]["id"].as_str().unwrap();
    anna.wire.send(json!({ "type": "fetch", "req": 1, "chat": chat, "before": 61, "n": 100 })).await;
    let page = anna.next_of("page").await;
    assert!(page.to_string().len() < switchboard_protocol::limits::MAX_OUTBOUND_FRAME_BYTES);
    assert_eq!(page["messages"].as_array().unwrap().last().unwrap()["no"], 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_readiness() {
    let world = World::new(1).await;
    assert_eq!(http(world.addr(), "GET", "/healthz", &[], b"").await.body, "ok\n");
    assert_eq!(http(world.addr(), "GET", "/readyz", &[], b"").await.body, "ready\n");
    let addr = world.addr();
    // An open connection keeps the stop waiting; the new one is not let in any more.
    let mut phone = world.phone(0).await;
    let stop = tokio::spawn(world.server.stop());
    assert_eq!(phone.wire.bye().await["code"], "shutting_down");
    stop.await.unwrap().unwrap();
    let refused = tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(addr)).await;
    assert!(refused.unwrap().is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_do_not_hold_up_a_stop() {
    let world = World::with(1, |config| config.limits.stop_timeout_ms = 15_000).await;
    let mut silent = TcpStream::connect(world.addr()).await.unwrap();
    let mut kept_alive = TcpStream::connect(world.addr()).await.unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", world.addr());
    kept_alive.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 15];
    tokio::io::AsyncReadExt::read_exact(&mut kept_alive, &mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    // A socket that never said hello is no work either.
    let mut stranger = crate::support::Wire::open(world.addr(), "/v1/socket", &[]).await.unwrap();
    let goodbye = tokio::spawn(async move { stranger.bye().await });
    let started = std::time::Instant::now();
    world.server.stop().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(goodbye.await.unwrap()["code"], "shutting_down");
    drop(silent.shutdown().await);
}
