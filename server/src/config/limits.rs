//! Sizes, times and rates.

use serde::Deserialize;

use super::ConfigError;

/// How often something may happen: a bucket of `burst` that refills with `per_minute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How many a minute in the long run.
    pub per_minute: u32,
}

impl Rate {
    /// A rate that nobody reaches: for tests and measurements.
    pub const UNLIMITED: Rate = Rate { burst: u32::MAX, per_minute: u32::MAX };

    const fn new(burst: u32, per_minute: u32) -> Rate {
        Rate { burst, per_minute }
    }
}

/// Sizes, times and rates.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A socket that has not said hello after this is closed.
    pub hello_timeout_ms: u64,
    /// What the clients are told: send something at least this often. One and a half of it in silence closes.
    pub heartbeat_ms: u64,
    /// A frame that the peer does not take within this closes the socket; it resumes from its cursor.
    pub write_timeout_ms: u64,
    /// How long a stop waits for work in flight.
    pub stop_timeout_ms: u64,
    /// At a stop every client is asked to come back after a random time up to this, so that they do not come at once.
    pub restart_spread_ms: u64,
    /// How often a running server looks for what the command line changed.
    pub notice_poll_ms: u64,
    /// Sockets at once, of phones and widgets together.
    pub max_sockets: usize,
    /// Widget sockets at once from one address.
    pub sockets_per_address: usize,
    /// New widget sockets from one address.
    pub new_sockets: Rate,
    /// New visitors, that is first messages, from one address.
    pub new_visitors: Rate,
    /// Messages of one visitor.
    pub visitor_messages: Rate,
    /// Messages of all visitors of one address.
    pub address_messages: Rate,
    /// Attempts to sign in as one user.
    pub user_sign_ins: Rate,
    /// Attempts to sign in or enrol from one address.
    pub address_sign_ins: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hello_timeout_ms: 10_000,
            heartbeat_ms: 30_000,
            write_timeout_ms: 20_000,
            stop_timeout_ms: 10_000,
            restart_spread_ms: 5_000,
            notice_poll_ms: 500,
            max_sockets: 20_000,
            sockets_per_address: 200,
            new_sockets: Rate::new(60, 120),
            new_visitors: Rate::new(20, 20),
            visitor_messages: Rate::new(20, 60),
            address_messages: Rate::new(120, 600),
            user_sign_ins: Rate::new(10, 2),
            address_sign_ins: Rate::new(30, 30),
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("hello_timeout_ms", self.hello_timeout_ms),
            ("heartbeat_ms", self.heartbeat_ms),
            ("write_timeout_ms", self.write_timeout_ms),
            ("stop_timeout_ms", self.stop_timeout_ms),
            ("notice_poll_ms", self.notice_poll_ms),
            ("max_sockets", self.max_sockets as u64),
            ("sockets_per_address", self.sockets_per_address as u64),
        ];
        if let Some((name, _)) = positive.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Value(format!("{name} must be at least 1")));
        }
        let rates = [
            ("new_sockets", self.new_sockets),
            ("new_visitors", self.new_visitors),
            ("visitor_messages", self.visitor_messages),
            ("address_messages", self.address_messages),
            ("user_sign_ins", self.user_sign_ins),
            ("address_sign_ins", self.address_sign_ins),
        ];
        match rates.into_iter().find(|(_, rate)| rate.burst == 0 || rate.per_minute == 0) {
            Some((name, _)) => Err(ConfigError::Value(format!("{name}: burst and per_minute must be at least 1"))),
            None => Ok(()),
        }
    }

    /// The same without any throttle: for tests and measurements from one address.
    #[must_use]
    pub fn unthrottled(self) -> Limits {
        Limits {
            max_sockets: usize::MAX,
            sockets_per_address: usize::MAX,
            new_sockets: Rate::UNLIMITED,
            new_visitors: Rate::UNLIMITED,
            visitor_messages: Rate::UNLIMITED,
            address_messages: Rate::UNLIMITED,
            user_sign_ins: Rate::UNLIMITED,
            address_sign_ins: Rate::UNLIMITED,
            ..self
        }
    }
}
