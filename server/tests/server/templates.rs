//! F18: templates over HTTP: whose they are, what cannot be stored, and two who change one at once.

use serde_json::{Value, json};
use switchboard_protocol::collection::Role;

use crate::support::{Http, World, http};

struct Manager<'a> {
    world: &'a World,
    token: String,
}

impl Manager<'_> {
    async fn send(&self, method: &str, path: &str, body: &Value) -> Http {
        let line = format!("Bearer {}", self.token);
        let headers = [("Authorization", line.as_str()), ("Content-Type", "application/json")];
        http(self.world.addr(), method, &format!("/v1/templates{path}"), &headers, body.to_string().as_bytes()).await
    }

    #[track_caller]
    fn is(answer: &Http, status: u16, code: &str) {
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{}", answer.body);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_of_two_who_change_a_template_the_second_is_told() {
    let world = World::new(1).await;
    let sales = world.admin.find_group("Sales").await.unwrap();
    let manager = world.user("Manager", Role::Manager, sales).await;
    let token = world.device_of(manager).await.token;
    let manager = Manager { world: &world, token };
    let text = |text: &str| json!({ "group": sales.to_string(), "title": " Greeting ", "text": text });
    let edition = |edition: Value, of: &str| {
        let mut body = text(of);
        body["edition"] = edition;
        body
    };
    let made = manager.send("POST", "", &text("Good day, {{contact.name}}\r\nhow are you?")).await;
    assert_eq!((made.status, made.header("cache-control")), (201, Some("no-store")), "{}", made.body);
    let made = made.json();
    assert_eq!((&made["edition"], &made["title"]), (&json!(1), &json!("Greeting")));
    assert_eq!(made["text"], "Good day, {{contact.name}}\nhow are you?", "lines end in one way");
    let path = format!("/{}", made["id"].as_str().unwrap());

    let first = manager.send("PUT", &path, &edition(json!(1), "first")).await;
    assert_eq!((first.status, &first.json()["edition"]), (200, &json!(2)), "{}", first.body);
    Manager::is(&manager.send("PUT", &path, &edition(json!(1), "second")).await, 409, "changed");
    Manager::is(&manager.send("DELETE", &format!("{path}?edition=1"), &json!({})).await, 409, "changed");
    // What was not changed has no new edition.
    assert_eq!(manager.send("PUT", &path, &edition(json!(2), "first")).await.json()["edition"], 2);
    for bad in [Value::Null, json!("2"), json!(-1)] {
        Manager::is(&manager.send("PUT", &path, &edition(bad, "x")).await, 400, "bad_request");
    }
    for bad in ["", "?edition=", "?edition=x", "?edition=-1"] {
        Manager::is(&manager.send("DELETE", &format!("{path}{bad}"), &json!({})).await, 400, "bad_request");
    }
    let mut phone = world.phone(0).await;
    let (rows, rev) = phone.pull("templates", 0).await;
    assert_eq!((rows.len(), &rows[0]["row"]["text"], &rows[0]["row"]["edition"]), (1, &json!("first"), &json!(2)));
    assert_eq!(manager.send("DELETE", &format!("{path}?edition=2"), &json!({})).await.status, 204);
    Manager::is(&manager.send("DELETE", &format!("{path}?edition=2"), &json!({})).await, 404, "not_found");
    Manager::is(&manager.send("PUT", &path, &edition(json!(2), "back")).await, 404, "not_found");
    let (rows, _) = phone.pull("templates", rev).await;
    assert_eq!((rows.len(), &rows[0]["row"]), (1, &Value::Null), "phones hear that it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_another_groups_template_is_not_there_and_none_is_given_to_it() {
    let world = World::new(1).await;
    let sales = world.admin.find_group("Sales").await.unwrap();
    let repairs = world.admin.create_group("Repairs").await.unwrap();
    let mut managers = Vec::new();
    for (name, role, group) in
        [("Here", Role::Manager, sales), ("There", Role::GroupOwner, repairs), ("All", Role::SystemOwner, repairs)]
    {
        let user = world.user(name, role, group).await;
        managers.push(Manager { world: &world, token: world.device_of(user).await.token });
    }
    let [here, there, all] = &managers[..] else { panic!() };
    let body = |group: Value, edition: Value| json!({ "group": group, "title": "Greeting", "text": "Good day", "edition": edition });
    let (of_sales, of_repairs) = (json!(sales.to_string()), json!(repairs.to_string()));
    let path = |made: &Http| format!("/{}", made.json()["id"].as_str().unwrap());
    let ours = here.send("POST", "", &body(of_sales.clone(), Value::Null)).await;
    assert_eq!(ours.status, 201, "{}", ours.body);
    let ours = path(&ours);
    let companys = path(&all.send("POST", "", &body(Value::Null, Value::Null)).await);

    Manager::is(&there.send("POST", "", &body(of_sales.clone(), Value::Null)).await, 403, "forbidden");
    Manager::is(&there.send("PUT", &ours, &body(of_repairs.clone(), json!(1))).await, 404, "not_found");
    // Not even that it is there: what does not exist is answered alike.
    let nowhere = format!("/{}", switchboard_protocol::ids::TemplateId::new());
    let (hidden, absent) = (
        there.send("DELETE", &format!("{ours}?edition=1"), &json!({})).await,
        there.send("DELETE", &format!("{nowhere}?edition=1"), &json!({})).await,
    );
    assert_eq!((hidden.status, hidden.body), (absent.status, absent.body));
    // One's own cannot be pushed into another group or the company's; the company's is seen, and a system owner's.
    Manager::is(&here.send("PUT", &ours, &body(of_repairs.clone(), json!(1))).await, 403, "forbidden");
    Manager::is(&here.send("PUT", &ours, &body(Value::Null, json!(1))).await, 403, "forbidden");
    Manager::is(&here.send("PUT", &companys, &body(of_sales, json!(1))).await, 403, "forbidden");
    Manager::is(&here.send("DELETE", &format!("{companys}?edition=1"), &json!({})).await, 403, "forbidden");
    assert_eq!(all.send("PUT", &ours, &body(of_repairs, json!(1))).await.status, 200);
    // It moved: its former group has it no more.
    Manager::is(&here.send("DELETE", &format!("{ours}?edition=2"), &json!({})).await, 404, "not_found");
    assert_eq!(there.send("DELETE", &format!("{ours}?edition=2"), &json!({})).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn f24_a_template_that_cannot_be_stored_says_what_is_wrong() {
    let world = World::new(1).await;
    let sales = world.admin.find_group("Sales").await.unwrap();
    let manager = world.user("Owner", Role::SystemOwner, sales).await;
    let manager = Manager { world: &world, token: world.device_of(manager).await.token };
    let good = json!({ "title": "Greeting", "text": "Good day" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    for (field, value, names) in [
        ("text", json!("Hello {{contact.shoe_size}}"), "{{contact.shoe_size}}"),
        ("text", json!("Hello {{contact.name"), "{{ without }}"),
        ("text", json!("{{ Hello {{contact.name}}"), "{{ without }}"),
        ("text", json!(" \n"), "the text is empty"),
        ("text", json!("x".repeat(16 * 1024 + 1)), "the text is empty or longer"),
        ("title", json!(""), "the title is empty"),
        ("language", json!("English"), "\"english\""),
        ("category", json!("c".repeat(61)), "the category is longer"),
        ("keywords", json!("k".repeat(1_001)), "the keywords are longer"),
        ("group", json!(switchboard_protocol::ids::GroupId::new().to_string()), "no such group"),
    ] {
        let answer = manager.send("POST", "", &with(field, value)).await;
        Manager::is(&answer, 422, "bad_template");
        assert!(answer.json()["detail"].as_str().unwrap().contains(names), "{names}: {}", answer.body);
    }
    for (field, value) in [
        ("keyword", json!("hello")),
        ("id", json!("x")),
        ("group", json!("Sales")),
        ("text", json!(7)),
        ("title", Value::Null),
    ] {
        let answer = manager.send("POST", "", &with(field, value)).await;
        Manager::is(&answer, 400, "bad_request");
        assert!(!answer.body.contains("Good day"), "what was sent does not come back: {}", answer.body);
    }
    // A table could not tell two of one group, language and title apart, however they are written.
    let first = json!({ "title": "Twice", "text": "once", "language": "en" });
    assert_eq!(manager.send("POST", "", &first).await.status, 201);
    let answer = manager.send("POST", "", &json!({ "title": "TWICE", "text": "again", "language": "en" })).await;
    Manager::is(&answer, 422, "bad_template");
    let russian = json!({ "title": "Twice", "text": "once", "language": "ru" });
    assert_eq!(manager.send("POST", "", &russian).await.status, 201);
    // The largest text, every letter of it escaped, gets through.
    assert_eq!(manager.send("POST", "", &with("text", json!("\u{1}x".repeat(8 * 1024)))).await.status, 201);
    let (rows, _) = world.phone(0).await.pull("templates", 0).await;
    assert_eq!(rows.len(), 3, "nothing else was stored");
}
