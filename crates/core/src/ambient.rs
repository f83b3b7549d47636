//! The ambient front door: the session of the request at hand, for code that has no request in its hand.
//!
//! A helper deep in a call, a template's function, a trait's method whose signature is not yours. The layer has to be
//! told, as others shall not pay for it: `SessionLayer::new(sessions).ambient()`. The handler loads the session, by its
//! extractor or by [`load`]; from then on these functions reach it:
//!
//! ```
//! use cloakroom_core::{Error, ambient};
//!
//! /// Somewhere without a request.
//! fn remember(item: &str) -> Result<(), Error> {
//!     ambient::set("last seen", item)?;
//!     ambient::flash("info", "Noted")
//! }
//! # fn outside() {
//! # assert!(remember("hat").unwrap_err().to_string().contains("ambient()"));
//! # }
//! # outside();
//! ```
//!
//! Outside a request, and before the session is loaded, they are an error of the kind
//! [`Ambient`](crate::ErrorKind::Ambient), which says what is missing.
//!
//! # Spawned tasks
//!
//! A task that is spawned has left the request's scope. Take it along with [`in_scope`], if the request waits for it:
//!
//! ```
//! # use cloakroom_core::{Error, ambient};
//! async fn handler() -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
//!     let task = tokio::spawn(ambient::in_scope(async {
//!         ambient::session()?.increment("visits", 1)
//!     })?);
//!     Ok(task.await??)
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # use cloakroom_core::{MemoryStore, Secret, Sessions};
//! # let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
//! # let pending = sessions.pending(&http::HeaderMap::new());
//! # pending.load().await?;
//! # assert_eq!(ambient::scope(pending, handler()).await?, 1);
//! # assert!(handler().await.is_err());
//! # Ok(())
//! # }
//! ```
//!
//! One that goes on after the response takes a session of its own, by [`Session::detach`], and saves it itself:
//!
//! ```
//! # use cloakroom_core::{Error, ambient};
//! async fn handler() -> Result<(), Error> {
//!     let session = ambient::session()?.detach()?;
//!     tokio::spawn(async move {
//!         session.set("report", "ready")?;
//!         session.save().await
//!     });
//!     Ok(())
//! }
//! # drop(handler());
//! ```

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{AsKey, Error, InvalidUserId, KeyName, Pending, Session, UserId};

thread_local! {
    /// Set only while a request's own code is polled.
    static CURRENT: RefCell<Option<Pending>> = const { RefCell::new(None) };
}

pin_project! {
    /// A future in the scope of a request; made by [`scope`] and [`in_scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        #[pin]
        work: F,
        pending: Pending,
    }
}

/// Runs `work` in the scope of a request. For adapters, which call it for every request, and for tests.
pub fn scope<F: Future>(pending: Pending, work: F) -> Scope<F> {
    Scope { work, pending }
}

/// Takes the present scope along, for a future that another task will run.
///
/// # Errors
///
/// [`ErrorKind::Ambient`](crate::ErrorKind::Ambient) outside a request.
pub fn in_scope<F: Future>(work: F) -> Result<Scope<F>, Error> {
    pending().map(|pending| scope(pending, work))
}

/// Calls `work` in the scope of a request: for adapters, and for threads that block.
pub fn sync_scope<T>(pending: &Pending, work: impl FnOnce() -> T) -> T {
    /// Restores what was there also when `work` panics.
    struct Entered(Option<Pending>);

    impl Drop for Entered {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }

    let _entered = Entered(CURRENT.replace(Some(pending.clone())));
    work()
}

/// Returns the session of the request at hand, not loaded.
///
/// # Errors
///
/// [`ErrorKind::Ambient`](crate::ErrorKind::Ambient) outside a request.
pub fn pending() -> Result<Pending, Error> {
    CURRENT.with_borrow(Clone::clone).ok_or_else(Error::no_scope)
}

/// Returns the session of the request at hand.
///
/// # Errors
///
/// [`ErrorKind::Ambient`](crate::ErrorKind::Ambient) outside a request, and if nothing has loaded the session yet: the
/// extractor does that, and [`load`].
pub fn session() -> Result<Session, Error> {
    pending()?.loaded().cloned().ok_or_else(Error::not_loaded)
}

/// Loads the session of the request at hand.
///
/// # Errors
///
/// [`ErrorKind::Ambient`](crate::ErrorKind::Ambient) outside a request, else as [`Pending::load`].
pub async fn load() -> Result<Session, Error> {
    pending()?.load().await
}

/// Returns a value; see [`Session::get`].
///
/// # Errors
///
/// As [`session`] and [`Session::get`].
pub fn get<T: DeserializeOwned>(key: impl AsKey<T>) -> Result<Option<T>, Error> {
    session()?.get(key)
}

/// Sets a value; see [`Session::set`].
///
/// # Errors
///
/// As [`session`] and [`Session::set`].
pub fn set<T: Serialize + ?Sized>(key: impl AsKey<T>, value: &T) -> Result<(), Error> {
    session()?.set(key, value)
}

/// Changes a value; see [`Session::update`].
///
/// # Errors
///
/// As [`session`] and [`Session::update`].
pub fn update<T>(
    key: impl AsKey<T>,
    change: impl Fn(&mut T) + Send + Sync + 'static,
) -> Result<(), Error>
where
    T: Serialize + DeserializeOwned + Default,
{
    session()?.update(key, change)
}

/// Removes a value; see [`Session::remove`].
///
/// # Errors
///
/// As [`session`] and [`Session::remove`].
pub fn remove(key: impl KeyName) -> Result<(), Error> {
    session()?.remove(key)
}

/// Sets a value for the next request; see [`Session::flash`].
///
/// # Errors
///
/// As [`session`] and [`Session::flash`].
pub fn flash<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), Error> {
    session()?.flash(key, value)
}

/// Returns what the request before flashed; see [`Session::flashed`].
///
/// # Errors
///
/// As [`session`] and [`Session::flashed`].
pub fn flashed<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    session()?.flashed(key)
}

/// Returns who is signed in; see [`Session::user`].
///
/// # Errors
///
/// As [`session`].
pub fn user() -> Result<Option<UserId>, Error> {
    Ok(session()?.user())
}

/// Signs a user in; see [`Session::sign_in`].
///
/// # Errors
///
/// As [`session`] and [`Session::sign_in`].
pub fn sign_in(user: impl TryInto<UserId, Error: Into<InvalidUserId>>) -> Result<(), Error> {
    session()?.sign_in(user)
}

/// Signs out; see [`Session::sign_out`].
///
/// # Errors
///
/// As [`session`] and [`Session::sign_out`].
pub fn sign_out() -> Result<(), Error> {
    session()?.sign_out()
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        sync_scope(this.pending, || this.work.poll(cx))
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("pending", &self.pending).finish_non_exhaustive()
    }
}
