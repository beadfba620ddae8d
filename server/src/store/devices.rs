//! Signing devices in and out.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::collection::Role;
use switchboard_protocol::device::{DeviceInfo, SignedIn, SignedInUser};
use switchboard_protocol::ids::{DeviceId, UserId};
use switchboard_protocol::{ErrorCode, UnixMillis};

use super::effects::Effect;
use super::sql::{Blob, Columns, Sql, bad_name};
use super::writer::Tx;
use super::{StoreError, auth, people};
use crate::rights::Actor;

/// Whether a device may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may; it is this user's.
    Admitted(UserId),
    /// It may not.
    Refused(ErrorCode),
}

/// Looks at a device's token.
pub fn admit(connection: &Connection, device: DeviceId, token: &str) -> Result<Admission, StoreError> {
    let found: Option<(UserId, Vec<u8>, bool, bool)> = connection
        .sql(
            "SELECT devices.user_id, devices.token_hash, devices.revoked_at IS NOT NULL, users.disabled \
             FROM devices JOIN users ON users.id = devices.user_id WHERE devices.id = ?1",
        )?
        .query_row([Blob(device)], |row| Ok((row.id(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    Ok(match found {
        Some((user, hash, revoked, disabled)) if auth::same_hash(&hash, &auth::secret_hash(token)) => {
            if revoked || disabled { Admission::Refused(ErrorCode::Revoked) } else { Admission::Admitted(user) }
        }
        _ => Admission::Refused(ErrorCode::Unauthorized),
    })
}

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwner {
    /// A signed-in device of this user.
    Known(Actor),
    /// The device was signed out, or its user disabled.
    Revoked,
    /// Nobody's.
    Nobody,
}

/// Whose a token is: what a request over HTTP comes with, which names no device beside it. The look-up is by the token's
/// hash, of which nothing can be learned from the time it takes.
pub fn owner_of_token(connection: &Connection, token: &str) -> Result<TokenOwner, StoreError> {
    let found: Option<(UserId, bool)> = connection
        .sql("SELECT user_id, revoked_at IS NOT NULL FROM devices WHERE token_hash = ?1")?
        .query_row([auth::secret_hash(token).as_slice()], |row| Ok((row.id(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        None => TokenOwner::Nobody,
        Some((_, true)) => TokenOwner::Revoked,
        // A disabled account is no actor.
        Some((user, false)) => people::actor(connection, user)?.map_or(TokenOwner::Revoked, TokenOwner::Known),
    })
}

/// Whose device this is.
pub(super) fn user_of(connection: &Connection, device: DeviceId) -> Result<Option<UserId>, StoreError> {
    Ok(connection
        .sql("SELECT user_id FROM devices WHERE id = ?1")?
        .query_row([Blob(device)], |row| row.id(0))
        .optional()?)
}

/// What signing in by password compares.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: UserId,
    /// The hash, if the user has a password.
    pub password_hash: Option<String>,
    /// Whether the account is disabled.
    pub disabled: bool,
}

/// The user with this address.
pub fn credentials(connection: &Connection, email: &str) -> Result<Option<Credentials>, StoreError> {
    Ok(connection
        .sql("SELECT id, password_hash, disabled FROM users WHERE email = ?1")?
        .query_row([email], |row| {
            Ok(Credentials { user: row.id(0)?, password_hash: row.get(1)?, disabled: row.get(2)? })
        })
        .optional()?)
}

/// A device as admins see it.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// The name it gave itself.
    pub name: String,
    /// What it runs on.
    pub platform: String,
    /// Since when it is signed in.
    pub created_at: UnixMillis,
    /// Since when it no longer is.
    pub revoked_at: Option<UnixMillis>,
}

/// A user's devices.
pub fn list(connection: &Connection, user: UserId) -> Result<Vec<DeviceRow>, StoreError> {
    let mut query = connection
        .sql("SELECT id, name, platform, created_at, revoked_at FROM devices WHERE user_id = ?1 ORDER BY id")?;
    let rows = query.query_map([Blob(user)], |row| {
        Ok(DeviceRow {
            id: row.id(0)?,
            name: row.get(1)?,
            platform: row.get(2)?,
            created_at: row.get(3)?,
            revoked_at: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How long a one-time code is good.
pub const CODE_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

impl Tx<'_> {
    /// Signs a device in. Who the user is was proved before.
    fn add_device(&mut self, user: UserId, info: &DeviceInfo) -> Result<SignedIn, StoreError> {
        let (device, token) = (DeviceId::new(), auth::new_token());
        self.sql
            .sql(
                "INSERT INTO devices (id, user_id, name, platform, token_hash, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                Blob(device),
                Blob(user),
                info.name.as_str(),
                info.platform.as_str(),
                auth::secret_hash(&token).as_slice(),
                self.now,
            ))?;
        let (name, role): (String, String) = self
            .sql
            .sql("SELECT name, role FROM users WHERE id = ?1")?
            .query_row([Blob(user)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let role = Role::from_name(&role).ok_or_else(|| bad_name(1, "role"))?;
        Ok(SignedIn { user: SignedInUser { id: user, name, role }, device, token })
    }

    /// Signs in with a password that was verified against `seen`; `None` if the account changed since.
    pub fn sign_in(&mut self, seen: &Credentials, info: &DeviceInfo) -> Result<Option<SignedIn>, StoreError> {
        let unchanged = self
            .sql
            .sql("SELECT 1 FROM users WHERE id = ?1 AND disabled = 0 AND password_hash = ?2")?
            .exists((Blob(seen.user), &seen.password_hash))?;
        if unchanged { self.add_device(seen.user, info).map(Some) } else { Ok(None) }
    }

    /// Makes a one-time code for a user; codes that were made before stop working, so that one is out at a time.
    pub fn new_enrolment(&mut self, user: UserId, life_ms: i64) -> Result<(String, UnixMillis), StoreError> {
        let disabled: Option<bool> = self
            .sql
            .sql("SELECT disabled FROM users WHERE id = ?1")?
            .query_row([Blob(user)], |row| row.get(0))
            .optional()?;
        match disabled {
            None => return Err(StoreError::NotFound("such user".into())),
            Some(true) => return Err(StoreError::Refused("the user is disabled: enable the user first".into())),
            Some(false) => {}
        }
        self.sql.sql("DELETE FROM enrolments WHERE user_id = ?1 AND used_at IS NULL")?.execute([Blob(user)])?;
        let code = auth::new_code();
        let normal = auth::normal_code(&code).ok_or_else(|| StoreError::Unexpected("a code of ours is none".into()))?;
        let expires_at = self.now.saturating_add(life_ms);
        self.sql
            .sql("INSERT INTO enrolments (code_hash, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)")?
            .execute((auth::secret_hash(&normal).as_slice(), Blob(user), self.now, expires_at))?;
        Ok((code, expires_at))
    }

    /// Signs in with a one-time code, which is then used; `None` for one that is wrong, used or expired.
    pub fn enrol(&mut self, code: &str, info: &DeviceInfo) -> Result<Option<SignedIn>, StoreError> {
        let Some(code) = auth::normal_code(code) else { return Ok(None) };
        let hash = auth::secret_hash(&code);
        let user = self
            .sql
            .sql(
                "UPDATE enrolments SET used_at = ?2 WHERE code_hash = ?1 AND used_at IS NULL AND expires_at > ?2 \
                 RETURNING user_id",
            )?
            .query_row((hash.as_slice(), self.now), |row| row.id(0))
            .optional()?;
        let Some(user) = user else { return Ok(None) };
        let enabled = self.sql.sql("SELECT 1 FROM users WHERE id = ?1 AND disabled = 0")?.exists([Blob(user)])?;
        if enabled { self.add_device(user, info).map(Some) } else { Ok(None) }
    }

    /// Ends a device: by its own user, or by an admin. Whether it was signed in.
    pub fn revoke_device(&mut self, device: DeviceId) -> Result<bool, StoreError> {
        let user = self
            .sql
            .sql("UPDATE devices SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL RETURNING user_id")?
            .query_row((Blob(device), self.now), |row| row.id(0))
            .optional()?;
        if let Some(user) = user {
            self.effect(Effect::Revoked { device, user });
        }
        Ok(user.is_some())
    }

    /// Ends the device with this token. Whether there was one.
    pub fn sign_out(&mut self, token: &str) -> Result<bool, StoreError> {
        let device = self
            .sql
            .sql("SELECT id FROM devices WHERE token_hash = ?1")?
            .query_row([auth::secret_hash(token).as_slice()], |row| row.id(0))
            .optional()?;
        match device {
            Some(device) => self.revoke_device(device).map(|_| true),
            None => Ok(false),
        }
    }
}
