//! The website's chat: what belongs to a channel of this kind.

mod visit;

pub use visit::visit;

use serde::{Deserialize, Serialize};
use switchboard_protocol::chat::ChannelKind;
use switchboard_protocol::widget::WidgetConfig;
use url::Url;

use crate::store::StoreError;
use crate::store::channels::ChannelInfo;

/// The settings of a website channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LiveChat {
    /// The pages that may embed the widget, as origins: `https://shop.example.com`.
    pub origins: Vec<String>,
    /// How it looks and greets.
    pub widget: WidgetConfig,
}

impl LiveChat {
    /// The settings of a channel; none if it is of another kind.
    pub fn of(channel: &ChannelInfo) -> Option<LiveChat> {
        if channel.kind != ChannelKind::LiveChat {
            return None;
        }
        match serde_json::from_str(&channel.settings) {
            Ok(settings) => Some(settings),
            Err(error) => {
                tracing::error!(%error, channel = %channel.id, "the settings of a channel cannot be read");
                None
            }
        }
    }

    /// Checks what an admin gave, and brings the origins to their one form.
    pub fn checked(origins: &[String], widget: WidgetConfig) -> Result<LiveChat, StoreError> {
        let origins = origins.iter().map(|text| origin(text)).collect::<Result<Vec<_>, _>>()?;
        for (name, text, most) in [
            ("title", &widget.title, 200),
            ("greeting", &widget.greeting, 2_000),
            ("consent", &widget.consent, 2_000),
            ("text outside the hours", &widget.offline_text, 2_000),
        ] {
            if text.len() > most {
                return Err(StoreError::Refused(format!("the widget's {name} is longer than {most} bytes")));
            }
        }
        let color = &widget.color;
        let hex =
            color.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|c| c.is_ascii_hexdigit()));
        if !color.is_empty() && !hex {
            return Err(StoreError::Refused(format!("the widget's color {color:?} is not of the form #rrggbb")));
        }
        Ok(LiveChat { origins, widget })
    }
}

/// An origin in the form that browsers send: scheme, host, and the port where it is not the scheme's own.
fn origin(text: &str) -> Result<String, StoreError> {
    let refused = || StoreError::Refused(format!("{text:?} is no origin: expected https://shop.example.com"));
    let url = Url::parse(text.trim()).map_err(|_| refused())?;
    let plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !plain || !anonymous || url.host().is_none() {
        return Err(refused());
    }
    Ok(url.origin().ascii_serialization())
}

/// A new public key of a website channel: it stands in every page's source, so it is no secret; it is only not guessed by
/// counting.
pub fn new_key() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    rand::random::<[u8; 16]>().iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f61_origins_have_one_form_and_nothing_else_passes() {
        let checked = |text: &str| LiveChat::checked(&[text.to_owned()], WidgetConfig::default()).map(|it| it.origins);
        assert_eq!(checked("https://Shop.Example.com:443/").unwrap(), ["https://shop.example.com"]);
        assert_eq!(checked(" http://localhost:8000").unwrap(), ["http://localhost:8000"]);
        for text in
            ["", "*", "shop.example.com", "https://x/path", "https://x?y", "javascript:1", "https://u@x", "file:///"]
        {
            assert!(checked(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_looks_are_bounded() {
        let refused = |widget| assert!(LiveChat::checked(&[], widget).is_err());
        refused(WidgetConfig { title: "x".repeat(201), ..WidgetConfig::default() });
        refused(WidgetConfig { offline_text: "x".repeat(2_001), ..WidgetConfig::default() });
        refused(WidgetConfig { color: "red".into(), ..WidgetConfig::default() });
        refused(WidgetConfig { color: "#12345g".into(), ..WidgetConfig::default() });
        LiveChat::checked(&[], WidgetConfig { color: "#a1B2c3".into(), ..WidgetConfig::default() }).unwrap();
    }

    #[test]
    fn keys_are_plain_letters() {
        let key = new_key();
        assert!(key.len() == 16 && key.bytes().all(|letter| letter.is_ascii_alphanumeric()));
        assert_ne!(key, new_key());
    }
}
