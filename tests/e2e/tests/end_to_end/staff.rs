//! Staff write to each other: direct and in named groups.

use switchboard_core::{
    ActivityKind, ChatId, ChatState, CoreError, DeliveryState, ErrorCode, InboxFilter, InboxOrder, InboxRow,
    MessageKind, MessageStatus, Outcome, TimelineRow, UserId,
};
use switchboard_e2e::{Operator, TestServer, Visitor, outcome_stream, scan};

/// The colleague of this name.
fn colleague(operator: &Operator, name: &str) -> UserId {
    let found = operator.core.colleagues(name).unwrap();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0].user
}

async fn knows(operator: &Operator, name: &str) -> UserId {
    operator
        .until("the colleague is known", |operator| {
            operator.core.colleagues(name).ok().and_then(|found| found.first().map(|found| found.user))
        })
        .await
}

async fn until_said(operator: &Operator, chat: ChatId, text: &str) {
    operator
        .until_timeline(chat, "it was said", |rows| {
            rows.iter().any(|row| row.text == text && row.no.is_some()).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_f05_two_write_to_each_other_offline_and_both_open_one_chat() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (cut_a, cut_b) = (server.proxy().await, server.proxy().await);
    let (anna, boris) = tokio::join!(server.operator_through(&cut_a, "Anna"), server.operator_through(&cut_b, "Boris"));
    let (to_boris, to_anna) = (knows(&anna, "boris").await, knows(&boris, "anna").await);
    cut_a.refuse();
    cut_b.refuse();
    // Neither knows of the other one's text: there is one chat all the same.
    let chat = anna.core.direct_chat(to_boris).unwrap();
    assert_eq!(boris.core.direct_chat(to_anna).unwrap(), chat);
    anna.core.say(chat, "Is the key with you?", &[]).await.unwrap();
    boris.core.say(chat, "I have the key.", &[]).await.unwrap();
    cut_a.allow();
    cut_b.allow();
    anna.core.wake();
    boris.core.wake();
    for (phone, other) in [(&anna, "Boris"), (&boris, "Anna")] {
        until_said(phone, chat, "Is the key with you?").await;
        until_said(phone, chat, "I have the key.").await;
        let row = phone.until_chat(chat).await;
        assert_eq!(
            (row.contact_name.as_deref(), row.channel_kind, row.state),
            (Some(other), None, ChatState::Internal)
        );
        assert!(row.owner.is_none() && row.internal.is_some_and(|it| it.members == 2 && it.direct_with.is_some()));
        assert_eq!(phone.inbox().len(), 1);
    }
    // Both see one order.
    let order = |phone: &Operator| phone.timeline(chat).into_iter().map(|row| (row.no, row.text)).collect::<Vec<_>>();
    assert_eq!(order(&anna), order(&boris));
    let staff = anna.core.inbox(InboxFilter::Staff, InboxOrder::NewestFirst).unwrap().rows();
    assert_eq!(staff.iter().map(|row| row.chat).collect::<Vec<_>>(), [chat]);
    assert_eq!(anna.core.reply(chat, "no").await, Err(CoreError::Rejected(ErrorCode::InternalChat)));
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_f57_read_state_unread_and_the_badge_of_a_staff_chat() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let tablet = server.operator("Boris").await;
    let chat = anna.core.direct_chat(knows(&anna, "boris").await).unwrap();
    anna.core.say(chat, "Lunch?", &[]).await.unwrap();
    anna.core.say(chat, "At noon.", &[]).await.unwrap();
    until_said(&boris, chat, "At noon.").await;
    let row = boris.until_chat(chat).await;
    assert_eq!((row.unread, boris.core.badge().unwrap(), anna.core.badge().unwrap()), (2, 1, 0));
    let all = |rows: &[TimelineRow], status| rows.iter().all(|row| row.state == DeliveryState::Stored(status));
    anna.until_timeline(chat, "sent", |rows| all(rows, MessageStatus::Sent).then_some(())).await;
    let upto = boris.timeline(chat).last().unwrap().no.unwrap();
    boris.core.mark_read(chat, upto).await.unwrap();
    anna.until_timeline(chat, "read", |rows| all(rows, MessageStatus::Read).then_some(())).await;
    tablet.until("read on the other device too", |tablet| (tablet.core.badge() == Ok(0)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_f66_a_group_has_a_name_members_who_come_and_go_and_mentions() {
    let server = TestServer::start(&["Anna", "Boris", "Clara"]).await;
    let (anna, boris, clara) =
        tokio::join!(server.operator("Anna"), server.operator("Boris"), server.operator("Clara"));
    let (b, c) = (knows(&anna, "boris").await, knows(&anna, "clara").await);
    let chat = anna.core.create_group("Night shift", &[b]).await.unwrap();
    anna.core.say(chat, "Zirkonplan one", &[]).await.unwrap();
    until_said(&boris, chat, "Zirkonplan one").await;
    assert_eq!(boris.until_chat(chat).await.contact_name.as_deref(), Some("Night shift"));
    assert!(clara.inbox().is_empty());

    boris.done(boris.core.rename_group(chat, "Late shift").await).await;
    anna.until("renamed", |anna| {
        anna.inbox().iter().any(|row| row.contact_name.as_deref() == Some("Late shift")).then_some(())
    })
    .await;
    anna.done(anna.core.add_members(chat, &[c]).await).await;
    let mut outcomes = outcome_stream(&anna.core);
    let mention = anna.core.say(chat, "@Clara, the plan.", &[c]).await.unwrap();
    assert_eq!(outcomes.of(mention.into()).await, Outcome::Applied);
    until_said(&clara, chat, "@Clara, the plan.").await;
    // Who joins sees it from joining on.
    let rows = clara.whole_timeline(chat);
    assert!(rows.iter().all(|row| row.text != "Zirkonplan one"));
    assert!(rows.iter().any(|row| {
        row.activity.as_ref().is_some_and(|line| line.kind == ActivityKind::MembersAdded && line.members == ["Clara"])
    }));
    clara.until("mentioned", |clara| clara.inbox().iter().any(|row| row.mentioned).then_some(())).await;
    assert!(boris.inbox().iter().all(|row| !row.mentioned));
    let names: Vec<_> = clara.core.members(chat).unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["Anna", "Boris", "Clara"]);

    // Who leaves, and who is taken out, has nothing of it left.
    boris.done(boris.core.leave_group(chat).await).await;
    boris.until_gone(chat).await;
    anna.until("Boris left", |anna| anna.core.members(chat).ok().filter(|members| members.len() == 2).map(drop)).await;
    anna.done(anna.core.remove_member(chat, c).await).await;
    clara.until_gone(chat).await;
    let (boris, clara) = (boris.close().await, clara.close().await);
    assert_eq!(scan(&boris, &["Zirkonplan"]).unwrap(), []);
    assert_eq!(scan(&clara, &["Zirkonplan", "the plan"]).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_what_belongs_to_customers_chats_is_refused_and_a_group_of_strangers_too() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let b = knows(&anna, "boris").await;
    let refused = |code| Some(CoreError::Rejected(code));
    assert_eq!(anna.core.create_group(" ", &[b]).await.err(), refused(ErrorCode::BadName));
    let nobody = UserId::from_bytes([9; 16]);
    assert_eq!(anna.core.create_group("Ghosts", &[nobody]).await.err(), refused(ErrorCode::BadMembers));
    let chat = anna.core.direct_chat(b).unwrap();
    anna.core.say(chat, "hello", &[]).await.unwrap();
    until_said(&boris, chat, "hello").await;
    let row = boris.until_chat(chat).await;
    let InboxRow { actions, prompt, .. } = row;
    assert!(!actions.take && !actions.transfer && !actions.dealt_with && !actions.end_session && !actions.block);
    assert!(!prompt && !actions.add_contact && !actions.information && !actions.members && actions.archive);
    assert_eq!(anna.core.dealt_with(chat).await.err(), refused(ErrorCode::InternalChat));
    assert_eq!(anna.core.rename_group(chat, "x").await.err(), refused(ErrorCode::DirectChat));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("a customer").await.unwrap();
    let customers = anna.until_offered("a customer").await.chat;
    assert_eq!(anna.core.say(customers, "x", &[]).await.err(), refused(ErrorCode::CustomerChat));
}

#[tokio::test(flavor = "multi_thread")]
async fn f02_f43_f45_a_direct_chat_is_archived_wakes_and_is_deleted_for_one_side_only() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let chat = anna.core.direct_chat(colleague_when_known(&anna).await).unwrap();
    anna.core.say(chat, "Opalwort one", &[]).await.unwrap();
    until_said(&boris, chat, "Opalwort one").await;
    boris.done(boris.core.archive(chat).await).await;
    boris.until_gone(chat).await;
    anna.core.say(chat, "Opalwort two", &[]).await.unwrap();
    boris.until_chat(chat).await;
    boris.done(boris.core.archive(chat).await).await;
    boris.done(boris.core.delete(chat).await).await;
    boris.until("deleted", |boris| boris.archive().is_empty().then_some(())).await;
    // It begins anew, without what was deleted.
    anna.core.say(chat, "Again", &[]).await.unwrap();
    until_said(&boris, chat, "Again").await;
    let texts = |phone: &Operator| phone.timeline(chat).into_iter().map(|row| row.text).collect::<Vec<_>>();
    assert_eq!(texts(&boris), ["Again"]);
    assert_eq!(texts(&anna), ["Opalwort one", "Opalwort two", "Again"]);
    assert!(anna.whole_timeline(chat).iter().all(|row| row.kind != MessageKind::Note));
    let dir = boris.close().await;
    assert_eq!(scan(&dir, &["Opalwort"]).unwrap(), []);
}

async fn colleague_when_known(anna: &Operator) -> UserId {
    knows(anna, "boris").await;
    colleague(anna, "boris")
}
