//! A phone as a process of its own, so that a test can end it with SIGKILL: the core, driven by lines.
//!
//! `client DIR [LINK]` enrols if it must, then reads `reply CHAT TEXT` lines and answers each with `accepted ID TEXT`
//! as soon as the core has said that the text is safe. Each chat of the inbox is printed once, as `chat ID`.

#![allow(clippy::print_stdout, reason = "lines are its interface")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use switchboard_core::{
    ChatId, Core, CoreConfig, InboxFilter, InboxOrder, InboxRow, ListChange, ListListener, ListUpdate, Platform,
};
use tokio::io::{AsyncBufReadExt, BufReader};

struct Printer(Mutex<HashSet<ChatId>>);

impl ListListener<InboxRow> for Printer {
    fn on_update(&self, update: ListUpdate<InboxRow>) {
        for change in update.changes {
            let rows = match change {
                ListChange::Reset { rows } => rows,
                ListChange::Insert { row, .. } | ListChange::Update { row, .. } => vec![row],
                ListChange::Remove { .. } => continue,
            };
            for row in rows {
                if self.0.lock().is_ok_and(|mut seen| seen.insert(row.chat)) {
                    println!("chat {}", row.chat);
                }
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().ok_or("usage: client DIR [LINK]")?);
    let core = Core::open(CoreConfig::new(dir, Platform::Terminal, "client"))?;
    if core.account().is_none() {
        core.enrol(&args.next().ok_or("not signed in, and no link given")?).await?;
    }
    core.start();
    let inbox = core.inbox(InboxFilter::All, InboxOrder::NewestFirst)?;
    let _subscription = inbox.subscribe(Arc::new(Printer(Mutex::default())));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let mut words = line.splitn(3, ' ');
        let (Some("reply"), Some(chat), Some(text)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("unknown line {line:?}").into());
        };
        let id = core.reply(chat.parse()?, text).await?;
        println!("accepted {id} {text}");
    }
    core.stop().await;
    Ok(())
}
