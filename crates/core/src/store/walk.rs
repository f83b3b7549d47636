//! The extension of a [`Store`](crate::Store) that shows all that is in it, a page at a time.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;

use crate::{Record, StoreError};

/// What [`Walk::page`] answers.
pub type Walking<'a> = Pin<Box<dyn Future<Output = Result<WalkPage, StoreError>> + Send + 'a>>;

/// Goes over all records of a store, a page at a time: for administrators, who count sessions, end all of them, or move
/// them to another store. Never for a request.
///
/// A store that can do this implements it and says so in [`Store::walk`](crate::Store::walk). Each page costs about what
/// its records cost, and memory for these alone.
pub trait Walk: Send + Sync {
    /// Returns the page behind `after`, which an earlier page of the same walk gave as its end; without it the first
    /// one. The order is the store's own.
    ///
    /// `limit` is how many records a page should have at most; a store that cannot cut so exactly may give a few more. It
    /// may give fewer, also none, and not be at its end: that is where [`WalkPage::next`] is `None`.
    ///
    /// Every record that is there from the beginning of the walk to its end is found, once or several times. One that comes,
    /// goes or gets another id meanwhile may be found or not. Expired ones that have not left yet are found too. What cannot
    /// be read does not stop the walk: it is a record with [`Payload::unreadable`](crate::Payload::unreadable).
    ///
    /// # Errors
    ///
    /// If the store fails, or what `after` names is not a place of this store any more: then begin anew.
    fn page<'a>(&'a self, after: Option<&'a WalkCursor>, limit: NonZeroU32) -> Walking<'a>;
}

/// A part of all that is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalkPage {
    /// What was found.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<WalkCursor>,
}

/// A place in a walk, as a text that only its store reads.
///
/// ```
/// use cloakroom_core::WalkCursor;
///
/// assert_eq!(WalkCursor::new("17").as_str(), "17");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkCursor(String);

impl WalkCursor {
    /// Takes what the store needs to find the place again.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns what the store gave.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The walk cannot go on from where it was.
///
/// ```
/// use cloakroom_core::{LostPlace, WalkCursor};
///
/// let error = LostPlace::new(&WalkCursor::new("shelf 9"));
/// assert_eq!(error.to_string(), r#"the walk cannot go on from "shelf 9": begin anew"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the walk cannot go on from {0:?}: begin anew")]
pub struct LostPlace(String);

impl LostPlace {
    /// Names the place that is none.
    #[must_use]
    pub fn new(cursor: &WalkCursor) -> Self {
        Self(cursor.as_str().to_owned())
    }
}
