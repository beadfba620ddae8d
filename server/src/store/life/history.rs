//! F31: what a contact's history shows, and to whom.

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::command::{CommandBody, Reply, Say};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::limits;

use super::contacts::{merge, part};
use super::{MINUTE, Office};
use crate::store::contacts::{self, History};

impl Office {
    /// The texts of a page of history, newest first, and the next page's cursor.
    fn history(&self, user: UserId, chat: ChatId, before: Option<&str>) -> (Vec<String>, Option<String>) {
        match contacts::history(&self.connection, user, chat, before).unwrap() {
            History::Page(page) => (page.entries.into_iter().map(|entry| entry.message.text).collect(), page.next),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn f31_the_history_is_of_all_that_the_person_is_and_for_who_has_a_chat_of_it() {
    let mut office = Office::new();
    let [anna, boris, cleo, _] = office.users();
    let (old, _) = office.owned();
    let stranger = office.contact(old);
    office.pass(MINUTE);
    office.applied(anna, old, CommandBody::Note(Say { text: "knows her rights".into(), mentions: vec![] }));
    office.applied(anna, old, CommandBody::DealtWith);
    assert!(matches!(contacts::history(&office.connection, anna, old, None).unwrap(), History::NotFound), "a reader");
    office.pass(MINUTE);
    let (chat, ann) = office.saved("Ann", None, None);
    office.did(anna, merge(ann, stranger));
    office.pass(MINUTE);
    office.applied(boris, chat, CommandBody::Reply(Reply { text: "at your service".into() }));
    let (texts, next) = office.history(boris, chat, None);
    assert_eq!(
        texts,
        ["at your service", "", "hello", "", "knows her rights", "good day", "", "hello"].map(str::to_owned)
    );
    assert_eq!(next, None);
    let History::Page(page) = contacts::history(&office.connection, boris, chat, None).unwrap() else { panic!() };
    let first = &page.entries[0];
    assert_eq!((first.chat, first.channel_kind, first.channel.as_str()), (chat, ChannelKind::LiveChat, "Shop"));
    assert_eq!(first.department.as_deref(), Some("Desk"));
    assert!(page.entries.iter().any(|entry| entry.chat == old), "the chat before, which he never saw");
    for (user, chat) in [(cleo, chat), (anna, chat), (boris, old), (boris, ChatId::new())] {
        assert!(matches!(contacts::history(&office.connection, user, chat, None).unwrap(), History::NotFound));
    }
    // Parted, it is somebody else's.
    office.did(anna, part(stranger));
    assert_eq!(office.history(boris, chat, None).0, ["at your service", "", "hello"]);
}

#[test]
fn f31_a_long_history_comes_in_pages_without_gaps_or_repeats_and_odd_cursors_are_refused() {
    let mut office = Office::new();
    let [anna] = office.users();
    let mut visitors = Vec::new();
    let (chat, ann) = office.saved("Ann", None, None);
    for _ in 0..3 {
        let (other, visitor) = office.waiting();
        office.did(anna, merge(ann, office.contact(other)));
        visitors.push(visitor);
    }
    // Several at the same moment, and in turns.
    for n in 0..120 {
        office.say(visitors[n % 3], &format!("text {n}"));
        if n % 7 == 0 {
            office.now += 1_000;
        }
    }
    let (mut all, mut before) = (Vec::new(), None::<String>);
    loop {
        let History::Page(page) = contacts::history(&office.connection, anna, chat, before.as_deref()).unwrap() else {
            panic!()
        };
        assert!(page.entries.len() <= limits::HISTORY_PAGE as usize);
        all.extend(page.entries.into_iter().map(|entry| (entry.at, entry.chat, entry.message.no, entry.message.text)));
        // What comes meanwhile is newer, and disturbs nothing.
        office.now += 1_000;
        office.say(visitors[0], "meanwhile");
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 4 + 120);
    assert!(all.is_sorted_by(|one, two| (one.0, one.1, one.2) > (two.0, two.1, two.2)), "newest first, each once");
    let texts = all.iter().filter(|(_, _, _, text)| text.starts_with("text ")).count();
    assert_eq!(texts, 120);

    for odd in [
        "",
        "-",
        "--",
        "0",
        "1-2-3",
        "x-y-z",
        "1-00000000000000000000000000000000",
        "\u{0}",
        "🙂-🙂-🙂",
        &"9".repeat(10_000),
    ] {
        let answer = contacts::history(&office.connection, anna, chat, Some(odd)).unwrap();
        assert!(matches!(answer, History::BadCursor), "{odd:?}");
    }
    // One that names nothing of this contact is a moment all the same.
    let foreign = format!("{}-{}-7", office.now - 1, "0".repeat(32));
    assert!(!office.history(anna, chat, Some(&foreign)).0.is_empty());
    let ancient = format!("{}-{}-{}", i64::MIN, "f".repeat(32), u64::MAX);
    match contacts::history(&office.connection, anna, chat, Some(&ancient)).unwrap() {
        History::BadCursor => {}
        History::Page(page) => assert!(page.entries.is_empty()),
        History::NotFound => panic!(),
    }
}

#[test]
fn f31_a_clock_that_was_set_back_leaves_nothing_of_a_chat_out_and_repeats_nothing() {
    let mut office = Office::new();
    let [anna] = office.users();
    let (chat, visitor) = office.waiting();
    for n in 0..130 {
        office.say(visitor, &format!("text {n}"));
        office.now += if n % 40 == 39 { -3_600_000 } else { 1_000 };
    }
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let (texts, next) = office.history(anna, chat, before.as_deref());
        all.extend(texts);
        assert!(all.len() <= 131, "each once");
        before = next;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..130).rev().map(|n| format!("text {n}")).chain(["hello".to_owned()]).collect();
    assert_eq!(all, expected);
}
