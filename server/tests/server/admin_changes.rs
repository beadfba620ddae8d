//! What an admin changes, in this process or from the command line beside it, reaches connected devices.

use serde_json::{Value, json};
use switchboard_protocol::collection::Role;
use switchboard_server::{Admin, NewUser, Route};

use crate::support::{Phone, World, chat_of};

/// The same changes by the running server itself and by another process's store.
async fn both(world: &World) -> [(&'static str, Admin); 2] {
    [("in process", world.admin.clone()), ("beside", Admin::open(&world.config).unwrap())]
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_who_joins_a_queue_is_offered_what_waits_and_who_leaves_loses_it() {
    let world = World::new(2).await;
    for (how, admin) in both(&world).await {
        admin.set_queue_members(world.queue, &[world.operators[0]]).await.unwrap();
        let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
        let mut visitor = world.widget().await;
        visitor.send("anybody there?").await;
        let chat = chat_of(&anna.event("chat_opened").await);

        admin.set_queue_members(world.queue, &world.operators).await.unwrap();
        assert_eq!(chat_of(&boris.event("chat_opened").await), chat, "{how}");
        let changed = match boris.seen.iter().find(|frame| frame["type"] == "changed") {
            Some(changed) => changed.clone(),
            None => boris.next_of("changed").await,
        };
        assert_eq!(changed["collection"], "queues", "{how}");

        admin.set_queue_members(world.queue, &[world.operators[0]]).await.unwrap();
        assert_eq!(boris.event("gone").await["body"]["reason"], "unassigned", "{how}");
        assert_eq!(anna.reply(&chat, 0, "yes").await["status"], "applied", "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_from_the_command_line_closes_the_socket() {
    let world = World::new(1).await;
    let beside = Admin::open(&world.config).unwrap();
    let signed = world.device(0).await;
    let mut phone = Phone::connect(world.addr(), &signed, None, 0).await;
    phone.caught_up().await;
    beside.revoke_device(signed.device).await.unwrap();
    let started = std::time::Instant::now();
    assert_eq!(phone.wire.bye().await["code"], "revoked");
    assert!(started.elapsed().as_secs() < 5);
    beside.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_a_chat_without_anybody_waits_until_there_is_somebody() {
    let world = World::new(1).await;
    world.admin.set_queue_members(world.queue, &[]).await.unwrap();
    let mut visitor = world.widget().await;
    assert_eq!(visitor.send("is this on?").await["type"], "accepted");
    let mut anna = world.phone(0).await;
    assert_eq!(anna.cursor, 0);
    world.admin.set_queue_members(world.queue, &world.operators).await.unwrap();
    let opened = anna.event("chat_opened").await;
    assert_eq!(opened["body"]["messages"][0]["text"], "is this on?");

    // Taken away by a route to a new user, who has it at once.
    let group = world.admin.find_group("Sales").await.unwrap();
    let new = NewUser { name: "Chloe".into(), email: None, role: Role::User, group, password: None, extension: None };
    let chloe = world.admin.create_user(new).await.unwrap();
    world.admin.set_route(world.channel.id, Route::Users(vec![chloe])).await.unwrap();
    assert_eq!(anna.event("gone").await["body"]["reason"], "unassigned");
}

#[tokio::test(flavor = "multi_thread")]
async fn f3_a_route_to_a_group_offers_to_all_of_it_also_to_who_joins_later() {
    let world = World::new(1).await;
    let group = world.admin.find_group("Sales").await.unwrap();
    world.admin.set_route(world.channel.id, Route::Group(group)).await.unwrap();
    let mut anna = world.phone(0).await;
    let mut visitor = world.widget().await;
    visitor.send("hello group").await;
    let opened = anna.event("chat_opened").await;
    assert_eq!(opened["body"]["chat"]["queue"], Value::Null);
    let new = NewUser { name: "Chloe".into(), email: None, role: Role::User, group, password: None, extension: None };
    let chloe = world.admin.create_user(new).await.unwrap();
    let code = world.admin.enrol(chloe).await.unwrap();
    let signed = crate::support::enrol(world.addr(), &code.code).await;
    let mut phone = Phone::connect(world.addr(), &signed, None, 0).await;
    phone.caught_up().await;
    let part = phone.seen.iter().find(|frame| frame["type"] == "snapshot_part").unwrap();
    assert_eq!(part["chats"][0]["chat"]["id"], opened["chat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f76_the_chats_of_a_disabled_user_return_to_their_route() {
    let world = World::new(2).await;
    let (mut anna, mut boris) = (world.phone(0).await, world.phone(1).await);
    let mut visitor = world.widget().await;
    visitor.send("hello").await;
    let chat = chat_of(&anna.event("chat_opened").await);
    boris.event("chat_opened").await;
    boris.command(switchboard_protocol::ids::CommandId::new(), "read", &chat, None, json!({ "upto": 1 })).await;
    assert_eq!(anna.take(&chat).await["status"], "applied");
    boris.event("gone").await;
    world.admin.disable_user(world.operators[0]).await.unwrap();
    assert_eq!(anna.wire.bye().await["code"], "revoked");
    let opened = boris.event("chat_opened").await;
    assert_eq!(
        (&opened["body"]["chat"]["state"], &opened["body"]["chat"]["owner_epoch"]),
        (&json!("waiting"), &json!(2))
    );
    // What Boris had read of it before is still his.
    assert_eq!(boris.event("user_chat").await["body"]["read_upto"], 1);
    assert_eq!(boris.reply(&chat, 2, "I go on").await["status"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn f61_a_visitor_is_told_who_joined_also_when_the_command_line_made_it_so() {
    let world = World::new(1).await;
    for (how, admin) in both(&world).await {
        admin.set_route(world.channel.id, Route::Queue(world.queue)).await.unwrap();
        admin.set_queue_members(world.queue, &[]).await.unwrap();
        let mut visitor = world.widget().await;
        visitor.send("anybody?").await;
        // Exactly one user is named: the chat is theirs at once.
        admin.set_route(world.channel.id, Route::Users(world.operators.clone())).await.unwrap();
        loop {
            let message = visitor.wire.next_of("message").await;
            if message["event"] != Value::Null {
                assert_eq!(message["event"]["name"], "Operator 0", "{how}: {message}");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_pulled_by_revision() {
    let world = World::new(2).await;
    let mut anna = world.phone(0).await;
    let revs = anna.welcome["revs"].clone();
    for (collection, names) in
        [("users", vec!["Operator 0", "Operator 1"]), ("queues", vec!["Front desk"]), ("channels", vec!["Shop"])]
    {
        anna.wire.send(json!({ "type": "pull", "req": 1, "collection": collection, "rev": 0 })).await;
        let rows = anna.next_of("rows").await;
        assert_eq!(rows["rev"], revs[collection]);
        let found: Vec<_> =
            rows["rows"].as_array().unwrap().iter().map(|row| row["row"]["name"].as_str().unwrap()).collect();
        assert_eq!(found, names);
        anna.wire.send(json!({ "type": "pull", "req": 2, "collection": collection, "rev": revs[collection] })).await;
        assert_eq!(anna.next_of("rows").await["rows"], json!([]));
    }
    world.admin.disable_user(world.operators[1]).await.unwrap();
    let changed = anna.next_of("changed").await;
    assert_eq!(changed["collection"], "users");
    anna.wire.send(json!({ "type": "pull", "req": 3, "collection": "users", "rev": revs["users"] })).await;
    let rows = anna.next_of("rows").await;
    assert_eq!((&rows["rows"][0]["row"]["disabled"], &rows["rev"]), (&json!(true), &changed["rev"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_admins_get_wrong_is_said_and_changes_nothing() {
    let world = World::new(1).await;
    let admin = &world.admin;
    let group = admin.find_group("Sales").await.unwrap();
    let user = |name: &str, email: Option<&str>| NewUser {
        name: name.into(),
        email: email.map(str::to_owned),
        role: Role::User,
        group,
        password: None,
        extension: None,
    };
    for (error, says) in [
        (admin.create_group("Sales").await.unwrap_err(), "already"),
        (admin.create_group("  ").await.unwrap_err(), "empty"),
        (admin.create_user(user("Operator 0", None)).await.unwrap_err(), "already"),
        (admin.create_user(user("New", Some("OP0@example.com"))).await.unwrap_err(), "already"),
        (admin.create_user(user("New", Some("no address"))).await.unwrap_err(), "e-mail"),
        (admin.create_user(user(&"x".repeat(201), None)).await.unwrap_err(), "200"),
        (admin.create_queue("Front desk", &[]).await.unwrap_err(), "already"),
        (admin.create_queue("Other", &[switchboard_protocol::ids::UserId::new()]).await.unwrap_err(), "user"),
        (admin.find_user("Nobody").await.unwrap_err(), "Nobody"),
    ] {
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(admin.list_users().await.unwrap().len(), 1);
    assert_eq!(admin.list_queues().await.unwrap().len(), 1, "a queue with a member that is none was not made");
}
