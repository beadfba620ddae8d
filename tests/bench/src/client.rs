//! The core on a store of 10,000 chats and 100,000 messages: cold open and first page, opening a chat, search, and a
//! catch-up of 10,000 events; each beside the same SQL on the same file, in fresh processes that take turns. Before each
//! cold run the files are taken out of the page cache.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::{Connection, OpenFlags, params};
use switchboard_core::{ChatId, ConnectionState, Core, CoreConfig, InboxFilter, InboxOrder, Platform};
use switchboard_protocol::ServerFrame;
use switchboard_protocol::event::EventBody;
use tokio::sync::mpsc::unbounded_channel;

use crate::Result;
use crate::feeder::{self, CHATS, EVENTS, Feed, Load, MESSAGES};
use crate::proc::{Cpu, OtherLoad, evict};
use crate::report::{Aim, Figure, Report};
use crate::stats::median;

/// Milliseconds by name: what a child prints.
type Timings = BTreeMap<String, f64>;

/// The feed's head when the store is filled.
const FILLED: u64 = 1_000;
/// The chat that is opened: somewhere in the middle.
const OPENED: u64 = CHATS / 2;
/// A word of many messages and one of the other alphabet, as typed so far.
const SEARCHES: [(&str, &str); 2] = [("search, Latin", "deliv"), ("search, Cyrillic", "достав")];

/// Runs the parts.
pub async fn run(report: &mut Report, quick: bool, dir: &Path) -> Result<()> {
    report.heading(&format!("The core, {CHATS} chats, {} messages", CHATS * MESSAGES));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let server = format!("http://{}", listener.local_addr()?);
    let feed = Arc::new(Feed::new(FILLED, Load { messages: MESSAGES, templates: 0 }));
    let feeding = tokio::spawn(feeder::serve(listener, feed.clone()));
    let store = dir.join("store");
    let filled = child(&["core-fill", &server], &store).await?;
    let rounds = if quick { 1 } else { 7 };

    let other = OtherLoad::start(&[std::process::id()]);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        evict(&store)?;
        limit.push(child(&["sql-read"], &store).await?);
        evict(&store)?;
        ours.push(child(&["core-read"], &store).await?);
    }
    let of = |runs: &[Timings], name: &str| {
        median(&mut runs.iter().filter_map(|run| run.get(name)).copied().collect::<Vec<_>>())
    };
    let reads = [("open and first page", true), ("open a chat", true)]
        .into_iter()
        .chain(SEARCHES.map(|(name, _)| (name, false)));
    for (name, aimed) in reads {
        for heat in ["cold", "warm"] {
            let name = format!("{name}, {heat}");
            let line = Figure::new(&name, "ms", of(&ours, &name), Some((of(&limit, &name), "the same SQL")));
            let line = if aimed && heat == "cold" { line.aim(Aim::RatioAtMost(1.2)) } else { line };
            report.add(line.beside(other.cores()));
        }
    }

    // A catch-up changes the store: each run gets a copy of its own.
    feed.raise(FILLED + EVENTS);
    let other = OtherLoad::start(&[std::process::id()]);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for round in 0..rounds.min(5) {
        for (args, runs) in [("sql-apply", &mut limit), ("core-apply", &mut ours)] {
            let copy = dir.join(format!("{args}-{round}"));
            std::fs::create_dir_all(&copy)?;
            for entry in std::fs::read_dir(&store)? {
                let entry = entry?;
                std::fs::copy(entry.path(), copy.join(entry.file_name()))?;
            }
            runs.push(child(&[args], &copy).await?);
            std::fs::remove_dir_all(&copy)?;
        }
    }
    let line =
        Figure::new(format!("{EVENTS} events"), "ms", of(&ours, "apply"), Some((of(&limit, "apply"), "the same SQL")));
    report.add(line.aim(Aim::RatioAtMost(1.25)).beside(other.cores()).note("ours with socket and frames"));
    let frames = of(&limit, "frames");
    report.add(
        Figure::limit(format!("{EVENTS} events: reading their frames alone"), "ms", frames, "serde")
            .beside(other.cores()),
    );
    let cpu =
        Figure::new(format!("{EVENTS} events: CPU"), "ms", of(&ours, "cpu"), Some((of(&limit, "cpu"), "the same SQL")));
    report.add(cpu.beside(other.cores()));
    let fill = filled.get("snapshot").copied().unwrap_or(f64::NAN);
    report.add(Figure::new("the snapshot that filled the store", "ms", fill, None).beside(other.cores()));
    feeding.abort();
    Ok(())
}

/// Runs this program with a subcommand on a store and reads what it prints.
async fn child(args: &[&str], store: &Path) -> Result<Timings> {
    let output = tokio::process::Command::new(crate::child::SELF)
        .args(args)
        .arg(store)
        .stderr(std::process::Stdio::inherit())
        .output()
        .await?;
    if !output.status.success() {
        return Err(format!("{args:?} ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[allow(clippy::print_stdout)]
fn print(timings: &Timings) -> Result<()> {
    println!("{}", serde_json::to_string(timings)?);
    Ok(())
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn open(store: &Path) -> Result<Core> {
    Ok(Core::open(CoreConfig::new(store, Platform::Terminal, "bench"))?)
}

/// From the first connection to the moment when everything has come in.
async fn catch_up(core: &Core) -> Result<f64> {
    let (send, mut states) = unbounded_channel();
    let _subscription = core.observe_connection(Arc::new(move |state| {
        let _ = send.send(state);
    }));
    core.start();
    let mut since = Instant::now();
    while let Some(state) = states.recv().await {
        match state {
            ConnectionState::CatchingUp => since = Instant::now(),
            ConnectionState::Online => return Ok(millis(since)),
            _ => {}
        }
    }
    Err("the core ended".into())
}

/// Child: fills a store from the feeder.
pub async fn fill(store: &Path, server: &str) -> Result<()> {
    let core = open(store)?;
    core.enrol_with_code(server, "BENCH").await?;
    let took = catch_up(&core).await?;
    core.stop().await;
    print(&Timings::from([("snapshot".into(), took)]))
}

/// Child: reads through the core, cold and then once more.
pub fn read(store: &Path) -> Result<()> {
    let mut timings = Timings::new();
    let since = Instant::now();
    let core = open(store)?;
    let page = core.inbox(InboxFilter::All, InboxOrder::NewestFirst)?.rows();
    timings.insert("open and first page, cold".into(), millis(since));
    let since = Instant::now();
    let again = core.inbox(InboxFilter::All, InboxOrder::NewestFirst)?.rows();
    timings.insert("open and first page, warm".into(), millis(since));
    if page.len() != 50 || again != page {
        return Err(format!("the first page has {} rows", page.len()).into());
    }
    for heat in ["cold", "warm"] {
        let since = Instant::now();
        let rows = core.timeline(ChatId::from_bytes(feeder::id(2, OPENED)), None)?.rows();
        timings.insert(format!("open a chat, {heat}"), millis(since));
        if rows.len() as u64 != MESSAGES {
            return Err(format!("the chat has {} rows", rows.len()).into());
        }
    }
    for (name, query) in SEARCHES {
        for heat in ["cold", "warm"] {
            let since = Instant::now();
            let found = core.search(query, 50)?;
            timings.insert(format!("{name}, {heat}"), millis(since));
            if found.hits.len() != 50 {
                return Err(format!("{query} found {}", found.hits.len()).into());
            }
        }
    }
    print(&timings)
}

/// The file of a core's store.
fn database(store: &Path) -> std::path::PathBuf {
    store.join("switchboard.db")
}

/// Runs a query and reads every column of every row.
fn rows(db: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
    let mut statement = db.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(values)?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            std::hint::black_box(row.get::<_, rusqlite::types::Value>(column)?);
        }
        count += 1;
    }
    Ok(count)
}

/// Child: the same reads by SQL alone, through one connection.
pub fn sql_read(store: &Path) -> Result<()> {
    const PAGE: &str =
        "SELECT c.id, c.contact_name, c.channel_kind, q.name, c.last_preview, c.last_author, c.last_mine, c.last_at,
            c.unread, c.state, c.owner, u.name, c.mine, c.waiting_since,
            EXISTS (SELECT 1 FROM draft d WHERE d.chat = c.id), (SELECT count(*) FROM unsent n WHERE n.chat = c.id),
            (SELECT count(*) FROM outbox o WHERE o.chat = c.id AND o.kind = 'reply' AND o.orphan = 0 AND o.state < 2),
            EXISTS (SELECT 1 FROM outbox o WHERE o.chat = c.id), g.name, q.take_first, c.session, c.contact_known,
            c.contact_phone, c.contact_email, c.place, c.snoozed_until, c.replied, c.last_said_at, c.last_kind
        FROM chat c INDEXED BY chat_recents LEFT JOIN user u ON u.id = c.owner LEFT JOIN queue q ON q.id = c.queue
            LEFT JOIN user_group g ON g.id = c.group_id
        WHERE c.place = 0 ORDER BY c.last_at DESC, c.id DESC LIMIT 50";
    const CHAT: &str = "SELECT m.pos, m.id, m.author, m.author_id, m.author_name, m.text, m.sent_at, m.status,
            m.kind, m.activity
        FROM chat c JOIN message m ON m.pos > c.key << 32 AND m.pos < (c.key + 1) << 32
        WHERE c.id = ?1 ORDER BY m.pos DESC LIMIT 50";
    const SEARCH: &str = "SELECT c.id, m.id, m.pos, c.contact_name, c.channel_kind, m.author, m.text, m.sent_at
        FROM message_fts f CROSS JOIN message m ON m.fts = f.rowid CROSS JOIN chat c ON c.key = m.pos >> 32
        WHERE f.message_fts MATCH ?1 ORDER BY f.rowid DESC LIMIT 50";
    let mut timings = Timings::new();
    let since = Instant::now();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database(store), flags)?;
    db.execute_batch("PRAGMA journal_mode = WAL;")?;
    rows(&db, PAGE, [])?;
    timings.insert("open and first page, cold".into(), millis(since));
    let since = Instant::now();
    rows(&db, PAGE, [])?;
    timings.insert("open and first page, warm".into(), millis(since));
    for heat in ["cold", "warm"] {
        let since = Instant::now();
        let found = rows(&db, CHAT, [feeder::id(2, OPENED)])?;
        timings.insert(format!("open a chat, {heat}"), millis(since));
        if found as u64 != MESSAGES {
            return Err(format!("the chat has {found} rows").into());
        }
    }
    for (name, query) in SEARCHES {
        for heat in ["cold", "warm"] {
            let since = Instant::now();
            rows(&db, SEARCH, [format!("\"{query}\"*")])?;
            timings.insert(format!("{name}, {heat}"), millis(since));
        }
    }
    print(&timings)
}

/// Child: a catch-up through the core.
pub async fn apply(store: &Path) -> Result<()> {
    let core = open(store)?;
    let before = Cpu::of(std::process::id());
    let took = catch_up(&core).await?;
    let cpu = before.nanos() as f64 / 1e6;
    let (chat, last) = feeder::event(FILLED + EVENTS);
    let rows = core.timeline(ChatId::from_bytes(feeder::id(2, chat)), None)?.rows();
    core.stop().await;
    if rows.last().and_then(|row| row.no) != Some(last.no) {
        return Err("the last event was not applied".into());
    }
    print(&Timings::from([("apply".into(), took), ("cpu".into(), cpu)]))
}

/// What it takes to read the frames of the events, without a socket: the part of a catch-up that is no SQL.
fn read_frames() -> Result<f64> {
    let frames: Vec<String> =
        (FILLED + 1..=FILLED + EVENTS).map(|seq| Ok(feeder::frame(seq)?.to_json()?)).collect::<Result<_>>()?;
    let since = Instant::now();
    for text in &frames {
        let ServerFrame::Event(event) = ServerFrame::parse(text)? else { return Err("not an event".into()) };
        let body = event.body.as_deref().map_or("{}", serde_json::value::RawValue::get);
        std::hint::black_box(EventBody::parse(&event.kind, body)?);
    }
    Ok(millis(since))
}

/// Child: the same rows by SQL alone, in one transaction.
pub fn sql_apply(store: &Path) -> Result<()> {
    let mut db = Connection::open(database(store))?;
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA cache_size = -8192;",
    )?;
    db.set_prepared_statement_cache_capacity(32);
    // What the events say is no part of the SQL: made before.
    let events: Vec<_> = (FILLED + 1..=FILLED + EVENTS).map(feeder::event).collect();
    let before = Cpu::of(std::process::id());
    let since = Instant::now();
    let tx = db.transaction()?;
    let mut touched = BTreeMap::new();
    for (counter, (chat, message)) in (0_i64..).zip(&events) {
        let id = feeder::id(2, *chat);
        let key: i64 = match touched.get(&id) {
            Some((key, _)) => *key,
            None => tx.prepare_cached("SELECT key FROM chat WHERE id = ?1")?.query_row([id], |row| row.get(0))?,
        };
        let fts = message.sent_at << 20 | counter;
        tx.prepare_cached(
            "INSERT INTO message (pos, id, author, author_id, author_name, text, sent_at, status, fts)
             VALUES (?1, ?2, 0, NULL, NULL, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key << 32 | message.no as i64,
            message.id.as_bytes(),
            message.text,
            message.sent_at,
            message.status.rank(),
            fts
        ])?;
        tx.prepare_cached("INSERT INTO message_fts (rowid, text) VALUES (?1, ?2)")?
            .execute(params![fts, message.text])?;
        touched.insert(id, (key, message));
    }
    for (key, message) in touched.values() {
        tx.prepare_cached(
            "UPDATE chat SET last_no = ?2, last_at = ?3, last_said_at = ?3, last_inbound_no = ?2, unanswered = 1,
                last_author = 0, last_mine = 0, last_kind = 0, last_preview = ?4, unread = unread + 5 WHERE key = ?1",
        )?
        .execute(params![key, message.no as i64, message.sent_at, message.text])?;
    }
    tx.execute("UPDATE sync SET cursor = ?1", [(FILLED + EVENTS) as i64])?;
    tx.commit()?;
    let took = millis(since);
    let cpu = before.nanos() as f64 / 1e6;
    print(&Timings::from([("apply".into(), took), ("cpu".into(), cpu), ("frames".into(), read_frames()?)]))
}
