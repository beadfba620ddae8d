//! Drives a phone's state machine over its socket.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::WebSocket;
use switchboard_protocol::ServerFrame;
use switchboard_protocol::frame::{Bye, Fetch, Hello, Page, PeerTyping, Pull, RequestError, Rows, Typing};
use switchboard_protocol::ids::UserId;
use switchboard_protocol::widget::{WidgetServerFrame, WidgetTyping};
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::hub::Taken;
use super::machine::{Action, Facts, Machine, result_frame};
use super::registry::{Socket, UserHub};
use super::transport::{Broken, Incoming, Transport, owned};
use crate::app::App;
use crate::store::commands::Command;
use crate::store::devices::{self, Admission};
use crate::store::feed::FeedRow;
use crate::store::{StoreError, chats, collections, feed, snapshot};

/// Rows read from the database at a time.
const BATCH_ROWS: usize = 256;
/// Content read from the database at a time, about.
const BATCH_BYTES: usize = 256 * 1024;

/// How a session ended.
enum End {
    /// With a word to the peer.
    Bye(Bye),
    /// The peer is gone.
    Gone,
}

impl From<Broken> for End {
    fn from(_: Broken) -> Self {
        End::Gone
    }
}

struct Session {
    app: Arc<App>,
    transport: Transport,
    machine: Machine,
    socket: Socket,
    joined: Option<(UserId, Arc<UserHub>)>,
}

/// One phone's connection, from its opening to its end.
pub(crate) async fn run(app: Arc<App>, socket: Socket, websocket: WebSocket) {
    let timing = app.timing();
    let transport = Transport::new(websocket, app.write_timeout());
    let machine = Machine::new(timing, Instant::now());
    let mut session = Session { app, transport, machine, socket, joined: None };
    let end = session.serve().await;
    let bye = match end {
        End::Bye(bye) => ServerFrame::Bye(bye).to_json().ok(),
        End::Gone => return,
    };
    session.transport.close(bye).await;
}

impl Session {
    async fn serve(&mut self) -> End {
        let deadline = tokio::time::sleep_until(self.machine.deadline().into());
        tokio::pin!(deadline);
        let mut stop: Option<Bye> = None;
        loop {
            match self.deliver(&mut stop).await {
                Ok(()) => {}
                Err(end) => return end,
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
                // The timer is moved when it fires, not at every frame.
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

    /// Sends what waits: answers and hints first, then the feed from the cursor on.
    async fn deliver(&mut self, stop: &mut Option<Bye>) -> Result<(), End> {
        loop {
            let mail = self.socket.mailbox().take();
            for _ in 0..mail.done {
                self.machine.answered();
            }
            // What is found at once is sent in one write.
            let mut frames = owned(mail.frames);
            if let Some(bye) = mail.bye {
                self.transport.send(frames).await?;
                return Err(End::Bye(bye));
            }
            if mail.stop.is_some() {
                *stop = mail.stop;
            }
            if self.machine.wants_snapshot() {
                self.transport.send(std::mem::take(&mut frames)).await?;
                Box::pin(self.send_snapshot()).await?;
            }
            let (Some(cursor), Some((user, hub))) = (self.machine.cursor(), &self.joined) else {
                return Ok(self.transport.send(frames).await?);
            };
            let rows: Vec<FeedRow> = match hub.take(self.socket.id(), cursor) {
                Taken::Items(rows) => rows,
                Taken::Nothing if !self.machine.is_behind() => {
                    if let Action::Send(live) = self.machine.up_to_date() {
                        frames.push(live);
                    }
                    return Ok(self.transport.send(frames).await?);
                }
                Taken::Nothing | Taken::Behind => {
                    let user = *user;
                    self.transport.send(std::mem::take(&mut frames)).await?;
                    self.app
                        .store
                        .readers
                        .read(move |sql| feed::after(sql, user, cursor, BATCH_ROWS, BATCH_BYTES))
                        .await
                        .map_err(|error| internal(&error))?
                }
            };
            if rows.is_empty() {
                // The head is known and the rows are not there: pruned. Coming back, the device gets a snapshot.
                return Err(End::Bye(Bye { code: ErrorCode::TooSlow, retry_ms: 0 }));
            }
            match self.machine.rows(&rows) {
                Ok(events) => {
                    frames.extend(events);
                    self.transport.send(frames).await?;
                }
                Err(Action::Close(bye)) => return Err(End::Bye(bye)),
                Err(_) => {}
            }
        }
    }

    async fn send_snapshot(&mut self) -> Result<(), End> {
        let Some((user, _)) = self.joined else { return Ok(()) };
        // Four at a time over all sessions: after a restore everybody comes for one at once.
        let permit = self.app.snapshots.clone().acquire_owned().await.map_err(|_| End::Gone)?;
        let read = self.app.store.readers.read(move |sql| snapshot::read(sql, user)).await;
        drop(permit);
        let snapshot = read.map_err(|error| internal(&error))?;
        self.transport.send(snapshot.frames).await?;
        self.machine.snapshot_sent(snapshot.as_of);
        Ok(())
    }

    async fn act(&mut self, action: Action) -> Result<(), End> {
        match action {
            Action::None => Ok(()),
            Action::Send(json) => Ok(self.transport.send(vec![json]).await?),
            Action::Close(bye) => Err(End::Bye(bye)),
            Action::Admit(hello) => Box::pin(self.admit(hello)).await,
            Action::Execute(command) => {
                self.execute(command).await;
                Ok(())
            }
            Action::Fetch(fetch) => {
                self.fetch(fetch);
                Ok(())
            }
            Action::Pull(pull) => {
                self.pull(pull);
                Ok(())
            }
            Action::Typing(typing) => {
                self.typing(typing);
                Ok(())
            }
        }
    }

    /// Looks at the token, joins the user's hub, and only then reads the feed's head: an event that is committed in between
    /// is in the head or in the hub, never in neither. The token is looked at again in that second read, so that a
    /// revocation in between finds either the hub or the second look.
    async fn admit(&mut self, hello: Hello) -> Result<(), End> {
        let (device, token) = (hello.device, hello.token);
        let admission = {
            let token = token.clone();
            self.app.store.readers.read(move |sql| devices::admit(sql, device, &token)).await
        };
        let user = match admission {
            Ok(Admission::Admitted(user)) => user,
            Ok(Admission::Refused(code)) => return self.answer(|machine| machine.refused(code)).await,
            Err(error) => return Err(internal(&error)),
        };
        self.joined = Some((user, self.socket.join_user(user, device)));
        let now: UnixMillis = self.app.config.clock.now();
        let facts = self
            .app
            .store
            .readers
            .read(move |sql| {
                Ok(match devices::admit(sql, device, &token)? {
                    Admission::Admitted(_) => {
                        Ok(Facts { user, feed: feed::state(sql, user)?, revs: collections::revisions(sql)?, now })
                    }
                    Admission::Refused(code) => Err(code),
                })
            })
            .await
            .map_err(|error| internal(&error))?;
        match facts {
            Ok(facts) => self.answer(|machine| machine.admitted(facts)).await,
            Err(code) => self.answer(|machine| machine.refused(code)).await,
        }
    }

    async fn answer(&mut self, step: impl FnOnce(&mut Machine) -> Action) -> Result<(), End> {
        match step(&mut self.machine) {
            Action::Send(json) => Ok(self.transport.send(vec![json]).await?),
            Action::Close(bye) => Err(End::Bye(bye)),
            _ => Ok(()),
        }
    }

    async fn execute(&mut self, command: Box<Command>) {
        let Some((user, _)) = self.joined else { return };
        let (id, mailbox) = (command.id, self.socket.mailbox().clone());
        self.app
            .store
            .writer
            .submit(
                move |tx| tx.execute(user, &command),
                move |result| mailbox.answer(result_frame(id, result).map(Arc::from)),
            )
            .await;
    }

    fn fetch(&self, fetch: Fetch) {
        let Fetch { req, chat, before, n } = fetch;
        self.read(req, move |sql, user| {
            Ok(chats::page(sql, user, chat, before, n)?
                .map(|(messages, more)| ServerFrame::Page(Page { req, chat, messages, more })))
        });
    }

    fn pull(&self, pull: Pull) {
        let Pull { req, collection, rev } = pull;
        self.read(req, move |sql, user| {
            let collections::Pulled { rev, rows, more } = collections::since(sql, user, collection, rev)?;
            Ok(Some(ServerFrame::Rows(Rows { req, collection, rev, rows, more })))
        });
    }

    /// Reads beside the session, so that a page does not hold up events; the answer comes through the mailbox.
    fn read<F>(&self, req: u64, read: F)
    where
        F: FnOnce(&rusqlite::Connection, UserId) -> Result<Option<ServerFrame>, StoreError> + Send + 'static,
    {
        let Some((user, _)) = self.joined else { return };
        let (readers, mailbox) = (self.app.store.readers.clone(), self.socket.mailbox().clone());
        tokio::spawn(async move {
            let frame = match readers.read(move |sql| read(sql, user)).await {
                Ok(Some(frame)) => frame,
                Ok(None) => ServerFrame::Error(RequestError { req, code: ErrorCode::NotFound }),
                Err(error) => {
                    tracing::error!(%error, "a read for a phone failed");
                    ServerFrame::Error(RequestError { req, code: ErrorCode::Internal })
                }
            };
            mailbox.answer(frame.to_json().ok().map(Arc::from));
        });
    }

    fn typing(&self, typing: Typing) {
        let Some((user, _)) = self.joined else { return };
        let (app, Typing { chat, typing }) = (self.app.clone(), typing);
        tokio::spawn(async move {
            let audience = app.store.readers.read(move |sql| chats::typing_audience(sql, chat, user)).await;
            // Typing in a chat that one does not see says nothing to anybody.
            let Ok(Some(audience)) = audience else { return };
            let frame = ServerFrame::Ephemeral(PeerTyping { chat, user: Some(user), typing });
            if let Ok(json) = frame.to_json().map(Arc::from) {
                for other in audience.users.into_iter().filter(|other| *other != user) {
                    app.registry.post_to_user(other, &json);
                }
            }
            if let Some(visitor) = audience.visitor
                && let Ok(json) =
                    WidgetServerFrame::Typing(WidgetTyping { name: Some(audience.name), typing }).to_json()
            {
                app.registry.post_to_visitor(visitor, &Arc::from(json));
            }
        });
    }
}

fn internal(error: &StoreError) -> End {
    let code = match error {
        StoreError::Stopping => ErrorCode::ShuttingDown,
        error if error.is_transient() => ErrorCode::Storage,
        _ => ErrorCode::Internal,
    };
    tracing::error!(%error, "a session ends over the store");
    End::Bye(Bye { code, retry_ms: 0 })
}
