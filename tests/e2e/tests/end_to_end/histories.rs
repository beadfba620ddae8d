//! Random histories over real sockets: what `tests/model` does by hand on one thread, here with the real server, five
//! users on two phones each, each behind a network of its own that fails. In the end both phones of a user show what a
//! fresh one shows, and no text is lost or doubled.

use std::collections::HashMap;

use rand::RngExt;
use rand::rngs::StdRng;
use switchboard_core::{DeliveryState, InboxRow, Presence, TimelineRow};
use switchboard_e2e::{FaultProxy, Operator, TestServer, Visitor, generator, runs};
use switchboard_server::routing::Distribution;

const USERS: [&str; 5] = ["Anna", "Boris", "Clara", "Dmitri", "Elena"];
const VISITORS: usize = 3;
const STEPS: usize = 100;

struct Phone {
    name: &'static str,
    proxy: FaultProxy,
    operator: Operator,
    typed: Vec<String>,
}

async fn phones(server: &TestServer) -> Vec<Phone> {
    let mut phones = Vec::new();
    for name in USERS {
        for _ in 0..2 {
            let proxy = server.proxy().await;
            let operator = server.operator_through(&proxy, name).await;
            phones.push(Phone { name, proxy, operator, typed: Vec::new() });
        }
    }
    phones
}

/// Something that a user does with a chat. What the phone does not allow, it refuses.
async fn act(random: &mut StdRng, step: usize, phone: &mut Phone, row: &InboxRow) {
    let (core, chat) = (&phone.operator.core, row.chat);
    match random.random_range(0..20) {
        0..9 => {
            let text = format!("answer {step} of {}", phone.name);
            if core.reply(chat, &text).await.is_ok() {
                phone.typed.push(text);
            }
        }
        9..11 => drop(core.take(chat).await),
        11..13 => drop(core.mark_read(chat, u64::MAX).await),
        13..15 => {
            let targets = core.transfer_targets("").unwrap();
            let target = &targets[random.random_range(0..targets.len())];
            drop(core.transfer(chat, target.target, Some("please")).await);
        }
        15..17 => drop(core.dealt_with(chat).await),
        17 => drop(core.archive(chat).await),
        18 => drop(core.ignore(chat).await),
        _ => drop(core.delete(chat).await),
    }
    if random.random_bool(0.5) {
        phone.operator.skip_undo();
    }
}

fn network(random: &mut StdRng, phone: &Phone) {
    match random.random_range(0..5) {
        0 => phone.proxy.cut(),
        1 => phone.proxy.refuse(),
        2 => phone.proxy.cut_after_server_frames(random.random_range(0..4)),
        _ => {
            phone.proxy.allow();
            phone.operator.core.wake();
        }
    }
}

async fn history(seed: u64) {
    let mut random = generator("histories", seed);
    let server = TestServer::start(&USERS).await;
    let mut phones = phones(&server).await;
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        visitors.push(Visitor::open(server.addr(), server.channel_key()).await.unwrap());
    }
    let mut said = 0;
    for step in 0..STEPS {
        match random.random_range(0..100) {
            0..25 => {
                let visitor = &mut visitors[random.random_range(0..VISITORS)];
                visitor.say(&format!("question {step}")).await.unwrap();
                said += 1;
            }
            25..75 => {
                let phone = &mut phones[random.random_range(0..USERS.len() * 2)];
                let rows = phone.operator.inbox();
                if !rows.is_empty() {
                    let row = rows[random.random_range(0..rows.len())].clone();
                    act(&mut random, step, phone, &row).await;
                }
            }
            75..92 => {
                let phone = &phones[random.random_range(0..USERS.len() * 2)];
                network(&mut random, phone);
            }
            92..95 => {
                let phone = &phones[random.random_range(0..USERS.len() * 2)];
                let presence = if random.random_bool(0.7) { Presence::Available } else { Presence::Away };
                phone.operator.core.set_presence(presence, false).await.unwrap();
            }
            _ => {
                let ways = [Distribution::Everyone, Distribution::RoundRobin, Distribution::LeastBusy];
                let distribution = ways[random.random_range(0..ways.len())];
                server.set_queue(|settings| settings.distribution = distribution).await;
            }
        }
    }

    for phone in &phones {
        phone.proxy.allow();
        phone.operator.skip_undo();
        phone.operator.core.wake();
        phone.operator.until_online().await;
        answer_what_asks(&phone.operator).await;
    }
    for pair in phones.chunks(2) {
        let what = format!("seed {seed}: {}", pair[0].name);
        pair[0].operator.until_same_state(&pair[1].operator, &format!("{what}, both phones")).await;
        let fresh = server.operator(pair[0].name).await;
        fresh.until_same_state(&pair[0].operator, &format!("{what}, a fresh phone")).await;
    }
    texts_are_where_they_belong(seed, &server, &phones, &visitors, said).await;
}

/// Replies that had to wait, and that the customer overtook meanwhile, ask first: they are sent all the same.
async fn answer_what_asks(operator: &Operator) {
    loop {
        let asking = operator
            .until("nothing is under way", |operator| {
                let mut rows = operator.inbox();
                rows.extend(operator.archive());
                rows.extend(operator.snoozed());
                match rows.iter().find(|row| row.asking > 0) {
                    Some(row) => Some(Some(row.chat)),
                    None => rows.iter().all(|row| row.pending == 0).then_some(None),
                }
            })
            .await;
        let Some(chat) = asking else { return };
        let asks = |row: &TimelineRow| matches!(row.state, DeliveryState::Asking(_));
        for row in operator.timeline(chat).into_iter().filter(asks) {
            // It may have left with its chat in this moment.
            let _ = operator.core.send_anyway(row.id).await;
        }
    }
}

/// No text is doubled, and none is lost: with the customer, or unsent on the phone that it was typed on.
async fn texts_are_where_they_belong(
    seed: u64,
    server: &TestServer,
    phones: &[Phone],
    visitors: &[Visitor],
    said: usize,
) {
    let mut arrived: HashMap<String, usize> = HashMap::new();
    for visitor in visitors {
        // In a new tab, so that what came meanwhile is not what this one believes.
        let mut tab = Visitor::reopen(server.addr(), server.channel_key(), &visitor.token).await.unwrap();
        for message in tab.hear_all().await.unwrap().into_iter().filter(|message| !message.text.is_empty()) {
            *arrived.entry(message.text).or_default() += 1;
        }
    }
    assert!(arrived.values().all(|times| *times == 1), "seed {seed}: doubled: {arrived:?}");
    let questions = arrived.keys().filter(|text| text.starts_with("question")).count();
    assert_eq!(questions, said, "seed {seed}: what a visitor was told to be accepted is there");
    for phone in phones {
        let unsent: Vec<String> = phone.operator.unsent().into_iter().map(|row| row.text).collect();
        for text in &phone.typed {
            let places = (arrived.contains_key(text), unsent.contains(text));
            assert!(places.0 != places.1, "seed {seed}: {text:?} arrived, is unsent: {places:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f12_f62_f64_random_histories_leave_every_phone_with_what_a_fresh_one_shows() {
    for seed in 0..runs(5).min(50) {
        history(seed).await;
    }
}
