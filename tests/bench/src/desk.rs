//! The operator's desk on the phone: how fast a change is on the screen of a phone with 10,000 chats, and how fast the
//! store answers while somebody types, with 5,000 templates and a million messages. Beside each the same SQL on the same
//! file, in turns, so that both meet the same noise.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use switchboard_core::{
    ConnectionState, Core, CoreConfig, InboxFilter, InboxOrder, InboxRow, ListUpdate, Platform, TemplateQuery,
};
use tokio::sync::mpsc::unbounded_channel;

use crate::Result;
use crate::feeder::{self, CHATS, Load};
use crate::proc::OtherLoad;
use crate::report::{Aim, Figure, Report};
use crate::stats::Histogram;

/// Messages a chat, for a million in all.
const DEEP: u64 = 100;
/// What is typed: a letter, a beginning, a word, two words, a rare number; in both alphabets.
const MESSAGES: [(&str, &str, f64); 7] = [
    ("one letter, Latin: d", "d", 10.0),
    ("one letter, Cyrillic: д", "д", 10.0),
    ("one letter that begins few words: z", "z", 10.0),
    ("a beginning: deliv", "deliv", 50.0),
    ("a beginning: достав", "достав", 50.0),
    ("two words: blue lam", "blue lam", 50.0),
    ("a word of one message", "99900", 50.0),
];
const TEMPLATES: [(&str, &str); 4] =
    [("one letter: d", "d"), ("a beginning: deli", "deli"), ("two words", "when parc"), ("Cyrillic: спас", "спас")];

/// Runs the parts.
pub async fn run(report: &mut Report, quick: bool, dir: &Path) -> Result<()> {
    changes(report, quick, &dir.join("desk-changes")).await?;
    searches(report, quick, &dir.join("desk-searches")).await
}

/// A signed-in core that has caught up with a feeder.
async fn filled(store: &Path, load: Load) -> Result<(Core, Arc<feeder::Feed>)> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let server = format!("http://{}", listener.local_addr()?);
    let feed = Arc::new(feeder::Feed::new(1_000, load));
    tokio::spawn(feeder::serve(listener, feed.clone()));
    let core = Core::open(CoreConfig::new(store, Platform::Terminal, "bench"))?;
    let (send, mut states) = unbounded_channel();
    let _subscription = core.observe_connection(Arc::new(move |state| {
        let _ = send.send(state);
    }));
    core.enrol_with_code(&server, "BENCH").await?;
    core.start();
    while let Some(state) = states.recv().await {
        if state == ConnectionState::Online {
            return Ok((core, feed));
        }
    }
    Err("the core ended".into())
}

/// From the frame's arrival to the list's change, one message at a time; beside it the transaction and the page alone.
async fn changes(report: &mut Report, quick: bool, store: &Path) -> Result<()> {
    report.heading(&format!("A change on the screen of a phone with {CHATS} chats"));
    let (core, feed) = filled(store, Load { messages: feeder::MESSAGES, templates: 0 }).await?;
    let list = core.inbox(InboxFilter::All, InboxOrder::NewestFirst)?;
    let (send, mut updates) = unbounded_channel();
    let _subscription =
        list.subscribe(Arc::new(move |update: ListUpdate<InboxRow>| drop(send.send((Instant::now(), update)))));
    updates.recv().await;
    let raw = Connection::open(store.join("switchboard.db"))?;
    raw.busy_timeout(Duration::from_secs(5))?;
    let other = OtherLoad::start(&[std::process::id()]);
    let (ours, limit) = (Histogram::default(), Histogram::default());
    for _ in 0..if quick { 300 } else { 3_000 } {
        let seen = raw_change(&raw)?;
        limit.record(seen.as_nanos() as u64);
        let since = Instant::now();
        feed.push();
        let (at, _) = updates.recv().await.ok_or("the list ended")?;
        ours.record(at.duration_since(since).as_nanos() as u64);
        while updates.try_recv().is_ok() {}
    }
    for (name, share, aim) in [("p50", 0.5, true), ("p95", 0.95, true), ("p99", 0.99, false)] {
        let line = Figure::new(
            format!("a message to the list's change, {name}"),
            "ms",
            ours.quantile_ms(share),
            Some((limit.quantile_ms(share), "the same SQL")),
        );
        let line = if aim { line.aim(Aim::AtMost(2.0)) } else { line };
        report.add(line.beside(other.cores()).note("ours with socket and frames"));
    }
    core.stop().await;
    Ok(())
}

/// What the store does for one message, and the page that the list reads after it; rolled back, so that the core's own rows
/// stay what they are.
fn raw_change(db: &Connection) -> Result<Duration> {
    let since = Instant::now();
    db.execute_batch("BEGIN IMMEDIATE")?;
    let (key, no): (i64, i64) = db
        .prepare_cached(
            "SELECT key, last_no FROM chat INDEXED BY chat_recents WHERE place = 0 ORDER BY last_at DESC LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // Behind everything that the chat will ever have here.
    let pos = (key << 32) + no + 1_000_000;
    db.prepare_cached(
        "INSERT INTO message (pos, id, author, text, sent_at, status, fts) VALUES (?1, randomblob(16), 0,
             'the blue lamp would be a present, please', 1, 6, ?1 | 1 << 60)",
    )?
    .execute([pos])?;
    db.prepare_cached("INSERT INTO message_fts (rowid, text) VALUES (?1, 'the blue lamp would be a present, please')")?
        .execute([pos | 1 << 60])?;
    db.prepare_cached("UPDATE chat SET last_no = last_no + 1, last_at = last_at + 1, unread = unread + 1, rev = rev + 1 WHERE key = ?1")?
        .execute([key])?;
    db.prepare_cached("UPDATE sync SET cursor = cursor + 0 WHERE one = 1")?.execute([])?;
    page(db)?;
    db.execute_batch("ROLLBACK")?;
    Ok(since.elapsed())
}

fn page(db: &Connection) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT c.*, u.name, q.name, g.name FROM chat c INDEXED BY chat_recents LEFT JOIN user u ON u.id = c.owner
         LEFT JOIN queue q ON q.id = c.queue LEFT JOIN user_group g ON g.id = c.group_id
         WHERE c.place = 0 ORDER BY c.last_at DESC, c.id DESC LIMIT 50",
    )?;
    read_all(&mut statement, [])
}

fn read_all(statement: &mut rusqlite::Statement<'_>, values: impl rusqlite::Params) -> Result<()> {
    let columns = statement.column_count();
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            std::hint::black_box(row.get_ref(column)?);
        }
    }
    Ok(())
}

/// Search as it is typed.
async fn searches(report: &mut Report, quick: bool, store: &Path) -> Result<()> {
    let (messages, templates) = (CHATS * DEEP, 5_000);
    report.heading(&format!("Search as it is typed: {messages} messages, {templates} templates"));
    let since = Instant::now();
    let (core, _feed) = filled(store, Load { messages: DEEP, templates }).await?;
    report.add(Figure::new("the snapshot that filled the store", "s", since.elapsed().as_secs_f64(), None));
    let raw = Connection::open_with_flags(store.join("switchboard.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let rounds = if quick { 40 } else { 400 };
    for (name, query, most) in MESSAGES {
        let other = OtherLoad::start(&[std::process::id()]);
        let (ours, limit) = (Histogram::default(), Histogram::default());
        for _ in 0..rounds {
            let since = Instant::now();
            raw_search(&raw, query)?;
            limit.record(since.elapsed().as_nanos() as u64);
            let since = Instant::now();
            std::hint::black_box(core.search(query, 50)?);
            ours.record(since.elapsed().as_nanos() as u64);
        }
        both(report, name, &ours, &limit, most, &other);
    }
    for (name, search) in TEMPLATES {
        let other = OtherLoad::start(&[std::process::id()]);
        let (ours, limit) = (Histogram::default(), Histogram::default());
        let query = TemplateQuery { search: search.into(), ..TemplateQuery::default() };
        for _ in 0..rounds {
            let since = Instant::now();
            raw_templates(&raw, search)?;
            limit.record(since.elapsed().as_nanos() as u64);
            let since = Instant::now();
            std::hint::black_box(core.templates(&query)?);
            ours.record(since.elapsed().as_nanos() as u64);
        }
        let most = if search.chars().count() == 1 { 10.0 } else { 50.0 };
        both(report, &format!("templates, {name}"), &ours, &limit, most, &other);
    }
    core.stop().await;
    Ok(())
}

fn both(report: &mut Report, name: &str, ours: &Histogram, limit: &Histogram, most: f64, other: &OtherLoad) {
    for (which, share) in [("p50", 0.5), ("p95", 0.95)] {
        let line = Figure::new(
            format!("{name}, {which}"),
            "ms",
            ours.quantile_ms(share),
            Some((limit.quantile_ms(share), "FTS5 alone")),
        );
        let line = if which == "p95" { line.aim(Aim::AtMost(most)) } else { line };
        report.add(line.beside(other.cores()));
    }
}

/// The words as prefixes, as FTS5 wants them.
fn prefixes(query: &str) -> String {
    let words: Vec<String> = query.split_whitespace().map(|word| format!("\"{word}\"*")).collect();
    words.join(" ")
}

fn raw_search(db: &Connection, query: &str) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT c.id, m.id, m.pos, c.contact_name, m.text, m.sent_at FROM message_fts f CROSS JOIN message m
         ON m.fts = f.rowid CROSS JOIN chat c ON c.key = m.pos >> 32
         WHERE f.message_fts MATCH ?1 ORDER BY f.rowid DESC LIMIT 50",
    )?;
    read_all(&mut statement, [prefixes(query)])
}

fn raw_templates(db: &Connection, query: &str) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT t.* FROM template_fts f CROSS JOIN template t ON t.key = f.rowid WHERE f.template_fts MATCH ?1
         ORDER BY bm25(template_fts) LIMIT 200",
    )?;
    read_all(&mut statement, [prefixes(query)])
}
