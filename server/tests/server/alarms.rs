//! Waiting chats that nobody looks after, and who is told.

use serde_json::{Value, json};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{AlarmKind, Role};
use switchboard_protocol::ids::UserId;
use switchboard_server::routing::{Distribution, QueueSettings};
use switchboard_server::store::people::UserChange;
use switchboard_server::{NewChannel, Route};

use crate::support::{Phone, World, chat_of};

async fn set_group(world: &World, group: Option<switchboard_protocol::ids::GroupId>) {
    let found = world.admin.queue(world.queue).await.unwrap();
    world.admin.set_queue(world.queue, QueueSettings { group, ..found.settings }, found.rev).await.unwrap();
}

/// What a phone holds of the alarms: pulled since the last revision, as an app does.
#[derive(Default)]
struct Held {
    rev: u64,
    chats: Vec<String>,
}

impl Held {
    async fn follow(&mut self, phone: &mut Phone) -> &[String] {
        let (rows, rev) = phone.pull("alarms", self.rev).await;
        self.rev = rev;
        for row in rows {
            let id = row["id"].as_str().unwrap().to_owned();
            self.chats.retain(|known| *known != id);
            if row["row"] != Value::Null {
                assert_eq!(row["row"]["chat"], id.as_str());
                self.chats.push(id);
            }
        }
        &self.chats
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_f75_a_strategy_without_members_lets_chats_wait_and_raises_an_alarm() {
    let world = World::new(1).await;
    let anna = world.operators[0];
    for (n, &name) in Distribution::NAMES.iter().enumerate() {
        let found = world.admin.queue(world.queue).await.unwrap();
        let distribution = Distribution::from_parts(name, Some(2), Some(anna)).unwrap();
        world
            .admin
            .set_queue(world.queue, QueueSettings { distribution, ..QueueSettings::default() }, found.rev)
            .await
            .unwrap();
        world.admin.set_queue_members(world.queue, &[]).await.unwrap();
        let mut visitor = world.widget().await;
        assert_eq!(visitor.send("anybody?").await["type"], "accepted", "{name}");
        let alarms = world.admin.alarms().await.unwrap();
        assert_eq!(alarms.len(), 1, "{name}");
        assert_eq!((alarms[0].row.kind, alarms[0].row.queue), (AlarmKind::Unattended, Some(world.queue)), "{name}");
        assert_eq!(alarms[0].row.channel, world.channel.id);
        // As soon as there is somebody the chat is offered, and the alarm is over.
        world.admin.set_queue_members(world.queue, &[anna]).await.unwrap();
        assert_eq!(world.admin.alarms().await.unwrap(), [], "{name}");
        let mut phone = world.phone(0).await;
        let offered = phone.seen.iter().filter(|frame| frame["type"] == "snapshot_part");
        let chats: Vec<Value> = offered.flat_map(|part| part["chats"].as_array().unwrap().clone()).collect();
        assert_eq!(chats.len(), n + 1, "{name}");
        let chat = alarms[0].row.chat.to_string();
        assert_eq!(phone.take(&chat).await["status"], "applied", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f75_an_alarm_reaches_who_manages_the_group_and_nobody_else() {
    let world = World::new(0).await;
    let sales = world.admin.find_group("Sales").await.unwrap();
    let other = world.admin.create_group("Support").await.unwrap();
    let mut people = Vec::new();
    for (name, role, group, sees) in [
        ("user", Role::User, sales, false),
        ("manager", Role::Manager, sales, true),
        ("group owner", Role::GroupOwner, sales, true),
        ("manager elsewhere", Role::Manager, other, false),
        ("group owner elsewhere", Role::GroupOwner, other, false),
        ("system owner", Role::SystemOwner, other, true),
    ] {
        let user = world.user(name, role, group).await;
        people.push((name, user, world.phone_of(user).await, Held::default(), sees));
    }
    set_group(&world, Some(sales)).await;
    let mut visitor = world.widget().await;
    visitor.send("anybody?").await;
    let chat = world.admin.alarms().await.unwrap()[0].row.chat.to_string();
    for (name, _, phone, held, sees) in &mut people {
        let changed = phone.next_of("changed").await;
        assert!(changed["rev"].as_u64().is_some());
        assert_eq!(held.follow(phone).await == [chat.clone()], *sees, "{name}");
        assert_eq!(held.chats.len(), usize::from(*sees), "{name}");
    }
    // The queue goes to the other group: who saw it no longer does, who did not does.
    set_group(&world, Some(other)).await;
    for (name, _, phone, held, sees) in &mut people {
        let sees = match *name {
            "system owner" => true,
            "user" => false,
            _ => !*sees,
        };
        assert_eq!(held.follow(phone).await.len(), usize::from(sees), "{name}");
    }
    // A manager who becomes a user sees nothing any more, one who changes groups the other group's.
    let (user, elsewhere): (UserId, UserId) = (people[3].1, people[1].1);
    world.admin.change_user(user, UserChange { role: Some(Role::User), ..UserChange::default() }).await.unwrap();
    world.admin.change_user(elsewhere, UserChange { group: Some(other), ..UserChange::default() }).await.unwrap();
    for (at, sees) in [(3, 0), (1, 1)] {
        let (_, _, phone, held, _) = &mut people[at];
        assert_eq!(held.follow(phone).await.len(), sees);
    }
    // It ends: a row to be removed for who had it.
    let chloe = world.user("Chloe", Role::User, sales).await;
    world.admin.set_queue_members(world.queue, &[chloe]).await.unwrap();
    for (name, _, phone, held, _) in &mut people {
        assert!(held.follow(phone).await.is_empty(), "{name}");
    }
    // Who comes now is told nothing of what is over.
    let mut late = world.phone_of(people[5].1).await;
    assert_eq!(late.pull("alarms", 0).await.0, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn f75_a_chat_without_a_route_is_alarmed_for_its_channels_group() {
    let world = World::new(0).await;
    let sales = world.admin.find_group("Sales").await.unwrap();
    let new = NewChannel { group: Some(sales), ..NewChannel::stub("Line", ChannelKind::Sms) };
    let line = world.admin.create_channel(new).await.unwrap();
    let manager = world.user("Manager", Role::Manager, sales).await;
    let mut phone = world.phone_of(manager).await;
    world.admin.stub_receive(line.id, "+49301234567", "1", "hello").await.unwrap();
    let (rows, rev) = phone.pull("alarms", 0).await;
    // The customer goes on writing: the same alarm, and nothing new to tell.
    world.admin.stub_receive(line.id, "+49301234567", "2", "hello?").await.unwrap();
    assert_eq!(phone.pull("alarms", rev).await, (Vec::new(), rev));
    assert_eq!(
        (&rows[0]["row"]["kind"], &rows[0]["row"]["channel"], &rows[0]["row"]["queue"]),
        (&json!("unattended"), &json!(line.id.to_string()), &Value::Null)
    );
    // A route to the manager alone: owned at once, and nothing to be alarmed of.
    world.admin.set_route(line.id, Route::Users(vec![manager])).await.unwrap();
    assert_eq!(chat_of(&phone.event("chat_opened").await), rows[0]["id"].as_str().unwrap());
    assert_eq!(world.admin.alarms().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn f6_a_chat_that_all_candidates_ignore_raises_an_alarm_until_somebody_comes_back() {
    let world = World::new(2).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let mut visitor = world.widget().await;
    visitor.send("please").await;
    let chat = chat_of(&anna.event("chat_opened").await);
    boris.event("chat_opened").await;
    assert_eq!(anna.any_command("ignore", Some(&chat), 0, 1, Value::Null).await["status"], "applied");
    assert_eq!(world.admin.alarms().await.unwrap(), [], "one of two still looks at it");
    assert_eq!(boris.any_command("ignore", Some(&chat), 0, 1, Value::Null).await["status"], "applied");
    let alarms = world.admin.alarms().await.unwrap();
    assert_eq!((alarms.len(), alarms[0].row.kind), (1, AlarmKind::Ignored));
    // The customer writes again: all of them see it again.
    visitor.send("hello?").await;
    assert_eq!(world.admin.alarms().await.unwrap(), []);
}
