//! The data directory: a newer database, two servers, a disk that is full or cannot be written; and what the writer may
//! cost.

use serde_json::json;
use switchboard_protocol::ids::CommandId;
use switchboard_server::{Admin, Config, ServeError, Server, StoreError};
use tokio::net::TcpListener;

use crate::support::{World, chat_of, config, http, start};

async fn refusal(config: &Config) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    match Server::start(config.clone(), listener).await {
        Ok(_) => panic!("the server started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&dir);
    start(&config).await.stop().await.unwrap();
    let path = config.data_dir.join("switchboard.db");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    newer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(newer);
    let before = std::fs::read(&path).unwrap();
    let text = refusal(&config).await;
    assert!(text.contains("999") && text.contains("newer version"), "{text}");
    let error = Admin::open(&config).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 999, .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&dir);
    let first = start(&config).await;
    let text = refusal(&config).await;
    assert!(text.contains("already runs"), "{text}");
    first.stop().await.unwrap();
    start(&config).await.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_used_is_named() {
    let dir = tempfile::tempdir().unwrap();
    // A file where the directory should be.
    let mut file = config(&dir);
    file.data_dir = dir.path().join("file");
    std::fs::write(&file.data_dir, "x").unwrap();
    let text = refusal(&file).await;
    assert!(text.contains("cannot use the data directory") && text.contains("file"), "{text}");
    // A directory that nobody can write to, not even root.
    let read_only = Config { data_dir: "/proc/self".into(), ..config(&dir) };
    let text = refusal(&read_only).await;
    assert!(text.contains("cannot use the data directory /proc/self"), "{text}");
    assert!(Admin::open(&read_only).err().unwrap().to_string().contains("cannot open the database"));
    // A directory where the database should be.
    let odd = config(&dir);
    std::fs::create_dir_all(odd.data_dir.join("switchboard.db")).unwrap();
    let text = refusal(&odd).await;
    assert!(text.contains("cannot open the database"), "{text}");
    // Something else under the database's name.
    let mut junk = config(&dir);
    junk.data_dir = dir.path().join("junk");
    std::fs::create_dir_all(&junk.data_dir).unwrap();
    std::fs::write(junk.data_dir.join("switchboard.db"), "not a database at all, but long enough to look".repeat(100))
        .unwrap();
    let text = refusal(&junk).await;
    assert!(text.contains("cannot open the database"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_tls_in_front_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&dir);
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = Server::start(config.clone(), listener).await.err().unwrap();
    assert!(matches!(error, ServeError::Config(_)) && error.to_string().contains("--behind-proxy"), "{error}");
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let behind = Config { behind_proxy: true, ..config };
    Server::start(behind, listener).await.unwrap().stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_accepted_and_nothing_accepted_is_lost() {
    let mut world = World::with(1, |config| config.database.max_pages = 220).await;
    let mut anna = world.phone(0).await;
    let mut visitor = world.widget().await;
    visitor.send("one that fits").await;
    let chat = chat_of(&anna.event("chat_opened").await);
    let text = "x".repeat(16 * 1024);
    let mut accepted = 1;
    let bye = loop {
        let answer = visitor.send(&text).await;
        match answer["type"].as_str().unwrap() {
            "accepted" => accepted += 1,
            "bye" => break answer,
            other => panic!("{other}"),
        }
        assert!(accepted < 1_000, "the disk does not get full");
    };
    assert_eq!(bye["code"], "storage");
    // The phone's command is not refused: it is to be sent again; and the connection stays.
    let id = CommandId::new();
    let result = anna.command(id, "reply", &chat, Some(0), json!({ "text": text })).await;
    assert_eq!((&result["status"], &result["code"]), (&json!("retry"), &json!("storage")));
    anna.wire.send(json!({ "type": "ping" })).await;
    anna.next_of("pong").await;
    let ready = http(world.addr(), "GET", "/readyz", &[], b"").await;
    assert!(ready.status == 503 || ready.status == 200, "a write that needs no new page may still fit");
    assert!(world.admin.writer_stats().failures.load(std::sync::atomic::Ordering::Relaxed) >= 2);

    // The disk has room again: what was to be sent again is applied, once.
    world.config.database.max_pages = 0;
    world.restart().await;
    let mut anna = world.phone(0).await;
    let visitor =
        crate::support::Widget::connect(world.addr(), &world.channel.key, Some(&visitor.token), None, 0).await;
    assert_eq!(visitor.welcome["last_no"], accepted);
    let result = anna.command(id, "reply", &chat, Some(0), json!({ "text": text })).await;
    assert_eq!(result["status"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_share_one_commit() {
    let world = World::new(3).await;
    let stats = || {
        let stats = world.admin.writer_stats();
        let read = |count: &std::sync::atomic::AtomicU64| count.load(std::sync::atomic::Ordering::Relaxed);
        (read(&stats.requests), read(&stats.commits))
    };
    let before = stats();
    let mut tasks = Vec::new();
    for _ in 0..40 {
        let mut visitor = world.widget().await;
        tasks.push(tokio::spawn(async move {
            for n in 0..10 {
                assert_eq!(visitor.send(&format!("{n}")).await["type"], "accepted");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let after = stats();
    // The pruning job writes as well, a little.
    let (requests, commits) = (after.0 - before.0, after.1 - before.1);
    assert!(requests >= 400 && commits < requests, "{commits} commits for {requests} requests of 40 visitors at once");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_data_are_readable_by_the_servers_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(1).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.config.data_dir), 0o700);
    let mut files = 0;
    for file in std::fs::read_dir(&world.config.data_dir).unwrap() {
        let file = file.unwrap().path();
        if file.file_name().unwrap().to_string_lossy().starts_with("switchboard.db") {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
            files += 1;
        }
    }
    assert_eq!(files, 3, "the database, its log and the log's index");
}
