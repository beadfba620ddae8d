//! A line editor that grows: the composer, the search field and the sign-in form.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

use crate::text;

/// A text with a cursor, which always stands between two characters as a reader sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    cursor: usize,
    multiline: bool,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// The text changed.
    Changed,
    /// Only the cursor moved.
    Moved,
    /// The key means nothing here.
    Ignored,
}

impl Editor {
    /// An editor for one line.
    pub fn line() -> Self {
        Self::default()
    }

    /// An editor that takes line breaks.
    pub fn lines() -> Self {
        Self { multiline: true, ..Self::default() }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is nothing to send.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Replaces the text; the cursor stands at its end.
    pub fn set(&mut self, text: &str) {
        self.text = text.to_owned();
        self.cursor = self.text.len();
    }

    /// Takes the text out.
    pub fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Where the cursor stands, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts a text in place of a part that ends at character borders; the cursor stands behind it.
    pub fn replace(&mut self, range: std::ops::Range<usize>, text: &str) {
        if self.text.get(range.clone()).is_some() {
            self.cursor = range.start;
            self.text.replace_range(range, "");
            self.insert(text);
        }
    }

    /// Puts a text in at the cursor.
    pub fn insert(&mut self, text: &str) {
        let text = text::clean(text);
        let text = if self.multiline { text } else { text.replace('\n', " ") };
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |next| self.cursor + next.len())
    }

    fn word_before(&self) -> usize {
        let words = self.text[..self.cursor].split_word_bound_indices().rev();
        words.into_iter().find(|(_, word)| !word.trim().is_empty()).map_or(0, |(at, _)| at)
    }

    fn word_after(&self) -> usize {
        let mut words = self.text[self.cursor..].split_word_bound_indices();
        words
            .find(|(_, word)| !word.trim().is_empty())
            .map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    fn remove(&mut self, range: std::ops::Range<usize>) -> Edited {
        if range.is_empty() {
            return Edited::Moved;
        }
        self.cursor = range.start;
        self.text.replace_range(range, "");
        Edited::Changed
    }

    fn go(&mut self, to: usize) -> Edited {
        self.cursor = to;
        Edited::Moved
    }

    /// Handles a key of the usual terminal editing set. `cells` is the width it is shown in, for up and down.
    pub fn key(&mut self, key: &KeyEvent, cells: usize) -> Edited {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(c) if !control && !alt => {
                self.insert(c.encode_utf8(&mut [0; 4]));
                Edited::Changed
            }
            KeyCode::Enter if self.multiline && (alt || key.modifiers.contains(KeyModifiers::SHIFT)) => {
                self.insert("\n");
                Edited::Changed
            }
            KeyCode::Char('j') if control && self.multiline => {
                self.insert("\n");
                Edited::Changed
            }
            KeyCode::Backspace if control || alt => self.remove(self.word_before()..self.cursor),
            KeyCode::Char('w') if control => self.remove(self.word_before()..self.cursor),
            KeyCode::Backspace | KeyCode::Char('h') if control || key.code == KeyCode::Backspace => {
                self.remove(self.before()..self.cursor)
            }
            KeyCode::Delete => self.remove(self.cursor..self.after()),
            KeyCode::Char('u') if control => self.remove(self.line_start()..self.cursor),
            KeyCode::Char('k') if control => self.remove(self.cursor..self.line_end()),
            KeyCode::Left if control || alt => self.go(self.word_before()),
            KeyCode::Right if control || alt => self.go(self.word_after()),
            KeyCode::Left => self.go(self.before()),
            KeyCode::Right => self.go(self.after()),
            KeyCode::Home => self.go(self.line_start()),
            KeyCode::Char('a') if control => self.go(self.line_start()),
            KeyCode::End => self.go(self.line_end()),
            KeyCode::Char('e') if control => self.go(self.line_end()),
            KeyCode::Up | KeyCode::Down if self.multiline => self.vertical(key.code == KeyCode::Up, cells),
            _ => Edited::Ignored,
        }
    }

    fn vertical(&mut self, up: bool, cells: usize) -> Edited {
        let (lines, (row, column)) = self.layout(cells);
        let target = if up { row.checked_sub(1) } else { Some(row + 1).filter(|&row| row < lines.len()) };
        let Some(target) = target else { return Edited::Ignored };
        let line = &lines[target];
        let mut used = 0;
        let mut at = line.start;
        for grapheme in self.text[line.clone()].graphemes(true) {
            if used + text::width(grapheme) > column {
                break;
            }
            used += text::width(grapheme);
            at += grapheme.len();
        }
        self.go(at)
    }

    /// The lines in a column of this many cells, and the cursor's row and column among them.
    pub fn layout(&self, cells: usize) -> (Vec<std::ops::Range<usize>>, (usize, usize)) {
        let lines = text::wrap(&self.text, cells);
        let row = lines.iter().rposition(|line| line.start <= self.cursor).unwrap_or(0);
        let column = lines
            .get(row)
            .map_or(0, |line| text::width(&self.text[line.start..self.cursor.min(line.end).max(line.start)]));
        (lines, (row, column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) -> Edited {
        editor.key(&KeyEvent::new(code, modifiers), 10)
    }

    #[test]
    fn one_backspace_removes_what_a_reader_sees_as_one_character() {
        let mut editor = Editor::lines();
        editor.set("ok 👩‍👩‍👧");
        press(&mut editor, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(editor.text(), "ok ");
        press(&mut editor, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(editor.text(), "");
        assert_eq!(press(&mut editor, KeyCode::Backspace, KeyModifiers::NONE), Edited::Moved);
    }

    #[test]
    fn the_cursor_moves_by_characters_words_and_lines() {
        let mut editor = Editor::lines();
        editor.set("one two\nthree");
        press(&mut editor, KeyCode::Home, KeyModifiers::NONE);
        press(&mut editor, KeyCode::Left, KeyModifiers::NONE);
        press(&mut editor, KeyCode::Left, KeyModifiers::CONTROL);
        press(&mut editor, KeyCode::Char('x'), KeyModifiers::NONE);
        assert_eq!(editor.text(), "one xtwo\nthree");
        press(&mut editor, KeyCode::Down, KeyModifiers::NONE);
        press(&mut editor, KeyCode::Char('!'), KeyModifiers::NONE);
        assert_eq!(editor.text(), "one xtwo\nthree!");
        press(&mut editor, KeyCode::Up, KeyModifiers::NONE);
        press(&mut editor, KeyCode::Char('k'), KeyModifiers::CONTROL);
        assert_eq!(editor.text(), "one xt\nthree!");
        assert_eq!(press(&mut editor, KeyCode::Up, KeyModifiers::NONE), Edited::Ignored);
    }

    #[test]
    fn a_paste_into_one_line_stays_one_line() {
        let mut editor = Editor::line();
        editor.insert("a\r\nb\u{1b}[2J");
        assert_eq!(editor.text(), "a b[2J");
    }

    #[test]
    fn the_cursor_is_drawn_where_the_next_character_goes() {
        let mut editor = Editor::lines();
        editor.set("今日は元気ですか");
        assert_eq!(editor.layout(6).1, (2, 4));
        editor.set("hello world");
        assert_eq!(editor.layout(6).1, (1, 5));
    }
}
