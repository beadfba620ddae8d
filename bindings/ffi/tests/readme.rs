//! The README for app developers leaves nothing of the surface out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// As Swift and Kotlin write it.
fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(1);
        name + &head.to_uppercase() + tail
    })
}

/// The names of what is exported: methods and functions, records, enums, objects, listeners.
fn exported() -> BTreeSet<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut names = BTreeSet::new();
    for file in files.iter().filter(|file| !file.ends_with("runtime.rs") && !file.ends_with("lib.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.lines().map(str::trim_start) {
            let name = |rest: &str| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned();
            for start in ["pub fn ", "pub async fn "] {
                if let Some(rest) = line.strip_prefix(start) {
                    names.insert(camel(&name(rest)));
                }
            }
            for start in ["pub struct ", "pub enum ", "pub trait "] {
                if let Some(rest) = line.strip_prefix(start).filter(|rest| !rest.starts_with('$')) {
                    names.insert(name(rest));
                }
            }
        }
        // What the macros make: `mirror! { … Name { … } }` and `list! { … Handle of Row, …Change, …Update, …Listener, … }`.
        for body in text.split("\nmirror! {").skip(1) {
            let line = body.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("///"));
            names.insert(line.unwrap().trim_end_matches(" {").to_owned());
        }
        for body in text.split("\nlist! {").skip(1) {
            let line =
                body.lines().map(str::trim).find(|line| !line.starts_with("///") && line.contains(" of ")).unwrap();
            names.extend(
                line.split(" of ")
                    .flat_map(|part| part.split(", "))
                    .filter(|part| !part.contains('"'))
                    .map(str::to_owned),
            );
        }
    }
    names
}

#[test]
fn the_readme_names_every_method_and_type() {
    let readme = include_str!("../../README.md");
    let words: BTreeSet<&str> = readme.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let names = exported();
    assert!(names.len() > 150, "{} names were found", names.len());
    for known in ["dealtWith", "InboxRow", "DeliveryState", "TimelineListener", "Sound", "soundFile"] {
        assert!(names.contains(known), "{known} is exported");
    }
    // "ContactNote"s are written with an s at times.
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !words.contains(name.as_str()) && !words.contains(format!("{name}s").as_str()))
        .collect();
    assert!(missing.is_empty(), "bindings/README.md does not name {missing:?}");
}
