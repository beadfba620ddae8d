//! Which collections are being pulled.

use std::collections::BTreeMap;

use switchboard_protocol::collection::{Collection, Revisions};
use switchboard_protocol::frame::{Pull, Rows};

/// The revisions that are here, the pulls that are under way, and what changed meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Pulls {
    here: Revisions,
    under_way: BTreeMap<Collection, u64>,
    wanted: BTreeMap<Collection, u64>,
    last_req: u64,
}

impl Pulls {
    /// A connection begins; the store has these.
    pub(crate) fn start(&mut self, here: Revisions) {
        self.clear();
        self.here = here;
    }

    /// The connection ended: nothing will be answered.
    pub(crate) fn clear(&mut self) {
        self.under_way.clear();
        self.wanted.clear();
    }

    pub(crate) fn are_answered(&self) -> bool {
        self.under_way.is_empty()
    }

    /// A number for a request, of whatever kind.
    pub(crate) fn next_req(&mut self) -> u64 {
        self.last_req += 1;
        self.last_req
    }

    /// The server has this revision; what is to be asked for, if anything is. One pull of a collection at a time.
    pub(crate) fn want(&mut self, collection: Collection, rev: u64) -> Option<Pull> {
        let here = self.here.get(collection.as_str()).copied().unwrap_or(0);
        if rev <= here {
            return None;
        }
        if self.under_way.contains_key(&collection) {
            self.wanted.insert(collection, rev);
            return None;
        }
        let req = self.next_req();
        self.under_way.insert(collection, req);
        Some(Pull { req, collection, rev: here })
    }

    /// Rows came in. `None`: nobody asked for them; otherwise they are to be stored, and perhaps more is to be asked.
    pub(crate) fn answered(&mut self, rows: &Rows) -> Option<Option<Pull>> {
        if self.under_way.get(&rows.collection) != Some(&rows.req) {
            return None;
        }
        self.under_way.remove(&rows.collection);
        let before = self.here.insert(rows.collection.as_str().to_owned(), rows.rev).unwrap_or(0);
        // A page that does not get on would be asked for without end.
        let next = (rows.more && rows.rev > before).then(|| rows.rev.saturating_add(1));
        let wanted = self.wanted.remove(&rows.collection);
        Some(next.max(wanted).and_then(|rev| self.want(rows.collection, rev)))
    }

    /// A request cannot be served. Whether it was one of these; the next connection asks again.
    pub(crate) fn failed(&mut self, req: u64) -> bool {
        let before = self.under_way.len();
        self.under_way.retain(|_, under_way| *under_way != req);
        self.under_way.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pull: &Pull, rev: u64, more: bool) -> Rows {
        Rows { req: pull.req, collection: pull.collection, rev, rows: Vec::new(), more }
    }

    #[test]
    fn a_long_collection_is_pulled_page_by_page_to_its_end() {
        let mut pulls = Pulls::default();
        pulls.start(Revisions::new());
        let first = pulls.want(Collection::Contacts, 90).unwrap();
        assert_eq!(first.rev, 0);
        let second = pulls.answered(&rows(&first, 40, true)).unwrap().unwrap();
        assert_eq!((second.rev, pulls.are_answered()), (40, false));
        // Something changes meanwhile.
        assert_eq!(pulls.want(Collection::Contacts, 91), None);
        let third = pulls.answered(&rows(&second, 80, true)).unwrap().unwrap();
        assert_eq!(third.rev, 80);
        assert!(pulls.answered(&rows(&second, 99, false)).is_none(), "an answer to an older request");
        assert_eq!(pulls.answered(&rows(&third, 91, false)).unwrap(), None);
        assert!(pulls.are_answered());
    }

    #[test]
    fn what_changes_during_the_last_page_is_pulled_after_it() {
        let mut pulls = Pulls::default();
        pulls.start(Revisions::new());
        let first = pulls.want(Collection::Labels, 5).unwrap();
        assert_eq!(pulls.want(Collection::Labels, 6), None);
        let second = pulls.answered(&rows(&first, 5, false)).unwrap().unwrap();
        assert_eq!(second.rev, 5);
    }

    #[test]
    fn a_page_that_does_not_get_on_is_not_asked_for_again() {
        let mut pulls = Pulls::default();
        pulls.start(Revisions::from([("contacts".into(), 40)]));
        let first = pulls.want(Collection::Contacts, 90).unwrap();
        assert_eq!(pulls.answered(&rows(&first, 40, true)).unwrap(), None);
    }
}
