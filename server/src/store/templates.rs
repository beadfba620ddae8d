//! Templates: prepared texts of a group or of the whole company.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, Row};
use switchboard_protocol::collection::{Collection, TemplateRow};
use switchboard_protocol::ids::{GroupId, TemplateId};
use switchboard_protocol::template::Template;

use super::StoreError;
use super::collections::{PAGE_ROWS, Page};
use super::sql::{Blob, Columns, Sql, int};
use super::writer::Tx;
use crate::rights::{Action, Actor, Extent, extent};

/// A template as a collection's row.
struct StoredTemplate {
    /// The row; as it was, if it is deleted.
    row: TemplateRow,
    /// Whether it is gone.
    deleted: bool,
    /// Its place in the collection.
    rev: u64,
}

/// What is wrong with a change of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateRefusal {
    /// It is not there, or not the user's to see.
    NotFound,
    /// The user may not make or change templates of this group.
    Forbidden,
    /// Somebody changed it since it was looked at.
    Changed,
    /// It cannot be stored; the text says why.
    Invalid(String),
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredTemplate> {
    let deleted: Option<i64> = row.get(8)?;
    Ok(StoredTemplate {
        row: TemplateRow {
            id: row.id(0)?,
            edition: row.count(7)?,
            template: Template {
                group: row.maybe_id(1)?,
                category: row.get(2)?,
                language: row.get(3)?,
                title: row.get(4)?,
                text: row.get(5)?,
                keywords: row.get(6)?,
            },
        },
        deleted: deleted.is_some(),
        rev: row.count(9)?,
    })
}

/// Those that changed after a revision, in the order of their revisions, as this user sees them.
pub(super) fn since(connection: &Connection, actor: &Actor, rev: u64, page: &mut Page) -> Result<(), StoreError> {
    let mut query = connection.sql(
        "SELECT id, group_id, category, language, title, text, keywords, edition, deleted_at, rev FROM templates \
         WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    )?;
    for stored in query.query_map((int(rev), PAGE_ROWS), read)? {
        let StoredTemplate { row, deleted, rev } = stored?;
        let shown = !deleted && uses(actor, row.template.group);
        if !page.push(rev, row.id.as_bytes(), shown.then_some(&row))? {
            break;
        }
    }
    Ok(())
}

/// One that is not deleted.
pub fn find(connection: &Connection, id: TemplateId) -> Result<Option<TemplateRow>, StoreError> {
    Ok(connection
        .sql(
            "SELECT id, group_id, category, language, title, text, keywords, edition, deleted_at, rev FROM templates \
             WHERE id = ?1 AND deleted_at IS NULL",
        )?
        .query_row([Blob(id)], read)
        .optional()?
        .map(|stored| stored.row))
}

/// Those of a group, or of the whole company: for lists, exports and the comparison of an import.
pub fn of_group(connection: &Connection, group: Option<GroupId>) -> Result<Vec<TemplateRow>, StoreError> {
    let mut query = connection.sql(
        "SELECT id, group_id, category, language, title, text, keywords, edition, deleted_at, rev FROM templates \
         INDEXED BY templates_by_group WHERE group_id IS ?1 AND deleted_at IS NULL",
    )?;
    let rows = query.query_map([group.map(Blob)], read)?;
    let mut rows: Vec<TemplateRow> = rows.map(|row| row.map(|stored| stored.row)).collect::<Result<_, _>>()?;
    let order = |row: &TemplateRow| {
        let Template { category, title, language, .. } = row.template.clone();
        (category, title, language, row.id)
    };
    rows.sort_by_key(order);
    Ok(rows)
}

/// Whether a user has templates of this group on the phone.
pub fn uses(actor: &Actor, group: Option<GroupId>) -> bool {
    group.is_none() || group == Some(actor.group) || extent(actor.role, Action::Templates) == Extent::Everything
}

/// A template as it is stored: without spaces around its names, and without empty ones; lines end in one way, so that a
/// table of templates reads back as what it was written from.
pub fn cleaned(template: &Template) -> Template {
    let short =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    Template {
        group: template.group,
        category: short(&template.category),
        language: short(&template.language).map(|language| language.to_lowercase()),
        title: template.title.trim().to_owned(),
        text: template.text.trim().replace("\r\n", "\n"),
        keywords: template.keywords.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// By what an import knows a template again.
pub type Key = (Option<GroupId>, Option<String>, String);

/// By what an import knows a template again: group, language, and the title however it is written.
pub fn key(template: &Template) -> Key {
    (template.group, template.language.clone(), template.title.to_lowercase())
}

/// What an import did, or would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Made.
    pub added: usize,
    /// Changed: there was one of the same group, language and title.
    pub changed: usize,
    /// As it was.
    pub same: usize,
}

impl Tx<'_> {
    /// Makes or changes these templates, which were checked and have keys of their own. `dry`: only counts.
    pub fn import_templates(&mut self, templates: &[Template], dry: bool) -> Result<Imported, StoreError> {
        let mut present: HashMap<Key, TemplateRow> = HashMap::new();
        let groups: BTreeSet<Option<GroupId>> = templates.iter().map(|template| template.group).collect();
        for group in groups {
            let rows = of_group(self.sql, group)?;
            present.extend(rows.into_iter().map(|row| (key(&row.template), row)));
        }
        let mut done = Imported::default();
        let mut writes: Vec<(Option<(TemplateId, u64)>, &Template)> = Vec::new();
        for template in templates {
            match present.get(&key(template)) {
                Some(row) if row.template == *template => done.same += 1,
                Some(row) => {
                    done.changed += 1;
                    writes.push((Some((row.id, row.edition + 1)), template));
                }
                None => {
                    done.added += 1;
                    writes.push((None, template));
                }
            }
        }
        if dry {
            return Ok(done);
        }
        let first = self.next_revs(Collection::Templates, writes.len())?;
        for (rev, (known, template)) in (first..).zip(writes) {
            match known {
                Some((id, edition)) => drop(self.update_template(id, edition, template, rev)?),
                None => drop(self.insert_template(template, rev)?),
            }
        }
        Ok(done)
    }

    /// Makes a template, for a user whose right to it reaches its group.
    pub fn create_template(
        &mut self,
        actor: &Actor,
        template: &Template,
    ) -> Result<Result<TemplateRow, TemplateRefusal>, StoreError> {
        if !actor.may(Action::Templates, template.group) {
            return Ok(Err(TemplateRefusal::Forbidden));
        }
        let template = match self.checked(template, None)? {
            Ok(template) => template,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let rev = self.next_rev(Collection::Templates)?;
        self.insert_template(&template, rev).map(Ok)
    }

    /// Changes a template, if nobody did since this edition. Into another group only with the right to both.
    pub fn change_template(
        &mut self,
        actor: &Actor,
        id: TemplateId,
        edition: u64,
        template: &Template,
    ) -> Result<Result<TemplateRow, TemplateRefusal>, StoreError> {
        let before = match self.changeable(actor, id, edition)? {
            Ok(before) => before,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !actor.may(Action::Templates, template.group) {
            return Ok(Err(TemplateRefusal::Forbidden));
        }
        let template = match self.checked(template, Some(id))? {
            Ok(template) => template,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if template == before.template {
            return Ok(Ok(before));
        }
        let rev = self.next_rev(Collection::Templates)?;
        self.update_template(id, before.edition + 1, &template, rev).map(Ok)
    }

    /// Removes a template, if nobody changed it since this edition.
    pub fn delete_template(
        &mut self,
        actor: &Actor,
        id: TemplateId,
        edition: u64,
    ) -> Result<Result<(), TemplateRefusal>, StoreError> {
        if let Err(refusal) = self.changeable(actor, id, edition)? {
            return Ok(Err(refusal));
        }
        let rev = self.next_rev(Collection::Templates)?;
        self.sql.sql("UPDATE templates SET deleted_at = ?2, rev = ?3 WHERE id = ?1")?.execute((
            Blob(id),
            self.now,
            int(rev),
        ))?;
        Ok(Ok(()))
    }

    /// The template, if this user may change it and looked at its present edition.
    fn changeable(
        &mut self,
        actor: &Actor,
        id: TemplateId,
        edition: u64,
    ) -> Result<Result<TemplateRow, TemplateRefusal>, StoreError> {
        Ok(match find(self.sql, id)? {
            Some(row) if !uses(actor, row.template.group) => Err(TemplateRefusal::NotFound),
            Some(row) if !actor.may(Action::Templates, row.template.group) => Err(TemplateRefusal::Forbidden),
            Some(row) if row.edition != edition => Err(TemplateRefusal::Changed),
            Some(row) => Ok(row),
            None => Err(TemplateRefusal::NotFound),
        })
    }

    /// A template as it is stored, or why it cannot be. `id`: the one that it changes.
    fn checked(
        &mut self,
        template: &Template,
        id: Option<TemplateId>,
    ) -> Result<Result<Template, TemplateRefusal>, StoreError> {
        let template = cleaned(template);
        if let Err(error) = template.check() {
            return Ok(Err(TemplateRefusal::Invalid(error.to_string())));
        }
        if let Some(group) = template.group
            && !self.sql.sql("SELECT 1 FROM groups WHERE id = ?1")?.exists([Blob(group)])?
        {
            return Ok(Err(TemplateRefusal::Invalid("there is no such group".into())));
        }
        if self.has_key_of(&template, id)? {
            let why = "there is a template of this title already, in this group and language";
            return Ok(Err(TemplateRefusal::Invalid(why.into())));
        }
        Ok(Ok(template))
    }

    /// Whether another template has this one's key: a table could not tell the two apart.
    fn has_key_of(&self, template: &Template, id: Option<TemplateId>) -> Result<bool, StoreError> {
        let mut query = self.sql.sql(
            "SELECT id, title, language FROM templates INDEXED BY templates_by_group \
             WHERE group_id IS ?1 AND deleted_at IS NULL",
        )?;
        let rows = query.query_map([template.group.map(Blob)], |row| {
            Ok((row.id::<TemplateId>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
        })?;
        let title = template.title.to_lowercase();
        for row in rows {
            let (other, name, language) = row?;
            if Some(other) != id && language == template.language && name.to_lowercase() == title {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes a new template that was checked.
    fn insert_template(&mut self, template: &Template, rev: u64) -> Result<TemplateRow, StoreError> {
        let id = TemplateId::new();
        self.sql
            .sql(
                "INSERT INTO templates (id, group_id, category, language, title, text, keywords, edition, created_at, rev) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9)",
            )?
            .execute((
                Blob(id),
                template.group.map(Blob),
                &template.category,
                &template.language,
                &template.title,
                &template.text,
                &template.keywords,
                self.now,
                int(rev),
            ))?;
        Ok(TemplateRow { id, edition: 1, template: template.clone() })
    }

    /// Writes a changed template that was checked.
    fn update_template(
        &mut self,
        id: TemplateId,
        edition: u64,
        template: &Template,
        rev: u64,
    ) -> Result<TemplateRow, StoreError> {
        self.sql
            .sql(
                "UPDATE templates SET group_id = ?2, category = ?3, language = ?4, title = ?5, text = ?6, keywords = ?7, \
                 edition = ?8, rev = ?9 WHERE id = ?1",
            )?
            .execute((
                Blob(id),
                template.group.map(Blob),
                &template.category,
                &template.language,
                &template.title,
                &template.text,
                &template.keywords,
                int(edition),
                int(rev),
            ))?;
        Ok(TemplateRow { id, edition, template: template.clone() })
    }

    /// Somebody's group or role changed, and with it what they see of these groups' templates: the rows come anew, or as
    /// removed.
    pub(super) fn retell_templates(&mut self, groups: &[GroupId]) -> Result<(), StoreError> {
        let mut ids: Vec<TemplateId> = Vec::new();
        for group in groups {
            let mut query = self.sql.sql(
                "SELECT id FROM templates INDEXED BY templates_by_group WHERE group_id IS ?1 AND deleted_at IS NULL",
            )?;
            let found = query.query_map([Blob(*group)], |row| row.id(0))?;
            ids.extend(found.collect::<Result<Vec<TemplateId>, _>>()?);
        }
        let first = self.next_revs(Collection::Templates, ids.len())?;
        for (rev, id) in (first..).zip(ids) {
            self.sql.sql("UPDATE templates SET rev = ?2 WHERE id = ?1")?.execute((Blob(id), int(rev)))?;
        }
        Ok(())
    }
}
