//! What keys and answers do to the dialogs.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use switchboard_core::{BlockRow, ChatId, NewContact, Presence, TransferTargetRow};

use super::overlays::{self, ManageTab, ManageView, Overlay, Question, Snooze, TransferField, WorkChoice};
use super::{Act, Action, App, DeskEffect, Effect};
use crate::editor::Edited;
use crate::form::Form;
use crate::hours;
use crate::view::Layout;

/// How often the list of colleagues is asked for again while it is shown: they come and go.
const TARGETS_EVERY_MS: i64 = 1_000;

/// The selected line after a key that moves in a list.
pub(super) fn moved(code: KeyCode, selected: usize, lines: usize) -> Option<usize> {
    let last = lines.saturating_sub(1);
    Some(match code {
        KeyCode::Up => selected.checked_sub(1).unwrap_or(last),
        KeyCode::Down if selected >= last => 0,
        KeyCode::Down => selected + 1,
        KeyCode::Home => 0,
        KeyCode::End => last,
        _ => return None,
    })
}

impl App {
    /// Closes the dialog: what it lay over is back.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        self.overlay = self.below.pop();
        self.read()
    }

    /// The menu of what can be done with the current chat.
    pub(super) fn open_menu(&mut self) -> Vec<Effect> {
        if let Some(row) = self.current_row() {
            self.overlay = Some(Overlay::Menu(row.chat, 0));
        }
        Vec::new()
    }

    /// What can be done with a chat, as the menu shows it.
    pub fn menu(&self, chat: ChatId) -> Vec<Action> {
        let Some(row) = self.row_of(chat) else { return Vec::new() };
        Action::ALL.into_iter().filter(|action| action.is_possible(row)).collect()
    }

    pub(super) fn menu_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Menu(chat, selected)) = self.overlay else { return Vec::new() };
        let actions = self.menu(chat);
        if let Some(selected) = moved(key.code, selected, actions.len()) {
            self.overlay = Some(Overlay::Menu(chat, selected));
            return Vec::new();
        }
        let chosen = match key.code {
            KeyCode::Esc => return self.close(),
            KeyCode::Char('x') if key.modifiers.contains(KeyModifiers::CONTROL) => return self.close(),
            KeyCode::Char('z') => {
                self.overlay = None;
                return self.undo();
            }
            KeyCode::Enter => actions.get(selected).copied(),
            code => Action::of(code),
        };
        let (Some(action), Some(row)) = (chosen, self.row_of(chat).cloned()) else { return Vec::new() };
        self.overlay = None;
        self.action_on(action, &row)
    }

    pub(super) fn question_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Ask(question)) = &self.overlay else { return Vec::new() };
        let question = question.clone();
        if matches!(key.code, KeyCode::Char('y' | 'Y'))
            && let Some(effects) = self.desk_answer(&question)
        {
            return effects;
        }
        match (key.code, question) {
            (KeyCode::Char('t' | 'T'), Question::Stale { chat, message, .. }) => {
                let mut effects = vec![DeskEffect::Withdraw(chat, message).into()];
                effects.extend(self.close());
                effects
            }
            (KeyCode::Char('y' | 'Y'), Question::End { chat, .. }) => self.act(chat, Act::End),
            (KeyCode::Char('y' | 'Y'), Question::Delete { chat, .. }) => self.act(chat, Act::Delete),
            // Not before the count is known, or known to be out of reach.
            (KeyCode::Char('y' | 'Y'), Question::Block { chat, sharing: Some(_), .. }) => self.act(chat, Act::Block),
            (KeyCode::Char('g' | 'G'), Question::OffShift(_)) => self.be(Presence::OffShift, true),
            (KeyCode::Char('k' | 'K'), Question::OffShift(_)) => self.be(Presence::OffShift, false),
            (KeyCode::Char('n' | 'N') | KeyCode::Esc, _) => self.close(),
            _ => Vec::new(),
        }
    }

    /// How many visitors a block would shut out is known, or why it is not.
    pub(super) fn sharing_came(&mut self, of: ChatId, count: Result<u32, String>) {
        if let Some(Overlay::Ask(Question::Block { chat, sharing, .. })) = &mut self.overlay
            && *chat == of
        {
            *sharing = Some(count);
        }
    }

    pub(super) fn transfer_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let cells = Layout::of(self.size).note_cells();
        let Some(Overlay::Transfer(view)) = &mut self.overlay else { return Vec::new() };
        view.hurried = false;
        match (key.code, view.field) {
            (KeyCode::Esc, _) => self.close(),
            (KeyCode::Enter, _) if key.modifiers.is_empty() => self.pass_on(),
            (KeyCode::Tab | KeyCode::BackTab, _) => {
                view.field = match view.field {
                    TransferField::Who => TransferField::Note,
                    TransferField::Note => TransferField::Who,
                };
                Vec::new()
            }
            (KeyCode::Up | KeyCode::Down, TransferField::Who) => {
                let count = view.targets.as_ref().map_or(0, Vec::len);
                let place = moved(key.code, view.place().unwrap_or(0), count);
                view.chosen = place
                    .and_then(|place| view.targets.as_ref().and_then(|rows| rows.get(place)))
                    .map(|row| row.target);
                Vec::new()
            }
            (_, TransferField::Who) => match view.query.key(key, usize::MAX / 2) {
                Edited::Changed => {
                    view.chosen = None;
                    vec![Effect::Targets(view.query.text().to_owned())]
                }
                _ => Vec::new(),
            },
            (_, TransferField::Note) => {
                view.note.key(key, cells);
                Vec::new()
            }
        }
    }

    /// Passes the chat on to who is chosen, of those that answer what was typed.
    fn pass_on(&mut self) -> Vec<Effect> {
        let Some(Overlay::Transfer(view)) = &mut self.overlay else { return Vec::new() };
        if view.answered.as_deref() != Some(view.query.text()) {
            view.hurried = true;
            return Vec::new();
        }
        let Some(target) = view.target().map(|row| row.target) else { return Vec::new() };
        if view.note.text().len() > crate::MAX_TEXT_BYTES {
            self.note("This note is too long: at most 16 KiB.");
            return Vec::new();
        }
        let note = Some(view.note.text().trim().to_owned()).filter(|note| !note.is_empty());
        let chat = view.chat;
        self.act(chat, Act::Transfer(target, note))
    }

    pub(super) fn targets_came(&mut self, query: String, targets: Vec<TransferTargetRow>) -> Vec<Effect> {
        let now = self.now;
        if let Some(Overlay::Transfer(view)) = &mut self.overlay
            && view.query.text() == query
        {
            // What stands under the cursor stays under it while others come and go.
            view.chosen = view
                .chosen
                .or_else(|| view.target().map(|row| row.target).filter(|_| view.answered.as_ref() == Some(&query)));
            view.targets = Some(targets);
            view.answered = Some(query);
            view.came_at = now;
            if std::mem::take(&mut view.hurried) {
                return self.pass_on();
            }
        }
        Vec::new()
    }

    /// Asks for the colleagues again while they are shown.
    pub(super) fn refresh_targets(&mut self) -> Option<Effect> {
        let now = self.now;
        let Some(Overlay::Transfer(view)) = &mut self.overlay else { return None };
        (now - view.came_at >= TARGETS_EVERY_MS).then(|| Effect::Targets(view.query.text().to_owned()))
    }

    pub(super) fn snooze_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let (now, zone) = (self.now, self.zone);
        let Some(Overlay::Snooze(view)) = &mut self.overlay else { return Vec::new() };
        let lines = view.lines(now, &zone);
        if let Some(selected) = moved(key.code, view.selected, lines.len()) {
            view.selected = selected;
            return Vec::new();
        }
        let chat = view.chat;
        match (key.code, lines.get(view.selected).map(|(_, what)| *what)) {
            (KeyCode::Esc, _) => self.close(),
            (KeyCode::Enter, Some(Snooze::Until(until))) => self.act(chat, Act::Snooze(Some(until))),
            (KeyCode::Enter, Some(Snooze::Back)) => self.act(chat, Act::Snooze(None)),
            (KeyCode::Enter, Some(Snooze::Typed)) => match overlays::moment(view.typed.text(), now, &zone) {
                Some(until) if until > now => self.act(chat, Act::Snooze(Some(until))),
                Some(_) => {
                    view.error = Some("This time lies in the past.".into());
                    Vec::new()
                }
                None => {
                    view.error = Some("A time, such as 14:30 or 2026-03-14 9:00.".into());
                    Vec::new()
                }
            },
            _ => {
                // Whoever types a time need not go to its line first.
                if view.typed.key(key, usize::MAX / 2) == Edited::Changed {
                    view.error = None;
                    view.selected = lines.iter().position(|(_, what)| *what == Snooze::Typed).unwrap_or(0);
                }
                Vec::new()
            }
        }
    }

    pub(super) fn contact_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Contact(chat, form)) = &mut self.overlay else { return Vec::new() };
        let chat = *chat;
        if key.code == KeyCode::Esc {
            return self.close();
        }
        if !form.key(key) {
            return Vec::new();
        }
        let text = |field| Some(form.text(field).to_owned()).filter(|text| !text.is_empty());
        let (email, phone) = (text(1), text(2));
        if form.text(0).is_empty() {
            (form.field, form.error) = (0, Some("A contact needs a name.".into()));
            return Vec::new();
        }
        if email.as_ref().is_some_and(|email| !email.contains('@')) {
            (form.field, form.error) = (1, Some("An e-mail address has an @.".into()));
            return Vec::new();
        }
        let contact = NewContact { name: form.text(0).to_owned(), email, phone };
        self.act(chat, Act::AddContact(contact))
    }

    /// The lines of the operator's own work.
    pub fn work_choices(&self) -> Vec<WorkChoice> {
        let presence = Presence::ALL.iter().map(|presence| WorkChoice::Presence(*presence));
        let queues = self.work.queues.iter().map(|queue| WorkChoice::Queue(queue.queue, !queue.logged_in));
        presence.chain([WorkChoice::Hours]).chain(queues).collect()
    }

    pub(super) fn work_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let choices = self.work_choices();
        let Some(Overlay::Work(selected)) = &mut self.overlay else { return Vec::new() };
        if let Some(place) = moved(key.code, *selected, choices.len()) {
            *selected = place;
            return Vec::new();
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('w' | 'q') => self.close(),
            KeyCode::Enter | KeyCode::Char(' ') => match choices.get(*selected) {
                Some(WorkChoice::Presence(presence)) => self.wish_presence(*presence),
                Some(&WorkChoice::Queue(queue, log_in)) => vec![Effect::QueueLogin(queue, log_in)],
                Some(WorkChoice::Hours) => {
                    let form = hours::form(self.work.presence.schedule.as_ref(), &self.zone_name);
                    self.overlay = Some(Overlay::Hours(form));
                    Vec::new()
                }
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Available, Away or Off shift, as a key says. Off shift asks first when customers wait.
    pub(super) fn wish_presence(&mut self, presence: Presence) -> Vec<Effect> {
        if presence == Presence::OffShift {
            return vec![Effect::CountUnanswered];
        }
        vec![Effect::Presence(presence, false)]
    }

    /// The operator goes off shift, and so many customers wait for an answer.
    pub(super) fn off_shift(&mut self, unanswered: u32) -> Vec<Effect> {
        if unanswered == 0 {
            return self.be(Presence::OffShift, false);
        }
        self.overlay = Some(Overlay::Ask(Question::OffShift(unanswered)));
        Vec::new()
    }

    fn be(&mut self, presence: Presence, release: bool) -> Vec<Effect> {
        if matches!(self.overlay, Some(Overlay::Ask(_))) {
            self.overlay = None;
        }
        vec![Effect::Presence(presence, release)]
    }

    pub(super) fn hours_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Hours(form)) = &mut self.overlay else { return Vec::new() };
        if key.code == KeyCode::Esc {
            self.overlay = Some(Overlay::Work(Presence::ALL.len()));
            return Vec::new();
        }
        if !form.key(key) {
            return Vec::new();
        }
        match hours::read(form) {
            Ok(hours) => {
                self.overlay = Some(Overlay::Work(Presence::ALL.len()));
                vec![Effect::Schedule(hours)]
            }
            Err(error) => {
                form.error = Some(error);
                Vec::new()
            }
        }
    }

    /// Alarms and blocks, for who manages.
    pub(super) fn open_manage(&mut self) -> Vec<Effect> {
        if !self.manages() {
            self.note("Alarms and blocks are for managers.");
            return Vec::new();
        }
        self.overlay =
            Some(Overlay::Manage(ManageView { tab: ManageTab::Alarms, selected: 0, blocks: None, lifting: false }));
        vec![Effect::Blocks]
    }

    pub(super) fn manage_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let alarms = self.alarms.len();
        let Some(Overlay::Manage(view)) = &mut self.overlay else { return Vec::new() };
        let blocks = view.blocks.as_ref().and_then(|blocks| blocks.as_ref().ok()).map_or(&[][..], Vec::as_slice);
        let block = blocks.get(view.selected).filter(|_| view.tab == ManageTab::Blocks).map(|block| block.id);
        let count = if view.tab == ManageTab::Alarms { alarms } else { blocks.len() };
        if std::mem::take(&mut view.lifting) {
            return match (key.code, block) {
                (KeyCode::Char('y' | 'Y'), Some(block)) => vec![Effect::LiftBlock(block)],
                _ => Vec::new(),
            };
        }
        if let Some(selected) = moved(key.code, view.selected, count) {
            view.selected = selected;
            return Vec::new();
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('m' | 'q') => return self.close(),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                view.selected = 0;
                view.tab = match view.tab {
                    ManageTab::Alarms => ManageTab::Blocks,
                    ManageTab::Blocks => ManageTab::Alarms,
                };
            }
            KeyCode::Char('l') | KeyCode::Delete => view.lifting = block.is_some(),
            KeyCode::Enter if view.tab == ManageTab::Alarms => {
                let chat = self.alarms.get(view.selected).map(|alarm| alarm.chat);
                let Some(chat) = chat.filter(|chat| self.inbox.iter().any(|row| row.chat == *chat)) else {
                    self.note("This chat is not offered to you.");
                    return Vec::new();
                };
                self.overlay = None;
                return self.select(Some(chat));
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn blocks_came(&mut self, rows: Result<Vec<BlockRow>, String>) {
        if let Some(Overlay::Manage(view)) = &mut self.overlay {
            let count = rows.as_ref().map_or(0, Vec::len);
            if view.tab == ManageTab::Blocks {
                view.selected = view.selected.min(count.saturating_sub(1));
            }
            view.lifting = false;
            view.blocks = Some(rows);
        }
    }

    pub(super) fn alarms_changed(&mut self) {
        let count = self.alarms.len();
        if let Some(Overlay::Manage(view)) = &mut self.overlay
            && view.tab == ManageTab::Alarms
        {
            view.selected = view.selected.min(count.saturating_sub(1));
        }
    }

    /// A text that was pasted while a dialog has the keys.
    pub(super) fn paste_into_dialog(&mut self, text: &str) -> Vec<Effect> {
        match &mut self.overlay {
            Some(Overlay::Search(search)) => {
                search.query.insert(text);
                return vec![Effect::Search(search.query.text().to_owned())];
            }
            Some(Overlay::Transfer(view)) if view.field == TransferField::Note => view.note.insert(text),
            Some(Overlay::Transfer(view)) => {
                view.query.insert(text.trim());
                view.chosen = None;
                return vec![Effect::Targets(view.query.text().to_owned())];
            }
            Some(Overlay::Snooze(view)) => view.typed.insert(text.trim()),
            Some(Overlay::Contact(_, form) | Overlay::Hours(form) | Overlay::Entry(_, form)) => Form::paste(form, text),
            Some(Overlay::Template(view)) => view.form.paste(text),
            Some(Overlay::Colleagues(view)) => {
                view.query.insert(text.trim());
                return vec![DeskEffect::Colleagues(view.query.text().to_owned()).into()];
            }
            Some(Overlay::Templates(view)) => {
                view.search.insert(text.trim());
                return vec![DeskEffect::Templates(view.query()).into()];
            }
            Some(Overlay::Merge(view)) => {
                view.query.insert(text.trim());
                return vec![DeskEffect::FindContacts(view.query.text().to_owned()).into()];
            }
            _ => {}
        }
        Vec::new()
    }

    pub(super) fn help_key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Help(top)) = &mut self.overlay else { return Vec::new() };
        match key.code {
            KeyCode::Down | KeyCode::PageDown => {
                *top = top.saturating_add(if key.code == KeyCode::Down { 1 } else { 10 })
            }
            KeyCode::Up | KeyCode::PageUp => *top = top.saturating_sub(if key.code == KeyCode::Up { 1 } else { 10 }),
            _ => return self.close(),
        }
        *top = (*top).min(crate::view::help_lines(self.size.0).saturating_sub(1));
        Vec::new()
    }
}
