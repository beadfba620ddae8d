//! A visitor's widget: keeps a text until it is answered, sends it again after every break, and reports what it got.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use switchboard_protocol::ErrorCode;
use switchboard_protocol::ids::{FeedId, MessageId};
use switchboard_protocol::limits::PROTOCOL_VERSION;
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::widget::{
    Upto, WidgetAuthor, WidgetClientFrame, WidgetHello, WidgetMessage, WidgetRate, WidgetSend, WidgetServerFrame,
};
use switchboard_server::testing::WidgetSession;

use crate::device::Line;
use crate::{Checked, hold};

/// One browser's conversation.
pub struct Widget {
    /// Its number.
    pub n: usize,
    /// The channel's public key.
    pub key: String,
    /// The address that it comes from.
    pub address: IpAddr,
    /// Who it is to the server.
    pub token: Option<String>,
    feed_id: Option<FeedId>,
    after: u64,
    /// How far staff's messages were read.
    read_upto: u64,
    /// The conversation as it shows it.
    pub messages: BTreeMap<u64, WidgetMessage>,
    /// What is not answered yet.
    pub pending: VecDeque<(MessageId, String)>,
    /// What the server accepted.
    pub accepted: BTreeSet<MessageId>,
    /// What the server refused.
    pub refused: Vec<(MessageId, ErrorCode)>,
    /// The server's end of the connection.
    pub session: Option<WidgetSession>,
    /// The line.
    pub line: Line,
    /// Until when it was told to stay away.
    pub back_at: i64,
}

impl std::fmt::Debug for Widget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Widget").field("n", &self.n).finish_non_exhaustive()
    }
}

impl Widget {
    /// A browser that never wrote.
    pub fn new(n: usize, key: &str, address: IpAddr) -> Widget {
        Widget {
            n,
            key: key.to_owned(),
            address,
            token: None,
            feed_id: None,
            after: 0,
            read_upto: 0,
            messages: BTreeMap::new(),
            pending: VecDeque::new(),
            accepted: BTreeSet::new(),
            refused: Vec::new(),
            session: None,
            line: Line::default(),
            back_at: 0,
        }
    }

    /// The same visitor in a new tab.
    pub fn tab(&self) -> Widget {
        Widget { token: self.token.clone(), ..Widget::new(self.n, &self.key, self.address) }
    }

    fn say(&mut self, frame: &WidgetClientFrame) {
        self.line.up.push_back(frame.to_json().unwrap());
    }

    /// The connection is there.
    pub fn greet(&mut self, session: WidgetSession) {
        self.line.clear();
        self.session = Some(session);
        let hello = WidgetHello {
            v: PROTOCOL_VERSION,
            channel: self.key.clone(),
            token: self.token.clone(),
            feed_id: self.feed_id,
            after: self.after,
            page: None,
            referrer: None,
        };
        self.say(&WidgetClientFrame::Hello(hello));
    }

    /// The visitor writes.
    pub fn write(&mut self, text: String) -> MessageId {
        let id = MessageId::new();
        self.pending.push_back((id, text.clone()));
        if self.feed_id.is_some() && self.session.is_some() {
            self.send(id, text);
        }
        id
    }

    /// The visitor rates.
    pub fn rate(&mut self, stars: u8) {
        if self.feed_id.is_some() && self.session.is_some() {
            self.say(&WidgetClientFrame::Rate(WidgetRate { id: MessageId::new(), stars, comment: None }));
        }
    }

    fn send(&mut self, id: MessageId, text: String) {
        self.say(&WidgetClientFrame::Send(WidgetSend { id, text, name: None, email: None }));
    }

    /// The visitor reads all that is there.
    pub fn read(&mut self) {
        if let Some((&upto, _)) = self.messages.last_key_value() {
            self.read_upto = upto;
            self.mark();
        }
    }

    /// How far staff's messages came; told again after every break.
    fn mark(&mut self) {
        let staffs = |message: &&WidgetMessage| message.author != WidgetAuthor::Visitor;
        let delivered = self.messages.values().rev().find(staffs).map(|message| message.no);
        if self.feed_id.is_none() || self.session.is_none() {
            return;
        }
        if let Some(upto) = delivered {
            self.say(&WidgetClientFrame::Delivered(Upto { upto }));
        }
        if self.read_upto > 0 {
            self.say(&WidgetClientFrame::Read(Upto { upto: self.read_upto }));
        }
    }

    /// The connection broke.
    pub fn lose(&mut self) {
        self.session = None;
        self.line.clear();
    }

    /// A frame came.
    pub fn receive(&mut self, text: &str, now: i64) -> Checked {
        match WidgetServerFrame::parse(text).map_err(|error| format!("a widget cannot read {text}: {error}"))? {
            WidgetServerFrame::Welcome(welcome) => {
                if self.feed_id != Some(welcome.feed_id) {
                    self.messages.clear();
                    (self.after, self.read_upto) = (0, 0);
                }
                self.feed_id = Some(welcome.feed_id);
                self.token = self.token.take().or(welcome.token);
                self.mark();
                for (id, text) in self.pending.clone() {
                    self.send(id, text);
                }
            }
            WidgetServerFrame::Message(message) => {
                hold!(message.no > self.after, "3: widget {} got message {} after {}", self.n, message.no, self.after);
                self.after = message.no;
                if message.author == WidgetAuthor::Visitor {
                    self.pending.retain(|(id, _)| *id != message.id);
                } else {
                    self.say(&WidgetClientFrame::Delivered(Upto { upto: message.no }));
                }
                self.messages.insert(message.no, message);
            }
            WidgetServerFrame::Accepted(accepted) => {
                self.pending.retain(|(id, _)| *id != accepted.id);
                self.accepted.insert(accepted.id);
            }
            WidgetServerFrame::Refused(refused) => {
                hold!(
                    !self.accepted.contains(&refused.id),
                    "1: what widget {} was told to be accepted is refused: {}",
                    self.n,
                    refused.code
                );
                self.pending.retain(|(id, _)| *id != refused.id);
                self.refused.push((refused.id, refused.code));
            }
            WidgetServerFrame::Status(status) => {
                for (_, message) in self.messages.range_mut(status.from..=status.upto) {
                    if message.event.is_none() && (message.author != WidgetAuthor::Visitor) == status.outbound {
                        message.status = message.status.merge(status.status);
                    }
                }
            }
            WidgetServerFrame::Bye(bye) => {
                let known = matches!(bye.code, ErrorCode::Blocked | ErrorCode::ShuttingDown | ErrorCode::TooSlow);
                hold!(known, "widget {} was told to go: {}", self.n, bye.code);
                self.back_at = now.saturating_add_unsigned(bye.retry_ms);
            }
            WidgetServerFrame::Typing(_) | WidgetServerFrame::Pong(_) => {}
        }
        Ok(())
    }

    /// The conversation without what the widget itself chose.
    pub fn shown(&self) -> Vec<(u64, String, MessageStatus)> {
        self.messages.values().map(|message| (message.no, format!("{message:?}"), message.status)).collect()
    }
}
