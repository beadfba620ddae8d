//! A snapshot and the feed after it end where a later snapshot begins.

use rand::RngExt;
use rand::seq::IndexedRandom;
use switchboard_core::CoreError;
use switchboard_e2e::{Operator, TestServer, Visitor, generator, runs};

/// Runs on one server: each leaves a phone that all later ones are compared with.
const TOGETHER: u64 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_with_the_feed_after_it_equals_a_later_snapshot() {
    let all = runs(TOGETHER);
    for first in (0..all).step_by(usize::try_from(TOGETHER).unwrap()) {
        runs_on_one_server(first..all.min(first + TOGETHER)).await;
    }
}

async fn runs_on_one_server(seeds: std::ops::Range<u64>) {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitors = Vec::new();
    let mut phones: Vec<Operator> = Vec::new();
    for seed in seeds {
        let mut random = generator("snapshot and feed", seed);
        for step in 0..random.random_range(3..12) {
            match random.random_range(0..10) {
                0..3 => visitors.push(Visitor::open(server.addr(), server.channel_key()).await.unwrap()),
                3..7 if !visitors.is_empty() => {
                    let n = random.random_range(0..visitors.len());
                    visitors[n].say(&format!("run {seed} step {step}")).await.unwrap();
                }
                7..9 => {
                    let operator = if random.random() { &anna } else { &boris };
                    if let Some(row) = operator.inbox().choose(&mut random) {
                        // Lost to the other one, or gone meanwhile: both are part of the game.
                        let _ = operator.core.reply(row.chat, &format!("reply {seed} {step}")).await;
                    }
                }
                _ => {
                    if let Some(row) = anna.inbox().choose(&mut random) {
                        let upto = anna.timeline(row.chat).iter().filter_map(|row| row.no).max().unwrap_or(0);
                        // The other one may take it at this very moment.
                        let read = anna.core.mark_read(row.chat, upto).await;
                        assert!(matches!(read, Ok(()) | Err(CoreError::NotFound)), "{read:?}");
                    }
                }
            }
        }
        // Everybody's own work has reached the server, and from there everybody's phones: a last message says so.
        for operator in [&anna, &boris] {
            operator
                .until("nothing is pending", |operator| {
                    operator.inbox().iter().all(|row| row.pending == 0).then_some(())
                })
                .await;
        }
        let mut last = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
        let mark = format!("the end of run {seed}");
        last.say(&mark).await.unwrap();
        visitors.push(last);
        anna.until_offered(&mark).await;
        let fresh = server.operator("Anna").await;
        fresh.until_online().await;
        fresh.until_offered(&mark).await;
        fresh.until_same_state(&anna, &format!("a snapshot at the end of run {seed}")).await;
        for (n, phone) in phones.iter().enumerate() {
            phone.until_offered(&mark).await;
            phone.until_same_state(&anna, &format!("the snapshot of run {n} with the feed to run {seed}")).await;
        }
        phones.push(fresh);
    }
}
