//! The configuration: one TOML file, every value with a default, a file per concern.

mod chats;
mod database;
mod limits;
mod network;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

pub use chats::ChatRules;
pub use database::{Database, Storage};
pub use limits::{Limits, Rate};
pub(crate) use network::{AddressKey, IpNet, client_address};

use crate::clock::Clock;

/// Everything that can be set. [`Config::default`] runs on `127.0.0.1:8080` with its data in `./data`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The directory of the database; made when it is missing.
    pub data_dir: PathBuf,
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that phones and browsers use, `https://chat.example.com`. Enrolment links hold it, and a widget's
    /// socket must come from its origin. Without it the request's own Host counts.
    pub public_url: Option<Url>,
    /// A reverse proxy that ends TLS stands in front. Without it only loopback addresses are served.
    pub behind_proxy: bool,
    /// The proxies whose X-Forwarded-For is believed, as addresses or networks; used with `behind_proxy`.
    pub trusted_proxies: Vec<String>,
    /// How the database is driven.
    pub database: Database,
    /// Sizes, times and rates.
    pub limits: Limits,
    /// What becomes of chats with time.
    pub chats: ChatRules,
    /// The clock; tests set another.
    #[serde(skip)]
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            behind_proxy: false,
            trusted_proxies: vec!["127.0.0.0/8".into(), "::1/128".into()],
            database: Database::default(),
            limits: Limits::default(),
            chats: ChatRules::default(),
            clock: Clock::default(),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration {path} is not valid: {detail}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What and where.
        detail: String,
    },
    /// A value does not make sense.
    #[error("the configuration is not valid: {0}")]
    Value(String),
    /// Without a proxy there is no TLS, and tokens would cross the network in the clear.
    #[error(
        "refusing to listen on {0} without a TLS proxy in front: listen on 127.0.0.1, or run behind a proxy that ends TLS \
         and say so (`behind_proxy = true`, or --behind-proxy)"
    )]
    NotLoopback(std::net::SocketAddr),
}

impl Config {
    /// Reads a file; what it does not name keeps its default.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let config: Config = toml::from_str(&text).map_err(|error| ConfigError::Invalid {
            path: path.to_owned(),
            // The parser's own text quotes the line; nothing in this file is secret, but a short message reads better.
            detail: error.to_string().trim_end().to_owned(),
        })?;
        config.check()?;
        Ok(config)
    }

    /// The defaults with another data directory: what most tests want.
    pub fn in_dir(data_dir: impl Into<PathBuf>) -> Config {
        Config { data_dir: data_dir.into(), ..Config::default() }
    }

    /// Whether the values make sense together.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_network()?;
        self.limits.check()?;
        self.chats.check()
    }

    /// What the store needs to know.
    pub(crate) fn storage(&self) -> Storage {
        Storage { data_dir: self.data_dir.clone(), database: self.database.clone(), chats: self.chats }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_loopback() {
        let config = Config::default();
        config.check().unwrap();
        assert!(config.listen.ip().is_loopback());
    }

    #[test]
    fn the_example_names_every_setting_with_its_default() {
        let text = include_str!("../../config.example.toml");
        let example: Config = toml::from_str(text).unwrap();
        assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
        // What has no default stands there as a comment.
        let debug = format!("{:?}", Config::default());
        let names = debug.split([' ', '{']).filter_map(|word| word.strip_suffix(':'));
        for name in names.filter(|name| *name != "clock") {
            assert!(text.contains(&format!("{name} = ")) || text.contains(&format!("[{name}]")), "{name} is missing");
        }
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let config: Config = toml::from_str(
            "listen = \"127.0.0.1:9000\"\n[limits]\nheartbeat_ms = 25000\nvisitor_messages = { burst = 3, per_minute = 6 }\n",
        )
        .unwrap();
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(config.limits.heartbeat_ms, 25_000);
        assert_eq!(config.limits.visitor_messages, Rate { burst: 3, per_minute: 6 });
        assert_eq!(config.limits.hello_timeout_ms, Limits::default().hello_timeout_ms);
    }

    #[test]
    fn unknown_names_and_senseless_values_are_refused() {
        assert!(toml::from_str::<Config>("lissten = \"127.0.0.1:9000\"\n").is_err());
        for text in [
            "[limits]\nheartbeat_ms = 0\n",
            "[limits]\nvisitor_messages = { burst = 0, per_minute = 6 }\n",
            "public_url = \"ftp://x\"\n",
            "trusted_proxies = [\"10.0.0.0/33\"]\n",
        ] {
            assert!(toml::from_str::<Config>(text).unwrap().check().is_err(), "{text}");
        }
    }

    #[test]
    fn another_address_than_loopback_needs_a_proxy() {
        let mut config = Config { listen: "0.0.0.0:8080".parse().unwrap(), ..Config::default() };
        assert!(matches!(config.check(), Err(ConfigError::NotLoopback(_))));
        config.behind_proxy = true;
        config.check().unwrap();
    }
}
