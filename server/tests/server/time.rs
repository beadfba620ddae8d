//! What time does to chats and people in a running server, on a clock that the test turns.

use serde_json::json;
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_server::routing::{Distribution, QueueSettings};
use switchboard_server::{Admin, Clock};

use crate::support::{World, chat_of};

const MINUTE: i64 = 60_000;

async fn set(world: &World, admin: &Admin, change: impl FnOnce(&mut QueueSettings)) {
    let mut found = world.admin.queue(world.queue).await.unwrap();
    change(&mut found.settings);
    admin.set_queue(world.queue, found.settings, found.rev).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_a_chat_widens_when_it_is_time_also_after_a_restart() {
    let clock = Clock::manual(1_000_000);
    let mut world = World::with(2, |config| config.clock = clock.clone()).await;
    let admin = world.admin.clone();
    set(&world, &admin, |settings| {
        settings.distribution = Distribution::First { n: 1 };
        settings.widen_after_ms = Some(5 * MINUTE);
    })
    .await;
    let mut second = world.phone(1).await;
    let mut visitor = world.widget().await;
    visitor.send("first").await;
    clock.advance(5 * MINUTE);
    let widened = second.event("chat_opened").await;
    assert_eq!(widened["body"]["messages"][0]["text"], "first");

    let mut visitor = world.widget().await;
    visitor.send("second").await;
    world.restart().await;
    // The new server has the moment from the database.
    clock.advance(5 * MINUTE);
    let mut second = world.phone(1).await;
    // Widened before the phone came or after: it is in the snapshot, or comes as an event.
    let held = second.seen.iter().any(|frame| frame.to_string().contains("\"second\""));
    if !held {
        assert_eq!(second.event("chat_opened").await["body"]["messages"][0]["text"], "second");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f9_a_time_that_the_command_line_sets_wakes_the_running_server() {
    let clock = Clock::manual(1_000_000);
    let world = World::with(2, |config| config.clock = clock.clone()).await;
    let admin = world.admin.clone();
    set(&world, &admin, |settings| settings.distribution = Distribution::First { n: 1 }).await;
    let mut second = world.phone(1).await;
    world.widget().await.send("hello").await;
    clock.advance(10 * MINUTE);
    // By now it is more than due.
    let beside = Admin::open(&world.config).unwrap();
    set(&world, &beside, |settings| settings.widen_after_ms = Some(15 * MINUTE)).await;
    clock.advance(5 * MINUTE);
    assert_eq!(second.event("chat_opened").await["body"]["messages"][0]["text"], "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn f52_a_shift_begins_by_the_clock_and_chats_come_with_it() {
    let clock = Clock::manual(8 * 60 * MINUTE);
    let world = World::with(1, |config| config.clock = clock.clone()).await;
    let mut phone = world.phone(0).await;
    let intervals = vec![Interval { day: 4, from: 540, to: 1020 }];
    let schedule = WeekHours { zone: "UTC".into(), intervals, holidays: Vec::new() };
    let result = phone.any_command("schedule", None, 0, 0, json!({ "schedule": schedule })).await;
    assert_eq!(result["status"], "applied", "{result}");
    let mut visitor = world.widget().await;
    visitor.send("good morning").await;
    assert_eq!(world.admin.alarms().await.unwrap().len(), 1, "nobody is there yet");
    // 1 January 1970 was a Thursday.
    clock.advance(60 * MINUTE);
    let opened = phone.event("chat_opened").await;
    assert_eq!(opened["body"]["messages"][0]["text"], "good morning");
    assert_eq!(phone.take(&chat_of(&opened)).await["status"], "applied");
    assert_eq!(world.admin.alarms().await.unwrap().len(), 0);
}
