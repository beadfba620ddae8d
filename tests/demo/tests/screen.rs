//! The terminal inbox on the real core, against the real server: a visitor writes, the operator reads, takes and
//! answers by keys, and searches. What the operator sees is the screen's text.

// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::convert::Infallible;
use std::io;

use common::{PATIENCE, Visitor};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use switchboard_core::{Core, CoreConfig, Platform};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::widget::WidgetConfig;
use switchboard_server::{Config, NewChannel, NewUser, Route, Server};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// A terminal that says what stands on it after each drawing.
struct Watched {
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
struct Operator {
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    shows: watch::Receiver<String>,
}

impl Operator {
    async fn sees(&mut self, text: &str) {
        let seen = tokio::time::timeout(PATIENCE, self.shows.wait_for(|screen| screen.contains(text))).await.map(drop);
        assert!(seen.is_ok(), "{text:?} is not on the screen:\n{}", *self.shows.borrow());
    }

    fn press(&self, code: KeyCode) {
        self.keys.send(Ok(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))).unwrap();
    }

    fn types(&self, text: &str) {
        text.chars().for_each(|c| self.press(KeyCode::Char(c)));
    }
}

async fn server(dir: &std::path::Path) -> (Server, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut config = Config::in_dir(dir.join("server"));
    config.public_url = Some(address.parse().unwrap());
    let server = Server::start(config, listener).await.unwrap();
    let admin = server.admin();
    let group = admin.create_group("Shop").await.unwrap();
    let anna = NewUser {
        name: "Anna".into(),
        email: Some("anna@example.com".into()),
        role: Role::User,
        group,
        password: Some("correct horse".into()),
        extension: None,
    };
    let anna = admin.create_user(anna).await.unwrap();
    let queue = admin.create_queue("Sales", &[anna]).await.unwrap();
    let channel = NewChannel {
        name: "Website".into(),
        kind: ChannelKind::LiveChat,
        origins: vec!["http://shop.example".into()],
        widget: WidgetConfig::default(),
        group: None,
        stub: false,
    };
    let channel = admin.create_channel(channel).await.unwrap();
    admin.set_route(channel.id, Route::Queue(queue)).await.unwrap();
    (server, address, channel.key)
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_f11_f65_an_operator_signs_in_answers_and_searches_by_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (server, address, channel) = server(dir.path()).await;
    let core = Core::open(CoreConfig::new(dir.path().join("anna"), Platform::Terminal, "test")).unwrap();
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
    let mut operator = Operator { keys, shows };

    operator.sees("Sign in on this terminal").await;
    operator.press(KeyCode::F(2));
    operator.press(KeyCode::F(2));
    (0.."https://".len()).for_each(|_| operator.press(KeyCode::Backspace));
    operator.types(&address);
    operator.press(KeyCode::Tab);
    operator.types("anna@example.com");
    operator.press(KeyCode::Tab);
    operator.types("correct horse");
    operator.press(KeyCode::Enter);
    operator.sees("● Online").await;
    operator.sees("All answered.").await;

    let mut visitor = Visitor::open(&address, &channel, None).await;
    assert_eq!(visitor.welcome.last_no, 0);
    visitor.write("Is the blue one in stock?").await;
    operator.sees("your first reply takes this chat").await;
    operator.sees("Is the blue one in stock?").await;
    operator.press(KeyCode::Enter);
    operator.types("Yes, three of them.");
    operator.press(KeyCode::Enter);
    assert_eq!(visitor.read().await, "Yes, three of them.");
    operator.sees("yours").await;

    operator.press(KeyCode::Esc);
    operator.press(KeyCode::Char('/'));
    operator.types("thre");
    operator.sees("Yes, three of them.").await;
    operator.press(KeyCode::Esc);

    operator.press(KeyCode::Char('q'));
    tokio::time::timeout(PATIENCE, showing).await.unwrap().unwrap().unwrap();
    core.stop().await;
    server.stop().await.unwrap();
}
