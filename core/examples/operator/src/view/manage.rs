//! What managers look after: chats that nobody answers, and addresses that are shut out.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::{AlarmRow, BlockRow};

use super::overlay::inner;
use crate::app::{App, ManageTab, ManageView};
use crate::clock::{coming, lasted};
use crate::{text, theme, words};

pub(super) fn manage(app: &App, view: &ManageView, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let tab = |tab: ManageTab, name: &str| {
        let style = if tab == view.tab {
            theme::accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            theme::soft()
        };
        Span::styled(name.to_owned(), style)
    };
    let mut lines = vec![
        Line::from(vec![
            tab(ManageTab::Alarms, "Chats that nobody looks after"),
            Span::raw("   "),
            tab(ManageTab::Blocks, "Blocks"),
        ]),
        Line::default(),
    ];
    let mut blocks_of_lines: Vec<Vec<Line<'static>>> = Vec::new();
    match view.tab {
        ManageTab::Alarms if app.alarms.is_empty() => {
            lines.push(Line::from(Span::styled("Every waiting chat is seen by somebody.", theme::soft())));
        }
        ManageTab::Alarms => {
            let rows = app.alarms.iter().enumerate();
            blocks_of_lines.extend(rows.map(|(index, row)| alarm(app, row, index == view.selected, cells)));
        }
        ManageTab::Blocks => match &view.blocks {
            None => lines.push(Line::from(Span::styled("Asking the server…", theme::soft()))),
            Some(Err(why)) => lines.push(Line::from(Span::styled(text::fit(why, cells), theme::alarm()))),
            Some(Ok(rows)) if rows.is_empty() => {
                lines.push(Line::from(Span::styled("Nobody is blocked.", theme::soft())));
            }
            Some(Ok(rows)) => blocks_of_lines.extend(rows.iter().enumerate().map(|(index, row)| {
                let here = index == view.selected;
                block(app, row, here, here && view.lifting, cells)
            })),
        },
    }
    // Scrolls so that the selected one is on the screen.
    let height = usize::from(area.height).saturating_sub(lines.len());
    let upto: usize = blocks_of_lines.iter().take(view.selected + 1).map(Vec::len).sum();
    lines.extend(blocks_of_lines.into_iter().flatten().skip(upto.saturating_sub(height)));
    frame.render_widget(Paragraph::new(lines), area);
}

fn lead(here: bool) -> Span<'static> {
    if here { Span::styled("▌", theme::accent()) } else { Span::raw(" ") }
}

fn alarm(app: &App, row: &AlarmRow, here: bool, cells: usize) -> Vec<Line<'static>> {
    let place = row.queue_name.as_deref().or(row.channel_name.as_deref()).unwrap_or("no queue");
    let since = lasted(app.now - row.since);
    let since = if since == "now" { "just now".to_owned() } else { format!("for {since}") };
    let channel = row.channel_kind.map_or("", words::channel);
    let style = if here { theme::strong() } else { Style::new() };
    vec![
        Line::from(vec![
            lead(here),
            Span::styled(text::pad(place, cells.saturating_sub(text::width(&since) + 2)), style),
            Span::styled(since, theme::soft()),
        ]),
        Line::from(vec![
            lead(here),
            Span::styled(words::alarm(row.kind), theme::alarm()),
            Span::styled(format!("  {channel}"), theme::soft()),
        ]),
    ]
}

fn block(app: &App, row: &BlockRow, here: bool, lifting: bool, cells: usize) -> Vec<Line<'static>> {
    let until = format!("until {}", coming(row.expires_at, app.now, &app.zone));
    let style = if here { theme::strong() } else { Style::new() };
    let who = row.by_name.as_deref().unwrap_or("a colleague");
    let visitors = match row.visitors {
        1 => "1 visitor".to_owned(),
        count => format!("{count} visitors"),
    };
    let about = match row.channel_name.as_deref() {
        Some(channel) => format!("{visitors} · by {who} · {channel}"),
        None => format!("{visitors} · by {who}"),
    };
    let second = if lifting {
        Span::styled("Lift this block? y / n", theme::alarm())
    } else {
        Span::styled(text::fit(&about, cells.saturating_sub(2)), theme::soft())
    };
    vec![
        Line::from(vec![
            lead(here),
            Span::styled(text::pad(&row.address, cells.saturating_sub(text::width(&until) + 2)), style),
            Span::styled(until, theme::soft()),
        ]),
        Line::from(vec![lead(here), second]),
    ]
}
