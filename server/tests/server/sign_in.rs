//! Signing in and out, and who is not let in.

use serde_json::json;
use switchboard_protocol::ids::DeviceId;
use switchboard_server::{Limits, Rate};

use crate::support::{Phone, Wire, World, enrol, http, post};

fn device() -> serde_json::Value {
    json!({ "name": "Anna's phone", "platform": "ios" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_signs_in_once_however_it_is_typed() {
    let world = World::new(1).await;
    let code = world.admin.enrol(world.operators[0]).await.unwrap().code;
    let typed = code.to_lowercase().replace('-', " ");
    enrol(world.addr(), &typed).await;
    for wrong in [code.as_str(), "ABCDE-FGHJK-MNPQR-STVWX", "", "💥"] {
        let (status, body) = post(world.addr(), "/v1/enrol", &json!({ "code": wrong, "device": device() })).await;
        assert_eq!((status, body["code"].as_str()), (401, Some("bad_enrolment_code")), "{wrong}");
    }
    // A newer code replaces the one before, and an expired one is none.
    let old = world.admin.enrol(world.operators[0]).await.unwrap().code;
    let expired = world.admin.enrol_for(world.operators[0], -1).await.unwrap().code;
    for code in [old, expired] {
        let (status, _) = post(world.addr(), "/v1/enrol", &json!({ "code": code, "device": device() })).await;
        assert_eq!(status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_signs_in_and_who_does_not_exist_is_answered_alike() {
    let world = World::new(2).await;
    world.admin.set_password(world.operators[0], "correct horse".into()).await.unwrap();
    assert!(world.admin.set_password(world.operators[0], "short".into()).await.is_err());
    let sign_in = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password, "device": device() });
        let addr = world.addr();
        async move { post(addr, "/v1/sign-in", &body).await }
    };
    let (status, answer) = sign_in(" OP0@Example.com ", "correct horse").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["user"]["name"], "Operator 0");
    let mut answers = Vec::new();
    for (email, password) in [
        ("op0@example.com", "wrong horse"),
        ("op1@example.com", "has no password"),
        ("nobody@example.com", "correct horse"),
        ("no address", "correct horse"),
    ] {
        let (status, answer) = sign_in(email, password).await;
        assert_eq!(status, 401);
        answers.push(answer);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    world.admin.disable_user(world.operators[0]).await.unwrap();
    assert_eq!(sign_in("op0@example.com", "correct horse").await, (401, answers[0].clone()));
    world.admin.enable_user(world.operators[0]).await.unwrap();
    assert_eq!(sign_in("op0@example.com", "correct horse").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_throttled_by_user_and_by_address() {
    let world = World::with(1, |config| {
        config.limits = Limits {
            user_sign_ins: Rate { burst: 2, per_minute: 1 },
            address_sign_ins: Rate { burst: 5, per_minute: 1 },
            ..config.limits.clone()
        };
    })
    .await;
    let attempt = |email: &str| {
        let body = json!({ "email": email, "password": "whatever", "device": device() });
        let addr = world.addr();
        async move { post(addr, "/v1/sign-in", &body).await }
    };
    assert_eq!(attempt("op0@example.com").await.0, 401);
    assert_eq!(attempt("OP0@example.com").await.0, 401);
    let (status, body) = attempt("op0@example.com").await;
    assert_eq!((status, body["code"].as_str()), (429, Some("slow_down")));
    assert!(body["retry_ms"].as_u64().unwrap() > 1_000);
    // Names that nobody has are throttled alike.
    assert_eq!(attempt("nobody@example.com").await.0, 401);
    assert_eq!(attempt("else@example.com").await.0, 401);
    assert_eq!(attempt("third@example.com").await.0, 429, "the address has had its five");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_revoked_tokens_are_told_apart() {
    let world = World::new(1).await;
    let signed = world.device(0).await;
    let hello = |device: &str, token: &str| json!({ "type": "hello", "v": 1, "device": device, "token": token });
    for (device, token) in [
        (signed.device.to_string(), "wrong".to_owned()),
        (signed.device.to_string(), "A".repeat(43)),
        (DeviceId::new().to_string(), signed.token.clone()),
    ] {
        let mut wire = Wire::open(world.addr(), "/v1/socket", &[]).await.unwrap();
        wire.send(hello(&device, &token)).await;
        assert_eq!(wire.bye().await["code"], "unauthorized");
    }
    assert!(world.admin.revoke_device(signed.device).await.unwrap());
    let mut wire = Wire::open(world.addr(), "/v1/socket", &[]).await.unwrap();
    wire.send(hello(&signed.device.to_string(), &signed.token)).await;
    assert_eq!(wire.bye().await["code"], "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_closes_the_socket_at_once() {
    let world = World::new(1).await;
    let (first, second) = (world.device(0).await, world.device(0).await);
    let mut lost = Phone::connect(world.addr(), &first, None, 0).await;
    let mut kept = Phone::connect(world.addr(), &second, None, 0).await;
    lost.caught_up().await;
    kept.caught_up().await;
    world.admin.revoke_device(first.device).await.unwrap();
    let bye = lost.wire.bye().await;
    assert_eq!((bye["code"].as_str(), bye["retry_ms"].as_u64()), (Some("revoked"), Some(0)));
    kept.wire.send(json!({ "type": "ping" })).await;
    kept.next_of("pong").await;
    assert!(!world.admin.revoke_device(first.device).await.unwrap(), "once is enough");
    world.admin.disable_user(world.operators[0]).await.unwrap();
    assert_eq!(kept.wire.bye().await["code"], "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_device_and_its_socket() {
    let world = World::new(1).await;
    let signed = world.device(0).await;
    let mut phone = Phone::connect(world.addr(), &signed, None, 0).await;
    let bearer = format!("Bearer {}", signed.token);
    for (header, status) in [
        (bearer.as_str(), 204),
        // Again: the answer to the first may have been lost.
        (bearer.as_str(), 204),
        ("Bearer AAAA", 401),
        ("Basic x", 401),
    ] {
        let answer = http(world.addr(), "POST", "/v1/sign-out", &[("Authorization", header)], b"").await;
        assert_eq!(answer.status, status, "{header}");
    }
    assert_eq!(http(world.addr(), "POST", "/v1/sign-out", &[], b"").await.status, 401);
    assert_eq!(phone.wire.bye().await["code"], "revoked");
}
