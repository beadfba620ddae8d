//! What a browser says of its visitor beside the texts (F32). Nothing of it is verified, and all of it is shown to staff as
//! words: never as a link that is followed by itself.

use switchboard_protocol::chat::Visit;
use switchboard_protocol::limits::MAX_PAGE_URL_BYTES;
use url::Url;

/// The page's address as it is stored: http(s), without a fragment and without a password in it.
fn page(address: &str) -> Option<String> {
    if address.len() > MAX_PAGE_URL_BYTES {
        return None;
    }
    let mut url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return None;
    }
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let text = String::from(url);
    (text.len() <= MAX_PAGE_URL_BYTES).then_some(text)
}

/// The browsers by the mark that they alone leave in a user agent, the first that fits: all call themselves Mozilla, and
/// nearly all Chrome and Safari too.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// The systems, the first that fits: Android also says Linux, iPhones also say Mac OS X.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A browser's name, main version and system: `Firefox 132, Windows`. None for what is no browser that is known.
fn browser(user_agent: &str) -> Option<String> {
    let (name, version) = BROWSERS.iter().find_map(|(mark, name)| {
        let (_, after) = user_agent.split_once(mark)?;
        let version: String = after.chars().take_while(char::is_ascii_digit).take(4).collect();
        Some((*name, version))
    })?;
    let system = SYSTEMS.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    let mut text = name.to_owned();
    for (between, more) in [(" ", version.as_str()), (", ", system.unwrap_or_default())] {
        if !more.is_empty() {
            text.push_str(between);
            text.push_str(more);
        }
    }
    Some(text)
}

/// What a connection says of its visitor.
pub fn visit(
    given_page: Option<&str>,
    given_referrer: Option<&str>,
    user_agent: Option<&str>,
    address: Option<String>,
) -> Visit {
    Visit {
        page: given_page.and_then(page),
        referrer: given_referrer.and_then(page),
        browser: user_agent.and_then(browser),
        address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f32_browsers_are_told_by_their_own_marks() {
        for (agent, wanted) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
                "Firefox 132, Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 \
                 Safari/537.36 Edg/130.0.0.0",
                "Edge 130, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari 18, iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome 130, Android",
            ),
        ] {
            assert_eq!(browser(agent).as_deref(), Some(wanted));
        }
        for odd in ["", "curl/8.5.0", "<script>", &"Mozilla ".repeat(10_000)] {
            assert_eq!(browser(odd), None);
        }
    }

    #[test]
    fn f32_a_page_is_an_address_of_the_web_without_its_fragment() {
        assert_eq!(page(" https://Shop.example/blue?size=4#top ").as_deref(), Some("https://shop.example/blue?size=4"));
        assert_eq!(page("https://user:secret@shop.example/").as_deref(), Some("https://shop.example/"));
        for odd in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "shop.example", "about:srcdoc", ""]
        {
            assert_eq!(page(odd), None, "{odd}");
        }
        assert_eq!(page(&format!("https://shop.example/{}", "a".repeat(MAX_PAGE_URL_BYTES))), None);
    }
}
