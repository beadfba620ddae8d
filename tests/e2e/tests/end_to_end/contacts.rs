//! Contacts: what is known of a person, by whom, and across channels.

use switchboard_core::{
    ChannelKind, ContactEdit, CoreError, ErrorCode, IdentityKind, InfoActionKind, InfoFactKind, MessageKind,
    NewContact, Outcome,
};
use switchboard_e2e::{Operator, TestServer, Visitor, outcome_stream, scan};
use switchboard_protocol::limits::MAX_TEXT_BYTES;
use switchboard_server::{NewChannel, Route};

/// A channel of this kind whose customers are played, with its chats to the queue of the test.
async fn stub(server: &TestServer, name: &str, kind: ChannelKind) -> switchboard_server::Channel {
    let admin = server.admin();
    let channel = admin.create_channel(NewChannel::stub(name, kind)).await.unwrap();
    let queue = admin.find_queue("Sales").await.unwrap();
    admin.set_route(channel.id, Route::Queue(queue)).await.unwrap();
    channel
}

fn person(name: &str, email: Option<&str>, phone: Option<&str>) -> NewContact {
    NewContact { name: name.into(), email: email.map(str::to_owned), phone: phone.map(str::to_owned) }
}

#[tokio::test(flavor = "multi_thread")]
async fn f30_information_shows_what_the_channel_allows_and_f31_the_history_is_shown_and_never_stored() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let sms = stub(&server, "Text line", ChannelKind::Sms).await;
    let admin = server.admin();
    admin.stub_receive(sms.id, "+49301234567", "m1", "Mondsteinfrage, is it ready?").await.unwrap();
    let chat = anna.until_offered("Mondsteinfrage, is it ready?").await.chat;
    let info = anna.core.information(chat).unwrap();
    let kinds: Vec<_> = info.actions.iter().map(|action| action.kind).collect();
    assert_eq!(kinds, [InfoActionKind::Call, InfoActionKind::SendSms, InfoActionKind::AddContact]);
    assert_eq!(info.actions[0].uri.as_deref(), Some("tel:+49301234567"));
    assert!(info.facts.iter().any(|fact| fact.kind == InfoFactKind::Phone && fact.value == "+49301234567"));
    assert!(!info.known && info.card.is_none());
    anna.core.reply(chat, "Yes, since noon.").await.unwrap();
    boris.until_gone(chat).await;
    anna.done(anna.core.dealt_with(chat).await).await;
    anna.until("closed", |anna| anna.archive().iter().any(|row| row.chat == chat).then_some(())).await;

    // The next time Boris has it: he sees what Anna wrote, and nothing of it is kept.
    admin.stub_receive(sms.id, "+49301234567", "m2", "And the bill?").await.unwrap();
    boris.until_offered("And the bill?").await;
    let texts = |boris: &Operator| boris.whole_timeline(chat).len();
    assert!(texts(&boris) > 0);
    let page = boris.core.history(chat, None).await.unwrap();
    let lines: Vec<_> = page.entries.iter().filter(|it| it.row.kind == MessageKind::Text).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!((lines[0].row.text.as_str(), lines[0].channel.as_str()), ("And the bill?", "Text line"));
    assert_eq!((lines[1].row.text.as_str(), lines[1].row.author_name.as_deref()), ("Yes, since noon.", Some("Anna")));
    assert_eq!(lines[1].department.as_deref(), Some("Sales"));
    assert!(page.next.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_the_history_crosses_channels_of_a_merged_contact_and_leaves_no_byte_behind() {
    let server = TestServer::start(&["Anna"]).await;
    let anna = server.operator("Anna").await;
    let (sms, whatsapp) =
        (stub(&server, "Text line", ChannelKind::Sms).await, stub(&server, "WA", ChannelKind::Whatsapp).await);
    let admin = server.admin();
    admin.stub_receive(sms.id, "+49301111111", "m1", "Granatapfelwort by sms").await.unwrap();
    let first = anna.until_offered("Granatapfelwort by sms").await.chat;
    anna.done(anna.core.add_contact(first, person("Maria López", Some("m@example.com"), None)).await).await;
    anna.done(anna.core.dealt_with(first).await).await;
    anna.done(anna.core.delete(first).await).await;
    anna.until("deleted", |anna| anna.archive().is_empty().then_some(())).await;
    admin.stub_receive(whatsapp.id, "+49302222222", "m2", "hello again").await.unwrap();
    let second = anna.until_offered("hello again").await;
    let chat = second.chat;
    anna.done(anna.core.add_contact(chat, person("Maria", Some("M@Example.com"), None)).await).await;
    let suggestion = anna
        .until("suggested", |anna| {
            let info = anna.core.information(chat).ok()?;
            info.suggestions.into_iter().find(|it| it.name.as_deref() == Some("Maria López"))
        })
        .await;
    assert_eq!(suggestion.by, IdentityKind::Email);
    anna.done(anna.core.merge_contacts(suggestion.contact, second.contact.unwrap()).await).await;
    anna.until("merged", |anna| {
        let row = anna.inbox().into_iter().find(|row| row.chat == chat)?;
        (row.contact == Some(suggestion.contact) && row.contact_name.as_deref() == Some("Maria López")).then_some(())
    })
    .await;
    let page = anna.core.history(chat, None).await.unwrap();
    assert!(page.entries.iter().any(|it| it.row.text == "Granatapfelwort by sms"), "of the other channel");
    // One's own half, and itself.
    let refused = |code| Outcome::Failed(code);
    let mut outcomes = outcome_stream(&anna.core);
    for (kept, merged) in [
        (suggestion.contact, suggestion.contact),
        (second.contact.unwrap(), suggestion.contact),
        (suggestion.contact, second.contact.unwrap()),
    ] {
        match anna.core.merge_contacts(kept, merged).await {
            Ok(id) => assert_eq!(outcomes.of(id).await, refused(ErrorCode::BadMerge)),
            Err(error) => {
                assert!(matches!(error, CoreError::Rejected(ErrorCode::BadMerge) | CoreError::NotFound), "{error:?}")
            }
        }
    }
    // And parted again: each has what it had.
    anna.done(anna.core.part_contact(second.contact.unwrap()).await).await;
    anna.until("parted", |anna| {
        let row = anna.inbox().into_iter().find(|row| row.chat == chat)?;
        (row.contact == second.contact && row.contact_name.as_deref() == Some("Maria")).then_some(())
    })
    .await;
    let dir = anna.close().await;
    assert_eq!(scan(&dir, &["Granatapfelwort", "ranatapfelwort"]).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn f32_notes_and_labels_on_a_contact_reach_every_phone_also_from_offline() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let cut = server.proxy().await;
    let (anna, boris) = tokio::join!(server.operator_through(&cut, "Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hi").await.unwrap();
    let row = anna.until_offered("hi").await;
    let (chat, contact) = (row.chat, row.contact.unwrap());
    anna.done(anna.core.add_contact(chat, person("Tom", Some("tom@example.com"), None)).await).await;
    anna.until("saved", |anna| anna.core.contact(contact).ok()).await;
    let label = anna.core.save_label(None, "VIP", "#1e3ac8", false).await.unwrap();
    cut.refuse();
    anna.core.label_contact(contact, label, true).await.unwrap();
    anna.core.add_contact_note(contact, "Prefers to be called.").await.unwrap();
    let edit = ContactEdit { phone: Some("+49 30 5556677".into()), ..ContactEdit::default() };
    anna.core.edit_contact(contact, edit).await.unwrap();
    // Shown at once, and known as not sent yet.
    let card = anna.core.contact(contact).unwrap();
    assert!(card.notes.len() == 1 && card.notes[0].pending && card.notes[0].mine);
    assert_eq!(card.phone.as_deref(), Some("+49 30 5556677"));
    cut.allow();
    anna.core.wake();
    let card = boris
        .until("Boris has it", |boris| {
            let card = boris.core.contact(contact).ok()?;
            (card.notes.len() == 1 && card.labels.len() == 1 && card.phone.is_some()).then_some(card)
        })
        .await;
    assert_eq!((card.notes[0].author_name.as_str(), card.notes[0].mine), ("Anna", false));
    assert_eq!(card.labels[0].name, "VIP");
    // 20 KiB are too long, before and on the server.
    let long = "x".repeat(20 * 1024);
    assert!(long.len() > MAX_TEXT_BYTES);
    assert_eq!(anna.core.add_contact_note(contact, &long).await, Err(CoreError::Rejected(ErrorCode::TextTooLong)));
    let note = card.notes[0].id;
    let mut outcomes = outcome_stream(&boris.core);
    match boris.core.delete_contact_note(note).await {
        Ok(id) => assert_eq!(outcomes.of(id).await, Outcome::Failed(ErrorCode::Forbidden)),
        Err(error) => assert_eq!(error, CoreError::Rejected(ErrorCode::Forbidden)),
    }
    anna.done(anna.core.delete_contact_note(note).await).await;
    boris.until("removed", |boris| boris.core.contact(contact).ok()?.notes.is_empty().then_some(())).await;
}
