//! F31, F32: a contact's history over HTTP, and what a widget's connection says of its visitor.

use serde_json::{Value, json};

use crate::support::{Http, Widget, Wire, World, chat_of, http};

async fn history(world: &World, token: &str, chat: &str, query: &str) -> Http {
    let path = format!("/v1/chats/{chat}/history{query}");
    http(world.addr(), "GET", &path, &[("Authorization", &format!("Bearer {token}"))], b"").await
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_a_history_is_paged_and_an_odd_cursor_is_a_refusal() {
    let world = World::new(2).await;
    let (mut anna, token) = (world.phone(0).await, world.device(0).await.token);
    let mut visitor = world.widget().await;
    for n in 0..60 {
        visitor.send(&format!("text {n}")).await;
    }
    let chat = chat_of(&anna.event("chat_opened").await);
    let page = history(&world, &token, &chat, "").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    let page = page.json();
    assert_eq!(page["entries"].as_array().unwrap().len(), 50);
    assert_eq!(page["entries"][0]["message"]["text"], "text 59");
    assert_eq!(page["entries"][0]["channel_kind"], "live_chat");
    let next = page["next"].as_str().unwrap();
    assert!(next.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-'), "it goes into an address as it is: {next}");
    let rest = history(&world, &token, &chat, &format!("?before={next}")).await.json();
    assert_eq!((rest["entries"].as_array().unwrap().len(), &rest["next"]), (10, &Value::Null));
    assert_eq!(rest["entries"][9]["message"]["text"], "text 0");

    for odd in ["", "x", "1-2-3", "%00", "%F0%9F%99%82", "-1", "1&before=2", "%FF"] {
        let answer = history(&world, &token, &chat, &format!("?before={odd}")).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_request")), "{odd}");
    }
    // It is for who has the chat, or is offered it.
    let other = world.device(1).await.token;
    assert_eq!(history(&world, &other, &chat, "").await.status, 200);
    assert_eq!(anna.take(&chat).await["status"], "applied");
    assert_eq!(history(&world, &other, &chat, "").await.status, 404);
    assert_eq!(history(&world, &token, &chat, "").await.status, 200);
    assert_eq!(history(&world, &token, "x", "").await.status, 404);
}

/// A widget of this browser on this page.
async fn widget(world: &World, agent: &str, page: Value, referrer: Value, token: Option<&str>) -> (Wire, String) {
    let origin = format!("http://{}", world.addr());
    let headers = [("Origin", origin.as_str()), ("User-Agent", agent)];
    let mut wire = Wire::open(world.addr(), "/widget/v1/socket", &headers).await.unwrap();
    let key = &world.channel.key;
    wire.send(json!({
        "type": "hello", "v": 1, "channel": key, "token": token, "after": 0, "page": page, "referrer": referrer,
    }))
    .await;
    let welcome = wire.next_of("welcome").await;
    (wire, welcome["token"].as_str().or(token).unwrap().to_owned())
}

async fn say(wire: &mut Wire, text: &str) {
    let id = switchboard_protocol::ids::MessageId::new().to_string();
    wire.send(json!({ "type": "send", "id": id, "text": text })).await;
    wire.next_of("accepted").await;
}

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0";

#[tokio::test(flavor = "multi_thread")]
async fn f32_the_operator_sees_the_visitors_page_where_they_came_from_browser_and_address() {
    let world = World::new(1).await;
    let mut anna = world.phone(0).await;
    let from = json!("https://search.example/?q=lamps");
    let (mut wire, token) =
        widget(&world, FIREFOX, json!("https://shop.example.com/lamps?color=green#top"), from, None).await;
    say(&mut wire, "hello").await;
    let opened = anna.event("chat_opened").await;
    assert_eq!(
        opened["body"]["chat"]["visit"],
        json!({
            "page": "https://shop.example.com/lamps?color=green", "referrer": "https://search.example/?q=lamps",
            "browser": "Firefox 132, Windows", "address": "127.0.0.1",
        })
    );
    let chat = chat_of(&opened);
    assert_eq!(anna.take(&chat).await["status"], "applied");
    // Elsewhere by now, with what is no page and no browser: the message comes, and says what can be said.
    let (mut again, _) = widget(
        &world,
        "x",
        json!("javascript:alert(1)"),
        json!(format!("https://{}", "x".repeat(3_000))),
        Some(&token),
    )
    .await;
    say(&mut again, "me again").await;
    let mut told = anna.event("message").await;
    while told["body"]["message"]["text"] != "me again" {
        told = anna.event("message").await;
    }
    assert_eq!(told["body"]["chat"]["visit"], json!({ "address": "127.0.0.1" }), "{told}");
    // A widget from before this knows nothing of pages.
    let mut older = Widget::connect(world.addr(), &world.channel.key, Some(&token), None, 0).await;
    assert_eq!(older.send("and again").await["type"], "accepted");
}
