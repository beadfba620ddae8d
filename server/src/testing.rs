//! A server that is moved by hand: the sessions' machines, the registry and the store's transactions, on one thread and
//! one database in memory, without sockets and without time of its own. What is done here between those parts is what
//! `ws::session`, `ws::visitor_session` and the writer's thread do. For the model test; not a part of the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::Backup;
use switchboard_protocol::frame::{Bye, Fetch, Hello, Page, PeerTyping, Pull, RequestError, Rows};
use switchboard_protocol::ids::{ChannelId, CommandId, UserId};
use switchboard_protocol::widget::{WidgetHello, WidgetRefused, WidgetSend, WidgetServerFrame, WidgetTyping};
use switchboard_protocol::{ErrorCode, ServerFrame, UnixMillis};

use crate::channels::live_chat::LiveChat;
use crate::channels::stub;
use crate::config::{AddressKey, Limits};
use crate::store::commands::Command;
use crate::store::devices::{self, Admission};
use crate::store::effects::VisitorKey;
use crate::store::inbound::Received;
use crate::store::{
    self, Publish, StoreError, Tx, auth, blocks, channels, chats, collections, feed, inbound, migrate, snapshot,
    visitors,
};
use crate::ws::hub::Taken;
use crate::ws::machine::{self, Machine, Timing, result_frame};
use crate::ws::registry::{Counted, Publisher, Registry, Socket, UserHub, VisitorHub, blocked_bye};
use crate::ws::visitor_machine::{self, VisitorMachine};
use crate::ws::visitor_session::visitor_id;

/// Rows read from the database at a time: few, so that both ways of serving are walked.
const BATCH_ROWS: usize = 16;

/// What a session has for its peer.
#[derive(Debug, Default)]
pub struct Out {
    /// Frames, in order.
    pub frames: Vec<String>,
    /// Whether the session is over; the last frame says why.
    pub closed: bool,
}

/// A database and those who are connected to it.
pub struct Server {
    connection: Connection,
    registry: Arc<Registry>,
    publisher: Publisher,
    limits: Limits,
    now: UnixMillis,
    started: (Instant, UnixMillis),
}

fn machines(limits: &Limits) -> Timing {
    Timing {
        hello: Duration::from_millis(limits.hello_timeout_ms),
        heartbeat: Duration::from_millis(limits.heartbeat_ms),
    }
}

fn code(error: &StoreError) -> ErrorCode {
    if error.is_transient() { ErrorCode::Storage } else { ErrorCode::Internal }
}

impl Server {
    /// A server with an empty database.
    pub fn new(now: UnixMillis) -> Result<Server, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        migrate::run(&mut connection, now)?;
        Self::on(connection, now)
    }

    fn on(connection: Connection, now: UnixMillis) -> Result<Server, StoreError> {
        connection.set_prepared_statement_cache_capacity(256);
        connection.pragma_update(None, "foreign_keys", true)?;
        let registry = Arc::new(Registry::default());
        let publisher = Publisher::new(registry.clone());
        let limits = Limits::default().unthrottled();
        Ok(Server { connection, registry, publisher, limits, now, started: (Instant::now(), now) })
    }

    /// Another server on a copy of what is committed here. It knows nobody who is connected.
    pub fn copy(&self) -> Result<Server, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        Backup::new(&self.connection, &mut connection)?.run_to_completion(1 << 20, Duration::ZERO, None)?;
        Self::on(connection, self.now)
    }

    /// The database.
    pub fn sql(&self) -> &Connection {
        &self.connection
    }

    /// The time of day.
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// Sets the time of day.
    pub fn set_now(&mut self, now: UnixMillis) {
        self.now = now;
    }

    fn instant(&self) -> Instant {
        let (instant, then) = self.started;
        instant + Duration::from_millis(u64::try_from(self.now - then).unwrap_or(0))
    }

    /// A transaction; what it changed is published after its commit.
    pub fn write<T>(&mut self, run: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let (done, effects) = store::transact(&mut self.connection, self.now, run)?;
        if !effects.is_empty() {
            self.publisher.publish(effects);
            self.publisher.batch_done();
        }
        Ok(done)
    }

    /// A customer of a stub channel writes, under the provider's id of the message.
    pub fn customer_writes(
        &mut self,
        channel: ChannelId,
        customer: &str,
        id: &str,
        text: &str,
    ) -> Result<bool, StoreError> {
        let info = channels::channel_by_id(&self.connection, channel)?;
        let info = info.ok_or_else(|| StoreError::NotFound("such channel".into()))?;
        let key = VisitorKey { channel, visitor: stub::customer_id(channel, customer) };
        let phone = stub::phone(info.kind, customer).map(str::to_owned);
        let id = stub::message_id(channel, customer, id);
        let send = WidgetSend { id, text: text.to_owned(), name: None, email: None };
        let received = self.write(|tx| tx.receive_played(key, &send, phone.as_deref()))?;
        Ok(matches!(received, Received::Accepted { .. }))
    }

    /// What is due at this time of day is done.
    pub fn run_due(&mut self) -> Result<(), StoreError> {
        while self.write(|tx| tx.run_due(32))?.is_some_and(|next| next <= self.now) {}
        Ok(())
    }

    fn socket(&self, counted: Counted) -> Result<Socket, StoreError> {
        self.registry.open(&self.limits, counted).map_err(|full| StoreError::Unexpected(format!("{full:?}")))
    }

    /// A phone connects.
    pub fn phone(&self) -> Result<PhoneSession, StoreError> {
        let address = AddressKey::of([127, 0, 0, 1].into());
        Ok(PhoneSession {
            machine: Machine::new(machines(&self.limits), self.instant()),
            socket: self.socket(Counted::Stranger(address))?,
            joined: None,
        })
    }

    /// A widget connects from an address.
    pub fn widget(&self, address: std::net::IpAddr) -> Result<WidgetSession, StoreError> {
        let address = AddressKey::of(address);
        Ok(WidgetSession {
            machine: VisitorMachine::new(machines(&self.limits), self.instant()),
            socket: self.socket(Counted::Widget(address))?,
            address: address.to_string(),
            joined: None,
        })
    }
}

/// A phone's session.
pub struct PhoneSession {
    machine: Machine,
    socket: Socket,
    joined: Option<(UserId, Arc<UserHub>)>,
}

impl PhoneSession {
    /// A frame came from the phone. Its answers come by [`PhoneSession::deliver`].
    pub fn receive(&mut self, server: &mut Server, text: &str) -> Result<Out, StoreError> {
        let action = self.machine.text(server.instant(), text);
        self.act(server, action)
    }

    fn act(&mut self, server: &mut Server, action: machine::Action) -> Result<Out, StoreError> {
        let mut out = Out::default();
        match action {
            machine::Action::None => {}
            machine::Action::Send(json) => out.frames.push(json),
            machine::Action::Close(bye) => out.close(bye),
            machine::Action::Admit(hello) => return self.admit(server, &hello),
            machine::Action::Execute(command) => self.execute(server, &command),
            machine::Action::Fetch(fetch) => self.fetch(server, &fetch)?,
            machine::Action::Pull(pull) => self.pull(server, &pull)?,
            machine::Action::Typing(typing) => {
                let Some((user, _)) = self.joined else { return Ok(out) };
                let Some(audience) = chats::typing_audience(&server.connection, typing.chat, user)? else {
                    return Ok(out);
                };
                let frame = PeerTyping { chat: typing.chat, user: Some(user), typing: typing.typing };
                let json = json(&ServerFrame::Ephemeral(frame))?;
                for other in audience.users.into_iter().filter(|other| *other != user) {
                    server.registry.post_to_user(other, &json);
                }
                if let Some(visitor) = audience.visitor {
                    let frame = WidgetTyping { name: Some(audience.name), typing: typing.typing };
                    server.registry.post_to_visitor(visitor, &widget_json(&WidgetServerFrame::Typing(frame))?);
                }
            }
        }
        Ok(out)
    }

    fn admit(&mut self, server: &mut Server, hello: &Hello) -> Result<Out, StoreError> {
        let action = match devices::admit(&server.connection, hello.device, &hello.token)? {
            Admission::Admitted(user) => {
                self.joined = Some((user, self.socket.join_user(user, hello.device)));
                let feed = feed::state(&server.connection, user)?;
                let revs = collections::revisions(&server.connection)?;
                self.machine.admitted(machine::Facts { user, feed, revs, now: server.now })
            }
            Admission::Refused(code) => self.machine.refused(code),
        };
        self.act(server, action)
    }

    fn execute(&self, server: &mut Server, command: &Command) {
        let Some((user, _)) = self.joined else { return };
        let result = server.write(|tx| tx.execute(user, command));
        self.socket.mailbox().answer(result_frame(command.id, result).map(Arc::from));
    }

    fn fetch(&self, server: &Server, fetch: &Fetch) -> Result<(), StoreError> {
        let Some((user, _)) = self.joined else { return Ok(()) };
        let Fetch { req, chat, before, n } = *fetch;
        let frame = match chats::page(&server.connection, user, chat, before, n)? {
            Some((messages, more)) => ServerFrame::Page(Page { req, chat, messages, more }),
            None => ServerFrame::Error(RequestError { req, code: ErrorCode::NotFound }),
        };
        self.socket.mailbox().answer(Some(json(&frame)?));
        Ok(())
    }

    fn pull(&self, server: &Server, pull: &Pull) -> Result<(), StoreError> {
        let Some((user, _)) = self.joined else { return Ok(()) };
        let Pull { req, collection, rev } = *pull;
        let collections::Pulled { rev, rows, more } = collections::since(&server.connection, user, collection, rev)?;
        self.socket.mailbox().answer(Some(json(&ServerFrame::Rows(Rows { req, collection, rev, rows, more }))?));
        Ok(())
    }

    /// What waits for the phone: answers and hints first, then the feed from the cursor on.
    pub fn deliver(&mut self, server: &Server) -> Result<Out, StoreError> {
        let mut out = Out::default();
        loop {
            let mail = self.socket.mailbox().take();
            (0..mail.done).for_each(|_| self.machine.answered());
            out.frames.extend(mail.frames.iter().map(ToString::to_string));
            if let Some(bye) = mail.bye.or(mail.stop) {
                out.close(bye);
                return Ok(out);
            }
            if self.machine.wants_snapshot()
                && let Some((user, _)) = &self.joined
            {
                let read = snapshot::read(&server.connection, *user)?;
                out.frames.extend(read.frames);
                self.machine.snapshot_sent(read.as_of);
            }
            let (Some(cursor), Some((user, hub))) = (self.machine.cursor(), &self.joined) else { return Ok(out) };
            let rows = match hub.take(self.socket.id(), cursor) {
                Taken::Items(rows) => rows,
                Taken::Nothing if !self.machine.is_behind() => {
                    if let machine::Action::Send(live) = self.machine.up_to_date() {
                        out.frames.push(live);
                    }
                    return Ok(out);
                }
                Taken::Nothing | Taken::Behind => {
                    feed::after(&server.connection, *user, cursor, BATCH_ROWS, usize::MAX)?
                }
            };
            if rows.is_empty() {
                out.close(Bye { code: ErrorCode::TooSlow, retry_ms: 0 });
                return Ok(out);
            }
            match self.machine.rows(&rows) {
                Ok(frames) => out.frames.extend(frames),
                Err(machine::Action::Close(bye)) => {
                    out.close(bye);
                    return Ok(out);
                }
                Err(_) => {}
            }
        }
    }
}

/// A widget's session.
pub struct WidgetSession {
    machine: VisitorMachine,
    socket: Socket,
    address: String,
    joined: Option<(VisitorKey, Arc<VisitorHub>)>,
}

impl WidgetSession {
    /// Who it is, once greeted.
    pub fn key(&self) -> Option<VisitorKey> {
        self.joined.as_ref().map(|(key, _)| *key)
    }

    /// A frame came from the widget. Its answers come by [`WidgetSession::deliver`].
    pub fn receive(&mut self, server: &mut Server, text: &str) -> Result<Out, StoreError> {
        let action = self.machine.text(server.instant(), text);
        self.act(server, action)
    }

    fn act(&mut self, server: &mut Server, action: visitor_machine::Action) -> Result<Out, StoreError> {
        let mut out = Out::default();
        match action {
            visitor_machine::Action::None => {}
            visitor_machine::Action::Send(frames) => out.frames.extend(frames),
            visitor_machine::Action::Close(bye) => out.close_widget(bye),
            visitor_machine::Action::Admit(hello) => return self.admit(server, *hello),
            visitor_machine::Action::Store(send) => {
                let Some((key, _)) = self.joined else { return Ok(out) };
                let frame = match server.write(|tx| tx.receive_from(key, Some(&self.address), &send)) {
                    Ok(Received::Accepted { accepted, .. }) => WidgetServerFrame::Accepted(accepted),
                    Ok(Received::Refused(code)) => {
                        if code == ErrorCode::Blocked {
                            self.socket.mailbox().stop(blocked_bye(i64::MAX));
                        }
                        WidgetServerFrame::Refused(WidgetRefused { id: send.id, code })
                    }
                    Err(error) => {
                        self.socket.mailbox().answer(None);
                        out.close_widget(Bye { code: code(&error), retry_ms: 0 });
                        return Ok(out);
                    }
                };
                self.socket.mailbox().answer(Some(widget_json(&frame)?));
            }
            visitor_machine::Action::Rate(rate) => {
                let Some((key, _)) = self.joined else { return Ok(out) };
                let frame = match server.write(|tx| tx.rate_session(key, Some(&self.address), &rate))? {
                    Received::Accepted { accepted, .. } => WidgetServerFrame::Accepted(accepted),
                    Received::Refused(code) => WidgetServerFrame::Refused(WidgetRefused { id: rate.id, code }),
                };
                self.socket.mailbox().answer(Some(widget_json(&frame)?));
            }
            visitor_machine::Action::Progress(upto, status) => {
                let Some((key, _)) = self.joined else { return Ok(out) };
                server.write(|tx| tx.visitor_progress(key, upto, status))?;
                self.socket.mailbox().answer(None);
            }
            visitor_machine::Action::Typing(typing) => {
                let Some((key, _)) = self.joined else { return Ok(out) };
                let Some(chat) = inbound::visitor_state(&server.connection, key)?.chat else { return Ok(out) };
                let json = json(&ServerFrame::Ephemeral(PeerTyping { chat, user: None, typing }))?;
                for user in chats::seeing(&server.connection, chat)? {
                    server.registry.post_to_user(user, &json);
                }
            }
        }
        Ok(out)
    }

    fn admit(&mut self, server: &mut Server, hello: WidgetHello) -> Result<Out, StoreError> {
        let new_token = hello.token.is_none().then(auth::new_token);
        let token = new_token.clone().or(hello.token).unwrap_or_default();
        let found = channels::channel_by_key(&server.connection, &hello.channel)?;
        let action = match found.as_ref().and_then(|channel| Some((channel.id, LiveChat::of(channel)?))) {
            Some((channel, live_chat)) => {
                let key = VisitorKey { channel, visitor: visitor_id(&token) };
                if let Some(until) = blocks::blocked(&server.connection, key, Some(&self.address), server.now)? {
                    let bye = blocked_bye(until.saturating_sub(server.now));
                    let action = self.machine.refused(bye.code, bye.retry_ms);
                    return self.act(server, action);
                }
                self.joined = Some((key, self.socket.join_visitor(key)));
                let state = inbound::visitor_state(&server.connection, key)?;
                let feed_id = feed::feed_id(&server.connection)?;
                let (config, now) = (live_chat.widget, server.now);
                let hours = visitors::hours(&server.connection, channel, now)?;
                let facts = visitor_machine::Facts { feed_id, key, new_token, config, hours, state, now };
                self.machine.admitted(facts)
            }
            None => self.machine.refused(ErrorCode::NotFound, 0),
        };
        self.act(server, action)
    }

    /// What waits for the widget: the conversation from the cursor on, then answers and hints.
    pub fn deliver(&mut self, server: &Server) -> Result<Out, StoreError> {
        let (mut out, mut hints) = (Out::default(), Vec::new());
        loop {
            let mail = self.socket.mailbox().take();
            (0..mail.done).for_each(|_| self.machine.answered());
            hints.extend(mail.frames.iter().map(ToString::to_string));
            if let Some(bye) = mail.bye.or(mail.stop) {
                out.frames.append(&mut hints);
                out.close_widget(bye);
                return Ok(out);
            }
            let (Some(cursor), Some((key, hub))) = (self.machine.cursor(), &self.joined) else {
                out.frames.append(&mut hints);
                return Ok(out);
            };
            let messages: Vec<(u64, Option<Arc<str>>)> = match hub.take(self.socket.id(), cursor) {
                Taken::Items(messages) => messages,
                Taken::Nothing if !self.machine.is_behind() => {
                    out.frames.append(&mut hints);
                    return Ok(out);
                }
                Taken::Nothing | Taken::Behind => {
                    let Some(chat) = inbound::visitor_state(&server.connection, *key)?.chat else {
                        out.frames.append(&mut hints);
                        return Ok(out);
                    };
                    let found = inbound::visitor_messages(&server.connection, chat, cursor, BATCH_ROWS as u32)?;
                    found.into_iter().map(|frame| (frame.no, frame.json)).collect()
                }
            };
            if messages.is_empty() {
                out.close_widget(Bye { code: ErrorCode::TooSlow, retry_ms: 0 });
                return Ok(out);
            }
            match self.machine.messages(messages) {
                Ok(frames) => out.frames.extend(frames.iter().flatten().map(ToString::to_string)),
                Err(visitor_machine::Action::Close(bye)) => {
                    out.close_widget(bye);
                    return Ok(out);
                }
                Err(_) => {}
            }
        }
    }
}

impl Out {
    fn close(&mut self, bye: Bye) {
        self.frames.extend(ServerFrame::Bye(bye).to_json());
        self.closed = true;
    }

    fn close_widget(&mut self, bye: Bye) {
        self.frames.extend(WidgetServerFrame::Bye(bye).to_json());
        self.closed = true;
    }
}

fn json(frame: &ServerFrame) -> Result<Arc<str>, StoreError> {
    frame.to_json().map(Arc::from).map_err(|error| StoreError::Unexpected(error.to_string()))
}

fn widget_json(frame: &WidgetServerFrame) -> Result<Arc<str>, StoreError> {
    frame.to_json().map(Arc::from).map_err(|error| StoreError::Unexpected(error.to_string()))
}

/// Whether a command with this id was executed before.
pub fn is_known(connection: &Connection, id: CommandId) -> Result<bool, StoreError> {
    let known = "SELECT EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND author > 0)
        OR EXISTS (SELECT 1 FROM commands WHERE id = ?1)";
    Ok(connection.query_row(known, [id.as_bytes().as_slice()], |row| row.get(0))?)
}
