//! What nobody looks after reaches those who manage it; every kind of channel has the same life.

use switchboard_core::{AlarmKind, ChannelKind, ChatState, CoreError, ErrorCode, Outcome, Presence, Role};
use switchboard_e2e::{Operator, TestServer, Visitor, outcome_stream};
use switchboard_protocol::message::MessageStatus;
use switchboard_server::routing::Distribution;
use switchboard_server::{NewChannel, Route, UserChange};

/// The kinds of the alarms that this phone shows.
fn alarms(operator: &Operator) -> Vec<AlarmKind> {
    operator.core.alarms().unwrap().rows().iter().map(|row| row.kind).collect()
}

async fn make_manager(server: &TestServer, name: &str) {
    let admin = server.admin();
    let user = admin.find_user(name).await.unwrap();
    admin.change_user(user, UserChange { role: Some(Role::Manager), ..UserChange::default() }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f06_when_all_ignore_a_chat_it_goes_to_more_and_then_to_the_managers() {
    let server = TestServer::start(&["Anna", "Boris", "Mona"]).await;
    make_manager(&server, "Mona").await;
    let group = server.admin().find_group("Company").await.unwrap();
    server
        .set_queue(|queue| {
            queue.group = Some(group);
            queue.distribution = Distribution::First { n: 1 };
        })
        .await;
    let (anna, boris, mona) = tokio::join!(server.operator("Anna"), server.operator("Boris"), server.operator("Mona"));
    // Mona manages and does not answer.
    mona.done(mona.core.set_presence(Presence::Away, false).await).await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let chat = anna.until_offered("hello").await.chat;
    assert!(boris.inbox().is_empty());
    anna.done(anna.core.ignore(chat).await).await;
    // All one of them ignored it: it is offered to everybody who is there, and the managers are told.
    boris.until_chat(chat).await;
    mona.until_alarms("all ignored it", |alarms| (alarms == [AlarmKind::Ignored]).then_some(())).await;
    boris.done(boris.core.ignore(chat).await).await;
    assert_eq!(alarms(&mona), [AlarmKind::Ignored]);
    assert_eq!(alarms(&anna), [], "an operator sees no alarms");
    // Somebody looks after it again.
    visitor.say("please!").await.unwrap();
    anna.until_offered("please!").await;
    mona.until_alarms("it is over", |alarms| alarms.is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f09_f52_a_chat_that_nobody_is_there_for_waits_and_alarms_and_goes_to_the_first_who_comes() {
    let server = TestServer::start(&["Anna", "Mona"]).await;
    make_manager(&server, "Mona").await;
    let group = server.admin().find_group("Company").await.unwrap();
    server.set_queue(|queue| queue.group = Some(group)).await;
    let (anna, mona) = tokio::join!(server.operator("Anna"), server.operator("Mona"));
    for phone in [&anna, &mona] {
        phone.done(phone.core.set_presence(Presence::OffShift, false).await).await;
    }
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("anybody?").await.unwrap();
    mona.until_alarms("nobody is there", |alarms| (alarms == [AlarmKind::Unattended]).then_some(())).await;
    assert!(anna.inbox().is_empty() && mona.inbox().is_empty());
    anna.done(anna.core.set_presence(Presence::Available, false).await).await;
    anna.until_offered("anybody?").await;
    mona.until_alarms("it is over", |alarms| alarms.is_empty().then_some(())).await;
    // Logged out of the queue is as good as away.
    let queue =
        anna.until("logged in", |anna| anna.core.queues().ok()?.into_iter().find(|queue| queue.logged_in)).await;
    anna.done(anna.core.set_queue_login(queue.queue, false).await).await;
    mona.until_alarms("nobody again", |alarms| (alarms == [AlarmKind::Unattended]).then_some(())).await;
    anna.until("it left", |anna| anna.inbox().is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_a_manager_of_the_group_lifts_a_block_and_nobody_else() {
    let server = TestServer::start(&["Anna", "Mona"]).await;
    make_manager(&server, "Mona").await;
    let admin = server.admin();
    let (group, channel) = (admin.find_group("Company").await.unwrap(), admin.find_channel("Shop").await.unwrap().id);
    admin.set_channel_group(channel, Some(group)).await.unwrap();
    let (anna, mona) = tokio::join!(server.operator("Anna"), server.operator("Mona"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("rude words").await.unwrap();
    let chat = anna.until_offered("rude words").await.chat;
    anna.done(anna.core.take(chat).await).await;
    anna.done(anna.core.block(chat).await).await;
    visitor.until_bye().await.unwrap();

    assert_eq!(anna.core.blocks().await, Err(CoreError::Rejected(ErrorCode::Forbidden)));
    let blocks = mona.core.blocks().await.unwrap();
    assert_eq!((blocks.len(), blocks[0].chat, blocks[0].visitors), (1, chat, 1));
    assert_eq!(blocks[0].by_name.as_deref(), Some("Anna"));
    assert_eq!(anna.core.lift_block(blocks[0].id).await, Err(CoreError::Rejected(ErrorCode::Forbidden)));
    mona.core.lift_block(blocks[0].id).await.unwrap();
    assert_eq!(mona.core.blocks().await.unwrap(), []);
    let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
    again.say("sorry").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f01_f03_f37_f38_a_played_channel_of_every_kind_has_the_same_life() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let admin = server.admin();
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let queue = admin.find_queue("Sales").await.unwrap();
    for kind in [ChannelKind::Whatsapp, ChannelKind::Messenger, ChannelKind::Sms] {
        let name = format!("Played {}", kind.as_str());
        let channel = admin.create_channel(NewChannel::stub(&name, kind)).await.unwrap().id;
        admin.set_route(channel, Route::Queue(queue)).await.unwrap();
        let text = format!("by {}", kind.as_str());
        let no = admin.stub_receive(channel, "+491701234567", "m1", &text).await.unwrap();
        assert_eq!(admin.stub_receive(channel, "+491701234567", "m1", &text).await.unwrap(), no, "once");
        let row = anna.until_offered(&text).await;
        assert_eq!((row.channel_kind, row.state, row.session), (Some(kind), ChatState::Waiting, 1));
        let chat = row.chat;
        // Nothing that is the website's alone.
        assert!(!row.actions.end_session && !row.actions.block);
        assert_eq!(anna.core.end_session(chat).await, Err(CoreError::Rejected(ErrorCode::NotLiveChat)));
        anna.core.reply(chat, "Good day.").await.unwrap();
        boris.until_gone(chat).await;
        let seen = admin.stub_messages(channel, "+491701234567", 0).await.unwrap();
        let reply = seen.iter().find(|message| message.text == "Good day.").unwrap();
        admin.stub_status(channel, "+491701234567", reply.no, MessageStatus::Read).await.unwrap();
        anna.until_timeline(chat, "read", |rows| {
            let read = switchboard_core::DeliveryState::Stored(MessageStatus::Read);
            rows.iter().any(|row| row.text == "Good day." && row.state == read).then_some(())
        })
        .await;
        let mut outcomes = outcome_stream(&anna.core);
        let id = anna.core.dealt_with(chat).await.unwrap();
        anna.skip_undo();
        assert_eq!(outcomes.of(id).await, Outcome::Applied);
        admin.stub_receive(channel, "+491701234567", "m2", "and again").await.unwrap();
        let row = boris.until("by its route", |boris| boris.inbox().into_iter().find(|row| row.chat == chat)).await;
        assert_eq!((row.state, row.session), (ChatState::Waiting, 2));
    }
}
