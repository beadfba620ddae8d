//! The suite: the histories, and the planted bugs that it must find.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::time::Instant;

use switchboard_model::hunt::hunt;
use switchboard_model::plant::Bug;

/// How many runs; `SEEDS` sets another count. A run costs a tenth of what a seed of the other suites does.
fn runs(default: u64) -> u64 {
    std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse::<u64>().ok()).map_or(default, |seeds| seeds * 10)
}

/// What the histories must have led to, so that what is checked after them says something.
const MUST_HAPPEN: &[&str] = &[
    "activity assigned",
    "activity blocked",
    "activity dealt_with",
    "activity ended",
    "activity rated",
    "activity released",
    "activity returned",
    "activity taken",
    "activity transferred",
    "alarm",
    "applied",
    "block",
    "by replay",
    "by snapshot",
    "chat",
    "chat_opened",
    "conflict new_message",
    "conflict taken",
    "gone dealt_with",
    "gone deleted",
    "gone taken",
    "gone transferred",
    "gone unassigned",
    "message",
    "note",
    "rejected stale_epoch",
    "reply out of office",
    "second session",
    "skip",
    "status",
    "unsent",
    "user_chat",
];

/// The one run to look at, if the environment names one: it is made as short as can be.
fn one() -> Option<u64> {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok())
}

#[test]
fn the_invariants_hold_after_every_history() {
    let (runs, began) = (runs(500), Instant::now());
    let (seeds, shrink) = one().map_or((0..runs, 500), |seed| (seed..seed + 1, 20_000));
    println!("seeds {seeds:?}");
    let failures = hunt(seeds, None, shrink, true);
    let seen = switchboard_model::hunt::seen();
    println!("{runs} runs in {:.1?}, with {seen:?}", began.elapsed());
    assert!(failures.is_empty(), "{}", failures.values().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    let never: Vec<_> = MUST_HAPPEN.iter().filter(|what| seen.get(**what).is_none_or(|count| *count == 0)).collect();
    assert!(runs < 200 || one().is_some() || never.is_empty(), "no history had {never:?}");
}

fn found(bug: Bug) {
    let began = Instant::now();
    let failures = hunt(1_000..1_050, Some(bug), 0, true);
    let Some((seed, failure)) = failures.iter().next() else { panic!("{bug:?} is not found within 50 runs") };
    println!("{bug:?} is found by run {} after {:.1?}: {}", seed - 999, began.elapsed(), failure.reason);
}

#[test]
fn a_server_that_forgets_what_it_did_is_found() {
    found(Bug::Dedupe);
}

#[test]
fn a_take_that_does_not_compare_is_found() {
    found(Bug::Take);
}

#[test]
fn a_purge_that_is_skipped_is_found() {
    found(Bug::Purge);
}
