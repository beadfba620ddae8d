//! `switchboard admin template …`

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Template {
    /// List templates.
    List {
        /// Those of this group; without it those of the whole company.
        #[arg(long)]
        group: Option<String>,
    },
    /// Make and change templates by a table in CSV: group, category, language, title, text, keywords. All of it, or nothing.
    Import {
        /// The file; `-` reads the standard input.
        file: PathBuf,
        /// The group of the lines that name none; without it they are the whole company's.
        #[arg(long)]
        group: Option<String>,
        /// Only say what it would do.
        #[arg(long)]
        dry_run: bool,
    },
    /// Write templates as a table in CSV to the standard output.
    Export {
        /// Those of this group; without it all.
        #[arg(long)]
        group: Option<String>,
    },
}
