use switchboard_core as core;
use switchboard_core::{ChatId, GroupId, TemplateId};

/// Which templates a picker shows. What is absent does not filter; the three combine.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TemplateQuery {
    /// What stands in the search box.
    #[uniffi(default = "")]
    pub search: String,
    /// The tab.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// The language: templates in it, and those without one.
    #[uniffi(default = None)]
    pub language: Option<String>,
    /// The chat whose composer it is for: its customer's language and the likely templates come first.
    #[uniffi(default = None)]
    pub chat: Option<ChatId>,
}

impl From<TemplateQuery> for core::TemplateQuery {
    fn from(query: TemplateQuery) -> Self {
        Self { search: query.search, category: query.category, language: query.language, chat: query.chat }
    }
}

/// What a picker shows.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TemplatePicker {
    /// The templates, the best first; at most 200.
    pub rows: Vec<TemplateItem>,
    /// The tabs, in the order of the alphabet.
    pub categories: Vec<String>,
    /// The languages of the drop-down, as ISO 639-1.
    pub languages: Vec<String>,
    /// The language that the chat's customer writes, if it could be told.
    pub customer_language: Option<String>,
    /// Whether this user may make templates: for one of `groups`. Without it no such control is shown.
    pub can_create: bool,
    /// For whom this user may make templates, by name: the own group, and a system owner first of all for the whole
    /// company, then for every group.
    pub groups: Vec<TemplateGroup>,
}

impl From<core::TemplatePicker> for TemplatePicker {
    fn from(picker: core::TemplatePicker) -> Self {
        let group = |group: core::TemplateGroup| TemplateGroup { group: group.group, name: group.name };
        Self {
            rows: picker.rows.into_iter().map(TemplateItem::from).collect(),
            categories: picker.categories,
            languages: picker.languages,
            customer_language: picker.customer_language,
            can_create: picker.can_create,
            groups: picker.groups.into_iter().map(group).collect(),
        }
    }
}

/// For whom a template is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TemplateGroup {
    /// The group; none: the whole company.
    pub group: Option<GroupId>,
    /// The group's name; none for the whole company.
    pub name: Option<String>,
}

/// A template in a picker.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
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
    /// Its text, with variables: what the list shows. The composer gets what `fill_template` answers.
    pub text: String,
    /// Words by which it is found.
    pub keywords: String,
    /// Whether it is one of the likely answers to the customer's last message.
    pub likely: bool,
    /// Whether this user may change and delete it. Without it no such control is shown.
    pub can_edit: bool,
}

impl From<core::TemplateItem> for TemplateItem {
    fn from(item: core::TemplateItem) -> Self {
        Self {
            id: item.id,
            edition: item.edition,
            group: item.group,
            group_name: item.group_name,
            category: item.category,
            language: item.language,
            title: item.title,
            text: item.text,
            keywords: item.keywords,
            likely: item.likely,
            can_edit: item.can_edit,
        }
    }
}

/// A template's text, ready for the composer. It is not sent by this.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct FilledTemplate {
    /// The text. Variables that could not be filled stand in it as they were, and the text is refused with
    /// `UnfilledVariable` until they are replaced.
    pub text: String,
    /// The names of those variables, for the composer to mark them: each stands in double braces.
    pub unfilled: Vec<String>,
}

impl From<core::FilledTemplate> for FilledTemplate {
    fn from(filled: core::FilledTemplate) -> Self {
        Self { text: filled.text, unfilled: filled.unfilled }
    }
}

/// What a template says: what its editor makes.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Template {
    /// By what people find it.
    pub title: String,
    /// The text, with variables in double braces, of `template_variables`.
    pub text: String,
    /// The group whose members use it: of one of the picker's `groups`; none: the whole company.
    #[uniffi(default = None)]
    pub group: Option<GroupId>,
    /// The tab under which it stands; none: under no tab but All.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// The language of the text, as ISO 639-1 (`en`, `ru`); none: it fits every language.
    #[uniffi(default = None)]
    pub language: Option<String>,
    /// Words by which it is found too, and which customers use who want this answer; separated by spaces.
    #[uniffi(default = "")]
    pub keywords: String,
}

impl From<Template> for core::Template {
    fn from(template: Template) -> Self {
        Self {
            group: template.group,
            category: template.category,
            language: template.language,
            title: template.title,
            text: template.text,
            keywords: template.keywords,
        }
    }
}
