//! Many operators want the same customer: one gets each, nobody's words are lost.

use std::collections::{HashMap, HashSet};

use rand::seq::SliceRandom;
use switchboard_core::{ChatId, ConnectionState};
use switchboard_e2e::{TestServer, Visitor, generator, runs};

#[tokio::test(flavor = "multi_thread")]
async fn f11_f12_f64_twenty_operators_race_for_every_chat() {
    let chats = usize::try_from(runs(50)).unwrap();
    let names: Vec<_> = (1..=20).map(|n| format!("Operator {n:02}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let server = TestServer::start(&names).await;
    let mut operators = Vec::new();
    for name in &names {
        operators.push(server.operator(name).await);
    }
    let mut visitors = Vec::new();
    for n in 0..chats {
        let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
        visitor.say(&format!("customer {n}")).await.unwrap();
        visitors.push(visitor);
    }
    for operator in &operators {
        operator.until("all chats are offered", |operator| (operator.inbox().len() == chats).then_some(())).await;
    }
    let ids: Vec<ChatId> = operators[0].inbox().into_iter().map(|row| row.chat).collect();

    // Everybody replies to everything, each in an order of their own. A reply that comes after the news that a chat
    // was taken is refused on the spot; its text never left the composer, so it is not an unsent one.
    let mut said: Vec<HashMap<ChatId, String>> = Vec::new();
    let tasks = operators.iter().enumerate().map(|(n, operator)| {
        let mut order = ids.clone();
        order.shuffle(&mut generator("twenty operators race", n as u64));
        let core = operator.core.clone();
        tokio::spawn(async move {
            let mut said = HashMap::new();
            for chat in order {
                let text = format!("operator {n} for {chat}");
                if core.reply(chat, &text).await.is_ok() {
                    said.insert(chat, text);
                }
            }
            said
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        said.push(task.await.unwrap());
    }
    assert!(said.iter().map(HashMap::len).sum::<usize>() > chats, "nobody raced");

    // Each visitor hears exactly one answer.
    let mut answers = HashSet::new();
    for visitor in &mut visitors {
        let heard = visitor.hear_messages(2).await.unwrap();
        assert!(answers.insert(heard[1].text.clone()));
    }
    for (operator, said) in operators.iter().zip(&said) {
        // What was said is either with the customer, in a chat of one's own, or unsent; never both, never neither.
        operator
            .until("every text is decided", |operator| {
                let mine = operator.inbox();
                let unsent = operator.unsent();
                let owned = mine.iter().filter(|row| row.is_mine).count();
                (mine.len() == owned && owned + unsent.len() == said.len()).then_some(())
            })
            .await;
        let unsent: HashSet<_> = operator.unsent().into_iter().map(|row| row.text).collect();
        for text in said.values() {
            assert_ne!(answers.contains(text), unsent.contains(text), "{text}");
        }
    }
    // And the customer gets no second one: what a visitor sees after a reload is what was heard.
    for visitor in &visitors {
        let mut again = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
        assert_eq!(again.hear_all().await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f63_two_devices_of_one_user_queue_replies_offline_into_a_waiting_chat() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let phone = server.operator_through(&proxy, "Anna").await;
    let tablet = server.operator_through(&proxy, "Anna").await;
    let boris = server.operator("Boris").await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hello").await.unwrap();
    let chat = phone.until_offered("hello").await.chat;
    tablet.until_chat(chat).await;
    boris.until_chat(chat).await;
    proxy.refuse();
    let mut said = Vec::new();
    for (name, device) in [("phone", &phone), ("tablet", &tablet)] {
        device
            .until("offline", |device| {
                matches!(device.core.connection(), ConnectionState::Offline { .. }).then_some(())
            })
            .await;
        for n in 1..=3 {
            let text = format!("{name} {n}");
            device.core.reply(chat, &text).await.unwrap();
            said.push(text);
        }
    }
    proxy.allow();
    let heard = visitor.hear_messages(7).await.unwrap();
    let texts: Vec<_> = heard[1..].iter().map(|message| message.text.clone()).collect();
    for device in ["phone", "tablet"] {
        let of: Vec<_> = texts.iter().filter(|text| text.starts_with(device)).cloned().collect();
        assert_eq!(of, (1..=3).map(|n| format!("{device} {n}")).collect::<Vec<_>>(), "order is kept");
    }
    boris.until_gone(chat).await;
    for device in [&phone, &tablet] {
        device.until_timeline(chat, "both devices show all", |rows| (rows.len() == 7).then_some(())).await;
        assert!(device.unsent().is_empty());
    }
}
