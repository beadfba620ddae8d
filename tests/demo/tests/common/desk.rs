//! The terminal inbox on the real core, at a terminal whose text a test reads.

use std::convert::Infallible;
use std::io;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use switchboard_core::{Core, CoreConfig, Platform, Role, UserId};
use switchboard_operator::RunError;
use switchboard_server::{Config, NewChannel, NewUser, QueueSettings, Route, Server};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::common::PATIENCE;

/// A terminal that says what stands on it after each drawing.
pub struct Watched {
    inner: TestBackend,
    shows: watch::Sender<String>,
}

impl Backend for Watched {
    type Error = Infallible;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<(), Infallible> {
        self.inner.draw(content)
    }
    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.hide_cursor()
    }
    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.show_cursor()
    }
    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.inner.get_cursor_position()
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.inner.set_cursor_position(position)
    }
    fn clear(&mut self) -> Result<(), Infallible> {
        self.inner.clear()
    }
    fn clear_region(&mut self, kind: ClearType) -> Result<(), Infallible> {
        self.inner.clear_region(kind)
    }
    fn size(&self) -> Result<Size, Infallible> {
        self.inner.size()
    }
    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.inner.window_size()
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        let buffer = self.inner.buffer();
        let width = usize::from(buffer.area.width);
        let lines = buffer.content.chunks(width).map(|line| line.iter().map(Cell::symbol).collect::<String>());
        let _ = self.shows.send(lines.collect::<Vec<_>>().join("\n"));
        Ok(())
    }
}

/// The operator at the keys.
pub struct Operator {
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    shows: watch::Receiver<String>,
}

impl Operator {
    pub async fn sees(&mut self, text: &str) {
        let seen = tokio::time::timeout(PATIENCE, self.shows.wait_for(|screen| screen.contains(text))).await.map(drop);
        assert!(seen.is_ok(), "{text:?} is not on the screen:\n{}", *self.shows.borrow());
    }

    #[allow(dead_code, reason = "each test file is a program of its own, and not every one filters")]
    pub async fn sees_no_more(&mut self, text: &str) {
        let gone = tokio::time::timeout(PATIENCE, self.shows.wait_for(|screen| !screen.contains(text))).await.map(drop);
        assert!(gone.is_ok(), "{text:?} is still on the screen:\n{}", *self.shows.borrow());
    }

    /// A new chat with this text is there to be taken. Seeing the text is not enough: a toast may say it a moment before the
    /// list has it.
    pub async fn sees_offered(&mut self, text: &str) {
        self.sees("t take  p pass on").await;
        self.sees(text).await;
    }

    pub fn press(&self, code: KeyCode) {
        self.press_with(code, KeyModifiers::NONE);
    }

    pub fn press_with(&self, code: KeyCode, modifiers: KeyModifiers) {
        self.keys.send(Ok(Event::Key(KeyEvent::new(code, modifiers)))).unwrap();
    }

    pub fn types(&self, text: &str) {
        text.chars().for_each(|c| self.press(KeyCode::Char(c)));
    }
}

/// A server with two operators, two queues and a website, of which the first queue has the chats.
pub struct Shop {
    pub server: Server,
    pub address: String,
    pub channel: String,
    pub boris: UserId,
}

pub async fn shop(dir: &std::path::Path) -> Shop {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut config = Config::in_dir(dir.join("server"));
    config.public_url = Some(address.parse().unwrap());
    config.limits = config.limits.unthrottled();
    let server = Server::start(config, listener).await.unwrap();
    let admin = server.admin();
    let group = admin.create_group("Shop").await.unwrap();
    let anna = NewUser {
        email: Some("anna@example.com".into()),
        password: Some("correct horse".into()),
        ..NewUser::new("Anna", Role::Manager, group)
    };
    let anna = admin.create_user(anna).await.unwrap();
    let boris = NewUser { extension: Some("102".into()), ..NewUser::new("Boris", Role::User, group) };
    let boris = admin.create_user(boris).await.unwrap();
    let settings = QueueSettings { group: Some(group), ..QueueSettings::default() };
    let sales = admin.create_queue_with("Sales", &[anna, boris], settings.clone()).await.unwrap();
    let repairs = QueueSettings { take_first: true, ..settings };
    admin.create_queue_with("Repairs", &[anna], repairs).await.unwrap();
    let channel = NewChannel {
        origins: vec!["http://shop.example".into()],
        group: Some(group),
        ..NewChannel::website("Website")
    };
    let channel = admin.create_channel(channel).await.unwrap();
    admin.set_route(channel.id, Route::Queue(sales)).await.unwrap();
    Shop { server, address, channel: channel.key, boris }
}

/// A core, the inbox on it at a terminal of this size, and the keys.
pub struct Desk {
    pub core: Core,
    pub operator: Operator,
    showing: JoinHandle<Result<(), RunError>>,
}

impl Desk {
    pub fn open(dir: &std::path::Path) -> Desk {
        let core = Core::open(CoreConfig::new(dir.join("anna"), Platform::Terminal, "test")).unwrap();
        let (shown, shows) = watch::channel(String::new());
        let (keys, mut pressed) = mpsc::unbounded_channel();
        let showing = tokio::spawn({
            let core = core.clone();
            async move {
                let mut terminal = Terminal::new(Watched { inner: TestBackend::new(100, 30), shows: shown }).unwrap();
                let events = stream::poll_fn(move |context| pressed.poll_recv(context));
                switchboard_operator::run_with(&core, &mut terminal, Vec::new(), events, std::future::pending()).await
            }
        });
        Desk { core, operator: Operator { keys, shows }, showing }
    }

    pub async fn sign_in(&mut self, address: &str) {
        let operator = &mut self.operator;
        operator.sees("Sign in on this terminal").await;
        operator.press(KeyCode::F(2));
        operator.press(KeyCode::F(2));
        (0.."https://".len()).for_each(|_| operator.press(KeyCode::Backspace));
        operator.types(address);
        operator.press(KeyCode::Tab);
        operator.types("anna@example.com");
        operator.press(KeyCode::Tab);
        operator.types("correct horse");
        operator.press(KeyCode::Enter);
        operator.sees("● Online").await;
        operator.sees("All answered.").await;
    }

    pub async fn leave(self) {
        self.operator.press(KeyCode::Char('q'));
        tokio::time::timeout(PATIENCE, self.showing).await.unwrap().unwrap().unwrap();
        self.core.stop().await;
    }
}
