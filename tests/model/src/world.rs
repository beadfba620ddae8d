//! The world: a server, ten phones, the visitors, one clock, and lines that lose what is on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use switchboard_core::{ConnectionState, NewContact, Platform};
use switchboard_protocol::ClientFrame;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::{Presence, Role};
use switchboard_protocol::device::{DeviceInfo, SignedIn};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{ChannelId, ChatId, CommandId, GroupId, MessageId, QueueId, UserId};
use switchboard_protocol::transfer::TransferTarget;
use switchboard_server::routing::{Distribution, QueueSettings};
use switchboard_server::store::people::NewUserRow;
use switchboard_server::store::prune::Keep;
use switchboard_server::store::{blocks, queues};
use switchboard_server::testing::{Server, WidgetSession, is_known};
use switchboard_server::{Route, StoreError};

use crate::device::{Device, DeviceClock, Line, START, Typed, open};
use crate::op::{Act, DEVICES, Net, Op, Reference, Rule, WIDGETS};
use crate::store::text;
use crate::truth::{Cause, Truth};
use crate::widget::Widget;
use crate::{Checked, hold};

/// The settings of the website channel.
const WEBSITE: &str = r#"{"origins":[],"widget":{}}"#;

/// A bug that is planted to see whether it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The server does not remember what it did.
    Dedupe,
    /// Reply and Take do not look who has the chat.
    Take,
    /// A phone does not delete what left it.
    Purge,
}

/// What every run begins with: a server with its people, and the stores of their phones.
pub struct Template {
    dir: tempfile::TempDir,
    server: Server,
    setup: Setup,
}

/// Who and what there is.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The users.
    pub users: Vec<UserId>,
    /// Their devices, two each.
    pub devices: Vec<SignedIn>,
    /// The group of all.
    pub group: GroupId,
    /// The queues.
    pub queues: Vec<QueueId>,
    /// The channels: the website's, then one of each other kind.
    pub channels: Vec<ChannelId>,
    /// Its public key.
    pub key: String,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("setup", &self.setup).finish_non_exhaustive()
    }
}

/// A directory in memory where there is one: a phone commits with a sync.
fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory for the phones' stores")
}

fn enrol(server: &mut Server, user: UserId) -> Result<SignedIn, StoreError> {
    let info = DeviceInfo { name: "Phone".into(), platform: Platform::Terminal };
    let (code, _) = server.write(|tx| tx.new_enrolment(user, 1_000_000))?;
    server.write(|tx| tx.enrol(&code, &info))?.ok_or_else(|| StoreError::Unexpected("no sign-in".into()))
}

fn populate(server: &mut Server) -> Result<Setup, StoreError> {
    let mut setup = server.write(|tx| {
        let group = tx.create_group("Sales")?;
        let mut users = Vec::new();
        for name in ["Anna", "Boris", "Clara", "Dmitri", "Elena"] {
            let role = Role::User;
            let (name, email, extension) = (name.to_owned(), None, None);
            users.push(tx.create_user(&NewUserRow { name, email, role, group, password_hash: None, extension })?);
        }
        let queues = vec![tx.create_queue("Desk", &users)?, tx.create_queue("Service", &users[2..])?];
        let key = "key".to_owned();
        let website = tx.create_channel("Shop", ChannelKind::LiveChat, Some(&key), WEBSITE)?;
        let mut channels = vec![website];
        for (name, kind) in
            [("WhatsApp", ChannelKind::Whatsapp), ("Messenger", ChannelKind::Messenger), ("SMS", ChannelKind::Sms)]
        {
            let channel = tx.create_channel(name, kind, None, "{}")?;
            tx.make_stub(channel)?;
            channels.push(channel);
        }
        for (n, channel) in channels.iter().enumerate() {
            tx.set_route(*channel, &Route::Queue(queues[n % 2]))?;
        }
        Ok(Setup { users, devices: Vec::new(), group, queues, channels, key })
    })?;
    for user in &setup.users {
        for _ in 0..2 {
            setup.devices.push(enrol(server, *user)?);
        }
    }
    Ok(setup)
}

impl Template {
    /// Makes it; costs some tenths of a second.
    pub fn new() -> Rc<Template> {
        let dir = directory();
        let mut server = Server::new(START).expect("a server");
        let setup = populate(&mut server).expect("people, queues and channels");
        let template = Template { dir, server, setup };
        // Each phone once signed in and up to date, so that a run does not begin with that.
        let mut world = World::on(template, None);
        for n in 0..DEVICES {
            world.devices[n].line.there = true;
        }
        world.settle(true).expect("the phones get up to date");
        for device in &mut world.devices {
            device.kill();
        }
        let World { template, .. } = world;
        template
    }

    fn store(&self, n: usize) -> PathBuf {
        self.dir.path().join(format!("phone-{n}"))
    }
}

/// Everything that there is in a run.
pub struct World {
    /// What it began with.
    pub template: Rc<Template>,
    /// The planted bug.
    pub bug: Option<Bug>,
    /// The server.
    pub server: Server,
    /// The phones.
    pub devices: Vec<Device>,
    /// The visitors.
    pub widgets: Vec<Widget>,
    /// What the server did.
    pub truth: Truth,
    /// The texts that were written, by their number: by which device, none for a visitor's.
    pub texts: Vec<Option<usize>>,
    /// What phones were told to be applied.
    pub applied: BTreeSet<String>,
    /// How often what was said to phones.
    pub seen: BTreeMap<String, u64>,
    /// What was planted: ids that stand for others.
    aliases: BTreeMap<String, String>,
    sent: BTreeSet<MessageId>,
    now: i64,
    starts: u64,
    dir: Option<tempfile::TempDir>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("bug", &self.bug).finish_non_exhaustive()
    }
}

impl World {
    /// A run's beginning.
    pub fn new(template: &Rc<Template>, bug: Option<Bug>, reference: &Reference) -> World {
        let dir = directory();
        for n in 0..DEVICES {
            let to = dir.path().join(format!("phone-{n}"));
            std::fs::create_dir(&to).expect("a store's directory");
            for name in ["switchboard.db", "switchboard.db-wal"] {
                let from = template.store(n).join(name);
                if from.exists() {
                    std::fs::copy(from, to.join(name)).expect("a store");
                }
            }
        }
        let mut world = World::made(Rc::clone(template), dir.path(), bug, false);
        world.dir = Some(dir);
        for n in 0..DEVICES {
            world.devices[n].line.there = reference.there[n];
        }
        for n in 0..WIDGETS {
            world.widgets[n].line.there = reference.there[DEVICES + n];
        }
        world
    }

    fn on(template: Template, bug: Option<Bug>) -> World {
        let dir = template.dir.path().to_owned();
        World::made(Rc::new(template), &dir, bug, true)
    }

    fn made(template: Rc<Template>, dir: &Path, bug: Option<Bug>, sign_in: bool) -> World {
        let server = template.server.copy().expect("a copy of the server");
        let setup = &template.setup;
        let mut devices: Vec<Device> = (0..DEVICES)
            .map(|n| Device {
                user: n / 2,
                n,
                dir: dir.join(format!("phone-{n}")),
                signed_in: setup.devices[n].clone(),
                // No two phones agree on the time.
                clock: DeviceClock::new((n as i64 - 4) * 7_919),
                phone: None,
                session: None,
                line: Line::default(),
                typed: Vec::new(),
                last: None,
            })
            .collect();
        for device in &mut devices {
            let signed_in = sign_in.then(|| device.signed_in.clone());
            device.start(device.n as u64, signed_in);
            if bug == Some(Bug::Purge) {
                let db = rusqlite::Connection::open(device.dir.join("switchboard.db")).unwrap();
                let kept = "CREATE TRIGGER kept BEFORE DELETE ON message BEGIN SELECT RAISE(IGNORE); END";
                db.execute_batch(kept).unwrap();
            }
        }
        let address = |n: usize| std::net::IpAddr::from([192, 0, 2, n as u8]);
        // Two of them share an address.
        let widgets = (0..WIDGETS).map(|n| Widget::new(n, &setup.key, address(n / 2))).collect();
        let truth = Truth::new(setup.users.clone());
        World {
            template,
            bug,
            server,
            devices,
            widgets,
            truth,
            texts: Vec::new(),
            applied: BTreeSet::new(),
            seen: BTreeMap::new(),
            aliases: BTreeMap::new(),
            sent: BTreeSet::new(),
            now: START,
            starts: 0,
            dir: None,
        }
    }

    /// Who and what there is.
    pub fn setup(&self) -> &Setup {
        &self.template.setup
    }

    fn seed(&mut self) -> u64 {
        self.starts += 1;
        self.starts
    }

    /// A text that no other is.
    fn text(&mut self, by: Option<usize>, words: &str) -> (u32, String) {
        let n = self.texts.len() as u32;
        self.texts.push(by);
        (n, text(n, words))
    }

    /// One operation, with all that follows from it at once.
    pub fn step(&mut self, op: &Op) -> Checked {
        match op {
            Op::Write(n) => {
                let (_, text) = self.text(None, "привет customer writes");
                self.widgets[*n as usize].write(text);
            }
            Op::Customer(n, twice) => self.customer(*n as usize, *twice)?,
            Op::Rate(n, stars) => self.widgets[*n as usize].rate(*stars),
            Op::VisitorReads(n) => self.widgets[*n as usize].read(),
            Op::Widget(n, net) => self.widget_line(*n as usize, *net)?,
            Op::Act(n, chat, act) => self.act(*n as usize, *chat as usize, act)?,
            Op::Phone(n, net) => self.phone_line(*n as usize, *net)?,
            Op::Kill(n) => {
                let seed = self.seed();
                let device = &mut self.devices[*n as usize];
                if !device.has_ended() {
                    device.kill();
                    device.start(seed, None);
                }
            }
            Op::Restart => self.restart()?,
            Op::Wait(ms) => self.wait(i64::from(*ms))?,
            Op::Admin(rule) => self.admin(rule)?,
        }
        self.settle(false)
    }

    fn restart(&mut self) -> Checked {
        self.server = self.server.copy().map_err(|error| format!("the server does not start: {error}"))?;
        self.truth.restarted();
        for device in &mut self.devices {
            device.lose();
            device.line.release();
        }
        for widget in &mut self.widgets {
            widget.lose();
            widget.line.release();
        }
        Ok(())
    }

    fn customer(&mut self, n: usize, twice: bool) -> Checked {
        let (number, text) = self.text(None, "сообщение message");
        let (channel, customer) = (self.setup().channels[1 + n], format!("+49301234{n:03}"));
        for _ in 0..=u8::from(twice) {
            let id = match self.bug {
                Some(Bug::Dedupe) => MessageId::new().to_string(),
                _ => format!("id-{number}"),
            };
            let done = self.server.customer_writes(channel, &customer, &id, &text);
            let accepted = self.wrote(done)?;
            hold!(accepted == Some(true), "1: what customer {n} writes is not accepted");
        }
        Ok(())
    }

    /// Time goes by.
    pub fn wait(&mut self, ms: i64) -> Checked {
        self.now += ms;
        self.server.set_now(self.now);
        let due = self.server.run_due();
        self.wrote(due)?;
        for device in &mut self.devices {
            device.clock.set(self.now);
            if let Some(phone) = &mut device.phone {
                phone.tick();
            }
        }
        Ok(())
    }

    fn wrote<T>(&mut self, done: Result<T, StoreError>) -> Checked<Option<T>> {
        self.truth.observe(&self.server, &Cause::Other)?;
        match done {
            Ok(done) => Ok(Some(done)),
            Err(StoreError::Refused(_) | StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(format!("the server failed: {error}")),
        }
    }

    fn admin(&mut self, rule: &Rule) -> Checked {
        let setup = self.setup().clone();
        let chosen = |bits: u8| {
            let named = setup.users.iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1);
            named.map(|(_, user)| *user).collect::<Vec<_>>()
        };
        let done = match rule {
            Rule::Disable(user, off) => {
                let user = setup.users[*user as usize];
                self.server.write(|tx| tx.set_disabled(user, *off))
            }
            Rule::Members(queue, members) => {
                let queue = setup.queues[*queue as usize];
                self.server.write(|tx| tx.set_queue_members(queue, &chosen(*members)))
            }
            Rule::Route(channel, to) => {
                let route = match to {
                    0 | 1 => Route::Queue(setup.queues[*to as usize]),
                    2 => Route::Group(setup.group),
                    3 => Route::Users(setup.users[1..2].to_vec()),
                    _ => Route::Users(setup.users[..3].to_vec()),
                };
                self.server.write(|tx| tx.set_route(setup.channels[*channel as usize], &route))
            }
            Rule::Queue(queue, how, rest) => {
                let queue = setup.queues[*queue as usize];
                let detail = queues::detail(self.server.sql(), queue).map_err(|error| error.to_string())?;
                let detail = detail.ok_or("a queue is gone")?;
                let settings = queue_settings(&setup, &detail.members, *how, *rest);
                self.server.write(|tx| tx.set_queue(queue, &settings, detail.rev).map(drop))
            }
            Rule::Lift => return self.lift(),
            Rule::Prune => self.server.write(|tx| {
                let keep = Keep { since: 0, rows: 12 };
                for user in &setup.users {
                    while tx.prune_feed(*user, keep)? {}
                }
                let mut event = Some(0);
                while let Some(after) = event {
                    event = tx.prune_events(after)?;
                }
                Ok(())
            }),
        };
        self.wrote(done)?;
        if let Rule::Disable(user, false) = rule {
            // The admin gives the user new codes: the phones begin anew.
            for n in [*user as usize * 2, *user as usize * 2 + 1] {
                self.sign_in_again(n)?;
            }
        }
        Ok(())
    }

    /// Every block is lifted, and whoever was told to stay away comes back.
    pub fn lift(&mut self) -> Checked {
        let now = self.server.now();
        let blocks = blocks::in_force(self.server.sql(), now).map_err(|error| error.to_string())?;
        let done = self.server.write(|tx| blocks.iter().try_for_each(|block| tx.lift_block(block.id, None)));
        self.wrote(done)?;
        for widget in &mut self.widgets {
            widget.back_at = 0;
        }
        Ok(())
    }

    fn sign_in_again(&mut self, n: usize) -> Checked {
        self.flow_phone(n, true)?;
        let user = self.setup().users[n / 2];
        let signed_in = enrol(&mut self.server, user).map_err(|error| format!("no sign-in: {error}"))?;
        let (seed, now) = (self.seed(), self.now);
        let device = &mut self.devices[n];
        device.kill();
        device.dir = device.dir.with_extension(format!("{seed}"));
        device.typed.clear();
        device.signed_in = signed_in.clone();
        device.clock.set(now);
        device.start(seed, Some(signed_in));
        Ok(())
    }

    fn act(&mut self, n: usize, which: usize, act: &Act) -> Checked {
        let open: Vec<ChatId> = self.truth.logs[n / 2].open.iter().copied().collect();
        let all: Vec<ChatId> = self.truth.chats.keys().copied().collect();
        // Mostly one that the user sees; the phone knows better what is there.
        let among = if open.is_empty() || which % 8 == 7 { &all } else { &open };
        if among.is_empty() || self.devices[n].has_ended() {
            return Ok(());
        }
        let chat = among[which % among.len()];
        let (number, text) = self.text(Some(n), "ответ answer");
        let setup = self.template.setup.clone();
        let device = &mut self.devices[n];
        let Some(phone) = &mut device.phone else { return Ok(()) };
        let core = phone.core().clone();
        let mut typed = None;
        let mut can_be_undone = None;
        match act {
            Act::Reply => typed = phone.wait(core.reply(chat, &text)).ok().map(|_| false),
            Act::Draft => typed = phone.wait(core.set_draft(chat, &text)).ok().map(|()| true),
            Act::Take => drop(phone.wait(core.take(chat))),
            Act::Read => drop(phone.wait(core.mark_read(chat, u64::MAX))),
            Act::Transfer(to, note) => {
                let to = match *to as usize {
                    user @ 0..5 => TransferTarget::User(setup.users[user]),
                    queue @ 5..7 => TransferTarget::Queue(setup.queues[queue - 5]),
                    _ => TransferTarget::Group(setup.group),
                };
                can_be_undone = phone.wait(core.transfer(chat, to, note.then_some(text.as_str()))).ok();
            }
            Act::DealtWith => can_be_undone = phone.wait(core.dealt_with(chat)).ok(),
            Act::End => drop(phone.wait(core.end_session(chat))),
            Act::Block => drop(phone.wait(core.block(chat))),
            Act::Archive(true) => can_be_undone = phone.wait(core.archive(chat)).ok(),
            Act::Archive(false) => drop(phone.wait(core.unarchive(chat))),
            Act::Ignore => can_be_undone = phone.wait(core.ignore(chat)).ok(),
            Act::Snooze(seconds) => {
                let until = (*seconds > 0).then(|| core.server_now() + i64::from(*seconds) * 1_000);
                drop(phone.wait(core.snooze(chat, until)));
            }
            Act::Delete => drop(phone.wait(core.delete(chat))),
            Act::AddContact => {
                let contact = NewContact { name: format!("Person {}", which % 4), email: None, phone: None };
                drop(phone.wait(core.add_contact(chat, contact)));
            }
            Act::Undo => {
                if let Some(command) = device.last.take() {
                    drop(phone.wait(core.undo(command)));
                }
            }
            Act::Presence(how) => {
                let presence = [Presence::Available, Presence::Away, Presence::OffShift, Presence::OffShift];
                drop(phone.wait(core.set_presence(presence[*how as usize], *how == 3)));
            }
            Act::QueueLogin(queue, on) => drop(phone.wait(core.set_queue_login(setup.queues[*queue as usize], *on))),
        }
        device.last = can_be_undone.or(device.last);
        drop(core);
        phone.obey();
        if let Some(draft) = typed {
            if draft {
                device.typed.retain(|typed| !(typed.draft && typed.chat == chat));
            }
            device.typed.push(Typed { n: number, chat, draft });
        }
        Ok(())
    }

    fn phone_line(&mut self, n: usize, net: Net) -> Checked {
        match net {
            Net::Hold => self.devices[n].line.held = true,
            Net::Deaf => self.devices[n].line.deaf = true,
            Net::Release => self.devices[n].line.release(),
            Net::Up(frames) => drop(self.phone_up(n, frames as usize)?),
            Net::Down(frames) => drop(self.phone_down(n, frames as usize)?),
            Net::Cut(up, down) => {
                self.phone_up(n, up as usize)?;
                self.phone_down(n, down as usize)?;
                self.devices[n].lose();
                self.devices[n].line.there = false;
                self.devices[n].line.release();
            }
            Net::Back => {
                self.devices[n].line.there = true;
                if let Some(phone) = &mut self.devices[n].phone {
                    phone.core().wake();
                    phone.obey();
                }
            }
        }
        Ok(())
    }

    fn widget_line(&mut self, n: usize, net: Net) -> Checked {
        match net {
            Net::Hold => self.widgets[n].line.held = true,
            Net::Deaf => self.widgets[n].line.deaf = true,
            Net::Release => self.widgets[n].line.release(),
            Net::Up(frames) => drop(self.widget_up(n, frames as usize)?),
            Net::Down(frames) => drop(self.widget_down(n, frames as usize)?),
            Net::Cut(up, down) => {
                self.widget_up(n, up as usize)?;
                self.widget_down(n, down as usize)?;
                self.widgets[n].lose();
                self.widgets[n].line.there = false;
                self.widgets[n].line.release();
            }
            Net::Back => self.widgets[n].line.there = true,
        }
        Ok(())
    }

    /// Everything that moves by itself moves until nothing does. With `all`, also what is held.
    pub fn settle(&mut self, all: bool) -> Checked {
        for _ in 0..1_000 {
            let mut moved = false;
            for n in 0..DEVICES {
                if all || !self.devices[n].line.held {
                    moved |= self.flow_phone(n, all)?;
                }
            }
            for n in 0..WIDGETS {
                if all || !self.widgets[n].line.held {
                    moved |= self.flow_widget(n, all)?;
                }
            }
            if !moved {
                return Ok(());
            }
        }
        Err(self.restless())
    }

    /// What still moves when nothing should.
    fn restless(&mut self) -> String {
        let mut lines = vec!["the world does not come to rest".to_owned()];
        for n in 0..DEVICES {
            let line = &mut self.devices[n].line;
            let (up, down) = (line.up.front().cloned(), line.down.front().cloned());
            if let Ok(true) = self.flow_phone(n, false) {
                let connection = self.devices[n].phone.as_ref().map(|phone| phone.core().connection());
                lines.push(format!("phone {n}: {connection:?} {up:?} {down:?} {:?}", self.devices[n].line));
            }
        }
        for n in 0..WIDGETS {
            if let Ok(true) = self.flow_widget(n, false) {
                lines.push(format!("widget {n}: {:?}", self.widgets[n].line));
            }
        }
        lines.join("\n")
    }

    fn flow_phone(&mut self, n: usize, all: bool) -> Checked<bool> {
        let device = &mut self.devices[n];
        let Some(phone) = &mut device.phone else { return Ok(false) };
        let mut moved = false;
        if phone.wants_connection() {
            // It may have given up a connection that the server still believes in.
            device.line.clear();
            let session = self.server.phone().map_err(|error| format!("no session: {error}"))?;
            device.session = device.line.there.then_some(session);
            phone.connected(device.line.there);
            moved = true;
        }
        moved |= self.phone_up(n, usize::MAX)?;
        if all || !self.devices[n].line.deaf {
            moved |= self.phone_down(n, usize::MAX)?;
        }
        Ok(moved)
    }

    /// So many frames of a phone reach the server.
    fn phone_up(&mut self, n: usize, most: usize) -> Checked<bool> {
        let device = &mut self.devices[n];
        if let Some(phone) = &mut device.phone {
            device.line.up.extend(phone.said());
        }
        let mut moved = false;
        for _ in 0..most {
            let device = &mut self.devices[n];
            let (Some(session), Some(frame)) = (&mut device.session, device.line.up.pop_front()) else { break };
            moved = true;
            let read = ClientFrame::parse(&frame).map_err(|error| format!("a phone said {frame}: {error}"))?;
            let user = self.template.setup.users[device.user];
            let (cause, frame) = match read {
                ClientFrame::Command(command) => {
                    let planted = plant(self.bug, &mut self.server, &mut self.aliases, user, &command, &frame);
                    (Cause::Command(user, command.kind), planted)
                }
                _ => (Cause::Other, frame),
            };
            let out =
                session.receive(&mut self.server, &frame).map_err(|error| format!("a session failed: {error}"))?;
            for frame in out.frames {
                note(&mut self.seen, &mut self.applied, &frame);
                device.line.down.push_back(frame);
            }
            if out.closed {
                device.session = None;
            }
            self.truth.observe(&self.server, &cause)?;
            self.bring(n)?;
        }
        Ok(moved)
    }

    /// What the server has for a phone goes on its way.
    fn bring(&mut self, n: usize) -> Checked {
        let device = &mut self.devices[n];
        let Some(session) = &mut device.session else { return Ok(()) };
        let out = session.deliver(&self.server).map_err(|error| format!("a session failed: {error}"))?;
        for mut frame in out.frames {
            self.truth.sent(device.user, &frame)?;
            hold!(!frame.contains("\"code\":\"internal\""), "the server answered an internal error: {frame}");
            for (alias, id) in &self.aliases {
                frame = frame.replace(alias, id);
            }
            note(&mut self.seen, &mut self.applied, &frame);
            device.line.down.push_back(frame);
        }
        if out.closed {
            device.session = None;
        }
        Ok(())
    }

    /// So many frames of the server reach a phone.
    fn phone_down(&mut self, n: usize, most: usize) -> Checked<bool> {
        self.bring(n)?;
        let device = &mut self.devices[n];
        let count = device.line.down.len().min(most);
        let Some(phone) = device.phone.as_mut().filter(|_| count > 0) else { return Ok(false) };
        phone.receive(device.line.down.drain(..count));
        phone.obey();
        if device.session.is_none() && device.line.down.is_empty() && !phone.has_ended() {
            // The server had closed it.
            phone.lost();
        }
        device.line.up.extend(phone.said());
        Ok(true)
    }

    fn flow_widget(&mut self, n: usize, all: bool) -> Checked<bool> {
        let widget = &mut self.widgets[n];
        let mut moved = false;
        let alone = widget.session.is_none() && widget.line.down.is_empty();
        if widget.line.there && alone && widget.back_at <= self.now {
            let session = self.server.widget(widget.address).map_err(|error| format!("no session: {error}"))?;
            widget.greet(session);
            moved = true;
        }
        moved |= self.widget_up(n, usize::MAX)?;
        if all || !self.widgets[n].line.deaf {
            moved |= self.widget_down(n, usize::MAX)?;
        }
        Ok(moved)
    }

    fn widget_up(&mut self, n: usize, most: usize) -> Checked<bool> {
        let mut moved = false;
        for _ in 0..most {
            let widget = &mut self.widgets[n];
            let Some(mut frame) = widget.line.up.pop_front().filter(|_| widget.session.is_some()) else { break };
            moved = true;
            let shut_out = blocked(&self.server, widget);
            let Some(session) = &mut widget.session else { break };
            let sql = "SELECT count(*) FROM messages WHERE author = 0 AND kind = 0";
            let before: i64 = self.server.sql().query_row(sql, [], |row| row.get(0)).unwrap();
            if self.bug == Some(Bug::Dedupe) {
                frame = plant_send(&mut self.sent, &mut self.aliases, frame);
            }
            let out = session.receive(&mut self.server, &frame).map_err(|error| format!("a widget failed: {error}"))?;
            if shut_out {
                let after: i64 = self.server.sql().query_row(sql, [], |row| row.get(0)).unwrap();
                hold!(after == before, "11: a message of widget {n} came in although it is blocked");
            }
            widget.line.down.extend(out.frames);
            if out.closed {
                widget.session = None;
            }
            self.truth.observe(&self.server, &Cause::Other)?;
        }
        Ok(moved)
    }

    fn widget_down(&mut self, n: usize, most: usize) -> Checked<bool> {
        let widget = &mut self.widgets[n];
        if let Some(session) = &mut widget.session {
            let out = session.deliver(&self.server).map_err(|error| format!("a widget failed: {error}"))?;
            for mut frame in out.frames {
                for (alias, id) in &self.aliases {
                    frame = frame.replace(alias, id);
                }
                widget.line.down.push_back(frame);
            }
            if out.closed {
                widget.session = None;
            }
        }
        let count = widget.line.down.len().min(most);
        for frame in widget.line.down.drain(..count).collect::<Vec<_>>() {
            widget.receive(&frame, self.now)?;
        }
        if widget.session.is_none() && widget.line.down.is_empty() {
            widget.line.up.clear();
        }
        Ok(count > 0)
    }

    /// A phone of a user that knows nothing, on the first of the user's devices.
    pub fn fresh(&mut self, user: usize) -> Checked<PathBuf> {
        let n = user * 2;
        let seed = self.seed();
        let device = &mut self.devices[n];
        device.kill();
        let (kept, fresh) = (device.dir.clone(), device.dir.with_extension("fresh"));
        device.dir.clone_from(&fresh);
        device.start(seed, Some(device.signed_in.clone()));
        self.settle(true)?;
        let device = &mut self.devices[n];
        let connection = device.phone.as_ref().map(|phone| phone.core().connection());
        hold!(connection == Some(ConnectionState::Online), "7: a fresh phone does not get online: {connection:?}");
        device.kill();
        device.dir = kept;
        device.phone = Some(open(&device.dir, &device.clock, seed, None));
        Ok(fresh)
    }
}

/// What kind of frame it is, as far as it matters to know that a run had it.
fn note(seen: &mut BTreeMap<String, u64>, applied: &mut BTreeSet<String>, frame: &str) {
    let field = |name: &str| {
        let (_, rest) = frame.split_once(&format!("\"{name}\":\""))?;
        rest.split('"').next()
    };
    let name = match field("type").unwrap_or_default() {
        "event" if field("kind") == Some("gone") => format!("gone {}", field("reason").unwrap_or_default()),
        "event" => field("kind").unwrap_or_default().to_owned(),
        "result" => {
            let status = field("status").unwrap_or_default();
            if status == "applied" {
                applied.extend(field("id").map(str::to_owned));
            }
            format!("{status} {}", field("code").unwrap_or_default()).trim_end().to_owned()
        }
        "welcome" => format!("by {}", field("mode").unwrap_or_default()),
        _ => return,
    };
    *seen.entry(name).or_default() += 1;
}

fn queue_settings(setup: &Setup, members: &[UserId], how: u8, rest: u8) -> QueueSettings {
    let bit = |n: u8| rest >> n & 1 == 1;
    let distribution = match how {
        0 => Distribution::Everyone,
        1 => members.first().map_or(Distribution::Everyone, |user| Distribution::OneUser { user: *user }),
        2 => Distribution::Random { n: 2 },
        3 => Distribution::First { n: 2 },
        4 => Distribution::RoundRobin,
        5 => Distribution::LeastBusy,
        _ => Distribution::LongestIdle,
    };
    // Open on every day from eight to five: a run begins on a Monday afternoon.
    let intervals = (1..=7).map(|day| Interval { day, from: 8 * 60, to: 17 * 60 }).collect();
    let hours = WeekHours { zone: "Europe/Berlin".into(), intervals, holidays: Vec::new() };
    QueueSettings {
        group: bit(7).then_some(setup.group),
        distribution,
        widen_after_ms: bit(0).then_some(30_000),
        take_first: bit(1) && bit(2),
        release_after_ms: bit(3).then_some(60_000),
        return_within_ms: if bit(4) { 120_000 } else { 0 },
        hours: bit(5).then_some(hours),
        out_of_office: bit(6).then(|| "We are closed.".into()),
    }
}

/// Whether a block is in force that shuts a widget out: what the table says.
fn blocked(server: &Server, widget: &Widget) -> bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM blocks WHERE lifted_at IS NULL AND expires_at > ?1
        AND (address = ?2 OR visitor_id = ?3))";
    let visitor = widget.session.as_ref().and_then(WidgetSession::key).map(|key| key.visitor.as_bytes().to_vec());
    server.sql().query_row(sql, (server.now(), widget.address.to_string(), visitor), |row| row.get(0)).unwrap()
}

/// The frame as a server with the planted bug takes it.
fn plant(
    bug: Option<Bug>,
    server: &mut Server,
    aliases: &mut BTreeMap<String, String>,
    user: UserId,
    command: &switchboard_protocol::command::CommandFrame,
    frame: &str,
) -> String {
    match bug {
        Some(Bug::Dedupe) if is_known(server.sql(), command.id).unwrap() => {
            let (id, alias) = (command.id.to_string(), CommandId::new().to_string());
            let frame = frame.replace(&id, &alias);
            aliases.insert(alias, id);
            frame
        }
        Some(Bug::Take) if matches!(command.kind.as_str(), "reply" | "take") => {
            // As if the chat waited, and was this user's to take.
            let Some(chat) = command.chat else { return frame.to_owned() };
            let (chat, user) = (chat.as_bytes().as_slice(), user.as_bytes().as_slice());
            let sql = server.sql();
            let changed = sql
                .execute(
                    "UPDATE chats SET state = 'waiting', owner_id = NULL, waiting_since = 1
                     WHERE id = ?1 AND state = 'owned' AND owner_id <> ?2
                     AND EXISTS (SELECT 1 FROM chat_users WHERE chat_id = ?1 AND user_id = ?2)",
                    (chat, user),
                )
                .unwrap();
            if changed == 0 {
                return frame.to_owned();
            }
            sql.execute("UPDATE chat_users SET access = 1 WHERE chat_id = ?1 AND user_id = ?2", (chat, user)).unwrap();
            let read = "SELECT owner_epoch FROM chats WHERE id = ?1";
            let epoch: i64 = sql.query_row(read, [chat], |row| row.get(0)).unwrap();
            let mut planted = command.clone();
            planted.owner_epoch = Some(epoch.unsigned_abs());
            ClientFrame::Command(planted).to_json().unwrap()
        }
        _ => frame.to_owned(),
    }
}

fn plant_send(sent: &mut BTreeSet<MessageId>, aliases: &mut BTreeMap<String, String>, frame: String) -> String {
    use switchboard_protocol::widget::WidgetClientFrame;
    let Ok(WidgetClientFrame::Send(send)) = WidgetClientFrame::parse(&frame) else { return frame };
    if sent.insert(send.id) {
        return frame;
    }
    let (id, alias) = (send.id.to_string(), MessageId::new().to_string());
    let frame = frame.replace(&id, &alias);
    aliases.insert(alias, id);
    frame
}
