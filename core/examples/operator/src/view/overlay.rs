//! What lies over the inbox: the unsent texts, and the sign-in form before it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use switchboard_core::MessageKind;

use crate::app::App;
use crate::clock::short;
use crate::signin::{SignIn, Way};
use crate::{text, theme, words};

/// A line within the margins.
pub(super) fn inner(area: Rect) -> Rect {
    let margin = if area.width > 60 { 2 } else { 1 };
    Rect { x: area.x + margin, width: area.width.saturating_sub(2 * margin), ..area }
}

pub(super) fn unsent(app: &App, selected: usize, deleting: bool, frame: &mut Frame<'_>, area: Rect) {
    let area = inner(area);
    let cells = usize::from(area.width);
    let mut lines = vec![
        Line::from(Span::styled("Unsent texts", theme::strong())),
        Line::from(Span::styled("Written by you, and not sent to the customer.", theme::soft())),
        Line::default(),
    ];
    if app.unsent.is_empty() {
        lines.push(Line::from("Nothing here: every text of yours went out."));
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let mut blocks = Vec::new();
    for (index, row) in app.unsent.iter().enumerate() {
        let chosen = index == selected;
        let lead = || if chosen { Span::styled("▌", theme::accent()) } else { Span::raw(" ") };
        let to = match row.kind {
            MessageKind::Note => "Note about",
            MessageKind::Text | MessageKind::Activity => "To",
        };
        let to = format!("{to} {}", row.contact_name.as_deref().unwrap_or("Visitor"));
        let time = short(row.written_at, app.now, &app.zone);
        let mut block = vec![Line::from(vec![
            lead(),
            Span::styled(text::pad(&to, cells.saturating_sub(text::width(&time) + 2)), theme::strong()),
            Span::styled(time, theme::soft()),
        ])];
        let parts = text::wrapped(&text::clean(&row.text), cells.saturating_sub(2));
        let most = if chosen { parts.len() } else { 2 };
        block.extend(parts.into_iter().take(most).map(|part| Line::from(vec![lead(), Span::raw(part)])));
        let why = if chosen && deleting {
            Span::styled("Delete this text for good? y / n", theme::alarm())
        } else {
            let why = format!("Not sent: {}", words::unsent(row.reason));
            let (why, style) = if row.noting_owner {
                ("On its way to the owner, as a note".into(), theme::waiting())
            } else {
                (why, theme::soft())
            };
            Span::styled(text::fit(&why, cells.saturating_sub(2)), style)
        };
        block.push(Line::from(vec![lead(), why]));
        block.push(Line::default());
        blocks.push(block);
    }
    // Scrolls so that the chosen text is on the screen, from its beginning if it is longer than that.
    let height = usize::from(area.height).saturating_sub(lines.len());
    let upto: usize = blocks.iter().take(selected + 1).map(Vec::len).sum();
    let before: usize = blocks.iter().take(selected).map(Vec::len).sum();
    let skip = upto.saturating_sub(height).min(before);
    lines.extend(blocks.into_iter().flatten().skip(skip));
    frame.render_widget(Paragraph::new(lines), area);
}

pub(super) fn sign_in(form: &SignIn, frame: &mut Frame<'_>, area: Rect) {
    let width = area.width.saturating_sub(4).min(64);
    let column = Rect {
        x: area.x + (area.width - width) / 2,
        width,
        y: area.y + (area.height / 5).min(4),
        height: area.height - (area.height / 5).min(4),
    };
    let cells = usize::from(width);
    let mut lines = vec![Line::from(Span::styled("Sign in on this terminal", theme::strong())), Line::default()];
    let mut ways = Vec::new();
    for way in Way::ALL {
        let style = if way == form.way {
            theme::accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            theme::soft()
        };
        ways.push(Span::styled(way.name(), style));
        ways.push(Span::raw("   "));
    }
    lines.push(Line::from(ways));
    lines.push(Line::default());
    let mut place = None;
    for (index, name) in form.way.fields().iter().enumerate() {
        let field = form.field(index);
        let shown =
            if *name == "Password" { "•".repeat(field.text().chars().count()) } else { field.text().to_owned() };
        let mut tail = shown.as_str();
        while text::width(tail) >= cells {
            let mut rest = tail.chars();
            rest.next();
            tail = rest.as_str();
        }
        let active = index == form.field && !form.busy;
        lines.push(Line::from(Span::styled(*name, theme::soft())));
        if active {
            let (_, (_, column)) = field.layout(usize::MAX / 2);
            place = Some((lines.len(), column.saturating_sub(text::width(&shown) - text::width(tail))));
        }
        lines.push(Line::from(tail.to_owned()));
        let style = if active { theme::accent() } else { theme::faint() };
        lines.push(Line::from(Span::styled("─".repeat(cells), style)));
    }
    lines.push(Line::default());
    if form.busy {
        lines.push(Line::from(Span::styled("Asking the server…", theme::soft())));
    } else if let Some(error) = &form.error {
        lines
            .extend(text::wrapped(error, cells).into_iter().map(|part| Line::from(Span::styled(part, theme::alarm()))));
    } else if form.way == Way::Link {
        for part in text::wrapped("Paste the link that an admin gave you; it works once.", cells) {
            lines.push(Line::from(Span::styled(part, theme::soft())));
        }
    }
    frame.render_widget(Paragraph::new(lines), column);
    if let Some((row, at)) = place {
        super::cursor(frame, column, row, at);
    }
}
