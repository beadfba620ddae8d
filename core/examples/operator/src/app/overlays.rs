//! What lies over the inbox: the state of each.

use chrono::{Datelike, Days, NaiveDateTime, NaiveTime, Weekday};
use switchboard_core::{
    BlockRow, ChatId, ContactId, LabelId, MessageId, NoteId, Presence, QueueId, SearchResults, StaleReason, TemplateId,
    TransferTarget, TransferTargetRow, UserId,
};

use super::{
    ColleaguesView, Entry, InfoView, LabelsView, MembersView, MergeView, SettingsView, TemplateForm, TemplatesView,
};

use crate::clock::Zone;
use crate::editor::Editor;
use crate::form::Form;
use crate::hours;

/// What lies over the inbox.
#[derive(Debug)]
pub enum Overlay {
    /// The search.
    Search(SearchView),
    /// The unsent texts: the selected one, and whether its deletion waits for a yes.
    Unsent {
        /// The selected row.
        selected: usize,
        /// Whether the next y deletes it.
        deleting: bool,
    },
    /// What can be done with a chat: the selected one of those that are possible.
    Menu(ChatId, usize),
    /// A question before something that cannot be taken back.
    Ask(Question),
    /// To whom a chat is passed on.
    Transfer(TransferView),
    /// Until when a chat is put away.
    Snooze(SnoozeView),
    /// The person of a chat, for the contacts.
    Contact(ChatId, Form),
    /// The operator's presence and queues: the selected line.
    Work(usize),
    /// The operator's hours.
    Hours(Form),
    /// Alarms and blocks.
    Manage(ManageView),
    /// With whom a staff chat is begun, or who comes into it.
    Colleagues(ColleaguesView),
    /// Who is in a staff chat.
    Members(MembersView),
    /// The templates.
    Templates(TemplatesView),
    /// A template being written.
    Template(TemplateForm),
    /// What is known of a contact.
    Info(Box<InfoView>),
    /// The contact that another one is merged with.
    Merge(MergeView),
    /// Labels to give.
    Labels(LabelsView),
    /// Settings > Chat.
    Settings(SettingsView),
    /// A small form that belongs to the screen below it.
    Entry(Entry, Form),
    /// The keys, from this line on.
    Help(usize),
}

/// The search as it is typed.
#[derive(Debug, Default)]
pub struct SearchView {
    /// The query.
    pub query: Editor,
    /// The answer to `answered`.
    pub results: Option<Box<SearchResults>>,
    /// The query that the results answer.
    pub answered: String,
    /// The selected hit.
    pub selected: usize,
}

/// What is asked before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// End the session?
    End {
        /// The chat.
        chat: ChatId,
        /// The contact.
        name: String,
    },
    /// Block the visitor?
    Block {
        /// The chat.
        chat: ChatId,
        /// The contact.
        name: String,
        /// How many visitors share the address, once the server said so; or why it did not.
        sharing: Option<Result<u32, String>>,
    },
    /// Delete the chat for this operator?
    Delete {
        /// The chat.
        chat: ChatId,
        /// The contact.
        name: String,
        /// Whether it is only the line of a chat that was passed on.
        line: bool,
    },
    /// Off shift, while this many customers wait: give their chats back?
    OffShift(u32),
    /// A reply asks before it is sent: send it, or take it back?
    Stale {
        /// The chat.
        chat: ChatId,
        /// The reply.
        message: MessageId,
        /// What it says.
        text: String,
        /// When it was written.
        at: i64,
        /// Why it asks.
        reason: StaleReason,
    },
    /// Leave a staff group?
    Leave {
        /// The chat.
        chat: ChatId,
        /// Its name.
        name: String,
    },
    /// Take a colleague out of a staff group?
    RemoveMember {
        /// The chat.
        chat: ChatId,
        /// The colleague.
        user: UserId,
        /// The colleague's name.
        name: String,
    },
    /// Make one contact of two?
    Merge {
        /// The one that stays.
        kept: ContactId,
        /// Its name.
        kept_name: String,
        /// The one that becomes a part of it.
        merged: ContactId,
        /// Its name.
        merged_name: String,
    },
    /// Part a merged contact again?
    Part {
        /// The part.
        contact: ContactId,
        /// Its name.
        name: String,
        /// The name of the whole.
        of: String,
    },
    /// Remove a note on a contact?
    DeleteNote(NoteId),
    /// Remove a label from everything?
    DeleteLabel {
        /// The label.
        label: LabelId,
        /// Its name.
        name: String,
    },
    /// Delete a template for everybody?
    DeleteTemplate {
        /// The template.
        id: TemplateId,
        /// The edition that was looked at.
        edition: u64,
        /// Its title.
        title: String,
    },
}

/// Which field of the transfer has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferField {
    /// To whom.
    Who,
    /// The note.
    Note,
}

/// A transfer being filled in.
#[derive(Debug)]
pub struct TransferView {
    /// The chat.
    pub chat: ChatId,
    /// The contact.
    pub name: String,
    /// The beginning of a name, or an extension.
    pub query: Editor,
    /// A word to the next one.
    pub note: Editor,
    /// Which of the two has the keys.
    pub field: TransferField,
    /// The answer to the query; none yet.
    pub targets: Option<Vec<TransferTargetRow>>,
    /// The chosen one; the first of the list when it is not in it.
    pub chosen: Option<TransferTarget>,
    /// The query that the list answers; none yet.
    pub answered: Option<String>,
    /// When the list last came.
    pub came_at: i64,
    /// Whether Enter was pressed before the list came that answers what was typed: it counts for that list.
    pub hurried: bool,
}

impl TransferView {
    pub(super) fn new(chat: ChatId, name: String) -> Self {
        Self {
            chat,
            name,
            query: Editor::line(),
            note: Editor::lines(),
            field: TransferField::Who,
            targets: None,
            chosen: None,
            answered: None,
            came_at: 0,
            hurried: false,
        }
    }

    /// The place of the chosen target in the list.
    pub fn place(&self) -> Option<usize> {
        let targets = self.targets.as_ref().filter(|targets| !targets.is_empty())?;
        Some(targets.iter().position(|row| Some(row.target) == self.chosen).unwrap_or(0))
    }

    /// The chosen target.
    pub fn target(&self) -> Option<&TransferTargetRow> {
        self.targets.as_ref()?.get(self.place()?)
    }
}

/// What a line of the snooze menu does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snooze {
    /// Until this time.
    Until(i64),
    /// Until the time that is typed.
    Typed,
    /// Back to Recents now.
    Back,
}

/// Until when a chat is put away.
#[derive(Debug)]
pub struct SnoozeView {
    /// The chat.
    pub chat: ChatId,
    /// Whether it is put away already.
    pub snoozed: bool,
    /// The selected line.
    pub selected: usize,
    /// A time of one's own.
    pub typed: Editor,
    /// What is wrong with it.
    pub error: Option<String>,
}

impl SnoozeView {
    pub(super) fn new(chat: ChatId, snoozed: bool) -> Self {
        Self { chat, snoozed, selected: 0, typed: Editor::line(), error: None }
    }

    /// The lines of the menu.
    pub fn lines(&self, now: i64, zone: &Zone) -> Vec<(String, Snooze)> {
        const HOUR: i64 = 3_600_000;
        let here = zone.at(now);
        let at = |days: u64, hour: u32| {
            let day = here.date_naive().checked_add_days(Days::new(days))?;
            zone.instant(day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?))
        };
        let to_monday = 7 - u64::from(here.weekday().num_days_from_monday());
        let mut lines = vec![
            ("For an hour".to_owned(), Snooze::Until(now + HOUR)),
            ("For three hours".to_owned(), Snooze::Until(now + 3 * HOUR)),
        ];
        for (word, until) in [
            (format!("Until tomorrow, {} 9:00", (here + Days::new(1)).format("%A")), at(1, 9)),
            ("Until Monday 9:00".to_owned(), at(to_monday, 9).filter(|_| here.weekday() != Weekday::Sun)),
        ] {
            lines.extend(until.map(|until| (word, Snooze::Until(until))));
        }
        lines.push(("Until".to_owned(), Snooze::Typed));
        if self.snoozed {
            lines.push(("Back to Recents now".to_owned(), Snooze::Back));
        }
        lines
    }
}

/// Reads "14:30" (the next time that it is so late), "2026-03-14" (at nine) and "2026-03-14 8:15".
pub(super) fn moment(text: &str, now: i64, zone: &Zone) -> Option<i64> {
    let time = |text: &str| {
        let minutes = u32::from(hours::minutes(text)?);
        NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0)
    };
    let text = text.trim();
    let (date, clock) = text.split_once(' ').map_or((text, ""), |(date, clock)| (date, clock.trim()));
    let local: NaiveDateTime = match chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d") {
        Ok(day) if clock.is_empty() => day.and_time(NaiveTime::from_hms_opt(9, 0, 0)?),
        Ok(day) => day.and_time(time(clock)?),
        Err(_) => {
            let here = zone.at(now);
            let time = time(text)?;
            let days = u64::from(time <= here.time());
            here.date_naive().checked_add_days(Days::new(days))?.and_time(time)
        }
    };
    zone.instant(local)
}

/// A line of the operator's own work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkChoice {
    /// To be this.
    Presence(Presence),
    /// The hours.
    Hours,
    /// To log in to this queue, or out of it.
    Queue(QueueId, bool),
}

/// What a manager looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManageTab {
    /// Waiting chats that nobody looks after.
    Alarms,
    /// Blocks in force.
    Blocks,
}

/// Alarms and blocks.
#[derive(Debug)]
pub struct ManageView {
    /// Which of them.
    pub tab: ManageTab,
    /// The selected line.
    pub selected: usize,
    /// The blocks, once the server answered.
    pub blocks: Option<Result<Vec<BlockRow>, String>>,
    /// Whether the next y lifts the selected block.
    pub lifting: bool,
}

#[cfg(test)]
mod tests {
    use chrono::FixedOffset;

    use super::*;

    /// 2026-03-10 10:40, a Tuesday, in a zone an hour ahead.
    const NOW: i64 = 1_773_135_600_000;
    const HOUR: i64 = 3_600_000;

    #[test]
    fn f68_a_time_is_the_next_one_or_that_of_a_day() {
        let zone = Zone::Fixed(FixedOffset::east_opt(3_600).unwrap());
        let minutes = |text| moment(text, NOW, &zone).map(|at| (at - NOW) / 60_000);
        assert_eq!(minutes("14:30"), Some(230));
        assert_eq!(minutes("9"), Some(24 * 60 - 100));
        assert_eq!(minutes("10:40"), Some(24 * 60));
        assert_eq!(minutes("2026-03-11"), Some(24 * 60 - 100));
        assert_eq!(minutes(" 2026-03-10  12:00 "), Some(80));
        assert_eq!(["", "soon", "25", "2026-02-30", "2026-03-11 x"].map(minutes), [None; 5]);
    }

    #[test]
    fn f68_the_menu_has_times_of_a_working_day() {
        let zone = Zone::Fixed(FixedOffset::east_opt(3_600).unwrap());
        let lines = SnoozeView::new(ChatId::from_bytes([1; 16]), true).lines(NOW, &zone);
        let words: Vec<&str> = lines.iter().map(|(word, _)| word.as_str()).collect();
        let wanted = [
            "For an hour",
            "For three hours",
            "Until tomorrow, Wednesday 9:00",
            "Until Monday 9:00",
            "Until",
            "Back to Recents now",
        ];
        assert_eq!(words, wanted);
        assert_eq!(lines[3].1, Snooze::Until(NOW - 100 * 60_000 + 6 * 24 * HOUR));
    }
}
