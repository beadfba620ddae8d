//! The picker of templates, and the form of one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{TemplateGroup, TemplateItem, VARIABLES};

use super::composer::marked;
use super::dialog::{choice, chosen, paragraph, tail};
use super::overlay::inner;
use crate::app::{TemplateForm, TemplatesView};
use crate::form::TALL_CELLS;
use crate::{text, theme, words};

/// The most lines that the selected template's text takes.
const SHOWN: usize = 8;
/// Lines of the form's text.
const TALL_LINES: usize = 8;

pub(super) fn picker(view: &TemplatesView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let label = "Templates  ";
    let (query, column) = tail(&view.search, cells.saturating_sub(label.len()));
    let hint = if query.is_empty() { "words of a title, a text, a keyword" } else { "" };
    let mut lines = vec![
        Line::from(vec![Span::styled(label, theme::accent()), Span::raw(query), Span::styled(hint, theme::soft())]),
        tabs(view, cells),
        Line::default(),
    ];
    let height = usize::from(area.height).saturating_sub(lines.len());
    if let Some(picker) = &view.picker {
        if picker.rows.is_empty() {
            let none = view.search.text().trim().is_empty() && view.category.is_none() && view.language.is_none();
            let why = if none { "There are no templates yet." } else { "No template fits." };
            lines.push(Line::from(Span::styled(why, theme::soft())));
            if none && picker.can_create {
                lines.push(Line::from(Span::styled("Ctrl+N makes the first one.", theme::soft())));
            }
        }
        let blocks = picker.rows.iter().enumerate().map(|(index, row)| item(row, index == view.selected, cells));
        lines.extend(super::scrolled(blocks.collect(), view.selected, height));
    }
    frame.render_widget(Paragraph::new(lines), area);
    super::cursor(frame, area, 0, label.len() + column);
}

/// The tabs at the left, the language at the right.
fn tabs(view: &TemplatesView, cells: usize) -> Line<'static> {
    let picker = view.picker.as_ref();
    let language = match (&view.language, picker.and_then(|picker| picker.customer_language.as_deref())) {
        (Some(language), _) => words::language(language).to_owned(),
        (None, Some(customer)) => format!("All, {} first", words::language(customer)),
        (None, None) => "All languages".to_owned(),
    };
    let right = format!("{} ▾ ^L", text::fit(&language, 26));
    let mut room = cells.saturating_sub(text::width(&right) + 2);
    let all = std::iter::once(None);
    let names = picker.map(|picker| picker.categories.as_slice()).unwrap_or_default().iter().map(Some);
    let mut spans = Vec::new();
    for category in all.chain(names) {
        let name = category.map_or("All", String::as_str);
        let name = text::fit(name, 24);
        let here = category == view.category.as_ref();
        let wide = text::width(&name) + 2;
        if wide > room {
            // The chosen tab is always seen.
            if !here {
                continue;
            }
            spans.clear();
        }
        room = room.saturating_sub(wide);
        let style =
            if here { theme::accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED) } else { theme::soft() };
        spans.push(Span::styled(name, style));
        spans.push(Span::raw("  "));
    }
    super::ends_of(spans, &right, cells)
}

fn item(row: &TemplateItem, here: bool, cells: usize) -> Vec<Line<'static>> {
    let mut about = Vec::new();
    about.extend(row.category.as_deref());
    about.extend(row.language.as_deref());
    about.extend(row.group_name.as_deref().or(Some("whole company")).filter(|_| here));
    let about = text::fit(&about.join(" · "), cells / 2);
    let likely = if row.likely { "★ " } else { "  " };
    let room = cells.saturating_sub(text::width(&about) + 5);
    let first = Line::from(vec![
        choice(here),
        Span::styled(likely, theme::accent()),
        Span::styled(text::pad(&row.title, room), chosen(here)),
        Span::styled(format!(" {about}"), theme::soft()),
    ]);
    let mut lines = vec![first];
    // The chosen one is read whole before it is taken.
    let clean = text::clean(&row.text);
    let gaps = text::gaps(&clean);
    let most = if here { SHOWN } else { 1 };
    let one_line = clean.replace('\n', " ");
    if !here {
        lines.push(Line::from(vec![
            Span::raw("   "),
            Span::styled(text::cut(&one_line, cells.saturating_sub(4)), theme::soft()),
        ]));
        return lines;
    }
    for range in text::wrap(&clean, cells.saturating_sub(4)).into_iter().take(most) {
        let mut spans = vec![choice(true), Span::raw("  ")];
        for span in marked(&clean, range, &gaps, Style::new()) {
            let style = if span.content.starts_with("{{") { theme::accent() } else { span.style };
            spans.push(Span::styled(span.content.into_owned(), style));
        }
        lines.push(Line::from(spans));
    }
    lines
}

fn group(group: Option<&TemplateGroup>) -> &str {
    match group {
        Some(TemplateGroup { name: Some(name), .. }) => name,
        Some(_) => "the whole company",
        None => "your group",
    }
}

pub(super) fn form(view: &TemplateForm, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let form = &view.form;
    let names = 10;
    let title = if view.id.is_some() { "Change a template" } else { "A new template" };
    let mut lines = vec![Line::from(Span::styled(title, theme::strong())), Line::default()];
    let mut cursor = None;
    for (index, (name, field)) in form.names.iter().zip(&form.fields).enumerate() {
        let here = index == form.field;
        let label =
            |word: &str| Span::styled(text::pad(word, names), if here { theme::strong() } else { theme::soft() });
        if !form.is_tall(index) {
            let (shown, column) = tail(field, cells.saturating_sub(names + 2));
            if here {
                cursor = Some((lines.len(), 1 + names + column));
            }
            lines.push(Line::from(vec![choice(here), label(name), Span::raw(shown)]));
            continue;
        }
        let (parts, (row, column)) = field.layout(TALL_CELLS.min(cells.saturating_sub(names + 2)));
        let top = row.saturating_sub(TALL_LINES - 1);
        if here {
            cursor = Some((lines.len() + row - top, 1 + names + column));
        }
        for (place, part) in parts.into_iter().skip(top).take(TALL_LINES).enumerate() {
            let word = if place == 0 { label(name) } else { label("") };
            lines.push(Line::from(vec![choice(here), word, Span::raw(field.text()[part].to_owned())]));
        }
    }
    let for_whom = group(view.groups.get(view.group));
    let change = if view.id.is_none() && view.groups.len() > 1 { "  Ctrl+G: somebody else" } else { "" };
    lines.push(Line::from(vec![
        Span::raw(" "),
        Span::styled(text::pad("For", names), theme::soft()),
        Span::raw(text::fit(for_whom, cells.saturating_sub(names + 2 + change.len()))),
        Span::styled(change, theme::soft()),
    ]));
    lines.push(Line::default());
    match (&form.error, view.busy) {
        (_, true) => lines.push(Line::from(Span::styled(" Asking the server…", theme::soft()))),
        (Some(error), _) => lines.extend(paragraph(error, cells.saturating_sub(2), theme::alarm())),
        (None, _) => {
            let variables: Vec<String> = VARIABLES.iter().map(|name| format!("{{{{{name}}}}}")).collect();
            let help = format!("Filled when it is used: {}. Language as two letters: en, ru.", variables.join(" "));
            lines.extend(paragraph(&help, cells.saturating_sub(2), theme::soft()));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    if let Some((row, column)) = cursor {
        super::cursor(frame, area, row, column);
    }
}
