//! Signing a device in and out, over HTTPS: `POST /v1/enrol`, `POST /v1/sign-in`, `POST /v1/sign-out`.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::ErrorCode;
use crate::collection::Role;
use crate::ids::{DeviceId, UserId};

/// The path of the phones' socket.
pub const SOCKET_PATH: &str = "/v1/socket";
/// The path that takes an [`EnrolRequest`].
pub const ENROL_PATH: &str = "/v1/enrol";
/// The path that takes a [`SignInRequest`].
pub const SIGN_IN_PATH: &str = "/v1/sign-in";
/// The path that ends the device whose token is in `Authorization: Bearer`.
pub const SIGN_OUT_PATH: &str = "/v1/sign-out";

/// What a device says of itself when it signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// The name that admins see: "Anna's iPhone".
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
}

/// What a device runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// An iPhone or iPad.
    Ios,
    /// An Android phone.
    Android,
    /// A terminal.
    Terminal,
}

impl Platform {
    /// The platform as it stands in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Platform::Ios => "ios",
            Platform::Android => "android",
            Platform::Terminal => "terminal",
        }
    }
}

/// Signs in by a one-time code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The code; spaces, hyphens and case do not matter.
    pub code: String,
    /// The device.
    pub device: DeviceInfo,
}

/// Signs in by e-mail and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRequest {
    /// The user's e-mail address; case does not matter.
    pub email: String,
    /// The password.
    pub password: String,
    /// The device.
    pub device: DeviceInfo,
}

/// The answer to both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The user.
    pub user: SignedInUser,
    /// The device's id.
    pub device: DeviceId,
    /// The device's token, 256 random bits; the server keeps only its hash.
    pub token: String,
}

/// The user who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedInUser {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
}

// Codes, passwords and tokens must not reach a log by way of `{:?}`.
impl std::fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolRequest").field("device", &self.device).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInRequest").field("device", &self.device).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user).field("device", &self.device).finish_non_exhaustive()
    }
}

/// The body of every refused HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The stable code.
    pub code: ErrorCode,
    /// What was wrong and what to do, in English, for developers.
    pub detail: String,
    /// When to try again, in milliseconds from now; 0 when that makes no difference.
    #[serde(default)]
    pub retry_ms: u64,
}

/// What a QR code or a link from an admin holds: `switchboard://enrol?server=…&code=…`.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolLink {
    /// The server's address, `https://chat.example.com`.
    pub server: Url,
    /// The one-time code.
    pub code: String,
}

impl std::fmt::Debug for EnrolLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolLink").field("server", &self.server.as_str()).finish_non_exhaustive()
    }
}

/// A link that does not enrol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an enrolment link: expected switchboard://enrol?server=…&code=…")]
pub struct InvalidEnrolLink;

impl EnrolLink {
    /// Reads a link.
    pub fn parse(text: &str) -> Result<Self, InvalidEnrolLink> {
        let link = Url::parse(text.trim()).map_err(|_| InvalidEnrolLink)?;
        if link.scheme() != "switchboard" || link.host_str() != Some("enrol") {
            return Err(InvalidEnrolLink);
        }
        let field = |name: &str| {
            link.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).ok_or(InvalidEnrolLink)
        };
        let server = Url::parse(&field("server")?).map_err(|_| InvalidEnrolLink)?;
        if !matches!(server.scheme(), "http" | "https") || server.host().is_none() {
            return Err(InvalidEnrolLink);
        }
        let code = field("code")?;
        if code.trim().is_empty() {
            return Err(InvalidEnrolLink);
        }
        Ok(Self { server, code })
    }
}

impl std::fmt::Display for EnrolLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("server", self.server.as_str().trim_end_matches('/'))
            .append_pair("code", &self.code)
            .finish();
        write!(f, "switchboard://enrol?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrol_link_survives_its_text() {
        let link = EnrolLink { server: Url::parse("https://chat.example.com/").unwrap(), code: "ABCD-EFGH".into() };
        assert_eq!(link.to_string(), "switchboard://enrol?server=https%3A%2F%2Fchat.example.com&code=ABCD-EFGH");
        assert_eq!(EnrolLink::parse(&link.to_string()).unwrap(), link);
    }

    #[test]
    fn other_links_are_refused() {
        for text in [
            "",
            "https://chat.example.com",
            "switchboard://enrol",
            "switchboard://enrol?server=ftp%3A%2F%2Fx&code=A",
            "switchboard://enrol?server=https%3A%2F%2Fx&code=",
            "switchboard://other?server=https%3A%2F%2Fx&code=A",
        ] {
            assert_eq!(EnrolLink::parse(text), Err(InvalidEnrolLink), "{text}");
        }
    }

    #[test]
    fn secrets_stay_out_of_debug() {
        let request = EnrolRequest {
            code: "SECRETCODE".into(),
            device: DeviceInfo { name: "phone".into(), platform: Platform::Ios },
        };
        assert!(!format!("{request:?}").contains("SECRETCODE"));
    }
}
