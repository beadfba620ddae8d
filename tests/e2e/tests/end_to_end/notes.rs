//! Among those who see a customer's chat: notes, labels, and texts that did not go out.

use switchboard_core::{
    CoreError, DeliveryState, ErrorCode, MessageKind, Outcome, STALE_MS, StaleReason, UnsentReason,
};
use switchboard_e2e::{TestServer, Visitor, outcome_stream};

#[tokio::test(flavor = "multi_thread")]
async fn f66_a_note_with_a_mention_reaches_those_who_see_the_chat_and_never_the_customer() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("Where is my parcel?").await.unwrap();
    let chat = anna.until_offered("Where is my parcel?").await.chat;
    boris.until_chat(chat).await;
    let b = server.admin().find_user("Boris").await.unwrap();
    let mut outcomes = outcome_stream(&anna.core);
    let note = anna.core.note(chat, "@Boris, you know her", &[b]).await.unwrap();
    assert_eq!(outcomes.of(note.into()).await, Outcome::Applied);
    let row = boris
        .until("the note", |boris| boris.whole_timeline(chat).into_iter().find(|row| row.kind == MessageKind::Note))
        .await;
    assert!(row.mentions_me && row.author_name.as_deref() == Some("Anna"));
    assert!(boris.until_chat(chat).await.mentioned);
    // A note takes nothing, and a mention of who does not see the chat is only a word.
    assert!(!anna.until_chat(chat).await.is_mine);
    anna.core.reply(chat, "Let me look.").await.unwrap();
    visitor.hear("Let me look.").await.unwrap();
    boris.until_gone(chat).await;
    let second = anna.core.note(chat, "@Boris has gone", &[b]).await.unwrap();
    assert_eq!(outcomes.of(second.into()).await, Outcome::Applied);
    anna.until("its mention is left out", |anna| {
        let row = anna.whole_timeline(chat).into_iter().find(|row| row.id == second && row.no.is_some())?;
        row.mentions.is_empty().then_some(())
    })
    .await;
    assert!(boris.inbox().is_empty());
    let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
    again.hear("Let me look.").await.unwrap();
    assert!(again.messages.iter().all(|message| !message.text.contains("Boris")));
}

#[tokio::test(flavor = "multi_thread")]
async fn f64_the_losers_text_goes_to_unsent_and_from_there_to_the_owner_as_a_note() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let cut = server.proxy().await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator_through(&cut, "Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("Which size?").await.unwrap();
    let chat = boris.until_offered("Which size?").await.chat;
    cut.refuse();
    boris.core.reply(chat, "She needs a 42, I know her.").await.unwrap();
    anna.until_chat(chat).await;
    anna.core.reply(chat, "What do you wear?").await.unwrap();
    visitor.hear("What do you wear?").await.unwrap();
    cut.allow();
    boris.core.wake();
    let row = boris
        .until("unsent", |boris| boris.unsent().into_iter().find(|row| row.reason != UnsentReason::Checking))
        .await;
    assert_eq!((row.text.as_str(), row.can_note_owner), ("She needs a 42, I know her.", true));
    boris.done(boris.core.unsent_to_owner(row.id).await).await;
    boris.until("it is with the owner", |boris| boris.unsent().is_empty().then_some(())).await;
    let note = anna
        .until("the note", |anna| anna.whole_timeline(chat).into_iter().find(|row| row.kind == MessageKind::Note))
        .await;
    assert_eq!((note.text.as_str(), note.author_name.as_deref()), ("She needs a 42, I know her.", Some("Boris")));
    assert!(boris.inbox().is_empty(), "it does not bring the chat back");
    visitor.say("39").await.unwrap();
    assert!(visitor.hear_all().await.unwrap().iter().all(|message| !message.text.contains("42")));
}

#[tokio::test(flavor = "multi_thread")]
async fn f64_a_reply_that_grew_old_or_was_overtaken_asks_before_it_is_sent() {
    let server = TestServer::start(&["Anna"]).await;
    let cut = server.proxy().await;
    let anna = server.operator_through(&cut, "Anna").await;
    let (mut visitor, chat) = server.owned_chat(&anna, "Can I come today?").await;
    cut.refuse();
    let old = anna.core.reply(chat, "Yes, until six.").await.unwrap();
    anna.ahead(STALE_MS + 1_000);
    cut.allow();
    anna.core.wake();
    anna.until_timeline(chat, "asks", |rows| {
        rows.iter().any(|row| row.id == old && row.state == DeliveryState::Asking(StaleReason::Old)).then_some(())
    })
    .await;
    assert_eq!(anna.until_chat(chat).await.asking, 1);
    anna.core.send_anyway(old).await.unwrap();
    visitor.hear("Yes, until six.").await.unwrap();

    // Offline again, and the customer goes on meanwhile.
    cut.refuse();
    anna.until("offline", |anna| (anna.core.connection() != switchboard_core::ConnectionState::Online).then_some(()))
        .await;
    let overtaken = anna.core.reply(chat, "See you then!").await.unwrap();
    visitor.say("Sorry, I cannot come.").await.unwrap();
    cut.allow();
    anna.core.wake();
    anna.until_timeline(chat, "asks", |rows| {
        rows.iter()
            .any(|row| row.id == overtaken && row.state == DeliveryState::Asking(StaleReason::Overtaken))
            .then_some(())
    })
    .await;
    // Taken back, it stands in the composer.
    assert_eq!(anna.core.withdraw(overtaken).await.as_deref(), Ok("See you then!"));
    assert_eq!(anna.core.draft(chat).unwrap().as_deref(), Some("See you then!"));
    anna.core.reply(chat, "A pity. Tomorrow?").await.unwrap();
    visitor.hear("A pity. Tomorrow?").await.unwrap();
    assert!(visitor.messages.iter().all(|message| message.text != "See you then!"));
}

#[tokio::test(flavor = "multi_thread")]
async fn f67_labels_on_a_chat_are_seen_by_all_who_see_it_and_anothers_group_label_is_refused() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let admin = server.admin();
    let other = admin.create_group("Elsewhere").await.unwrap();
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("urgent!").await.unwrap();
    let chat = anna.until_offered("urgent!").await.chat;
    boris.until_chat(chat).await;
    let label = anna.core.save_label(None, "Urgent", "#C81E1E", false).await.unwrap();
    anna.done(anna.core.label_chat(chat, label, true).await).await;
    boris
        .until("labelled", |boris| {
            let row = boris.inbox().into_iter().find(|row| row.chat == chat)?;
            (row.labels.first()?.name == "Urgent").then_some(())
        })
        .await;
    // Boris moves to another group: he sees the label, and can no longer give it.
    let b = admin.find_user("Boris").await.unwrap();
    let change = switchboard_server::UserChange { group: Some(other), ..Default::default() };
    admin.change_user(b, change).await.unwrap();
    boris.until("not his to give", |boris| boris.core.labels().ok()?.is_empty().then_some(())).await;
    let row = boris.until_chat(chat).await;
    assert_eq!(row.labels.len(), 1);
    boris.done(boris.core.label_chat(chat, label, false).await).await;
    anna.until("taken off", |anna| {
        anna.inbox().iter().any(|row| row.chat == chat && row.labels.is_empty()).then_some(())
    })
    .await;
    assert_eq!(boris.core.label_chat(chat, label, true).await, Err(CoreError::Rejected(ErrorCode::BadLabel)));
}
