//! What was just notified, in the upper right corner.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};

use crate::app::App;
use crate::{text, theme, words};

/// The most that a toast is wide.
const WIDEST: u16 = 42;

pub(super) fn toasts(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let width = WIDEST.min(area.width.saturating_sub(2));
    let cells = usize::from(width.saturating_sub(4));
    let mut y = area.y;
    for (index, toast) in app.toasts.iter().rev().enumerate() {
        let sound = toast.sound.map(|sound| format!("♪ {}", words::sound(sound))).unwrap_or_default();
        let room = cells.saturating_sub(text::width(&sound) + 1);
        let mut lines = vec![Line::from(vec![
            Span::raw(" "),
            Span::styled(text::pad(&toast.title, room), theme::strong()),
            Span::styled(format!(" {sound}"), theme::soft()),
        ])];
        if let Some(body) = &toast.body {
            lines.push(Line::from(Span::raw(format!(" {}", text::fit(body, cells)))));
        }
        let height = u16::try_from(lines.len() + 2).unwrap_or(4);
        if y + height > area.bottom() {
            return;
        }
        let place = Rect { x: area.right() - width - 1, y, width, height };
        let mut border = Block::bordered().border_type(BorderType::Rounded).border_style(theme::accent());
        if index == 0 {
            border = border.title_bottom(Line::from(Span::styled(" F6 opens it ", theme::soft())).right_aligned());
        }
        super::clear_for(frame, place);
        frame.render_widget(Clear, place);
        let inside = border.inner(place);
        frame.render_widget(border, place);
        frame.render_widget(Paragraph::new(lines), inside);
        y += height;
    }
}
