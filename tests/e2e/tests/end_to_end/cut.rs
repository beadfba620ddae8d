//! The connection is cut at every place of a session: the phone ends in the same state as one that was never cut.

use std::path::Path;

use switchboard_e2e::{Operator, TestServer, Visitor};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Chats are offered, taken by others, owned, written to and read.
async fn session(server: &TestServer, anna: &Operator, boris: &Operator) {
    for n in 0..6 {
        let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
        let first = format!("customer {n} says hello");
        visitor.say(&first).await.unwrap();
        visitor.say("and something more").await.unwrap();
        let chat = anna.until_offered("and something more").await.chat;
        boris.until_chat(chat).await;
        let taker = if n % 2 == 0 { anna } else { boris };
        taker.core.reply(chat, &format!("answer to {n}")).await.unwrap();
        let no = visitor.hear(&format!("answer to {n}")).await.unwrap().no;
        visitor.read(no).await.unwrap();
        visitor.say(&format!("thanks from {n}")).await.unwrap();
        let last = taker.until_offered(&format!("thanks from {n}")).await;
        taker.core.mark_read(chat, no + 1).await.unwrap();
        taker
            .until("read", |taker| {
                taker.inbox().into_iter().find(|row| row.chat == last.chat && row.unread == 0).map(|_| ())
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_every_event_leaves_the_state_of_an_uninterrupted_client() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    // A phone of Anna's that signs in before anything happens and is offline during the session: it catches up by
    // replay. Its store is copied, so that every cut starts from the same place.
    let phone = server.operator_through(&proxy, "Anna").await;
    phone.until_online().await;
    let store = phone.close().await;
    session(&server, &anna, &boris).await;

    let copies = tempfile::tempdir().unwrap();
    let replay = |name: String| {
        let dir = copies.path().join(name);
        copy(&store, &dir);
        dir
    };
    let uninterrupted = Operator::open(&replay("uninterrupted".into())).unwrap();
    let before = proxy.server_frames();
    uninterrupted.core.start();
    uninterrupted.until_online().await;
    uninterrupted.until_same_state(&anna, "a replay ends where the live feed ended").await;
    let wanted = anna.state();
    let frames = proxy.server_frames() - before;
    assert!(wanted.contains("thanks from 4"), "{wanted}");
    uninterrupted.close().await;
    assert!(frames > 20, "the session is {frames} frames long");

    for cut in 1..frames {
        let interrupted = Operator::open(&replay(format!("cut {cut}"))).unwrap();
        proxy.cut_after_server_frames(cut);
        let connections = proxy.connections();
        interrupted.core.start();
        interrupted
            .until("cut off", |operator| {
                use switchboard_core::ConnectionState::Offline;
                (proxy.connections() > connections && matches!(operator.core.connection(), Offline { .. }))
                    .then_some(())
            })
            .await;
        proxy.allow();
        interrupted.until_online().await;
        interrupted.until_same_state(&anna, &format!("cut after frame {cut}")).await;
        interrupted.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_at_every_frame_of_a_snapshot_leaves_the_state_of_an_uninterrupted_client() {
    let server = TestServer::start(&["Anna", "Boris"]).await;
    let proxy = server.proxy().await;
    let (anna, boris) = tokio::join!(server.operator("Anna"), server.operator("Boris"));
    session(&server, &anna, &boris).await;
    for cut in 1..=4 {
        let phone = server.open_through(&proxy, "Anna").await;
        proxy.cut_after_server_frames(cut);
        phone.core.start();
        phone
            .until("cut off or done", |operator| {
                use switchboard_core::ConnectionState::{Offline, Online};
                matches!(operator.core.connection(), Offline { .. } | Online).then_some(())
            })
            .await;
        proxy.allow();
        phone.until_online().await;
        phone.until_same_state(&anna, &format!("cut after frame {cut}")).await;
    }
}
