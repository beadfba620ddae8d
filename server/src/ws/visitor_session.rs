//! Drives a widget's state machine over its socket.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::WebSocket;
use switchboard_protocol::chat::Visit;
use switchboard_protocol::frame::{Bye, PeerTyping};
use switchboard_protocol::ids::{ChatId, MessageId, VisitorId};
use switchboard_protocol::message::MessageStatus;
use switchboard_protocol::widget::{
    WidgetHello, WidgetHours, WidgetRate, WidgetRefused, WidgetSend, WidgetServerFrame,
};
use switchboard_protocol::{ErrorCode, ServerFrame, UnixMillis};

use super::hub::Taken;
use super::mailbox::Mailbox;
use super::registry::{Socket, VisitorHub, blocked_bye};
use super::transport::{Broken, Incoming, Transport, owned};
use super::visitor_machine::{Action, Facts, VisitorMachine};
use crate::app::App;
use crate::channels::live_chat::{self, LiveChat};
use crate::config::AddressKey;
use crate::store::effects::VisitorKey;
use crate::store::inbound::{self, Received};
use crate::store::{StoreError, auth, blocks, channels, chats, feed, visitors};
use crate::throttle::Throttled;

/// Messages read from the database at a time. They have up to 16 KiB of text each.
const BATCH: u32 = 50;

enum End {
    Bye(Bye),
    Gone,
}

impl From<Broken> for End {
    fn from(_: Broken) -> Self {
        End::Gone
    }
}

/// What a hello found.
struct Admitted {
    feed_id: switchboard_protocol::ids::FeedId,
    key: VisitorKey,
    config: switchboard_protocol::widget::WidgetConfig,
    hours: WidgetHours,
    /// Until when nothing is taken from here.
    blocked: Option<UnixMillis>,
}

/// Where a widget connects from.
pub(crate) struct CameFrom {
    /// As throttles count it.
    pub address: AddressKey,
    /// Whether it is the visitor's own, and not that of a proxy which stands for everybody.
    pub own: bool,
    /// The address itself, as staff see it.
    pub ip: IpAddr,
    /// What the browser says it is.
    pub agent: Option<String>,
}

struct Session {
    app: Arc<App>,
    transport: Transport,
    machine: VisitorMachine,
    socket: Socket,
    address: AddressKey,
    /// The address as it is stored and blocked; none if it is not the visitor's own.
    blockable: Option<Arc<str>>,
    joined: Option<(VisitorKey, Arc<VisitorHub>)>,
    /// Known once the conversation exists.
    chat: Option<ChatId>,
    /// What the browser says it is, and the visitor's own address.
    agent: Option<String>,
    ip: Option<IpAddr>,
    /// Where the visitor is, since the greeting; stored with a message.
    visit: Arc<Visit>,
    /// A message of this session was let through: it does not count as a new visitor's any more.
    first_sent: bool,
}

/// One widget's connection, from its opening to its end.
pub(crate) async fn run(app: Arc<App>, socket: Socket, from: CameFrom, websocket: WebSocket) {
    let transport = Transport::new(websocket, app.write_timeout());
    let machine = VisitorMachine::new(app.timing(), Instant::now());
    let CameFrom { address, own, ip, agent } = from;
    let mut session = Session {
        app,
        transport,
        machine,
        socket,
        address,
        blockable: own.then(|| Arc::from(address.to_string())),
        joined: None,
        chat: None,
        agent,
        ip: own.then_some(ip),
        visit: Arc::default(),
        first_sent: false,
    };
    let bye = match session.serve().await {
        End::Bye(bye) => bye,
        End::Gone => return,
    };
    session.transport.close(WidgetServerFrame::Bye(bye).to_json().ok()).await;
}

/// A connection that the throttles do not let in: told so, and closed.
pub(crate) async fn turn_away(app: Arc<App>, websocket: WebSocket, retry_ms: u64) {
    let bye = WidgetServerFrame::Bye(Bye { code: ErrorCode::SlowDown, retry_ms });
    Transport::new(websocket, app.write_timeout()).close(bye.to_json().ok()).await;
}

impl Session {
    async fn serve(&mut self) -> End {
        let deadline = tokio::time::sleep_until(self.machine.deadline().into());
        tokio::pin!(deadline);
        let mut stop: Option<Bye> = None;
        loop {
            if let Err(end) = self.deliver(&mut stop).await {
                return end;
            }
            if let Some(bye) = &stop
                && self.machine.idle()
            {
                return End::Bye(bye.clone());
            }
            let mailbox = self.socket.mailbox().clone();
            let reads = self.machine.reads() && stop.is_none();
            let action = tokio::select! {
                incoming = self.transport.next(), if reads => match incoming {
                    Incoming::Text(text) => self.machine.text(Instant::now(), &text),
                    Incoming::Binary => self.machine.binary(),
                    Incoming::TooLarge => self.machine.too_large(),
                    Incoming::Alive => {
                        self.machine.heard(Instant::now());
                        Action::None
                    }
                    Incoming::Gone => return End::Gone,
                },
                () = mailbox.arrived() => Action::None,
                () = &mut deadline => {
                    let action = self.machine.timeout(Instant::now());
                    let next = self.machine.deadline().max(Instant::now() + std::time::Duration::from_millis(50));
                    deadline.as_mut().reset(next.into());
                    action
                }
            };
            if let Err(end) = self.act(action).await {
                return end;
            }
        }
    }

    /// Sends what waits: the conversation from the cursor on, then answers and hints. In this order, because a hint may
    /// raise the status of a message that still waits, and a widget can raise only what it has.
    async fn deliver(&mut self, stop: &mut Option<Bye>) -> Result<(), End> {
        let (mut frames, mut hints) = (Vec::new(), Vec::new());
        loop {
            // The mailbox before the conversation: of whatever a hint is about, the message is found then.
            let mail = self.socket.mailbox().take();
            for _ in 0..mail.done {
                self.machine.answered();
            }
            hints.extend(owned(mail.frames));
            if let Some(bye) = mail.bye {
                frames.append(&mut hints);
                self.transport.send(frames).await?;
                return Err(End::Bye(bye));
            }
            if mail.stop.is_some() {
                *stop = mail.stop;
            }
            let (Some(cursor), Some((key, hub))) = (self.machine.cursor(), &self.joined) else {
                frames.append(&mut hints);
                return Ok(self.transport.send(frames).await?);
            };
            let key = *key;
            let messages: Vec<(u64, Option<Arc<str>>)> = match hub.take(self.socket.id(), cursor) {
                Taken::Items(messages) => messages,
                Taken::Nothing if !self.machine.is_behind() => {
                    // What is found at once is sent in one write.
                    frames.append(&mut hints);
                    return Ok(self.transport.send(frames).await?);
                }
                Taken::Nothing | Taken::Behind => {
                    self.transport.send(std::mem::take(&mut frames)).await?;
                    let Some(chat) = self.chat(key).await? else { return Ok(self.transport.send(hints).await?) };
                    let read =
                        self.app.store.readers.read(move |sql| inbound::visitor_messages(sql, chat, cursor, BATCH));
                    let found = read.await.map_err(|error| internal(&error))?;
                    found.into_iter().map(|frame| (frame.no, frame.json)).collect()
                }
            };
            if messages.is_empty() {
                return Err(End::Bye(Bye { code: ErrorCode::TooSlow, retry_ms: 0 }));
            }
            match self.machine.messages(messages) {
                Ok(messages) => frames.extend(owned(messages.into_iter().flatten())),
                Err(Action::Close(bye)) => return Err(End::Bye(bye)),
                Err(_) => {}
            }
        }
    }

    /// The visitor's conversation; another tab may have begun it.
    async fn chat(&mut self, key: VisitorKey) -> Result<Option<ChatId>, End> {
        if self.chat.is_none() {
            let read = self.app.store.readers.read(move |sql| inbound::visitor_state(sql, key)).await;
            self.chat = read.map_err(|error| internal(&error))?.chat;
        }
        Ok(self.chat)
    }

    async fn act(&mut self, action: Action) -> Result<(), End> {
        match action {
            Action::None => Ok(()),
            Action::Send(frames) => Ok(self.transport.send(frames).await?),
            Action::Close(bye) => Err(End::Bye(bye)),
            Action::Admit(hello) => Box::pin(self.admit(*hello)).await,
            Action::Store(send) => Box::pin(self.store(send)).await,
            Action::Rate(rate) => Box::pin(self.rate(rate)).await,
            Action::Progress(upto, status) => {
                self.progress(upto, status).await;
                Ok(())
            }
            Action::Typing(typing) => {
                self.typing(typing);
                Ok(())
            }
        }
    }

    /// Finds channel and visitor. Nothing is written: contact and chat come with the first message.
    async fn admit(&mut self, hello: WidgetHello) -> Result<(), End> {
        let new_token = hello.token.is_none().then(auth::new_token);
        let token = new_token.clone().or(hello.token).unwrap_or_default();
        if !auth::is_token(&token) {
            return self.answer(|machine| machine.refused(ErrorCode::Unauthorized, 0)).await;
        }
        let visitor = visitor_id(&token);
        let (page, referrer) = (hello.page.as_deref(), hello.referrer.as_deref());
        let address = self.ip.map(|ip| ip.to_canonical().to_string());
        self.visit = Arc::new(live_chat::visit(page, referrer, self.agent.take().as_deref(), address));
        let (now, address) = (self.app.config.clock.now(), self.blockable.clone());
        let found = self
            .app
            .store
            .readers
            .read(move |sql| {
                let Some(channel) = channels::channel_by_key(sql, &hello.channel)? else { return Ok(None) };
                let Some(live_chat) = LiveChat::of(&channel) else { return Ok(None) };
                let key = VisitorKey { channel: channel.id, visitor };
                let (config, hours) = (live_chat.widget, visitors::hours(sql, channel.id, now)?);
                let blocked = blocks::blocked(sql, key, address.as_deref(), now)?;
                Ok(Some(Admitted { feed_id: feed::feed_id(sql)?, key, config, hours, blocked }))
            })
            .await
            .map_err(|error| internal(&error))?;
        let Some(Admitted { feed_id, key, config, hours, blocked }) = found else {
            return self.answer(|machine| machine.refused(ErrorCode::NotFound, 0)).await;
        };
        if let Some(until) = blocked {
            let bye = blocked_bye(until.saturating_sub(now));
            return self.answer(|machine| machine.refused(bye.code, bye.retry_ms)).await;
        }
        // First the hub, then the state: a message committed in between is in one of them.
        self.joined = Some((key, self.socket.join_visitor(key)));
        let read = self.app.store.readers.read(move |sql| inbound::visitor_state(sql, key)).await;
        let state = read.map_err(|error| internal(&error))?;
        self.chat = state.chat;
        self.answer(|machine| machine.admitted(Facts { feed_id, key, new_token, config, hours, state, now })).await
    }

    async fn answer(&mut self, step: impl FnOnce(&mut VisitorMachine) -> Action) -> Result<(), End> {
        match step(&mut self.machine) {
            Action::Send(frames) => Ok(self.transport.send(frames).await?),
            Action::Close(bye) => Err(End::Bye(bye)),
            _ => Ok(()),
        }
    }

    /// Gives a message to the writer. A throttled one closes the connection with the time to wait; the widget keeps the
    /// text and sends it again.
    async fn store(&mut self, send: WidgetSend) -> Result<(), End> {
        let Some((key, _)) = self.joined else { return Ok(()) };
        // Asked of the database at most once a session: a conversation, once begun, stays.
        let first = !self.first_sent && self.chat(key).await?.is_none();
        let throttle = &self.app.throttle;
        let throttle = {
            let limits = &self.app.config.limits;
            let mut wait = throttle
                .check(Throttled::Visitor(key.visitor), limits.visitor_messages)
                .and_then(|()| throttle.check(Throttled::AddressMessages(self.address), limits.address_messages));
            if first {
                wait = wait.and_then(|()| throttle.check(Throttled::NewVisitors(self.address), limits.new_visitors));
            }
            wait
        };
        if let Err(retry_ms) = throttle {
            self.machine.answered();
            return Err(End::Bye(Bye { code: ErrorCode::SlowDown, retry_ms }));
        }
        self.first_sent = true;
        let (id, mailbox) = (send.id, self.socket.mailbox().clone());
        let (address, visit) = (self.blockable.clone(), self.visit.clone());
        self.app
            .store
            .writer
            .submit(
                move |tx| tx.receive_visit(key, address.as_deref(), &visit, &send),
                move |received| answer_with(&mailbox, id, received),
            )
            .await;
        Ok(())
    }

    /// Gives a rating to the writer; it counts as a message.
    async fn rate(&mut self, rate: WidgetRate) -> Result<(), End> {
        let Some((key, _)) = self.joined else { return Ok(()) };
        let (throttle, limits) = (&self.app.throttle, &self.app.config.limits);
        let wait = throttle
            .check(Throttled::Visitor(key.visitor), limits.visitor_messages)
            .and_then(|()| throttle.check(Throttled::AddressMessages(self.address), limits.address_messages));
        if let Err(retry_ms) = wait {
            self.machine.answered();
            return Err(End::Bye(Bye { code: ErrorCode::SlowDown, retry_ms }));
        }
        let (id, mailbox) = (rate.id, self.socket.mailbox().clone());
        let address = self.blockable.clone();
        self.app
            .store
            .writer
            .submit(
                move |tx| tx.rate_session(key, address.as_deref(), &rate),
                move |received| answer_with(&mailbox, id, received),
            )
            .await;
        Ok(())
    }

    async fn progress(&mut self, upto: u64, status: MessageStatus) {
        let Some((key, _)) = self.joined else { return };
        let mailbox = self.socket.mailbox().clone();
        self.app
            .store
            .writer
            .submit(
                move |tx| tx.visitor_progress(key, upto, status),
                move |done| {
                    if let Err(error) = done {
                        // The widget marks again when it is back.
                        mailbox.close(bye_for(&error));
                    }
                    mailbox.answer(None);
                },
            )
            .await;
    }

    fn typing(&mut self, typing: bool) {
        let Some((key, _)) = self.joined else { return };
        let (app, known) = (self.app.clone(), self.chat);
        tokio::spawn(async move {
            let read = app.store.readers.read(move |sql| {
                let chat = match known {
                    Some(chat) => Some(chat),
                    None => inbound::visitor_state(sql, key)?.chat,
                };
                chat.map(|chat| Ok((chat, chats::seeing(sql, chat)?))).transpose()
            });
            let Ok(Some((chat, users))) = read.await else { return };
            let frame = ServerFrame::Ephemeral(PeerTyping { chat, user: None, typing });
            if let Ok(json) = frame.to_json().map(Arc::from) {
                for user in users {
                    app.registry.post_to_user(user, &json);
                }
            }
        });
    }
}

/// A visitor's id: the first half of its token's hash, so that nothing need be stored before the first message.
pub(crate) fn visitor_id(token: &str) -> VisitorId {
    let hash = auth::secret_hash(token);
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    VisitorId::from_bytes(id)
}

/// The answer to a message or a rating.
fn answer_with(mailbox: &Mailbox, id: MessageId, received: Result<Received, StoreError>) {
    let frame = match received {
        Ok(Received::Accepted { accepted, .. }) => WidgetServerFrame::Accepted(accepted),
        Ok(Received::Refused(code)) => {
            if code == ErrorCode::Blocked {
                // It was blocked while it was on its way. What else it sends would be refused as well.
                mailbox.stop(blocked_bye(i64::MAX));
            }
            WidgetServerFrame::Refused(WidgetRefused { id, code })
        }
        Err(error) => {
            // Not refused: the widget keeps the text and sends it again when it is back.
            mailbox.answer(None);
            mailbox.close(bye_for(&error));
            return;
        }
    };
    mailbox.answer(frame.to_json().ok().map(Arc::from));
}

fn bye_for(error: &StoreError) -> Bye {
    let code = match error {
        StoreError::Stopping => ErrorCode::ShuttingDown,
        error if error.is_transient() => ErrorCode::Storage,
        _ => ErrorCode::Internal,
    };
    Bye { code, retry_ms: 0 }
}

fn internal(error: &StoreError) -> End {
    tracing::error!(%error, "a widget's session ends over the store");
    End::Bye(bye_for(error))
}
