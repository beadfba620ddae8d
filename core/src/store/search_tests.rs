//! Search against a real index.

use crate::model::SearchHit;
use crate::testing::*;
use switchboard_protocol::event::GoneReason;

fn phone_with(texts: &[&str]) -> Phone {
    let mut phone = Phone::new();
    let messages = (1..).zip(texts).map(|(no, text)| inbound(1, no, text)).collect();
    phone.feed_one(1, opened(chat(1, 1), messages, false));
    phone
}

fn find(phone: &Phone, typed: &str) -> Vec<u64> {
    phone.store.search(typed, 50).unwrap().hits.into_iter().map(|hit| hit.no).collect()
}

fn shown(hit: &SearchHit) -> String {
    hit.snippet.iter().map(|part| if part.matched { format!("[{}]", part.text) } else { part.text.clone() }).collect()
}

#[test]
fn f65_words_by_their_beginning_newest_first() {
    let phone = phone_with(&["Order 4711 is late", "the ORDERS came", "disorder", "Спасибо, заказ пришёл", "заказы"]);
    assert_eq!(find(&phone, "ord"), [2, 1]);
    assert_eq!(find(&phone, "o"), [2, 1]);
    assert_eq!(find(&phone, "order late"), [1]);
    assert_eq!(find(&phone, "late order"), [1]);
    assert_eq!(find(&phone, "47"), [1]);
    assert_eq!(find(&phone, "ЗАКАЗ"), [5, 4]);
    assert_eq!(find(&phone, "зака приш"), [4]);
    assert_eq!(find(&phone, "order absent"), [0_u64; 0]);
    let hits = phone.store.search("ord", 50).unwrap().hits;
    assert_eq!(shown(&hits[0]), "the [ORDERS] came");
    assert_eq!(hits[0].contact_name.as_deref(), Some("Contact 1"));
}

#[test]
fn f65_accents_do_not_matter() {
    let phone = phone_with(&["Café Müller", "cafe muller", "cafe\u{301}"]);
    assert_eq!(find(&phone, "cafe"), [3, 2, 1]);
    assert_eq!(find(&phone, "café"), [3, 2, 1]);
    assert_eq!(shown(&phone.store.search("mull", 9).unwrap().hits[1]), "Café [Müller]");
}

#[test]
fn f65_chinese_japanese_and_thai_by_runs_of_characters() {
    let phone = phone_with(&[
        "请问这款手机还有货吗？",
        "手提电脑",
        "この携帯電話は在庫がありますか",
        "สวัสดีครับ มีสินค้าไหม",
        "my手机ok",
    ]);
    assert_eq!(find(&phone, "手机"), [5, 1]);
    assert_eq!(find(&phone, "手"), [5, 2, 1]);
    assert_eq!(find(&phone, "机手"), [0_u64; 0]);
    assert_eq!(find(&phone, "携帯電話"), [3]);
    assert_eq!(find(&phone, "あります"), [3]);
    assert_eq!(find(&phone, "สินค้า"), [4]);
    assert_eq!(find(&phone, "my手"), [5]);
    let hit = &phone.store.search("手机", 9).unwrap().hits[1];
    assert_eq!(shown(hit), "请问这款[手机]还有货吗？");
}

#[test]
fn whatever_is_typed_is_only_text() {
    let phone = phone_with(&["plain words", "quote \" star * paren ( NEAR AND OR NOT", "emoji 🎉 party", "a-b c.d"]);
    let long = "я".repeat(10_000);
    let words = "word ".repeat(2_000);
    let han = "手机".repeat(5_000);
    for typed in [
        "",
        " ",
        "\"",
        "\"\"",
        "*",
        "(",
        ")",
        "a AND",
        "NEAR(",
        "NOT",
        "OR OR",
        "text:",
        "^plain",
        "-plain",
        "pl*in",
        "🎉",
        "🎉🎉 🎉",
        "\0",
        "a\0b",
        "';DROP TABLE message;--",
        "\u{1f}",
        "\u{2}x\u{3}",
        "{a b}",
        "+",
        "a+b",
        "%_",
        "\u{301}",
        "\u{200d}",
        "\u{fffd}",
        "\u{10ffff}",
        &long,
        &words,
        &han,
    ] {
        phone.store.search(typed, 50).unwrap();
    }
    assert_eq!(find(&phone, "plain\""), [1]);
    assert_eq!(find(&phone, "NOT"), [2]);
    assert_eq!(find(&phone, "a-b"), [4]);
    assert_eq!(find(&phone, "party 🎉"), [3]);
}

#[test]
fn f65_a_text_with_control_characters_is_found_and_leaves_the_index_whole() {
    let mut phone = phone_with(&["before\0after", "\u{1f}apart\u{2}mark\u{3}", "你\0好"]);
    assert_eq!(find(&phone, "after"), [1]);
    assert_eq!(find(&phone, "apart"), [2]);
    phone.feed_one(1, gone(GoneReason::Taken));
    let left: i64 = phone
        .store
        .read(|db| {
            Ok(db.query_row(
                "SELECT count(*) FROM message_fts WHERE message_fts MATCH 'after* OR apart*'",
                [],
                |row| row.get(0),
            )?)
        })
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn f65_the_limit_says_that_there_is_more() {
    let texts: Vec<String> = (0..300).map(|n| format!("same {n}")).collect();
    let phone = phone_with(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let found = phone.store.search("same", 10).unwrap();
    assert_eq!((found.hits.len(), found.more), (10, true));
    assert_eq!(found.hits[0].no, 300);
    let all = phone.store.search("same", u32::MAX).unwrap();
    assert_eq!((all.hits.len(), all.more), (200, true));
    assert!(phone.store.search("same 29", 50).unwrap().hits.len() >= 10);
}

#[test]
fn f65_messages_of_one_millisecond_are_all_found() {
    let mut phone = Phone::new();
    let messages = (1..=500)
        .map(|no| {
            let mut message = inbound(1, no, "twin");
            message.sent_at = NOW;
            message
        })
        .collect();
    phone.feed_one(1, opened(chat(1, 1), messages, false));
    assert_eq!(phone.store.search("twin", 200).unwrap().hits.len(), 200);
    // A clock that a server made up does not break the numbering.
    for (no, at) in [(501, i64::MIN), (502, i64::MAX), (503, -1)] {
        let mut message = inbound(1, no, "odd");
        message.sent_at = at;
        phone.feed_one(1, added(message));
    }
    assert_eq!(find(&phone, "odd").len(), 3);
}
