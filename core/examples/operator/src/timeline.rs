//! An open chat: its rows as lines of the screen, and a scroll position that stays where the reader is while messages
//! arrive below and older ones above.

use chrono::{DateTime, NaiveDate};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use switchboard_core::{ChatId, InboxRow, MessageKind, TimelineRow};

use crate::clock::Zone;
use crate::editor::Editor;
use crate::{text, theme, words};

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
            if row.mine && closes_group && !note {
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
    let among = if row.kind == MessageKind::Note { " · note to colleagues" } else { "" };
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
