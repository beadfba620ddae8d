//! Joins the state to a core and a terminal: the only part with input and output.

mod desk;

use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, Event, EventStream,
};
use futures_util::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use switchboard_core::{
    Account, AlarmList, AlarmRow, ChatId, CommandId, Core, CoreError, InboxFilter, InboxList, InboxOrder, ListUpdate,
    Role, Subscription, TimelineList, TimelineRow, UnsentList, UnsentRow,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::app::{Act, App, DeskNews, Effect, Msg, SEARCH_LIMIT};
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
        crossterm::execute!(std::io::stdout(), EnableBracketedPaste, EnableFocusChange).map_err(terminal_error)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = crossterm::execute!(std::io::stdout(), DisableBracketedPaste, DisableFocusChange);
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
    app.zone_name = zone_name();
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
                Some(Ok(Event::FocusGained)) => Some(Msg::InFront(true)),
                Some(Ok(Event::FocusLost)) => Some(Msg::InFront(false)),
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

/// The name of the machine's time zone, as far as it says it.
fn zone_name() -> String {
    let from_link = || {
        let link = std::fs::read_link("/etc/localtime").ok()?;
        Some(link.to_str()?.split_once("zoneinfo/")?.1.to_owned())
    };
    let named = std::env::var("TZ").ok().filter(|zone| zone.contains('/') && !zone.starts_with([':', '/']));
    named.or_else(from_link).unwrap_or_else(|| "UTC".into())
}

async fn blocks(core: &Core) -> Msg {
    Msg::Blocks(core.blocks().await.map_err(|error| words::error(&error)))
}

/// What is watched of the core, and how effects are done.
struct Watch {
    core: Core,
    news: UnboundedSender<Msg>,
    inbox: Option<(InboxList, Subscription)>,
    chat: Option<(TimelineList, InboxList, [Subscription; 2])>,
    unsent: Option<(UnsentList, Subscription)>,
    alarms: Option<(AlarmList, Subscription)>,
    work: Option<Subscription>,
    _always: [Subscription; 5],
}

fn person(account: Account) -> (String, Role) {
    (account.user.name, account.user.role)
}

impl Watch {
    fn new(core: Core, news: UnboundedSender<Msg>) -> Result<Self, RunError> {
        let send = news.clone();
        let asked = core.clone();
        let connection = core.observe_connection(Arc::new(move |state| {
            let _ = send.send(Msg::Connection(state));
            // Revoked or signed out: the store is gone, and the screen must not go on showing it.
            let _ = send.send(Msg::Account(asked.account().map(person)));
        }));
        let send = news.clone();
        let typing = core.observe_typing(Arc::new(move |typing| drop(send.send(Msg::Typing(typing)))));
        let send = news.clone();
        let commands = core.observe_commands(Arc::new(move |outcome| drop(send.send(Msg::Command(outcome)))));
        let send = news.clone();
        let desk = core.observe_desk(Arc::new(move |part| drop(send.send(Msg::Desk(DeskNews::Changed(part))))));
        let send = news.clone();
        let listener = move |notification| drop(send.send(Msg::Desk(DeskNews::Notified(notification))));
        let notifications = core.observe_notifications(Arc::new(listener));
        let _always = [connection, typing, commands, desk, notifications];
        Ok(Self { core, news, inbox: None, chat: None, unsent: None, alarms: None, work: None, _always })
    }

    fn tell(&self, msg: Msg) {
        let _ = self.news.send(msg);
    }

    /// Asks the server something, beside everything else: the screen does not wait for the network.
    fn ask<F: Future<Output = Msg> + Send + 'static>(&self, question: impl FnOnce(Core) -> F) {
        let (answer, news) = (question(self.core.clone()), self.news.clone());
        tokio::spawn(async move { drop(news.send(answer.await)) });
    }

    async fn act(&self, chat: ChatId, act: Act) -> Result<CommandId, CoreError> {
        let core = &self.core;
        match act {
            Act::Take => core.take(chat).await,
            Act::Transfer(target, note) => core.transfer(chat, target, note.as_deref()).await,
            Act::DealtWith => core.dealt_with(chat).await,
            Act::End => core.end_session(chat).await,
            Act::Block => core.block(chat).await,
            Act::Archive => core.archive(chat).await,
            Act::Unarchive => core.unarchive(chat).await,
            Act::Ignore => core.ignore(chat).await,
            // Chosen by this machine's clock, and meant in the server's.
            Act::Snooze(until) => core.snooze(chat, until.map(|until| until + core.server_now() - now())).await,
            Act::Delete => core.delete(chat).await,
            Act::AddContact(contact) => core.add_contact(chat, contact).await,
        }
    }

    /// Does one thing. All but signing in and what only the server knows are local commits and reads, done in
    /// their order before the next key: a draft is stored before the chat can be opened again.
    async fn perform(&mut self, effect: Effect) {
        let done = match effect {
            Effect::Inbox(filter, order) => self.watch_inbox(Some((filter, order))),
            Effect::Archive => self.watch_inbox(None),
            Effect::ExtendInbox => self.inbox.as_ref().map_or(Ok(()), |(list, _)| list.extend(PAGE)),
            Effect::Open(chat, around) => self.open(chat, around).inspect_err(|_| {
                // It left between the key and now.
                self.tell(Msg::Timeline(chat, ListUpdate { revision: 0, changes: Vec::new(), closed: true }));
            }),
            Effect::Close => {
                self.chat = None;
                if self.core.account().is_none() {
                    (self.inbox, self.unsent, self.alarms, self.work) = (None, None, None, None);
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
            Effect::Act(chat, act) => {
                self.tell(match self.act(chat, act).await {
                    Ok(command) => Msg::Acted(chat, command),
                    Err(error) => Msg::NotDone(chat, words::error(&error)),
                });
                Ok(())
            }
            Effect::Undo(command) => self.core.undo(command).await.map(|done| self.tell(Msg::Undone(done))),
            Effect::Targets(query) => self.core.transfer_targets(&query).map(|targets| {
                self.tell(Msg::Targets(query, targets));
            }),
            Effect::CountUnanswered => self.core.unanswered().map(|count| self.tell(Msg::Unanswered(count))),
            Effect::Presence(presence, release) => self.core.set_presence(presence, release).await.map(drop),
            Effect::Schedule(hours) => self.core.set_schedule(hours).await.map(drop),
            Effect::QueueLogin(queue, log_in) => self.core.set_queue_login(queue, log_in).await.map(drop),
            Effect::Sharing(chat) => {
                self.ask(move |core| async move {
                    Msg::Sharing(chat, core.sharing(chat).await.map_err(|error| words::error(&error)))
                });
                Ok(())
            }
            Effect::Blocks => {
                self.ask(|core| async move { blocks(&core).await });
                Ok(())
            }
            Effect::LiftBlock(block) => {
                self.ask(move |core| async move {
                    match core.lift_block(block).await {
                        Ok(()) => blocks(&core).await,
                        Err(error) => Msg::Blocks(Err(words::error(&error))),
                    }
                });
                Ok(())
            }
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
            Effect::Desk(effect) => self.perform_desk(effect).await,
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

    /// Recents with a filter and an order; without them the Archive.
    fn watch_inbox(&mut self, recents: Option<(InboxFilter, InboxOrder)>) -> Result<(), CoreError> {
        // The old window goes first: its last update must not come after the new one's reset.
        self.inbox = None;
        let list = match recents {
            Some((filter, order)) => self.core.inbox(filter, order)?,
            None => self.core.archive_list()?,
        };
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
        if self.alarms.is_none() {
            let send = self.news.clone();
            let list = self.core.alarms()?;
            let listener = move |update: ListUpdate<AlarmRow>| drop(send.send(Msg::Alarms(update)));
            let subscription = list.subscribe(Arc::new(listener));
            self.alarms = Some((list, subscription));
        }
        if self.work.is_none() {
            let send = self.news.clone();
            self.work = Some(self.core.observe_work(Arc::new(move |work| drop(send.send(Msg::Work(work))))));
        }
        Ok(())
    }

    fn open(&mut self, chat: ChatId, around: Option<u64>) -> Result<(), CoreError> {
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
                    Msg::Account(Some(person(account)))
                }
                Err(error) => Msg::SignInFailed(words::error(&error)),
            });
        });
    }
}
