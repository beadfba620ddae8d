//! What is told of rows that no list follows: templates, contacts, labels, settings. Whoever shows them reads them again.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::hub::{Observers, Watch};
use super::outlet::{Outlet, Subscription};
use crate::store::Changes;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeskPart {
    /// Templates: [`crate::Core::templates`].
    Templates,
    /// Contacts or the notes on them: [`crate::Core::contact`], [`crate::Core::information`].
    Contacts,
    /// Labels: [`crate::Core::labels`].
    Labels,
    /// Settings > Chat of this device: [`crate::Core::notification_settings`].
    Notifications,
}

impl DeskPart {
    /// Every part.
    pub const ALL: &'static [DeskPart] =
        &[DeskPart::Templates, DeskPart::Contacts, DeskPart::Labels, DeskPart::Notifications];
}

/// Is told which part of the desk is to be read again. What came together is told once.
pub trait DeskListener: Send + Sync {
    /// This part changed.
    fn on_changed(&self, part: DeskPart);
}

impl<F: Fn(DeskPart) + Send + Sync> DeskListener for F {
    fn on_changed(&self, part: DeskPart) {
        self(part);
    }
}

/// Tells it after commits.
pub(crate) struct DeskWatch {
    runtime: Handle,
    observers: Observers<DeskPart>,
}

impl DeskWatch {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self { runtime, observers: Observers::new() }
    }

    pub(crate) fn observe(&self, listener: Arc<dyn DeskListener>) -> Subscription {
        let outlet = Outlet::idle(Box::new(move |part| listener.on_changed(part)));
        self.observers.add(Arc::clone(&outlet));
        Subscription::new(outlet)
    }
}

impl Watch for DeskWatch {
    fn committed(&self, changes: &Changes) {
        if self.observers.is_empty() {
            return;
        }
        for part in DeskPart::ALL.iter().filter(|part| changes.all || changes.desk.contains(part)) {
            self.observers.tell(&self.runtime, part, |waiting: &mut VecDeque<DeskPart>, last| {
                // It reads the rows as they are when it gets there.
                if !waiting.contains(&last) {
                    waiting.push_back(last);
                }
            });
        }
    }
}
