//! PRODUCT's table of rights, walked: every route over all roles, the own group and another one.

use serde_json::{Value, json};
use switchboard_protocol::collection::Role;
use switchboard_protocol::ids::{GroupId, UserId};
use switchboard_server::rights::{Action, RouteRight};
use switchboard_server::routing::QueueSettings;

use crate::support::{Http, Phone, Signed, Widget, World, chat_of, http};

/// A user of each role in each of two groups, the first of which is the one that things belong to.
pub struct Person {
    pub name: String,
    pub role: Role,
    pub own_group: bool,
    pub user: UserId,
    pub signed: Signed,
}

pub async fn everybody(world: &World, own: GroupId, other: GroupId) -> Vec<Person> {
    let mut people = Vec::new();
    for &role in Role::ALL {
        for (group, own_group) in [(own, true), (other, false)] {
            let name = format!("{} {}", role.as_str(), if own_group { "here" } else { "elsewhere" });
            let user = world.user(&name, role, group).await;
            people.push(Person { name, role, own_group, user, signed: world.device_of(user).await });
        }
    }
    people
}

/// What PRODUCT.md's table says of seeing and lifting blocks, and of managing templates.
fn oversees(person: &Person) -> bool {
    match person.role {
        Role::User => false,
        Role::Manager | Role::GroupOwner => person.own_group,
        Role::SystemOwner => true,
    }
}

async fn request(world: &World, method: &str, path: &str, token: Option<&str>) -> Http {
    let line = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = line.iter().map(|line| ("Authorization", line.as_str())).collect();
    http(world.addr(), method, path, &headers, b"").await
}

async fn send(world: &World, method: &str, path: &str, token: &str, body: &Value) -> Http {
    let line = format!("Bearer {token}");
    let headers = [("Authorization", line.as_str()), ("Content-Type", "application/json")];
    http(world.addr(), method, path, &headers, body.to_string().as_bytes()).await
}

/// A title that no other template has: one stands once in a group and language.
fn title() -> String {
    format!("Title {}", switchboard_protocol::ids::TemplateId::new())
}

/// A template of a group, made by somebody who may.
async fn template(world: &World, by: &Person, group: GroupId) -> String {
    let body = json!({ "group": group.to_string(), "title": title(), "text": "Good day" });
    let made = send(world, "POST", "/v1/templates", &by.signed.token, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A visitor's chat that the operator has, and the visitor is blocked because of it; what was lifted is set again.
async fn block(world: &World, phone: &mut Phone) -> String {
    let blocks = world.admin.list_blocks().await.unwrap();
    if let Some(block) = blocks.first() {
        return block.id.to_string();
    }
    let mut visitor = world.widget().await;
    assert_eq!(visitor.send("let me in").await["type"], "accepted");
    let chat = chat_of(&phone.event("chat_opened").await);
    assert_eq!(phone.take(&chat).await["status"], "applied");
    let result = phone.any_command("block", Some(&chat), 1, 1_000, Value::Null).await;
    assert_eq!(result["status"], "applied", "{result}");
    world.admin.list_blocks().await.unwrap()[0].id.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn f18_f31_f42_every_route_over_all_roles_and_groups() {
    let world = World::new(1).await;
    let own = world.admin.find_group("Sales").await.unwrap();
    let other = world.admin.create_group("Elsewhere").await.unwrap();
    let found = world.admin.queue(world.queue).await.unwrap();
    let settings = QueueSettings { group: Some(own), ..found.settings };
    world.admin.set_queue(world.queue, settings, found.rev).await.unwrap();
    let people = everybody(&world, own, other).await;
    let revoked = world.device_of(people[7].user).await;
    world.admin.revoke_device(revoked.device).await.unwrap();
    let mut operator = world.phone(0).await;
    let mut visitor = world.widget().await;
    visitor.send("hello").await;
    let chat = chat_of(&operator.event("chat_opened").await);
    let operators_token = world.device(0).await.token;

    let routes = switchboard_server::routes();
    assert!(routes.len() >= 18, "the table of routes is there");
    for route in &routes {
        let what = format!("{} {}", route.method, route.path);
        let strangers = request(&world, route.method, &route.path.replace("{key}", &world.channel.key), None).await;
        let RouteRight::Device(action) = route.right else {
            // Open to strangers; what they have to prove stands in the request, which is empty here. Signing out takes its
            // token as that proof.
            let sign_out = route.path == switchboard_protocol::device::SIGN_OUT_PATH;
            assert_eq!(matches!(strangers.status, 401 | 403), sign_out, "{what}: {}", strangers.status);
            continue;
        };
        assert_eq!(strangers.status, 401, "{what} without a token");
        for token in ["", "x", &"A".repeat(43)] {
            assert_eq!(request(&world, route.method, &route.path, Some(token)).await.status, 401, "{what}: {token:?}");
        }
        let answer = request(&world, route.method, &route.path, Some(&revoked.token)).await;
        assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("revoked")), "{what}");
        for person in &people {
            let what = format!("{what} by {}", person.name);
            let token = Some(person.signed.token.as_str());
            match (route.method, route.path.as_str()) {
                ("GET", "/v1/blocks") => {
                    let id = block(&world, &mut operator).await;
                    let answer = request(&world, "GET", &route.path, token).await;
                    if person.role == Role::User {
                        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("forbidden")), "{what}");
                        continue;
                    }
                    let expected = if oversees(person) { 1 } else { 0 };
                    let rows = answer.json();
                    assert_eq!((answer.status, rows.as_array().unwrap().len()), (200, expected), "{what}");
                    assert!(expected == 0 || rows[0]["id"] == id.as_str(), "{what}");
                }
                ("DELETE", "/v1/blocks/{id}") => {
                    let id = block(&world, &mut operator).await;
                    let path = format!("/v1/blocks/{id}");
                    let expected = match (person.role, oversees(person)) {
                        (Role::User, _) => 403,
                        (_, true) => 204,
                        (_, false) => 404,
                    };
                    assert_eq!(request(&world, "DELETE", &path, token).await.status, expected, "{what}");
                    let left = world.admin.list_blocks().await.unwrap().len();
                    assert_eq!(left, usize::from(expected != 204), "{what}: lifted when and only when it may be");
                    if expected == 204 {
                        assert_eq!(request(&world, "DELETE", &path, token).await.status, 404, "{what}, twice");
                    }
                }
                ("GET", "/v1/chats/{id}/sharing" | "/v1/chats/{id}/history") => {
                    assert_eq!(action, Action::Work);
                    // Nobody of them sees the chat, whatever the role; its operator does.
                    let path = route.path.replace("{id}", &chat);
                    assert_eq!(request(&world, "GET", &path, token).await.status, 404, "{what}");
                    let answer = request(&world, "GET", &path, Some(&operators_token)).await;
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    let (visitors, entries) = (&answer.json()["visitors"], &answer.json()["entries"]);
                    assert!(
                        visitors.as_u64() >= Some(1) || entries.as_array().is_some_and(|entries| !entries.is_empty()),
                        "{path}"
                    );
                }
                ("POST", "/v1/templates") => {
                    assert_eq!(action, Action::Templates);
                    for (group, may) in [(Some(own), oversees(person)), (None, person.role == Role::SystemOwner)] {
                        let group = group.map(|group| group.to_string());
                        let body = json!({ "group": group, "title": title(), "text": "Good day" });
                        let made = send(&world, "POST", &route.path, &person.signed.token, &body).await;
                        assert_eq!(made.status, if may { 201 } else { 403 }, "{what}, {group:?}: {}", made.body);
                    }
                }
                ("PUT" | "DELETE", "/v1/templates/{id}") => {
                    assert_eq!(action, Action::Templates);
                    let id = template(&world, &people[6], own).await;
                    let body = json!({ "edition": 1, "group": own.to_string(), "title": title(), "text": "Goodbye" });
                    let delete = route.method == "DELETE";
                    let path = format!("/v1/templates/{id}{}", if delete { "?edition=1" } else { "" });
                    let answer = send(&world, route.method, &path, &person.signed.token, &body).await;
                    let expected = match (person.role, oversees(person)) {
                        (Role::User, _) => 403,
                        (_, false) => 404,
                        (_, true) if delete => 204,
                        (_, true) => 200,
                    };
                    assert_eq!(answer.status, expected, "{what}: {}", answer.body);
                }
                _ => panic!("{what}: a route that this test does not walk"),
            }
        }
    }
    // What is no id is not there, and what is not registered neither.
    let token = Some(people[6].signed.token.as_str());
    for (method, path) in [("DELETE", "/v1/blocks/x"), ("GET", "/v1/chats/1/sharing"), ("GET", "/v1/everything")] {
        assert_eq!(request(&world, method, path, token).await.status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_a_manager_sees_a_block_with_who_set_it_and_lifting_it_lets_the_visitor_write_again() {
    let world = World::new(1).await;
    let own = world.admin.find_group("Sales").await.unwrap();
    let found = world.admin.queue(world.queue).await.unwrap();
    let settings = QueueSettings { group: Some(own), ..found.settings };
    world.admin.set_queue(world.queue, settings, found.rev).await.unwrap();
    let manager = world.user("Manager", Role::Manager, own).await;
    let token = world.device_of(manager).await.token;
    let mut operator = world.phone(0).await;
    let id = block(&world, &mut operator).await;
    let rows = request(&world, "GET", "/v1/blocks", Some(&token)).await.json();
    assert_eq!(
        (&rows[0]["id"], &rows[0]["by"], &rows[0]["visitors"]),
        (&json!(id), &json!(world.operators[0].to_string()), &json!(1))
    );
    assert_eq!(rows[0]["address"], "127.0.0.1");
    let day = rows[0]["expires_at"].as_i64().unwrap() - rows[0]["created_at"].as_i64().unwrap();
    assert_eq!(day, 24 * 60 * 60 * 1000);

    // Whoever comes from that address is told so, until the block is lifted.
    let hello = json!({ "type": "hello", "v": 1, "channel": world.channel.key, "after": 0 });
    let mut shut_out = Widget::open(world.addr()).await;
    shut_out.send(hello).await;
    assert_eq!(shut_out.bye().await["code"], "blocked");
    assert_eq!(request(&world, "DELETE", &format!("/v1/blocks/{id}"), Some(&token)).await.status, 204);
    assert_eq!(request(&world, "GET", "/v1/blocks", Some(&token)).await.json(), json!([]));
    assert_eq!(world.widget().await.send("thank you").await["type"], "accepted");
}
