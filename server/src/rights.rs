//! Who may do what: one table of role × action × scope, which every HTTP route and every command names its line of.
//!
//! Deny by default: a route cannot be registered without a [`RouteRight`], a command that this file does not name does not
//! compile, and what a line does not allow is refused.

use switchboard_protocol::ErrorCode;
use switchboard_protocol::collection::Role;
use switchboard_protocol::command::CommandBody;
use switchboard_protocol::ids::{GroupId, UserId};

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Work on a chat: read, take, reply, transfer, finish, block, archive.
    Work,
    /// Staff chats, contacts, the use of templates, the own settings, presence and devices.
    Own,
    /// Make, change and delete templates.
    Templates,
    /// See who owns what and what nobody looks after, without text; reassign; see and lift blocks.
    Oversee,
    /// People, queues, channels, routes and hours.
    Manage,
    /// Reports.
    Reports,
    /// Groups, roles, keys, retention, audit, export, erasure, backup.
    System,
}

/// How far a role's right to an action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Nowhere.
    Nothing,
    /// To what the user takes part in.
    Participant,
    /// To what belongs to the user's own group.
    OwnGroup,
    /// To everything.
    Everything,
}

use Extent::{Everything, Nothing, OwnGroup, Participant};

/// The table. The columns are the roles in the order of [`Role::ALL`].
pub const TABLE: &[(Action, [Extent; 4])] = &[
    (Action::Work, [Participant, Participant, Participant, Participant]),
    (Action::Own, [Everything, Everything, Everything, Everything]),
    (Action::Templates, [Nothing, OwnGroup, OwnGroup, Everything]),
    (Action::Oversee, [Nothing, OwnGroup, OwnGroup, Everything]),
    (Action::Manage, [Nothing, Nothing, OwnGroup, Everything]),
    (Action::Reports, [Nothing, OwnGroup, OwnGroup, Everything]),
    (Action::System, [Nothing, Nothing, Nothing, Everything]),
];

/// How far a role's right to an action reaches; nowhere, if the table does not say.
pub fn extent(role: Role, action: Action) -> Extent {
    let column = Role::ALL.iter().position(|known| *known == role);
    let line = TABLE.iter().find(|(known, _)| *known == action);
    match (line, column) {
        (Some((_, extents)), Some(column)) => extents.get(column).copied().unwrap_or(Nothing),
        _ => Nothing,
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The user.
    pub user: UserId,
    /// The role.
    pub role: Role,
    /// The group.
    pub group: GroupId,
}

impl Actor {
    /// Whether the action is allowed on something that belongs to a group. What belongs to none is a system owner's.
    pub fn may(&self, action: Action, group: Option<GroupId>) -> bool {
        match extent(self.role, action) {
            Everything => true,
            OwnGroup => group == Some(self.group),
            Participant | Nothing => false,
        }
    }

    /// Whether the action is allowed on anything at all: what a route asks before it looks at the thing itself.
    pub fn may_at_all(&self, action: Action) -> bool {
        extent(self.role, action) != Nothing
    }
}

/// What a user is to a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// It waits, and is offered to the user.
    Candidate,
    /// It is the user's.
    Owner,
    /// It is closed, and the user had it last.
    Reader,
    /// The user passed it on, and keeps the line that says so.
    Sender,
    /// It is a chat among staff, and the user is in it.
    Member,
    /// The user saw it once.
    Former,
    /// Nothing, or nothing any more.
    Stranger,
}

impl Part {
    /// Every part.
    pub const ALL: &'static [Part] =
        &[Part::Candidate, Part::Owner, Part::Reader, Part::Sender, Part::Member, Part::Former, Part::Stranger];
}

/// What a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandRight {
    /// To be one of these to its chat, whatever the role.
    Chat(&'static [Part]),
    /// Nothing: it is about the user's own work.
    Own,
}

impl CommandRight {
    /// Whether a user who is this to the command's chat may give it.
    pub fn admits(self, part: Part) -> bool {
        match self {
            CommandRight::Chat(parts) => parts.contains(&part),
            CommandRight::Own => true,
        }
    }

    /// The line of the table that it falls under.
    pub const fn action(self) -> Action {
        match self {
            CommandRight::Chat(_) => Action::Work,
            CommandRight::Own => Action::Own,
        }
    }
}

/// What a command needs. Every command is named here; a new one is refused by the compiler until it is.
pub const fn of_command(body: &CommandBody) -> CommandRight {
    match body {
        CommandBody::Reply(_) | CommandBody::Take | CommandBody::DealtWith | CommandBody::End => {
            CommandRight::Chat(&[Part::Candidate, Part::Owner])
        }
        CommandBody::Transfer(_) | CommandBody::AddContact(_) | CommandBody::Note(_) | CommandBody::LabelChat(_) => {
            CommandRight::Chat(&[Part::Candidate, Part::Owner, Part::Reader])
        }
        CommandBody::Read(_) | CommandBody::Archive | CommandBody::Unarchive | CommandBody::Snooze(_) => {
            CommandRight::Chat(&[Part::Candidate, Part::Owner, Part::Reader, Part::Member])
        }
        // Who lost the chat may still say to the one who has it what was to be answered.
        CommandBody::NoteToOwner(_) => {
            CommandRight::Chat(&[Part::Candidate, Part::Owner, Part::Reader, Part::Sender, Part::Former])
        }
        CommandBody::Say(_)
        | CommandBody::RenameGroup(_)
        | CommandBody::AddMembers(_)
        | CommandBody::RemoveMember(_)
        | CommandBody::Leave => CommandRight::Chat(&[Part::Member]),
        CommandBody::Block => CommandRight::Chat(&[Part::Owner]),
        CommandBody::Ignore => CommandRight::Chat(&[Part::Candidate]),
        CommandBody::Delete => {
            CommandRight::Chat(&[Part::Candidate, Part::Owner, Part::Reader, Part::Sender, Part::Member])
        }
        // The two that make a staff chat have no chat yet to be part of.
        CommandBody::OpenDirect(_)
        | CommandBody::CreateGroup(_)
        | CommandBody::Presence(_)
        | CommandBody::Schedule(_)
        | CommandBody::QueueLogin(_)
        | CommandBody::EditContact(_)
        | CommandBody::LabelContact(_)
        | CommandBody::AddContactNote(_)
        | CommandBody::DeleteContactNote(_)
        | CommandBody::MergeContacts(_)
        | CommandBody::PartContact(_)
        // Of which group a label may be is looked at with the label.
        | CommandBody::SaveLabel(_)
        | CommandBody::DeleteLabel(_) => CommandRight::Own,
    }
}

/// The answer to a command that its right does not admit.
pub const fn refusal(body: &CommandBody, part: Part) -> ErrorCode {
    match (body, part) {
        (_, Part::Sender | Part::Former | Part::Stranger) => ErrorCode::NotFound,
        (_, Part::Member) => ErrorCode::InternalChat,
        (
            CommandBody::Say(_)
            | CommandBody::RenameGroup(_)
            | CommandBody::AddMembers(_)
            | CommandBody::RemoveMember(_)
            | CommandBody::Leave,
            _,
        ) => ErrorCode::CustomerChat,
        (CommandBody::Ignore, _) => ErrorCode::NotWaiting,
        (_, Part::Reader) => ErrorCode::ChatClosed,
        (_, Part::Candidate | Part::Owner) => ErrorCode::NotOwner,
    }
}

/// What an HTTP route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteRight {
    /// Nothing: it is for strangers, or proves itself who comes (a password, a code, the first frame of a socket).
    Anyone,
    /// The token of a signed-in device, whose user's role allows the action on something; on what, the route looks itself.
    Device(Action),
}

/// A route of the HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    /// The method.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: String,
    /// What it needs.
    pub right: RouteRight,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: &str = "\
        Work       | participant participant participant participant\n\
        Own        | everything  everything  everything  everything\n\
        Templates  | nothing     own_group   own_group   everything\n\
        Oversee    | nothing     own_group   own_group   everything\n\
        Manage     | nothing     nothing     own_group   everything\n\
        Reports    | nothing     own_group   own_group   everything\n\
        System     | nothing     nothing     nothing     everything\n";

    /// The table once more by hand: a slip in one of them shows.
    #[test]
    fn the_table_is_the_products() {
        let mut lines = 0;
        for line in PRODUCT.lines() {
            let (action, extents) = line.split_once('|').unwrap();
            let (action, _) = TABLE.iter().find(|(known, _)| format!("{known:?}") == action.trim()).copied().unwrap();
            for (role, wanted) in Role::ALL.iter().zip(extents.split_whitespace()) {
                let wanted = match wanted {
                    "nothing" => Nothing,
                    "participant" => Participant,
                    "own_group" => OwnGroup,
                    _ => Everything,
                };
                assert_eq!(extent(*role, action), wanted, "{role:?} {action:?}");
            }
            lines += 1;
        }
        assert_eq!(lines, TABLE.len());
    }

    #[test]
    fn a_groups_right_ends_at_the_group_and_what_has_no_group_is_the_system_owners() {
        let (mine, other) = (GroupId::new(), GroupId::new());
        let actor = |role| Actor { user: UserId::new(), role, group: mine };
        for role in [Role::Manager, Role::GroupOwner] {
            assert!(actor(role).may(Action::Oversee, Some(mine)) && actor(role).may_at_all(Action::Oversee));
            assert!(!actor(role).may(Action::Oversee, Some(other)) && !actor(role).may(Action::Oversee, None));
        }
        assert!(!actor(Role::User).may(Action::Oversee, Some(mine)) && !actor(Role::User).may_at_all(Action::Oversee));
        for group in [Some(mine), Some(other), None] {
            assert!(actor(Role::SystemOwner).may(Action::System, group));
            // Nobody works on a chat by a role: one has to be candidate, owner or reader.
            assert!(!actor(Role::SystemOwner).may(Action::Work, group));
        }
    }
}
