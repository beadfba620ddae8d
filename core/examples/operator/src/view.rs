//! Draws the state. A frame is a pure function of it.

mod chat;
mod composer;
mod dialog;
mod help;
mod inbox;
mod info;
mod keys;
mod labels;
mod manage;
mod overlay;
mod question;
mod search;
mod settings;
mod staff;
mod templates;
mod toasts;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{App, Focus, Overlay};
use crate::{text, theme};

/// Below this width the list and the chat take turns.
const TWO_PANES_FROM: u16 = 64;
/// Lines of one chat in the list.
pub const LIST_ROW: usize = 3;
/// Lines over the list: presence and view, filters, what needs a person.
const LIST_HEAD: u16 = 3;
/// The most lines that the composer grows to.
const COMPOSER_MAX: usize = 6;

/// Where things are for a terminal of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Whether list and chat stand side by side.
    pub two_panes: bool,
    /// The header.
    pub header: Rect,
    /// The list with its filters.
    pub list: Rect,
    /// The rule between list and chat.
    pub rule: Rect,
    /// The chat with its heading and composer.
    pub chat: Rect,
    /// The last line.
    pub footer: Rect,
    /// Cells of a chat's line.
    pub chat_cells: usize,
    /// Cells of a composer's line.
    pub composer_cells: usize,
    /// Lines of the chat pane.
    pub chat_height: usize,
}

impl Layout {
    /// The layout of a terminal of this size.
    pub fn of((columns, rows): (u16, u16)) -> Layout {
        let body = Rect::new(0, 2, columns, rows.saturating_sub(3));
        let two_panes = columns >= TWO_PANES_FROM;
        let (list, rule, chat) = if two_panes {
            let list = (columns * 2 / 5).clamp(28, 44);
            (
                Rect { width: list, ..body },
                Rect { x: list, width: 1, ..body },
                Rect { x: list + 1, width: columns - list - 1, ..body },
            )
        } else {
            (body, Rect::default(), body)
        };
        Layout {
            two_panes,
            header: Rect::new(0, 0, columns, 2.min(rows)),
            list,
            rule,
            chat,
            footer: Rect::new(0, rows.saturating_sub(1), columns, 1.min(rows)),
            chat_cells: usize::from(chat.width),
            composer_cells: usize::from(chat.width.saturating_sub(4)),
            chat_height: usize::from(chat.height),
        }
    }

    /// How many chats the list shows at once.
    pub fn list_rows(&self) -> usize {
        usize::from(self.list.height.saturating_sub(LIST_HEAD)) / LIST_ROW
    }

    /// Lines of a screen that covers list and chat.
    pub fn whole_height(&self) -> usize {
        self.chat_height
    }

    /// Cells of a line of a transfer's note.
    pub fn note_cells(&self) -> usize {
        let popup = usize::from(self.header.width).saturating_sub(12);
        popup.clamp(8, 60)
    }

    /// Lines of the composer, without its rule.
    pub fn composer_lines(&self, app: &App) -> usize {
        let lines = app.chat.as_ref().map_or(1, |chat| chat.composer.layout(self.composer_cells).0.len());
        lines.clamp(1, COMPOSER_MAX.min(self.chat_height / 3).max(1))
    }

    /// Lines left for the messages: without the heading, the typing line, the rule and the composer.
    pub fn timeline_height(&self, app: &App) -> usize {
        self.chat_height.saturating_sub(2 + 1 + 1 + self.composer_lines(app))
    }
}

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < 20 || area.height < 8 {
        frame.render_widget(Paragraph::new("Please make this window larger."), area);
        return;
    }
    let layout = Layout::of((area.width, area.height));
    header(app, &layout, frame);
    if app.account.is_none() {
        overlay::sign_in(&app.sign_in, frame, Rect { y: 2, height: area.height - 3, ..area });
        footer(app, &layout, frame);
        return;
    }
    let whole = full(&layout, area);
    match &app.overlay {
        Some(Overlay::Search(search)) => search::search(app, search, frame, whole),
        Some(Overlay::Unsent { selected, deleting }) => overlay::unsent(app, *selected, *deleting, frame, whole),
        Some(Overlay::Help(top)) => help::help(app, *top, frame, whole),
        Some(Overlay::Transfer(view)) => dialog::transfer(app, view, frame, whole),
        Some(Overlay::Manage(view)) => manage::manage(app, view, frame, whole),
        Some(Overlay::Colleagues(view)) => staff::colleagues(view, frame, whole),
        Some(Overlay::Templates(view)) => templates::picker(view, frame, whole),
        Some(Overlay::Template(view)) => templates::form(view, frame, whole),
        Some(Overlay::Info(view)) => info::info(app, view, frame, whole),
        Some(Overlay::Merge(view)) => info::merge(view, frame, whole),
        dialog => {
            if layout.two_panes || app.focus == Focus::List {
                inbox::list(app, &layout, frame);
            }
            if layout.two_panes {
                let rule: Vec<Line<'_>> =
                    (0..layout.rule.height).map(|_| Line::from(Span::styled("│", theme::faint()))).collect();
                frame.render_widget(Paragraph::new(rule), layout.rule);
            }
            if layout.two_panes || app.focus == Focus::Chat {
                chat::chat(app, &layout, frame);
            }
            match dialog {
                Some(Overlay::Menu(chat, selected)) => dialog::menu(app, *chat, *selected, frame, whole),
                Some(Overlay::Ask(question)) => question::question(app, question, frame, whole),
                Some(Overlay::Members(view)) => staff::members(app, view, frame, whole),
                Some(Overlay::Labels(view)) => labels::labels(app, view, frame, whole),
                Some(Overlay::Settings(view)) => settings::settings(view, frame, whole),
                Some(Overlay::Entry(entry, form)) => labels::entry(entry, form, frame, whole),
                Some(Overlay::Snooze(view)) => dialog::snooze(app, view, frame, whole),
                Some(Overlay::Contact(_, form)) => {
                    dialog::form(
                        "Add to the contacts",
                        form,
                        &["Known contacts are not asked about again."],
                        frame,
                        whole,
                    );
                }
                Some(Overlay::Hours(form)) => dialog::form("Your hours", form, dialog::HOURS_HELP, frame, whole),
                Some(Overlay::Work(selected)) => dialog::work(app, *selected, frame, whole),
                _ => {}
            }
        }
    }
    footer(app, &layout, frame);
    toasts::toasts(app, frame, whole);
}

fn full(layout: &Layout, area: Rect) -> Rect {
    Rect { y: layout.header.height, height: area.height.saturating_sub(layout.header.height + 1), ..area }
}

fn header(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let cells = usize::from(layout.header.width);
    let (mark, state, style) = theme::connection(app.connection, app.now);
    let right_cells = text::width(mark) + 1 + text::width(&state) + 1;
    let mut left = vec![Span::styled(" Switchboard", theme::strong())];
    if let Some(name) = &app.account {
        let room = cells.saturating_sub(right_cells + 16);
        left.push(Span::styled(format!("  {}", text::fit(name, room)), theme::soft()));
    }
    let used: usize = left.iter().map(Span::width).sum();
    left.push(Span::raw(" ".repeat(cells.saturating_sub(used + right_cells))));
    left.push(Span::styled(mark, style));
    left.push(Span::raw(format!(" {state} ")));
    let rule = Line::from(Span::styled("─".repeat(cells), theme::faint()));
    frame.render_widget(Paragraph::new(vec![Line::from(left), rule]), layout.header);
}

/// How many lines the keys take in a window of this width.
pub fn help_lines(columns: u16) -> usize {
    help::help_lines(columns)
}

/// The last line: what just happened, otherwise the keys that work here, as many as fit.
fn footer(app: &App, layout: &Layout, frame: &mut Frame<'_>) {
    let cells = usize::from(layout.footer.width);
    if let Some((note, _)) = &app.note {
        let line = Line::from(Span::styled(format!(" {}", text::fit(note, cells.saturating_sub(2))), theme::waiting()));
        frame.render_widget(Paragraph::new(line), layout.footer);
        return;
    }
    if let Some(held) = app.held.last().filter(|_| app.overlay.is_none()) {
        let seconds = (held.until - app.now + 999).max(0) / 1_000;
        let key = if app.focus == Focus::Chat { "Ctrl+Z" } else { "z" };
        let right = format!("{key} takes it back · {seconds} s ");
        let room = cells.saturating_sub(text::width(&right) + 3);
        let line = Line::from(vec![
            Span::styled(format!(" ✓ {}", text::pad(&held.what, room)), theme::good()),
            Span::styled(right, theme::strong()),
        ]);
        frame.render_widget(Paragraph::new(line), layout.footer);
        return;
    }
    let keys = keys::keys(app);
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (key, does) in keys {
        let needed = text::width(key) + text::width(does) + 3;
        if used + needed > cells {
            break;
        }
        used += needed;
        spans.push(Span::styled((*key).to_owned(), theme::strong()));
        spans.push(Span::styled(format!(" {does}  "), theme::soft()));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), layout.footer);
}

/// The hints of whoever runs the inbox.
fn hints(app: &App, cells: usize) -> Vec<Line<'static>> {
    let line = |part: String| Line::from(Span::styled(format!("  {part}"), theme::soft()));
    app.hints.iter().flat_map(|hint| text::wrapped(hint, cells)).map(line).collect()
}

/// One line of two ends: what stands left is cut when both do not fit.
fn ends(lead: Span<'static>, left: (String, Style), right: Vec<Span<'static>>, cells: usize) -> Line<'static> {
    let taken: usize = lead.width() + right.iter().map(Span::width).sum::<usize>();
    let gap = usize::from(!right.is_empty());
    let room = cells.saturating_sub(taken + gap + 1);
    let mut spans = vec![lead, Span::styled(text::pad(&left.0, room), left.1), Span::raw(" ".repeat(gap))];
    spans.extend(right);
    Line::from(spans)
}

/// One line of two ends, the left one in several styles.
fn ends_of(left: Vec<Span<'static>>, right: &str, cells: usize) -> Line<'static> {
    let used: usize = left.iter().map(Span::width).sum();
    let mut spans = left;
    spans.push(Span::raw(" ".repeat(cells.saturating_sub(used + text::width(right)))));
    spans.push(Span::styled(right.to_owned(), theme::soft()));
    Line::from(spans)
}

/// The lines of these blocks from where the selected one is on the screen, from its beginning if it is longer.
fn scrolled(blocks: Vec<Vec<Line<'static>>>, selected: usize, height: usize) -> Vec<Line<'static>> {
    let upto: usize = blocks.iter().take(selected + 1).map(Vec::len).sum();
    let before: usize = blocks.iter().take(selected).map(Vec::len).sum();
    let skip = upto.saturating_sub(height).min(before);
    blocks.into_iter().flatten().skip(skip).take(height).collect()
}

/// A wide character that a box would cut in half would hide its edge.
fn clear_for(frame: &mut Frame<'_>, place: Rect) {
    let Some(left) = place.x.checked_sub(1) else { return };
    for y in place.top()..place.bottom() {
        if let Some(cell) = frame.buffer_mut().cell_mut((left, y)).filter(|cell| text::width(cell.symbol()) > 1) {
            cell.set_symbol(" ");
        }
    }
}

/// Puts the terminal's own cursor where the next character goes, if it is inside.
fn cursor(frame: &mut Frame<'_>, area: Rect, row: usize, column: usize) {
    let (row, column) = (u16::try_from(row).unwrap_or(u16::MAX), u16::try_from(column).unwrap_or(u16::MAX));
    if row < area.height {
        let column = column.min(area.width.saturating_sub(1));
        frame.set_cursor_position(Position::new(area.x + column, area.y + row));
    }
}
