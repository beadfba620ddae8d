//! Joins the state to a core and a terminal: the only part with input and output.

use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, EventStream};
use futures_util::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use switchboard_core::{
    Core, CoreError, InboxList, ListUpdate, Subscription, TimelineList, TimelineRow, UnsentList, UnsentRow,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::app::{App, Effect, Msg, SEARCH_LIMIT};
use crate::clock::Zone;
use crate::signin::SignInWith;
use crate::{view, words};

/// How often the screen's times move on and a draft goes to the store.
const TICK: Duration = Duration::from_millis(250);
/// By how many rows a window grows.
const PAGE: u32 = 50;

/// Why the inbox ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The terminal cannot be read or written.
    #[error("the terminal: {0}")]
    Terminal(String),
    /// The core cannot be read.
    #[error(transparent)]
    Core(#[from] CoreError),
}

/// The process's terminal, as a full screen; as it was before when dropped.
pub struct Screen {
    /// Where to draw.
    pub terminal: ratatui::DefaultTerminal,
}

impl Screen {
    /// Takes the terminal over. A panic gives it back before it is reported.
    pub fn open() -> Result<Screen, RunError> {
        // From here on the screen's own drop gives the terminal back, also when the next line fails.
        let screen = Screen { terminal: ratatui::try_init().map_err(terminal_error)? };
        crossterm::execute!(std::io::stdout(), EnableBracketedPaste).map_err(terminal_error)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = crossterm::execute!(std::io::stdout(), DisableBracketedPaste);
        ratatui::restore();
    }
}

fn terminal_error(error: impl std::fmt::Display) -> RunError {
    RunError::Terminal(error.to_string())
}

/// Shows the inbox until the operator quits or `stop` completes. The core goes on. The hints stand where no chat is
/// open, and under the keys.
pub async fn run<B: Backend>(
    core: &Core,
    terminal: &mut Terminal<B>,
    hints: Vec<String>,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    run_with(core, terminal, hints, EventStream::new(), stop).await
}

/// The same with events from elsewhere than the process's own terminal.
pub async fn run_with<B: Backend>(
    core: &Core,
    terminal: &mut Terminal<B>,
    hints: Vec<String>,
    mut events: impl Stream<Item = std::io::Result<Event>> + Unpin,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let size = terminal.size().map_err(terminal_error)?;
    let mut app = App::new((size.width, size.height), now(), Zone::Local);
    app.hints = hints;
    let (news, mut inbox) = unbounded_channel();
    let mut watch = Watch::new(core.clone(), news)?;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    tokio::pin!(stop);
    loop {
        terminal.draw(|frame| view::draw(&app, frame)).map_err(terminal_error)?;
        let msg = tokio::select! {
            () = &mut stop => None,
            _ = tick.tick() => Some(Msg::Tick(now())),
            Some(msg) = inbox.recv() => Some(msg),
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) => Some(Msg::Key(key)),
                Some(Ok(Event::Paste(text))) => Some(Msg::Paste(text)),
                Some(Ok(Event::Resize(columns, rows))) => Some(Msg::Resized(columns, rows)),
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(terminal_error(error)),
                // The terminal was closed: the draft is still kept.
                None => None,
            },
        };
        let quits = msg.is_none();
        let mut effects = app.update(msg.unwrap_or_else(quit));
        // What is already there is handled before the next drawing.
        drain(&mut inbox, &mut app, &mut effects);
        for effect in effects {
            if effect == Effect::Quit {
                return Ok(());
            }
            watch.perform(effect).await;
        }
        if quits {
            return Ok(());
        }
    }
}

/// The key that quits from anywhere: what was typed is kept on the way.
fn quit() -> Msg {
    Msg::Key(crossterm::event::KeyEvent::new(
        crossterm::event::KeyCode::Char('c'),
        crossterm::event::KeyModifiers::CONTROL,
    ))
}

fn drain(inbox: &mut UnboundedReceiver<Msg>, app: &mut App, effects: &mut Vec<Effect>) {
    while let Ok(msg) = inbox.try_recv() {
        effects.extend(app.update(msg));
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What is watched of the core, and how effects are done.
struct Watch {
    core: Core,
    news: UnboundedSender<Msg>,
    inbox: Option<(InboxList, Subscription)>,
    chat: Option<(TimelineList, InboxList, [Subscription; 2])>,
    unsent: Option<(UnsentList, Subscription)>,
    _always: [Subscription; 3],
}

impl Watch {
    fn new(core: Core, news: UnboundedSender<Msg>) -> Result<Self, RunError> {
        let send = news.clone();
        let asked = core.clone();
        let connection = core.observe_connection(Arc::new(move |state| {
            let _ = send.send(Msg::Connection(state));
            // Revoked or signed out: the store is gone, and the screen must not go on showing it.
            let _ = send.send(Msg::Account(asked.account().map(|account| account.user.name)));
        }));
        let send = news.clone();
        let typing = core.observe_typing(Arc::new(move |typing| drop(send.send(Msg::Typing(typing)))));
        let send = news.clone();
        let commands = core.observe_commands(Arc::new(move |outcome| drop(send.send(Msg::Command(outcome)))));
        Ok(Self { core, news, inbox: None, chat: None, unsent: None, _always: [connection, typing, commands] })
    }

    fn tell(&self, msg: Msg) {
        let _ = self.news.send(msg);
    }

    /// Does one thing. All but signing in are local commits and reads, done in their order before the next key: a draft
    /// is stored before the chat can be opened again.
    async fn perform(&mut self, effect: Effect) {
        let done = match effect {
            Effect::Inbox(filter, order) => self.watch_inbox(filter, order),
            Effect::ExtendInbox => self.inbox.as_ref().map_or(Ok(()), |(list, _)| list.extend(PAGE)),
            Effect::Open(chat, around) => self.open(chat, around).inspect_err(|_| {
                // It left between the key and now.
                self.tell(Msg::Timeline(chat, ListUpdate { revision: 0, changes: Vec::new(), closed: true }));
            }),
            Effect::Close => {
                self.chat = None;
                if self.core.account().is_none() {
                    (self.inbox, self.unsent) = (None, None);
                }
                Ok(())
            }
            Effect::ExtendTimeline(chat) => {
                let done = self.chat.as_ref().map_or(Ok(()), |(list, ..)| list.extend(PAGE));
                self.tell(Msg::Extended(chat));
                done
            }
            Effect::ExtendNewer(_) => self.chat.as_ref().map_or(Ok(()), |(list, ..)| list.extend_newer(PAGE)),
            Effect::Reply(chat, text) => match self.core.reply(chat, &text).await {
                Ok(_) => self.core.set_draft(chat, "").await,
                Err(error) => {
                    self.tell(Msg::NotSent(chat, text, words::error(&error)));
                    Ok(())
                }
            },
            Effect::Take(chat) => self.core.take(chat).await.map(drop),
            Effect::Read(chat, upto) => self.core.mark_read(chat, upto).await,
            Effect::Draft(chat, text) => self.core.set_draft(chat, &text).await,
            Effect::Typing(chat, typing) => {
                self.core.typing(chat, typing);
                Ok(())
            }
            Effect::Search(query) => self.core.search(&query, SEARCH_LIMIT).map(|results| {
                self.tell(Msg::Found(query, Box::new(results)));
            }),
            Effect::DeleteUnsent(id) => self.core.delete_unsent(id).await,
            Effect::Copy(text) => {
                self.copy(&text);
                Ok(())
            }
            Effect::SignIn(with) => {
                self.sign_in(with);
                Ok(())
            }
            Effect::Quit => Ok(()),
        };
        match done {
            // The chat left while this was on its way: its list says so.
            Ok(()) | Err(CoreError::NotFound) => {}
            Err(error) => self.tell(Msg::Failed(words::error(&error))),
        }
    }

    fn watch_inbox(
        &mut self,
        filter: switchboard_core::InboxFilter,
        order: switchboard_core::InboxOrder,
    ) -> Result<(), CoreError> {
        // The old window goes first: its last update must not come after the new one's reset.
        self.inbox = None;
        let list = self.core.inbox(filter, order)?;
        let send = self.news.clone();
        let subscription = list.subscribe(Arc::new(move |update| drop(send.send(Msg::Inbox(update)))));
        self.inbox = Some((list, subscription));
        if self.unsent.is_none() {
            let send = self.news.clone();
            let listener = move |update: ListUpdate<UnsentRow>| drop(send.send(Msg::Unsent(update)));
            let list = self.core.unsent()?;
            let subscription = list.subscribe(Arc::new(listener));
            self.unsent = Some((list, subscription));
        }
        Ok(())
    }

    fn open(&mut self, chat: switchboard_core::ChatId, around: Option<u64>) -> Result<(), CoreError> {
        self.chat = None;
        self.tell(Msg::Draft(chat, self.core.draft(chat)?));
        let row = self.core.chat(chat)?;
        let send = self.news.clone();
        let row_changes = row.subscribe(Arc::new(move |update| drop(send.send(Msg::Chat(chat, update)))));
        let list = self.core.timeline(chat, around)?;
        let send = self.news.clone();
        let listener = move |update: ListUpdate<TimelineRow>| drop(send.send(Msg::Timeline(chat, update)));
        let subscription = list.subscribe(Arc::new(listener));
        self.chat = Some((list, row, [row_changes, subscription]));
        Ok(())
    }

    /// Through the terminal itself (OSC 52): works over SSH and needs no clipboard program.
    fn copy(&self, text: &str) {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        let mut out = std::io::stdout();
        let done = write!(out, "\x1b]52;c;{encoded}\x07").and_then(|()| out.flush());
        self.tell(Msg::Note(if done.is_ok() {
            "Copied.".into()
        } else {
            "The terminal did not take the copy.".into()
        }));
    }

    fn sign_in(&self, with: SignInWith) {
        let (core, news) = (self.core.clone(), self.news.clone());
        tokio::spawn(async move {
            let done = match with {
                SignInWith::Link(link) => core.enrol(&link).await,
                SignInWith::Code { server, code } => core.enrol_with_code(&server, &code).await,
                SignInWith::Password { server, email, password } => core.sign_in(&server, &email, &password).await,
            };
            let _ = news.send(match done {
                Ok(account) => {
                    core.start();
                    Msg::Account(Some(account.user.name))
                }
                Err(error) => Msg::SignInFailed(words::error(&error)),
            });
        });
    }
}
