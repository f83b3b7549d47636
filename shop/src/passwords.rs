//! Passwords: hashed with Argon2id, checked without telling who has an account.

use std::{fmt, sync::Arc};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash};
use serde::Deserialize;
use tokio::{sync::Semaphore, task::JoinError};

use crate::error::Error;

/// How many passwords are worked on at once. Each takes 19 MiB and a core, and anyone may ask.
const AT_ONCE: usize = 4;

/// A password as somebody typed it. Its `Debug` does not show it, and nothing stores it.
#[derive(Clone, Deserialize)]
pub struct Password(String);

impl Password {
    /// The fewest characters of a new password.
    pub const MIN: usize = 10;
    /// The most characters of a new password: a bound on the work, not on imagination.
    pub const MAX: usize = 256;

    /// Whether this will do for a new account.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        (Self::MIN..=Self::MAX).contains(&self.0.chars().count())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// What is stored of a password: salt, parameters and hash. Its `Debug` does not show it.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// Hashes passwords and checks them, on threads that may block.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// A hash of nothing in particular, checked where there is no account.
    decoy: PasswordHash,
    turns: Arc<Semaphore>,
}

impl Passwords {
    /// Makes the decoy, with the parameters that real hashes have.
    ///
    /// # Errors
    ///
    /// If hashing fails.
    pub fn new() -> Result<Self, password_hash::Error> {
        Ok(Self {
            decoy: hash(b"a password that nobody has")?,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Hashes a new password, with a fresh salt.
    ///
    /// # Errors
    ///
    /// If hashing fails.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, Error> {
        Ok(self.work(move || hash(password.0.as_bytes())).await??)
    }

    /// Whether `password` is the one that `stored` was made from.
    ///
    /// Without an account (`None`) the answer is no, after the same work: neither the answer nor the
    /// time it takes tells whether an address has an account.
    ///
    /// # Errors
    ///
    /// If the stored hash is not one.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<bool, Error> {
        let known = stored.is_some();
        let against = stored.unwrap_or_else(|| self.decoy.clone());
        let matches = self.work(move || verify(password.0.as_bytes(), &against)).await??;
        Ok(matches && known)
    }

    /// Runs `work` when it is its turn. The turn lasts as long as the work, even if nobody waits any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await
    }
}

fn hash(password: &[u8]) -> Result<PasswordHash, password_hash::Error> {
    let hash = Argon2::default().hash_password(password)?;
    Ok(PasswordHash(hash.to_string()))
}

fn verify(password: &[u8], stored: &PasswordHash) -> Result<bool, password_hash::Error> {
    let stored = password_hash::phc::PasswordHash::new(&stored.0)?;
    match Argon2::default().verify_password(password, &stored) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password(text.into())
    }

    #[tokio::test]
    async fn only_the_right_password_matches_and_only_where_there_is_an_account() {
        let passwords = Passwords::new().expect("passwords");
        let stored = passwords.hash(password("correct horse")).await.expect("hashed");
        let verify = |text, stored| passwords.verify(password(text), stored);
        assert!(verify("correct horse", Some(stored.clone())).await.expect("checked"));
        assert!(!verify("battery staple", Some(stored)).await.expect("checked"));
        assert!(!verify("a password that nobody has", None).await.expect("checked"));
    }

    #[test]
    fn a_password_does_not_show() {
        assert_eq!(format!("{:?}", password("correct horse")), "Password");
        assert!(!format!("{:?}", hash(b"correct horse").expect("hashed")).contains("argon2"));
    }
}
