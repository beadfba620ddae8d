//! The picker over a real store.

use switchboard_protocol::chat::Chat;
use switchboard_protocol::collection::Role;
use switchboard_protocol::contact::Contact;
use switchboard_protocol::event::GoneReason;
use switchboard_protocol::ids::{ContactId, GroupId, QueueId, TemplateId};

use super::{Durability, collection, template};
use crate::error::{CoreError, Error};
use crate::model::{TemplateGroup, TemplatePicker, TemplateQuery};
use crate::testing::*;

fn group(n: u8) -> GroupId {
    GroupId::from_bytes([n; 16])
}

fn id(n: u8) -> TemplateId {
    TemplateId::from_bytes([n; 16])
}

fn pulled(phone: &Phone, collection: &str, rev: u64, rows: &[String]) {
    let json = format!(r#"{{"req":1,"collection":"{collection}","rev":{rev},"rows":[{}]}}"#, rows.join(","));
    let rows = serde_json::from_str(&json).unwrap();
    phone.store.write(Durability::Normal, |tx, changes| collection::store(tx, &rows, changes)).unwrap();
}

fn row(n: u8, fields: &str) -> String {
    format!(r#"{{"id":"{0}","row":{{"id":"{0}","edition":1,{fields}}}}}"#, id(n))
}

fn user(role: &str, of: u8) -> String {
    format!(
        r#"{{"id":"{0}","row":{{"id":"{0}","name":"Anna Schmidt","role":"{role}","disabled":false,"group":"{1}","extension":"204"}}}}"#,
        me(),
        group(of)
    )
}

/// Two groups and a company with templates in two languages.
fn desk() -> Phone {
    let phone = Phone::new();
    let groups = [(1, "Service"), (2, "Sales")]
        .map(|(n, name)| format!(r#"{{"id":"{0}","row":{{"id":"{0}","name":"{name}"}}}}"#, group(n)));
    pulled(&phone, "groups", 1, &groups);
    pulled(&phone, "users", 1, &[user("user", 1)]);
    pulled(
        &phone,
        "templates",
        1,
        &[
            row(
                1,
                r#""category":"Returns","language":"en","title":"Refund","text":"The money is back in {{queue.name}} days, {{contact.first_name}}.""#,
            ),
            row(
                2,
                r#""category":"Returns","language":"ru","title":"Возврат денег","text":"Деньги вернутся за пять дней.","keywords":"вернуть refund""#,
            ),
            row(
                3,
                &format!(
                    r#""category":"General","language":"ru","title":"Часы","text":"Мы открыты с девяти.","group":"{}""#,
                    group(1)
                ),
            ),
            row(4, &format!(r#""title":"Link","text":"https://example.com","group":"{}""#, group(2))),
            row(5, r#""category":"apples","language":"de","title":"Äpfel","text":"Guten Tag!""#),
        ],
    );
    phone
}

fn pick(phone: &Phone, query: &TemplateQuery) -> TemplatePicker {
    phone.store.templates(query, me(), Role::User).unwrap()
}

fn titles(phone: &Phone, query: &TemplateQuery) -> Vec<String> {
    pick(phone, query).rows.into_iter().map(|row| row.title).collect()
}

fn searching(search: &str) -> TemplateQuery {
    TemplateQuery { search: search.into(), ..TemplateQuery::default() }
}

#[test]
fn f19_f20_f21_search_tab_and_language_combine() {
    let phone = desk();
    let all = pick(&phone, &TemplateQuery::default());
    assert_eq!(all.rows.len(), 5);
    assert_eq!(all.categories, ["apples", "General", "Returns"]);
    assert_eq!(all.languages, ["de", "en", "ru"]);
    assert_eq!(titles(&phone, &searching("вернут")), ["Возврат денег"]);
    // In the title before in the keywords.
    assert_eq!(titles(&phone, &searching("REFUND")), ["Refund", "Возврат денег"]);
    assert_eq!(titles(&phone, &searching("apf")), ["Äpfel"]);
    let query = TemplateQuery { language: Some("ru".into()), ..searching("refund") };
    assert_eq!(titles(&phone, &query), ["Возврат денег"]);
    let query = TemplateQuery { category: Some("General".into()), ..searching("refund") };
    assert_eq!(titles(&phone, &query), Vec::<String>::new());
    // The tabs and the languages stay where they are.
    assert_eq!(pick(&phone, &query).categories, all.categories);
    for typed in ["", " ", "\"", "*", "{title}", ":", "NEAR(", "🎉", "\0"] {
        pick(&phone, &searching(typed));
    }
    assert_eq!(titles(&phone, &searching("\"*")).len(), 5, "nothing that could be found");
}

#[test]
fn f25_the_customers_language_and_the_likely_answer_come_first_for_a_chat() {
    let mut phone = desk();
    phone.feed_one(
        1,
        opened(chat(1, 1), vec![inbound(1, 1, "Добрый день"), inbound(1, 2, "хочу вернуть деньги")], false),
    );
    let query = TemplateQuery { chat: Some(chat_id(1)), ..TemplateQuery::default() };
    let picked = pick(&phone, &query);
    assert_eq!(picked.customer_language.as_deref(), Some("ru"));
    let rows: Vec<(&str, bool)> = picked.rows.iter().map(|row| (row.title.as_str(), row.likely)).collect();
    assert_eq!(rows[..3], [("Возврат денег", true), ("Часы", false), ("Link", false)]);
    assert_eq!(rows.len(), 5, "it only reorders");
    // What was answered is not asked any more; the next question is.
    phone.feed_one(1, added(outbound(1, 3, other(), "The money is on its way")));
    phone.feed_one(1, added(inbound(1, 4, "а когда вы открыты? часы работы")));
    assert_eq!(pick(&phone, &query).rows[0].title, "Часы");
    // Of a chat without texts nothing is known.
    phone.feed_one(2, opened(chat(2, 1), vec![outbound(2, 1, me(), "деньги")], false));
    let silent = pick(&phone, &TemplateQuery { chat: Some(chat_id(2)), ..TemplateQuery::default() });
    assert!(silent.customer_language.is_none() && silent.rows.iter().all(|row| !row.likely));
}

#[test]
fn f18_who_manages_templates_sees_controls_on_their_own() {
    let phone = desk();
    let edits = |role: &str| -> (bool, Vec<bool>, Vec<TemplateGroup>) {
        pulled(&phone, "users", 2, &[user(role, 1)]);
        let picked = pick(&phone, &TemplateQuery { search: "".into(), ..TemplateQuery::default() });
        let mut rows: Vec<_> = picked.rows.iter().map(|row| (row.id, row.can_edit)).collect();
        rows.sort_unstable();
        (picked.can_create, rows.into_iter().map(|(_, can)| can).collect(), picked.groups)
    };
    let of = |n: u8, name: &str| TemplateGroup { group: Some(group(n)), name: Some(name.into()) };
    assert_eq!(edits("user"), (false, vec![false; 5], vec![]));
    for role in ["manager", "group_owner"] {
        assert_eq!(edits(role), (true, vec![false, false, true, false, false], vec![of(1, "Service")]));
    }
    let company = TemplateGroup { group: None, name: None };
    assert_eq!(edits("system_owner"), (true, vec![true; 5], vec![company, of(2, "Sales"), of(1, "Service")]));
    let named = pick(&phone, &searching("link"));
    assert_eq!(named.rows[0].group_name.as_deref(), Some("Sales"));
}

#[test]
fn f18_a_change_is_in_the_picker_at_once_and_a_use_is_counted() {
    let phone = desk();
    assert_eq!(titles(&phone, &searching("hours")), Vec::<String>::new());
    pulled(
        &phone,
        "templates",
        2,
        &[row(3, r#""language":"en","title":"Opening hours","text":"From nine.""#), format!(r#"{{"id":"{}"}}"#, id(5))],
    );
    assert_eq!(titles(&phone, &searching("hours")), ["Opening hours"]);
    assert_eq!(titles(&phone, &searching("часы")), Vec::<String>::new());
    assert_eq!(pick(&phone, &TemplateQuery::default()).languages, ["en", "ru"]);
    let first = || titles(&phone, &TemplateQuery::default())[0].clone();
    assert_eq!(first(), "Link");
    phone.store.write(Durability::Normal, |tx, _| template::took(tx, id(1), NOW)).unwrap();
    assert_eq!(first(), "Refund");
    for _ in 0..2 {
        phone.store.write(Durability::Normal, |tx, _| template::took(tx, id(3), NOW)).unwrap();
    }
    assert_eq!(first(), "Opening hours");
    // The count outlives a change of the template.
    pulled(&phone, "templates", 3, &[row(3, r#""title":"Hours","text":"From ten.""#)]);
    assert_eq!(first(), "Hours");
    phone.store.wipe().unwrap();
    assert!(pick(&phone, &TemplateQuery::default()).rows.is_empty());
}

#[test]
fn f22_f24_a_template_is_filled_with_what_the_device_knows() {
    let mut phone = desk();
    let queue = QueueId::from_bytes([3; 16]);
    let contact = Contact {
        id: ContactId::from_bytes([9; 16]),
        name: Some("Maria Lopez".into()),
        email: None,
        phone: None,
        known: true,
    };
    phone.feed_one(1, opened(Chat { queue: Some(queue), contact, ..chat(1, 1) }, vec![], false));
    let filled = |n: u8| {
        phone.store.read_consistent(|db| template::fill(db, chat_id(1), id(n), me(), "Anna at sign-in")).unwrap()
    };
    assert_eq!(filled(1).text, "The money is back in {{queue.name}} days, Maria.");
    assert_eq!(filled(1).unfilled, ["queue.name"]);
    pulled(
        &phone,
        "queues",
        1,
        &[format!(r#"{{"id":"{queue}","row":{{"id":"{queue}","name":"five","member":true}}}}"#)],
    );
    assert_eq!(filled(1).text, "The money is back in five days, Maria.");
    assert_eq!(filled(1).unfilled, Vec::<String>::new());
    let known = ContactId::from_bytes([9; 16]);
    pulled(
        &phone,
        "contacts",
        1,
        &[format!(r#"{{"id":"{known}","row":{{"id":"{known}","name":"Maria","phone":"+1 555 0100"}}}}"#)],
    );
    let all =
        r#""title":"All","text":"{{contact.phone}} {{user.name}} {{user.extension}} {{group.name}} {{contact.email}}""#;
    pulled(&phone, "templates", 2, &[row(6, all)]);
    assert_eq!(filled(6).text, "+1 555 0100 Anna Schmidt 204 Service {{contact.email}}");
    let missing = |chat: u64, n: u8| {
        let fill = phone.store.read_consistent(|db| template::fill(db, chat_id(chat), id(n), me(), "Anna"));
        assert!(matches!(fill, Err(Error::Public(CoreError::NotFound))));
    };
    missing(1, 77);
    missing(2, 1);
    phone.feed_one(1, gone(GoneReason::Taken));
    let fill = phone.store.read_consistent(|db| template::fill(db, chat_id(1), id(1), me(), "Anna"));
    assert!(matches!(fill, Err(Error::Public(CoreError::NotFound))));
}
