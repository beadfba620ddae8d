//! Watches every statement of every connection in tests: SQLite counts the rows that a statement walks over without an
//! index, and none of ours may walk over any.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

thread_local! {
    // By thread, so that the tests of one process do not count for each other.
    static STEPS: RefCell<HashMap<String, i32>> = RefCell::default();
    static RUNS: RefCell<HashMap<String, usize>> = RefCell::default();
}

pub(super) fn watch(mut connection: Connection) -> Connection {
    connection
        .trace_v2(
            TraceEventCodes::SQLITE_TRACE_PROFILE,
            Some(|event: TraceEvent<'_>| {
                if let TraceEvent::Profile(statement, _) = event {
                    RUNS.with_borrow_mut(|all| *all.entry(statement.sql().into_owned()).or_default() += 1);
                    let steps = statement.get_status(StatementStatus::FullscanStep);
                    STEPS.with_borrow_mut(|all| match all.get_mut(&*statement.sql()) {
                        Some(known) => *known = steps.max(*known),
                        None => _ = all.insert(statement.sql().into_owned(), steps),
                    });
                }
            }),
        )
        .unwrap();
    connection
}

/// The statements that ran on this thread, with the rows that they walked over without a key, all runs together.
pub(crate) fn seen() -> Vec<(String, i32)> {
    STEPS.with_borrow(|all| all.iter().map(|(sql, steps)| (sql.clone(), *steps)).collect())
}

/// How often statements with these words ran on this thread.
pub(crate) fn runs(words: &str) -> usize {
    RUNS.with_borrow(|all| all.iter().filter(|(sql, _)| sql.contains(words)).map(|(_, runs)| runs).sum())
}
