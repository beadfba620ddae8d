//! The server's process is killed under load: nothing that it acknowledged is lost.

use std::collections::HashMap;

use rand::RngExt;
use switchboard_core::{DeliveryState, TimelineRow};
use switchboard_e2e::{FaultProxy, Operator, ServerProcess, Visitor, VisitorError, generator, runs};
use switchboard_protocol::ids::{FeedId, MessageId};
use tokio::sync::watch;

/// A visitor that writes until told to stop, comes back whenever it is cut off, and sends what was not accepted again
/// under its id, as the widget does. Returns what was accepted, and its token.
async fn restless_visitor(
    addr: std::net::SocketAddr,
    channel: String,
    name: usize,
    mut stop: watch::Receiver<bool>,
) -> (Vec<(u64, String)>, String) {
    let mut accepted = Vec::new();
    let mut token: Option<String> = None;
    let mut log: Option<FeedId> = None;
    let mut pending = (MessageId::new(), format!("visitor {name} text 1"));
    while !*stop.borrow_and_update() {
        let Ok(mut visitor) = Visitor::hello(addr, &channel, token.clone(), log, 0).await else {
            tokio::time::sleep(switchboard_e2e::RETRY).await;
            continue;
        };
        token = Some(visitor.token.clone());
        log = Some(visitor.feed_id);
        while !*stop.borrow() {
            match visitor.say_as(pending.0, &pending.1).await {
                Ok(answer) => {
                    accepted.push((answer.no, pending.1));
                    pending = (MessageId::new(), format!("visitor {name} text {}", accepted.len() + 1));
                }
                Err(VisitorError::Timeout) => panic!("the server neither answers nor ends the connection"),
                Err(_) => break,
            }
        }
    }
    (accepted, token.expect("the visitor was never let in"))
}

#[tokio::test(flavor = "multi_thread")]
async fn f63_a_server_killed_under_load_loses_nothing_that_it_acknowledged() {
    let mut server = ServerProcess::start(&["Anna"]).await;
    let proxy = FaultProxy::start(server.addr()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let link = server.link_through("Anna", &proxy.url()).await;
    let anna = Operator::enrol(dir.path(), &link).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let visitors: Vec<_> = (0..6)
        .map(|n| tokio::spawn(restless_visitor(proxy.addr(), server.channel_key().to_owned(), n, stopped.clone())))
        .collect();

    let mut said = HashMap::new();
    for seed in 0..runs(6) {
        let mut random = generator("server killed", seed);
        let chats = anna.until("the visitors are there", |anna| {
            let chats: Vec<_> = anna.inbox().into_iter().map(|row| row.chat).collect();
            (chats.len() == 6).then_some(chats)
        });
        for chat in chats.await {
            let text = format!("answer {seed} to {chat}");
            said.insert(anna.core.reply(chat, &text).await.unwrap(), (chat, text));
        }
        tokio::time::sleep(std::time::Duration::from_millis(random.random_range(0..60))).await;
        server.kill().await;
        server.restart().await;
        proxy.retarget(server.addr()).await;
    }
    stop.send_replace(true);
    let mut conversations = Vec::new();
    for visitor in visitors {
        conversations.push(visitor.await.unwrap());
    }
    for (chat, _) in said.values() {
        // One that had to wait, and that a customer overtook meanwhile, asks first.
        loop {
            let asking = anna
                .until_timeline(*chat, "every reply is stored or asks", |rows| {
                    let open = |row: &&TimelineRow| row.mine && !matches!(row.state, DeliveryState::Stored(_));
                    match rows.iter().find(open) {
                        Some(row) if matches!(row.state, DeliveryState::Asking(_)) => Some(Some(row.id)),
                        Some(_) => None,
                        None => Some(None),
                    }
                })
                .await;
            let Some(asking) = asking else { break };
            anna.core.send_anyway(asking).await.unwrap();
        }
    }

    let mut answers = Vec::new();
    for (accepted, token) in conversations {
        assert!(!accepted.is_empty());
        let mut visitor = Visitor::reopen(server.addr(), server.channel_key(), &token).await.unwrap();
        let messages = visitor.hear_all().await.unwrap();
        let mut stored: HashMap<&str, Vec<u64>> = HashMap::new();
        for message in &messages {
            stored.entry(&message.text).or_default().push(message.no);
        }
        for (no, text) in accepted {
            assert_eq!(stored.get(text.as_str()), Some(&vec![no]), "{text} is stored once, and where it was accepted");
        }
        answers.extend(messages.iter().map(|message| (message.id, message.text.clone())));
    }
    for (id, (_, text)) in &said {
        let stored = answers.iter().filter(|(stored, _)| stored == id).count();
        assert_eq!(stored, 1, "{text} is stored {stored} times");
    }
}
