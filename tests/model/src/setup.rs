//! Who and what there is in every run: people, queues, channels, signed-in phones, made once and copied.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use switchboard_core::Platform;
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::collection::Role;
use switchboard_protocol::device::{DeviceInfo, SignedIn};
use switchboard_protocol::hours::{Interval, WeekHours};
use switchboard_protocol::ids::{ChannelId, GroupId, QueueId, UserId};
use switchboard_server::routing::{Distribution, QueueSettings};
use switchboard_server::store::people::NewUserRow;
use switchboard_server::testing::Server;
use switchboard_server::{Route, StoreError};

use crate::device::START;
use crate::op::DEVICES;
use crate::world::World;

/// The settings of the website channel.
const WEBSITE: &str = r#"{"origins":[],"widget":{}}"#;

/// What every run begins with: a server with its people, and the stores of their phones.
pub struct Template {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) server: Server,
    pub(crate) setup: Setup,
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
pub(crate) fn directory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a directory for the phones' stores")
}

pub(crate) fn enrol(server: &mut Server, user: UserId) -> Result<SignedIn, StoreError> {
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

    pub(crate) fn store(&self, n: usize) -> PathBuf {
        self.dir.path().join(format!("phone-{n}"))
    }
}

pub(crate) fn queue_settings(setup: &Setup, members: &[UserId], how: u8, rest: u8) -> QueueSettings {
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
