//! The difference of two windows as changes by id, to be applied in order.

use std::collections::HashMap;

use super::list::ListRow;

/// One step from a window to the next. Indices are those at that step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListChange<R> {
    /// The whole window anew.
    Reset {
        /// Its rows.
        rows: Vec<R>,
    },
    /// A row appears before the row that is at `index` now.
    Insert {
        /// Where.
        index: u32,
        /// The row.
        row: R,
    },
    /// The row at `index` is shown anew; its id stays.
    Update {
        /// Where.
        index: u32,
        /// The row.
        row: R,
    },
    /// The row at `index` goes. A move is this and an insert of the same id in one update.
    Remove {
        /// Where.
        index: u32,
    },
}

impl<R> ListChange<R> {
    /// Applies this step. False: the index is not there, so `rows` is not the window that the step belongs to.
    pub fn apply(self, rows: &mut Vec<R>) -> bool {
        match self {
            ListChange::Reset { rows: all } => *rows = all,
            ListChange::Insert { index, row } => {
                let index = index as usize;
                if index > rows.len() {
                    return false;
                }
                rows.insert(index, row);
            }
            ListChange::Update { index, row } => match rows.get_mut(index as usize) {
                Some(place) => *place = row,
                None => return false,
            },
            ListChange::Remove { index } => {
                let index = index as usize;
                if index >= rows.len() {
                    return false;
                }
                rows.remove(index);
            }
        }
        true
    }
}

/// The steps from `old` to `new`. Rows that keep their order stay (the longest such run of them), the others are
/// removed and inserted; when more would move than stay, the window is sent anew.
pub(crate) fn diff<R: ListRow>(old: &[R], new: &[R]) -> Vec<ListChange<R>> {
    let place: HashMap<R::Id, usize> = new.iter().enumerate().map(|(index, row)| (row.row_id(), index)).collect();
    // Where each old row goes, and which of those that stay need not move.
    let target: Vec<Option<usize>> = old.iter().map(|row| place.get(&row.row_id()).copied()).collect();
    let keep = longest_rising(&target);
    let kept = keep.iter().filter(|&&keep| keep).count();
    let steps = (old.len() - kept) + (new.len() - kept);
    if steps > old.len().max(new.len()) && steps > 8 {
        return vec![ListChange::Reset { rows: new.to_vec() }];
    }
    let mut changes = Vec::with_capacity(steps);
    for index in (0..old.len()).rev() {
        if !keep[index] {
            changes.push(ListChange::Remove { index: index as u32 });
        }
    }
    let mut stay = old.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(row, _)| row).peekable();
    for (index, row) in new.iter().enumerate() {
        match stay.next_if(|old| old.row_id() == row.row_id()) {
            Some(old) if old == row => {}
            Some(_) => changes.push(ListChange::Update { index: index as u32, row: row.clone() }),
            None => changes.push(ListChange::Insert { index: index as u32, row: row.clone() }),
        }
    }
    changes
}

/// Marks a longest subsequence of the targets that rises. O(n log n).
fn longest_rising(target: &[Option<usize>]) -> Vec<bool> {
    // `tails[k]`: the index of the smallest last element of a rising run of length k + 1.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; target.len()];
    for (index, value) in target.iter().enumerate() {
        let Some(value) = value else { continue };
        let length = tails.partition_point(|&tail| target[tail].is_some_and(|tail| tail < *value));
        before[index] = length.checked_sub(1).map(|length| tails[length]);
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut keep = vec![false; target.len()];
    let mut last = tails.last().copied();
    while let Some(index) = last {
        keep[index] = true;
        last = before[index];
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::seeds;
    use rand::rngs::StdRng;
    use rand::seq::SliceRandom;
    use rand::{RngExt, SeedableRng};

    #[derive(Debug, Clone, PartialEq)]
    struct Row(u32, u32);

    impl ListRow for Row {
        type Id = u32;

        fn row_id(&self) -> u32 {
            self.0
        }
    }

    fn replay(old: &[Row], changes: Vec<ListChange<Row>>) -> Vec<Row> {
        let mut rows = old.to_vec();
        for change in changes {
            if let ListChange::Update { index, row } = &change {
                assert_eq!(rows[*index as usize].0, row.0, "an update keeps the id");
            }
            assert!(change.apply(&mut rows));
            let mut ids: Vec<u32> = rows.iter().map(|row| row.0).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), rows.len(), "an id is never there twice");
        }
        rows
    }

    #[test]
    fn the_steps_lead_from_any_window_to_any_other() {
        for seed in seeds(500) {
            let mut random = StdRng::seed_from_u64(seed);
            let ids: Vec<u32> = (0..random.random_range(1..60)).collect();
            let window = |random: &mut StdRng| {
                let mut ids = ids.clone();
                if random.random_bool(0.5) {
                    ids.shuffle(random);
                } else if ids.len() > 1 {
                    let (from, to) = (random.random_range(0..ids.len()), random.random_range(0..ids.len()));
                    let moved = ids.remove(from);
                    ids.insert(to.min(ids.len()), moved);
                }
                let kept = random.random_range(0..=ids.len());
                let mut rows: Vec<Row> = ids.into_iter().map(|id| Row(id, random.random_range(0..3))).collect();
                rows.truncate(kept);
                rows
            };
            let (old, new) = (window(&mut random), window(&mut random));
            assert_eq!(replay(&old, diff(&old, &new)), new, "seed {seed}");
            assert!(diff(&new, &new).is_empty(), "seed {seed}");
        }
    }

    #[test]
    fn a_row_that_moves_to_the_top_is_two_steps() {
        let old: Vec<Row> = (0..50).map(|id| Row(id, 0)).collect();
        let mut new = old.clone();
        let moved = new.remove(37);
        new.insert(0, Row(moved.0, 1));
        let changes = diff(&old, &new);
        assert_eq!(changes, [ListChange::Remove { index: 37 }, ListChange::Insert { index: 0, row: Row(37, 1) }]);
        new[20].1 = 9;
        assert_eq!(diff(&old, &new).len(), 3);
    }

    #[test]
    fn another_list_altogether_is_a_reset() {
        let old: Vec<Row> = (0..50).map(|id| Row(id, 0)).collect();
        let new: Vec<Row> = (50..100).map(|id| Row(id, 0)).collect();
        assert!(matches!(diff(&old, &new)[..], [ListChange::Reset { .. }]));
    }
}
