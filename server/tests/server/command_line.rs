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
async fn f9_f52_f69_a_queue_with_everything_and_played_customers_by_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let hours = r#"{"zone":"Europe/Berlin","intervals":[{"day":5,"from":1320,"to":360}],"holidays":["2026-12-25"]}"#;
    std::fs::write(dir.join("hours.json"), hours).unwrap();
    admin(dir, &["group", "add", "Sales"]).await;
    admin(dir, &["group", "add", "Support"]).await;
    admin(dir, &["user", "add", "Anna", "--group", "Sales", "--extension", "101"]).await;
    admin(dir, &["user", "add", "Boris", "--group", "Sales"]).await;
    admin(dir, &["user", "set", "Boris", "--role", "manager", "--extension", "102"]).await;
    let add = ["queue", "add", "Desk", "--member", "Anna", "--member", "Boris", "--distribution", "random", "--n", "1"];
    admin(dir, &add).await;
    let set = [
        "queue",
        "set",
        "Desk",
        "--group",
        "Sales",
        "--widen-after",
        "90s",
        "--take-first",
        "--release-after",
        "5m",
        "--return-within",
        "10m",
        "--hours",
        "hours.json",
        "--out-of-office",
        "Back at ten",
    ];
    admin(dir, &set).await;
    let shown = admin(dir, &["queue", "show", "Desk"]).await;
    for part in [
        "\"random\"",
        "\"n\": 1",
        "\"widen_after_ms\": 90000",
        "\"take_first\": true",
        "\"release_after_ms\": 300000",
        "\"return_within_ms\": 600000",
        "Europe/Berlin",
        "2026-12-25",
        "Back at ten",
    ] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    // What is not named stays; what is taken back goes.
    let set = [
        "queue",
        "set",
        "Desk",
        "--distribution",
        "one_user",
        "--to",
        "Anna",
        "--widen-after",
        "never",
        "--take-first",
        "false",
        "--always-open",
        "--out-of-office",
        "",
    ];
    admin(dir, &set).await;
    let shown = admin(dir, &["queue", "show", "Desk"]).await;
    for part in ["\"one_user\"", "\"widen_after_ms\": null", "\"take_first\": false", "\"hours\": null", ": 300000"] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    admin(dir, &["user", "presence", "Boris", "away"]).await;
    admin(dir, &["queue", "login", "Desk", "Anna", "--out"]).await;
    let shown = admin(dir, &["queue", "show", "Desk"]).await;
    assert!(shown.contains("Boris  away") && shown.contains("Anna  available  logged out"), "{shown}");
    let listed = admin(dir, &["user", "list"]).await;
    assert!(listed.contains("101  available") && listed.contains("manager  Boris") && listed.contains("102  away"));

    // Nobody is there for a played customer: an alarm; then Anna logs in again.
    admin(dir, &["channel", "add", "Line", "--kind", "sms", "--stub", "--group", "Support"]).await;
    assert!(admin(dir, &["channel", "list"]).await.contains("no route  stub"));
    admin(dir, &["route", "set", "Line", "--queue", "Desk"]).await;
    assert_eq!(admin(dir, &["stub", "send", "Line", "+49301234567", "hello", "--id", "7"]).await.trim(), "1");
    assert_eq!(admin(dir, &["stub", "send", "Line", "+49301234567", "hello", "--id", "7"]).await.trim(), "1");
    let alarms = admin(dir, &["alarm", "list"]).await;
    assert!(alarms.contains("unattended  Line  queue Desk"), "{alarms}");
    admin(dir, &["queue", "login", "Desk", "Anna"]).await;
    assert_eq!(admin(dir, &["alarm", "list"]).await, "");
    let read = admin(dir, &["stub", "read", "Line", "+49301234567"]).await;
    assert!(read.contains("1  customer  delivered  hello"), "{read}");
    assert_eq!(admin(dir, &["block", "list"]).await, "");

    admin(dir, &["user", "schedule", "Anna", "--hours", "hours.json"]).await;
    admin(dir, &["user", "schedule", "Anna"]).await;
    std::fs::write(dir.join("bad.json"), hours.replace("Berlin", "Atlantis")).unwrap();
    for (arguments, says) in [
        (&["queue", "set", "Desk", "--widen-after", "soon"][..], "no time"),
        (&["queue", "set", "Desk", "--hours", "bad.json"], "Atlantis"),
        (&["queue", "set", "Desk", "--hours", "none.json"], "none.json"),
        (&["queue", "set", "Desk", "--to", "Nobody", "--distribution", "one_user"], "no user"),
        (&["queue", "set", "Desk", "--n", "2"], "random or first"),
        (&["queue", "set", "Desk", "--distribution", "first", "--n", "0"], "at least 1"),
        (&["user", "schedule", "Anna", "--hours", "bad.json"], "bad_hours"),
        (&["user", "set", "Boris", "--extension", "101"], "already"),
        (&["channel", "add", "Real", "--kind", "sms"], "not part of this version"),
        (&["stub", "status", "Line", "+49301234567", "1", "read"], "message 1"),
        (&["block", "lift", "00000000-0000-0000-0000-000000000000"], "no such block"),
    ] {
        let all: Vec<&str> = ["admin"].iter().chain(arguments).copied().collect();
        let output = run(dir, &all, "").await;
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{arguments:?}: {error}");
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn f24_f73_templates_come_and_go_as_a_table_and_one_bad_line_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for group in ["Sales", "Repairs"] {
        admin(dir, &["group", "add", group]).await;
    }
    let table = "group,category,language,title,text,keywords\n\
                 Sales,Orders,en,Where is it,\"Hello {{contact.first_name}},\nit left us, \"\"today\"\".\",parcel order\n\
                 ,,ru,Спасибо,Спасибо за заказ!,\n";
    let import = |extra: &'static [&'static str], input: String| async move {
        let all: Vec<&str> = ["admin", "template", "import", "-"].iter().chain(extra).copied().collect();
        run(dir, &all, &input).await
    };
    let said = text(&import(&["--dry-run"], table.into()).await);
    assert_eq!(said, "2 would be added, 0 would be changed, 0 as before\n");
    assert_eq!(admin(dir, &["template", "list"]).await, "", "a dry run changes nothing");
    assert_eq!(text(&import(&[], table.into()).await), "2 added, 0 changed, 0 as before\n");
    assert!(admin(dir, &["template", "list"]).await.contains("Спасибо"));
    assert!(admin(dir, &["template", "list", "--group", "Sales"]).await.contains("Where is it"));

    // What is written reads back as it was.
    let exported = admin(dir, &["template", "export"]).await;
    assert_eq!(text(&import(&[], exported.clone()).await), "0 added, 0 changed, 2 as before\n");
    let changed = exported.replace("за заказ", "за покупку");
    assert_eq!(text(&import(&[], changed).await), "0 added, 1 changed, 1 as before\n");

    // A bad line among good ones: it is named, and the good ones are not done either.
    let before = admin(dir, &["template", "export"]).await;
    let bad = format!("{before},,en,New,Fine,\nNowhere,,en,Bad,Fine,\n,,en,Shoes,Size {{{{contact.shoe_size}}}}?,\n");
    let refused = import(&["--group", "Repairs"], bad).await;
    assert!(!refused.status.success());
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("nothing was changed"), "{why}");
    assert!(why.contains("line 6: group: there is no group \"Nowhere\""), "{why}");
    assert!(why.contains("line 7: there is no variable {{contact.shoe_size}}"), "{why}");
    assert_eq!(admin(dir, &["template", "export"]).await, before);
}
