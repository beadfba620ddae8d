//! The person the company talks to.

use serde::{Deserialize, Serialize};

use crate::ids::ContactId;

/// A contact as a chat shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The name the person gave; without one the apps show "Visitor" in the user's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address the person gave, unverified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number, as the channel or a user gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Whether a user added the person to the contacts. Who is not known is asked about: Add contact, Reply, Ignore.
    #[serde(default)]
    pub known: bool,
}
