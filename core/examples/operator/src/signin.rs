//! The sign-in form: by the link or the code that an admin hands out, or by e-mail and password.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::editor::Editor;

/// What a filled form asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum SignInWith {
    /// An enrolment link.
    Link(String),
    /// A server's address and a one-time code.
    Code {
        /// The address.
        server: String,
        /// The code.
        code: String,
    },
    /// A server's address, an e-mail address and a password.
    Password {
        /// The address.
        server: String,
        /// The e-mail address.
        email: String,
        /// The password.
        password: String,
    },
}

// Codes and passwords must not reach a log by way of `{:?}`.
impl std::fmt::Debug for SignInWith {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SignInWith::Link(_) => "Link",
            SignInWith::Code { .. } => "Code",
            SignInWith::Password { .. } => "Password",
        })
    }
}

/// The ways to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// By link.
    #[default]
    Link,
    /// By code.
    Code,
    /// By e-mail.
    Password,
}

impl Way {
    /// Every way, in the order of the form.
    pub const ALL: [Way; 3] = [Way::Link, Way::Code, Way::Password];

    /// Its name on the form.
    pub fn name(self) -> &'static str {
        match self {
            Way::Link => "Link",
            Way::Code => "Code",
            Way::Password => "E-mail",
        }
    }

    /// Its fields' names.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Way::Link => &["Enrolment link"],
            Way::Code => &["Server", "Code"],
            Way::Password => &["Server", "E-mail", "Password"],
        }
    }
}

/// The form.
#[derive(Clone)]
pub struct SignIn {
    /// The chosen way.
    pub way: Way,
    /// The fields: link, server, code, e-mail, password.
    fields: [Editor; 5],
    /// The field with the cursor, among those of the chosen way.
    pub field: usize,
    /// Whether the server is being asked.
    pub busy: bool,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("way", &self.way).field("busy", &self.busy).finish_non_exhaustive()
    }
}

impl Default for SignIn {
    fn default() -> Self {
        let mut fields: [Editor; 5] = std::array::from_fn(|_| Editor::line());
        fields[1].set("https://");
        Self { way: Way::default(), fields, field: 0, busy: false, error: None }
    }
}

impl SignIn {
    fn slot(&self, field: usize) -> usize {
        match (self.way, field) {
            (Way::Link, _) => 0,
            (_, 0) => 1,
            (Way::Code, _) => 2,
            (Way::Password, field) => 2 + field,
        }
    }

    /// A field of the chosen way.
    pub fn field(&self, field: usize) -> &Editor {
        &self.fields[self.slot(field)]
    }

    /// The last attempt did not work.
    pub fn failed(&mut self, why: String) {
        self.busy = false;
        self.error = Some(why);
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        // A link says by itself what it is.
        if text.trim_start().starts_with("switchboard:") {
            (self.way, self.field) = (Way::Link, 0);
            self.fields[0].set("");
        }
        let slot = self.slot(self.field);
        self.fields[slot].insert(text.trim());
    }

    /// Handles a key; returns what to sign in with once the form is sent.
    pub fn key(&mut self, key: &KeyEvent) -> Option<SignInWith> {
        if self.busy {
            return None;
        }
        let count = self.way.fields().len();
        let step = |way: Way, by: usize| Way::ALL[(Way::ALL.iter().position(|&w| w == way).unwrap_or(0) + by) % 3];
        match key.code {
            KeyCode::F(2) => (self.way, self.field) = (step(self.way, 1), 0),
            KeyCode::Char('n') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                (self.way, self.field) = (step(self.way, 1), 0);
            }
            KeyCode::Tab | KeyCode::Down => self.field = (self.field + 1) % count,
            KeyCode::BackTab | KeyCode::Up => self.field = (self.field + count - 1) % count,
            KeyCode::Enter => {
                if let Some(empty) = (0..count).find(|&field| self.field(field).is_blank()) {
                    self.field = empty;
                } else if self.field + 1 < count && self.field(count - 1).is_blank() {
                    self.field += 1;
                } else {
                    return self.send();
                }
            }
            _ => {
                let slot = self.slot(self.field);
                self.fields[slot].key(key, usize::MAX / 2);
            }
        }
        None
    }

    fn send(&mut self) -> Option<SignInWith> {
        self.busy = true;
        self.error = None;
        let text = |slot: usize| self.fields[slot].text().trim().to_owned();
        Some(match self.way {
            Way::Link => SignInWith::Link(text(0)),
            Way::Code => SignInWith::Code { server: text(1), code: text(2) },
            Way::Password => {
                SignInWith::Password { server: text(1), email: text(3), password: self.fields[4].text().to_owned() }
            }
        })
    }
}
