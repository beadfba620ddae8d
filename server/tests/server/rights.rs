//! PRODUCT's table of rights, walked: every route and every command, over all roles, the own group and another one, and
//! everything that a user can be to a chat.

use std::sync::Arc;

use serde_json::{Value, json};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::{CommandBody, CommandFrame};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, GroupId, LabelId, QueueId, UserId};
use switchboard_server::rights::{self, Action, Part, RouteRight};
use switchboard_server::routing::QueueSettings;
use switchboard_server::{NewChannel, Route};

use crate::support::{Http, Phone, Signed, Widget, World, chat_of, http};

/// A user of each role in each of two groups, the first of which is the one that things belong to.
struct Person {
    name: String,
    role: Role,
    own_group: bool,
    user: UserId,
    signed: Signed,
}

async fn everybody(world: &World, own: GroupId, other: GroupId) -> Vec<Person> {
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

/// A template of a group, made by somebody who may.
async fn template(world: &World, by: &Person, group: GroupId) -> String {
    let body = json!({ "group": group.to_string(), "title": "Greeting", "text": "Good day" });
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
                        let body = json!({ "group": group, "title": "Greeting", "text": "Good day" });
                        let made = send(&world, "POST", &route.path, &person.signed.token, &body).await;
                        assert_eq!(made.status, if may { 201 } else { 403 }, "{what}, {group:?}: {}", made.body);
                    }
                }
                ("PUT" | "DELETE", "/v1/templates/{id}") => {
                    assert_eq!(action, Action::Templates);
                    let id = template(&world, &people[6], own).await;
                    let body = json!({ "edition": 1, "group": own.to_string(), "title": "Parting", "text": "Goodbye" });
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

/// Who may give a command about a chat: candidate, owner, reader of a closed one, sender of one passed on, member of a
/// staff chat, one who was offered it once, stranger.
const COMMANDS: &str = "\
    reply         yes yes no  no  no  no  no\n\
    take          yes yes no  no  no  no  no\n\
    read          yes yes yes no  yes no  no\n\
    transfer      yes yes yes no  no  no  no\n\
    dealt_with    yes yes no  no  no  no  no\n\
    end           yes yes no  no  no  no  no\n\
    block         no  yes no  no  no  no  no\n\
    archive       yes yes yes no  yes no  no\n\
    unarchive     yes yes yes no  yes no  no\n\
    ignore        yes no  no  no  no  no  no\n\
    snooze        yes yes yes no  yes no  no\n\
    delete        yes yes yes yes yes no  no\n\
    add_contact   yes yes yes no  no  no  no\n\
    note          yes yes yes no  no  no  no\n\
    note_to_owner yes yes yes yes no  yes no\n\
    label_chat    yes yes yes no  no  no  no\n\
    say           no  no  no  no  yes no  no\n\
    rename_group  no  no  no  no  yes no  no\n\
    add_members   no  no  no  no  yes no  no\n\
    remove_member no  no  no  no  yes no  no\n\
    leave         no  no  no  no  yes no  no\n";

/// What everybody may do whatever the role: about one's own work, staff chats that are yet to be, contacts and labels. In an
/// order in which each finds what it needs.
const OWN: &[&str] = &[
    "presence",
    "schedule",
    "queue_login",
    "open_direct",
    "create_group",
    "edit_contact",
    "save_label",
    "label_contact",
    "add_contact_note",
    "delete_contact_note",
    "merge_contacts",
    "part_contact",
    "delete_label",
];

fn may(kind: &str, part: Part) -> Option<bool> {
    let line = COMMANDS.lines().find(|line| line.split_whitespace().next() == Some(kind))?;
    let column = Part::ALL.iter().position(|known| *known == part)?;
    line.split_whitespace().nth(column + 1).map(|word| word == "yes")
}

/// What bodies speak of.
struct Things {
    /// Two colleagues; the first is in every chat of the walk.
    helpers: [UserId; 2],
    queue: QueueId,
    /// A label of the person's own group.
    label: LabelId,
    /// Contacts of two chats that the person sees.
    contacts: [String; 2],
    note: String,
}

/// A body that the command can have.
fn body(kind: &str, things: &Things) -> Value {
    let Things { helpers: [first, second], queue, label, contacts: [kept, merged], note } = things;
    let (first, second, label) = (first.to_string(), second.to_string(), label.to_string());
    match kind {
        "reply" | "say" | "note" | "note_to_owner" => json!({ "text": "an answer" }),
        "read" => json!({ "upto": 1 }),
        "transfer" => json!({ "to": { "kind": "user", "id": second } }),
        "snooze" => json!({}),
        "add_contact" => json!({ "name": "Ann" }),
        "presence" => json!({ "presence": "available" }),
        "schedule" => json!({}),
        "queue_login" => json!({ "queue": queue.to_string(), "logged_in": true }),
        "open_direct" => json!({ "user": second }),
        "create_group" => json!({ "name": "Lunch", "members": [first] }),
        "rename_group" => json!({ "name": "Dinner" }),
        "add_members" => json!({ "members": [second] }),
        "remove_member" => json!({ "member": first }),
        "label_chat" => json!({ "label": label, "on": true }),
        "edit_contact" => json!({ "contact": kept, "name": "Ann" }),
        "save_label" => json!({ "label": label, "name": format!("urgent {label}"), "color": "#c04000" }),
        "delete_label" => json!({ "label": label }),
        "label_contact" => json!({ "contact": kept, "label": label, "on": true }),
        "add_contact_note" => json!({ "contact": kept, "text": "calls on Mondays" }),
        "delete_contact_note" => json!({ "note": note }),
        "merge_contacts" => json!({ "kept": kept, "merged": merged }),
        "part_contact" => json!({ "contact": merged }),
        "take" | "dealt_with" | "end" | "block" | "archive" | "unarchive" | "ignore" | "delete" | "leave" => {
            Value::Null
        }
        _ => panic!("{kind}: a command that this test does not walk"),
    }
}

/// The command as the server reads it.
fn parsed(kind: &str, body: &Value) -> CommandBody {
    let frame = json!({ "id": CommandId::new().to_string(), "kind": kind, "body": body });
    let frame: CommandFrame = serde_json::from_str(&frame.to_string()).unwrap();
    CommandBody::parse(&frame).unwrap().unwrap()
}

/// One person's way over all commands, with two colleagues and a channel of its own.
struct Walk {
    world: Arc<World>,
    person: Person,
    phone: Phone,
    line: ChannelId,
    helper: Phone,
    things: Things,
    customers: u32,
}

impl Walk {
    async fn new(world: Arc<World>, person: Person, group: GroupId) -> Walk {
        let mut helpers = Vec::new();
        for n in 0..2 {
            helpers.push(world.user(&format!("Helper {n} of {}", person.name), Role::User, group).await);
        }
        let new = NewChannel::stub(&format!("Line of {}", person.name), ChannelKind::LiveChat);
        let line = world.admin.create_channel(NewChannel { group: Some(group), ..new }).await.unwrap().id;
        let helper = world.phone_of(helpers[0]).await;
        let mut phone = Phone::connect(world.addr(), &person.signed, None, 0).await;
        phone.caught_up().await;
        let things = Things {
            helpers: [helpers[0], helpers[1]],
            queue: world.queue,
            label: LabelId::new(),
            contacts: Default::default(),
            note: String::new(),
        };
        Walk { world, person, phone, line, helper, things, customers: 0 }
    }

    /// A customer's chat to which the person is this, with its epoch and its contact.
    async fn customers_chat(&mut self, part: Part) -> (String, u64, String) {
        let [first, second] = self.things.helpers;
        let other = if part == Part::Stranger { second } else { self.person.user };
        self.world.admin.set_route(self.line, Route::Users(vec![first, other])).await.unwrap();
        self.customers += 1;
        let customer = format!("customer {}", self.customers);
        self.world.admin.stub_receive(self.line, &customer, "1", "hello").await.unwrap();
        let opened = self.helper.event("chat_opened").await;
        let contact = opened["body"]["chat"]["contact"]["id"].as_str().unwrap().to_owned();
        let chat = chat_of(&opened);
        if matches!(part, Part::Candidate | Part::Stranger) {
            return (chat, 0, contact);
        }
        if part == Part::Former {
            assert_eq!(self.helper.take(&chat).await["status"], "applied");
            return (chat, 0, contact);
        }
        assert_eq!(self.phone.take(&chat).await["status"], "applied");
        let (kind, content) = match part {
            Part::Reader => ("dealt_with", Value::Null),
            Part::Sender => ("transfer", body("transfer", &self.things)),
            _ => return (chat, 1, contact),
        };
        let done = self.phone.any_command(kind, Some(&chat), 1, 1_000, content).await;
        assert_eq!(done["status"], "applied", "{part:?}: {done}");
        (chat, 2, contact)
    }

    /// A chat to which the person is this, and its epoch. Among staff it is a group, or for what is done to direct chats alone
    /// one of those.
    async fn chat(&mut self, part: Part, kind: &str) -> (String, u64) {
        if part != Part::Member {
            let (chat, epoch, _) = self.customers_chat(part).await;
            return (chat, epoch);
        }
        let me = self.person.user;
        let (chat, kind, content) = if kind == "delete" {
            (ChatId::direct(me, self.things.helpers[0]), "open_direct", json!({ "user": me.to_string() }))
        } else {
            (ChatId::new(), "create_group", json!({ "name": "Lunch", "members": [me.to_string()] }))
        };
        let chat = chat.to_string();
        let made = self.helper.any_command(kind, Some(&chat), 0, 0, content).await;
        assert_eq!(made["status"], "applied", "{made}");
        let said = self.helper.any_command("say", Some(&chat), 0, 0, json!({ "text": "hello" })).await;
        assert_eq!(said["status"], "applied", "{said}");
        (chat, 0)
    }

    /// Reading (F10): candidates, the owner and the reader of a closed chat get its pages, and the members of a staff chat;
    /// nobody else does.
    async fn reading(&mut self) {
        for &part in Part::ALL {
            let what = format!("{} as {part:?}", self.person.name);
            self.helper.seen.clear();
            let (chat, _) = self.chat(part, "fetch").await;
            let fetch = json!({ "type": "fetch", "req": 7, "chat": chat, "before": 100, "n": 10 });
            self.phone.wire.send(fetch).await;
            let answer = loop {
                let frame = self.phone.next().await;
                if matches!(frame["type"].as_str(), Some("page" | "error")) {
                    break frame;
                }
            };
            match part {
                Part::Candidate | Part::Owner | Part::Reader | Part::Member => {
                    let messages = answer["messages"].as_array().unwrap_or_else(|| panic!("{what}: {answer}"));
                    assert!(messages.iter().any(|message| message["text"] == "hello"), "{what}: {answer}");
                }
                Part::Sender | Part::Former | Part::Stranger => {
                    assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!("not_found")), "{what}");
                }
            }
        }
    }

    /// What needs no part in anything, whatever the role.
    async fn own(&mut self) {
        for at in 0..2 {
            self.helper.seen.clear();
            self.things.contacts[at] = self.customers_chat(Part::Candidate).await.2;
        }
        for &kind in OWN {
            let content = body(kind, &self.things);
            let command = parsed(kind, &content);
            assert_eq!(rights::of_command(&command).action(), Action::Own, "{kind}");
            let chat = match kind {
                "open_direct" => Some(ChatId::direct(self.person.user, self.things.helpers[1])),
                "create_group" => Some(ChatId::new()),
                _ => None,
            };
            assert_eq!(command.is_about_chat(), chat.is_some(), "{kind}");
            let chat = chat.map(|chat| chat.to_string());
            let result = self.phone.any_command(kind, chat.as_deref(), 0, 0, content).await;
            assert_eq!(result["status"], "applied", "{kind} by {}: {result}", self.person.name);
            if kind == "add_contact_note" {
                self.things.note = result["id"].as_str().unwrap().to_owned();
            }
        }
        // What is the whole company's only a system owner makes.
        let mut content = body("save_label", &self.things);
        content["label"] = json!(LabelId::new().to_string());
        content["company"] = json!(true);
        let result = self.phone.any_command("save_label", None, 0, 0, content).await;
        let expected = if self.person.role == Role::SystemOwner { Value::Null } else { json!("forbidden") };
        assert_eq!(result["code"], expected, "a company's label by {}: {result}", self.person.name);
        // One more to give to chats.
        self.things.label = LabelId::new();
        let result = self.phone.any_command("save_label", None, 0, 0, body("save_label", &self.things)).await;
        assert_eq!(result["status"], "applied", "{result}");
    }

    async fn all_commands(mut self) {
        self.reading().await;
        self.own().await;
        for &kind in CommandBody::KINDS {
            if OWN.contains(&kind) {
                continue;
            }
            let content = body(kind, &self.things);
            let command = parsed(kind, &content);
            let right = rights::of_command(&command);
            let by = format!("{kind} by {}", self.person.name);
            assert!(command.is_about_chat(), "{kind}");
            assert_eq!(right.action(), Action::Work, "{kind}");
            for &part in Part::ALL {
                let what = format!("{by} as {part:?}");
                let allowed = may(kind, part).unwrap_or_else(|| panic!("{kind} has no line in this test's table"));
                assert_eq!(right.admits(part), allowed, "{what}");
                self.helper.seen.clear();
                self.phone.seen.clear();
                let (chat, epoch) = self.chat(part, kind).await;
                let result = self.phone.any_command(kind, Some(&chat), epoch, 1_000, content.clone()).await;
                let code = result["code"].as_str().unwrap_or_default();
                if allowed {
                    // A played visitor has no address that could be blocked: the right was there.
                    let applied = result["status"] == "applied" || (kind == "block" && code == "no_address");
                    assert!(applied, "{what}: {result}");
                } else {
                    assert_ne!(result["status"], "applied", "{what}");
                    let refusals = [
                        "not_found",
                        "taken",
                        "not_owner",
                        "chat_closed",
                        "not_waiting",
                        "internal_chat",
                        "customer_chat",
                    ];
                    assert!(refusals.contains(&code), "{what}: {result}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_f10_f12_f14_f66_f67_every_command_over_all_roles_groups_and_parts() {
    let world = Arc::new(World::new(0).await);
    let own = world.admin.find_group("Sales").await.unwrap();
    let other = world.admin.create_group("Elsewhere").await.unwrap();
    let people = everybody(&world, own, other).await;
    let members: Vec<UserId> = people.iter().map(|person| person.user).collect();
    world.admin.set_queue_members(world.queue, &members).await.unwrap();
    // All at once: what takes the time is the disk, and what is written together costs it once.
    let mut walks = tokio::task::JoinSet::new();
    for person in people {
        let world = world.clone();
        walks.spawn(async move { Walk::new(world, person, own).await.all_commands().await });
    }
    while let Some(walked) = walks.join_next().await {
        if let Err(error) = walked {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}
