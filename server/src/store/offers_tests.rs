//! Placing, offering, time and presence, on the database and a clock that the tests turn.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::chat::{ChannelKind, ChatState};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{
    CommandBody, CommandResult, CommandStatus, QueueLogin, SetPresence, SetSchedule, Transfer,
};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, MessageId, QueueId, UserId, VisitorId};
use switchboard_protocol::message::{Activity, ReleaseReason};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::widget::WidgetSend;

use super::commands::Command;
use super::effects::VisitorKey;
use super::tests::Fixture;
use super::{StoreError, Tx, chats, inbound};
use crate::routing::{Distribution, QueueSettings, Route};

const MINUTE: i64 = 60_000;

/// Users 0 to 3 in the queue Desk, to which the channel Shop leads.
struct Desk {
    fixture: Fixture,
    queue: QueueId,
    channel: ChannelId,
}

impl Desk {
    async fn new() -> Desk {
        Desk::with(|_| {}).await
    }

    async fn with(set: fn(&mut QueueSettings)) -> Desk {
        let fixture = Fixture::new(4).await;
        let channel = fixture.visitor().channel;
        let queue = fixture.store.readers.read(|sql| super::channels::find_queue(sql, "Desk")).await.unwrap().unwrap();
        let desk = Desk { fixture, queue, channel };
        desk.set(set).await;
        desk
    }

    async fn write<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.fixture.store.writer.write(run).await.unwrap()
    }

    async fn set(&self, set: fn(&mut QueueSettings)) {
        let queue = self.queue;
        self.write(move |tx| {
            let mut detail = super::queues::detail(tx.sql, queue)?.unwrap();
            set(&mut detail.settings);
            tx.set_queue(queue, &detail.settings, detail.rev)
        })
        .await;
    }

    fn user(&self, at: usize) -> UserId {
        self.fixture.users[at]
    }

    async fn write_as(&self, visitor: VisitorKey) -> ChatId {
        self.write(move |tx| {
            let send = WidgetSend { id: MessageId::new(), text: "hello".into(), name: None, email: None };
            tx.receive_visitor_message(visitor, &send)?;
            Ok(inbound::visitor_state(tx.sql, visitor)?.chat.unwrap())
        })
        .await
    }

    async fn new_chat(&self) -> ChatId {
        self.write_as(VisitorKey { channel: self.channel, visitor: VisitorId::new() }).await
    }

    async fn command(&self, user: usize, chat: Option<ChatId>, body: CommandBody) -> CommandResult {
        let user = self.user(user);
        self.write(move |tx| {
            let row = chat.map(|chat| chats::must(tx.sql, chat)).transpose()?;
            let command = Command {
                id: CommandId::new(),
                chat,
                owner_epoch: row.as_ref().map(|row| row.owner_epoch),
                seen: row.as_ref().map(|row| row.last_no),
                ask: false,
                body,
            };
            tx.execute(user, &command)
        })
        .await
    }

    async fn done(&self, user: usize, chat: impl Into<Option<ChatId>>, body: CommandBody) {
        let result = self.command(user, chat.into(), body).await;
        assert_eq!(result.status, CommandStatus::Applied, "{:?}", result.code);
    }

    async fn presence(&self, user: usize, presence: Presence) {
        self.done(user, None, CommandBody::Presence(SetPresence { presence, release: false })).await;
    }

    /// Turns the clock and does what is due.
    async fn later(&self, millis: i64) -> Option<i64> {
        self.fixture.clock.advance(millis);
        self.write(|tx| tx.run_due(100)).await
    }

    /// `waiting 0 1`, `owned 2`, `closed 3`: the state, and which users see it.
    async fn chat(&self, chat: ChatId) -> String {
        let users = self.fixture.users.clone();
        let read = move |sql: &rusqlite::Connection| {
            let state = chats::must(sql, chat)?.state;
            let seeing = chats::seeing(sql, chat)?;
            let seen: Vec<_> =
                (0..users.len()).filter(|at| seeing.contains(&users[*at])).map(|at| format!(" {at}")).collect();
            Ok(format!("{}{}", state.as_str(), seen.concat()))
        };
        self.fixture.store.readers.read(read).await.unwrap()
    }

    async fn activities(&self, chat: ChatId) -> Vec<Activity> {
        let read = move |sql: &rusqlite::Connection| chats::messages_before(sql, chat, 1_000, 100);
        let (messages, _) = self.fixture.store.readers.read(read).await.unwrap();
        messages.into_iter().filter_map(|message| message.activity).collect()
    }

    async fn alarmed(&self, chat: ChatId) -> bool {
        let read = move |sql: &rusqlite::Connection| super::alarms::in_force(sql);
        self.fixture.store.readers.read(read).await.unwrap().iter().any(|alarm| alarm.row.chat == chat)
    }

    async fn route(&self, route: Route) {
        let channel = self.channel;
        self.write(move |tx| tx.set_route(channel, &route)).await;
    }
}

fn transfer(to: TransferTarget) -> CommandBody {
    CommandBody::Transfer(Transfer { to, note: None })
}

/// Every day from 9 to 17 UTC; the fixture's clock stands at a quarter past midnight.
fn office() -> WeekHours {
    let intervals = (1..=7).map(|day| Interval { day, from: 540, to: 1020 }).collect();
    WeekHours { zone: "UTC".into(), intervals, holidays: Vec::new() }
}

#[tokio::test]
async fn f9_a_chat_widens_after_its_time_and_only_then() {
    let desk = Desk::with(|settings| {
        settings.distribution = Distribution::First { n: 2 };
        settings.widen_after_ms = Some(5 * MINUTE);
    })
    .await;
    let chat = desk.new_chat().await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1");
    let due = desk.later(5 * MINUTE - 1).await;
    assert_eq!(due, Some(1_000_000 + 5 * MINUTE));
    assert_eq!(desk.chat(chat).await, "waiting 0 1");
    assert_eq!(desk.later(1).await, None, "nothing more is due");
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2 3");
    // It stays wide when people come and go.
    desk.presence(3, Presence::Away).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2");
    // One that was taken in time does not widen.
    let taken = desk.new_chat().await;
    desk.done(0, taken, CommandBody::Take).await;
    assert_eq!(desk.later(10 * MINUTE).await, None);
    assert_eq!(desk.chat(taken).await, "owned 0");
}

#[tokio::test]
async fn f9_a_change_of_distribution_or_members_offers_anew() {
    let desk = Desk::new().await;
    let chat = desk.new_chat().await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2 3");
    desk.set(|settings| settings.distribution = Distribution::First { n: 1 }).await;
    assert_eq!(desk.chat(chat).await, "waiting 0");
    let (queue, users) = (desk.queue, [desk.user(3), desk.user(2)]);
    desk.write(move |tx| tx.set_queue_members(queue, &users)).await;
    assert_eq!(desk.chat(chat).await, "waiting 3");
    desk.write(move |tx| tx.set_queue_members(queue, &[])).await;
    assert_eq!(desk.chat(chat).await, "waiting");
    assert!(desk.alarmed(chat).await, "a strategy without members");
    desk.write(move |tx| tx.set_queue_members(queue, &users)).await;
    assert!(!desk.alarmed(chat).await);
}

#[tokio::test]
async fn f52_only_who_is_available_and_logged_in_is_offered_chats() {
    let desk = Desk::new().await;
    let chat = desk.new_chat().await;
    desk.presence(0, Presence::Away).await;
    desk.presence(1, Presence::OffShift).await;
    let queue = desk.queue;
    desk.done(2, None, CommandBody::QueueLogin(QueueLogin { queue, logged_in: false })).await;
    assert_eq!(desk.chat(chat).await, "waiting 3");
    assert_eq!(desk.chat(desk.new_chat().await).await, "waiting 3");
    desk.presence(3, Presence::Away).await;
    assert!(desk.alarmed(chat).await);
    desk.done(2, None, CommandBody::QueueLogin(QueueLogin { queue, logged_in: true })).await;
    assert_eq!(desk.chat(chat).await, "waiting 2");
    desk.presence(0, Presence::Available).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 2");
    // Being away costs nobody an own chat.
    desk.done(0, chat, CommandBody::Take).await;
    desk.presence(0, Presence::OffShift).await;
    assert_eq!(desk.chat(chat).await, "owned 0");
    let other = QueueLogin { queue: QueueId::new(), logged_in: true };
    assert_eq!(desk.command(0, None, CommandBody::QueueLogin(other)).await.code, Some(ErrorCode::NotMember));
}

#[tokio::test]
async fn f52_a_schedule_begins_and_ends_the_shift_by_itself() {
    let desk = Desk::new().await;
    let chat = desk.new_chat().await;
    for user in 0..3 {
        desk.presence(user, Presence::Away).await;
    }
    let schedule = SetSchedule { schedule: Some(office()) };
    desk.done(3, None, CommandBody::Schedule(schedule)).await;
    assert_eq!(desk.chat(chat).await, "waiting", "it is night");
    let nine = 9 * 60 * MINUTE;
    assert_eq!(desk.later(0).await, Some(nine));
    assert_eq!(desk.later(nine - 1_000_000).await, Some(nine + 8 * 60 * MINUTE));
    assert_eq!(desk.chat(chat).await, "waiting 3");
    // A tap holds until the shift ends; the next morning the schedule holds again.
    desk.presence(3, Presence::Away).await;
    assert_eq!(desk.chat(chat).await, "waiting");
    desk.later(8 * 60 * MINUTE).await;
    desk.later(16 * 60 * MINUTE).await;
    assert_eq!(desk.chat(chat).await, "waiting 3");
    // Without a schedule what holds goes on, and the old tap does not come back.
    desk.done(3, None, CommandBody::Schedule(SetSchedule { schedule: None })).await;
    assert_eq!(desk.later(100 * 60 * MINUTE).await, None);
    assert_eq!(desk.chat(chat).await, "waiting 3");
    let mut bad = office();
    bad.zone = "Moon/Tranquility".into();
    let refused = desk.command(3, None, CommandBody::Schedule(SetSchedule { schedule: Some(bad) })).await;
    assert_eq!(refused.code, Some(ErrorCode::BadHours));
}

#[tokio::test]
async fn f52_off_shift_gives_back_only_what_waits_for_an_answer() {
    let desk = Desk::new().await;
    let (unanswered, answered) = (desk.new_chat().await, desk.new_chat().await);
    desk.done(0, unanswered, CommandBody::Take).await;
    let text = switchboard_protocol::command::Reply { text: "hi".into() };
    desk.done(0, answered, CommandBody::Reply(text)).await;
    let off = SetPresence { presence: Presence::OffShift, release: true };
    desk.done(0, None, CommandBody::Presence(off)).await;
    assert_eq!(desk.chat(unanswered).await, "waiting 1 2 3");
    assert_eq!(desk.chat(answered).await, "owned 0");
    let released = Activity::Released { reason: ReleaseReason::OffShift };
    assert_eq!(desk.activities(unanswered).await, [Activity::Taken, released]);
    let senseless = SetPresence { presence: Presence::Away, release: true };
    let refused = desk.command(0, None, CommandBody::Presence(senseless)).await;
    assert_eq!(refused.code, Some(ErrorCode::BadRequest));
}

#[tokio::test]
async fn f52_a_chat_that_would_come_straight_back_is_not_given_back() {
    let desk = Desk::new().await;
    desk.route(Route::Users(vec![desk.user(0)])).await;
    let chat = desk.new_chat().await;
    assert_eq!(desk.chat(chat).await, "owned 0");
    let off = SetPresence { presence: Presence::OffShift, release: true };
    desk.done(0, None, CommandBody::Presence(off)).await;
    let name = "User 0".into();
    assert_eq!(
        desk.activities(chat).await,
        [Activity::Assigned { user: desk.user(0), name }],
        "nothing happened to it"
    );
}

#[tokio::test]
async fn f3_direct_routes_go_to_one_user_at_once_and_to_several_who_are_available() {
    let desk = Desk::new().await;
    desk.presence(0, Presence::OffShift).await;
    desk.route(Route::Users(vec![desk.user(0)])).await;
    assert_eq!(desk.chat(desk.new_chat().await).await, "owned 0", "whatever the presence");
    desk.route(Route::Users(vec![desk.user(0), desk.user(1), desk.user(2)])).await;
    let chat = desk.new_chat().await;
    assert_eq!(desk.chat(chat).await, "waiting 1 2");
    desk.presence(0, Presence::Available).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2");
    // Two of the three are disabled: it is the third one's.
    let (a, b) = (desk.user(0), desk.user(2));
    desk.write(move |tx| tx.set_disabled(a, true).and_then(|()| tx.set_disabled(b, true))).await;
    assert_eq!(desk.chat(chat).await, "owned 1");
}

#[tokio::test]
async fn f40_an_owner_who_does_not_answer_loses_the_chat_within_hours_alone() {
    let desk = Desk::with(|settings| {
        settings.distribution = Distribution::LeastBusy;
        settings.release_after_ms = Some(30 * MINUTE);
        settings.hours = Some(office());
    })
    .await;
    let visitor = desk.fixture.visitor();
    let chat = desk.write_as(visitor).await;
    assert_eq!(desk.chat(chat).await, "waiting 0");
    desk.done(0, chat, CommandBody::Take).await;
    let nine = 9 * 60 * MINUTE;
    assert_eq!(desk.later(0).await, Some(nine + 30 * MINUTE));
    desk.later(nine - 1_000_000).await;
    assert_eq!(desk.chat(chat).await, "owned 0");
    desk.later(30 * MINUTE).await;
    let released = Activity::Released { reason: ReleaseReason::Unanswered };
    assert_eq!(desk.activities(chat).await, [Activity::Taken, released.clone()]);
    assert_eq!(desk.chat(chat).await, "waiting 0");
    // Who takes it has the same time, however long the customer had waited before.
    desk.done(0, chat, CommandBody::Take).await;
    desk.later(30 * MINUTE - 1).await;
    assert_eq!(desk.chat(chat).await, "owned 0");
    desk.later(1).await;
    assert_eq!(desk.activities(chat).await, [Activity::Taken, released.clone(), Activity::Taken, released]);
    // Who answers keeps it; the clock begins with the next message.
    desk.done(0, chat, CommandBody::Take).await;
    let text = switchboard_protocol::command::Reply { text: "hi".into() };
    desk.done(0, chat, CommandBody::Reply(text)).await;
    assert_eq!(desk.later(60 * MINUTE).await, None);
    desk.write_as(visitor).await;
    // Off shift: at once, for it is open.
    desk.presence(0, Presence::OffShift).await;
    assert_eq!(desk.chat(chat).await, "waiting 1");
    let released = Activity::Released { reason: ReleaseReason::OffShift };
    assert_eq!(desk.activities(chat).await.last(), Some(&released));
}

#[tokio::test]
async fn f40_setting_the_option_moves_the_clocks_of_owned_chats() {
    let desk = Desk::new().await;
    let chat = desk.new_chat().await;
    desk.done(0, chat, CommandBody::Take).await;
    assert_eq!(desk.later(5 * MINUTE).await, None);
    desk.set(|settings| settings.release_after_ms = Some(10 * MINUTE)).await;
    assert_eq!(desk.later(0).await, Some(1_000_000 + 10 * MINUTE));
    desk.set(|settings| settings.release_after_ms = None).await;
    assert_eq!(desk.later(0).await, None);
    // Set to less than has passed: at once.
    desk.set(|settings| settings.release_after_ms = Some(MINUTE)).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2 3");
}

#[tokio::test]
async fn f29_a_transfer_that_nobody_answers_returns_to_the_sender() {
    let desk = Desk::new().await;
    let chat = desk.new_chat().await;
    desk.done(0, chat, CommandBody::Take).await;
    desk.done(0, chat, transfer(TransferTarget::User(desk.user(1)))).await;
    assert_eq!(desk.chat(chat).await, "owned 1");
    desk.later(5 * MINUTE - 1).await;
    assert_eq!(desk.chat(chat).await, "owned 1");
    desk.later(1).await;
    assert_eq!(desk.chat(chat).await, "owned 0");
    let returned = Activity::Returned { user: Some(desk.user(0)), name: Some("User 0".into()) };
    assert_eq!(desk.activities(chat).await.last(), Some(&returned));
    // Answered, it stays.
    desk.done(0, chat, transfer(TransferTarget::User(desk.user(1)))).await;
    let text = switchboard_protocol::command::Reply { text: "hi".into() };
    desk.done(1, chat, CommandBody::Reply(text)).await;
    assert_eq!(desk.later(60 * MINUTE).await, None);
    assert_eq!(desk.chat(chat).await, "owned 1");
    // The sender has gone home: by the route.
    desk.done(1, chat, transfer(TransferTarget::User(desk.user(2)))).await;
    desk.presence(1, Presence::OffShift).await;
    desk.later(5 * MINUTE).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 2 3");
    assert_eq!(desk.activities(chat).await.last(), Some(&Activity::Returned { user: None, name: None }));
}

#[tokio::test]
async fn f29_a_queue_is_offered_it_without_the_sender_until_the_return() {
    let desk = Desk::new().await;
    let (sender, colleague) = (desk.user(0), desk.user(1));
    let repairs = desk.write(move |tx| tx.create_queue("Repairs", &[sender, colleague])).await;
    let chat = desk.new_chat().await;
    desk.done(0, chat, CommandBody::Take).await;
    desk.done(0, chat, transfer(TransferTarget::Queue(repairs))).await;
    assert_eq!(desk.chat(chat).await, "waiting 1");
    // Who comes and goes does not bring the sender in, and a new route of the channel does not move it.
    desk.presence(1, Presence::Away).await;
    assert_eq!(desk.chat(chat).await, "waiting");
    assert!(desk.alarmed(chat).await);
    desk.route(Route::Users(vec![desk.user(2), desk.user(3)])).await;
    assert_eq!(desk.chat(chat).await, "waiting");
    desk.later(5 * MINUTE).await;
    assert_eq!(desk.chat(chat).await, "owned 0");
    assert!(!desk.alarmed(chat).await);
    // Taken, it does not return.
    desk.presence(1, Presence::Available).await;
    desk.done(0, chat, transfer(TransferTarget::Queue(repairs))).await;
    desk.done(1, chat, CommandBody::Take).await;
    assert_eq!(desk.later(60 * MINUTE).await, None);
    assert_eq!(desk.chat(chat).await, "owned 1");
}

#[tokio::test]
async fn f45_who_deletes_a_waiting_chat_is_not_offered_it_until_the_customer_writes_to_nobody() {
    let desk = Desk::with(|settings| settings.distribution = Distribution::First { n: 1 }).await;
    let visitor = desk.fixture.visitor();
    let chat = desk.write_as(visitor).await;
    desk.done(0, chat, CommandBody::Delete).await;
    assert_eq!(desk.chat(chat).await, "waiting 1", "the free place is filled");
    for user in 1..4 {
        desk.done(user, chat, CommandBody::Delete).await;
    }
    assert_eq!(desk.chat(chat).await, "waiting");
    assert!(desk.alarmed(chat).await);
    desk.presence(0, Presence::Away).await;
    desk.presence(0, Presence::Available).await;
    assert_eq!(desk.chat(chat).await, "waiting");
    desk.write_as(visitor).await;
    assert_eq!(desk.chat(chat).await, "waiting 0");
    assert!(!desk.alarmed(chat).await);
}

#[tokio::test]
async fn f6_a_chat_that_all_ignore_widens_and_alarms_until_the_customer_writes() {
    let desk = Desk::with(|settings| settings.distribution = Distribution::First { n: 1 }).await;
    let visitor = desk.fixture.visitor();
    let chat = desk.write_as(visitor).await;
    desk.done(0, chat, CommandBody::Ignore).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2 3");
    assert!(desk.alarmed(chat).await);
    for user in 1..4 {
        desk.done(user, chat, CommandBody::Ignore).await;
    }
    assert!(desk.alarmed(chat).await);
    desk.write_as(visitor).await;
    assert!(!desk.alarmed(chat).await);
}

#[tokio::test]
async fn f76_a_disabled_users_chats_go_to_their_routes() {
    let desk = Desk::new().await;
    let (owned, read) = (desk.new_chat().await, desk.new_chat().await);
    desk.done(0, owned, CommandBody::Take).await;
    desk.done(0, read, CommandBody::DealtWith).await;
    assert_eq!(desk.chat(read).await, "closed 0");
    let user = desk.user(0);
    desk.write(move |tx| tx.set_disabled(user, true)).await;
    assert_eq!(desk.chat(owned).await, "waiting 1 2 3");
    assert_eq!(desk.chat(read).await, "closed");
    let released = Activity::Released { reason: ReleaseReason::Disabled };
    assert_eq!(desk.activities(owned).await.last(), Some(&released));
    desk.write(move |tx| tx.set_disabled(user, false)).await;
    assert_eq!(desk.chat(owned).await, "waiting 0 1 2 3");
}

#[tokio::test]
async fn f76_a_disabled_user_is_not_picked_for_the_own_chats() {
    let desk = Desk::with(|settings| settings.distribution = Distribution::RoundRobin).await;
    let chat = desk.new_chat().await;
    desk.done(0, chat, CommandBody::Take).await;
    // One more round: the next turn would be user 0's again.
    for user in 1..4 {
        assert_eq!(desk.chat(desk.new_chat().await).await, format!("waiting {user}"));
    }
    let user = desk.user(0);
    let heads = desk
        .write(move |tx| {
            let before = super::feed::state(tx.sql, user)?.head;
            tx.set_disabled(user, true)?;
            Ok((before, super::feed::state(tx.sql, user)?.head))
        })
        .await;
    assert_eq!(desk.chat(chat).await, "waiting 1");
    assert_eq!(heads.1, heads.0 + 1, "it left, and did not come back in between");
}

#[tokio::test]
async fn f3_a_group_is_offered_chats_and_follows_its_users() {
    let desk = Desk::new().await;
    let sales = desk.fixture.store.readers.read(|sql| super::people::find_group(sql, "Sales")).await.unwrap().unwrap();
    let other = desk.write(|tx| tx.create_group("Other")).await;
    desk.route(Route::Group(sales)).await;
    let chat = desk.new_chat().await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2 3");
    let moved = desk.user(0);
    desk.write(move |tx| {
        tx.change_user(moved, &super::people::UserChange { group: Some(other), ..super::people::UserChange::default() })
    })
    .await;
    assert_eq!(desk.chat(chat).await, "waiting 1 2 3");
    // One that was passed on to a group is offered to who comes into it.
    desk.done(1, chat, transfer(TransferTarget::Group(other))).await;
    assert_eq!(desk.chat(chat).await, "waiting 0");
    let moved = desk.user(3);
    desk.write(move |tx| {
        tx.change_user(moved, &super::people::UserChange { group: Some(other), ..super::people::UserChange::default() })
    })
    .await;
    assert_eq!(desk.chat(chat).await, "waiting 0 3");
}

#[tokio::test]
async fn f3_a_channel_of_another_kind_goes_the_same_way() {
    let desk = Desk::new().await;
    let queue = desk.queue;
    let channel = desk
        .write(move |tx| {
            let channel = tx.create_channel("Phone", ChannelKind::Sms, None, "{}")?;
            tx.set_route(channel, &Route::Queue(queue))?;
            Ok(channel)
        })
        .await;
    let chat = desk.write_as(VisitorKey { channel, visitor: VisitorId::new() }).await;
    assert_eq!(desk.chat(chat).await, "waiting 0 1 2 3");
    let read = move |sql: &rusqlite::Connection| chats::must(sql, chat);
    assert_eq!(desk.fixture.store.readers.read(read).await.unwrap().state, ChatState::Waiting);
}

#[tokio::test]
async fn f29_where_nothing_returns_the_sender_is_better_than_nobody() {
    let desk = Desk::new().await;
    let (sender, colleague) = (desk.user(0), desk.user(1));
    let repairs = desk.write(move |tx| tx.create_queue("Repairs", &[sender, colleague])).await;
    let chat = desk.new_chat().await;
    desk.done(0, chat, CommandBody::Take).await;
    desk.presence(1, Presence::Away).await;
    let status = desk
        .write(move |tx| {
            tx.rules.transfer_return_ms = 0;
            let command = Command {
                id: CommandId::new(),
                chat: Some(chat),
                owner_epoch: Some(chats::must(tx.sql, chat)?.owner_epoch),
                seen: None,
                ask: false,
                body: transfer(TransferTarget::Queue(repairs)),
            };
            Ok(tx.execute(sender, &command)?.status)
        })
        .await;
    assert_eq!(status, CommandStatus::Applied);
    assert_eq!(desk.chat(chat).await, "waiting 0");
}
