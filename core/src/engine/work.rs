//! The user's own work, whom a chat can be passed on to, and what only the server knows of blocks.

use std::sync::Arc;

use switchboard_protocol::ErrorCode;
use switchboard_protocol::block::{BLOCKS_PATH, BlockRow as WireBlock, CHATS_PATH, Sharing};
use switchboard_protocol::collection::Presence;
use switchboard_protocol::command::{CommandBody, QueueLogin, SetPresence, SetSchedule};
use switchboard_protocol::hours::WeekHours;
use switchboard_protocol::ids::{BlockId, ChatId, CommandId, QueueId};
use switchboard_protocol::limits::{MAX_HOLIDAYS, MAX_INTERVALS};

use super::Core;
use crate::error::{CoreError, Result};
use crate::model::{BlockRow, MyQueue, PresenceInfo, TransferTargetRow, Work};
use crate::shared::{Shared, blocking};
use crate::store::{collection, inbox, people, wish};
use crate::views::{AlarmList, AlarmSource, Subscription, WorkListener, WorkWatch};

/// What follows the user's own work.
pub(super) fn watch(runtime: tokio::runtime::Handle, shared: &Arc<Shared>) -> WorkWatch {
    let shared = Arc::downgrade(shared);
    let load = move || {
        let shared = shared.upgrade()?;
        let Some(me) = shared.me() else { return Some(Work::default()) };
        match shared.store.read_consistent(|db| people::work(db, me)) {
            Ok(work) => Some(work),
            Err(error) => {
                tracing::warn!(%error, "presence and queues could not be read");
                None
            }
        }
    };
    WorkWatch::new(runtime, Box::new(load))
}

impl Core {
    /// Notes a wish about the user's own work; a later one of the same name takes its place.
    async fn wish(&self, name: String, body: CommandBody) -> Result<CommandId, CoreError> {
        let id = CommandId::new();
        let replaced = self
            .act_and_send(move |tx, changes| {
                if let CommandBody::QueueLogin(login) = &body
                    && !collection::is_member(tx, login.queue)?
                {
                    return Err(CoreError::Rejected(ErrorCode::NotMember).into());
                }
                changes.names = true;
                wish::put(tx, &name, id, &body)
            })
            .await?;
        self.tell(replaced.as_slice());
        Ok(id)
    }

    /// Available, Away or Off shift, from now until the schedule's next change. With `release`, going off shift gives
    /// back the owned chats whose customers wait for an answer: [`Core::unanswered`] says how many there are.
    pub async fn set_presence(&self, presence: Presence, release: bool) -> Result<CommandId, CoreError> {
        let release = release && presence == Presence::OffShift;
        self.wish("presence".into(), CommandBody::Presence(SetPresence { presence, release })).await
    }

    /// The user's own hours: Available within, Off shift outside. None: by tap alone.
    pub async fn set_schedule(&self, schedule: Option<WeekHours>) -> Result<CommandId, CoreError> {
        if schedule.as_ref().is_some_and(|hours| !is_plausible(hours)) {
            return Err(CoreError::Rejected(ErrorCode::BadHours));
        }
        self.wish("schedule".into(), CommandBody::Schedule(SetSchedule { schedule })).await
    }

    /// Logs in to a queue of this user, or out of it.
    pub async fn set_queue_login(&self, queue: QueueId, logged_in: bool) -> Result<CommandId, CoreError> {
        let body = CommandBody::QueueLogin(QueueLogin { queue, logged_in });
        self.wish(format!("queue_login {queue}"), body).await
    }

    /// Whether this user is offered chats, and by which schedule.
    pub fn presence(&self) -> Result<PresenceInfo, CoreError> {
        Ok(self.work()?.presence)
    }

    /// The queues that this user is a member of, by name.
    pub fn queues(&self) -> Result<Vec<MyQueue>, CoreError> {
        Ok(self.work()?.queues)
    }

    fn work(&self) -> Result<Work, CoreError> {
        let me = self.shared().me().ok_or(CoreError::SignInAgain)?;
        Ok(self.shared().store.read_consistent(|db| people::work(db, me))?)
    }

    /// Follows presence, schedule and queues; how they are now is told before this returns.
    pub fn observe_work(&self, listener: Arc<dyn WorkListener>) -> Subscription {
        self.inner.work.observe(listener)
    }

    /// How many of this user's own chats have a customer who waits for an answer.
    pub fn unanswered(&self) -> Result<u32, CoreError> {
        Ok(self.shared().store.read(inbox::unanswered)?)
    }

    /// Users, queues and groups that a chat can be passed on to: those with a word of their name that begins like each
    /// word of `query`, or an extension that begins like it. Who is available comes first, then by name.
    pub fn transfer_targets(&self, query: &str) -> Result<Vec<TransferTargetRow>, CoreError> {
        let me = self.shared().me().ok_or(CoreError::SignInAgain)?;
        Ok(self.shared().store.read_consistent(|db| people::transfer_targets(db, me, query))?)
    }

    /// Waiting chats that nobody looks after, the oldest first, for those who manage them; empty for everybody else.
    pub fn alarms(&self) -> Result<AlarmList, CoreError> {
        self.list(Box::new(AlarmSource::new()), Box::new(|| ()))
    }

    /// How many visitors of the last 30 days a block of this chat's visitor would shut out, this one among them.
    /// Needs the network.
    pub async fn sharing(&self, chat: ChatId) -> Result<u32, CoreError> {
        let core = self.clone();
        self.run(async move {
            let device = core.shared().account().ok_or(CoreError::SignInAgain)?;
            let path = format!("{CHATS_PATH}/{chat}/sharing");
            let sharing: Sharing = core.shared().http()?.get(&device.server, &path, &device.token).await?;
            Ok(sharing.visitors)
        })
        .await
    }

    /// The blocks in force that this user may see. Needs the network.
    pub async fn blocks(&self) -> Result<Vec<BlockRow>, CoreError> {
        let core = self.clone();
        self.run(async move {
            let device = core.shared().account().ok_or(CoreError::SignInAgain)?;
            let rows: Vec<WireBlock> = core.shared().http()?.get(&device.server, BLOCKS_PATH, &device.token).await?;
            let store = Arc::clone(&core.shared().store);
            blocking(move || {
                store
                    .read_consistent(|db| rows.into_iter().map(|row| people::block_row(db, row)).collect::<Result<_>>())
            })
            .await
        })
        .await
    }

    /// Lifts a block. Needs the network.
    pub async fn lift_block(&self, block: BlockId) -> Result<(), CoreError> {
        let core = self.clone();
        self.run(async move {
            let device = core.shared().account().ok_or(CoreError::SignInAgain)?;
            core.shared().http()?.delete(&device.server, &format!("{BLOCKS_PATH}/{block}"), &device.token).await
        })
        .await
    }
}

/// What can be said without the list of time zones, which the server has.
fn is_plausible(hours: &WeekHours) -> bool {
    !hours.zone.is_empty()
        && hours.intervals.len() <= MAX_INTERVALS
        && hours.holidays.len() <= MAX_HOLIDAYS
        && hours.intervals.iter().all(|interval| {
            (1..=7).contains(&interval.day) && interval.from < 1440 && (1..=1440).contains(&interval.to)
        })
}
