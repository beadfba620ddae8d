//! What can be done with a chat: the same letter everywhere, alone in the list and in the menu, with Ctrl in a chat
//! for those that are needed there often.

use crossterm::event::KeyCode;
use switchboard_core::{ChatId, CommandId, InboxRow, NewContact, TransferTarget, UNDO_MS};

use super::{App, Effect, Focus, Labelled, Overlay, Question, SnoozeView, TransferView};
use crate::form::Form;
use crate::words;

/// Something that can be done with a chat, as a key asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Take it without an answer.
    Take,
    /// Pass it on.
    Transfer,
    /// Close the session and archive it.
    DealtWith,
    /// Out of Recents, or back.
    Archive,
    /// Put away until a time.
    Snooze,
    /// Hide a waiting chat.
    Ignore,
    /// To the contacts.
    AddContact,
    /// What is known of the contact; of a staff chat, who is in it.
    Information,
    /// Give it labels.
    Labels,
    /// Write to colleagues in a customer's chat.
    Note,
    /// Close the session and tell the visitor.
    End,
    /// Shut the visitor out.
    Block,
    /// Remove it.
    Delete,
}

impl Action {
    /// Every action, as the menu shows them.
    pub const ALL: [Action; 13] = [
        Action::Take,
        Action::Transfer,
        Action::DealtWith,
        Action::Archive,
        Action::Snooze,
        Action::Ignore,
        Action::AddContact,
        Action::Information,
        Action::Labels,
        Action::Note,
        Action::End,
        Action::Block,
        Action::Delete,
    ];

    /// Its key in the list and in the menu.
    pub fn key(self) -> &'static str {
        match self {
            Action::Take => "t",
            Action::Transfer => "p",
            Action::DealtWith => "d",
            Action::Archive => "a",
            Action::Snooze => "s",
            Action::Ignore => "i",
            Action::AddContact => "n",
            Action::Information => "r",
            Action::Labels => "#",
            Action::Note => "N",
            Action::End => "e",
            Action::Block => "b",
            Action::Delete => "Del",
        }
    }

    /// The action of a key.
    pub fn of(code: KeyCode) -> Option<Action> {
        let letter = match code {
            KeyCode::Delete => return Some(Action::Delete),
            KeyCode::Char(letter) => letter,
            _ => return None,
        };
        Action::ALL.into_iter().find(|action| action.key() == letter.encode_utf8(&mut [0; 4]))
    }

    /// What it does with this chat, in a few words.
    pub fn name(self, row: &InboxRow) -> &'static str {
        match self {
            Action::Take => "Take it",
            Action::Transfer => "Pass it on",
            Action::DealtWith => "Dealt with",
            Action::Archive if row.archived => "Back to Recents",
            Action::Archive => "Archive",
            Action::Snooze if row.snoozed_until.is_some() => "Snooze longer, or end it",
            Action::Snooze => "Snooze until a time",
            Action::Ignore => "Ignore until the customer writes",
            Action::AddContact if row.contact_known => "Change the contact",
            Action::AddContact => "Add to the contacts",
            Action::Information if row.actions.members => "Members, name, leave",
            Action::Information if row.internal.is_some() => "Who it is",
            Action::Information => "Information and history",
            Action::Labels => "Labels",
            Action::Note => "Write a note to colleagues",
            Action::End => "End the chat session…",
            Action::Block => "Block this visitor…",
            Action::Delete => "Delete for me…",
        }
    }

    /// Whether it can be done with this chat now.
    pub fn is_possible(self, row: &InboxRow) -> bool {
        let can = &row.actions;
        match self {
            Action::Take => can.take,
            Action::Transfer => can.transfer,
            Action::DealtWith => can.dealt_with,
            Action::Archive => can.archive || can.unarchive,
            Action::Snooze => can.snooze,
            Action::Ignore => can.ignore,
            Action::AddContact => can.add_contact,
            Action::Information => can.information || row.internal.is_some(),
            Action::Labels => can.label,
            Action::Note => can.note,
            Action::End => can.end_session,
            Action::Block => can.block,
            Action::Delete => can.delete,
        }
    }
}

/// Something to be done with a chat, with all that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Take it.
    Take,
    /// Pass it on, with a note for the next one.
    Transfer(TransferTarget, Option<String>),
    /// Dealt with.
    DealtWith,
    /// End the session.
    End,
    /// Block the visitor.
    Block,
    /// Out of Recents.
    Archive,
    /// Back to Recents.
    Unarchive,
    /// Hide it.
    Ignore,
    /// Put it away until this time of the device's clock, or bring it back.
    Snooze(Option<i64>),
    /// Remove it.
    Delete,
    /// Add the person to the contacts.
    AddContact(NewContact),
}

impl Act {
    /// What was done, where it can be taken back for a moment.
    fn undoable(&self, name: &str) -> Option<String> {
        Some(match self {
            Act::Transfer(..) => format!("Passed on: {name}"),
            Act::DealtWith => format!("Dealt with: {name}"),
            Act::Archive => format!("Archived: {name}"),
            Act::Ignore => format!("Ignored: {name}"),
            _ => return None,
        })
    }

    /// Whether the operator has nothing more to do in the chat after it.
    fn leaves(&self) -> bool {
        !matches!(self, Act::Take | Act::Unarchive | Act::AddContact(_) | Act::Snooze(None))
    }
}

/// Something that was done and can still be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The chat.
    pub chat: ChatId,
    /// The contact's name.
    pub name: String,
    /// What was done, in words.
    pub what: String,
    /// When it is sent, by the device's clock.
    pub until: i64,
    /// What takes it back; none until it is stored.
    pub command: Option<CommandId>,
}

impl App {
    /// Starts an action on the current chat, by a question or a form where it needs one.
    pub(super) fn action(&mut self, action: Action) -> Vec<Effect> {
        let Some(row) = self.current_row() else { return Vec::new() };
        let row = row.clone();
        self.action_on(action, &row)
    }

    pub(super) fn action_on(&mut self, action: Action, row: &InboxRow) -> Vec<Effect> {
        let chat = row.chat;
        if !action.is_possible(row) {
            self.note(match action {
                Action::Take if row.is_mine => "This chat is yours already.".to_owned(),
                Action::DealtWith | Action::End if row.state == switchboard_core::ChatState::Closed => {
                    "This chat is closed already.".to_owned()
                }
                Action::Ignore => "Only a waiting chat can be ignored.".to_owned(),
                Action::Block if row.contact_known => "Only an unknown visitor can be blocked.".to_owned(),
                Action::Block | Action::End => "This can be done with a website chat of yours only.".to_owned(),
                other => {
                    format!("Not possible with this chat: {}.", other.name(row).trim_end_matches('…').to_lowercase())
                }
            });
            return Vec::new();
        }
        let name = words::contact(row).to_owned();
        match action {
            Action::Take => self.act(chat, Act::Take),
            Action::DealtWith => self.act(chat, Act::DealtWith),
            Action::Archive if row.actions.unarchive => self.act(chat, Act::Unarchive),
            Action::Archive => self.act(chat, Act::Archive),
            Action::Ignore => self.act(chat, Act::Ignore),
            Action::Transfer => {
                self.overlay = Some(Overlay::Transfer(TransferView::new(chat, name)));
                vec![Effect::Targets(String::new())]
            }
            Action::Snooze => {
                self.overlay = Some(Overlay::Snooze(SnoozeView::new(chat, row.snoozed_until.is_some())));
                Vec::new()
            }
            Action::AddContact => {
                let form = Form::contact(
                    row.contact_name.as_deref(),
                    row.contact_email.as_deref(),
                    row.contact_phone.as_deref(),
                );
                self.overlay = Some(Overlay::Contact(chat, form));
                Vec::new()
            }
            Action::Information if row.internal.is_some() => self.open_members(chat),
            Action::Information => self.open_information(chat),
            Action::Labels => self.open_labels(Labelled::Chat(chat), name),
            Action::Note => {
                self.focus = Focus::Chat;
                let mut effects = self.open(chat, None);
                if !self.is_noting() {
                    effects.extend(self.toggle_note());
                }
                effects
            }
            Action::End => self.ask(Question::End { chat, name }),
            Action::Delete => self.ask(Question::Delete { chat, name, line: row.passed_on.is_some() }),
            Action::Block => {
                self.overlay = Some(Overlay::Ask(Question::Block { chat, name, sharing: None }));
                vec![Effect::Sharing(chat)]
            }
        }
    }

    fn ask(&mut self, question: Question) -> Vec<Effect> {
        self.overlay = Some(Overlay::Ask(question));
        Vec::new()
    }

    /// Does it. What was typed is stored first, and a chat that is done with is left.
    pub(super) fn act(&mut self, chat: ChatId, act: Act) -> Vec<Effect> {
        self.overlay = None;
        let name = self.row_of(chat).map(words::contact).unwrap_or_default().to_owned();
        let mut effects = self.keep_draft_and_stop();
        if let Some(what) = act.undoable(&name) {
            let until = self.now.saturating_add_unsigned(UNDO_MS);
            self.note = None;
            self.held.push(Held { chat, name, what, until, command: None });
        }
        let leaves = act.leaves();
        effects.push(Effect::Act(chat, act));
        if leaves && self.focus == Focus::Chat {
            effects.extend(self.leave_chat());
        } else {
            effects.extend(self.read());
        }
        effects
    }

    /// What was done is stored.
    pub(super) fn acted(&mut self, chat: ChatId, command: CommandId) {
        if let Some(held) = self.held.iter_mut().rev().find(|held| held.chat == chat && held.command.is_none()) {
            held.command = Some(command);
        }
    }

    /// Takes back what was done last, otherwise what the selected chat's row says can be taken back.
    pub(super) fn undo(&mut self) -> Vec<Effect> {
        let last = self.held.iter().rev().find_map(|held| Some((held.chat, held.command?)));
        let here = || self.current_row().and_then(|row| Some((row.chat, row.undo?.command)));
        let Some((chat, command)) = last.or_else(here) else {
            self.note("There is nothing to take back.");
            return Vec::new();
        };
        self.reselect = Some(chat);
        vec![Effect::Undo(command)]
    }
}
