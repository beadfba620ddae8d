//! F18: a phone's templates, page by page, while others change them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use switchboard_protocol::collection::{Collection, CollectionRow, Role};
use switchboard_protocol::ids::{GroupId, TemplateId, UserId};
use switchboard_protocol::template::Template;

use super::Office;
use crate::rights::Actor;
use crate::store::collections;
use crate::store::people::{self, UserChange};
use crate::store::templates;

const MANY: usize = 5_000;

fn template(group: Option<GroupId>, title: String, text: String) -> Template {
    Template { group, category: None, language: None, title, text, keywords: String::new() }
}

/// A phone's templates, and how far it has pulled.
#[derive(Default)]
struct Phone {
    rev: u64,
    held: BTreeMap<String, Value>,
    /// As often as a row came.
    came: BTreeMap<String, usize>,
}

impl Phone {
    /// Pulls one page; whether there are more.
    fn page(&mut self, office: &Office, user: UserId) -> bool {
        let pulled = collections::since(&office.connection, user, Collection::Templates, self.rev).unwrap();
        let bytes: usize = pulled.rows.iter().filter_map(|row| row.row.as_deref()).map(|row| row.get().len()).sum();
        assert!(bytes <= 600 * 1024 && pulled.rows.len() <= 2_000, "{bytes} bytes, {} rows", pulled.rows.len());
        assert!(!pulled.more || pulled.rev > self.rev, "each page leads on");
        self.rev = pulled.rev;
        for CollectionRow { id, row } in pulled.rows {
            *self.came.entry(id.to_string()).or_default() += 1;
            match row {
                Some(row) => drop(self.held.insert(id.to_string(), serde_json::from_str(row.get()).unwrap())),
                None => drop(self.held.remove(&id.to_string())),
            }
        }
        pulled.more
    }

    fn pages(&mut self, office: &Office, user: UserId) -> usize {
        let mut pages = 1;
        while self.page(office, user) {
            pages += 1;
        }
        pages
    }

    fn titles(&self) -> BTreeSet<&str> {
        self.held.values().map(|row| row["title"].as_str().unwrap()).collect()
    }
}

impl Office {
    fn actor(&self, user: UserId) -> Actor {
        people::actor(&self.connection, user).unwrap().unwrap()
    }

    fn import(&mut self, group: Option<GroupId>, word: &str, n: usize, text: &str) {
        let all: Vec<_> = (0..n).map(|n| template(group, format!("{word} {n:05}"), format!("{text} {n}"))).collect();
        assert_eq!(self.write(|tx| tx.import_templates(&all, false)).added, n);
    }
}

#[test]
fn f18_thousands_of_templates_arrive_once_each_over_several_pages() {
    let mut office = Office::new();
    let [anna, boris] = office.users();
    office.import(None, "Answer", MANY, "Thank you for your message.");
    let mut phone = Phone::default();
    assert!(phone.pages(&office, anna) >= 3);
    assert_eq!((phone.held.len(), phone.titles().len()), (MANY, MANY));
    assert!(phone.came.values().all(|times| *times == 1));
    let revs: Vec<i64> = {
        let mut query = office.connection.prepare("SELECT rev FROM templates ORDER BY rev").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert!(revs.windows(2).all(|pair| pair[0] < pair[1]), "a page can end behind every row");
    // Up to date: nothing comes any more.
    let mut again = Phone { rev: phone.rev, ..Phone::default() };
    assert_eq!(again.pages(&office, anna), 1);
    assert!(again.came.is_empty());

    // Between two pages one of the first page is changed, one not pulled yet is too, and one of each is deleted.
    office.role(boris, Role::SystemOwner);
    let manager = office.actor(boris);
    let mut phone = Phone::default();
    assert!(phone.page(&office, anna));
    let (pulled, waiting): (Vec<_>, Vec<_>) = {
        let all = templates::of_group(&office.connection, None).unwrap();
        all.into_iter().partition(|row| phone.held.contains_key(&row.id.to_string()))
    };
    assert!(pulled.len() >= 2 && waiting.len() >= 2);
    for row in [&pulled[0], &waiting[0]] {
        let changed = Template { text: "Changed meanwhile.".into(), ..row.template.clone() };
        assert!(office.write(|tx| tx.change_template(&manager, row.id, row.edition, &changed)).is_ok());
    }
    for row in [&pulled[1], &waiting[1]] {
        assert!(office.write(|tx| tx.delete_template(&manager, row.id, row.edition)).is_ok());
    }
    phone.pages(&office, anna);
    assert_eq!(phone.held.len(), MANY - 2);
    let named = |id: TemplateId| id.to_string();
    for row in [&pulled[0], &waiting[0]] {
        assert_eq!(phone.held[&named(row.id)]["text"], "Changed meanwhile.");
    }
    let twice: BTreeSet<_> = phone.came.iter().filter(|(_, times)| **times > 1).map(|(id, _)| id.clone()).collect();
    assert_eq!(twice, [named(pulled[0].id), named(pulled[1].id)].into(), "only what changed after it had come");
    // Who pulls all of it now has the same.
    let mut fresh = Phone::default();
    fresh.pages(&office, anna);
    assert_eq!(fresh.held, phone.held);
}

#[test]
fn f18_large_templates_come_in_pages_that_a_frame_can_carry() {
    let mut office = Office::new();
    let [anna] = office.users();
    office.import(None, "Long", 100, &"я".repeat(8_000));
    let mut phone = Phone::default();
    assert!(phone.pages(&office, anna) >= 3);
    assert_eq!(phone.held.len(), 100);
    assert!(phone.came.values().all(|times| *times == 1));
}

#[test]
fn f18_who_changes_group_or_role_between_two_pages_ends_with_what_is_theirs() {
    let mut office = Office::new();
    let [anna] = office.users();
    let (own, other) = (office.group, office.write(|tx| tx.create_group("Elsewhere")));
    office.import(Some(own), "Ours", 2_500, "Ours.");
    office.import(Some(other), "Theirs", 2_500, "Theirs.");
    let is_all = |phone: &Phone, words: &[&str]| {
        phone.held.len() == 2_500 * words.len()
            && phone.titles().iter().all(|title| words.iter().any(|word| title.starts_with(word)))
    };
    let mut phone = Phone::default();
    assert!(phone.page(&office, anna));
    office.write(|tx| tx.change_user(anna, &UserChange { group: Some(other), ..UserChange::default() }));
    phone.pages(&office, anna);
    assert!(is_all(&phone, &["Theirs"]));
    office.role(anna, Role::SystemOwner);
    assert!(phone.page(&office, anna));
    phone.pages(&office, anna);
    assert!(is_all(&phone, &["Ours", "Theirs"]));
    office.role(anna, Role::User);
    assert!(phone.page(&office, anna));
    phone.pages(&office, anna);
    assert!(is_all(&phone, &["Theirs"]));
}
