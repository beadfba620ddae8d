//! Where the demo keeps its data, and what it must remember between two runs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The file that marks a directory as the demo's own; only such a one is ever emptied.
const MARK: &str = "demo.json";

/// What a second run needs to be the same demo.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// The server's port, so that open pages and signed-in devices find it again.
    pub server_port: u16,
    /// The shop's port: the widget's token belongs to the page's origin.
    pub shop_port: u16,
    /// The website channel's public key.
    pub channel_key: String,
    /// Whether the work of earlier days was made.
    pub sample: bool,
}

/// The demo's directory.
#[derive(Debug, Clone)]
pub struct Place {
    /// It.
    pub dir: PathBuf,
}

impl Place {
    /// The given directory, or the user's own: `$XDG_DATA_HOME/switchboard-demo`, as a rule
    /// `~/.local/share/switchboard-demo`. Outside the checkout, so that `cargo clean` does not sign anybody out.
    pub fn new(dir: Option<PathBuf>) -> Place {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let dir = dir.unwrap_or_else(|| {
            variable("XDG_DATA_HOME")
                .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
                .or_else(|| variable("LOCALAPPDATA"))
                .unwrap_or_else(std::env::temp_dir)
                .join("switchboard-demo")
        });
        Place { dir }
    }

    /// The server's data.
    pub fn server(&self) -> PathBuf {
        self.dir.join("server")
    }

    /// An operator's device.
    pub fn operator(&self, name: &str) -> PathBuf {
        self.dir.join("operators").join(name)
    }

    /// The log of a run with a screen.
    pub fn log(&self) -> PathBuf {
        self.dir.join("demo.log")
    }

    /// Makes the directory, emptied first when that is wanted.
    pub fn prepare(&self, fresh: bool) -> std::io::Result<()> {
        if fresh && self.dir.exists() {
            let mut entries = std::fs::read_dir(&self.dir)?;
            if !self.dir.join(MARK).exists() && entries.next().is_some() {
                return Err(std::io::Error::other(format!(
                    "{} holds something else than the demo's data: not emptied",
                    self.dir.display()
                )));
            }
            std::fs::remove_dir_all(&self.dir)?;
        }
        std::fs::create_dir_all(&self.dir)?;
        if !self.dir.join(MARK).exists() {
            self.remember(&Remembered::default())?;
        }
        Ok(())
    }

    /// What the last run left.
    pub fn remembered(&self) -> std::io::Result<Remembered> {
        let text = std::fs::read(self.dir.join(MARK))?;
        serde_json::from_slice(&text).map_err(std::io::Error::other)
    }

    /// Leaves it for the next run.
    pub fn remember(&self, what: &Remembered) -> std::io::Result<()> {
        write(&self.dir.join(MARK), &serde_json::to_vec_pretty(what)?)
    }
}

/// Writes a file so that a kill leaves the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, bytes)?;
    std::fs::rename(fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_directory_of_the_demo_is_ever_emptied() {
        let dir = std::env::temp_dir().join(format!("switchboard-demo-test-{}", std::process::id()));
        let place = Place::new(Some(dir.clone()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("thesis.txt"), "years of work").unwrap();
        assert!(place.prepare(true).is_err());
        assert!(dir.join("thesis.txt").exists());
        std::fs::remove_file(dir.join("thesis.txt")).unwrap();
        place.prepare(true).unwrap();
        place.remember(&Remembered { server_port: 1, ..Remembered::default() }).unwrap();
        place.prepare(false).unwrap();
        assert_eq!(place.remembered().unwrap().server_port, 1);
        place.prepare(true).unwrap();
        assert_eq!(place.remembered().unwrap().server_port, 0);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
