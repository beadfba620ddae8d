//! Groups and users.

use rusqlite::{Connection, OptionalExtension};
use switchboard_protocol::collection::{Collection, Presence, Role};
use switchboard_protocol::ids::{DeviceId, GroupId, UserId};
use switchboard_protocol::limits;

use super::StoreError;
use super::sql::{Blob, Columns, Sql, bad_name, int};
use super::writer::Tx;
use crate::rights::Actor;

/// A user to be made.
#[derive(Clone)]
pub struct NewUserRow {
    /// The name, which is unique: the command line knows users by it.
    pub name: String,
    /// The address to sign in with.
    pub email: Option<String>,
    /// The role.
    pub role: Role,
    /// The group.
    pub group: GroupId,
    /// The hash of the password, for those who may sign in with one.
    pub password_hash: Option<String>,
    /// The short number by which colleagues find the user.
    pub extension: Option<String>,
}

/// What an admin changes of a user; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The role.
    pub role: Option<Role>,
    /// The group.
    pub group: Option<GroupId>,
    /// The extension; `Some(None)` takes it away.
    pub extension: Option<Option<String>>,
}

/// A group as admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// A user as admins see one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// Its id.
    pub id: UserId,
    /// Its name.
    pub name: String,
    /// The address to sign in with.
    pub email: Option<String>,
    /// Its role.
    pub role: Role,
    /// Its group.
    pub group: GroupId,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// The short number by which colleagues find the user.
    pub extension: Option<String>,
    /// Whether the user can be offered chats.
    pub presence: Presence,
}

/// The rows of one page of a list that admins see; the next begins after the last name.
pub const LIST_PAGE: u32 = 500;

/// A name as it is stored: trimmed, not empty, not too long, without control characters.
pub(super) fn clean_name(name: &str) -> Result<String, StoreError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(StoreError::Refused("the name is empty".into()));
    }
    if name.len() > limits::MAX_NAME_BYTES {
        return Err(StoreError::Refused(format!("the name is longer than {} bytes", limits::MAX_NAME_BYTES)));
    }
    if name.chars().any(char::is_control) {
        return Err(StoreError::Refused("the name holds control characters".into()));
    }
    Ok(name.to_owned())
}

/// An e-mail address as it is compared: trimmed and lower-case.
pub fn clean_email(email: &str) -> Option<String> {
    let email = email.trim().to_lowercase();
    let fits = email.len() <= limits::MAX_EMAIL_BYTES && !email.chars().any(|c| c.is_control() || c.is_whitespace());
    let parts = email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    (fits && parts).then_some(email)
}

/// The longest extension.
const MAX_EXTENSION: usize = 20;

/// An extension as it is dialled: letters, digits and a few signs.
fn clean_extension(extension: &str) -> Result<String, StoreError> {
    let extension = extension.trim();
    let fits = (1..=MAX_EXTENSION).contains(&extension.len())
        && extension.bytes().all(|c| c.is_ascii_alphanumeric() || b"*#.-".contains(&c));
    if fits {
        Ok(extension.to_owned())
    } else {
        Err(StoreError::Refused(format!(
            "{extension:?} is no extension: 1 to {MAX_EXTENSION} letters, digits, or any of * # . -"
        )))
    }
}

/// Groups after a name, by name.
pub fn groups(connection: &Connection, after: &str) -> Result<Vec<GroupInfo>, StoreError> {
    let mut query = connection.sql("SELECT id, name FROM groups WHERE name > ?1 ORDER BY name LIMIT ?2")?;
    let rows = query.query_map((after, LIST_PAGE), |row| Ok(GroupInfo { id: row.id(0)?, name: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Users after a name, by name.
pub fn users(connection: &Connection, after: &str) -> Result<Vec<UserInfo>, StoreError> {
    let mut query = connection.sql(
        "SELECT id, name, email, role, group_id, disabled, extension, presence FROM users WHERE name > ?1 \
             ORDER BY name LIMIT ?2",
    )?;
    let rows = query.query_map((after, LIST_PAGE), |row| {
        let (role, presence): (String, String) = (row.get(3)?, row.get(7)?);
        Ok(UserInfo {
            id: row.id(0)?,
            name: row.get(1)?,
            email: row.get(2)?,
            role: Role::from_name(&role).ok_or_else(|| bad_name(3, "role"))?,
            group: row.id(4)?,
            disabled: row.get(5)?,
            extension: row.get(6)?,
            presence: Presence::from_name(&presence).ok_or_else(|| bad_name(7, "presence"))?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The user of a name or an address.
pub fn find_user(connection: &Connection, name_or_email: &str) -> Result<Option<UserId>, StoreError> {
    let by_name = connection
        .sql("SELECT id FROM users WHERE name = ?1")?
        .query_row([name_or_email.trim()], |row| row.id(0))
        .optional()?;
    if by_name.is_some() {
        return Ok(by_name);
    }
    let Some(email) = clean_email(name_or_email) else { return Ok(None) };
    Ok(connection.sql("SELECT id FROM users WHERE email = ?1")?.query_row([email], |row| row.id(0)).optional()?)
}

/// A user's name.
pub fn name(connection: &Connection, user: UserId) -> Result<Option<String>, StoreError> {
    Ok(connection.sql("SELECT name FROM users WHERE id = ?1")?.query_row([Blob(user)], |row| row.get(0)).optional()?)
}

/// The group of a name.
pub fn find_group(connection: &Connection, name: &str) -> Result<Option<GroupId>, StoreError> {
    Ok(connection.sql("SELECT id FROM groups WHERE name = ?1")?.query_row([name.trim()], |row| row.id(0)).optional()?)
}

/// Who a user is to the table of rights; none for a disabled account, which may nothing.
pub fn actor(connection: &Connection, user: UserId) -> Result<Option<Actor>, StoreError> {
    Ok(connection
        .sql("SELECT role, group_id FROM users WHERE id = ?1 AND disabled = 0")?
        .query_row([Blob(user)], |row| {
            let role: String = row.get(0)?;
            Ok(Actor { user, role: Role::from_name(&role).ok_or_else(|| bad_name(0, "role"))?, group: row.id(1)? })
        })
        .optional()?)
}

impl Tx<'_> {
    /// Raises a collection's revision and announces it.
    pub(super) fn next_rev(&mut self, collection: Collection) -> Result<u64, StoreError> {
        let rev = self
            .sql
            .sql("UPDATE collections SET rev = rev + 1 WHERE name = ?1 RETURNING rev")?
            .query_row([collection.as_str()], |row| row.count(0))?;
        self.effect(super::effects::Effect::Changed { collection, rev });
        Ok(rev)
    }

    /// Raises a collection's revision by as many rows as change, announces it once, and gives the first row's: a row each,
    /// so that a phone can stop and go on between any two.
    pub(super) fn next_revs(&mut self, collection: Collection, rows: usize) -> Result<u64, StoreError> {
        if rows == 0 {
            return Ok(0);
        }
        let rows = rows as u64;
        let rev = self
            .sql
            .sql("UPDATE collections SET rev = rev + ?2 WHERE name = ?1 RETURNING rev")?
            .query_row((collection.as_str(), int(rows)), |row| row.count(0))?;
        self.effect(super::effects::Effect::Changed { collection, rev });
        Ok(rev + 1 - rows)
    }

    /// Makes a group.
    pub fn create_group(&mut self, name: &str) -> Result<GroupId, StoreError> {
        let name = clean_name(name)?;
        if find_group(self.sql, &name)?.is_some() {
            return Err(StoreError::Refused(format!("there is a group {name:?} already")));
        }
        let id = GroupId::new();
        let rev = self.next_rev(Collection::Groups)?;
        self.sql.sql("INSERT INTO groups (id, name, rev, created_at) VALUES (?1, ?2, ?3, ?4)")?.execute((
            Blob(id),
            name,
            int(rev),
            self.now,
        ))?;
        Ok(id)
    }

    pub(super) fn must_be_group(&self, group: GroupId) -> Result<(), StoreError> {
        if self.sql.sql("SELECT 1 FROM groups WHERE id = ?1")?.exists([Blob(group)])? {
            Ok(())
        } else {
            Err(StoreError::NotFound("such group".into()))
        }
    }

    /// An extension that nobody else has.
    fn free_extension(&self, extension: &str, user: UserId) -> Result<String, StoreError> {
        let extension = clean_extension(extension)?;
        let mut other = self.sql.sql("SELECT 1 FROM users WHERE extension = ?1 AND id <> ?2")?;
        if other.exists((extension.as_str(), Blob(user)))? {
            return Err(StoreError::Refused(format!("a user has the extension {extension:?} already")));
        }
        Ok(extension)
    }

    /// Makes a user.
    pub fn create_user(&mut self, user: &NewUserRow) -> Result<UserId, StoreError> {
        let name = clean_name(&user.name)?;
        if self.sql.sql("SELECT 1 FROM users WHERE name = ?1")?.exists([name.as_str()])? {
            return Err(StoreError::Refused(format!("there is a user {name:?} already")));
        }
        self.must_be_group(user.group)?;
        let email = match &user.email {
            None => None,
            Some(email) => {
                Some(clean_email(email).ok_or_else(|| StoreError::Refused(format!("{email:?} is no e-mail address")))?)
            }
        };
        if let Some(email) = &email
            && self.sql.sql("SELECT 1 FROM users WHERE email = ?1")?.exists([email.as_str()])?
        {
            return Err(StoreError::Refused(format!("a user has the address {email:?} already")));
        }
        let id = UserId::new();
        let extension = user.extension.as_deref().map(|wanted| self.free_extension(wanted, id)).transpose()?;
        let rev = self.next_rev(Collection::Users)?;
        self.sql
            .sql(
                "INSERT INTO users (id, group_id, name, email, role, password_hash, rev, created_at, extension) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                Blob(id),
                Blob(user.group),
                name,
                email,
                user.role.as_str(),
                &user.password_hash,
                int(rev),
                self.now,
                extension,
            ))?;
        self.refresh_user(id)?;
        Ok(id)
    }

    /// Changes a user's role, group or extension. Chats that wait in the groups are offered anew.
    pub fn change_user(&mut self, user: UserId, change: &UserChange) -> Result<(), StoreError> {
        let before: Option<(String, GroupId, Option<String>)> = self
            .sql
            .sql("SELECT role, group_id, extension FROM users WHERE id = ?1")?
            .query_row([Blob(user)], |row| Ok((row.get(0)?, row.id(1)?, row.get(2)?)))
            .optional()?;
        let Some((role, group, extension)) = before else { return Err(StoreError::NotFound("such user".into())) };
        let new_role = change.role.map_or_else(|| role.clone(), |role| role.as_str().to_owned());
        let new_group = change.group.unwrap_or(group);
        self.must_be_group(new_group)?;
        let new_extension = match &change.extension {
            None => extension,
            Some(wanted) => wanted.as_deref().map(|wanted| self.free_extension(wanted, user)).transpose()?,
        };
        let rev = self.next_rev(Collection::Users)?;
        self.sql
            .sql("UPDATE users SET role = ?2, group_id = ?3, extension = ?4, rev = ?5 WHERE id = ?1")?
            .execute((Blob(user), &new_role, Blob(new_group), new_extension, int(rev)))?;
        if new_role != role || new_group != group {
            self.retell_alarms()?;
            self.retell_what_a_role_shows(&role, &new_role, group, new_group)?;
        }
        if new_group != group {
            self.refresh_user(user)?;
        }
        Ok(())
    }

    /// What of the collections a user's role and group decide about: templates come or go with them.
    fn retell_what_a_role_shows(
        &mut self,
        role: &str,
        new_role: &str,
        group: GroupId,
        new_group: GroupId,
    ) -> Result<(), StoreError> {
        let owner = Role::SystemOwner.as_str();
        if (role == owner) != (new_role == owner) {
            // A system owner has every group's.
            let groups: Vec<GroupId> = {
                let mut query = self.sql.sql(
                    "SELECT DISTINCT group_id FROM templates INDEXED BY templates_by_group \
                     WHERE deleted_at IS NULL AND group_id > x''",
                )?;
                query.query_map([], |row| row.id(0))?.collect::<Result<_, _>>()?
            };
            self.retell_templates(&groups)
        } else if group != new_group {
            self.retell_templates(&[group, new_group])
        } else {
            Ok(())
        }
    }

    /// Sets a user's password; devices that are signed in stay so.
    pub fn set_password(&mut self, user: UserId, hash: &str) -> Result<(), StoreError> {
        let changed = self.sql.sql("UPDATE users SET password_hash = ?2 WHERE id = ?1")?.execute((Blob(user), hash))?;
        if changed == 0 { Err(StoreError::NotFound("such user".into())) } else { Ok(()) }
    }

    /// Disables or enables an account. Disabling ends its devices and returns its chats to their routes.
    pub fn set_disabled(&mut self, user: UserId, disabled: bool) -> Result<(), StoreError> {
        let rev = self.next_rev(Collection::Users)?;
        let changed = self.sql.sql("UPDATE users SET disabled = ?2, rev = ?3 WHERE id = ?1")?.execute((
            Blob(user),
            disabled,
            int(rev),
        ))?;
        if changed == 0 {
            return Err(StoreError::NotFound("such user".into()));
        }
        if disabled {
            let devices: Vec<DeviceId> = {
                let mut query = self.sql.sql("SELECT id FROM devices WHERE user_id = ?1 AND revoked_at IS NULL")?;
                query.query_map([Blob(user)], |row| row.id(0))?.collect::<Result<_, _>>()?
            };
            for device in devices {
                self.revoke_device(device)?;
            }
            self.sql.sql("DELETE FROM enrolments WHERE user_id = ?1 AND used_at IS NULL")?.execute([Blob(user)])?;
            self.release_all(user)
        } else {
            self.refresh_user(user)
        }
    }
}
