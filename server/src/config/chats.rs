//! What becomes of chats with time.

use serde::Deserialize;

use super::ConfigError;

/// What becomes of chats with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatRules {
    /// A chat that was passed on and that nobody answered within this returns to the one who passed it on, or to its route;
    /// 0: it stays.
    pub transfer_return_ms: u64,
    /// How long a blocked address cannot write.
    pub block_hours: u32,
    /// A closed chat leaves the phone of the user who had it last after this.
    pub keep_days: u32,
}

impl Default for ChatRules {
    fn default() -> Self {
        Self { transfer_return_ms: 5 * 60 * 1000, block_hours: 24, keep_days: 90 }
    }
}

/// Ten years: what is longer is a typing error, and sums with it must not overflow.
const LONGEST_DAYS: u32 = 3_650;

impl ChatRules {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bad = |name: &str, from: u32| {
            Err(ConfigError::Value(format!("{name} must be from {from} to what {LONGEST_DAYS} days are")))
        };
        if self.transfer_return_ms > u64::from(LONGEST_DAYS) * 24 * 60 * 60 * 1000 {
            return bad("transfer_return_ms", 0);
        }
        if !(1..=LONGEST_DAYS * 24).contains(&self.block_hours) {
            return bad("block_hours", 1);
        }
        if !(1..=LONGEST_DAYS).contains(&self.keep_days) {
            return bad("keep_days", 1);
        }
        Ok(())
    }

    /// After which time an unanswered transfer returns, in milliseconds; none: never.
    pub(crate) fn transfer_return(&self) -> Option<i64> {
        i64::try_from(self.transfer_return_ms).ok().filter(|time| *time > 0)
    }

    /// How long a block holds, in milliseconds.
    pub(crate) fn block_ms(&self) -> i64 {
        i64::from(self.block_hours) * 60 * 60 * 1000
    }

    /// How long a closed chat is kept on the phone, in milliseconds.
    pub(crate) fn keep_ms(&self) -> i64 {
        i64::from(self.keep_days) * 24 * 60 * 60 * 1000
    }
}
