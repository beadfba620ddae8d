use std::fmt;

use switchboard_protocol::ids::{ChatId, GroupId, TemplateId};

/// Which templates a picker shows. What is absent does not filter; the three combine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplateQuery {
    /// What stands in the search box.
    pub search: String,
    /// The tab.
    pub category: Option<String>,
    /// The language: templates in it, and those without one.
    pub language: Option<String>,
    /// The chat whose composer it is for: its customer's language and the likely templates come first.
    pub chat: Option<ChatId>,
}

/// What a picker shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TemplatePicker {
    /// The templates, the best first; at most 200.
    pub rows: Vec<TemplateItem>,
    /// The tabs, in the order of the alphabet.
    pub categories: Vec<String>,
    /// The languages of the drop-down, as ISO 639-1.
    pub languages: Vec<String>,
    /// The language that the chat's customer writes, if it could be told.
    pub customer_language: Option<String>,
    /// Whether this user may make templates: for one of `groups`.
    pub can_create: bool,
    /// For whom this user may make templates, by name: the own group, and a system owner first of all for the whole
    /// company, then for every group.
    pub groups: Vec<TemplateGroup>,
}

/// For whom a template is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateGroup {
    /// The group; none: the whole company.
    pub group: Option<GroupId>,
    /// The group's name; none for the whole company.
    pub name: Option<String>,
}

/// A template in a picker.
#[derive(Clone, PartialEq, Eq)]
pub struct TemplateItem {
    /// Its id.
    pub id: TemplateId,
    /// Its edition, which a change of it names.
    pub edition: u64,
    /// The group whose members use it; none: the whole company.
    pub group: Option<GroupId>,
    /// That group's name.
    pub group_name: Option<String>,
    /// Its tab.
    pub category: Option<String>,
    /// Its language, as ISO 639-1; none: it fits every language.
    pub language: Option<String>,
    /// Its title.
    pub title: String,
    /// Its text, with variables.
    pub text: String,
    /// Words by which it is found.
    pub keywords: String,
    /// Whether it is one of the likely answers to the customer's last message.
    pub likely: bool,
    /// Whether this user may change and delete it.
    pub can_edit: bool,
}

impl fmt::Debug for TemplateItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateItem").field("id", &self.id).field("edition", &self.edition).finish_non_exhaustive()
    }
}

/// A template's text, ready for the composer. It is not sent by this.
#[derive(Clone, PartialEq, Eq)]
pub struct FilledTemplate {
    /// The text. Variables that could not be filled stand in it as they were, and the text is refused until they are
    /// replaced.
    pub text: String,
    /// The names of those variables, for the composer to mark them: each stands in double braces.
    pub unfilled: Vec<String>,
}

impl fmt::Debug for FilledTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilledTemplate").field("unfilled", &self.unfilled).finish_non_exhaustive()
    }
}
