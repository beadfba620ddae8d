//! The suggestion against the kept set: 200 messages as customers write them, each with the template that answers it.

use std::collections::BTreeSet;

use switchboard_protocol::collection::TemplateRow;
use switchboard_protocol::ids::TemplateId;
use switchboard_protocol::template::Template;

use super::language;
use super::picker::{self, Catalogue, Stored, Uses, Written};
use crate::model::TemplateQuery;

const TEMPLATES: &str = include_str!("../../tests/data/suggestion/templates.csv");
const MESSAGES: &str = include_str!("../../tests/data/suggestion/messages.csv");

/// The rows of a CSV file below its header.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    rows.remove(0);
    rows
}

fn templates(keywords: bool) -> Catalogue {
    let stored = |(key, row): (i64, Vec<String>)| {
        let [_, category, language, title, text, words] = row.try_into().unwrap();
        let mut id = [0; 16];
        id[15] = u8::try_from(key).unwrap();
        let keywords = if keywords { words } else { String::new() };
        let template =
            Template { group: None, category: Some(category), language: Some(language), title, text, keywords };
        template.check().unwrap();
        Stored { key, row: TemplateRow { id: TemplateId::from_bytes(id), edition: 1, template } }
    };
    Catalogue::new((1..).zip(rows(TEMPLATES)).map(stored).collect())
}

/// (language, title of the right template, text)
fn messages() -> Vec<[String; 3]> {
    rows(MESSAGES).into_iter().map(|row| row.try_into().unwrap()).collect()
}

struct Figures {
    all: usize,
    first: usize,
    top_3: usize,
}

impl Figures {
    fn percent(&self, hits: usize) -> usize {
        hits * 100 / self.all
    }
}

/// As the picker does it, with all templates of both languages: nothing is known of the chat but its last text.
fn measure(all: &Catalogue, of: &str) -> Figures {
    let mut figures = Figures { all: 0, first: 0, top_3: 0 };
    for [language, title, text] in messages().iter().filter(|[language, ..]| language == of) {
        let told = all.language_of(text);
        let written = Written { text, language: told.as_deref() };
        let picked = picker::pick(all, &Uses::new(), &TemplateQuery::default(), None, Some(&written));
        assert_eq!(picked.len(), all.stored.len(), "it only reorders");
        let place = picked
            .iter()
            .position(|one| {
                let template = &all.stored[one.index].row.template;
                template.title == *title && template.language.as_deref() == Some(language)
            })
            .unwrap();
        // What merely stands there by the order of the alphabet is no suggestion.
        let suggested = picked[place].likely;
        figures.all += 1;
        figures.first += usize::from(suggested && place == 0);
        figures.top_3 += usize::from(suggested && place < 3);
    }
    figures
}

#[test]
fn f25_the_right_template_is_in_the_top_3_for_70_percent_of_the_kept_messages() {
    let mut top_3 = 0;
    for of in ["en", "ru"] {
        for keywords in [true, false] {
            let figures = measure(&templates(keywords), of);
            assert_eq!(figures.all, 100);
            println!(
                "{of}, {} keywords: right in the top 3 for {} %, first for {} %",
                if keywords { "with" } else { "without" },
                figures.percent(figures.top_3),
                figures.percent(figures.first)
            );
            if keywords {
                top_3 += figures.top_3;
                assert!(figures.percent(figures.top_3) >= 70, "{of}: {} %", figures.percent(figures.top_3));
            } else {
                // Three of twenty by chance would be 15.
                assert!(figures.percent(figures.top_3) >= 50, "{of}: {} %", figures.percent(figures.top_3));
            }
        }
    }
    assert!(top_3 >= 140, "{top_3} of 200");
}

#[test]
fn f25_the_language_is_right_for_95_percent_of_texts_over_20_letters() {
    let sets: [&[&str]; 2] = [&["en", "ru"], &["de", "en", "es", "fr", "it", "ru", "uk"]];
    for codes in sets {
        let among: BTreeSet<String> = codes.iter().map(|&code| code.to_owned()).collect();
        let (mut all, mut right, mut short, mut short_right) = (0, 0, 0, 0);
        for [language, _, text] in messages() {
            let told = language::detect(&text, &among).as_deref() == Some(language.as_str());
            if text.chars().filter(|c| c.is_alphabetic()).count() > 20 {
                all += 1;
                right += usize::from(told);
            } else {
                short += 1;
                short_right += usize::from(told);
            }
        }
        println!(
            "language among {codes:?}: right for {right} of {all} texts over 20 letters, {short_right} of {short} shorter"
        );
        assert!(all >= 100, "{all}");
        assert!(right * 100 >= all * 95, "{right} of {all}");
    }
}

#[test]
fn f25_every_message_has_its_template_and_no_two_are_the_same() {
    let (stored, messages) = (templates(true).stored, messages());
    assert_eq!((stored.len(), messages.len()), (40, 200));
    for [language, title, text] in &messages {
        let is =
            |one: &&Stored| one.row.template.title == *title && one.row.template.language.as_ref() == Some(language);
        assert_eq!(stored.iter().filter(is).count(), 1, "{title}");
        assert_eq!(messages.iter().filter(|other| &other[2] == text).count(), 1, "{text}");
    }
}

#[test]
fn f25_chinese_japanese_and_thai_are_compared_by_their_characters() {
    let template = |title: &str, text: &str| Template {
        group: None,
        category: None,
        language: Some("zh".into()),
        title: title.into(),
        text: text.into(),
        keywords: String::new(),
    };
    let all = [template("退款", "退款将在五天内退回。"), template("营业时间", "我们九点开门。")];
    let index = super::suggest::Index::new(&all);
    let scores = index.scores("我的退款什么时候到");
    assert!(scores[0] > scores[1] && scores[1] == 0.0, "{scores:?}");
    assert_eq!(index.scores("🎉"), [0.0, 0.0]);
    assert_eq!(index.scores(""), [0.0, 0.0]);
}
