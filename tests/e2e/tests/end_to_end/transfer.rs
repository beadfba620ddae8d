//! A chat is passed on: with its history, and away from the one who had it.

use switchboard_core::{
    ActivityKind, ChatState, CoreError, ErrorCode, MessageKind, Outcome, Presence, TransferTargetRow,
};
use switchboard_e2e::{Operator, TestServer, Visitor, scan};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_protocol::widget::{WidgetClientFrame, WidgetEvent};

/// The one target that this query finds.
fn target(operator: &Operator, query: &str) -> TransferTargetRow {
    let found = operator.core.transfer_targets(query).unwrap();
    assert_eq!(found.len(), 1, "{query}: {found:?}");
    found[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_f27_f28_f29_to_a_user_with_a_note_and_the_history_and_nothing_stays_but_a_line() {
    let server = TestServer::start(&["Anna", "Boris", "Clara"]).await;
    let (anna, boris, clara) =
        tokio::join!(server.operator("Anna"), server.operator("Boris"), server.operator("Clara"));
    let (mut visitor, chat) = server.owned_chat(&anna, "Zephyrlamp is broken").await;
    boris.until_gone(chat).await;

    let row = target(&anna, "bor");
    assert_eq!((row.name.as_str(), row.presence), ("Boris", Some(Presence::Available)));
    anna.core.transfer(chat, row.target, Some("Quittungsnote: refund her")).await.unwrap();
    anna.skip_undo();

    boris.until_chat(chat).await;
    let rows = boris.whole_timeline(chat);
    let texts: Vec<_> = rows.iter().filter(|row| row.kind == MessageKind::Text).map(|row| row.text.as_str()).collect();
    assert_eq!(texts, ["Zephyrlamp is broken", "One moment."]);
    assert!(rows.iter().any(|row| row.kind == MessageKind::Note && row.text == "Quittungsnote: refund her"));
    let passed = rows.iter().filter_map(|row| row.activity.as_ref()).find(|it| it.kind == ActivityKind::Transferred);
    assert_eq!(passed.unwrap().to_name.as_deref(), Some("Boris"));

    // The sender keeps a line: to whom, whose, when; and not a word of what was said.
    anna.until_gone(chat).await;
    let line = anna
        .until("a line in the archive", |anna| {
            anna.archive().into_iter().find(|row| row.chat == chat && row.last_message.is_none())
        })
        .await;
    assert_eq!(line.passed_on.unwrap().to_name, "Boris");
    let dir = anna.close().await;
    assert_eq!(scan(&dir, &["Zephyrlamp", "Quittungsnote"]).unwrap(), []);
    assert!(clara.inbox().is_empty());

    // The customer learns that somebody else goes on, and never reads the note.
    let event = visitor.until_event(|event| matches!(event, WidgetEvent::PassedOn { .. })).await.unwrap();
    assert_eq!(event, WidgetEvent::PassedOn { name: Some("Boris".into()) });
    boris.core.reply(chat, "Good day, Boris here.").await.unwrap();
    visitor.hear("Good day, Boris here.").await.unwrap();
    let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
    again.hear("Good day, Boris here.").await.unwrap();
    let heard: Vec<_> = again.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(heard, ["Zephyrlamp is broken", "One moment.", "Good day, Boris here."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_by_a_candidate_while_it_waits_and_from_the_archive() {
    let server = TestServer::start(&["Anna", "Boris", "Clara"]).await;
    let (anna, boris, clara) =
        tokio::join!(server.operator("Anna"), server.operator("Boris"), server.operator("Clara"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("for whom?").await.unwrap();
    let chat = anna.until_offered("for whom?").await.chat;
    anna.core.transfer(chat, target(&anna, "clara").target, None).await.unwrap();
    anna.skip_undo();
    clara
        .until("Clara owns it", |phone| phone.inbox().iter().any(|row| row.chat == chat && row.is_mine).then_some(()))
        .await;
    anna.until_gone(chat).await;
    boris.until_gone(chat).await;

    // Closed, and passed on from the archive: a new session that the target owns.
    clara.done(clara.core.dealt_with(chat).await).await;
    // The server's answer may come a moment before its event; what the row then offers is what can be done.
    clara
        .until("it can be passed on from the archive", |phone| {
            phone
                .archive()
                .iter()
                .any(|row| row.chat == chat && row.state == ChatState::Closed && row.actions.transfer)
                .then_some(())
        })
        .await;
    clara.core.transfer(chat, target(&clara, "boris").target, None).await.unwrap();
    clara.skip_undo();
    let row = boris.until_chat(chat).await;
    assert!(row.is_mine);
    assert_eq!(row.session, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn f28_a_phone_that_was_off_the_whole_time_never_gets_the_content() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let tablet = server.operator_through(&proxy, "Anna").await;
    proxy.refuse();
    let (mut visitor, chat) = server.owned_chat(&anna, "Quarzlampe").await;
    anna.core.transfer(chat, target(&anna, "boris").target, None).await.unwrap();
    anna.skip_undo();
    boris.until_chat(chat).await;
    visitor.say("Nachtrag").await.unwrap();
    boris.until_offered("Nachtrag").await;
    proxy.allow();
    tablet.core.wake();
    tablet.until("the line", |tablet| tablet.archive().into_iter().find(|row| row.chat == chat)).await;
    let dir = tablet.close().await;
    assert_eq!(scan(&dir, &["Quarzlampe", "Nachtrag", "One moment."]).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn f26_who_was_disabled_meanwhile_does_not_get_it_and_it_is_back_with_the_note() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let anna = server.operator_through(&proxy, "Anna").await;
    let (mut visitor, chat) = server.owned_chat(&anna, "for Boris").await;
    let boris = target(&anna, "boris").target;
    let me = TransferTarget::User(server.admin().find_user("Anna").await.unwrap());
    let refused = |code| Err(CoreError::Rejected(code));
    assert_eq!(anna.core.transfer(chat, me, None).await, refused(ErrorCode::TransferToSelf));

    // Her phone does not know yet that his account is gone.
    let mut outcomes = switchboard_e2e::outcome_stream(&anna.core);
    proxy.refuse();
    let id = anna.core.transfer(chat, boris, Some("she waits since Monday")).await.unwrap();
    assert!(anna.inbox().is_empty(), "it is shown as done");
    server.admin().disable_user(server.admin().find_user("Boris").await.unwrap()).await.unwrap();
    anna.skip_undo();
    proxy.allow();
    anna.core.wake();
    assert_eq!(outcomes.of(id).await, Outcome::Failed(ErrorCode::UserDisabled));
    let row = anna.until_chat(chat).await;
    assert!(row.is_mine && row.state == ChatState::Owned && row.passed_on.is_none());
    anna.until("the note", |anna| anna.unsent().iter().any(|row| row.text == "she waits since Monday").then_some(()))
        .await;
    // Once it does, he is nobody to pass on to.
    anna.until("he left the picker", |anna| anna.core.transfer_targets("boris").unwrap().is_empty().then_some(()))
        .await;
    assert_eq!(anna.core.transfer(chat, boris, None).await, refused(ErrorCode::UserDisabled));
    anna.core.reply(chat, "It is me again.").await.unwrap();
    visitor.hear("It is me again.").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f58_a_visitor_may_type_while_a_chat_changes_hands() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let (mut visitor, chat) = server.owned_chat(&anna, "typing").await;
    anna.core.transfer(chat, target(&anna, "boris").target, None).await.unwrap();
    anna.skip_undo();
    boris.until_chat(chat).await;
    let mut typing = switchboard_e2e::typing_stream(&boris.core);
    let frame = WidgetClientFrame::Typing(switchboard_protocol::widget::WidgetTyping { name: None, typing: true });
    visitor.send_frame(&frame).await.unwrap();
    let seen = tokio::time::timeout(switchboard_e2e::WAIT, typing.recv()).await.unwrap().unwrap();
    assert_eq!((seen.chat, seen.typing), (chat, true));
}
