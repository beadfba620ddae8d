//! The world: a server, ten phones, the visitors, one clock, and lines that lose what is on them.

mod deeds;
mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use switchboard_core::ConnectionState;
use switchboard_protocol::ids::MessageId;
use switchboard_server::StoreError;
use switchboard_server::testing::Server;

use crate::device::{Device, DeviceClock, Line, START, open};
use crate::op::{DEVICES, Op, Reference, WIDGETS};
use crate::plant::Bug;
use crate::setup::{Setup, Template, directory};
use crate::store::text;
use crate::truth::{Cause, Truth};
use crate::widget::Widget;
use crate::{Checked, hold};

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

    pub(crate) fn on(template: Template, bug: Option<Bug>) -> World {
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
