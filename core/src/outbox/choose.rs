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

/// What an item must be alone with: of each chat one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lane {
    /// Everything that changes what becomes of the chat, in the order in which it was done.
    Main,
    /// What nothing else depends on: the contact's data, labels, words to somebody else.
    Aside,
}

/// Whether it ends this user's part of the chat, and so says something about the replies before it.
const fn ends(kind: CommandKind) -> bool {
    matches!(kind, CommandKind::Transfer | CommandKind::DealtWith | CommandKind::End | CommandKind::Block)
}

/// Which of the outbox's rows, in the order in which they were written, go now: of each chat the first one that is not
/// accepted yet, one at a time. A take waits for nothing, a reply for a take; what ends the chat waits until the feed
/// shows the replies and the take before it, because its owner's epoch is known only then.
pub(crate) fn choose(items: &[Item]) -> Vec<usize> {
    let mut busy: HashSet<(ChatId, Lane)> = HashSet::new();
    let (mut taking, mut unsettled): (HashSet<ChatId>, HashSet<ChatId>) = Default::default();
    let mut room = MAX_IN_FLIGHT.saturating_sub(items.iter().filter(|item| item.state == State::InFlight).count());
    let mut chosen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let chat = item.chat;
        let lane = match item.kind {
            CommandKind::Take => None,
            CommandKind::AddContact | CommandKind::LabelChat | CommandKind::NoteToOwner => Some(Lane::Aside),
            _ => Some(Lane::Main),
        };
        let waits = lane.is_some_and(|lane| busy.contains(&(chat, lane)))
            || (item.kind == CommandKind::Reply && taking.contains(&chat))
            || (ends(item.kind) && unsettled.contains(&chat));
        if item.state == State::Queued && !waits && room > 0 {
            room -= 1;
            chosen.push(index);
        }
        if let (Some(lane), State::Held | State::Queued | State::InFlight | State::Asking) = (lane, item.state) {
            busy.insert((chat, lane));
        }
        if item.kind == CommandKind::Take && item.state != State::Accepted {
            taking.insert(chat);
        }
        if matches!(item.kind, CommandKind::Take | CommandKind::Reply) {
            unsettled.insert(chat);
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
    fn f37_dealt_with_and_transfer_wait_until_the_replies_before_them_are_seen() {
        use CommandKind::{DealtWith, Reply, Transfer};
        for last in [DealtWith, Transfer] {
            for state in [State::Queued, State::InFlight, State::Accepted] {
                let items = [item(1, Reply, state), item(1, last, State::Queued), item(2, last, State::Queued)];
                let chosen = choose(&items);
                assert!(!chosen.contains(&1) && chosen.contains(&2), "{last:?} {state:?}");
            }
            assert_eq!(choose(&[item(1, last, State::Queued)]), [0]);
        }
    }

    #[test]
    fn f13_a_reply_waits_for_the_take_before_it() {
        use CommandKind::{Reply, Take};
        assert_eq!(choose(&[item(1, Take, State::Queued), item(1, Reply, State::Queued)]), [0]);
        assert_eq!(choose(&[item(1, Take, State::InFlight), item(1, Reply, State::Queued)]), [0_usize; 0]);
        assert_eq!(choose(&[item(1, Take, State::Accepted), item(1, Reply, State::Queued)]), [1]);
    }

    #[test]
    fn f46_what_is_held_holds_what_was_done_after_it_and_nothing_of_other_chats() {
        use CommandKind::{AddContact, Archive, Snooze};
        let items = [
            item(1, Archive, State::Held),
            item(1, Snooze, State::Queued),
            item(1, AddContact, State::Queued),
            item(2, Snooze, State::Queued),
        ];
        assert_eq!(choose(&items), [2, 3]);
    }

    #[test]
    fn f64_what_asks_holds_what_was_written_after_it_and_nothing_of_other_chats() {
        use CommandKind::{LabelChat, Reply, Take};
        let items = [
            item(1, Reply, State::Asking),
            item(1, Reply, State::Queued),
            item(1, LabelChat, State::Queued),
            item(1, Take, State::Queued),
            item(2, Reply, State::Queued),
        ];
        assert_eq!(choose(&items), [2, 3, 4]);
    }

    #[test]
    fn f67_what_is_about_one_contact_goes_in_order_and_what_is_about_another_does_not_wait() {
        use CommandKind::{AddContactNote, EditContact, MergeContacts};
        let items = [
            item(1, EditContact, State::InFlight),
            item(1, AddContactNote, State::Queued),
            item(2, MergeContacts, State::Queued),
        ];
        assert_eq!(choose(&items), [2]);
    }

    #[test]
    fn not_more_than_the_server_can_answer() {
        let items: Vec<_> = (0..100).map(|n| item(n, CommandKind::Reply, State::Queued)).collect();
        assert_eq!(choose(&items).len(), MAX_IN_FLIGHT);
    }
}
