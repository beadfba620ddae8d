//! The REST part of the server: signing in and out, blocks. Also what the socket shares with it: TLS and addresses.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use switchboard_protocol::ErrorCode;
use switchboard_protocol::device::{self, EnrolRequest, ErrorBody, SignInRequest, SignedIn};
use url::{Host, Url};

use crate::error::{CoreError, Error, Result};

/// Signing in waits for this long: the server hashes a password with 19 MiB, several at a time.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Signing out waits for this long: the device is signed out here in any case.
const FAREWELL: Duration = Duration::from_secs(3);
/// No answer is larger. The longest is a page of a contact's history whose 50 texts have the largest size, written so
/// that JSON makes six bytes of one.
const MAX_ANSWER_BYTES: usize = 6 * 1024 * 1024;

/// Our TLS: rustls with ring, named here, so that it does not depend on what else a binary links, and the Mozilla roots.
pub(crate) fn tls() -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Reads a server's address as a person types it. Without encryption only on this machine.
pub(crate) fn server(text: &str) -> Result<Url, CoreError> {
    let invalid = |why: &str| CoreError::InvalidInput(format!("server address: {why}"));
    let text = text.trim();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    let url = url.map_err(|_| invalid("not an address such as https://chat.example.com"))?;
    check_server(&url)?;
    Ok(url)
}

/// Whether a device's token may be sent there.
pub(crate) fn check_server(url: &Url) -> Result<(), CoreError> {
    let invalid = |why: &str| Err(CoreError::InvalidInput(format!("server address: {why}")));
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return invalid("no host"),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return invalid("http is only for this machine; use https"),
        _ => return invalid("only https"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return invalid("only a host, a port and a path");
    }
    Ok(())
}

/// The address of one of the server's paths.
pub(crate) fn endpoint(server: &Url, path: &str) -> Result<Url> {
    let mut url = server.clone();
    {
        let mut segments =
            url.path_segments_mut().map_err(|()| CoreError::InvalidInput("server address: no path".into()))?;
        segments.pop_if_empty().extend(path.trim_start_matches('/').split('/'));
    }
    Ok(url)
}

pub(crate) struct Http {
    client: reqwest::Client,
}

impl Http {
    pub(crate) fn new(tls: &rustls::ClientConfig) -> Result<Self> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            // A redirect would carry a password or a token to somewhere that nobody named.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(0)
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Network(plain(&error)))?;
        Ok(Self { client })
    }

    pub(crate) async fn enrol(&self, server: &Url, request: &EnrolRequest) -> Result<SignedIn> {
        self.post(server, device::ENROL_PATH, request).await
    }

    pub(crate) async fn sign_in(&self, server: &Url, request: &SignInRequest) -> Result<SignedIn> {
        self.post(server, device::SIGN_IN_PATH, request).await
    }

    pub(crate) async fn sign_out(&self, server: &Url, token: &str) -> Result<()> {
        let url = endpoint(server, device::SIGN_OUT_PATH)?;
        let answer = self.client.post(url).bearer_auth(token).timeout(FAREWELL).send().await.map_err(network)?;
        if answer.status().is_success() { Ok(()) } else { Err(refusal(answer).await) }
    }

    /// Asks for something that only this device's user may see.
    pub(crate) async fn get<A: DeserializeOwned>(&self, server: &Url, path: &str, token: &str) -> Result<A> {
        self.get_with(server, path, &[], token).await
    }

    /// The same, with a query.
    pub(crate) async fn get_with<A: DeserializeOwned>(
        &self,
        server: &Url,
        path: &str,
        query: &[(&str, &str)],
        token: &str,
    ) -> Result<A> {
        let mut url = endpoint(server, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.client.get(url).bearer_auth(token).send().await.map_err(network)?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        Ok(serde_json::from_slice(&read(answer).await?)?)
    }

    pub(crate) async fn delete(&self, server: &Url, path: &str, token: &str) -> Result<()> {
        self.delete_with(server, path, &[], token).await
    }

    /// The same, with a query.
    pub(crate) async fn delete_with(
        &self,
        server: &Url,
        path: &str,
        query: &[(&str, &str)],
        token: &str,
    ) -> Result<()> {
        let mut url = endpoint(server, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let answer = self.client.delete(url).bearer_auth(token).send().await.map_err(network)?;
        if answer.status().is_success() { Ok(()) } else { Err(refusal(answer).await) }
    }

    /// Sends something on behalf of this device's user: a new thing by `POST`, a change by `PUT`.
    pub(crate) async fn send<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: reqwest::Method,
        server: &Url,
        path: &str,
        token: &str,
        body: &Q,
    ) -> Result<A> {
        let url = endpoint(server, path)?;
        let answer = self.client.request(method, url).bearer_auth(token).json(body).send().await.map_err(network)?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        Ok(serde_json::from_slice(&read(answer).await?)?)
    }

    async fn post<Q: Serialize + Sync, A: DeserializeOwned>(&self, server: &Url, path: &str, body: &Q) -> Result<A> {
        let url = endpoint(server, path)?;
        let answer = self.client.post(url).json(body).send().await.map_err(network)?;
        if !answer.status().is_success() {
            return Err(refusal(answer).await);
        }
        let bytes = read(answer).await?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// Reads an answer's body up to what one can reasonably hold.
async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(network)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            return Err(Error::BadAnswer("too large".into()));
        }
    }
    Ok(bytes)
}

/// What a refused request means here.
async fn refusal(answer: reqwest::Response) -> Error {
    let status = answer.status();
    let body = read(answer).await.ok().and_then(|bytes| serde_json::from_slice::<ErrorBody>(&bytes).ok());
    match body {
        Some(ErrorBody { code: ErrorCode::NotFound, .. }) => CoreError::NotFound.into(),
        Some(ErrorBody { code: ErrorCode::Unauthorized | ErrorCode::Revoked, .. }) => CoreError::SignInAgain.into(),
        Some(ErrorBody { code, .. }) => CoreError::Rejected(code).into(),
        // Not our server's words: a proxy in front of one that is down.
        None if status.is_server_error() => Error::Network(format!("HTTP {}", status.as_u16())),
        None => Error::BadAnswer(format!("HTTP {}", status.as_u16())),
    }
}

fn network(error: reqwest::Error) -> Error {
    Error::Network(plain(&error))
}

/// What went wrong, without the address's path or anything that was sent.
fn plain(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "no connection"
    } else {
        "request failed"
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_refused_off_this_machine() {
        for text in ["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:2/", "https://chat.example.com"] {
            assert!(server(text).is_ok(), "{text}");
        }
        assert_eq!(server("chat.example.com").unwrap().as_str(), "https://chat.example.com/");
        for text in [
            "http://chat.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.2.2",
            "http://localhost.example.com",
            "ftp://localhost",
            "ws://localhost",
            "https://user:pass@chat.example.com",
            "https://chat.example.com/?x=1",
            "https://chat.example.com/#x",
            "https://",
            "not an address",
            "",
        ] {
            assert!(matches!(server(text), Err(CoreError::InvalidInput(_))), "{text}");
        }
    }

    #[test]
    fn paths_are_joined_below_a_prefix() {
        let join = |server: &str| endpoint(&Url::parse(server).unwrap(), "/v1/socket").unwrap().to_string();
        assert_eq!(join("https://a.example"), "https://a.example/v1/socket");
        assert_eq!(join("https://a.example/chat"), "https://a.example/chat/v1/socket");
        assert_eq!(join("https://a.example/chat/"), "https://a.example/chat/v1/socket");
    }

    #[test]
    fn there_is_one_crypto_provider_and_it_is_named() {
        Http::new(&tls().unwrap()).unwrap();
    }
}
