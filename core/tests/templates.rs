//! Templates through the core's own API, against a server that says what a test tells it to say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod common;

use std::path::Path;

use common::*;
use serde_json::{Value, json};
use switchboard_core::{
    ContactEdit, ContactId, Core, CoreError, ErrorCode, GroupId, Template, TemplateId, TemplateItem, TemplateQuery,
};
use switchboard_protocol::ClientFrame;
use switchboard_protocol::chat::{Chat, OpenedChat};
use switchboard_protocol::collection::Collection;
use switchboard_protocol::contact::Contact;

fn id(n: u8) -> TemplateId {
    TemplateId::from_bytes([n; 16])
}

fn contact() -> ContactId {
    chat(1, 1).contact.id
}

fn group() -> GroupId {
    GroupId::from_bytes([0x80; 16])
}

fn row(n: u8, edition: u64, title: &str, text: &str, language: &str) -> Value {
    json!({"id": id(n).to_string(), "edition": edition, "title": title, "text": text, "language": language})
}

fn template(title: &str, text: &str) -> Template {
    Template {
        group: None,
        category: Some(" General ".into()),
        language: Some("EN".into()),
        title: format!(" {title} "),
        text: text.into(),
        keywords: String::new(),
    }
}

async fn give(connection: &mut Connection, collection: Collection, rev: u64, rows: Vec<Value>) {
    let name = collection.as_str();
    connection.send_text(&json!({"type": "changed", "collection": name, "rev": rev}).to_string()).await;
    let ClientFrame::Pull(pull) = connection.next_action().await else { panic!("a pull") };
    assert_eq!(pull.collection, collection);
    let answer = json!({"type": "rows", "req": pull.req, "collection": name, "rev": rev, "rows": rows});
    connection.send_text(&answer.to_string()).await;
}

fn pulled(row: Value) -> Value {
    json!({"id": row["id"], "row": row})
}

fn picked(core: &Core, query: &TemplateQuery) -> Vec<TemplateItem> {
    core.templates(query).unwrap().rows
}

fn titles(core: &Core) -> Vec<String> {
    picked(core, &TemplateQuery::default()).into_iter().map(|row| row.title).collect()
}

/// A manager of a group, with a waiting chat and two templates.
async fn desk(dir: &Path) -> (Phone, FakeServer, Connection) {
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir, &server).await;
    let mut connection = server.accept().await;
    let contact = Contact { name: Some("Мария Петрова".into()), ..chat(1, 1).contact };
    let opened = OpenedChat {
        chat: Chat { contact, ..chat(1, 1) }, ..opened(1, &["здравствуйте, где мой заказ?"])
    };
    connection.bring_up(vec![opened]).await;
    phone.online().await;
    let user = json!({"id": me().to_string(), "name": "Anna Schmidt", "role": "manager", "disabled": false,
        "group": group().to_string()});
    give(&mut connection, Collection::Users, 1, vec![pulled(user)]).await;
    let templates = vec![
        pulled(row(1, 1, "Where the order is", "Let me look, {{contact.first_name}}.", "en")),
        pulled(row(2, 1, "Где заказ", "Сейчас посмотрю, {{contact.first_name}}. {{queue.name}}", "ru")),
    ];
    give(&mut connection, Collection::Templates, 1, templates).await;
    phone.until("templates", |core| titles(core).len() == 2).await;
    (phone, server, connection)
}

#[tokio::test]
async fn f22_f24_a_template_is_filled_for_the_composer_and_not_sent_and_unfilled_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, _server, connection) = desk(dir.path()).await;
    connection.close().await;
    // All of it without a network.
    let query = TemplateQuery { chat: Some(chat_id(1)), ..TemplateQuery::default() };
    let picker = phone.core.templates(&query).unwrap();
    assert_eq!(picker.customer_language.as_deref(), Some("ru"));
    assert_eq!(picker.rows[0].title, "Где заказ");
    assert!(picker.rows[0].likely);
    let filled = phone.core.fill_template(chat_id(1), picker.rows[0].id).unwrap();
    assert_eq!(filled.text, "Сейчас посмотрю, Мария. {{queue.name}}");
    assert_eq!(filled.unfilled, ["queue.name"]);
    assert_eq!(phone.texts(1), ["здравствуйте, где мой заказ?"], "nothing is sent");
    let refused = phone.core.reply(chat_id(1), &filled.text).await;
    assert_eq!(refused, Err(CoreError::Rejected(ErrorCode::UnfilledVariable)));
    assert_eq!(phone.texts(1).len(), 1);
    let edited = filled.text.replace("{{queue.name}}", "Минуту!");
    phone.core.reply(chat_id(1), &edited).await.unwrap();
    assert_eq!(phone.texts(1)[1], "Сейчас посмотрю, Мария. Минуту!");
    // With what was put right offline.
    let edit = ContactEdit { name: Some("Марина Петрова".into()), ..ContactEdit::default() };
    phone.core.edit_contact(contact(), edit).await.unwrap();
    assert_eq!(phone.core.fill_template(chat_id(1), id(1)).unwrap().text, "Let me look, Марина.");
    let found = |typed: &str| phone.core.search(typed, 9).unwrap().contacts;
    assert_eq!(found("марин").iter().map(|hit| (hit.contact, hit.known)).collect::<Vec<_>>(), [(contact(), true)]);
    assert!(found("мария").is_empty(), "nobody is called that any more");
    assert_eq!(found("петр").len(), 1);
    assert_eq!(phone.core.fill_template(chat_id(9), id(1)), Err(CoreError::NotFound));
    assert_eq!(phone.core.fill_template(chat_id(1), id(9)), Err(CoreError::NotFound));
}

#[tokio::test]
async fn f18_a_manager_makes_changes_and_deletes_templates_of_the_own_group() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, mut server, _connection) = desk(dir.path()).await;
    let picker = phone.core.templates(&TemplateQuery::default()).unwrap();
    assert!(picker.can_create && picker.rows.iter().all(|row| !row.can_edit), "the company's are not this one's");
    assert_eq!(picker.groups.iter().map(|one| one.group).collect::<Vec<_>>(), [Some(group())]);

    let mut made = row(3, 1, "Hours", "From nine.", "en");
    made["group"] = json!(group().to_string());
    server.answer_sign_in(201, &made.to_string());
    let ours = |title: &str, text: &str| Template { group: Some(group()), ..template(title, text) };
    assert_eq!(phone.core.create_template(ours("Hours", "From nine.")).await, Ok(id(3)));
    let asked = server.asked().await;
    assert!(asked.starts_with("POST /v1/templates HTTP"), "{asked}");
    assert!(asked.to_lowercase().contains("authorization: bearer "), "{asked}");
    let body: Value = serde_json::from_str(asked.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let sent = json!({"group": group().to_string(), "category": "General", "language": "en", "title": "Hours",
        "text": "From nine."});
    assert_eq!(body, sent, "without spaces around");
    let query = TemplateQuery { search: "hours".into(), ..TemplateQuery::default() };
    let found = picked(&phone.core, &query);
    assert_eq!(found.iter().map(|row| (row.id, row.can_edit)).collect::<Vec<_>>(), [(id(3), true)]);

    made["edition"] = json!(2);
    made["title"] = json!("Opening hours");
    server.answer_sign_in(200, &made.to_string());
    phone.core.change_template(id(3), 1, ours("Opening hours", "From nine.")).await.unwrap();
    let asked = server.asked().await;
    assert!(asked.starts_with(&format!("PUT /v1/templates/{} HTTP", id(3))), "{asked}");
    let body: Value = serde_json::from_str(asked.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["edition"], json!(1));
    let changed = &picked(&phone.core, &query)[0];
    assert_eq!((changed.title.as_str(), changed.edition), ("Opening hours", 2));

    server.answer_sign_in(409, r#"{"code":"changed","detail":"edition 2"}"#);
    let late = phone.core.change_template(id(3), 1, ours("Mine", "From ten.")).await;
    assert_eq!(late, Err(CoreError::Rejected(ErrorCode::Changed)));
    server.asked().await;
    assert_eq!(picked(&phone.core, &query)[0].title, "Opening hours");

    server.answer_sign_in(204, "");
    phone.core.delete_template(id(3), 2).await.unwrap();
    let asked = server.asked().await;
    assert!(asked.starts_with(&format!("DELETE /v1/templates/{}?edition=2 HTTP", id(3))), "{asked}");
    assert_eq!(picked(&phone.core, &query).len(), 0);
}

#[tokio::test]
async fn f18_what_cannot_be_stored_is_said_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let (phone, server, _connection) = desk(dir.path()).await;
    for (wrong, says) in [
        (template("", "Text"), "title"),
        (template("Title", " "), "text"),
        (template("Title", "Hi {{contact.shoe_size}}"), "{{contact.shoe_size}}"),
        (template("Title", "Hi {{contact.name"), "{{"),
        (Template { language: Some("English".into()), ..template("Title", "Text") }, "language"),
    ] {
        let refused = phone.core.create_template(wrong.clone()).await;
        assert!(matches!(&refused, Err(CoreError::InvalidInput(why)) if why.contains(says)), "{refused:?}");
        assert!(matches!(phone.core.change_template(id(1), 1, wrong).await, Err(CoreError::InvalidInput(_))));
    }
    assert_eq!(titles(&phone.core).len(), 2);
    // A proxy answers for a server that is down.
    server.answer_sign_in(503, "down");
    let offline = phone.core.create_template(template("Title", "Text")).await;
    assert_eq!(offline, Err(CoreError::Offline));
}

#[tokio::test]
async fn f18_a_template_that_the_server_takes_away_leaves_the_picker() {
    let dir = tempfile::tempdir().unwrap();
    let (mut phone, _server, mut connection) = desk(dir.path()).await;
    give(&mut connection, Collection::Templates, 2, vec![json!({"id": id(1).to_string()})]).await;
    phone.until("one left", |core| titles(core) == ["Где заказ"]).await;
    assert!(phone.core.search("order", 9).unwrap().templates.is_empty());
    assert_eq!(phone.core.search("заказ", 9).unwrap().templates.len(), 1);
    phone.core.sign_out().await.unwrap();
    assert_eq!(phone.core.templates(&TemplateQuery::default()), Err(CoreError::SignInAgain));
}

#[tokio::test]
async fn f65_a_hit_opens_the_timeline_at_its_message() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = FakeServer::start().await;
    let mut phone = Phone::enrolled(dir.path(), &server).await;
    let mut connection = server.accept().await;
    let texts: Vec<String> = (1..=120).map(|n| if n == 7 { "the needle".into() } else { format!("hay {n}") }).collect();
    connection.bring_up(vec![opened(1, &texts.iter().map(String::as_str).collect::<Vec<_>>())]).await;
    phone.online().await;
    connection.close().await;
    let found = phone.core.search("need", 5).unwrap();
    let hit = &found.hits[0];
    assert_eq!((hit.chat, hit.no), (chat_id(1), 7));
    let around = phone.core.timeline(hit.chat, Some(hit.no)).unwrap().rows();
    assert!(around.iter().any(|row| row.text == "the needle"), "{} rows", around.len());
    let contacts = phone.core.search("contact", 5).unwrap().contacts;
    assert_eq!((contacts.len(), contacts[0].chat, contacts[0].known), (1, Some(chat_id(1)), false));
}
