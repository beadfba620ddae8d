//! Labels to give, and the small forms of the other screens.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::dialog::{choice, chosen, form, paragraph, popup, room};
use crate::app::{App, COLORS, Entry, Labelled, LabelsView};
use crate::form::Form;
use crate::{text, theme};

pub(super) fn labels(app: &App, view: &LabelsView, frame: &mut Frame<'_>, area: Rect) {
    let wide = 48;
    let cells = room(wide, area);
    let title = match view.of {
        Labelled::Chat(_) => format!("Labels of this chat: {}", view.name),
        Labelled::Contact(_) => format!("Labels of {}", view.name),
    };
    let mut lines = Vec::new();
    match &view.rows {
        None => {}
        Some(rows) if rows.is_empty() => {
            lines.extend(paragraph("There are no labels yet: n makes one.", cells, theme::soft()));
        }
        Some(rows) => {
            let height = usize::from(area.height).saturating_sub(4).max(1);
            let skip = (view.selected + 1).saturating_sub(height);
            for (index, row) in rows.iter().enumerate().skip(skip).take(height) {
                let here = index == view.selected;
                let on = app.has_label(view.of, row.label);
                let (mark, style) = if on { ("[x] ", theme::good()) } else { ("[ ] ", theme::soft()) };
                let whose = if row.group.is_none() { "company" } else { "" };
                lines.push(Line::from(vec![
                    choice(here),
                    Span::styled(mark, style),
                    Span::styled("● ", theme::label(&row.color)),
                    Span::styled(text::pad(&row.name, cells.saturating_sub(16)), chosen(here)),
                    Span::styled(whose, theme::soft()),
                ]));
            }
        }
    }
    popup(&title, lines, wide, frame, area);
}

pub(super) fn entry(entry: &Entry, fields: &Form, frame: &mut Frame<'_>, area: Rect) {
    let colors: Vec<&str> = COLORS.iter().map(|(name, _)| *name).collect();
    let colors = format!("{}, or #rrggbb.", colors.join(", "));
    let (title, help) = match entry {
        Entry::GroupName(members) => {
            let many = members.len();
            (format!("A group of you and {many}"), "Its name, as all of them see it.")
        }
        Entry::Rename(_) => ("The group's name".to_owned(), "All members see who changed it."),
        Entry::ContactNote(_) => ("A note on the contact".to_owned(), "For colleagues; the customer never gets it."),
        Entry::Contact(_) => ("The contact".to_owned(), "An empty field is removed."),
        Entry::Label(None) => ("A new label".to_owned(), colors.as_str()),
        Entry::Label(Some(_)) => ("Change the label".to_owned(), colors.as_str()),
    };
    if !fields.tall {
        form(&title, fields, &[help], frame, area);
        return;
    }
    let wide = 60;
    let cells = room(wide, area);
    let Some(field) = fields.fields.last() else { return };
    let (parts, (row, column)) = field.layout(crate::form::TALL_CELLS.min(cells));
    let top = row.saturating_sub(7);
    let mut lines: Vec<Line<'_>> = parts
        .into_iter()
        .skip(top)
        .take(8)
        .map(|part| Line::from(Span::styled(format!(" {}", &field.text()[part]), Style::new())))
        .collect();
    lines.push(Line::default());
    match &fields.error {
        Some(error) => lines.extend(paragraph(error, cells, theme::alarm())),
        None => lines.extend(paragraph(help, cells, theme::soft())),
    }
    let place = popup(&title, lines, wide, frame, area);
    super::cursor(frame, place, row - top, 1 + column);
}
