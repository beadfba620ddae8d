//! Ranks templates by what the customer wrote, on the device and without a network.
//!
//! Words by their stem and the groups of letters within them, weighed by how few templates have them (tf-idf, compared
//! by the cosine). Groups of letters carry over what stems do not: endings, compounds, typing errors. Short words say
//! little in any language and weigh little, which does without a list of stop words for each.

use std::collections::HashMap;

use switchboard_protocol::template::{Piece, Template, pieces};

use crate::store::text::is_unspaced;

/// What a hit in a part of a template weighs.
const TITLE: f32 = 2.0;
const KEYWORDS: f32 = 2.0;
const TEXT: f32 = 1.0;
const CATEGORY: f32 = 0.5;
/// A stem beside one of its groups of letters.
const STEM: f32 = 2.0;
const GROUPS: f32 = 0.5;
const STEM_CHARS: usize = 5;
/// By the number of letters of a word.
const WORD_WEIGHT: [f32; 7] = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0];
/// How soon more of the same counts no more.
const SATURATION: f32 = 1.2;
/// What one feature of a customer's text counts at most, however often it stands there.
const MOST_OF_ONE: f32 = 2.0;
/// More of a text is not looked at.
const MAX_CHARS: usize = 2_000;

/// A word's stem or a group of letters, as a number: a company's templates have a hundred thousand of them.
type Feature = u64;
type Features = HashMap<Feature, f32>;

/// What the templates of one language are compared by: of each feature, who has it, and how much it says.
pub(crate) struct Index {
    postings: HashMap<Feature, Vec<(u32, f32)>>,
    templates: usize,
}

impl Index {
    /// Of templates that are to be compared with each other.
    pub(crate) fn new<'a>(templates: impl IntoIterator<Item = &'a Template>) -> Self {
        let all: Vec<Features> = templates.into_iter().map(features_of).collect();
        let mut postings: HashMap<Feature, Vec<(u32, f32)>> = HashMap::new();
        for (at, features) in (0_u32..).zip(&all) {
            for (feature, weight) in features {
                let weight = weight * (SATURATION + 1.0) / (weight + SATURATION);
                postings.entry(*feature).or_default().push((at, weight));
            }
        }
        let mut squares = vec![0.0_f64; all.len()];
        for having in postings.values_mut() {
            let count = having.len() as f32;
            let rare = (1.0 + (all.len() as f32 - count + 0.5) / (count + 0.5)).ln();
            for (at, weight) in having {
                *weight *= rare;
                squares[*at as usize] += f64::from(*weight * *weight);
            }
        }
        // By the square root of the length: a long text is not to win by its length, nor lose by it.
        let lengths: Vec<f32> = squares.into_iter().map(|square| square.sqrt().sqrt() as f32).collect();
        for (at, weight) in postings.values_mut().flatten() {
            // What has a feature has a length.
            *weight /= lengths[*at as usize].max(f32::MIN_POSITIVE);
        }
        Self { postings, templates: all.len() }
    }

    /// How well each template fits what was written; 0: not at all.
    pub(crate) fn scores(&self, written: &str) -> Vec<f32> {
        let mut wanted = Features::new();
        add(&mut wanted, written, 1.0);
        // Sums of floats depend on their order, and a map's order is random.
        let mut wanted: Vec<(Feature, f32)> = wanted.into_iter().collect();
        wanted.sort_unstable_by_key(|(feature, _)| *feature);
        let mut scores = vec![0.0; self.templates];
        for (feature, weight) in wanted {
            for (at, says) in self.postings.get(&feature).map(Vec::as_slice).unwrap_or_default() {
                scores[*at as usize] += weight.min(MOST_OF_ONE) * says;
            }
        }
        scores
    }
}

fn features_of(template: &Template) -> Features {
    let mut out = Features::new();
    add(&mut out, &template.title, TITLE);
    add(&mut out, &template.keywords, KEYWORDS);
    add(&mut out, template.category.as_deref().unwrap_or_default(), CATEGORY);
    for piece in pieces(&template.text) {
        if let Piece::Text(words) = piece {
            add(&mut out, words, TEXT);
        }
    }
    out
}

fn add(out: &mut Features, text: &str, weight: f32) {
    let text: String = text.chars().take(MAX_CHARS).flat_map(char::to_lowercase).filter_map(folded).collect();
    // Marks of unspaced scripts are part of their words, though no letters.
    for word in text.split(|c: char| !c.is_alphanumeric() && !is_unspaced(c)).filter(|word| !word.is_empty()) {
        let chars: Vec<char> = word.chars().collect();
        if chars.iter().any(|&c| is_unspaced(c)) {
            // A run without spaces: its pairs are its words.
            for pair in chars.windows(chars.len().min(2)) {
                *out.entry(feature('p', pair)).or_default() += weight;
            }
            continue;
        }
        let weight = weight * WORD_WEIGHT[chars.len().min(WORD_WEIGHT.len()) - 1];
        *out.entry(feature('s', &chars[..chars.len().min(STEM_CHARS)])).or_default() += weight * STEM;
        let framed: Vec<char> = ['_'].into_iter().chain(chars).chain(['_']).collect();
        for size in [3, 4] {
            let groups = framed.windows(size);
            let each = weight * GROUPS / (groups.len().max(1) as f32).sqrt();
            for group in groups {
                *out.entry(feature('g', group)).or_default() += each;
            }
        }
    }
}

/// FNV-1a.
fn feature(kind: char, chars: &[char]) -> Feature {
    [kind]
        .iter()
        .chain(chars)
        .fold(0xcbf2_9ce4_8422_2325, |hash, &c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What people leave out when they type: apostrophes, the dots of ё, accents that were typed apart.
fn folded(c: char) -> Option<char> {
    match c {
        '\'' | '’' | '\u{300}'..='\u{36f}' => None,
        'ё' => Some('е'),
        c => Some(c),
    }
}
