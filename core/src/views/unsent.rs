use super::inbox::WINDOW;
use super::list::{Loaded, Source};
use crate::error::Result;
use crate::model::UnsentRow;
use crate::store::{Changes, Store, unsent};

pub(crate) struct UnsentSource {
    limit: u32,
}

impl UnsentSource {
    pub(crate) fn new() -> Self {
        Self { limit: WINDOW }
    }
}

impl Source<UnsentRow> for UnsentSource {
    fn load(&mut self, store: &Store) -> Result<Loaded<UnsentRow>> {
        let mut rows = store.read(|db| unsent::newest(db, self.limit.saturating_add(1)))?;
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        Ok(Loaded { rows, gone: false, fetch: false, more })
    }

    fn concerns(&self, changes: &Changes) -> bool {
        changes.unsent || changes.all
    }

    fn closes(&self, _changes: &Changes) -> bool {
        false
    }

    fn extend(&mut self, n: u32) {
        self.limit = self.limit.saturating_add(n);
    }

    fn extend_newer(&mut self, _n: u32) {
        // The list always shows its top.
    }
}
