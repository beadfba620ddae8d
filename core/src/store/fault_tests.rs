//! A disk that is full or cannot be written.

use super::{Durability, account};
use crate::error::{CoreError, StorageProblem};
use crate::testing::{Phone, added, chat, inbound, opened};

/// How many pages the file may have: SQLite then answers as on a full disk.
fn limit_pages(phone: &Phone, pages: i64) {
    phone
        .store
        .write(Durability::Normal, |tx, _| {
            Ok(tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))?)
        })
        .unwrap();
}

#[test]
fn a_full_disk_refuses_whole_transactions_and_nothing_accepted_is_lost() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    let kept = phone.reply(1, "accepted before");
    let pages: i64 = phone.store.read(|db| Ok(db.query_row("PRAGMA page_count", [], |row| row.get(0))?)).unwrap();
    limit_pages(&phone, pages);

    let large = "много слов ".repeat(1_000);
    let events: Vec<_> =
        (2..40).map(|no| crate::testing::event(no, 1, &added(inbound(1, no, &format!("{no} {large}"))))).collect();
    let error = phone.apply(&events).unwrap_err();
    assert_eq!(CoreError::from(error), CoreError::Storage(StorageProblem::Full));
    assert_eq!(phone.store.read(account::position).unwrap().cursor, 1, "the cursor stays with the content");
    assert_eq!(phone.texts(1), ["hello", "accepted before"]);
    let refused = phone
        .store
        .write(Durability::Full, |tx, _| super::draft::save(tx, crate::testing::chat_id(1), &large.repeat(20), 0));
    assert_eq!(CoreError::from(refused.unwrap_err()), CoreError::Storage(StorageProblem::Full));

    // There is room again: the same events come again, and everything goes on.
    limit_pages(&phone, 1_000_000);
    phone.apply(&events).unwrap();
    assert_eq!(phone.texts(1).len(), 40);
    let phone = phone.reopen();
    assert_eq!(phone.timeline(1).last().unwrap().id, kept.into());
}

#[test]
fn a_store_that_cannot_be_written_is_still_read() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(chat(1, 1), vec![inbound(1, 1, "hello")], false));
    phone.store.write(Durability::Normal, |tx, _| Ok(tx.execute_batch("PRAGMA query_only = ON")?)).unwrap();
    let event = crate::testing::event(2, 1, &added(inbound(1, 2, "more")));
    let error = phone.apply(&[event]).unwrap_err();
    assert_eq!(CoreError::from(error), CoreError::Storage(StorageProblem::ReadOnly));
    assert_eq!(phone.texts(1), ["hello"]);
    assert_eq!(phone.store.search("hello", 9).unwrap().hits.len(), 1);
}
