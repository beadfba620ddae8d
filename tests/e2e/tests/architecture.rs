//! The rules that keep the house in shape: who may depend on whom, and what stands where.

// A manifest that cannot be read fails the test, also in the helpers.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read_toml(path: &Path) -> Table {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// One package of the workspace, as its manifest declares it.
struct Package {
    /// Its folder, relative to the root.
    folder: String,
    /// What its library and programs need: `[dependencies]` and `[build-dependencies]`, of every target.
    needs: BTreeSet<String>,
    /// What its tests and examples need besides.
    needs_in_tests: BTreeSet<String>,
}

fn packages() -> BTreeMap<String, Package> {
    let root = root();
    let workspace = read_toml(&root.join("Cargo.toml"));
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let mut packages = BTreeMap::new();
    for folder in members.iter().map(|member| member.as_str().unwrap().to_string()) {
        let manifest = read_toml(&root.join(&folder).join("Cargo.toml"));
        let name = manifest["package"]["name"].as_str().unwrap().to_string();
        let mut tables = vec![&manifest];
        if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
            tables.extend(targets.values().filter_map(Value::as_table));
        }
        let names = |kinds: &[&str]| -> BTreeSet<String> {
            let dependencies = tables.iter().flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)));
            dependencies.filter_map(Value::as_table).flat_map(|table| table.iter().map(real_name)).collect()
        };
        let package = Package {
            folder,
            needs: names(&["dependencies", "build-dependencies"]),
            needs_in_tests: names(&["dev-dependencies"]),
        };
        packages.insert(name, package);
    }
    packages
}

/// The package that a dependency means: `package = "…"` renames one.
fn real_name((key, value): (&String, &Value)) -> String {
    value.get("package").and_then(Value::as_str).unwrap_or(key).to_string()
}

/// Everything of the workspace that `name` is built from, itself included.
fn built_from(name: &str, packages: &BTreeMap<String, Package>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_string()];
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            open.extend(packages[&name].needs.iter().filter(|needed| packages.contains_key(*needed)).cloned());
        }
    }
    found
}

/// The files that git has or would take; a checkout without git is taken as it lies.
fn tracked_files() -> Vec<String> {
    let root = root();
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect());
    let mut files: Vec<String> = listed.unwrap_or_else(|| {
        let mut files = Vec::new();
        walk(&root, &root, &mut files);
        files
    });
    // Deleted in the working tree, not yet in a commit.
    files.retain(|file| root.join(file).exists());
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name();
        if name == "target" || name == "node_modules" || name == ".git" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            walk(root, &entry.path(), files);
        } else {
            files.push(entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_string());
        }
    }
}

#[test]
fn the_server_is_not_built_from_the_core() {
    let packages = packages();
    assert!(built_from("switchboard-server", &packages).contains("switchboard-protocol"));
    assert!(!built_from("switchboard-server", &packages).contains("switchboard-core"));
    // Its own tests meet the core in tests/, where both are started; not in server/tests.
    assert!(!packages["switchboard-server"].needs.contains("switchboard-ffi"));
}

#[test]
fn the_core_is_built_from_the_protocol_and_nothing_else_of_ours() {
    let built = built_from("switchboard-core", &packages());
    assert_eq!(built, BTreeSet::from(["switchboard-core", "switchboard-protocol"].map(String::from)));
}

#[test]
fn the_protocol_stands_on_its_own() {
    let packages = packages();
    assert_eq!(built_from("switchboard-protocol", &packages).len(), 1);
    let protocol = &packages["switchboard-protocol"];
    // Data only: no socket, no storage, no runtime.
    for heavy in ["tokio", "rusqlite", "axum", "reqwest", "tokio-tungstenite", "uniffi"] {
        assert!(!protocol.needs.contains(heavy), "switchboard-protocol needs {heavy}");
    }
}

#[test]
fn the_bindings_are_built_from_the_core_and_never_from_the_server() {
    let built = built_from("switchboard-ffi", &packages());
    assert!(built.contains("switchboard-core") && !built.contains("switchboard-server"), "{built:?}");
}

#[test]
fn uniffi_appears_only_in_bindings() {
    for (name, package) in packages() {
        let uses = package.needs.union(&package.needs_in_tests).any(|needed| needed.starts_with("uniffi"));
        assert!(!uses || package.folder.starts_with("bindings/"), "{name} uses uniffi outside bindings/");
    }
    for file in tracked_files() {
        if file.ends_with(".rs") && !file.starts_with("bindings/") && file != "tests/e2e/tests/architecture.rs" {
            let text = fs::read_to_string(root().join(&file)).unwrap();
            assert!(!text.contains("uniffi::"), "{file} uses uniffi outside bindings/");
        }
    }
}

#[test]
fn unsafe_code_is_denied_in_every_package() {
    for (name, package) in packages() {
        let manifest = read_toml(&root().join(&package.folder).join("Cargo.toml"));
        let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
        assert_eq!(inherits, Some(true), "{name} does not take the workspace's lints");
    }
    for file in tracked_files() {
        if file.ends_with(".rs") && file != "tests/e2e/tests/architecture.rs" {
            let text = fs::read_to_string(root().join(&file)).unwrap();
            assert!(!text.contains("allow(unsafe_code)"), "{file} allows unsafe code");
        }
    }
}

#[test]
fn every_dependency_comes_from_the_one_table() {
    for (name, package) in packages() {
        let manifest = read_toml(&root().join(&package.folder).join("Cargo.toml"));
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(table) = manifest.get(kind).and_then(Value::as_table) else { continue };
            for (dependency, value) in table {
                let shared = value.get("workspace").and_then(Value::as_bool) == Some(true);
                assert!(shared, "{name} names {dependency} by itself: put it into the workspace's table");
            }
        }
    }
}

#[test]
fn no_package_or_library_is_called_core() {
    for (name, package) in packages() {
        assert_ne!(name, "core");
        let manifest = read_toml(&root().join(&package.folder).join("Cargo.toml"));
        let library = manifest.get("lib").and_then(|lib| lib.get("name")).and_then(Value::as_str);
        assert_ne!(library, Some("core"), "{name}: a library called core shadows Rust's own");
    }
}

#[test]
fn generated_bindings_are_not_committed() {
    for file in tracked_files() {
        let name = file.rsplit('/').next().unwrap();
        let generated = name.ends_with(".modulemap")
            || name.ends_with("FFI.h")
            || name == "SwitchboardCore.swift"
            || name == "switchboard_ffi.kt";
        assert!(!generated, "{file} is generated at build time and must not be committed");
    }
}

#[test]
fn the_top_level_is_fixed() {
    let allowed = ["Cargo.toml", "Cargo.lock", "LICENSE", "README.md"];
    let folders = ["core", "bindings", "ios", "android", "server", "tests"];
    for file in tracked_files() {
        let (top, is_folder) = match file.split_once('/') {
            Some((top, _)) => (top, true),
            None => (file.as_str(), false),
        };
        let known = top.starts_with('.') || if is_folder { folders.contains(&top) } else { allowed.contains(&top) };
        assert!(known, "{file}: the top level is {allowed:?}, {folders:?} and dotfiles");
    }
}

#[test]
fn provider_payloads_stay_in_their_channel() {
    // A channel's folder is the only place that names the provider's types.
    for file in tracked_files() {
        if !file.ends_with(".rs") || !file.starts_with("server/src/") || file.starts_with("server/src/channels/") {
            continue;
        }
        let text = fs::read_to_string(root().join(&file)).unwrap();
        for provider in ["whatsapp", "messenger", "sms", "twilio", "telnyx"] {
            let import = format!("channels::{provider}::");
            assert!(!text.contains(&import), "{file} reaches into {import}");
        }
    }
}

/// A source without its tests, which stand at its end.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

#[test]
fn every_code_that_an_app_must_know_is_one_that_the_server_answers_with() {
    let sources: Vec<String> = tracked_files()
        .into_iter()
        .filter(|file| file.starts_with("server/src/") && file.ends_with(".rs"))
        .filter(|file| !file.contains("tests") && !file.contains("/life/") && !file.ends_with("testing.rs"))
        .map(|file| fs::read_to_string(root().join(&file)).unwrap())
        .collect();
    for code in switchboard_protocol::ErrorCode::ALL {
        let name = format!("Code::{code:?}");
        let named = |text: &String| {
            without_tests(text).match_indices(&name).any(|(at, _)| {
                let after = without_tests(text)[at + name.len()..].chars().next();
                !after.is_some_and(|next| next.is_alphanumeric() || next == '_')
            })
        };
        assert!(sources.iter().any(named), "nothing in the server answers {code}: apps word it for nothing");
    }
}
