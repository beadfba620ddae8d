//! The binary: it serves, it stops in good order, and it changes things beside a running server.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{PATIENCE, Phone, Widget, enrol, http};

fn switchboard(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.args(arguments).env("RUST_LOG", "warn").kill_on_drop(true).current_dir(dir);
    command
}

async fn run(dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = switchboard(dir, arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    drop(stdin.write_all(input.as_bytes()).await);
    drop(stdin);
    tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap()
}

#[track_caller]
fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn admin(dir: &Path, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["admin"].iter().chain(arguments).copied().collect();
    text(&run(dir, &all, "").await)
}

/// The server as a process, and where it listens.
async fn serve(dir: &Path) -> (Child, std::net::SocketAddr) {
    let mut command = switchboard(dir, &["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    let addr = line.strip_prefix("listening on http://").unwrap().parse().unwrap();
    (child, addr)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_by_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    admin(dir, &["group", "add", "Sales"]).await;
    admin(dir, &["user", "add", "Anna", "--group", "Sales", "--email", "anna@example.com"]).await;
    admin(dir, &["queue", "add", "Front desk", "--member", "Anna"]).await;
    let made = admin(dir, &["channel", "add", "Shop", "--origin", "https://shop.example.com", "--title", "Shop"]).await;
    let key = made.split("data-channel=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(made.contains("<script async src=\"http://127.0.0.1:8080/widget/v1/loader.js\""), "{made}");

    let (mut server, addr) = serve(dir).await;
    assert_eq!(http(addr, "GET", "/readyz", &[], b"").await.status, 200);
    let printed = admin(dir, &["user", "enrol", "anna@example.com", "--public-url", "https://chat.example.com"]).await;
    assert!(
        printed.contains('█') && printed.contains("switchboard://enrol?server=https%3A%2F%2Fchat.example.com&code=")
    );
    let code = printed.lines().find_map(|line| line.strip_prefix("code: ")).unwrap();
    let signed = enrol(addr, code).await;
    let mut anna = Phone::connect(addr, &signed, None, 0).await;
    anna.caught_up().await;
    let mut visitor = Widget::connect(addr, &key, None, None, 0).await;
    visitor.send("nobody is told of this yet").await;
    // The route is set beside the running server, and the chat is offered.
    admin(dir, &["route", "set", "Shop", "--queue", "Front desk"]).await;
    let opened = anna.event("chat_opened").await;
    assert_eq!(opened["body"]["messages"][0]["text"], "nobody is told of this yet");
    let listed = admin(dir, &["device", "list", "Anna"]).await;
    assert!(listed.contains(&signed.device.to_string()) && listed.contains("signed in"));
    admin(dir, &["device", "revoke", &signed.device.to_string()]).await;
    assert_eq!(anna.wire.bye().await["code"], "revoked");

    let status = run(dir, &["admin", "user", "password", "Anna"], "a good password\n").await;
    assert!(status.status.success());
    let body = serde_json::json!({
        "email": "anna@example.com", "password": "a good password", "device": { "name": "x", "platform": "ios" }
    });
    assert_eq!(crate::support::post(addr, "/v1/sign-in", &body).await.0, 200);

    let goodbye = tokio::spawn(async move { visitor.wire.bye().await });
    let pid = server.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    assert_eq!(goodbye.await.unwrap()["code"], "shutting_down");
    assert!(tokio::time::timeout(PATIENCE, server.wait()).await.unwrap().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_one_line_and_by_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::write(dir.join("bad.toml"), "[limits]\nheartbeat = 3\n").unwrap();
    std::fs::write(dir.join("good.toml"), "listen = \"127.0.0.1:9000\"\ndata_dir = \"elsewhere\"\n").unwrap();
    assert!(text(&run(dir, &["check-config", "--config", "good.toml"], "").await).contains("elsewhere"));
    for (arguments, says) in [
        (&["check-config", "--config", "bad.toml"][..], "unknown field"),
        (&["check-config", "--config", "none.toml"], "none.toml"),
        (&["serve", "--listen", "0.0.0.0:0"], "--behind-proxy"),
        (&["admin", "user", "enrol", "Nobody"], "no user \"Nobody\""),
        (&["admin", "device", "revoke", "no-id"], "not an id"),
        (&["admin", "route", "set", "Shop"], "there is no channel"),
        (&["admin", "user", "password", "Nobody"], "no user"),
        (&["serve", "--data-dir", "good.toml"], "cannot use the data directory"),
    ] {
        let output = run(dir, arguments, "").await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{arguments:?}: {error}");
        assert!(!error.contains("panicked"), "{error}");
    }
}
