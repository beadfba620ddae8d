//! Where the actions of a chat's screen stand (F51): one place that both apps draw from.

use switchboard_protocol::chat::ChatState;

use super::{Composer, InboxRow};

/// Something that a chat's screen offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScreenAction {
    /// Take the chat.
    Take,
    /// Pass it on.
    Transfer,
    /// Close the session and archive the chat.
    DealtWith,
    /// What is known of the contact.
    Information,
    /// Out of Recents.
    Archive,
    /// Back into Recents.
    Unarchive,
    /// Away until a time.
    Snooze,
    /// Labels.
    Labels,
    /// A note that the customer never gets.
    Note,
    /// The staff group's name and members.
    Members,
    /// Leave the staff group.
    Leave,
    /// End the visitor's session.
    EndSession,
    /// Shut the visitor's address out.
    Block,
    /// Remove the chat for this user.
    Delete,
    /// The template picker.
    Templates,
}

/// What stands where on a chat's screen, each in its order. What cannot be done now is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// At the top, on the right.
    pub bar: Vec<ScreenAction>,
    /// In the menu behind it.
    pub menu: Vec<ScreenAction>,
    /// At the composer's bottom left.
    pub composer: Vec<ScreenAction>,
}

impl InboxRow {
    /// Where the actions of this chat's screen stand.
    pub fn placement(&self) -> Placement {
        use ScreenAction::{
            Archive, Block, DealtWith, Delete, EndSession, Information, Labels, Leave, Members, Note, Snooze, Take,
            Templates, Transfer, Unarchive,
        };
        let can = self.actions;
        let there = |offered: &[(bool, ScreenAction)]| {
            offered.iter().filter(|(shown, _)| *shown).map(|(_, action)| *action).collect::<Vec<_>>()
        };
        Placement {
            bar: there(&[(can.take, Take), (can.transfer, Transfer), (can.dealt_with, DealtWith)]),
            menu: there(&[
                (can.information, Information),
                (can.archive, Archive),
                (can.unarchive, Unarchive),
                (can.snooze, Snooze),
                (can.label, Labels),
                (can.note, Note),
                (can.members, Members),
                (can.leave, Leave),
                (can.end_session, EndSession),
                (can.block, Block),
                (can.delete, Delete),
            ]),
            composer: there(&[(self.composer == Composer::Reply && self.state != ChatState::Internal, Templates)]),
        }
    }
}
