//! The end of a session, and what comes after it.

use switchboard_core::{ActivityKind, ChatState, ErrorCode, Outcome};
use switchboard_e2e::{Operator, TestServer, Visitor};
use switchboard_protocol::widget::WidgetEvent;

async fn dealt_with(operator: &Operator, chat: switchboard_core::ChatId) {
    let mut outcomes = switchboard_e2e::outcome_stream(&operator.core);
    let id = operator.core.dealt_with(chat).await.unwrap();
    operator.skip_undo();
    assert_eq!(outcomes.of(id).await, Outcome::Applied);
    assert!(operator.archive().iter().any(|row| row.chat == chat && row.state == ChatState::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn f37_f39_f43_a_dealt_with_chat_is_archived_and_comes_back_by_its_route() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("first question").await.unwrap();
    let chat = anna.until_offered("first question").await.chat;
    anna.core.reply(chat, "first answer").await.unwrap();
    boris.until_gone(chat).await;
    dealt_with(&anna, chat).await;
    assert!(anna.inbox().is_empty());
    assert_eq!(anna.timeline(chat).len(), 2, "the last owner goes on reading it");

    visitor.say("second question").await.unwrap();
    for operator in [&anna, &boris] {
        let row = operator.until_offered("second question").await;
        assert_eq!((row.chat, row.state, row.session), (chat, ChatState::Waiting, 2));
    }
    assert!(anna.archive().is_empty());
    // F38: what is not dealt with goes back to the same user, also from the archive.
    boris.core.reply(chat, "second answer").await.unwrap();
    anna.until_gone(chat).await;
    let mut outcomes = switchboard_e2e::outcome_stream(&boris.core);
    let id = boris.core.archive(chat).await.unwrap();
    boris.skip_undo();
    assert_eq!(outcomes.of(id).await, Outcome::Applied);
    assert!(boris.inbox().is_empty() && boris.archive().len() == 1);
    visitor.say("third question").await.unwrap();
    let row = boris.until_offered("third question").await;
    assert!(row.is_mine && !row.archived);
    assert!(anna.inbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn f37_dealt_with_that_races_a_message_is_a_conflict_and_the_chat_comes_back() {
    let server = TestServer::start(&["Anna"]).await;
    let proxy = server.proxy().await;
    let anna = server.operator_through(&proxy, "Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("question").await.unwrap();
    let chat = anna.until_offered("question").await.chat;
    anna.core.reply(chat, "answer").await.unwrap();
    visitor.hear("answer").await.unwrap();
    anna.until("owned", |anna| anna.inbox().iter().any(|row| row.is_mine && row.pending == 0).then_some(())).await;
    let mut outcomes = switchboard_e2e::outcome_stream(&anna.core);
    proxy.refuse();
    let id = anna.core.dealt_with(chat).await.unwrap();
    visitor.say("but one thing more").await.unwrap();
    assert!(anna.inbox().is_empty(), "it is shown as done at once");
    anna.skip_undo();
    proxy.allow();
    anna.core.wake();
    let outcome = outcomes.of(id).await;
    assert_eq!(outcome, Outcome::Refused(ErrorCode::NewMessage));
    let row = anna.until_offered("but one thing more").await;
    assert!(row.is_mine && row.state == ChatState::Owned);
}

#[tokio::test(flavor = "multi_thread")]
async fn f41_the_visitor_is_told_of_the_end_and_rates_it() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("question").await.unwrap();
    let chat = anna.until_offered("question").await.chat;
    anna.core.reply(chat, "answer").await.unwrap();
    visitor.until_event(|event| *event == WidgetEvent::Joined { name: "Anna".into() }).await.unwrap();
    anna.until("owned", |anna| anna.inbox().iter().any(|row| row.is_mine && row.pending == 0).then_some(())).await;
    anna.core.end_session(chat).await.unwrap();
    visitor.until_event(|event| *event == WidgetEvent::Ended).await.unwrap();
    visitor.rate(5, Some("Quick and kind")).await.unwrap();
    visitor.until_event(|event| *event == WidgetEvent::Rated { stars: 5 }).await.unwrap();
    anna.until("the rating", |anna| {
        let rows = anna.whole_timeline(chat);
        let rated = rows.into_iter().filter_map(|row| row.activity).find(|it| it.kind == ActivityKind::Rated)?;
        (rated.stars == Some(5) && rated.comment.as_deref() == Some("Quick and kind")).then_some(())
    })
    .await;
    assert!(anna.inbox().is_empty(), "a rating is no message: the chat stays archived");
}

#[tokio::test(flavor = "multi_thread")]
async fn f42_a_blocked_visitor_gets_nothing_in_until_the_block_is_lifted() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    let mut neighbour = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("rude words").await.unwrap();
    neighbour.say("same office").await.unwrap();
    let chat = anna.until_offered("rude words").await.chat;
    anna.until_offered("same office").await;
    anna.core.take(chat).await.unwrap();
    anna.until("owned", |anna| anna.inbox().iter().any(|row| row.chat == chat && row.is_mine).then_some(())).await;
    assert_eq!(anna.core.sharing(chat).await.unwrap(), 2, "the user is told how many share the address");
    anna.core.block(chat).await.unwrap();
    for visitor in [&mut visitor, &mut neighbour] {
        assert_eq!(visitor.until_bye().await.unwrap().code, ErrorCode::Blocked);
    }
    anna.until("closed", |anna| anna.archive().iter().any(|row| row.chat == chat).then_some(())).await;
    let refused = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await;
    assert!(refused.is_err(), "a blocked visitor is not welcome");

    let blocks = server.admin().list_blocks().await.unwrap();
    assert_eq!(blocks.len(), 1);
    server.admin().lift_block(blocks[0].id).await.unwrap();
    let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
    again.say("sorry").await.unwrap();
    anna.until_offered("sorry").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f46_what_is_undone_never_reaches_the_server_and_a_kill_within_the_time_loses_nothing() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("question").await.unwrap();
    let chat = anna.until_offered("question").await.chat;
    anna.core.reply(chat, "answer").await.unwrap();
    anna.until("owned", |anna| anna.inbox().iter().any(|row| row.is_mine && row.pending == 0).then_some(())).await;

    let id = anna.core.dealt_with(chat).await.unwrap();
    assert!(anna.inbox().is_empty());
    assert!(anna.core.undo(id).await.unwrap());
    assert_eq!(anna.inbox().len(), 1);
    anna.skip_undo();
    visitor.say("still there?").await.unwrap();
    let row = anna.until_offered("still there?").await;
    assert!(row.is_mine && row.session == 1, "nothing was closed");

    // The app is gone before the time is over; it is done when the app comes back.
    anna.core.dealt_with(chat).await.unwrap();
    let dir = anna.close().await;
    let anna = Operator::open(&dir).unwrap();
    assert!(anna.inbox().is_empty(), "it is still shown as done");
    anna.skip_undo();
    anna.core.start();
    anna.until("closed", |anna| {
        anna.archive().iter().any(|row| row.chat == chat && row.state == ChatState::Closed).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f45_f68_unarchive_snooze_and_delete() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("question").await.unwrap();
    let chat = anna.until_offered("question").await.chat;
    anna.core.take(chat).await.unwrap();
    anna.until("owned", |anna| anna.inbox().iter().any(|row| row.is_mine).then_some(())).await;
    anna.core.archive(chat).await.unwrap();
    anna.skip_undo();
    anna.until("archived", |anna| (anna.archive().len() == 1).then_some(())).await;
    anna.core.unarchive(chat).await.unwrap();
    anna.until("back", |anna| (anna.inbox().len() == 1 && anna.archive().is_empty()).then_some(())).await;

    let until = anna.core.server_now() + 3_600_000;
    anna.core.snooze(chat, Some(until)).await.unwrap();
    anna.until("snoozed", |anna| (anna.inbox().is_empty() && anna.core.badge() == Ok(0)).then_some(())).await;
    // A second phone is told so by the server.
    let tablet = server.operator("Anna").await;
    tablet
        .until("snoozed there too", |tablet| {
            let snoozed = tablet.snoozed();
            (tablet.inbox().is_empty() && snoozed.len() == 1 && snoozed[0].snoozed_until == Some(until)).then_some(())
        })
        .await;
    visitor.say("hello?").await.unwrap();
    anna.until_offered("hello?").await;
    tablet.until_offered("hello?").await;

    anna.core.delete(chat).await.unwrap();
    anna.until("deleted", |anna| (anna.inbox().is_empty() && anna.archive().is_empty()).then_some(())).await;
    tablet.until_gone(chat).await;
    visitor.say("again").await.unwrap();
    let row = anna.until_offered("again").await;
    assert_eq!(row.state, ChatState::Waiting, "deleted was closed: it goes by its route");
}
