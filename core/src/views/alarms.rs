use super::inbox::WINDOW;
use super::list::{Loaded, Source};
use crate::error::Result;
use crate::model::AlarmRow;
use crate::store::{Changes, Store, people};

pub(crate) struct AlarmSource {
    limit: u32,
}

impl AlarmSource {
    pub(crate) fn new() -> Self {
        Self { limit: WINDOW }
    }
}

impl Source<AlarmRow> for AlarmSource {
    fn load(&mut self, store: &Store) -> Result<Loaded<AlarmRow>> {
        let mut rows = store.read(|db| people::alarms(db, self.limit.saturating_add(1)))?;
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        Ok(Loaded { rows, gone: false, fetch: false, more })
    }

    fn concerns(&self, changes: &Changes) -> bool {
        changes.names || changes.all
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
