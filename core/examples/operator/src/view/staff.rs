//! Colleagues: choosing them, and who is in a staff chat.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::Colleague;

use super::dialog::{choice, chosen, popup, room, tail};
use super::overlay::inner;
use crate::app::{App, Choosing, ColleaguesView, MembersView};
use crate::{text, theme, words};

pub(super) fn colleagues(view: &ColleaguesView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let title = match view.choosing {
        Choosing::New => "Write to colleagues",
        Choosing::Group(_) => "Add to the group",
    };
    let (query, column) = tail(&view.query, cells.saturating_sub(10));
    let hint = if query.is_empty() { "a name, or an extension" } else { "" };
    let mut lines = vec![Line::from(Span::styled(title, theme::strong())), Line::default()];
    let cursor = (lines.len(), 9 + column);
    lines.push(Line::from(vec![
        Span::styled(text::pad("To", 9), theme::accent()),
        Span::raw(query),
        Span::styled(hint, theme::soft()),
    ]));
    let names: Vec<&str> = view.marked.iter().map(|(_, name)| name.as_str()).collect();
    let (word, style) = match (names.is_empty(), &view.choosing) {
        (false, _) => (names.join(", "), theme::accent()),
        (true, Choosing::New) => ("Tab marks several: they become a group".into(), theme::soft()),
        (true, Choosing::Group(_)) => ("Tab marks several".into(), theme::soft()),
    };
    lines.push(Line::from(vec![
        Span::styled(text::pad("Marked", 9), theme::soft()),
        Span::styled(text::fit(&word, cells.saturating_sub(10)), style),
    ]));
    lines.push(Line::default());
    let height = usize::from(area.height).saturating_sub(lines.len());
    match &view.rows {
        None => {}
        Some(rows) if rows.is_empty() => {
            lines.push(Line::from(Span::styled("Nobody of this name or extension.", theme::soft())));
        }
        Some(rows) => {
            let blocks = rows.iter().enumerate().map(|(index, row)| {
                let marked = view.marked.iter().any(|(user, _)| *user == row.user);
                vec![colleague(row, index == view.selected, Some(marked), cells)]
            });
            lines.extend(super::scrolled(blocks.collect(), view.selected, height));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    super::cursor(frame, area, cursor.0, cursor.1);
}

/// A colleague on one line; on a narrow screen the group goes first, then the extension.
fn colleague(row: &Colleague, here: bool, marked: Option<bool>, cells: usize) -> Line<'static> {
    let (mark, style) = theme::presence(row.presence);
    let (number, group) = (if cells >= 36 { 6 } else { 0 }, if cells >= 56 { 18 } else { 0 });
    let box_cells = if marked.is_some() { 4 } else { 0 };
    let name = cells.saturating_sub(3 + box_cells + number + group + 10);
    let mut spans = vec![choice(here)];
    match marked {
        Some(true) => spans.push(Span::styled("[x] ", theme::accent())),
        Some(false) => spans.push(Span::styled("[ ] ", theme::soft())),
        None => {}
    }
    let who = if row.is_me { format!("{} (you)", row.name) } else { row.name.clone() };
    spans.extend([
        Span::styled(mark, style),
        Span::raw(" "),
        Span::styled(text::pad(&who, name), chosen(here)),
        Span::styled(text::pad(row.extension.as_deref().unwrap_or(""), number), theme::soft()),
        Span::styled(text::pad(row.group_name.as_deref().unwrap_or(""), group), theme::soft()),
        Span::styled(text::pad(words::presence(row.presence), 10), style),
    ]);
    Line::from(spans)
}

pub(super) fn members(app: &App, view: &MembersView, frame: &mut Frame<'_>, area: Rect) {
    let wide = 64;
    let cells = room(wide, area);
    let title = app.row_of(view.chat).map_or("Members", words::contact);
    let mut lines: Vec<Line<'_>> = match &view.rows {
        None => Vec::new(),
        Some(rows) => {
            rows.iter().enumerate().map(|(index, row)| colleague(row, index == view.selected, None, cells)).collect()
        }
    };
    // More than fit: those around the selected one.
    let height = usize::from(area.height).saturating_sub(6).max(1);
    let skip = (view.selected + 1).saturating_sub(height);
    lines = lines.into_iter().skip(skip).take(height).collect();
    if app.is_group(view.chat) {
        lines.push(Line::default());
        for part in text::wrapped("New members see what is written from then on.", cells) {
            lines.push(Line::from(Span::styled(format!(" {part}"), theme::soft())));
        }
    }
    popup(title, lines, wide, frame, area);
}
