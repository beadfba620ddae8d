//! Templates as tables: lists, exports, and imports that are done as a whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use switchboard_protocol::collection::TemplateRow;
use switchboard_protocol::ids::GroupId;
use switchboard_protocol::template::Template;

use super::Admin;
use crate::store::StoreError;
use crate::store::people::GroupInfo;
use crate::store::templates::{self, Imported, Key, cleaned, key};

/// The columns, in the order of an export. An import takes them in any order; `title` and `text` must be there.
const COLUMNS: [&str; 6] = ["group", "category", "language", "title", "text", "keywords"];

/// As many bad lines are named at once.
const NAMED_LINES: usize = 20;

/// A line of the table that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Where it begins.
    line: u64,
    template: Template,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BadLine {
    line: u64,
    what: String,
}

fn refused(mut bad: Vec<BadLine>) -> StoreError {
    bad.sort_by_key(|bad| bad.line);
    let mut text = format!("nothing was changed: {} of the lines cannot be used", bad.len());
    for BadLine { line, what } in bad.iter().take(NAMED_LINES) {
        let _ = write!(text, "\n  line {line}: {what}");
    }
    if bad.len() > NAMED_LINES {
        let _ = write!(text, "\n  and {} more", bad.len() - NAMED_LINES);
    }
    StoreError::Refused(text)
}

/// Where each column stands.
fn header(names: &csv::StringRecord) -> Result<HashMap<&'static str, usize>, BadLine> {
    let bad = |what| BadLine { line: 1, what };
    let mut columns = HashMap::new();
    for (index, name) in names.iter().enumerate() {
        let Some(known) = COLUMNS.iter().find(|known| name.trim().eq_ignore_ascii_case(known)) else {
            let name: String = name.chars().take(40).collect();
            return Err(bad(format!("there is no column {name:?}: known are {}", COLUMNS.join(", "))));
        };
        if columns.insert(*known, index).is_some() {
            return Err(bad(format!("the column {known} stands there twice")));
        }
    }
    match ["title", "text"].into_iter().find(|needed| !columns.contains_key(needed)) {
        Some(missing) => Err(bad(format!("the column {missing} is missing: the first line names the columns"))),
        None => Ok(columns),
    }
}

/// Reads a table. `group` is that of the lines that name none.
fn parse(table: &[u8], group: Option<GroupId>, groups: &[GroupInfo]) -> Result<Vec<Entry>, Vec<BadLine>> {
    let table = table.strip_prefix(b"\xef\xbb\xbf").unwrap_or(table);
    // Lines end as spreadsheets on Windows write them, or not: the numbers of lines are right only with one end, and a text
    // goes to the customer with the same.
    let mut unix = Vec::with_capacity(table.len());
    for (index, byte) in table.iter().enumerate() {
        if !(*byte == b'\r' && table.get(index + 1) == Some(&b'\n')) {
            unix.push(*byte);
        }
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(unix.as_slice());
    let not_csv = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        let what = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
            _ => "it is not CSV".to_owned(),
        };
        vec![BadLine { line, what }]
    };
    let names = reader.headers().map_err(|error| not_csv(&error))?.clone();
    let columns = header(&names).map_err(|bad| vec![bad])?;
    let (mut entries, mut bad) = (Vec::new(), Vec::new());
    let mut seen: BTreeMap<Key, u64> = BTreeMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                bad.extend(not_csv(&error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match entry(&record, &names, &columns, group, groups) {
            Ok(template) => match seen.insert(key(&template), line) {
                Some(first) => {
                    bad.push(BadLine {
                        line,
                        what: format!("title: line {first} is of the same group, language and title"),
                    });
                }
                None => entries.push(Entry { line, template }),
            },
            Err(what) => bad.push(BadLine { line, what }),
        }
    }
    if bad.is_empty() { Ok(entries) } else { Err(bad) }
}

/// A line as a template, or what is wrong with it.
fn entry(
    record: &csv::StringRecord,
    names: &csv::StringRecord,
    columns: &HashMap<&'static str, usize>,
    group: Option<GroupId>,
    groups: &[GroupInfo],
) -> Result<Template, String> {
    if record.len() != names.len() {
        return Err(format!("it has {} fields, and the first line names {}", record.len(), names.len()));
    }
    let field = |name: &str| columns.get(name).and_then(|index| record.get(*index)).unwrap_or("").to_owned();
    let named = field("group");
    let group = match named.trim() {
        "" => group,
        named => match groups.iter().find(|group| group.name == named) {
            Some(group) => Some(group.id),
            None => return Err(format!("group: there is no group {:?}", named.chars().take(60).collect::<String>())),
        },
    };
    let template = cleaned(&Template {
        group,
        category: Some(field("category")),
        language: Some(field("language")),
        title: field("title"),
        text: field("text"),
        keywords: field("keywords"),
    });
    template.check().map_err(|error| error.to_string())?;
    Ok(template)
}

impl Admin {
    /// The templates of a group, or of the whole company.
    pub async fn list_templates(&self, group: Option<GroupId>) -> Result<Vec<TemplateRow>, StoreError> {
        self.store.readers.read(move |sql| templates::of_group(sql, group)).await
    }

    /// Makes and changes templates by a table in CSV with the columns `group`, `category`, `language`, `title`, `text` and
    /// `keywords`. A line of a known group, language and title changes that template; `group` is that of lines without one.
    /// If one line cannot be used, nothing is changed, and the error names each such line. `dry`: only says what it would do.
    pub async fn import_templates(
        &self,
        table: Vec<u8>,
        group: Option<GroupId>,
        dry: bool,
    ) -> Result<Imported, StoreError> {
        let groups = self.list_groups().await?;
        let entries = parse(&table, group, &groups).map_err(refused)?;
        let templates: Vec<Template> = entries.into_iter().map(|entry| entry.template).collect();
        self.store.writer.write(move |tx| tx.import_templates(&templates, dry)).await
    }

    /// The templates of a group, or all of them, as a table that [`Admin::import_templates`] reads back.
    pub async fn export_templates(&self, group: Option<GroupId>) -> Result<Vec<u8>, StoreError> {
        let groups = self.list_groups().await?;
        let wanted: Vec<Option<GroupId>> = match group {
            Some(group) => vec![Some(group)],
            None => std::iter::once(None).chain(groups.iter().map(|group| Some(group.id))).collect(),
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| StoreError::Unexpected(error.to_string());
        writer.write_record(COLUMNS).map_err(failed)?;
        for group in wanted {
            let name = groups.iter().find(|known| Some(known.id) == group).map_or("", |known| known.name.as_str());
            for TemplateRow { template, .. } in self.list_templates(group).await? {
                let Template { category, language, title, text, keywords, .. } = &template;
                let (category, language) = (category.as_deref().unwrap_or(""), language.as_deref().unwrap_or(""));
                writer.write_record([name, category, language, title, text, keywords]).map_err(failed)?;
            }
        }
        writer.into_inner().map_err(|error| StoreError::Unexpected(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<GroupInfo> {
        vec![GroupInfo { id: GroupId::from_bytes([1; 16]), name: "Sales".into() }]
    }

    fn lines(table: &str) -> Vec<(u64, String)> {
        match parse(table.as_bytes(), None, &groups()) {
            Ok(entries) => entries.into_iter().map(|entry| (entry.line, entry.template.title)).collect(),
            Err(bad) => bad.into_iter().map(|bad| (bad.line, format!("! {}", bad.what))).collect(),
        }
    }

    #[test]
    fn f73_a_table_as_spreadsheets_write_it() {
        let table = "\u{feff}Title,Text,GROUP,language\r\n\"Hello, you\",\"Dear {{contact.name}},\nthank you\",Sales,EN\r\nBye,Bye,,\r\n";
        assert_eq!(lines(table), [(2, "Hello, you".into()), (4, "Bye".into())]);
        let entries = parse(table.as_bytes(), None, &groups()).unwrap();
        assert_eq!(entries[0].template.language.as_deref(), Some("en"));
        assert_eq!((entries[0].template.group, entries[1].template.group), (Some(groups()[0].id), None));
    }

    #[test]
    fn f24_f73_each_bad_line_is_named_with_what_is_wrong() {
        let table = "group,title,text\nSales,Good,fine\nNowhere,Bad group,fine\n,,no title\n,Variable,{{contact.shoe}}\n\
                     ,Fields\nSales,good,twice\n,Open,{{contact.name\n";
        let found = lines(table);
        let said: Vec<_> = found.iter().map(|(line, what)| (*line, what.as_str())).collect();
        let wanted: [(u64, &str); 6] = [
            (3, "there is no group \"Nowhere\""),
            (4, "the title is empty"),
            (5, "{{contact.shoe}}"),
            (6, "it has 2 fields, and the first line names 3"),
            (7, "line 2 is of the same group, language and title"),
            (8, "{{ without }}"),
        ];
        assert_eq!(said.len(), wanted.len(), "{said:?}");
        for ((line, what), (wanted_line, wanted)) in said.iter().zip(wanted) {
            assert!(*line == wanted_line && what.contains(wanted), "{line} {what}: {wanted}");
        }
        assert!(lines("name,text\nx,y\n")[0].1.contains("there is no column \"name\""));
        assert!(lines("title\nx\n")[0].1.contains("the column text is missing"));
        assert!(lines("")[0].1.contains("missing"));
        let not_utf8 = parse(b"title,text\nx,\xff\xfe\n", None, &groups()).unwrap_err();
        assert_eq!(not_utf8, [BadLine { line: 2, what: "it is not UTF-8".into() }]);
    }
}
