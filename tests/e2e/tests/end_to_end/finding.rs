//! Found on the phone: messages, people and templates; and what a notification shows.

use switchboard_core::{
    ChannelKind, NewContact, Notification, NotificationKind, NotificationSettings, Presence, Role, SnippetPart, Sound,
    Template,
};
use switchboard_e2e::{Operator, TestServer, Visitor};
use switchboard_server::UserChange;

fn marked(parts: &[SnippetPart]) -> String {
    parts.iter().filter(|part| part.matched).map(|part| part.text.as_str()).collect::<Vec<_>>().join("|")
}

#[tokio::test(flavor = "multi_thread")]
async fn f65_f62_one_search_finds_messages_people_and_templates_offline_and_opens_at_the_hit() {
    let server = TestServer::start(&["Anna", "Olga"]).await;
    let admin = server.admin();
    let olga = admin.find_user("Olga").await.unwrap();
    admin.change_user(olga, UserChange { role: Some(Role::SystemOwner), ..UserChange::default() }).await.unwrap();
    let cut = server.proxy().await;
    let (anna, olga) = tokio::join!(server.operator_through(&cut, "Anna"), server.operator("Olga"));
    let template = Template {
        group: None,
        category: None,
        language: Some("ru".into()),
        title: "Доставка".into(),
        text: "Посылка в пути.".into(),
        keywords: "посылка".into(),
    };
    olga.core.create_template(template).await.unwrap();
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("Где моя посылка?").await.unwrap();
    let chat = anna.until_offered("Где моя посылка?").await.chat;
    for n in 0..70 {
        visitor.say(&format!("строка {n}")).await.unwrap();
    }
    anna.until_offered("строка 69").await;
    let person =
        NewContact { name: "Посылкин Пётр".into(), email: Some("peter@example.com".into()), phone: None };
    anna.done(anna.core.add_contact(chat, person).await).await;
    let found = |anna: &Operator, query: &str| anna.core.search(query, 20).unwrap();
    anna.until("all three", |anna| {
        let results = found(anna, "посыл");
        (results.contacts.len() == 1 && results.templates.len() == 1).then_some(())
    })
    .await;
    cut.refuse();
    let results = found(&anna, "посыл");
    assert_eq!(results.hits.len(), 1);
    assert_eq!(marked(&results.hits[0].snippet), "посылка");
    assert_eq!(marked(&results.contacts[0].name), "Посылкин");
    assert!(results.contacts[0].known && results.contacts[0].chat == Some(chat));
    assert_eq!(found(&anna, "peter@ex").contacts.len(), 1);
    // The timeline opens at the hit, which is older than its newest page.
    let no = results.hits[0].no;
    let rows = anna.core.timeline(chat, Some(no)).unwrap().rows();
    assert!(rows.iter().any(|row| row.no == Some(no) && row.text == "Где моя посылка?"));
    for query in ["\"", "a OR b", "NEAR(", "*", "👍🏽", "שלום \u{202e}x", "{{", "a\0b", &"слово ".repeat(2_000)]
    {
        let _ = found(&anna, query);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f47_f48_f49_f52_a_notification_looks_and_sounds_as_this_device_wants_it() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let settings = NotificationSettings {
        sounds: vec![switchboard_core::KindSound { channel_kind: Some(ChannelKind::LiveChat), sound: Sound::Bell }],
        ..anna.core.notification_settings().unwrap()
    };
    anna.core.set_notification_settings(settings.clone()).await.unwrap();
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("ding").await.unwrap();
    anna.until_offered("ding").await;
    let it = until_notified(&anna).await;
    assert_eq!((it.kind, it.sound, it.in_app, it.system), (NotificationKind::Offered, Some(Sound::Bell), true, true));
    assert_eq!(it.body.as_deref(), Some("ding"));
    // Previews hidden: neither who nor what.
    anna.core.set_notification_settings(NotificationSettings { previews: false, ..settings.clone() }).await.unwrap();
    visitor.say("dong").await.unwrap();
    let it = until_notified(&anna).await;
    assert_eq!((it.title, it.body), (None, None));
    // Off shift: only a mention is heard.
    anna.core.set_notification_settings(settings).await.unwrap();
    let me = server.admin().find_user("Anna").await.unwrap();
    let chat = boris.core.create_group("Both", &[me]).await.unwrap();
    anna.until_chat(chat).await;
    anna.done(anna.core.set_presence(Presence::OffShift, false).await).await;
    anna.until("off shift", |anna| anna.core.presence().ok().filter(|it| it.presence == Presence::OffShift).map(drop))
        .await;
    anna.notified();
    boris.core.say(chat, "anybody?", &[]).await.unwrap();
    boris.core.say(chat, "@Anna, quick", &[me]).await.unwrap();
    // The first one is passed over: neither shown nor heard.
    let it = until_notified(&anna).await;
    assert_eq!((it.kind, it.body.as_deref()), (NotificationKind::Mention, Some("Boris: @Anna, quick")));
    assert!(it.sound.is_some() && it.system);
}

/// The next notification that is to be seen or heard.
async fn until_notified(operator: &Operator) -> Notification {
    let heard = |it: &Notification| it.in_app || it.system || it.sound.is_some();
    operator.until("notified", |operator| operator.notified().into_iter().find(heard)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn f51_f17_each_action_has_its_place_on_a_chats_screen() {
    use switchboard_core::ScreenAction as It;
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hi").await.unwrap();
    let waiting = anna.until_offered("hi").await;
    let placement = waiting.placement();
    assert_eq!(placement.bar, [It::Take, It::Transfer, It::DealtWith]);
    assert_eq!(placement.menu[..2], [It::Information, It::Archive]);
    assert_eq!(placement.composer, [It::Templates]);
    assert!(!placement.menu.contains(&It::Block), "only its owner blocks");
    anna.core.take(waiting.chat).await.unwrap();
    let owned = |anna: &Operator| anna.inbox().into_iter().find(|row| row.is_mine && row.pending == 0);
    let placement = anna.until("owned", owned).await.placement();
    assert_eq!(placement.bar, [It::Transfer, It::DealtWith]);
    assert!(placement.menu.ends_with(&[It::EndSession, It::Block]));
    // Among staff there is nothing to take, to pass on or to finish, and nothing of a customer to show.
    let me = server.admin().find_user("Anna").await.unwrap();
    let chat = boris.core.direct_chat(me).unwrap();
    boris.core.say(chat, "lunch?", &[]).await.unwrap();
    let placement = anna.until_chat(chat).await.placement();
    assert!(placement.bar.is_empty() && placement.composer.is_empty());
    assert_eq!(placement.menu, [It::Archive, It::Snooze]);
}
