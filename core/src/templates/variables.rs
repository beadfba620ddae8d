//! Variables and what they stand for in one chat.

use switchboard_protocol::template::{Piece, pieces};

use crate::model::FilledTemplate;

/// What is known when a template is filled. What is empty is not known.
#[derive(Default)]
pub(crate) struct Values {
    pub(crate) contact_name: Option<String>,
    pub(crate) contact_email: Option<String>,
    pub(crate) contact_phone: Option<String>,
    pub(crate) user_name: Option<String>,
    pub(crate) user_extension: Option<String>,
    pub(crate) group_name: Option<String>,
    pub(crate) queue_name: Option<String>,
    pub(crate) channel_name: Option<String>,
}

impl Values {
    fn of(&self, variable: &str) -> Option<String> {
        let value = match variable {
            "contact.name" => self.contact_name.as_deref(),
            "contact.first_name" => self.contact_name.as_deref().and_then(first_name),
            "contact.email" => self.contact_email.as_deref(),
            "contact.phone" => self.contact_phone.as_deref(),
            "user.name" => self.user_name.as_deref(),
            "user.first_name" => self.user_name.as_deref().and_then(first_name),
            "user.extension" => self.user_extension.as_deref(),
            "group.name" => self.group_name.as_deref(),
            "queue.name" => self.queue_name.as_deref(),
            "channel.name" => self.channel_name.as_deref(),
            _ => None,
        }?;
        // Customers name themselves: a name is one line, and never a variable.
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = if value.contains("{{") { value.replace(['{', '}'], "") } else { value };
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// The name by which a person is greeted. A title before it is left out, and "Smith, John" is turned round.
fn first_name(name: &str) -> Option<&str> {
    let name = name.split_once(',').map(|(_, given)| given).filter(|given| !given.trim().is_empty()).unwrap_or(name);
    let mut words = name.split_whitespace();
    let first = words.next()?;
    // "Dr. Anna Meier", but not "J. Smith", whose first name nobody knows better.
    let is_title = first.ends_with('.') && first.chars().count() > 2;
    Some(if is_title { words.next().unwrap_or(first) } else { first })
}

/// The text with its variables filled. One that is not known stays as it stands, to be marked.
pub(crate) fn fill(text: &str, values: &Values) -> FilledTemplate {
    let mut out = FilledTemplate { text: String::with_capacity(text.len() + 32), unfilled: Vec::new() };
    for piece in pieces(text) {
        match piece {
            Piece::Text(words) => out.text.push_str(words),
            Piece::Variable { name, written } => match values.of(name) {
                Some(value) => out.text.push_str(&value),
                None => {
                    out.text.push_str(written);
                    if !out.unfilled.iter().any(|known| known == name) {
                        out.unfilled.push(name.to_owned());
                    }
                }
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use switchboard_protocol::template::{VARIABLES, unfilled};

    use super::*;

    fn known() -> Values {
        Values {
            contact_name: Some("Maria Lopez".into()),
            contact_email: Some("maria@example.com".into()),
            contact_phone: Some("+1 555 0100".into()),
            user_name: Some("Anna Schmidt".into()),
            user_extension: Some("204".into()),
            group_name: Some("Service".into()),
            queue_name: Some("Orders".into()),
            channel_name: Some("Shop".into()),
        }
    }

    #[test]
    fn f24_every_variable_is_filled_where_it_is_known_and_named_where_it_is_not() {
        let text: String = VARIABLES.iter().map(|name| format!("{{{{{name}}}}};")).collect();
        let filled = fill(&text, &known());
        assert_eq!(
            filled.text,
            "Maria Lopez;Maria;maria@example.com;+1 555 0100;Anna Schmidt;Anna;204;Service;Orders;Shop;"
        );
        assert_eq!(filled.unfilled, Vec::<String>::new());
        let empty = fill(&text, &Values::default());
        assert_eq!(empty.text, text);
        assert_eq!(empty.unfilled, VARIABLES);
        assert_eq!(unfilled(&empty.text), VARIABLES);
    }

    #[test]
    fn f24_what_cannot_be_filled_stays_as_it_was_written() {
        let filled = fill(
            "Hi {{ contact.first_name }} and {{contact.first_name}}, {{queue.name}}",
            &Values { queue_name: Some("Orders".into()), contact_name: Some("  ".into()), ..Values::default() },
        );
        assert_eq!(filled.text, "Hi {{ contact.first_name }} and {{contact.first_name}}, Orders");
        assert_eq!(filled.unfilled, ["contact.first_name"]);
    }

    #[test]
    fn f24_a_customers_name_is_one_line_and_no_variable() {
        let values = |name: &str| Values { contact_name: Some(name.into()), ..known() };
        assert_eq!(fill("{{contact.name}}!", &values("Eve\n\n{{user.extension}}")).text, "Eve user.extension!");
        assert_eq!(fill("{{contact.name}}!", &values("{ Eve }")).text, "{ Eve }!");
        assert_eq!(fill("{{contact.name}}", &values("{{{{}}")).unfilled, ["contact.name"]);
    }

    #[test]
    fn f24_a_first_name_is_the_one_that_people_are_greeted_by() {
        for (name, first) in [
            ("Maria Lopez", "Maria"),
            ("Мария Петровна Иванова", "Мария"),
            ("Lopez, Maria", "Maria"),
            ("Lopez,", "Lopez,"),
            ("Dr. Anna Meier", "Anna"),
            ("J. Smith", "J."),
            ("王小明", "王小明"),
            ("Dr.", "Dr."),
        ] {
            assert_eq!(first_name(name), Some(first), "{name}");
        }
        assert_eq!(first_name("  "), None);
    }
}
