//! A real server for a test: in this process, or in one of its own that can be killed.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::device::{DeviceInfo, ENROL_PATH, EnrolRequest, Platform, SignedIn};
use switchboard_protocol::ids::{ChatId, UserId};
use switchboard_protocol::widget::WidgetConfig;
use switchboard_server::routing::QueueSettings;
use switchboard_server::{Admin, Config, NewChannel, NewUser, Route, Server};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::{FaultProxy, Operator, Visitor};

/// The configuration of every test: the real defaults but for the throttles, because all of a test's visitors and
/// phones share one address.
pub fn config(dir: &Path) -> Config {
    let mut config = Config::in_dir(dir);
    config.limits = config.limits.unthrottled();
    config
}

/// What a test's server knows from the start: a queue `Sales` with these users, and a website that leads to it.
struct Seeded {
    channel_key: String,
    users: Vec<(String, UserId)>,
}

async fn seed(admin: &Admin, names: &[&str]) -> Seeded {
    let group = admin.create_group("Company").await.expect("a group is made");
    let mut users = Vec::new();
    for name in names {
        let user =
            NewUser { name: (*name).to_owned(), email: None, role: Role::User, group, password: None, extension: None };
        users.push(((*name).to_owned(), admin.create_user(user).await.expect("a user is made")));
    }
    let members: Vec<_> = users.iter().map(|(_, id)| *id).collect();
    let queue = admin.create_queue("Sales", &members).await.expect("a queue is made");
    let channel = NewChannel {
        name: "Shop".into(),
        kind: ChannelKind::LiveChat,
        origins: vec!["http://shop.example.com".into()],
        widget: WidgetConfig::default(),
        group: None,
        stub: false,
    };
    let channel = admin.create_channel(channel).await.expect("a channel is made");
    admin.set_route(channel.id, Route::Queue(queue)).await.expect("a route is set");
    Seeded { channel_key: channel.key, users }
}

impl Seeded {
    fn user(&self, name: &str) -> UserId {
        self.users.iter().find(|(known, _)| known == name).map(|(_, id)| *id).expect("no such user in this test")
    }
}

async fn link(admin: &Admin, user: UserId, server: &str) -> String {
    let code = admin.enrol(user).await.expect("an enrolment code is made");
    code.link(&server.parse().expect("an address")).to_string()
}

/// A server in this process, on a free port, with a database of its own.
pub struct TestServer {
    server: Server,
    seeded: Seeded,
    phones: TempDir,
    phone_count: std::sync::atomic::AtomicUsize,
    _data: TempDir,
}

impl TestServer {
    /// Starts it with a queue of these users, and a website whose chats are offered to all of them.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(names: &[&str]) -> Self {
        Self::start_with(names, |_| ()).await
    }

    /// The same with another configuration.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_with(names: &[&str], change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let mut config = config(data.path());
        change(&mut config);
        let server = Server::start(config, listener).await.expect("the server starts");
        let seeded = seed(&server.admin(), names).await;
        let phones = tempfile::tempdir().expect("a temporary directory");
        Self { server, seeded, phones, phone_count: Default::default(), _data: data }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The key in the website's script tag.
    pub fn channel_key(&self) -> &str {
        &self.seeded.channel_key
    }

    /// The admin's calls.
    pub fn admin(&self) -> Admin {
        self.server.admin()
    }

    /// Changes the settings of the queue.
    pub async fn set_queue(&self, change: impl FnOnce(&mut QueueSettings)) {
        let admin = self.admin();
        let queue = admin.find_queue("Sales").await.expect("the queue");
        let found = admin.queue(queue).await.expect("the queue");
        let mut settings = found.settings;
        change(&mut settings);
        admin.set_queue(queue, settings, found.rev).await.expect("the settings are valid");
    }

    /// A proxy in front of it.
    pub async fn proxy(&self) -> FaultProxy {
        FaultProxy::start(self.addr()).await.expect("a free port")
    }

    /// A new enrolment link.
    pub async fn link(&self, name: &str) -> String {
        link(&self.admin(), self.seeded.user(name), &format!("http://{}", self.addr())).await
    }

    /// A new phone of this user, signed in and up to date.
    pub async fn operator(&self, name: &str) -> Operator {
        let operator = Operator::enrol(&self.phone_dir(), &self.link(name).await).await.expect("the phone signs in");
        operator.until_online().await;
        operator
    }

    /// A new phone that reaches the server through a proxy.
    pub async fn operator_through(&self, proxy: &FaultProxy, name: &str) -> Operator {
        let operator = self.open_through(proxy, name).await;
        operator.core.start();
        operator.until_online().await;
        operator
    }

    /// A new phone that will reach the server through a proxy, signed in but not started.
    pub async fn open_through(&self, proxy: &FaultProxy, name: &str) -> Operator {
        let operator = Operator::open(&self.phone_dir()).expect("a fresh store");
        let link = link(&self.admin(), self.seeded.user(name), &proxy.url()).await;
        operator.core.enrol(&link).await.expect("the phone signs in");
        operator
    }

    /// A new visitor's chat that this operator took by a reply.
    ///
    /// # Panics
    /// When it does not come so far.
    pub async fn owned_chat(&self, operator: &Operator, text: &str) -> (Visitor, ChatId) {
        let mut visitor = Visitor::open(self.addr(), self.channel_key()).await.expect("a visitor");
        visitor.say(text).await.expect("the text is accepted");
        let chat = operator.until_offered(text).await.chat;
        operator.core.reply(chat, "One moment.").await.expect("the reply is queued");
        visitor.hear("One moment.").await.expect("the reply comes");
        operator
            .until("owned", |phone| phone.inbox().iter().any(|row| row.chat == chat && row.is_mine).then_some(()))
            .await;
        (visitor, chat)
    }

    /// Signs in a device without a core.
    pub async fn sign_in_device(&self, name: &str) -> SignedIn {
        let code = self.admin().enrol(self.seeded.user(name)).await.expect("an enrolment code is made").code;
        let device = DeviceInfo { name: "by hand".into(), platform: Platform::Terminal };
        let (status, body) = post(self.addr(), ENROL_PATH, &EnrolRequest { code, device }).await.expect("an answer");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("a signed-in device")
    }

    /// Signs all devices of this user out, as an admin does with a lost phone.
    pub async fn revoke_devices(&self, name: &str) {
        let admin = self.admin();
        for device in admin.list_devices(self.seeded.user(name)).await.expect("a list") {
            admin.revoke_device(device.id).await.expect("revoked");
        }
    }

    fn phone_dir(&self) -> PathBuf {
        let n = self.phone_count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.phones.path().join(format!("phone {n}"))
    }
}

/// Sends a JSON body by HTTP/1.1 and returns the answer's status and body.
pub async fn post(addr: SocketAddr, path: &str, body: &impl serde::Serialize) -> std::io::Result<(u16, String)> {
    let body = serde_json::to_string(body)?;
    let mut socket = TcpStream::connect(addr).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, body.to_owned()))
}

/// A server in a process of its own, that can be ended with SIGKILL and started again on its data.
pub struct ServerProcess {
    process: Child,
    addr: SocketAddr,
    data: TempDir,
    seeded: Seeded,
}

impl ServerProcess {
    /// Prepares a database as [`TestServer::start`] does and starts a process on it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(names: &[&str]) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let admin = Admin::open(&config(data.path())).expect("the database opens");
        let seeded = seed(&admin, names).await;
        admin.close().await;
        let (process, addr) = spawn(data.path()).await;
        Self { process, addr, data, seeded }
    }

    /// Where it listens; another port after a restart.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The key in the website's script tag.
    pub fn channel_key(&self) -> &str {
        &self.seeded.channel_key
    }

    /// A new enrolment link that leads to the server by another address, such as a proxy's.
    pub async fn link_through(&self, name: &str, server: &str) -> String {
        // The database is shared with the running process, as it is when an admin uses the command line.
        let admin = Admin::open(&config(self.data.path())).expect("the database opens");
        let link = link(&admin, self.seeded.user(name), server).await;
        admin.close().await;
        link
    }

    /// SIGKILL: nothing is flushed, nothing is said.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the process was running");
    }

    /// Starts it again on the same data.
    pub async fn restart(&mut self) {
        (self.process, self.addr) = spawn(self.data.path()).await;
    }
}

async fn spawn(data: &Path) -> (Child, SocketAddr) {
    // Next to this test's own binary, in the target directory: `deps/end_to_end-…` and `server_process`.
    let binary = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.parent()?.join("server_process")))
        .expect("a target directory");
    let mut process = Command::new(binary)
        .arg(data)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the server's process starts");
    let output = process.stdout.take().expect("stdout is piped");
    let line = BufReader::new(output).lines().next_line().await.expect("stdout").expect("the server says its address");
    (process, line.trim().parse().expect("an address"))
}
