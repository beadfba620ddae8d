//! Settings > Chat.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::dialog::{choice, chosen, popup, room};
use crate::app::{SettingLine, SettingsView, own_sound};
use crate::{text, theme, words};

pub(super) fn settings(view: &SettingsView, frame: &mut Frame<'_>, area: Rect) {
    let wide = 58;
    let cells = room(wide, area);
    let Some(settings) = &view.settings else {
        popup("Settings > Chat", Vec::new(), wide, frame, area);
        return;
    };
    let mut lines = Vec::new();
    for (index, line) in SettingLine::ALL.into_iter().enumerate() {
        let here = index == view.selected;
        let switch = |on: bool| {
            if on { Span::styled("[x] ", theme::good()) } else { Span::styled("[ ] ", theme::soft()) }
        };
        let named = |name: &'static str| Span::styled(text::pad(name, cells.saturating_sub(22)), chosen(here));
        let shown = match line {
            SettingLine::InApp => vec![switch(settings.in_app_toaster), named("Show what comes, in the inbox")],
            SettingLine::System => {
                vec![switch(settings.system_notifications), named("Show it outside, by the terminal")]
            }
            SettingLine::Previews => vec![switch(settings.previews), named("Say who wrote and what")],
            SettingLine::Sound => vec![switch(settings.sound), named("Play a sound")],
            SettingLine::DefaultSound => {
                let sound = words::sound(settings.default_sound);
                vec![Span::raw("    "), named("Sound"), Span::styled(format!("‹ {sound} ›"), theme::accent())]
            }
            SettingLine::KindSound(kind) => {
                let name = kind.map_or("  of staff chats", |kind| match kind {
                    switchboard_core::ChannelKind::LiveChat => "  of the website",
                    switchboard_core::ChannelKind::Whatsapp => "  of WhatsApp",
                    switchboard_core::ChannelKind::Messenger => "  of Messenger",
                    switchboard_core::ChannelKind::Sms => "  of SMS",
                });
                let (word, style) = match own_sound(settings, kind) {
                    Some(sound) => (words::sound(sound), theme::accent()),
                    None => ("the same", theme::soft()),
                };
                vec![Span::raw("    "), named(name), Span::styled(format!("‹ {word} ›"), style)]
            }
        };
        let mut spans = vec![choice(here)];
        spans.extend(shown);
        lines.push(Line::from(spans));
    }
    lines.push(Line::default());
    lines.push(Line::from(Span::styled(
        format!(" {}", text::fit("The terminal rings; the toast names the sound.", cells)),
        theme::soft(),
    )));
    popup("Settings > Chat", lines, wide, frame, area);
}
