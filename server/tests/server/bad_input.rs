//! What is malformed, oversized, deep, unknown or misplaced: a clear error each, and a server that goes on.

use serde_json::{Value, json};
use switchboard_protocol::ids::{ChatId, CommandId};
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::support::{Http, Widget, Wire, World, http};

/// Frames that end a connection, with the code that says why.
fn broken() -> Vec<(Message, &'static str)> {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    vec![
        (Message::text(""), "bad_request"),
        (Message::text("nonsense"), "bad_request"),
        (Message::text("{\"type\":\"hello\""), "bad_request"),
        (Message::text("{\"no\":\"type\"}"), "bad_request"),
        (Message::text("{\"type\":7}"), "bad_request"),
        (Message::text("{\"type\":\"hello\",\"v\":\"one\"}"), "bad_request"),
        (Message::text(deep(20_000)), "bad_request"),
        (Message::text("[".repeat(60_000)), "bad_request"),
        (Message::text(format!("{{\"type\":{}}}", deep(10_000))), "bad_request"),
        (Message::Binary(Bytes::from_static(b"\x00\x01")), "bad_request"),
        (Message::text("x".repeat(64 * 1024 + 1)), "too_large"),
        (Message::text(format!("{{\"type\":\"ping\",\"x\":\"{}\"}}", "y".repeat(1_000_000))), "too_large"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_of_a_phone_are_answered_and_only_its_connection_ends() {
    let world = World::new(1).await;
    let mut steady = world.phone(0).await;
    for (message, code) in broken() {
        let what = format!("{message:.60?}");
        let mut wire = Wire::open(world.addr(), "/v1/socket", &[]).await.unwrap();
        wire.send_raw(message.clone()).await;
        assert_eq!(wire.bye().await["code"], code, "before hello: {what}");
        let mut phone = world.phone(0).await;
        phone.wire.send_raw(message).await;
        assert_eq!(phone.wire.bye().await["code"], code, "after hello: {what}");
    }
    // A text frame that is no UTF-8 is against the rules of WebSocket itself; no bye is owed.
    let mut wire = Wire::open(world.addr(), "/v1/socket", &[]).await.unwrap();
    wire.send(json!({ "type": "hello", "v": 99, "device": ChatId::new().to_string(), "token": "x" })).await;
    assert_eq!(wire.bye().await["code"], "upgrade_server");
    steady.wire.send(json!({ "type": "ping" })).await;
    steady.next_of("pong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_of_a_widget_are_answered_and_only_its_connection_ends() {
    let world = World::new(1).await;
    let mut steady = world.widget().await;
    for (message, code) in broken() {
        let mut wire = Widget::open(world.addr()).await;
        wire.send_raw(message.clone()).await;
        assert_eq!(wire.bye().await["code"], code, "{message:.60?}");
        let mut widget = world.widget().await;
        widget.wire.send_raw(message).await;
        assert_eq!(widget.wire.bye().await["code"], code);
    }
    for (hello, code) in [
        (json!({ "type": "hello", "v": 1, "channel": "no such key" }), "not_found"),
        (json!({ "type": "hello", "v": 1, "channel": world.channel.key, "token": "short" }), "unauthorized"),
        (json!({ "type": "hello", "v": 9, "channel": world.channel.key }), "upgrade_server"),
        (json!({ "type": "hello", "v": 0, "channel": world.channel.key }), "upgrade_app"),
    ] {
        let mut wire = Widget::open(world.addr()).await;
        wire.send(hello).await;
        assert_eq!(wire.bye().await["code"], code);
    }
    assert_eq!(steady.send("still here").await["type"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_frames_are_ignored_and_unknown_commands_answered() {
    let world = World::new(1).await;
    let mut phone = world.phone(0).await;
    phone.wire.send(json!({ "type": "hologram", "of": ["the", "future"] })).await;
    let result = phone.command(CommandId::new(), "dance", &ChatId::new().to_string(), None, Value::Null).await;
    assert_eq!((&result["status"], &result["code"]), (&json!("rejected"), &json!("unsupported")));
    let mut widget = world.widget().await;
    widget.wire.send(json!({ "type": "hologram" })).await;
    widget.wire.send(json!({ "type": "ping" })).await;
    widget.wire.next_of("pong").await;
}

/// Commands whose body is not what its kind has, or that are about a chat and name none: answered, and nothing is done.
#[tokio::test(flavor = "multi_thread")]
async fn f2_f66_f67_malformed_commands_are_answered_and_change_nothing() {
    let world = World::new(2).await;
    let mut phone = world.phone(0).await;
    let me = world.operators[0].to_string();
    let direct = ChatId::direct(world.operators[0], world.operators[1]).to_string();
    let open = json!({ "user": world.operators[1].to_string() });
    let opened = phone.any_command("open_direct", Some(&direct), 0, 0, open.clone()).await;
    phone.event_of(&opened).await;
    let cursor = phone.cursor;
    let chat = Some(direct.as_str());
    let other = ChatId::new().to_string();
    for (kind, chat, body) in [
        ("say", chat, json!({})),
        ("say", chat, json!({ "text": 7 })),
        ("say", chat, json!({ "text": "x", "mentions": ["nobody"] })),
        ("say", chat, json!({ "text": "x", "mentions": vec![me.clone(); 51] })),
        ("say", None, json!({ "text": "x" })),
        ("note", None, json!({ "text": "x" })),
        ("note_to_owner", None, json!({ "text": "x" })),
        ("open_direct", None, open.clone()),
        ("open_direct", Some(other.as_str()), open.clone()),
        ("create_group", Some(other.as_str()), json!({ "name": "x" })),
        ("create_group", Some(other.as_str()), json!({ "name": "x", "members": "everybody" })),
        ("create_group", chat, json!({ "name": "x", "members": [] })),
        ("add_members", chat, json!({ "members": [null] })),
        ("remove_member", chat, Value::Null),
        ("label_chat", chat, json!({ "label": "red", "on": true })),
        ("save_label", chat, json!({ "label": other, "name": "x", "color": "#ffffff" })),
        ("edit_contact", None, json!({ "name": "x" })),
        ("merge_contacts", None, json!({ "kept": other })),
        ("add_contact_note", None, json!({ "contact": 1, "text": [] })),
    ] {
        let what = format!("{kind} {body:.80}");
        let result = phone.any_command(kind, chat, 0, 0, body).await;
        assert_eq!(
            (&result["status"], &result["code"]),
            (&json!("rejected"), &json!("bad_request")),
            "{what}: {result}"
        );
    }
    // A note of 20 KiB fits into a frame, and into nothing else.
    let long = json!({ "text": "n".repeat(20 * 1024) });
    assert_eq!(phone.any_command("say", chat, 0, 0, long).await["code"], "text_too_long");
    phone.wire.send(json!({ "type": "fetch", "req": 1, "chat": direct, "before": u64::MAX, "n": u32::MAX })).await;
    assert_eq!(phone.next_of("page").await["messages"], json!([]));
    assert_eq!(phone.cursor, cursor, "nobody was told anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widgets_socket_is_for_the_widgets_own_page() {
    let world = World::new(1).await;
    let own = format!("http://{}", world.addr());
    for origin in [None, Some("https://shop.example.com"), Some("null"), Some("http://127.0.0.1"), Some("http://")] {
        let headers: Vec<_> = origin.map(|origin| ("Origin", origin)).into_iter().collect();
        assert_eq!(Wire::open(world.addr(), "/widget/v1/socket", &headers).await.err(), Some(403), "{origin:?}");
    }
    assert!(Wire::open(world.addr(), "/widget/v1/socket", &[("Origin", &own)]).await.is_ok());

    let world = World::with(1, |config| config.public_url = Some("https://chat.example.com/".parse().unwrap())).await;
    let own = format!("http://{}", world.addr());
    assert_eq!(Wire::open(world.addr(), "/widget/v1/socket", &[("Origin", &own)]).await.err(), Some(403));
    let public = [("Origin", "https://chat.example.com")];
    assert!(Wire::open(world.addr(), "/widget/v1/socket", &public).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn http_refusals_have_one_form_and_quote_nothing() {
    let world = World::new(1).await;
    let json = [("Content-Type", "application/json")];
    let secret = "hunter2hunter2";
    let wrong_type = format!("{{\"email\":\"a@b\",\"password\":[\"{secret}\"],\"device\":1}}");
    let too_long = format!("{{\"code\":\"{}\"}}", "x".repeat(200_000));
    let bad_device = "{\"code\":\"x\",\"device\":{\"name\":\"\\u0000\",\"platform\":\"ios\"}}";
    let bad_platform = "{\"code\":\"x\",\"device\":{\"name\":\"a\",\"platform\":\"toaster\"}}";
    let request = |method: &'static str, path: &'static str, headers: &'static [(&str, &str)], body: String| {
        let addr = world.addr();
        async move { http(addr, method, path, headers, body.as_bytes()).await }
    };
    let json_headers: &'static [(&str, &str)] = Box::leak(Box::new(json));
    let answers: Vec<(Http, u16, &str)> = vec![
        (request("GET", "/nothing/here", &[], String::new()).await, 404, "not_found"),
        (request("GET", "/v1/enrol", &[], String::new()).await, 405, "bad_request"),
        (request("DELETE", "/healthz", &[], String::new()).await, 405, "bad_request"),
        (request("POST", "/v1/enrol", &[], "{}".into()).await, 415, "bad_request"),
        (request("POST", "/v1/enrol", json_headers, "{".into()).await, 400, "bad_request"),
        (request("POST", "/v1/sign-in", json_headers, wrong_type).await, 400, "bad_request"),
        (request("POST", "/v1/enrol", json_headers, too_long).await, 413, "too_large"),
        (request("POST", "/v1/enrol", json_headers, bad_device.into()).await, 400, "bad_request"),
        (request("POST", "/v1/enrol", json_headers, bad_platform.into()).await, 400, "bad_request"),
        (request("POST", "/v1/enrol", json_headers, "[".repeat(10_000)).await, 400, "bad_request"),
        (request("GET", "/v1/socket", &[], String::new()).await, 426, "bad_request"),
        (request("GET", "/widget/v1/socket", &[], String::new()).await, 426, "bad_request"),
        (request("GET", "/widget/v1/frame/nokey", &[], String::new()).await, 404, "not_found"),
        (request("GET", "/widget/v1/frame/%ff%fe", &[], String::new()).await, 400, "bad_request"),
    ];
    for (answer, status, code) in answers {
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, Some(code)), "{}", answer.body);
        assert!(!answer.json()["detail"].as_str().unwrap().is_empty());
        assert!(!answer.body.contains(secret), "{}", answer.body);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}
