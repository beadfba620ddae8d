//! The index's tokenizer once more, in Rust: what it calls a word, and which words of a text were searched for.
//!
//! The full-text index keeps no texts, and walks over every word with a prefix before it gives the first hit. So a text
//! must be compared with a query without it: to mark what matched, and to find the newest messages with a short
//! beginning. How the tokenizer folds a character is asked of the tokenizer itself, once for each character.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, params};

use super::text::{self, APART};
use crate::error::{Error, Result};
use crate::model::SnippetPart;

/// What a snippet shows before the first match, and in all.
const LEAD_CHARS: usize = 32;
const SNIPPET_CHARS: usize = 160;

/// What the tokenizer makes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    /// It parts words.
    Apart,
    /// It belongs to a word and is left out: an accent.
    Nothing,
    As(char),
}

/// Below it are the characters of nearly all texts that are written with spaces.
const NEAR: u32 = 0x2000;

/// The tokenizer's word about every character that was met so far.
#[derive(Default)]
pub(crate) struct Folds {
    /// Of the characters below [`NEAR`], by their number.
    near: Vec<Option<Fold>>,
    far: HashMap<char, Fold>,
    tokenizer: Option<Connection>,
}

impl Folds {
    /// Asks about the characters of a text that are not known yet.
    fn learn(&mut self, text: &str) -> Result<()> {
        if text.is_ascii() {
            return Ok(());
        }
        let mut seen = HashSet::new();
        let new: Vec<char> =
            text.chars().filter(|c| !c.is_ascii() && self.known(*c).is_none() && seen.insert(*c)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut db = match self.tokenizer.take() {
            Some(db) => db,
            None => tokenizer()?,
        };
        let tx = db.transaction()?;
        {
            // Between two letters: an accent alone is no word, and what parts words makes two of them.
            let mut ask = tx.prepare_cached("INSERT INTO probe (rowid, text) VALUES (?1, ?2)")?;
            for (row, c) in (0_i64..).zip(&new) {
                ask.execute(params![row, format!("a{c}a")])?;
                self.know(*c, Fold::Apart);
            }
            let mut told = tx.prepare_cached("SELECT doc, term FROM probe_words WHERE \"offset\" = 0")?;
            let mut rows = told.query([])?;
            while let Some(row) = rows.next()? {
                let at = usize::try_from(row.get::<_, i64>(0)?).map_err(|_| Error::BadValue("probe"))?;
                let term = row.get_ref(1)?.as_str().map_err(|_| Error::BadValue("probe"))?;
                let (Some(&c), Some(inner)) = (new.get(at), term.strip_prefix('a')) else { continue };
                let Some(inner) = inner.strip_suffix('a') else { continue };
                let fold = inner.chars().next().map_or(Fold::Nothing, Fold::As);
                self.know(c, fold);
            }
        }
        tx.rollback()?;
        self.tokenizer = Some(db);
        Ok(())
    }

    fn known(&self, c: char) -> Option<Fold> {
        match u32::from(c) {
            near @ 0..NEAR => self.near.get(near as usize).copied().flatten(),
            _ => self.far.get(&c).copied(),
        }
    }

    fn know(&mut self, c: char, fold: Fold) {
        match u32::from(c) {
            near @ 0..NEAR => {
                self.near.resize(NEAR as usize, None);
                if let Some(place) = self.near.get_mut(near as usize) {
                    *place = Some(fold);
                }
            }
            _ => _ = self.far.insert(c, fold),
        }
    }

    fn of(&self, c: char) -> Fold {
        if c.is_ascii_alphanumeric() {
            Fold::As(c.to_ascii_lowercase())
        } else if c.is_ascii() {
            Fold::Apart
        } else {
            self.known(c).unwrap_or(Fold::Apart)
        }
    }

    /// The words of a text that [`text::indexed`] has prepared.
    fn words(&mut self, indexed: &str, out: &mut Words) -> Result<()> {
        self.learn(indexed)?;
        out.folded.clear();
        out.spans.clear();
        let mut word: Option<Span> = None;
        for (at, c) in indexed.char_indices() {
            match self.of(c) {
                Fold::Apart => out.spans.extend(word.take()),
                fold => {
                    let start = out.folded.len();
                    let word = word.get_or_insert(Span { folded: (start, start), written: (at, at) });
                    if let Fold::As(c) = fold {
                        out.folded.push(c);
                    }
                    word.folded.1 = out.folded.len();
                    word.written.1 = at + c.len_utf8();
                }
            }
        }
        out.spans.extend(word);
        Ok(())
    }
}

fn tokenizer() -> Result<Connection> {
    let db = Connection::open_in_memory()?;
    // The same tokenizer as message_fts, contact_fts and template_fts.
    db.execute_batch(
        "CREATE VIRTUAL TABLE probe USING fts5(
             text, tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\");
         CREATE VIRTUAL TABLE probe_words USING fts5vocab(probe, instance);",
    )?;
    Ok(db)
}

/// A word: where it stands among the folded ones and in the text.
#[derive(Clone, Copy)]
struct Span {
    folded: (usize, usize),
    written: (usize, usize),
}

/// The words of one text.
#[derive(Default)]
struct Words {
    folded: String,
    spans: Vec<Span>,
}

impl Words {
    fn word(&self, at: usize) -> &str {
        self.spans.get(at).and_then(|span| self.folded.get(span.folded.0..span.folded.1)).unwrap_or_default()
    }
}

/// A run of words that was typed; the last one is a beginning.
struct Phrase {
    words: Vec<String>,
    /// As the index is asked for it.
    quoted: String,
}

impl Phrase {
    fn matches_at(&self, words: &Words, at: usize) -> bool {
        let Some((last, whole)) = self.words.split_last() else { return false };
        at + self.words.len() <= words.spans.len()
            && whole.iter().enumerate().all(|(n, word)| words.word(at + n) == word)
            && words.word(at + whole.len()).starts_with(last.as_str())
    }

    fn is_in(&self, words: &Words) -> bool {
        (0..words.spans.len()).any(|at| self.matches_at(words, at))
    }

    /// Whether one of the text's words is all of it, and not only begins with it.
    fn is_whole_in(&self, words: &Words) -> bool {
        (0..words.spans.len()).any(|at| {
            self.matches_at(words, at)
                && self.words.last().is_some_and(|last| words.word(at + self.words.len() - 1) == last)
        })
    }

    /// Whether asking the index for it is quick: it gathers all words with that beginning first.
    fn is_telling(&self) -> bool {
        self.words.len() > 1 || self.words.first().is_some_and(|word| word.chars().count() > 2)
    }
}

/// What was typed, ready to be compared with texts.
pub(crate) struct Query<'a> {
    folds: &'a mut Folds,
    phrases: Vec<Phrase>,
    words: Words,
}

impl<'a> Query<'a> {
    /// `None`: nothing of it can be found.
    pub(crate) fn new(folds: &'a mut Folds, typed: &str) -> Result<Option<Self>> {
        let mut words = Words::default();
        let mut phrases = Vec::new();
        for run in text::runs_of(typed) {
            folds.words(&run, &mut words)?;
            let of: Vec<String> = (0..words.spans.len()).map(|at| words.word(at).to_owned()).collect();
            if of.iter().any(|word| !word.is_empty()) {
                phrases.push(Phrase { words: of, quoted: text::quoted(&run) });
            }
        }
        Ok((!phrases.is_empty()).then_some(Self { folds, phrases, words }))
    }

    /// The query of the index for all of it.
    pub(crate) fn all(&self) -> String {
        self.phrases.iter().map(|phrase| phrase.quoted.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The query for as much of it as the index finds quickly, and whether that is all of it. `None`: only short
    /// beginnings were typed.
    pub(crate) fn telling(&self) -> Option<(String, bool)> {
        let telling: Vec<&str> =
            self.phrases.iter().filter(|phrase| phrase.is_telling()).map(|phrase| phrase.quoted.as_str()).collect();
        (!telling.is_empty()).then(|| (telling.join(" "), telling.len() == self.phrases.len()))
    }

    /// The query for the one longest part of it, and whether that is all of it.
    pub(crate) fn longest(&self) -> (String, bool) {
        let longest = self.phrases.iter().max_by_key(|phrase| phrase.words.iter().map(String::len).sum::<usize>());
        (longest.map(|phrase| phrase.quoted.clone()).unwrap_or_default(), self.phrases.len() == 1)
    }

    fn read(&mut self, text: &str) -> Result<()> {
        self.folds.words(&text::indexed(text), &mut self.words)
    }

    /// Whether all of it is in the text.
    pub(crate) fn is_in(&mut self, text: &str) -> Result<bool> {
        self.read(text)?;
        Ok(self.phrases.iter().all(|phrase| phrase.is_in(&self.words)))
    }

    /// Whether all of it is in the text, as whole words.
    pub(crate) fn is_whole_in(&mut self, text: &str) -> Result<bool> {
        self.read(text)?;
        Ok(self.phrases.iter().all(|phrase| phrase.is_whole_in(&self.words)))
    }

    /// Whether some of it is in the text.
    pub(crate) fn touches(&mut self, text: &str) -> Result<bool> {
        self.read(text)?;
        Ok(self.phrases.iter().any(|phrase| phrase.is_in(&self.words)))
    }

    /// The part of the text around the first match, on one line.
    pub(crate) fn snippet(&mut self, text: &str) -> Result<Vec<SnippetPart>> {
        let text = text::indexed(text);
        self.folds.words(&text, &mut self.words)?;
        let mut marked: Vec<(usize, usize)> = Vec::new();
        for at in 0..self.words.spans.len() {
            for phrase in self.phrases.iter().filter(|phrase| phrase.matches_at(&self.words, at)) {
                let span = |at: usize| self.words.spans.get(at).map_or((0, 0), |span| span.written);
                marked.push((span(at).0, span(at + phrase.words.len() - 1).1));
            }
        }
        Ok(snippet(&text, &marked))
    }
}

/// `marked`: stretches of bytes that matched, by their beginning.
fn snippet(text: &str, marked: &[(usize, usize)]) -> Vec<SnippetPart> {
    // One flat line first: (character, matched).
    let mut line: Vec<(char, bool)> = Vec::new();
    let mut first = None;
    let mut marks = marked.iter().peekable();
    let mut upto = 0;
    for (at, c) in text.char_indices() {
        while let Some((from, to)) = marks.peek()
            && *from <= at
        {
            upto = upto.max(*to);
            marks.next();
        }
        let matched = at < upto;
        match c {
            APART => {}
            c if c.is_whitespace() => {
                if line.last().is_some_and(|(last, _)| *last != ' ') {
                    line.push((' ', matched));
                }
            }
            c => {
                if matched {
                    first.get_or_insert(line.len());
                }
                line.push((c, matched));
            }
        }
    }
    let first = first.unwrap_or(0).min(line.len());
    let mut start = first.saturating_sub(LEAD_CHARS);
    if start > 0 {
        // Not from the middle of a word, if the word ends before the match.
        if let Some(space) = line[start..first].iter().position(|(c, _)| *c == ' ') {
            start += space + 1;
        }
    }
    let end = (start + SNIPPET_CHARS).min(line.len());
    let mut parts: Vec<SnippetPart> = Vec::new();
    let mut push = |c: char, matched: bool| match parts.last_mut() {
        Some(part) if part.matched == matched => part.text.push(c),
        _ => parts.push(SnippetPart { text: c.to_string(), matched }),
    };
    if start > 0 {
        push('…', false);
    }
    for &(c, matched) in &line[start..end] {
        push(c, matched);
    }
    if end < line.len() {
        push('…', false);
    }
    parts
}

#[cfg(test)]
mod tests {
    use rand::rngs::SmallRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn shown(typed: &str, text: &str) -> String {
        let mut folds = Folds::default();
        let mut query = Query::new(&mut folds, typed).unwrap().unwrap();
        let parts = query.snippet(text).unwrap();
        parts.iter().map(|part| if part.matched { format!("[{}]", part.text) } else { part.text.clone() }).collect()
    }

    #[test]
    fn f65_a_snippet_is_one_line_around_the_first_match() {
        assert_eq!(shown("order", "the order is\n\nlate"), "the [order] is late");
        assert_eq!(shown("absent", "no match"), "no match");
        assert_eq!(shown("x", ""), "");
        let long = format!("{} needle {}", "word ".repeat(50), "tail ".repeat(100));
        let around = shown("needle", &long);
        assert!(around.starts_with("…word") && around.ends_with('…') && around.contains("[needle]"), "{around}");
        assert_eq!(shown("x", &"я".repeat(9000)).chars().count(), 161);
    }

    #[test]
    fn f65_words_are_marked_as_they_are_written() {
        assert_eq!(shown("caf mull", "Café Müller"), "[Café] [Müller]");
        assert_eq!(shown("手机", "请问这款手机还有货吗？"), "请问这款[手机]还有货吗？");
        assert_eq!(shown("заказ", "Мой Заказ, заказы"), "Мой [Заказ], [заказы]");
        assert_eq!(shown("a-b", "x a-b a b a c"), "x [a-b] [a b] a c");
    }

    /// Of one kind each, so that neighbours interact: letters with and without accents, marks alone, unspaced scripts,
    /// signs, control characters, beyond the first plane.
    const ALPHABET: &[char] = &[
        'a', 'B', 'c', '1', ' ', ' ', '-', '\'', '"', 'é', 'É', 'ß', 'İ', 'ё', 'й', 'Ж', '\u{301}', '\u{308}', '你',
        '好', 'の', 'ガ', '\u{3099}', 'ก', '\u{e35}', '\u{e48}', 'ع', '\u{64b}', 'ह', '\u{93f}', '٣', '½', '🎉',
        '\u{1f}', '\u{200d}', '𝒳', '\u{e000}', '\n', '한',
    ];

    #[test]
    fn f65_what_is_found_and_marked_is_what_the_index_finds_and_marks() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE VIRTUAL TABLE hit USING fts5(
                 text, tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
        )
        .unwrap();
        let mut folds = Folds::default();
        let (mut found, mut missed) = (0, 0);
        for seed in crate::testing::seeds(3_000) {
            let mut random = SmallRng::seed_from_u64(seed);
            let mut some = |most: usize| -> String {
                let count = random.random_range(1..=most);
                (0..count).map(|_| ALPHABET[random.random_range(0..ALPHABET.len())]).collect()
            };
            let (text, typed) = (some(30), some(4));
            let Some(mut query) = Query::new(&mut folds, &typed).unwrap() else { continue };
            db.execute("DELETE FROM hit", []).unwrap();
            db.execute("INSERT INTO hit (rowid, text) VALUES (1, ?1)", [text::indexed(&text)]).unwrap();
            let marked: Option<String> = db
                .prepare_cached("SELECT highlight(hit, 0, '<', '>') FROM hit WHERE hit MATCH ?1")
                .unwrap()
                .query_map([query.all()], |row| row.get(0))
                .unwrap()
                .next()
                .transpose()
                .unwrap();
            assert_eq!(query.is_in(&text).unwrap(), marked.is_some(), "seed {seed}: {typed:?} in {text:?}");
            let Some(marked) = marked else {
                missed += 1;
                continue;
            };
            found += 1;
            let flat = |text: &str| text.chars().filter(|c| *c != APART && !c.is_whitespace()).collect::<String>();
            let ours: String = query
                .snippet(&text)
                .unwrap()
                .into_iter()
                .map(|part| if part.matched { format!("<{}>", part.text) } else { part.text })
                .collect();
            // Which of two touching stretches a mark belongs to is not seen on a screen.
            let plain = |text: &str| flat(text).replace("><", "");
            assert_eq!(plain(&ours), plain(&marked), "seed {seed}: {typed:?} in {text:?}");
        }
        assert!(found > 100 && missed > 100, "{found} found, {missed} missed");
    }
}
