//! Signing in and out.

use std::sync::Arc;
use std::time::Duration;

use switchboard_protocol::device::{DeviceInfo, EnrolLink, EnrolRequest, SignInRequest, SignedIn};
use switchboard_protocol::limits::MAX_NAME_BYTES;
use url::Url;

use super::Core;
use crate::error::{CoreError, Result};
use crate::http;
use crate::model::{Account, ConnectionState};
use crate::shared::blocking;
use crate::store::account::SignedInDevice;
use crate::store::{Durability, account};

/// How long a sign-out waits for a server that does not answer.
const FAREWELL: Duration = Duration::from_secs(3);

impl From<&SignedInDevice> for Account {
    fn from(device: &SignedInDevice) -> Self {
        Account { user: device.user.clone(), server: device.server.clone() }
    }
}

impl Core {
    /// Who is signed in.
    pub fn account(&self) -> Option<Account> {
        self.shared().account().as_ref().map(Account::from)
    }

    /// Signs in by the link of an admin, from a QR code or a message.
    pub async fn enrol(&self, link: &str) -> Result<Account, CoreError> {
        let link = EnrolLink::parse(link).map_err(|error| CoreError::InvalidInput(error.to_string()))?;
        http::check_server(&link.server)?;
        self.enrol_at(link.server, link.code).await
    }

    /// Signs in by a code that was read out or typed in.
    pub async fn enrol_with_code(&self, server: &str, code: &str) -> Result<Account, CoreError> {
        self.enrol_at(http::server(server)?, code.to_owned()).await
    }

    async fn enrol_at(&self, server: Url, code: String) -> Result<Account, CoreError> {
        let request = EnrolRequest { code, device: self.device_info() };
        self.sign_in_by(server, |core, server| async move { core.shared().http()?.enrol(&server, &request).await })
            .await
    }

    /// Signs in by e-mail and password.
    pub async fn sign_in(&self, server: &str, email: &str, password: &str) -> Result<Account, CoreError> {
        let request =
            SignInRequest { email: email.trim().to_owned(), password: password.to_owned(), device: self.device_info() };
        let server = http::server(server)?;
        self.sign_in_by(server, |core, server| async move { core.shared().http()?.sign_in(&server, &request).await })
            .await
    }

    fn device_info(&self) -> DeviceInfo {
        let config = &self.inner.config;
        let mut end = config.device_name.len().min(MAX_NAME_BYTES);
        while !config.device_name.is_char_boundary(end) {
            end -= 1;
        }
        DeviceInfo { name: config.device_name[..end].to_owned(), platform: config.platform }
    }

    async fn sign_in_by<F>(
        &self,
        server: Url,
        ask: impl FnOnce(Core, Url) -> F + Send + 'static,
    ) -> Result<Account, CoreError>
    where
        F: Future<Output = Result<SignedIn>> + Send + 'static,
    {
        let core = self.clone();
        self.run(async move {
            let _signing = core.inner.signing.lock().await;
            let signed_in = ask(core.clone(), server.clone()).await?;
            core.keep(server, signed_in).await
        })
        .await
    }

    /// Keeps a new device token. The same user's store goes on with it; another user's is never overwritten.
    async fn keep(&self, server: Url, signed_in: SignedIn) -> Result<Account> {
        let before = self.shared().account();
        let same = before.as_ref().is_none_or(|before| before.server == server && before.user.id == signed_in.user.id);
        if !same {
            // Nothing is lost by a slip of the finger: the new device is given back to the server.
            let _ = self.shared().http()?.sign_out(&server, &signed_in.token).await;
            return Err(CoreError::InvalidInput("another user is signed in: sign out first".into()).into());
        }
        self.end_running().await;
        let device = SignedInDevice { server, user: signed_in.user, device: signed_in.device, token: signed_in.token };
        let (store, row) = (Arc::clone(&self.shared().store), device.clone());
        blocking(move || {
            store.write(Durability::Full, |tx, changes| {
                changes.all = true;
                account::save(tx, &row)
            })
        })
        .await?;
        let kept = Account::from(&device);
        self.shared().set_account(Some(device));
        self.shared().hub.set_connection(ConnectionState::Stopped);
        self.ensure_running();
        Ok(kept)
    }

    /// Signs this device out: tells the server if it can be reached, and deletes the store in any case. Unsent texts
    /// go with it; the app shows [`Core::unsent`] before it calls this.
    pub async fn sign_out(&self) -> Result<(), CoreError> {
        let core = self.clone();
        self.run(async move {
            let _signing = core.inner.signing.lock().await;
            core.end_running().await;
            let device = core.shared().account();
            core.shared().forget_everything().await?;
            core.shared().hub.set_connection(ConnectionState::SignedOut);
            if let Some(device) = device {
                let farewell = async { core.shared().http()?.sign_out(&device.server, &device.token).await };
                match tokio::time::timeout(FAREWELL, farewell).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::info!(%error, "signed out here only"),
                    Err(_) => tracing::info!("signed out here only: the server does not answer"),
                }
            }
            Ok(())
        })
        .await
    }
}
