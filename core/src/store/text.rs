//! What goes into the full-text index, and what a typed text becomes as a query.
//!
//! The index splits words at spaces. Chinese, Japanese, Thai and their like write none, so each of their characters
//! (with the marks that follow it) is set apart before indexing and is a word of its own; a run of them in a query is
//! a phrase.
//!
//! [`indexed`] must give the same result for ever: deleting from the index takes the very text that was indexed.

use std::borrow::Cow;

/// Set between characters of unspaced scripts. A control character that text cannot contain once [`indexed`] has seen
/// it, so that it can be taken out again without taking a space that a person wrote.
pub(crate) const APART: char = '\u{1f}';

/// The longest query that is looked at: more does not make it more exact, only slower.
const MAX_QUERY_CHARS: usize = 256;
const MAX_WORDS: usize = 16;

/// Whether words of this character's script are written without spaces between them.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF // Thai, Lao
        | 0x1000..=0x109F // Myanmar
        | 0x1780..=0x17FF // Khmer
        | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x31F0..=0x31FF // Japanese
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF // Chinese characters
        | 0xFF66..=0xFF9F // half-width Japanese
        | 0x20000..=0x323AF) // Chinese characters of the later planes
}

/// A mark that belongs to the character before it.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x0E31 | 0x0E34..=0x0E3A | 0x0E47..=0x0E4E // Thai
        | 0x0EB1 | 0x0EB4..=0x0EBC | 0x0EC8..=0x0ECE // Lao
        | 0x102B..=0x103E | 0x1056..=0x1059 | 0x105E..=0x1060 // Myanmar
        | 0x17B4..=0x17D3 | 0x17DD // Khmer
        | 0x3099 | 0x309A | 0xFF9E | 0xFF9F) // Japanese voicing
}

/// The text as it is indexed.
pub(crate) fn indexed(text: &str) -> Cow<'_, str> {
    // Most texts are written with spaces; ASCII is told from the rest eight bytes at a time.
    if text.is_ascii() || !text.chars().any(is_unspaced) {
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Cow::Owned(text.chars().map(visible).collect());
        }
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 4 / 3 + 8);
    let mut before_unspaced = false;
    for c in text.chars().map(visible) {
        let unspaced = is_unspaced(c);
        let starts = !is_mark(c) && (unspaced || before_unspaced);
        if starts && !out.is_empty() {
            out.push(APART);
        }
        out.push(c);
        before_unspaced = unspaced;
    }
    Cow::Owned(out)
}

/// What a person is found by, as it is indexed: the name, and the addresses and numbers, numbers also without what people
/// put between the digits.
pub(crate) fn indexed_person<'a>(name: &str, addresses: impl IntoIterator<Item = &'a str>) -> (String, String) {
    let mut out = String::new();
    for address in addresses {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&indexed(address));
        let digits: String = address.chars().filter(char::is_ascii_digit).collect();
        if digits.len() > 4 && !address.contains('@') && !address.contains(digits.as_str()) {
            out.push(' ');
            out.push_str(&digits);
        }
    }
    (indexed(name).into_owned(), out)
}

// NUL would end the text for SQLite's C strings, and the highlighter's marks are control characters.
fn visible(c: char) -> char {
    if c.is_control() && c != '\n' { ' ' } else { c }
}

/// What of a typed text can be found: its words, parted where spaced and unspaced script meet, each as it is indexed.
/// No more of them than anybody types.
pub(crate) fn runs_of(typed: &str) -> Vec<String> {
    let typed: String = typed.chars().take(MAX_QUERY_CHARS).collect();
    typed
        .split_whitespace()
        .flat_map(runs)
        .filter(|run| run.chars().any(char::is_alphanumeric))
        .take(MAX_WORDS)
        .map(|run| indexed(run).into_owned())
        .collect()
}

/// A string of FTS5's query language: everything but the quote stands for itself, and the index's own tokenizer splits
/// it. The star after it makes its last word a beginning.
pub(crate) fn quoted(run: &str) -> String {
    let mut out = String::with_capacity(run.len() + 3);
    out.push('"');
    out.extend(run.chars().filter(|&c| c != '"'));
    out.push_str("\"*");
    out
}

/// A typed text as an FTS5 query: every word by its beginning, runs of unspaced characters as phrases, all of them
/// wanted. `None`: there is nothing to look for. Whatever is typed, nothing of it is read as a query language.
pub(crate) fn query(typed: &str) -> Option<String> {
    let runs: Vec<String> = runs_of(typed).iter().map(|run| quoted(run)).collect();
    (!runs.is_empty()).then(|| runs.join(" "))
}

/// Parts a word where spaced and unspaced script meet: "iPhone手机" is a word and a phrase, in either order.
fn runs(word: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (index, c) in word.char_indices() {
        let unspaced = is_unspaced(c);
        if before.is_some_and(|before| before != unspaced) {
            out.push(&word[start..index]);
            start = index;
        }
        before = Some(unspaced);
    }
    out.push(&word[start..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(text: &str) -> String {
        indexed(text).replace(APART, "|")
    }

    #[test]
    fn f65_unspaced_characters_are_set_apart() {
        assert_eq!(apart("hello world"), "hello world");
        assert_eq!(apart("привет, мир"), "привет, мир");
        assert_eq!(apart("你好"), "你|好");
        assert_eq!(apart("my手机ok"), "my|手|机|ok");
        assert_eq!(apart("ที่นี่"), "ที่|นี่");
        assert_eq!(apart("か\u{3099}く"), "か\u{3099}|く");
    }

    #[test]
    fn control_characters_do_not_reach_the_index() {
        assert_eq!(indexed("a\0b\u{1f}c\nd"), "a b c\nd");
        assert_eq!(apart("\0你\u{1}"), " |你| ");
    }

    #[test]
    fn f65_a_query_is_words_by_their_beginning() {
        assert_eq!(query("foo ba").as_deref(), Some("\"foo\"* \"ba\"*"));
        assert_eq!(query("  ").as_deref(), None);
        assert_eq!(query("🎉 -- \"\"").as_deref(), None);
        assert_eq!(query("a\"b").as_deref(), Some("\"ab\"*"));
        assert_eq!(query("NEAR(x) OR *").as_deref(), Some("\"NEAR(x)\"* \"OR\"*"));
        assert_eq!(query("手机iPhone").unwrap().replace(APART, "|"), "\"手|机\"* \"iPhone\"*");
        assert!(query(&"x ".repeat(10_000)).unwrap().len() < 200);
    }
}
