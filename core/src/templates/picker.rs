//! Which templates a picker shows, and in which order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use switchboard_protocol::UnixMillis;
use switchboard_protocol::collection::{Role, TemplateRow};
use switchboard_protocol::ids::GroupId;
use switchboard_protocol::template::Template;

use super::{language, suggest};
use crate::model::TemplateQuery;

/// How many templates are called likely.
const LIKELY: usize = 3;
/// What is fainter than this beside the likeliest one is not called likely.
const FAINT: f32 = 0.2;

/// Who looks for a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) role: Role,
    pub(crate) group: Option<GroupId>,
}

impl Rights {
    pub(crate) fn can_create(self) -> bool {
        self.role == Role::SystemOwner || (self.role != Role::User && self.group.is_some())
    }

    pub(crate) fn can_edit(self, group: Option<GroupId>) -> bool {
        match self.role {
            Role::SystemOwner => true,
            Role::GroupOwner | Role::Manager => group.is_some() && group == self.group,
            Role::User => false,
        }
    }
}

/// A stored template.
pub(crate) struct Stored {
    pub(crate) key: i64,
    pub(crate) row: TemplateRow,
}

/// How often this user took a template, and when last; by its key.
pub(crate) type Uses = HashMap<i64, (i64, Option<UnixMillis>)>;

/// What the search box leaves, by key: how good a match each is, 0 the best.
pub(crate) type Found = HashMap<i64, u8>;

/// All templates of this device, with what they are ranked by. Made anew when one changes.
#[derive(Default)]
pub(crate) struct Catalogue {
    pub(crate) stored: Vec<Stored>,
    /// The languages that they are in.
    pub(crate) languages: BTreeSet<String>,
    /// By language, those in it and what they are compared by. Of its own each: how rare a word is among texts of another
    /// language says nothing. Made when it is first asked for.
    indices: OnceLock<Vec<(Vec<usize>, suggest::Index)>>,
}

impl Catalogue {
    pub(crate) fn new(stored: Vec<Stored>) -> Self {
        let languages = stored.iter().filter_map(|one| one.template().language.clone()).collect();
        Self { stored, languages, indices: OnceLock::new() }
    }

    /// The language of what a customer wrote.
    pub(crate) fn language_of(&self, text: &str) -> Option<String> {
        language::detect(text, &self.languages)
    }

    /// How well each template fits what was written.
    fn scores(&self, written: &str) -> Vec<f32> {
        let mut out = vec![0.0; self.stored.len()];
        if written.trim().is_empty() {
            return out;
        }
        let indices = self.indices.get_or_init(|| {
            let mut by_language: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
            for (at, one) in self.stored.iter().enumerate() {
                by_language.entry(one.template().language.as_deref()).or_default().push(at);
            }
            let index = |of: &Vec<usize>| suggest::Index::new(of.iter().map(|&at| self.stored[at].template()));
            by_language.into_values().map(|of| (index(&of), of)).map(|(index, of)| (of, index)).collect()
        });
        for (of, index) in indices {
            for (&at, fits) in of.iter().zip(index.scores(written)) {
                out[at] = fits;
            }
        }
        out
    }
}

impl Stored {
    fn template(&self) -> &Template {
        &self.row.template
    }
}

/// A template's place in a picker.
pub(crate) struct Picked {
    /// Which of the stored ones.
    pub(crate) index: usize,
    pub(crate) likely: bool,
}

/// How likely each template is the answer to what the customer wrote in this language: (how near the language is,
/// how well it fits).
struct Ranking {
    /// 0: the customer's language, 1: every language, 2: another one.
    nearness: Vec<u8>,
    score: Vec<f32>,
    likely: BTreeSet<usize>,
}

fn rank(all: &Catalogue, written: &Written<'_>) -> Ranking {
    let nearness: Vec<u8> = all
        .stored
        .iter()
        .map(|one| match (one.template().language.as_deref(), written.language) {
            (_, None) => 0,
            (Some(language), Some(customer)) if language == customer => 0,
            (None, Some(_)) => 1,
            (Some(_), Some(_)) => 2,
        })
        .collect();
    let score = all.scores(written.text);
    let mut likely: Vec<usize> = (0..all.stored.len()).filter(|&at| nearness[at] < 2 && score[at] > 0.0).collect();
    likely.sort_by(|&a, &b| score[b].total_cmp(&score[a]).then(a.cmp(&b)));
    likely.truncate(LIKELY);
    // A chance letter or two in common is no likeness beside a good answer.
    if let Some(best) = likely.first().map(|&at| score[at]) {
        likely.retain(|&at| score[at] >= best * FAINT);
    }
    Ranking { nearness, score, likely: likely.into_iter().collect() }
}

/// What a customer wrote last, and the language it is in.
pub(crate) struct Written<'a> {
    pub(crate) text: &'a str,
    pub(crate) language: Option<&'a str>,
}

/// Chooses and orders. Without `found` nothing is typed in the search box. The order never leaves anything out.
pub(crate) fn pick(
    all: &Catalogue,
    uses: &Uses,
    query: &TemplateQuery,
    found: Option<&Found>,
    written: Option<&Written<'_>>,
) -> Vec<Picked> {
    let ranking = written.map(|written| rank(all, written));
    let mut out: Vec<(usize, u8)> = Vec::new();
    for (index, one) in all.stored.iter().enumerate() {
        let template = one.template();
        let in_tab = query.category.as_deref().is_none_or(|tab| template.category.as_deref() == Some(tab));
        let in_language = query
            .language
            .as_deref()
            .is_none_or(|wanted| template.language.as_deref().is_none_or(|language| language == wanted));
        let matched = match found {
            Some(found) => found.get(&one.key).copied(),
            None => Some(0),
        };
        if let (true, true, Some(matched)) = (in_tab, in_language, matched) {
            out.push((index, matched));
        }
    }
    out.sort_by_cached_key(|&(index, matched)| {
        let one = &all.stored[index];
        let (near, likely, score) = match &ranking {
            // A positive float's bits are in the order of its value.
            Some(ranking) => {
                (ranking.nearness[index], ranking.likely.contains(&index), ranking.score[index].max(0.0).to_bits())
            }
            None => (0, false, 0),
        };
        let (used, used_at) = uses.get(&one.key).copied().unwrap_or_default();
        // What is likely comes before the rest of its language and before what fits every language.
        let place = if likely { 0 } else { near + 1 };
        (matched, place, Reverse(score), Reverse((used, used_at)), one.template().title.to_lowercase(), one.row.id)
    });
    out.into_iter()
        .map(|(index, _)| Picked { index, likely: ranking.as_ref().is_some_and(|it| it.likely.contains(&index)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use switchboard_protocol::ids::TemplateId;

    use super::*;

    fn stored(key: i64, language: Option<&str>, category: Option<&str>, title: &str, text: &str) -> Stored {
        let mut id = [0; 16];
        id[15] = key as u8;
        Stored {
            key,
            row: TemplateRow {
                id: TemplateId::from_bytes(id),
                edition: 1,
                template: Template {
                    group: None,
                    category: category.map(Into::into),
                    language: language.map(Into::into),
                    title: title.into(),
                    text: text.into(),
                    keywords: String::new(),
                },
            },
        }
    }

    fn some() -> Catalogue {
        Catalogue::new(vec![
            stored(1, Some("en"), Some("Returns"), "Refund", "The money comes back within five days."),
            stored(2, Some("ru"), Some("Returns"), "Возврат денег", "Деньги вернутся в течение пяти дней."),
            stored(3, Some("ru"), Some("General"), "Часы работы", "Мы открыты с девяти до восьми."),
            stored(4, None, Some("General"), "Link", "https://example.com"),
            stored(5, Some("en"), None, "Opening hours", "We are open from nine to eight."),
        ])
    }

    fn keys(all: &Catalogue, picked: &[Picked]) -> Vec<i64> {
        picked.iter().map(|one| all.stored[one.index].key).collect()
    }

    #[test]
    fn f20_f21_tab_and_language_combine() {
        let all = some();
        let pick = |category: Option<&str>, language: Option<&str>| {
            let query = TemplateQuery {
                category: category.map(Into::into),
                language: language.map(Into::into),
                ..TemplateQuery::default()
            };
            let mut keys = keys(&all, &super::pick(&all, &Uses::new(), &query, None, None));
            keys.sort_unstable();
            keys
        };
        assert_eq!(pick(None, None), [1, 2, 3, 4, 5]);
        assert_eq!(pick(Some("Returns"), None), [1, 2]);
        assert_eq!(pick(Some("Returns"), Some("ru")), [2]);
        // What is in no language fits every one.
        assert_eq!(pick(None, Some("ru")), [2, 3, 4]);
        assert_eq!(pick(Some("General"), Some("en")), [4]);
        assert_eq!(pick(Some("Absent"), None), [0_i64; 0]);
    }

    #[test]
    fn f25_the_customers_language_and_the_likely_come_first_and_nothing_is_left_out() {
        let all = some();
        let text = "когда вернёте деньги?";
        let language = all.language_of(text);
        assert_eq!(language.as_deref(), Some("ru"));
        let written = Written { text, language: language.as_deref() };
        let picked = pick(&all, &Uses::new(), &TemplateQuery::default(), None, Some(&written));
        assert_eq!(keys(&all, &picked), [2, 3, 4, 5, 1]);
        assert_eq!(picked.iter().map(|one| one.likely).collect::<Vec<_>>(), [true, false, false, false, false]);
        // A better match of what was typed is still a better match.
        let typed = Found::from([(1, 0), (2, 1), (4, 1), (5, 1)]);
        let picked = pick(&all, &Uses::new(), &TemplateQuery::default(), Some(&typed), Some(&written));
        assert_eq!(keys(&all, &picked), [1, 2, 4, 5]);
    }

    #[test]
    fn f19_of_equals_the_usual_one_comes_first() {
        let all = some();
        let uses = Uses::from([(5, (2, None)), (4, (2, Some(5)))]);
        let picked = pick(&all, &uses, &TemplateQuery::default(), None, None);
        assert_eq!(keys(&all, &picked), [4, 5, 1, 2, 3]);
    }

    #[test]
    fn f18_who_may_make_and_change_templates() {
        let (own, other) = (GroupId::from_bytes([1; 16]), GroupId::from_bytes([2; 16]));
        let table = [
            (Role::User, false, [false, false, false]),
            (Role::Manager, true, [true, false, false]),
            (Role::GroupOwner, true, [true, false, false]),
            (Role::SystemOwner, true, [true, true, true]),
        ];
        assert_eq!(table.map(|(role, ..)| role).as_slice(), Role::ALL);
        for (role, create, edit) in table {
            let rights = Rights { role, group: Some(own) };
            assert_eq!(rights.can_create(), create, "{role:?}");
            assert_eq!([Some(own), Some(other), None].map(|group| rights.can_edit(group)), edit, "{role:?}");
        }
    }
}
