//! `switchboard admin template …`

use std::io::{Read, Write};
use std::path::Path;

use switchboard_protocol::ids::GroupId;
use switchboard_server::Admin as Calls;

use super::super::args::Template;
use super::super::{Outcome, say};

/// No table of templates that people wrote comes near this.
const MAX_TABLE_BYTES: u64 = 64 * 1024 * 1024;

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(super) async fn run(calls: &Calls, command: Template) -> Outcome {
    match command {
        Template::List { group } => {
            for row in calls.list_templates(find(calls, group).await?).await? {
                let language = row.template.language.as_deref().unwrap_or("-");
                let category = row.template.category.as_deref().unwrap_or("-");
                say(&format!("{}  {language}  {category}  {}", row.id, row.template.title));
            }
        }
        Template::Import { file, group, dry_run } => {
            let group = find(calls, group).await?;
            let table = tokio::task::spawn_blocking(move || read(&file)).await??;
            let done = calls.import_templates(table, group, dry_run).await?;
            let would = if dry_run { "would be " } else { "" };
            say(&format!("{} {would}added, {} {would}changed, {} as before", done.added, done.changed, done.same));
        }
        Template::Export { group } => {
            let table = calls.export_templates(find(calls, group).await?).await?;
            std::io::stdout().write_all(&table)?;
        }
    }
    Ok(())
}

async fn find(calls: &Calls, group: Option<String>) -> Result<Option<GroupId>, Failure> {
    Ok(match group {
        Some(name) => Some(calls.find_group(&name).await?),
        None => None,
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?)
    };
    let mut table = Vec::new();
    source.take(MAX_TABLE_BYTES + 1).read_to_end(&mut table)?;
    if table.len() as u64 > MAX_TABLE_BYTES {
        return Err(format!("the table is larger than {} MiB", MAX_TABLE_BYTES >> 20).into());
    }
    Ok(table)
}
