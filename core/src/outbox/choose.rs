use std::collections::HashSet;

use switchboard_protocol::ids::ChatId;

use super::State;
use crate::model::CommandKind;

/// Commands that may be on their way at once. The server answers in order; more would only wait there.
const MAX_IN_FLIGHT: usize = 32;

/// What decides about a command's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) chat: ChatId,
    pub(crate) kind: CommandKind,
    pub(crate) state: State,
}

/// Which of the outbox's rows, in the order in which they were written, go now: of each chat the first reply that is
/// not accepted yet, one at a time; a take waits for nothing.
pub(crate) fn choose(items: &[Item]) -> Vec<usize> {
    let mut busy = HashSet::new();
    let mut room = MAX_IN_FLIGHT.saturating_sub(items.iter().filter(|item| item.state == State::InFlight).count());
    let mut chosen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let free = match (item.kind, item.state) {
            (CommandKind::Reply, State::Queued) => busy.insert(item.chat),
            (CommandKind::Reply, State::InFlight) => {
                busy.insert(item.chat);
                false
            }
            (CommandKind::Take, State::Queued) => true,
            _ => false,
        };
        if free && room > 0 {
            room -= 1;
            chosen.push(index);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(n: u8) -> ChatId {
        ChatId::from_bytes([n; 16])
    }

    fn item(n: u8, kind: CommandKind, state: State) -> Item {
        Item { chat: chat(n), kind, state }
    }

    #[test]
    fn f63_one_reply_of_a_chat_at_a_time_in_order() {
        use CommandKind::{Reply, Take};
        let items = [
            item(1, Reply, State::Accepted),
            item(1, Reply, State::Queued),
            item(1, Reply, State::Queued),
            item(2, Reply, State::InFlight),
            item(2, Reply, State::Queued),
            item(2, Take, State::Queued),
            item(3, Reply, State::Queued),
        ];
        assert_eq!(choose(&items), [1, 5, 6]);
    }

    #[test]
    fn not_more_than_the_server_can_answer() {
        let items: Vec<_> = (0..100).map(|n| item(n, CommandKind::Reply, State::Queued)).collect();
        assert_eq!(choose(&items).len(), MAX_IN_FLIGHT);
    }
}
