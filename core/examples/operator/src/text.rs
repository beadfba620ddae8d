//! Text as a terminal shows it: measured in cells, wrapped between words, and free of what would steer the terminal.

use std::ops::Range;

use switchboard_core::VARIABLES;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many cells a text takes. An emoji or a Chinese character takes two.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Whether a character must not reach the terminal: a customer's text must not move the cursor, and an overriding
/// direction mark must not turn what stands after it around.
fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text without control characters; a tab becomes a space.
pub fn clean(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter_map(|c| if c == '\t' || c == '\r' { Some(' ') } else { Some(c).filter(|&c| !is_unsafe(c)) })
        .collect()
}

/// The text on one line of at most this many cells, its spaces as one, cut between characters with an ellipsis.
pub fn fit(text: &str, cells: usize) -> String {
    cut(&clean(text).split_whitespace().collect::<Vec<_>>().join(" "), cells)
}

/// The text cut to this many cells, with an ellipsis where something is missing.
pub fn cut(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let next = width(grapheme);
        if used + next > cells.saturating_sub(1) {
            break;
        }
        used += next;
        short.push_str(grapheme);
    }
    if cells > 0 {
        short.truncate(short.trim_end().len());
        short.push('…');
    }
    short
}

/// The same, filled with spaces to exactly this many cells.
pub fn pad(text: &str, cells: usize) -> String {
    let mut text = fit(text, cells);
    text.push_str(&" ".repeat(cells.saturating_sub(width(&text))));
    text
}

/// The variables of a template that still stand in a text, with their braces: nothing is sent before they are filled.
pub fn gaps(text: &str) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open..].find("}}").map(|at| open + at) else { break };
        if VARIABLES.contains(&text[open + 2..close].trim()) {
            gaps.push(open..close + 2);
        }
        from = close + 2;
    }
    gaps
}

/// The lines of a text in a column of this many cells, as byte ranges. Breaks after spaces and between wide characters
/// (Chinese and Japanese have no spaces), and inside a word only when it is longer than the line.
pub fn wrap(text: &str, cells: usize) -> Vec<Range<usize>> {
    let cells = cells.max(2);
    let mut lines = Vec::new();
    let (mut start, mut column) = (0, 0);
    let mut chance = None;
    for (at, grapheme) in text.grapheme_indices(true) {
        let next = at + grapheme.len();
        if grapheme == "\n" {
            lines.push(start..at);
            (start, column, chance) = (next, 0, None);
            continue;
        }
        let cell = width(grapheme);
        let space = grapheme.chars().all(char::is_whitespace);
        if column + cell > cells && column > 0 {
            if space {
                // The space that would not fit is the break.
                lines.push(start..at);
                (start, column, chance) = (next, 0, None);
                continue;
            }
            let split = chance.take().unwrap_or(at);
            lines.push(start..split);
            start = split;
            column = width(&text[split..at]);
        }
        column += cell;
        if space || cell == 2 {
            chance = Some(next);
        }
    }
    lines.push(start..text.len());
    lines
}

/// The same as text, without the spaces at the breaks.
pub fn wrapped(text: &str, cells: usize) -> Vec<String> {
    wrap(text, cells).into_iter().map(|range| text[range].trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_and_long_ones_break() {
        assert_eq!(wrapped("the blue lamp", 8), ["the blue", "lamp"]);
        assert_eq!(wrapped("the blue lamp", 9), ["the blue", "lamp"]);
        assert_eq!(wrapped("Donaudampfschiff", 6), ["Donaud", "ampfsc", "hiff"]);
        assert_eq!(wrapped("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(wrapped("", 8), [""]);
    }

    #[test]
    fn wide_characters_count_twice_and_are_never_halved() {
        assert_eq!(wrapped("今日は元気ですか", 7), ["今日は", "元気で", "すか"]);
        assert_eq!(fit("今日は元気", 6), "今日…");
        assert_eq!(width(&pad("今日", 7)), 7);
        for cells in 2..12 {
            for line in wrapped("Привет 👩‍👩‍👧 ok 東京都 e\u{301}t\u{301}e\u{301}", cells) {
                assert!(width(&line) <= cells, "{line:?} in {cells}");
            }
        }
    }

    #[test]
    fn f24_a_gap_is_a_variable_and_not_any_pair_of_braces() {
        let text = "Hi {{contact.first_name}}, {{ title }} and {{ queue.name }} or {{";
        let found: Vec<&str> = gaps(text).into_iter().map(|gap| &text[gap]).collect();
        assert_eq!(found, ["{{contact.first_name}}", "{{ queue.name }}"]);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}\u{202e}c\td\r\ne"), "a[31mbc d\ne");
        assert_eq!(fit("one\ntwo   three", 40), "one two three");
    }
}
