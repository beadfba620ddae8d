//! Templates: prepared texts with variables, made by managers and used by everybody.

use serde::{Deserialize, Serialize};

use crate::ids::GroupId;
use crate::limits;

/// `POST` makes a template of a [`TemplateEdit`] without an edition, answered with the new
/// [`crate::collection::TemplateRow`]. `PUT` and `DELETE` on `/v1/templates/{id}` change and remove one; `DELETE` has the
/// edition as `?edition=`. For who manages templates of the group; phones read them as a collection.
pub const TEMPLATES_PATH: &str = "/v1/templates";

/// What a template says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The group whose members use it; none: the whole company, which only system owners change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// The tab under which it stands; none: under no tab but All.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The language of the text, as ISO 639-1 (`en`, `ru`); none: it fits every language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// By what people find it.
    pub title: String,
    /// The text, with variables in double braces.
    pub text: String,
    /// Words by which it is found too, and which customers use who want this answer; separated by spaces.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keywords: String,
}

/// A change of a template, or a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateEdit {
    /// The edition that was looked at; none for a new template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<u64>,
    /// What it shall say.
    #[serde(flatten)]
    pub template: Template,
}

/// The variables that a text may hold, as `{{name}}`.
pub const VARIABLES: &[&str] = &[
    "contact.name",
    "contact.first_name",
    "contact.email",
    "contact.phone",
    "user.name",
    "user.first_name",
    "user.extension",
    "group.name",
    "queue.name",
    "channel.name",
];

/// A part of a template's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Text(&'a str),
    /// A variable's name, one of [`VARIABLES`] or not, and how it stands in the text.
    Variable {
        /// The name, without braces and the spaces beside them.
        name: &'a str,
        /// With them.
        written: &'a str,
    },
}

/// A template that cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// No title, or one that is too long.
    #[error("the title is empty or longer than {max} bytes", max = limits::MAX_NAME_BYTES)]
    Title,
    /// No text, or one that is too long.
    #[error("the text is empty or longer than {max} bytes", max = limits::MAX_TEXT_BYTES)]
    Text,
    /// The category is too long.
    #[error("the category is longer than {max} bytes", max = limits::MAX_SHORT_NAME_BYTES)]
    Category,
    /// The keywords are too long.
    #[error("the keywords are longer than {max} bytes", max = limits::MAX_KEYWORDS_BYTES)]
    Keywords,
    /// Not two letters.
    #[error("the language {0:?} is not a code of two letters such as en or ru")]
    Language(String),
    /// Braces that never close.
    #[error("the text has {{{{ without }}}}")]
    Unclosed,
    /// A name that stands for nothing.
    #[error("there is no variable {{{{{name}}}}}: known are {known}", known = VARIABLES.join(", "))]
    UnknownVariable {
        /// As it was written.
        name: String,
    },
}

/// The parts of a text. Braces that never close are words, and of several that open the last before `}}` do.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.find("{{") {
        let Some(length) = rest[first..].find("}}") else { break };
        let close = first + length;
        // Otherwise a stray `{{` before a variable would make both of them words.
        let start = rest[first..close].rfind("{{").map_or(first, |last| first + last);
        let end = close + 2;
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        pieces.push(Piece::Variable { name: rest[start + 2..close].trim(), written: &rest[start..end] });
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The variables of [`VARIABLES`] that still stand in a text: such a text is not sent to anybody. What else people write
/// between double braces is theirs.
pub fn unfilled(text: &str) -> Vec<&str> {
    if !text.contains("{{") {
        return Vec::new();
    }
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Variable { name, .. } if VARIABLES.contains(&name) => Some(name),
            Piece::Variable { .. } | Piece::Text(_) => None,
        })
        .collect()
}

impl Template {
    /// Whether it can be stored; otherwise what is wrong. Names and language are expected without spaces around them.
    pub fn check(&self) -> Result<(), TemplateError> {
        let over = |text: &str, max: usize| text.len() > max;
        if self.title.trim().is_empty() || over(&self.title, limits::MAX_NAME_BYTES) {
            return Err(TemplateError::Title);
        }
        if self.text.trim().is_empty() || over(&self.text, limits::MAX_TEXT_BYTES) {
            return Err(TemplateError::Text);
        }
        if self.category.as_deref().is_some_and(|name| name.is_empty() || over(name, limits::MAX_SHORT_NAME_BYTES)) {
            return Err(TemplateError::Category);
        }
        if over(&self.keywords, limits::MAX_KEYWORDS_BYTES) {
            return Err(TemplateError::Keywords);
        }
        if let Some(language) = &self.language
            && !(language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()))
        {
            return Err(TemplateError::Language(language.chars().take(20).collect()));
        }
        for piece in pieces(&self.text) {
            match piece {
                Piece::Variable { name, .. } if !VARIABLES.contains(&name) => {
                    return Err(TemplateError::UnknownVariable { name: name.chars().take(60).collect() });
                }
                Piece::Text(words) if words.contains("{{") => return Err(TemplateError::Unclosed),
                Piece::Variable { .. } | Piece::Text(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template {
            group: None,
            category: None,
            language: Some("en".into()),
            title: "Greeting".into(),
            text: text.into(),
            keywords: String::new(),
        }
    }

    #[test]
    fn f24_a_text_is_words_and_variables() {
        assert_eq!(
            pieces("Hello {{ contact.first_name }}, I am {{user.name}}."),
            vec![
                Piece::Text("Hello "),
                Piece::Variable { name: "contact.first_name", written: "{{ contact.first_name }}" },
                Piece::Text(", I am "),
                Piece::Variable { name: "user.name", written: "{{user.name}}" },
                Piece::Text("."),
            ]
        );
        assert_eq!(pieces("{{"), vec![Piece::Text("{{")]);
        assert_eq!(pieces(""), Vec::new());
        assert_eq!(pieces("{{{{a}}"), vec![Piece::Text("{{"), Piece::Variable { name: "a", written: "{{a}}" }]);
        assert_eq!(pieces("{{}}"), vec![Piece::Variable { name: "", written: "{{}}" }]);
        assert_eq!(
            pieces("я {{{a}}} {{ b"),
            vec![Piece::Text("я {"), Piece::Variable { name: "a", written: "{{a}}" }, Piece::Text("} {{ b")]
        );
    }

    #[test]
    fn f24_a_text_with_an_unfilled_variable_is_told() {
        assert_eq!(unfilled("Hello {{contact.first_name}}, {{queue.name}}"), ["contact.first_name", "queue.name"]);
        // Also behind braces that somebody typed.
        assert_eq!(unfilled("{{ Hello {{contact.first_name}}"), ["contact.first_name"]);
        assert_eq!(unfilled("{{{contact.first_name}}}"), ["contact.first_name"]);
        // A customer may have asked about a template engine.
        assert_eq!(unfilled("Write {{ title }} there, or {{"), Vec::<&str>::new());
    }

    #[test]
    fn f24_what_cannot_be_stored_says_what_is_wrong() {
        assert_eq!(template("Hello {{contact.first_name}}").check(), Ok(()));
        let unknown = template("Hello {{contact.shoe_size}}").check().unwrap_err();
        assert!(unknown.to_string().contains("{{contact.shoe_size}}"), "{unknown}");
        assert_eq!(template("Hello {{contact.name").check(), Err(TemplateError::Unclosed));
        assert_eq!(template("{{ Hello {{contact.name}}").check(), Err(TemplateError::Unclosed));
        assert_eq!(template(" ").check(), Err(TemplateError::Text));
        assert_eq!(template(&"a".repeat(limits::MAX_TEXT_BYTES + 1)).check(), Err(TemplateError::Text));
        assert_eq!(Template { title: String::new(), ..template("a") }.check(), Err(TemplateError::Title));
        let english = Template { language: Some("English".into()), ..template("a") };
        assert_eq!(english.check(), Err(TemplateError::Language("English".into())));
    }
}
