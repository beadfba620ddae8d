//! Search against a real index.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use switchboard_protocol::chat::{Chat, InternalChat, OpenedInternal};
use switchboard_protocol::collection::Role;
use switchboard_protocol::contact::Contact;
use switchboard_protocol::event::{EventBody, GoneReason};
use switchboard_protocol::ids::{ContactId, GroupId};

use super::search::Reach;
use super::{Durability, collection, scans};
use crate::model::{SearchHit, SnippetPart, TemplateQuery};
use crate::testing::*;

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

/// What is found by walking and what by the index are the same, for short beginnings and long ones, alone and together.
#[test]
fn f65_the_newest_messages_and_the_index_say_the_same() {
    const WORDS: &[&str] = &[
        "a",
        "an",
        "and",
        "apple",
        "b",
        "be",
        "bee",
        "beet",
        "Заказ",
        "за",
        "з",
        "ёлка",
        "елка",
        "Café",
        "手机",
        "手",
        "สินค้า",
        "في",
        "x-ray",
        "🎉",
        "a.b",
    ];
    let mut compared = 0;
    for seed in seeds(20) {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut some = |most: usize| -> String {
            let count = random.random_range(1..=most);
            (0..count).map(|_| WORDS[random.random_range(0..WORDS.len())]).collect::<Vec<_>>().join(" ")
        };
        let texts: Vec<String> = (0..60).map(|_| some(4)).collect();
        let typed: Vec<String> = (0..20).map(|_| some(2)).collect();
        let phone = phone_with(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        for typed in &typed {
            let found = |newest: u32, limit: u32| {
                let results = phone.store.search_within(typed, limit, Reach { newest, read: 1_000 }).unwrap();
                let hits: Vec<(u64, String)> = results.hits.iter().map(|hit| (hit.no, shown(hit))).collect();
                (hits, results.more)
            };
            let all = found(1_000, 100);
            for (newest, limit) in [(1, 100), (7, 100), (59, 100), (60, 100)] {
                assert_eq!(found(newest, limit), all, "seed {seed}: {typed:?} after {newest}");
            }
            for limit in [0, 1, 3] {
                let (some, more) = found(7, limit);
                assert_eq!(some, all.0[..all.0.len().min(limit as usize)], "seed {seed}: {typed:?}");
                assert_eq!(more, all.0.len() > limit as usize, "seed {seed}: {typed:?}");
            }
            compared += usize::from(!all.0.is_empty());
        }
    }
    assert!(compared > 0);
}

#[test]
fn f65_a_short_beginning_does_not_ask_the_index_for_every_word_with_it() {
    let asked = || scans::runs("message_fts MATCH");
    let texts: Vec<String> = (0..300).map(|n| format!("order {n} заказ")).collect();
    let phone = phone_with(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let reach = Reach { newest: 100, read: 50 };
    let before = asked();
    for typed in ["o", "з", "or", "o з"] {
        let found = phone.store.search_within(typed, 50, reach).unwrap();
        assert_eq!((found.hits.len(), found.more), (50, true), "{typed}");
    }
    assert_eq!(asked(), before, "what the newest messages have is not asked of the index");
    // A rare one is asked, and a short beginning beside a word is read from what the index has of the word.
    assert!(phone.store.search_within("q", 50, reach).unwrap().hits.is_empty());
    assert_eq!(asked(), before + 1);
    assert_eq!(phone.store.search_within("o 299", 50, reach).unwrap().hits.len(), 1);
    // However many messages have the longest part, no more of them are read than that.
    let rare = phone.store.search_within("q orders zz", 50, reach).unwrap();
    assert_eq!((rare.hits.len(), rare.more), (0, false));
    let bounded = phone.store.search_within("q order", 50, reach).unwrap();
    assert_eq!((bounded.hits.len(), bounded.more), (0, true));
}

fn with_contact(n: u64, id: u8, name: Option<&str>, email: Option<&str>, phone: Option<&str>) -> Chat {
    let contact = Contact {
        id: ContactId::from_bytes([id; 16]),
        name: name.map(Into::into),
        email: email.map(Into::into),
        phone: phone.map(Into::into),
        known: false,
    };
    Chat { contact, ..chat(n, 1) }
}

fn pulled(phone: &Phone, collection: &str, rev: u64, rows: &[String]) {
    let json = format!(r#"{{"req":1,"collection":"{collection}","rev":{rev},"rows":[{}]}}"#, rows.join(","));
    let rows = serde_json::from_str(&json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes)).unwrap();
}

fn row(id: u8, fields: &str) -> String {
    let id = ContactId::from_bytes([id; 16]);
    format!(r#"{{"id":"{id}","row":{{"id":"{id}",{fields}}}}}"#)
}

fn parts(parts: &[SnippetPart]) -> String {
    parts.iter().map(|part| if part.matched { format!("[{}]", part.text) } else { part.text.clone() }).collect()
}

fn people(phone: &Phone, typed: &str) -> Vec<(String, String)> {
    let found = phone.store.search(typed, 50).unwrap().contacts;
    found.iter().map(|hit| (parts(&hit.name), parts(&hit.detail))).collect()
}

fn pair(name: &str, detail: &str) -> (String, String) {
    (name.into(), detail.into())
}

#[test]
fn f65_people_are_found_by_name_address_and_number_the_best_match_first() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(with_contact(1, 11, Some("Marian Stone"), None, None), vec![inbound(1, 1, "hi")], false));
    phone.feed_one(2, opened(with_contact(2, 12, None, Some("zoe@mari.example"), None), vec![], false));
    phone.feed_one(3, opened(with_contact(3, 13, Some("Мария Петрова"), None, None), vec![], false));
    phone.feed_one(4, opened(with_contact(4, 14, Some("王小明"), None, None), vec![], false));
    phone.feed_one(5, opened(with_contact(5, 15, Some("มานี ใจดี"), None, None), vec![], false));
    phone.feed_one(6, opened(with_contact(6, 11, Some("Marian Stone"), None, None), vec![inbound(6, 9, "hi")], false));
    pulled(
        &phone,
        "contacts",
        3,
        &[
            row(21, r#""name":"Mari Lopez","phone":"+49 (30) 123-45-67""#),
            row(22, r#""name":"Marianne Weiß","email":"mw@example.com""#),
            row(11, r#""name":"Marian Stone","email":"stone@example.com""#),
        ],
    );
    let names: Vec<String> = people(&phone, "mari").into_iter().map(|(name, _)| name).collect();
    // The whole word, then beginnings of names, saved ones by name, then addresses.
    assert_eq!(names, ["[Mari] Lopez", "[Marian] Stone", "[Marianne] Weiß", ""]);
    assert_eq!(people(&phone, "mari").last().unwrap().1, "zoe@[mari].example");
    assert_eq!(people(&phone, "weiss"), [], "no such folding");
    assert_eq!(people(&phone, "WEIß"), [pair("Marianne [Weiß]", "")]);
    assert_eq!(people(&phone, "мар петр"), [pair("[Мария] [Петрова]", "")]);
    assert_eq!(people(&phone, "小明"), [pair("王[小明]", "")]);
    assert_eq!(people(&phone, "ใจ"), [pair("มานี [ใจ]ดี", "")]);
    assert_eq!(people(&phone, "493012"), [pair("Mari Lopez", "[+49 (30) 123-45-67]")]);
    assert_eq!(people(&phone, "+49 (30) 123"), [pair("Mari Lopez", "+[49] ([30]) [123]-45-67")]);
    assert_eq!(people(&phone, "stone@ex"), [pair("Marian Stone", "[stone@example].com")]);
    assert_eq!(people(&phone, "nobody"), []);
    let hit = &phone.store.search("marian", 9).unwrap().contacts[0];
    assert_eq!((hit.chat, hit.known), (Some(chat_id(6)), true), "the newest chat with the person");
}

#[test]
fn f65_a_customer_is_found_by_the_present_name_and_not_when_the_chat_has_left() {
    let mut phone = Phone::new();
    phone.feed_one(1, opened(with_contact(1, 11, Some("Zqxold"), None, None), vec![], false));
    assert_eq!(people(&phone, "zqx").len(), 1);
    let renamed = Chat { rev: 2, ..with_contact(1, 11, Some("Wvmnew"), None, Some("+1 555 0100")) };
    phone.feed_one(1, opened(renamed, vec![], false));
    assert_eq!(people(&phone, "zqx"), []);
    assert_eq!(people(&phone, "wvm"), [pair("[Wvmnew]", "")]);
    assert_eq!(people(&phone, "15550100"), [pair("Wvmnew", "[+1 555 0100]")]);
    phone.feed_one(1, gone(GoneReason::Taken));
    assert_eq!(people(&phone, "wvm"), []);
    let terms: i64 = phone
        .store
        .read(|db| {
            Ok(db
                .query_row("SELECT count(*) FROM chat_fts WHERE chat_fts MATCH 'zqx* OR wvm*'", [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(terms, 0);
}

#[test]
fn f65_templates_are_found_by_title_keywords_and_text_in_that_order() {
    let phone = phone_with(&["refund please"]);
    pulled(
        &phone,
        "templates",
        3,
        &[
            row(31, r#""edition":1,"title":"Money back","text":"The refund is on its way, {{contact.first_name}}.""#),
            row(32, r#""edition":1,"title":"Refund","text":"It takes five days.""#),
            row(33, r#""edition":1,"title":"Return","text":"Send it to us.","keywords":"refund exchange""#),
            row(34, r#""edition":1,"title":"退款说明","text":"退款需要五天。","language":"zh""#),
        ],
    );
    let found = |typed: &str| -> Vec<(String, String)> {
        let hits = phone.store.search(typed, 50).unwrap().templates;
        hits.iter().map(|hit| (parts(&hit.title), parts(&hit.snippet))).collect()
    };
    assert_eq!(
        found("refu"),
        [
            pair("[Refund]", "It takes five days."),
            pair("Return", "Send it to us."),
            pair("Money back", "The [refund] is on its way, {{contact.first_name}}."),
        ]
    );
    assert_eq!(found("退款"), [pair("[退款]说明", "[退款]需要五天。")]);
    assert_eq!(found("r").len(), 3);
    assert_eq!(found("refund exchange"), [pair("Return", "Send it to us.")]);
    // All three kinds come by one call, each with its limit.
    let all = phone.store.search("refund", 1).unwrap();
    assert_eq!((all.hits.len(), all.templates.len()), (1, 1));
    pulled(&phone, "templates", 4, &[format!(r#"{{"id":"{}"}}"#, ContactId::from_bytes([32; 16]))]);
    assert_eq!(found("refu").len(), 2);
}

#[test]
fn f2_f65_what_was_said_among_staff_is_found_under_the_groups_or_the_colleagues_name() {
    let mut phone = phone_with(&["needle of a customer"]);
    let users = [me(), other()].map(|id| {
        let name = if id == me() { "Anna" } else { "Boris" };
        format!(
            r#"{{"id":"{id}","row":{{"id":"{id}","name":"{name}","role":"user","disabled":false,"group":"{}"}}}}"#,
            GroupId::from_bytes([1; 16])
        )
    });
    pulled(&phone, "users", 1, &users);
    for (n, name) in [(8, None), (9, Some("Night shift".to_owned()))] {
        let internal = InternalChat { id: chat_id(n), rev: 1, name, members: vec![me(), other()] };
        let messages = vec![outbound(n, n, other(), "needle of a colleague")];
        phone.feed_one(n, EventBody::InternalOpened(OpenedInternal { internal, messages, more: false }));
    }
    let hits = phone.store.search("needle", 9).unwrap().hits;
    let of: Vec<_> = hits.iter().map(|hit| (hit.contact_name.as_deref(), hit.channel_kind.is_some())).collect();
    assert_eq!(of, [(Some("Night shift"), false), (Some("Boris"), false), (Some("Contact 1"), true)]);
    // Colleagues are no contacts.
    assert_eq!(people(&phone, "boris"), []);
}

/// Nothing that can be typed is an error, with rows of all three kinds there to be compared with.
#[test]
fn f65_any_characters_can_be_typed() {
    const SYNTAX: &[char] =
        &['"', '*', '(', ')', '{', '}', ':', '^', '-', '+', '\'', ',', ' ', 'A', 'N', 'D', 'O', 'R', '\0', '\u{1f}'];
    let mut phone = phone_with(&["plain words", "مرحبا بكم في المتجر", "שלום עולם", "emoji 👍🏽 here", "手机"]);
    phone.feed_one(2, opened(with_contact(2, 12, Some("محمد AND \"x\""), Some("a@b.example"), None), vec![], false));
    pulled(
        &phone,
        "templates",
        3,
        &[row(31, r#""edition":1,"title":"{title} NOT *","text":"NEAR( {{contact.name}}""#)],
    );
    assert_eq!(find(&phone, "مرح"), [2]);
    assert_eq!(find(&phone, "\u{202e}שלום"), [3]);
    assert_eq!(people(&phone, "محم").len(), 1);
    let mut found = 0;
    for seed in seeds(400) {
        let mut random = SmallRng::seed_from_u64(seed);
        let length = if seed % 40 == 0 { 10_000 } else { random.random_range(1..12) };
        let typed: String = (0..length)
            .map(|_| match random.random_range(0..4) {
                0 => SYNTAX[random.random_range(0..SYNTAX.len())],
                1 => char::from(random.random_range(b' '..=b'~')),
                2 => char::from_u32(random.random_range(0..0x3100)).unwrap_or('x'),
                _ => char::from_u32(random.random_range(0..0x11_0000)).unwrap_or('\u{fffd}'),
            })
            .collect();
        for reach in [Reach::default(), Reach { newest: 0, read: 10 }] {
            let results = phone.store.search_within(&typed, 50, reach);
            let results = results.unwrap_or_else(|error| panic!("seed {seed}: {typed:?}: {error}"));
            found += results.hits.len() + results.contacts.len() + results.templates.len();
        }
        let query = TemplateQuery { search: typed.clone(), ..TemplateQuery::default() };
        phone
            .store
            .templates(&query, me(), Role::User)
            .unwrap_or_else(|error| panic!("seed {seed}: {typed:?}: {error}"));
    }
    assert!(found > 0);
}
