//! PRODUCT's table of rights, walked: every command over all roles and groups, and everything that a user can be to a chat.

use std::sync::Arc;

use serde_json::{Value, json};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::{CommandBody, CommandFrame};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, GroupId, LabelId, QueueId, UserId};
use switchboard_server::rights::{self, Action, Part};
use switchboard_server::{NewChannel, Route};

use crate::rights::{Person, everybody};
use crate::support::{Phone, World, chat_of};

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
