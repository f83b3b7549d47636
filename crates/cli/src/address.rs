//! A store's address on a command line, where no password may stand.

use std::fmt;

use zeroize::Zeroizing;

/// A store's address: as `SESSION_STORE`, but without a password, as everybody on the machine can read command lines; or
/// `env:NAME`, the variable that holds it. Looked at only by [`resolve`](Self::resolve), whose error does not repeat it.
///
/// ```
/// use cloakroom_cli::Address;
///
/// assert_eq!(*Address::from("sqlite:shop.db".to_owned()).resolve()?, "sqlite:shop.db");
/// assert!(Address::from("redis://:secret@10.0.0.7".to_owned()).resolve().is_err());
/// # Ok::<(), cloakroom_cli::BadAddress>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Zeroizing<String>);

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Address {
    /// Returns the address itself. It may hold a password, if it came from a variable.
    ///
    /// # Errors
    ///
    /// [`BadAddress`] if it has a password in it, or names a variable that is not set.
    pub fn resolve(&self) -> Result<Zeroizing<String>, BadAddress> {
        if let Some(variable) = self.0.strip_prefix("env:") {
            let value = std::env::var(variable).ok().filter(|value| !value.trim().is_empty());
            let value = value.ok_or_else(|| BadAddress::NotSet(variable.to_owned()))?;
            return Ok(Zeroizing::new(value));
        }
        match has_password(&self.0) {
            true => Err(BadAddress::Password),
            false => Ok(self.0.clone()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(..)")
    }
}

/// An address that cannot stand on a command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAddress {
    /// It has a password in it.
    #[error(
        "a password on the command line can be read by everybody on this machine: put the address into a variable and \
         write env:NAME"
    )]
    Password,
    /// The variable that it names is not set.
    #[error("the variable {0} is not set")]
    NotSet(String),
}

/// Tells whether an address has a password: `user:password@host`, or as a parameter.
fn has_password(text: &str) -> bool {
    let is_file = text.starts_with("sqlite:") || text.starts_with("cookie:");
    let login = text.rsplit_once('@').map_or("", |(login, _)| login);
    let login = login.split_once("://").map_or(login, |(_, login)| login);
    !is_file && (login.contains(':') || text.to_ascii_lowercase().contains("password="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_refused_and_nothing_else() {
        for text in [
            "postgres://u:p@h/d",
            "redis://:p@h",
            "redis-cluster://u:p@a,b",
            "postgres://h/d?password=p",
            "postgres://h/d?user=u&PASSWORD=p",
            "host=h password=p",
        ] {
            assert_eq!(resolve(text), Err(BadAddress::Password), "{text}");
        }
        for text in ["postgres://u@h:5432/d", "redis://h:1/2", "sqlite:a:b@c", "memory:"] {
            assert_eq!(resolve(text), Ok(text.to_owned()));
        }
        let unset = resolve("env:CLOAKROOM_SURELY_NOT_SET");
        assert_eq!(unset, Err(BadAddress::NotSet("CLOAKROOM_SURELY_NOT_SET".to_owned())));
    }

    fn resolve(text: &str) -> Result<String, BadAddress> {
        Address::from(text.to_owned()).resolve().map(|address| address.to_string())
    }
}
