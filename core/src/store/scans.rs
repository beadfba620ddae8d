//! Watches every statement of every connection in tests: SQLite counts the rows that a statement walks over without an
//! index, and none of ours may walk over any.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

static STEPS: Mutex<BTreeMap<String, i32>> = Mutex::new(BTreeMap::new());

pub(super) fn watch(mut connection: Connection) -> Connection {
    connection
        .trace_v2(
            TraceEventCodes::SQLITE_TRACE_PROFILE,
            Some(|event: TraceEvent<'_>| {
                if let TraceEvent::Profile(statement, _) = event {
                    let steps = statement.get_status(StatementStatus::FullscanStep);
                    let mut all = STEPS.lock().unwrap_or_else(PoisonError::into_inner);
                    let known = all.entry(statement.sql().into_owned()).or_default();
                    *known = (*known).max(steps);
                }
            }),
        )
        .unwrap();
    connection
}

/// The statements that ran so far in this process, with the most rows that one run of each walked over.
pub(crate) fn seen() -> BTreeMap<String, i32> {
    STEPS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
