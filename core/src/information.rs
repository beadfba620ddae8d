//! What the Information screen offers and says, by the kind of channel. Pure: what is known goes in, the ready lists come
//! out.

use switchboard_protocol::chat::{ChannelKind, Visit};

use crate::model::{InfoAction, InfoActionKind, InfoFact, InfoFactKind};

/// What is known of a chat and its contact.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) saved: bool,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) channel_name: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) visit: Option<Visit>,
}

/// The buttons that a kind of channel has; the last is Add contact, or Edit contact once it is one.
const fn kinds(channel: ChannelKind) -> &'static [InfoActionKind] {
    match channel {
        ChannelKind::LiveChat => &[InfoActionKind::SendEmail],
        ChannelKind::Whatsapp => &[InfoActionKind::Call],
        ChannelKind::Sms => &[InfoActionKind::Call, InfoActionKind::SendSms],
        ChannelKind::Messenger => &[],
    }
}

/// The buttons. One without an address is not among them.
pub(crate) fn actions(channel: ChannelKind, known: &Known) -> Vec<InfoAction> {
    let mut out: Vec<InfoAction> = kinds(channel)
        .iter()
        .filter_map(|&kind| {
            let uri = match kind {
                InfoActionKind::SendEmail => mailto(known.email.as_deref()?),
                InfoActionKind::Call => dial("tel", known.phone.as_deref()?),
                InfoActionKind::SendSms => dial("sms", known.phone.as_deref()?),
                InfoActionKind::AddContact | InfoActionKind::EditContact => None,
            };
            uri.map(|uri| InfoAction { kind, uri: Some(uri) })
        })
        .collect();
    let kind = if known.saved { InfoActionKind::EditContact } else { InfoActionKind::AddContact };
    out.push(InfoAction { kind, uri: None });
    out
}

/// The lines, without those that nothing is known for.
pub(crate) fn facts(channel: ChannelKind, known: &Known) -> Vec<InfoFact> {
    let visit = known.visit.as_ref().filter(|_| channel == ChannelKind::LiveChat);
    [
        (InfoFactKind::Email, known.email.as_ref()),
        (InfoFactKind::Phone, known.phone.as_ref()),
        (InfoFactKind::Channel, known.channel_name.as_ref()),
        (InfoFactKind::Department, known.department.as_ref()),
        (InfoFactKind::Page, visit.and_then(|visit| visit.page.as_ref())),
        (InfoFactKind::Referrer, visit.and_then(|visit| visit.referrer.as_ref())),
        (InfoFactKind::Browser, visit.and_then(|visit| visit.browser.as_ref())),
        (InfoFactKind::Address, visit.and_then(|visit| visit.address.as_ref())),
    ]
    .into_iter()
    .filter_map(|(kind, value)| value.filter(|value| !value.is_empty()).map(|value| (kind, value)))
    .map(|(kind, value)| InfoFact { kind, value: value.clone() })
    .collect()
}

/// An e-mail address as a link. A visitor typed it: nothing of it may become a second recipient, a subject or a body.
fn mailto(email: &str) -> Option<String> {
    let (local, domain) = email.trim().rsplit_once('@')?;
    if local.is_empty() || domain.is_empty() {
        return None;
    }
    Some(format!("mailto:{}@{}", encoded(local), encoded(domain)))
}

/// A number as a link: its digits, and a plus before them. What follows a letter is no part of the number ("ext. 5"), and
/// the signs of service codes are left out.
fn dial(scheme: &str, phone: &str) -> Option<String> {
    let number = phone.split(char::is_alphabetic).find(|part| part.contains(|c: char| c.is_ascii_digit()))?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let plus =
        if number.find('+') < number.find(|c: char| c.is_ascii_digit()) && number.contains('+') { "+" } else { "" };
    Some(format!("{scheme}:{plus}{digits}"))
}

/// Percent-encoded, but for letters, digits and the signs that mean nothing in a link.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(saved: bool, email: Option<&str>, phone: Option<&str>) -> Known {
        Known { saved, email: email.map(Into::into), phone: phone.map(Into::into), ..Known::default() }
    }

    fn shown(channel: ChannelKind, known: &Known) -> Vec<(InfoActionKind, Option<String>)> {
        actions(channel, known).into_iter().map(|action| (action.kind, action.uri)).collect()
    }

    #[test]
    fn f30_the_actions_of_each_kind_of_channel() {
        use InfoActionKind::{AddContact, Call, EditContact, SendEmail, SendSms};
        type Kinds = &'static [InfoActionKind];
        let table: &[(ChannelKind, Kinds, Kinds, Kinds)] = &[
            // channel, with both addresses, with an e-mail address alone, with a number alone
            (ChannelKind::LiveChat, &[SendEmail], &[SendEmail], &[]),
            (ChannelKind::Whatsapp, &[Call], &[], &[Call]),
            (ChannelKind::Messenger, &[], &[], &[]),
            (ChannelKind::Sms, &[Call, SendSms], &[], &[Call, SendSms]),
        ];
        assert_eq!(table.iter().map(|row| row.0).collect::<Vec<_>>(), ChannelKind::ALL);
        let (email, phone) = (Some("maria@example.com"), Some("+34 600 100 200"));
        for &(channel, both, email_alone, phone_alone) in table {
            for saved in [false, true] {
                for (email, phone, expected) in [
                    (email, phone, both),
                    (email, None, email_alone),
                    (None, phone, phone_alone),
                    (None, None, &[][..]),
                ] {
                    let last = if saved { EditContact } else { AddContact };
                    let expected: Vec<_> = expected.iter().copied().chain([last]).collect();
                    let shown = shown(channel, &known(saved, email, phone));
                    let kinds: Vec<_> = shown.iter().map(|(kind, _)| *kind).collect();
                    assert_eq!(kinds, expected, "{channel:?} {saved} {email:?} {phone:?}");
                    for (kind, uri) in shown {
                        assert_eq!(uri.is_some(), !matches!(kind, AddContact | EditContact), "{channel:?} {kind:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn f30_links_carry_the_address_and_nothing_else() {
        let mail = |email| mailto(email).unwrap_or_default();
        assert_eq!(mail("maria@example.com"), "mailto:maria@example.com");
        assert_eq!(mail(" o'neil+shop@example.com "), "mailto:o%27neil%2Bshop@example.com");
        assert_eq!(mail("a@example.com?bcc=evil@example.com"), "mailto:a%40example.com%3Fbcc%3Devil@example.com");
        assert_eq!(mail("a,b@example.com\nSubject: x"), "mailto:a%2Cb@example.com%0ASubject%3A%20x");
        assert_eq!(
            mail("почта@пример.рф"),
            "mailto:%D0%BF%D0%BE%D1%87%D1%82%D0%B0@%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.%D1%80%D1%84"
        );
        for none in ["", "maria", "@example.com", "maria@"] {
            assert_eq!(mailto(none), None, "{none}");
        }
        let tel = |phone| dial("tel", phone).unwrap_or_default();
        assert_eq!(tel("+34 (600) 100-200"), "tel:+34600100200");
        assert_eq!(tel("(+49) 30 901820 ext. 5"), "tel:+4930901820");
        assert_eq!(tel("030/901820"), "tel:030901820");
        assert_eq!(tel("Tel.: +49 30 901820"), "tel:+4930901820");
        assert_eq!(tel("030 901820 +1"), "tel:0309018201");
        // A service code would be carried out by some phones when it is dialled.
        assert_eq!(tel("*#06#"), "tel:06");
        assert_eq!(dial("sms", "+34600100200?body=x"), Some("sms:+34600100200".into()));
        for none in ["", "unknown", "+"] {
            assert_eq!(dial("tel", none), None, "{none}");
        }
    }

    #[test]
    fn f30_f32_the_facts_of_each_kind_of_channel() {
        use InfoFactKind::{Address, Browser, Channel, Department, Email, Page, Phone, Referrer};
        let everything = Known {
            channel_name: Some("Shop".into()),
            department: Some("Sales".into()),
            visit: Some(Visit {
                page: Some("https://shop.example/shoes".into()),
                referrer: Some("https://search.example/".into()),
                browser: Some("Firefox 132, Windows".into()),
                address: Some("203.0.113.7".into()),
            }),
            ..known(true, Some("maria@example.com"), Some("+34600100200"))
        };
        let kinds =
            |channel, known: &Known| facts(channel, known).into_iter().map(|fact| fact.kind).collect::<Vec<_>>();
        for &channel in ChannelKind::ALL {
            let expected: &[InfoFactKind] = match channel {
                ChannelKind::LiveChat => &[Email, Phone, Channel, Department, Page, Referrer, Browser, Address],
                ChannelKind::Whatsapp | ChannelKind::Messenger | ChannelKind::Sms => {
                    &[Email, Phone, Channel, Department]
                }
            };
            assert_eq!(kinds(channel, &everything), expected, "{channel:?}");
            assert_eq!(kinds(channel, &Known::default()), [], "{channel:?}");
        }
        let half = Known { visit: Some(Visit { page: Some(String::new()), ..Visit::default() }), ..Known::default() };
        assert_eq!(kinds(ChannelKind::LiveChat, &half), []);
    }
}
