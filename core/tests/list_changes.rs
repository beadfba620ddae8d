//! The change vectors that Rust, Kotlin and Swift all run.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

use serde::Deserialize;
use switchboard_core::ListChange;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Row {
    id: String,
    value: String,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Step {
    Reset { rows: Vec<Row> },
    Insert { index: u32, row: Row },
    Update { index: u32, row: Row },
    Remove { index: u32 },
}

impl From<Step> for ListChange<Row> {
    fn from(step: Step) -> Self {
        match step {
            Step::Reset { rows } => ListChange::Reset { rows },
            Step::Insert { index, row } => ListChange::Insert { index, row },
            Step::Update { index, row } => ListChange::Update { index, row },
            Step::Remove { index } => ListChange::Remove { index },
        }
    }
}

#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    before: Vec<Row>,
    changes: Vec<Step>,
    after: Vec<Row>,
}

#[test]
fn every_vector_leads_to_its_rows() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/vectors/list_changes.json")).unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let mut rows = case.before;
        for step in case.changes {
            // An update changes the row that is there; it never puts another id in its place.
            if let Step::Update { index, row } = &step {
                assert_eq!(rows[*index as usize].id, row.id, "{}", case.name);
            }
            assert!(ListChange::from(step).apply(&mut rows), "{}", case.name);
        }
        assert_eq!(rows, case.after, "{}", case.name);
    }
}

#[test]
fn a_step_that_does_not_fit_is_told_and_changes_nothing() {
    let row = |id: &str| Row { id: id.into(), value: "1".into() };
    for step in [
        ListChange::Insert { index: 2, row: row("x") },
        ListChange::Update { index: 1, row: row("x") },
        ListChange::Remove { index: 1 },
        ListChange::Remove { index: u32::MAX },
    ] {
        let mut rows = vec![row("a")];
        assert!(!step.apply(&mut rows));
        assert_eq!(rows, [row("a")]);
    }
}
