//! Looks for text in every file of a device's store, as somebody with the phone's flash in hand would.

use std::path::{Path, PathBuf};

/// Where one of the needles was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub file: PathBuf,
    /// The needle.
    pub needle: String,
}

/// The forms in which a marker can survive: as written, lower-cased, and without its first letters, because the terms
/// of a full-text index are lower-cased and share their prefixes.
pub fn forms(marker: &str) -> Vec<String> {
    let lower = marker.to_lowercase();
    let tail = |skip: usize| lower.chars().skip(skip).collect::<String>();
    let mut forms = vec![marker.to_owned(), lower.clone()];
    forms.extend((1..=4).map(tail).filter(|tail| tail.chars().count() >= 6));
    forms
}

/// Every form of every marker that is in a file below `dir`, in UTF-8 or UTF-16.
pub fn scan(dir: &Path, markers: &[&str]) -> std::io::Result<Vec<Found>> {
    let needles: Vec<_> = markers.iter().flat_map(|marker| forms(marker)).collect();
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            for needle in &needles {
                let utf16: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
                if contains(&bytes, needle.as_bytes()) || contains(&bytes, &utf16) {
                    found.push(Found { file: path.clone(), needle: needle.clone() });
                }
            }
        }
    }
    Ok(found)
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(&first) = needle.first() else { return false };
    let mut rest = bytes;
    // The first byte is found by memchr-like iteration; the stores of these tests are a few megabytes.
    while let Some(at) = rest.iter().position(|&byte| byte == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_whole_lowered_and_without_its_first_letters() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/a"), "xx\0ачныймаркер\0").unwrap();
        std::fs::write(dir.path().join("b"), "nothing here").unwrap();
        let found = scan(dir.path(), &["УдачныйМаркер", "ElsewhereWord"]).unwrap();
        assert!(!found.is_empty());
        assert!(found.iter().all(|found| found.file.ends_with("sub/a")));
        assert!(found.iter().any(|found| found.needle == "ачныймаркер"));
    }
}
