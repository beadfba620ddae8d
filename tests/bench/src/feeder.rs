//! A stand-in for the server that feeds a core: a snapshot of many chats, then many events, as fast as the core takes
//! them. It costs next to nothing itself, so what is measured is the core.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::value::RawValue;
use switchboard_protocol::chat::{ChannelKind, Chat, ChatState, OpenedChat, UserChat};
use switchboard_protocol::collection::{Collection, CollectionRow, Role, TemplateRow};
use switchboard_protocol::contact::Contact;
use switchboard_protocol::device::{ENROL_PATH, SOCKET_PATH, SignedIn, SignedInUser};
use switchboard_protocol::event::{EventBody, MessageAdded};
use switchboard_protocol::frame::{
    CatchUp, Empty, Event, Hello, Live, Rows, SnapshotBegin, SnapshotChat, SnapshotEnd, SnapshotPart, Welcome,
};
use switchboard_protocol::ids::{
    ChannelId, ChatId, ContactId, DeviceId, FeedId, MessageId, QueueId, TemplateId, UserId,
};
use switchboard_protocol::message::{Author, Message, MessageStatus};
use switchboard_protocol::template::Template;
use switchboard_protocol::{ClientFrame, ServerFrame};

use tokio::sync::watch;

use crate::Result;

/// How many chats the store holds.
pub const CHATS: u64 = 10_000;
/// How many messages each of them has.
pub const MESSAGES: u64 = 10;
/// How many events a catch-up brings.
pub const EVENTS: u64 = 10_000;
/// Chats in one part of a snapshot.
const PART: u64 = 50;
/// The newest message's time.
const NOW: i64 = 1_773_135_600_000;

/// The words that messages are made of; some are in many messages, some in few.
const WORDS: &[&str] = &[
    "the",
    "order",
    "delivery",
    "blue",
    "lamp",
    "please",
    "when",
    "would",
    "Friday",
    "invoice",
    "заказ",
    "доставка",
    "спасибо",
    "лампа",
    "синий",
    "return",
    "broken",
    "shade",
    "question",
    "today",
    "tomorrow",
    "address",
    "parcel",
    "number",
    "thanks",
];

/// The id of the thing of this kind and number, the same in every run.
pub fn id(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    // The layout of a UUIDv7, so that the ids sort by number as real ones sort by time.
    id[..6].copy_from_slice(&(0x0198_0000_0000 + number).to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8] = 0x80;
    id[15] = kind;
    id
}

/// The text of a message, about 70 characters.
pub fn text(number: u64) -> String {
    let word = |n: u64| {
        WORDS[(number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(n as u32 * 7) % WORDS.len() as u64) as usize]
    };
    let words: Vec<&str> = (0..10).map(word).collect();
    format!("{} {number}", words.join(" "))
}

/// A chat's message.
pub fn message(chat: u64, no: u64) -> Message {
    let number = chat * 100 + no;
    Message {
        id: MessageId::from_bytes(id(1, number)),
        no,
        author: Author::Contact,
        text: text(number),
        private: false,
        mentions: Vec::new(),
        activity: None,
        sent_at: NOW - ((CHATS - chat) * 1_000 + (MESSAGES.saturating_sub(no)) * 10) as i64
            + i64::from(no > MESSAGES) * 10_000_000,
        status: MessageStatus::Delivered,
    }
}

fn chat(number: u64, rev: u64) -> Chat {
    Chat {
        id: ChatId::from_bytes(id(2, number)),
        rev,
        channel: ChannelId::from_bytes(id(3, 1)),
        channel_kind: ChannelKind::LiveChat,
        queue: Some(QueueId::from_bytes(id(4, 1))),
        contact: Contact {
            id: ContactId::from_bytes(id(5, number)),
            name: Some(format!("Visitor {number}")),
            email: None,
            phone: None,
            known: false,
        },
        state: ChatState::Waiting,
        owner: None,
        owner_epoch: 0,
        waiting_since: Some(NOW - ((CHATS - number) * 1_000) as i64),
        session: 1,
        group: None,
        labels: Vec::new(),
        visit: None,
    }
}

/// The event of this place in the feed: a new message in one of 2,000 chats, in turn.
pub fn event(seq: u64) -> (u64, Message) {
    let chat = (seq * 7) % 2_000;
    (chat, message(chat, MESSAGES + 1 + seq / 2_000))
}

/// The same as a frame of the wire.
pub fn frame(seq: u64) -> Result<ServerFrame> {
    let (number, message) = event(seq);
    let body = EventBody::Message(MessageAdded { message, chat: None, internal: None }).to_json()?;
    Ok(ServerFrame::Event(Event {
        seq,
        kind: "message".into(),
        chat: Some(ChatId::from_bytes(id(2, number))),
        rev: 1,
        body: Some(RawValue::from_string(body)?),
        command: None,
    }))
}

/// What a store is filled with.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Messages in each chat.
    pub messages: u64,
    /// Templates.
    pub templates: u64,
}

/// The feed of the one user.
pub struct Feed {
    head: watch::Sender<u64>,
    load: Load,
}

impl Feed {
    /// A feed whose snapshot is of this head.
    pub fn new(head: u64, load: Load) -> Feed {
        Feed { head: watch::Sender::new(head), load }
    }

    /// One more event, for who is connected too.
    pub fn push(&self) {
        self.head.send_modify(|head| *head += 1);
    }

    /// The head from now on.
    pub fn raise(&self, head: u64) {
        self.head.send_replace(head);
    }
}

/// Serves until the listener fails.
pub async fn serve(listener: tokio::net::TcpListener, feed: Arc<Feed>) -> Result<()> {
    let app = Router::new().route(ENROL_PATH, post(enrol)).route(SOCKET_PATH, get(connect)).with_state(feed);
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, |tcp| drop(tcp.set_nodelay(true))), app).await?)
}

async fn enrol() -> Json<SignedIn> {
    Json(SignedIn {
        user: SignedInUser { id: UserId::from_bytes(id(6, 1)), name: "Anna".into(), role: Role::User },
        device: DeviceId::from_bytes(id(7, 1)),
        token: "bench".into(),
    })
}

async fn connect(State(feed): State<Arc<Feed>>, upgrade: WebSocketUpgrade) -> axum::response::Response {
    upgrade.on_upgrade(async move |socket| {
        // A core that goes away in the middle is no error here.
        let _ = talk(socket, &feed).await;
    })
}

type Out = SplitSink<WebSocket, Frame>;

async fn say(out: &mut Out, frame: &ServerFrame) -> Result<()> {
    out.feed(Frame::text(frame.to_json()?)).await?;
    Ok(())
}

async fn talk(socket: WebSocket, feed: &Feed) -> Result<()> {
    let (mut out, mut from) = socket.split();
    let mut heads = feed.head.subscribe();
    let mut sent = *heads.borrow_and_update();
    loop {
        let frame = tokio::select! {
            frame = from.next() => frame,
            changed = heads.changed() => {
                changed?;
                let head = *heads.borrow_and_update();
                for seq in sent + 1..=head {
                    say(&mut out, &frame(seq)?).await?;
                }
                sent = head;
                out.flush().await?;
                continue;
            }
        };
        let Some(frame) = frame else { return Ok(()) };
        let Frame::Text(text) = frame? else { continue };
        match ClientFrame::parse(&text)? {
            ClientFrame::Hello(hello) => catch_up(&mut out, &hello, sent, feed.load).await?,
            ClientFrame::Pull(pull) => {
                let rows = match pull.collection {
                    Collection::Templates => (0..feed.load.templates).map(template).collect::<Result<_>>()?,
                    _ => Vec::new(),
                };
                let rows = Rows { req: pull.req, collection: pull.collection, rev: 1, rows, more: false };
                say(&mut out, &ServerFrame::Rows(rows)).await?;
            }
            ClientFrame::Ping(_) => say(&mut out, &ServerFrame::Pong(Empty {})).await?,
            _ => {}
        }
        out.flush().await?;
    }
}

/// A template of this number; four of five are in English.
fn template(number: u64) -> Result<CollectionRow> {
    let language = if number % 5 == 4 { "ru" } else { "en" };
    let row = TemplateRow {
        id: TemplateId::from_bytes(id(9, number)),
        edition: 1,
        template: Template {
            group: None,
            category: Some(format!("Category {}", number % 12)),
            language: Some(language.into()),
            title: format!("{} {number}", text(number * 31).chars().take(24).collect::<String>()),
            text: format!("{}. {}.", text(number), text(number + 7)),
            keywords: text(number + 3).chars().take(40).collect(),
        },
    };
    let json = RawValue::from_string(serde_json::to_string(&row)?)?;
    Ok(CollectionRow { id: uuid::Uuid::from_bytes(id(9, number)), row: Some(json) })
}

async fn catch_up(out: &mut Out, hello: &Hello, head: u64, load: Load) -> Result<()> {
    let (cursor, known) = (hello.cursor, hello.feed_id.is_some());
    let revs = Collection::ALL.iter().map(|c| (c.as_str().to_owned(), 1)).collect();
    let mode = if known { CatchUp::Replay } else { CatchUp::Snapshot };
    let welcome = Welcome {
        feed_id: FeedId::from_bytes(id(8, 1)),
        user: UserId::from_bytes(id(6, 1)),
        head,
        revs,
        mode,
        heartbeat_ms: 30_000,
        now: NOW,
    };
    say(out, &ServerFrame::Welcome(welcome)).await?;
    if mode == CatchUp::Snapshot {
        say(out, &ServerFrame::SnapshotBegin(SnapshotBegin { as_of: head })).await?;
        for part in 0..CHATS / PART {
            let chats = (part * PART..(part + 1) * PART).map(|number| SnapshotChat {
                opened: OpenedChat {
                    chat: chat(number, 1),
                    messages: (1..=load.messages).map(|no| message(number, no)).collect(),
                    more: false,
                },
                me: UserChat::default(),
            });
            say(
                out,
                &ServerFrame::SnapshotPart(SnapshotPart {
                    chats: chats.collect(),
                    passed_on: Vec::new(),
                    ..SnapshotPart::default()
                }),
            )
            .await?;
        }
        say(out, &ServerFrame::SnapshotEnd(SnapshotEnd { cursor: head })).await?;
    } else {
        for seq in cursor + 1..=head {
            say(out, &frame(seq)?).await?;
        }
    }
    say(out, &ServerFrame::Live(Live { seq: head })).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_number_and_events_number_each_chats_messages_without_a_gap() {
        assert!(id(1, 1) < id(1, 2) && id(1, 255) < id(1, 256));
        let mut last = std::collections::HashMap::new();
        for seq in 0..EVENTS {
            let (chat, message) = event(seq);
            let before = last.insert(chat, message.no).unwrap_or(MESSAGES);
            assert_eq!(message.no, before + 1);
        }
    }
}
