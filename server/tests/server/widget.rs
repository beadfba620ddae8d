//! The widget's files and page, and its throttles.

use serde_json::{Value, json};
use switchboard_protocol::ids::MessageId;
use switchboard_protocol::widget::{PreChat, WidgetConfig};
use switchboard_server::{Limits, Rate};

use crate::support::{Widget, World, http};

#[tokio::test(flavor = "multi_thread")]
async fn f61_the_files_come_with_their_type_and_are_revalidated() {
    let world = World::new(1).await;
    for (path, kind) in [
        ("/widget/v1/loader.js", "text/javascript; charset=utf-8"),
        ("/widget/v1/app.js", "text/javascript; charset=utf-8"),
        ("/widget/v1/app.css", "text/css; charset=utf-8"),
    ] {
        let answer = http(world.addr(), "GET", path, &[], b"").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(!answer.body.is_empty());
        let tag = answer.header("etag").unwrap().to_owned();
        let known = http(world.addr(), "GET", path, &[("If-None-Match", &tag)], b"").await;
        assert_eq!((known.status, known.body.as_str()), (304, ""));
        let weak = format!("\"other\", W/{tag}");
        assert_eq!(http(world.addr(), "GET", path, &[("If-None-Match", &weak)], b"").await.status, 304);
        assert_eq!(http(world.addr(), "GET", path, &[("If-None-Match", "\"other\"")], b"").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_the_page_names_its_channel_and_who_may_embed_it() {
    let world = World::new(1).await;
    let path = format!("/widget/v1/frame/{}", world.channel.key);
    let page = http(world.addr(), "GET", &path, &[("Accept-Language", "ru-RU,ru;q=0.9")], b"").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.body.contains("<html lang=\"ru\">") && !page.body.contains("{{"), "{}", page.body);
    let script = page.body.split("id=\"config\">").nth(1).unwrap().split("</script>").next().unwrap();
    let config: Value = serde_json::from_str(script).unwrap();
    assert_eq!(config, json!({ "channel": world.channel.key, "origins": ["https://shop.example.com"] }));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
    assert!(policy.ends_with("frame-ancestors https://shop.example.com"), "{policy}");

    // An admin's change reaches the next page.
    let origins = ["https://new.example.com".to_owned()];
    world.admin.set_live_chat(world.channel.id, &origins, WidgetConfig::default()).await.unwrap();
    let tag = page.header("etag").unwrap();
    let page = http(world.addr(), "GET", &path, &[("If-None-Match", tag), ("Accept-Language", "ru")], b"").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("https://new.example.com"));
    // A host that is none does not get into the policy.
    let odd = http(world.addr(), "GET", &path, &[("Host", "x; script-src *")], b"").await;
    assert_eq!(odd.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_the_form_is_asked_until_it_was_answered() {
    let world = World::new(1).await;
    let form = WidgetConfig { pre_chat: PreChat::NameAndEmail, ..WidgetConfig::default() };
    world.admin.set_live_chat(world.channel.id, &[], form).await.unwrap();
    let mut anna = world.phone(0).await;
    let mut visitor = world.widget().await;
    assert_eq!(visitor.welcome["known"], false);
    let id = MessageId::new().to_string();
    visitor.wire.send(json!({ "type": "send", "id": id, "text": "hi", "name": " Ann " })).await;
    visitor.wire.next_of("accepted").await;
    assert_eq!(anna.event("chat_opened").await["body"]["chat"]["contact"]["name"], "Ann");
    let id = MessageId::new().to_string();
    visitor
        .wire
        .send(json!({ "type": "send", "id": id, "text": "more", "name": "Other", "email": "ann@example.com" }))
        .await;
    // What was missing is filled in and announced; what is known stays.
    let contact = anna.event("chat").await["body"]["contact"].clone();
    assert_eq!((&contact["name"], &contact["email"]), (&json!("Ann"), &json!("ann@example.com")));
    anna.event("message").await;
    let again = Widget::connect(world.addr(), &world.channel.key, Some(&visitor.token), None, 0).await;
    assert_eq!(again.welcome["known"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_a_page_load_leaves_nothing_behind() {
    let world = World::new(1).await;
    let mut anna = world.phone(0).await;
    let mut visitor = world.widget().await;
    visitor.wire.send(json!({ "type": "typing", "typing": true })).await;
    visitor.wire.send(json!({ "type": "read", "upto": 5 })).await;
    visitor.wire.send(json!({ "type": "ping" })).await;
    visitor.wire.next_of("pong").await;
    let again = Widget::connect(world.addr(), &world.channel.key, Some(&visitor.token), None, 0).await;
    assert_eq!((&again.welcome["last_no"], &again.welcome["visitor"]), (&json!(0), &visitor.welcome["visitor"]));
    anna.wire.send(json!({ "type": "ping" })).await;
    anna.next_of("pong").await;
    assert_eq!(anna.cursor, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_writes_too_fast_is_told_when_to_come_back_and_loses_nothing() {
    let world = World::with(1, |config| {
        config.limits = Limits { visitor_messages: Rate { burst: 2, per_minute: 60 }, ..config.limits.clone() };
    })
    .await;
    let mut visitor = world.widget().await;
    assert_eq!(visitor.send("one").await["type"], "accepted");
    assert_eq!(visitor.send("two").await["type"], "accepted");
    let bye = visitor.send("three").await;
    assert_eq!(bye["code"], "slow_down");
    let retry = bye["retry_ms"].as_u64().unwrap();
    assert!((1..=1_000).contains(&retry), "{retry}");
    let again = Widget::connect(world.addr(), &world.channel.key, Some(&visitor.token), None, 0).await;
    assert_eq!(again.welcome["last_no"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_visitors_and_sockets_of_one_address_are_throttled() {
    let world = World::with(1, |config| {
        config.limits = Limits {
            new_visitors: Rate { burst: 2, per_minute: 1 },
            new_sockets: Rate { burst: 6, per_minute: 1 },
            sockets_per_address: 4,
            ..config.limits.clone()
        };
    })
    .await;
    let (mut first, mut second, mut third) = (world.widget().await, world.widget().await, world.widget().await);
    assert_eq!(first.send("a").await["type"], "accepted");
    assert_eq!(second.send("b").await["type"], "accepted");
    assert_eq!(third.send("c").await["code"], "slow_down");
    // Who has a conversation goes on.
    assert_eq!(first.send("more").await["type"], "accepted");
    // The third was closed; three more are let in (two places at once, six in all), and then none.
    assert!(third.wire.next().await.is_none());
    let _fourth = world.widget().await;
    let mut turned_away = 0;
    for _ in 0..4 {
        let mut wire = Widget::open(world.addr()).await;
        wire.send(json!({ "type": "hello", "v": 1, "channel": world.channel.key })).await;
        let answer = wire.next().await.unwrap();
        if answer["type"] == "bye" {
            assert_eq!(answer["code"], "slow_down");
            assert!(answer["retry_ms"].as_u64().unwrap() > 1_000);
            turned_away += 1;
        }
    }
    assert!(turned_away >= 2, "four were let in before, six are all there are");
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_a_socket_of_another_page_is_refused_with_a_code() {
    let world = World::new(1).await;
    let (own, socket) = (format!("http://{}", world.addr()), switchboard_protocol::widget::WIDGET_SOCKET_PATH);
    for origin in [Some("https://elsewhere.example"), Some("null"), Some("http://127.0.0.1:1"), None] {
        let mut headers = vec![
            ("Connection", "Upgrade, close"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        let answer = http(world.addr(), "GET", socket, &headers, b"").await;
        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("wrong_origin")), "{origin:?}");
    }
    assert!(crate::support::Wire::open(world.addr(), socket, &[("Origin", &own)]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_behind_the_proxy_are_counted_by_their_own_address() {
    let world = World::with(1, |config| {
        config.behind_proxy = true;
        config.limits = Limits { new_sockets: Rate { burst: 1, per_minute: 1 }, ..config.limits.clone() };
    })
    .await;
    let origin = format!("http://{}", world.addr());
    let first = |from: &str| {
        let from = from.to_owned();
        let (addr, origin, key) = (world.addr(), origin.clone(), world.channel.key.clone());
        async move {
            let headers = [("Origin", origin.as_str()), ("X-Forwarded-For", from.as_str())];
            let mut wire = crate::support::Wire::open(addr, "/widget/v1/socket", &headers).await.unwrap();
            wire.send(json!({ "type": "hello", "v": 1, "channel": key })).await;
            wire.next().await.unwrap()["type"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(first("203.0.113.1").await, "welcome");
    assert_eq!(first("203.0.113.2").await, "welcome");
    assert_eq!(first("203.0.113.1").await, "bye");
    // What the client claims for itself stands on the left and does not count.
    assert_eq!(first("203.0.113.77, 203.0.113.1").await, "bye");
    // One IPv6 customer is a whole /64.
    assert_eq!(first("2001:db8::1").await, "welcome");
    assert_eq!(first("2001:db8::2").await, "bye");
}
