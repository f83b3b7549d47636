//! Who has an account.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{ErrorCode, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::{database::Database, error::Error, moment::Moment, passwords::PasswordHash};

/// The table of users.
#[derive(Debug, Clone)]
pub struct Users {
    database: Database,
}

/// The number of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserId(pub(crate) i64);

/// One user.
#[derive(Debug, Clone)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// What we call them.
    pub name: String,
    /// What they sign in with.
    pub email: Email,
    /// What their password is checked against.
    pub password: PasswordHash,
    /// Since when they have had the account.
    pub created_at: Moment,
}

/// An e-mail address as we compare it: trimmed and in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Reads an address that somebody typed. Only a letter sent there shows whether it exists, so this
    /// only catches slips of the hand.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@')?;
        let plain = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        let sound =
            plain(local) && plain(domain) && !domain.starts_with('.') && !domain.ends_with('.');
        (sound && text.len() <= 254).then_some(Self(text))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Users {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Adds a user. `None` if the address has an account already.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn add(
        &self,
        name: String,
        email: Email,
        password: PasswordHash,
    ) -> Result<Option<UserId>, Error> {
        self.database
            .run(move |connection| {
                let now = Timestamp::now().as_millisecond();
                let added = connection.execute(
                    "INSERT INTO users (name, email, password, created_at) VALUES (?1, ?2, ?3, ?4)",
                    (name, email.0, password.as_str(), now),
                );
                match added {
                    Ok(_) => Ok(Some(UserId(connection.last_insert_rowid()))),
                    Err(error)
                        if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) =>
                    {
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            })
            .await
    }

    /// Returns the user with this address.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn find_by_email(&self, email: Email) -> Result<Option<User>, Error> {
        const SQL: &str =
            "SELECT id, name, email, password, created_at FROM users WHERE email = ?1";
        self.database
            .run(move |connection| connection.query_row(SQL, [email.0], user).optional())
            .await
    }

    /// Returns the user with this number.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn find(&self, id: UserId) -> Result<Option<User>, Error> {
        const SQL: &str = "SELECT id, name, email, password, created_at FROM users WHERE id = ?1";
        self.database
            .run(move |connection| connection.query_row(SQL, [id.0], user).optional())
            .await
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(row.get("id")?),
        name: row.get("name")?,
        email: Email(row.get("email")?),
        password: PasswordHash::new(row.get("password")?),
        created_at: Moment::from_millis(row.get("created_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lowered_and_slips_are_caught() {
        assert_eq!(
            Email::parse(" Ada@Example.ORG ").map(|email| email.to_string()),
            Some("ada@example.org".into())
        );
        for slip in
            ["", "ada", "@example.org", "ada@", "a da@example.org", "ada@.org", "ada@example."]
        {
            assert_eq!(Email::parse(slip), None, "{slip:?}");
        }
    }

    #[tokio::test]
    async fn an_address_has_one_account() {
        let users = Users::new(Database::in_memory().expect("a database"));
        let email = || Email::parse("ada@example.org").expect("an address");
        let hash = || PasswordHash::new("not a real hash".into());
        let id = users.add("Ada".into(), email(), hash()).await.expect("added").expect("new");
        assert_eq!(users.add("Eve".into(), email(), hash()).await.expect("tried"), None);
        let found = users.find_by_email(email()).await.expect("found").expect("there");
        assert_eq!((found.id, found.name.as_str()), (id, "Ada"));
    }
}
