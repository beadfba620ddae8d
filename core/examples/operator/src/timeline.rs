//! An open chat: its rows as lines of the screen, and a scroll position that stays where the reader is while messages
//! arrive below and older ones above.

use chrono::{DateTime, NaiveDate};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use switchboard_core::{ChatId, Colleague, DeliveryState, InboxRow, MessageKind, TimelineRow, UserId};

use crate::clock::Zone;
use crate::editor::Editor;
use crate::{text, theme, words};

/// The most names that are offered behind an @.
const MENTIONS: usize = 5;
/// Messages of one author within this time share a heading.
const GROUP_MS: i64 = 5 * 60 * 1_000;

/// Where the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scroll {
    /// At the newest message, following it.
    Bottom,
    /// The top line of the screen is this line of this row.
    At {
        /// The row.
        key: Key,
        /// The line among the row's lines.
        line: usize,
    },
}

/// What a row is known by as it moves from queued to accepted.
pub type Key = switchboard_core::MessageId;

/// A chat on the screen.
#[derive(Debug, Clone)]
pub struct OpenChat {
    /// Which.
    pub id: ChatId,
    /// Its row of the inbox; empty until it is loaded.
    pub row: Vec<InboxRow>,
    /// The loaded part of it, oldest first.
    pub rows: Vec<TimelineRow>,
    /// Whether it left this device.
    pub closed: bool,
    /// Where the reader is.
    pub scroll: Scroll,
    /// A message to bring into view once it is loaded: a search hit.
    pub target: Option<u64>,
    /// Whether it was opened around a message, so that newer ones may not be loaded.
    pub around: bool,
    /// What is being written.
    pub composer: Editor,
    /// Whether the composer holds something that the store does not have yet.
    pub draft_dirty: bool,
    /// The highest message that was reported as read.
    pub read_upto: u64,
    /// Whether older messages were asked for and have not come.
    pub extending: bool,
    /// Whether the composer holds a note, and not the reply.
    pub noting: bool,
    /// The other one of the two texts: the note while a reply is written, and the reply while a note is.
    pub other: Editor,
    /// Whom a text here can mention, once it was asked.
    pub mentionable: Vec<Colleague>,
    /// The selected name behind an @.
    pub mention: usize,
    /// Whether the names were waved away, until something is typed.
    pub mention_off: bool,
}

/// One line of the chat, and the row that it belongs to.
pub struct ChatLine {
    /// The row.
    pub key: Key,
    /// What is drawn.
    pub line: Line<'static>,
}

impl OpenChat {
    /// A chat whose rows are still to come.
    pub fn new(id: ChatId, target: Option<u64>) -> Self {
        Self {
            id,
            row: Vec::new(),
            rows: Vec::new(),
            closed: false,
            scroll: Scroll::Bottom,
            target,
            around: target.is_some(),
            composer: Editor::lines(),
            draft_dirty: false,
            read_upto: 0,
            extending: false,
            noting: false,
            other: Editor::lines(),
            mentionable: Vec::new(),
            mention: 0,
            mention_off: false,
        }
    }

    /// The reply, also while a note is written.
    pub fn reply(&self) -> &Editor {
        if self.noting { &self.other } else { &self.composer }
    }

    /// The same, to be changed.
    pub fn reply_mut(&mut self) -> &mut Editor {
        if self.noting { &mut self.other } else { &mut self.composer }
    }

    /// The note, also while a reply is written.
    pub fn note(&self) -> &Editor {
        if self.noting { &self.composer } else { &self.other }
    }

    /// Turns the composer to the other one of the two texts.
    pub fn toggle_note(&mut self) {
        self.noting = !self.noting;
        std::mem::swap(&mut self.composer, &mut self.other);
    }

    /// Puts a reply that could not be stored in front of what was typed since.
    pub fn put_back(&mut self, text: &str) {
        before(self.reply_mut(), text);
        self.draft_dirty = true;
    }

    /// The same with a note.
    pub fn put_back_note(&mut self, text: &str) {
        before(if self.noting { &mut self.composer } else { &mut self.other }, text);
    }

    /// Where the @ stands behind which a name is being written, where somebody can be mentioned.
    pub fn mention_at(&self) -> Option<usize> {
        if !self.noting && self.row.first().is_none_or(|row| row.internal.is_none()) {
            return None;
        }
        let before = &self.composer.text()[..self.composer.cursor()];
        let at = before.rfind('@')?;
        let written = &before[at + 1..];
        let begins = before[..at].chars().next_back().is_none_or(char::is_whitespace);
        (begins && written.chars().count() <= 40 && !written.contains('\n')).then_some(at)
    }

    /// The colleagues whose names begin as it was written behind the @.
    pub fn mentioning(&self) -> Vec<&Colleague> {
        let Some(at) = self.mention_at().filter(|_| !self.mention_off) else { return Vec::new() };
        let written = self.composer.text()[at + 1..self.composer.cursor()].to_lowercase();
        let begins = |name: &str| {
            let name = name.to_lowercase();
            name.starts_with(&written) || name.split_whitespace().any(|word| word.starts_with(&written))
        };
        self.mentionable.iter().filter(|colleague| begins(&colleague.name)).take(MENTIONS).collect()
    }

    /// Writes a name out behind its @.
    pub fn complete(&mut self, name: &str) {
        if let Some(at) = self.mention_at() {
            let cursor = self.composer.cursor();
            self.composer.replace(at..cursor, &format!("@{name} "));
        }
    }

    /// All lines of the loaded rows.
    pub fn lines(&self, cells: usize, zone: &Zone, now: i64) -> Vec<ChatLine> {
        let mut lines = Vec::new();
        let today = zone.at(now).date_naive();
        let customer = self.row.first().map_or("Visitor", words::contact);
        let mut day: Option<NaiveDate> = None;
        for (index, row) in self.rows.iter().enumerate() {
            let at = zone.at(row.sent_at);
            let before = index.checked_sub(1).and_then(|before| self.rows.get(before));
            let after = self.rows.get(index + 1);
            let mut push = |line: Line<'static>| lines.push(ChatLine { key: row.id, line });
            let new_day = day != Some(at.date_naive());
            if new_day {
                day = Some(at.date_naive());
                push(day_break(&at, today, cells));
            }
            if row.kind == MessageKind::Activity {
                if !new_day && before.is_some_and(|before| before.kind != MessageKind::Activity) {
                    push(Line::default());
                }
                activity(row, &at, cells).into_iter().for_each(&mut push);
                continue;
            }
            let note = row.kind == MessageKind::Note;
            let grouped = !new_day && before.is_some_and(|before| same_group(before, row));
            if !grouped {
                push(Line::default());
                push(heading(row, customer, &at, cells));
            }
            let target = row.no.is_some() && row.no == self.target;
            // A column that a reader's eye can follow, and a margin that tells the two sides apart.
            let column = (cells.saturating_sub(2)).min(72).min(cells * 4 / 5).max(8);
            let parts = text::wrapped(&text::clean(&row.text), column);
            // Own messages stand at the right as one block: its lines begin in one column.
            let widest = parts.iter().map(|part| text::width(part)).max().unwrap_or(0);
            let indent = if row.mine { cells.saturating_sub(widest + 1) } else { 1 };
            for part in parts {
                push(bubble(part, indent, target, note));
            }
            let closes_group = after.is_none_or(|after| !same_group(row, after) || after.state != row.state);
            // A note has no customer to reach: only that it waits is worth a word.
            let told = !note || !matches!(row.state, DeliveryState::Stored(_));
            if row.mine && closes_group && told {
                let (word, style) = theme::state(row.state);
                push(Line::from(Span::styled(format!("{word} "), style)).right_aligned());
            }
        }
        lines
    }

    /// The index of the first line to draw in a window of this many lines.
    pub fn top(&self, lines: &[ChatLine], height: usize) -> usize {
        let bottom = lines.len().saturating_sub(height);
        if let Some(target) = self.target
            && let Some(row) = self.rows.iter().find(|row| row.no == Some(target))
            && self.scroll == Scroll::Bottom
            && let Some(first) = lines.iter().position(|line| line.key == row.id)
        {
            return first.saturating_sub(height / 3).min(bottom);
        }
        match self.scroll {
            Scroll::Bottom => bottom,
            Scroll::At { key, line } => {
                lines.iter().position(|other| other.key == key).map_or(bottom, |first| (first + line).min(bottom))
            }
        }
    }

    /// Moves the window by lines, down when positive. Returns whether it stands at the top of what is loaded.
    pub fn scroll(&mut self, by: isize, lines: &[ChatLine], height: usize) -> bool {
        let bottom = lines.len().saturating_sub(height);
        let top = self.top(lines, height).saturating_add_signed(by).min(bottom);
        self.target = None;
        self.scroll = match lines.get(top) {
            Some(line) if top < bottom => {
                let first = lines.iter().position(|other| other.key == line.key).unwrap_or(top);
                Scroll::At { key: line.key, line: top - first }
            }
            _ => Scroll::Bottom,
        };
        top == 0
    }

    /// The newest message of somebody else that has a number: what reading the end of the chat means.
    pub fn newest_no(&self) -> u64 {
        self.rows.iter().rev().find_map(|row| row.no).unwrap_or(0)
    }
}

/// Puts a text in front of what stands in an editor.
fn before(editor: &mut Editor, text: &str) {
    let typed = editor.take();
    editor.set(&if typed.is_empty() { text.to_owned() } else { format!("{text}\n{typed}") });
}

/// Whom a text mentions: `@` and a whole name. The longest name counts where one begins with another.
pub fn mentioned(text: &str, people: &[Colleague]) -> Vec<UserId> {
    let mut longest: Vec<&Colleague> = people.iter().filter(|person| !person.name.is_empty()).collect();
    longest.sort_by_key(|person| std::cmp::Reverse(person.name.len()));
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let rest = &text[at + 1..];
        let ends = |name: &str| !rest[name.len()..].starts_with(char::is_alphanumeric);
        let person = longest.iter().find(|person| rest.starts_with(&person.name) && ends(&person.name));
        if let Some(person) = person.filter(|person| !found.contains(&person.user)) {
            found.push(person.user);
        }
    }
    found
}

fn same_group(a: &TimelineRow, b: &TimelineRow) -> bool {
    a.kind == b.kind
        && a.mine == b.mine
        && a.author == b.author
        && a.author_id == b.author_id
        && (b.sent_at - a.sent_at).abs() < GROUP_MS
}

fn day_break<T: chrono::TimeZone>(at: &DateTime<T>, today: NaiveDate, cells: usize) -> Line<'static>
where
    T::Offset: std::fmt::Display,
{
    let day = at.date_naive();
    let name = match (today - day).num_days() {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        2..=6 => at.format("%A").to_string(),
        _ => at.format("%-d %B %Y").to_string(),
    };
    let rest = cells.saturating_sub(text::width(&name) + 2);
    let (left, right) = ("─".repeat(rest / 2), "─".repeat(rest - rest / 2));
    Line::from(vec![
        Span::styled(left, theme::faint()),
        Span::styled(format!(" {name} "), theme::soft()),
        Span::styled(right, theme::faint()),
    ])
}

fn heading(row: &TimelineRow, customer: &str, at: &DateTime<chrono::FixedOffset>, cells: usize) -> Line<'static> {
    let time = at.format("%H:%M").to_string();
    // The customer never gets a note: its heading says so, not its colour alone.
    let among = match (row.kind == MessageKind::Note, row.mentions_me) {
        (true, true) => " · note, mentions you",
        (true, false) => " · note to colleagues",
        (false, true) => " · mentions you",
        (false, false) => "",
    };
    if row.mine {
        return Line::from(vec![
            Span::styled("You", theme::mine()),
            Span::styled(among, theme::note()),
            Span::styled(format!("  {time} "), theme::soft()),
        ])
        .right_aligned();
    }
    let (name, style) = theme::author(row, customer);
    let name = text::fit(name, cells.saturating_sub(time.len() + 4 + text::width(among)));
    Line::from(vec![
        Span::styled(format!(" {name}"), style),
        Span::styled(among, theme::note()),
        Span::styled(format!("  {time}"), theme::soft()),
    ])
}

/// What happened, in the middle, between the two sides.
fn activity(row: &TimelineRow, at: &DateTime<chrono::FixedOffset>, cells: usize) -> Vec<Line<'static>> {
    let words = format!("{}  {}", words::activity(row), at.format("%H:%M"));
    text::wrapped(&text::clean(&words).replace('\n', " "), cells.saturating_sub(4).min(72))
        .into_iter()
        .map(|part| Line::from(Span::styled(part, theme::soft())).centered())
        .collect()
}

fn bubble(part: String, indent: usize, target: bool, note: bool) -> Line<'static> {
    let style = if note { theme::note() } else { Style::new() };
    let style = if target { style.add_modifier(Modifier::REVERSED) } else { style };
    Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(part, style)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchboard_core::Presence;

    fn colleague(n: u8, name: &str) -> Colleague {
        let user = UserId::from_bytes([n; 16]);
        let (extension, group_name) = (None, None);
        Colleague { user, name: name.into(), extension, group_name, presence: Presence::Available, is_me: false }
    }

    #[test]
    fn f66_a_mention_is_a_whole_name_behind_an_at() {
        let people = [colleague(1, "Ann"), colleague(2, "Ann Lee"), colleague(3, "Ольга")];
        let users =
            |text: &str| -> Vec<u8> { mentioned(text, &people).iter().map(|user| user.as_bytes()[0]).collect() };
        assert_eq!(users("@Ann Lee and @Ольга, look. @Ann Lee!"), [2, 3]);
        assert_eq!(users("@Anna, or mail ann@Ann"), [1]);
        assert_eq!(users("Ann, @ann, @"), [] as [u8; 0]);
    }
}
