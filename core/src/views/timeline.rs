use switchboard_protocol::ids::{ChatId, UserId};

use super::inbox::WINDOW;
use super::list::{Loaded, Source};
use crate::error::Result;
use crate::model::TimelineRow;
use crate::store::timeline::{self, Head};
use crate::store::{Changes, Store};

/// A stretch of a chat. Its older end is a message number, so that what comes in at the newer end pushes nothing out;
/// its newer end follows the chat, unless the window was opened around a message far from it.
pub(crate) struct TimelineSource {
    chat: ChatId,
    me: UserId,
    around: Option<u64>,
    lower: Option<u64>,
    upper: Option<u64>,
    /// Older rows that were asked for and are not shown yet.
    wanted_older: u32,
    wanted_newer: u32,
}

impl TimelineSource {
    pub(crate) fn new(chat: ChatId, me: UserId, around: Option<u64>) -> Self {
        Self { chat, me, around, lower: None, upper: None, wanted_older: 0, wanted_newer: 0 }
    }

    /// The first window: the newest rows, or those around a message.
    fn first(&mut self, db: &rusqlite::Connection, head: &Head) -> Result<Vec<TimelineRow>> {
        let Some(around) = self.around else {
            return timeline::before(db, head, self.me, u64::MAX, WINDOW);
        };
        let half = WINDOW / 2;
        let mut rows = timeline::before(db, head, self.me, around, half)?;
        let mut newer = timeline::from(db, head, self.me, around, None, half + 1)?;
        if newer.len() > half as usize {
            newer.truncate(half as usize);
            self.upper = newer.last().and_then(|row| row.no);
        }
        rows.append(&mut newer);
        Ok(rows)
    }

    fn rows(&mut self, db: &rusqlite::Connection, head: &Head) -> Result<(Vec<TimelineRow>, bool)> {
        let mut rows = match self.lower {
            None => {
                let rows = self.first(db, head)?;
                if self.around.is_none() {
                    self.wanted_older = WINDOW.saturating_sub(rows.len() as u32);
                }
                rows
            }
            Some(lower) => timeline::from(db, head, self.me, lower, self.upper, u32::MAX)?,
        };
        let oldest = rows.first().and_then(|row| row.no).or(self.lower);
        if self.wanted_older > 0 && self.lower.is_some() {
            let mut older = timeline::before(db, head, self.me, oldest.unwrap_or(u64::MAX), self.wanted_older)?;
            self.wanted_older -= older.len() as u32;
            older.append(&mut rows);
            rows = older;
        }
        if let (Some(upper), true) = (self.upper, self.wanted_newer > 0) {
            let mut newer = timeline::from(db, head, self.me, upper + 1, None, self.wanted_newer + 1)?;
            if newer.len() > self.wanted_newer as usize {
                newer.truncate(self.wanted_newer as usize);
                self.upper = newer.last().and_then(|row| row.no);
            } else {
                self.upper = None;
            }
            self.wanted_newer = 0;
            rows.append(&mut newer);
        }
        self.lower = rows.first().and_then(|row| row.no).or(self.lower).or(Some(0));
        if !head.more {
            // There is nothing left to wait for.
            self.wanted_older = 0;
        }
        if self.upper.is_none() {
            rows.append(&mut timeline::pending(db, self.chat, self.me)?);
        }
        let here = match self.lower {
            Some(lower) if lower > 1 => !timeline::before(db, head, self.me, lower, 1)?.is_empty(),
            _ => false,
        };
        Ok((rows, here || head.more))
    }
}

impl Source<TimelineRow> for TimelineSource {
    fn load(&mut self, store: &Store) -> Result<Loaded<TimelineRow>> {
        // Of one moment: a message that is being reconciled is either the outbox's or the server's, never both.
        let loaded = store.read_consistent(|db| {
            let Some(head) = timeline::head(db, self.chat)? else { return Ok(None) };
            self.rows(db, &head).map(Some)
        })?;
        Ok(match loaded {
            Some((rows, more)) => Loaded { rows, gone: false, fetch: self.wanted_older > 0, more },
            None => Loaded { rows: Vec::new(), gone: true, fetch: false, more: false },
        })
    }

    fn concerns(&self, changes: &Changes) -> bool {
        changes.all || changes.chats.contains(&self.chat)
    }

    fn closes(&self, changes: &Changes) -> bool {
        changes.gone.contains(&self.chat)
    }

    fn extend(&mut self, n: u32) {
        self.wanted_older = self.wanted_older.saturating_add(n);
    }

    fn extend_newer(&mut self, n: u32) {
        self.wanted_newer = self.wanted_newer.saturating_add(n);
    }
}
