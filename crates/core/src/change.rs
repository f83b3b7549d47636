//! One change that a request makes to its session, kept so that it can be made again on a fresher record.

use std::fmt;
use std::sync::Arc;

use crate::sign_in::AuthHash;
use crate::typed::Edits;
use crate::{Error, Lifetime};

/// Computes a key's new JSON text from its present one. Must give the same answer for the same input.
pub(crate) type Revise = dyn Fn(Option<&str>) -> Result<Arc<str>, Error> + Send + Sync;

/// Computes what to set and to remove from all values, which come sorted by key. Must give the same answer for the same
/// input.
pub(crate) type Modify = dyn Fn(&[(&str, &str)]) -> Result<Edits, Error> + Send + Sync;

pub(crate) enum Change {
    /// The same authentication hash, made by another secret.
    Auth(AuthHash),
    Clear,
    Flash(Arc<str>, Arc<str>),
    KeepFlash,
    Lifetime(Lifetime),
    Modify(Box<Modify>),
    /// Removes a value that was read: of two requests that pull it one gets it.
    Pull(Arc<str>, Arc<str>),
    Remove(Arc<str>),
    Set(Arc<str>, Arc<str>),
    Update(Arc<str>, Box<Revise>),
}

impl fmt::Debug for Change {
    /// Shows what is done to which key, and no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auth(_) => f.write_str("Auth"),
            Self::Clear => f.write_str("Clear"),
            Self::Flash(key, _) => write!(f, "Flash({key:?})"),
            Self::KeepFlash => f.write_str("KeepFlash"),
            Self::Lifetime(lifetime) => write!(f, "{lifetime:?}"),
            Self::Modify(_) => f.write_str("Modify"),
            Self::Pull(key, _) => write!(f, "Pull({key:?})"),
            Self::Remove(key) => write!(f, "Remove({key:?})"),
            Self::Set(key, _) => write!(f, "Set({key:?})"),
            Self::Update(key, _) => write!(f, "Update({key:?})"),
        }
    }
}
