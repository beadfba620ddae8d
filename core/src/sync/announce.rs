//! What happens while this device is connected, for those who show and sound it.

use switchboard_protocol::ids::MessageId;

use super::driver::Driver;
use crate::model::{CommandOutcome, NotificationKind, Outcome};
use crate::store::notification::{Moment, News};

/// Stretches of waiting that are remembered. Beyond it all are forgotten, and each is heard once more at most.
const MAX_HEARD: usize = 5_000;

impl Driver {
    /// Tells what is worth a notification. Texts that failed are told whenever it is learned.
    pub(super) async fn announce(&mut self, mut news: Vec<News>, outcomes: &[CommandOutcome]) {
        news.extend(outcomes.iter().filter_map(|outcome| match (outcome.outcome, outcome.chat) {
            (Outcome::Refused(_) | Outcome::Failed(_), Some(chat)) => {
                Some(News::Failed(chat, MessageId::from(outcome.id)))
            }
            _ => None,
        }));
        let Some(me) = self.shared.me() else { return };
        if news.is_empty() || self.shared.hub.nobody_is_notified() {
            return;
        }
        let found = self.store(move |store| store.read_consistent(|db| Moment::load(db, me)?.tell(&news))).await;
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "what happened could not be read for its notification");
                return;
            }
        };
        for mut found in found {
            let (chat, kind) = (found.notification.chat, found.notification.kind);
            if let Some(stretch) = found.stretch {
                if self.heard.len() >= MAX_HEARD {
                    self.heard.clear();
                }
                if self.heard.insert(chat, stretch) == Some(stretch) {
                    found.notification.sound = None;
                    if !found.notification.in_app && !found.notification.system {
                        continue;
                    }
                }
            } else if !matches!(kind, NotificationKind::Mention | NotificationKind::Failed) {
                self.heard.remove(&chat);
            }
            self.shared.hub.notify(&found.notification);
        }
    }
}
