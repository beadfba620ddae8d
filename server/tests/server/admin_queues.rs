//! What admins set of queues and people, two of them at once among it.

use serde_json::{Value, json};
use switchboard_protocol::collection::{Presence, Role};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{GroupId, UserId};
use switchboard_server::routing::{Distribution, QueueSettings};
use switchboard_server::store::people::UserChange;
use switchboard_server::{Admin, NewUser, StoreError};

use crate::support::World;

fn hours() -> WeekHours {
    WeekHours {
        zone: "Europe/Berlin".into(),
        intervals: vec![Interval { day: 1, from: 22 * 60, to: 6 * 60 }],
        holidays: vec!["2026-12-25".into()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_of_two_admins_who_edit_one_queue_the_second_is_told() {
    let world = World::new(2).await;
    let beside = Admin::open(&world.config).unwrap();
    let (mine, theirs) = (world.admin.queue(world.queue).await.unwrap(), beside.queue(world.queue).await.unwrap());
    assert_eq!((&mine, mine.settings.clone()), (&theirs, QueueSettings::default()));

    let first = QueueSettings { distribution: Distribution::RoundRobin, ..mine.settings };
    let rev = world.admin.set_queue(world.queue, first.clone(), mine.rev).await.unwrap();
    let second = QueueSettings { take_first: true, ..theirs.settings };
    let refused = beside.set_queue(world.queue, second.clone(), theirs.rev).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Changed(_)), "{refused}");
    assert!(refused.to_string().contains("Front desk"), "{refused}");
    // Nothing of the second is stored; who looks again goes on from what the first one set.
    let now = beside.queue(world.queue).await.unwrap();
    assert_eq!((&now.settings, now.rev), (&first, rev));
    beside.set_queue(world.queue, QueueSettings { take_first: true, ..now.settings }, now.rev).await.unwrap();
    let now = world.admin.queue(world.queue).await.unwrap();
    assert_eq!(now.settings, QueueSettings { take_first: true, ..first });

    // Members are part of what one looks at, and the same holds for them.
    world.admin.set_queue_members_at(world.queue, &world.operators[..1], now.rev).await.unwrap();
    let refused = beside.set_queue_members_at(world.queue, &world.operators, now.rev).await.unwrap_err();
    assert!(matches!(refused, StoreError::Changed(_)));
    let refused = beside.set_queue(world.queue, second, now.rev).await.unwrap_err();
    assert!(matches!(refused, StoreError::Changed(_)));

    // A member who logs out is no admin: an edit that began before still stands.
    let now = world.admin.queue(world.queue).await.unwrap();
    beside.set_queue_login(world.operators[0], world.queue, false).await.unwrap();
    world.admin.set_queue(world.queue, QueueSettings::default(), now.rev).await.unwrap();
    let now = world.admin.queue(world.queue).await.unwrap();
    assert_eq!((&now.members, &now.logged_out), (&vec![world.operators[0]], &vec![world.operators[0]]));
    beside.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_of_many_admins_at_the_same_moment_one_wins_each_round() {
    let world = World::new(1).await;
    for round in 1..=5 {
        let rev = world.admin.queue(world.queue).await.unwrap().rev;
        let mut edits = tokio::task::JoinSet::new();
        for n in 1..=8 {
            let admin = world.admin.clone();
            let settings = QueueSettings { return_within_ms: round * 100 + n, ..QueueSettings::default() };
            let queue = world.queue;
            edits.spawn(async move { admin.set_queue(queue, settings.clone(), rev).await.map(|_| settings) });
        }
        let (mut won, mut changed) = (Vec::new(), 0);
        while let Some(edit) = edits.join_next().await {
            match edit.unwrap() {
                Ok(settings) => won.push(settings),
                Err(StoreError::Changed(_)) => changed += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!((won.len(), changed), (1, 7));
        assert_eq!(world.admin.queue(world.queue).await.unwrap().settings, won[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f69_every_setting_of_a_queue_is_kept_and_what_makes_no_sense_is_refused() {
    let world = World::new(2).await;
    let group = world.admin.find_group("Sales").await.unwrap();
    let all = QueueSettings {
        group: Some(group),
        distribution: Distribution::OneUser { user: world.operators[1] },
        widen_after_ms: Some(90_000),
        take_first: true,
        release_after_ms: Some(300_000),
        return_within_ms: 600_000,
        hours: Some(hours()),
        out_of_office: Some("We are back at 22:00".into()),
    };
    let rev = world.admin.queue(world.queue).await.unwrap().rev;
    let rev = world.admin.set_queue(world.queue, all.clone(), rev).await.unwrap();
    assert_eq!(world.admin.queue(world.queue).await.unwrap().settings, all);
    // Every distribution, with what belongs to it.
    for &name in Distribution::NAMES {
        let distribution = Distribution::from_parts(name, Some(7), Some(world.operators[0])).unwrap();
        let made = world
            .admin
            .create_queue_with(name, &world.operators, QueueSettings { distribution, ..QueueSettings::default() })
            .await
            .unwrap();
        assert_eq!(world.admin.queue(made).await.unwrap().settings.distribution, distribution);
    }

    let bad_hours = |change: fn(&mut WeekHours)| {
        let mut hours = hours();
        change(&mut hours);
        QueueSettings { hours: Some(hours), ..QueueSettings::default() }
    };
    let of = |distribution| QueueSettings { distribution, ..QueueSettings::default() };
    for (settings, says) in [
        (of(Distribution::Random { n: 0 }), "at least 1"),
        (of(Distribution::OneUser { user: UserId::new() }), "no member"),
        (QueueSettings { widen_after_ms: Some(-1), ..QueueSettings::default() }, "widen_after_ms"),
        (QueueSettings { group: Some(GroupId::new()), ..QueueSettings::default() }, "group"),
        (QueueSettings { out_of_office: Some("  ".into()), ..QueueSettings::default() }, "out_of_office"),
        (bad_hours(|hours| hours.zone = "Europe/Atlantis".into()), "Atlantis"),
        (bad_hours(|hours| hours.intervals[0].day = 8), "hours"),
        (bad_hours(|hours| hours.holidays[0] = "25.12.".into()), "25.12."),
    ] {
        let refused = world.admin.set_queue(world.queue, settings, rev).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
    assert_eq!(world.admin.queue(world.queue).await.unwrap().settings, all);
    let refused = world.admin.create_queue_with("Other", &[], of(Distribution::First { n: 0 })).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)));
    world.admin.find_queue("Other").await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn f11_f52_phones_see_what_is_theirs_of_queues_and_people() {
    let world = World::new(2).await;
    let (anna, boris) = (world.operators[0], world.operators[1]);
    let found = world.admin.queue(world.queue).await.unwrap();
    world.admin.set_queue(world.queue, QueueSettings { take_first: true, ..found.settings }, found.rev).await.unwrap();
    world.admin.set_queue_members(world.queue, &[anna]).await.unwrap();
    world.admin.set_queue_login(anna, world.queue, false).await.unwrap();
    // Membership set again, and the log-in stays as the member left it.
    world.admin.set_queue_members(world.queue, &[boris, anna]).await.unwrap();
    world.admin.set_schedule(anna, Some(hours())).await.unwrap();
    world.admin.set_presence(boris, Presence::Away, false).await.unwrap();
    let change = UserChange { extension: Some(Some("101".into())), ..UserChange::default() };
    world.admin.change_user(anna, change).await.unwrap();

    let (mut hers, mut his) = (world.phone(0).await, world.phone(1).await);
    for (phone, logged_in) in [(&mut hers, false), (&mut his, true)] {
        let (rows, _) = phone.pull("queues", 0).await;
        let queue = &rows[0]["row"];
        assert_eq!(
            (&queue["member"], &queue["logged_in"], &queue["take_first"]),
            (&json!(true), &json!(logged_in), &json!(true))
        );
        let (rows, _) = phone.pull("groups", 0).await;
        assert_eq!(rows[0]["row"]["name"], "Sales");
        let (rows, _) = phone.pull("users", 0).await;
        let of = |user: UserId| rows.iter().find(|row| row["id"] == user.to_string()).unwrap()["row"].clone();
        assert_eq!(of(anna)["extension"], "101");
        assert_eq!(of(boris)["presence"], "away");
        // Her hours are hers alone.
        assert_eq!(of(anna)["schedule"] == Value::Null, logged_in);
        assert_eq!(of(boris)["schedule"], Value::Null);
    }

    for (user, change, says) in [
        (boris, UserChange { extension: Some(Some("101".into())), ..UserChange::default() }, "already"),
        (boris, UserChange { extension: Some(Some("1 01".into())), ..UserChange::default() }, "no extension"),
        (boris, UserChange { group: Some(GroupId::new()), ..UserChange::default() }, "group"),
        (UserId::new(), UserChange::default(), "user"),
    ] {
        let refused = world.admin.change_user(user, change).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
    let group = world.admin.find_group("Sales").await.unwrap();
    let taken = NewUser { extension: Some("101".into()), ..NewUser::new("Chloe", Role::User, group) };
    assert!(world.admin.create_user(taken).await.unwrap_err().to_string().contains("already"));
    // Given back, it is free.
    let change = UserChange { extension: Some(None), ..UserChange::default() };
    world.admin.change_user(anna, change).await.unwrap();
    let taken = NewUser { extension: Some("101".into()), ..NewUser::new("Chloe", Role::User, group) };
    world.admin.create_user(taken).await.unwrap();
    let refused = world.admin.set_queue_login(anna, switchboard_protocol::ids::QueueId::new(), true).await;
    assert!(refused.unwrap_err().to_string().contains("not_member"));
}
