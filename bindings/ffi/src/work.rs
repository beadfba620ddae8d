//! The user's own work, and what managers look after.

use std::sync::Arc;

use switchboard_core::{BlockId, CommandId, QueueId};

use crate::engine::SwitchboardCore;
use crate::errors::SwitchboardError;
use crate::listeners::{Bridge, Subscription, WorkListener};
use crate::lists::AlarmList;
use crate::records::{BlockRow, MyQueue, Presence, PresenceInfo, WeekHours};
use crate::runtime::complete;

#[uniffi::export]
impl SwitchboardCore {
    /// Whether this user is offered chats, and by which schedule.
    pub fn presence(&self) -> Result<PresenceInfo, SwitchboardError> {
        Ok(self.core().presence()?.into())
    }

    /// The queues that this user is a member of, by name.
    pub fn queues(&self) -> Result<Vec<MyQueue>, SwitchboardError> {
        Ok(self.core().queues()?.into_iter().map(MyQueue::from).collect())
    }

    /// Calls the listener with presence, schedule and queues before this returns, and with every change from then on.
    pub fn observe_work(&self, listener: Arc<dyn WorkListener>) -> Result<Arc<Subscription>, SwitchboardError> {
        Ok(Subscription::new(self.core().observe_work(Arc::new(Bridge(listener)))))
    }

    /// Available, Away or Off shift, from now until the schedule's next change. Before going off shift ask what to do
    /// with the chats that `unanswered` counts: `release` gives them back to their routes, without it they stay.
    #[uniffi::method(default(release = false))]
    pub async fn set_presence(&self, presence: Presence, release: bool) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.set_presence(presence.into(), release).await }).await
    }

    /// The user's own hours: Available within, Off shift outside. None: by tap alone.
    pub async fn set_schedule(&self, schedule: Option<WeekHours>) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.set_schedule(schedule.map(WeekHours::into)).await }).await
    }

    /// Logs in to a queue of this user, or out of it.
    pub async fn set_queue_login(&self, queue: QueueId, logged_in: bool) -> Result<CommandId, SwitchboardError> {
        let core = self.core();
        complete(async move { core.set_queue_login(queue, logged_in).await }).await
    }

    /// How many of this user's own chats have a customer who waits for an answer.
    pub fn unanswered(&self) -> Result<u32, SwitchboardError> {
        Ok(self.core().unanswered()?)
    }

    /// Waiting chats that nobody looks after, the oldest first, for those who manage their queue or channel; empty for
    /// everybody else.
    pub fn alarms(&self) -> Result<Arc<AlarmList>, SwitchboardError> {
        Ok(Arc::new(AlarmList(self.core().alarms()?)))
    }

    /// The blocks in force that this user may see; refused with `Forbidden` for who manages none. Needs the network.
    pub async fn blocks(&self) -> Result<Vec<BlockRow>, SwitchboardError> {
        let core = self.core();
        complete(
            async move { core.blocks().await.map(|rows| rows.into_iter().map(BlockRow::from).collect::<Vec<_>>()) },
        )
        .await
    }

    /// Lifts a block. Needs the network.
    pub async fn lift_block(&self, id: BlockId) -> Result<(), SwitchboardError> {
        let core = self.core();
        complete(async move { core.lift_block(id).await }).await
    }
}
