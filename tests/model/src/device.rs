//! A phone: the real core on a store in memory, and its line to the server.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use switchboard_core::by_hand::Phone;
use switchboard_core::{Clock, CoreConfig, Platform, UnixMillis};
use switchboard_protocol::device::SignedIn;
use switchboard_protocol::ids::{ChatId, CommandId};
use switchboard_server::testing::PhoneSession;

/// When every run begins.
pub const START: UnixMillis = 1_790_000_000_000;

/// A clock that stands still until it is set, wrong by as much as this device's is.
#[derive(Debug)]
pub struct DeviceClock {
    now: AtomicI64,
    skew: i64,
}

impl DeviceClock {
    /// A clock at the start, wrong by this.
    pub fn new(skew: i64) -> Arc<DeviceClock> {
        Arc::new(DeviceClock { now: AtomicI64::new(START), skew })
    }

    /// Sets it.
    pub fn set(&self, now: UnixMillis) {
        self.now.store(now, Ordering::Relaxed);
    }
}

impl Clock for DeviceClock {
    fn now_ms(&self) -> i64 {
        self.now.load(Ordering::Relaxed) + self.skew
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.now.load(Ordering::Relaxed) - START).unwrap_or(0)
    }
}

/// A line: what is on its way.
#[derive(Debug, Default)]
pub struct Line {
    /// To the server.
    pub up: VecDeque<String>,
    /// From the server.
    pub down: VecDeque<String>,
    /// Whether there is a network.
    pub there: bool,
    /// Whether frames move only when told.
    pub held: bool,
    /// Whether what the server says stays on the way.
    pub deaf: bool,
}

impl Line {
    /// It moves by itself in both directions.
    pub fn release(&mut self) {
        (self.held, self.deaf) = (false, false);
    }

    /// Everything on its way is lost.
    pub fn clear(&mut self) {
        self.up.clear();
        self.down.clear();
    }
}

/// A text that a user typed.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The number in it.
    pub n: u32,
    /// Where it was meant to go.
    pub chat: ChatId,
    /// Whether it is only a draft, which the next one replaces.
    pub draft: bool,
}

/// A phone with its line.
pub struct Device {
    /// The user's number.
    pub user: usize,
    /// Its own number.
    pub n: usize,
    /// The store.
    pub dir: PathBuf,
    /// What it signed in with.
    pub signed_in: SignedIn,
    /// Its clock.
    pub clock: Arc<DeviceClock>,
    /// The app; none after it was killed.
    pub phone: Option<Phone>,
    /// The server's end of the connection.
    pub session: Option<PhoneSession>,
    /// The line.
    pub line: Line,
    /// What its user typed on it.
    pub typed: Vec<Typed>,
    /// The last thing done that may be taken back.
    pub last: Option<CommandId>,
}

impl std::fmt::Debug for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Device").field("n", &self.n).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Opens the app on a store.
pub fn open(dir: &Path, clock: &Arc<DeviceClock>, seed: u64, signed_in: Option<SignedIn>) -> Phone {
    let config = CoreConfig {
        dir: dir.to_owned(),
        platform: Platform::Terminal,
        device_name: "Phone".into(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
    };
    Phone::open(config, seed, signed_in).expect("the store opens")
}

impl Device {
    /// Starts the app, on what is in its store.
    pub fn start(&mut self, seed: u64, signed_in: Option<SignedIn>) {
        let mut phone = open(&self.dir, &self.clock, seed, signed_in);
        phone.core().start();
        phone.obey();
        self.phone = Some(phone);
    }

    /// The app is killed.
    pub fn kill(&mut self) {
        self.session = None;
        self.line.clear();
        self.phone = None;
    }

    /// The connection broke.
    pub fn lose(&mut self) {
        self.line.clear();
        self.session = None;
        // The phone may still believe in a connection that the server has given up.
        if let Some(phone) = &mut self.phone {
            phone.lost();
        }
    }

    /// Whether the server signed it out.
    pub fn has_ended(&self) -> bool {
        self.phone.as_ref().is_some_and(Phone::has_ended)
    }
}
