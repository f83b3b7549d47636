//! The engine of [cloakroom](https://docs.rs/cloakroom): server-side sessions that lose no update and bring nothing
//! dead back.
//!
//! Applications depend on `cloakroom`. Depend on this crate to write a [`Store`] or an adapter for a web framework:
//! it names no framework, no driver and no runtime.
//!
//! - [`Sessions`] is the service object; [`SessionsBuilder`] configures it.
//! - [`Pending`] is a request's session, not loaded yet; [`Session`] is the loaded one that handlers use.
//! - [`Store`] is what a backend implements; [`MemoryStore`] is one.
//!
//! # An adapter in a dozen lines
//!
//! ```
//! use cloakroom_core::{Error, Finish, Sessions};
//!
//! async fn serve(sessions: &Sessions, request: http::Request<()>) -> Result<http::Response<String>, Error> {
//!     let pending = sessions.pending(request.headers());
//!     let session = pending.load().await?;                      // only where a handler asks for it
//!     let mut response = http::Response::new(format!("visit {}", session.increment("visits", 1)?));
//!     let (head, result) = match pending.finish(response.status()) {
//!         Finish::Ready(head) => (head, Ok(())),
//!         Finish::Commit(commit) => commit.await,
//!     };
//!     head.apply(response.headers_mut());
//!     result.map(|()| response)
//! }
//! ```
//!
//! # Features
//!
//! | Name | What it adds | Default |
//! |---|---|---|
//! | `conformance` | the suite that proves a [`Store`], in `conformance` | no |
//! | `testing` | a kit for tests of applications, in `testing` | no |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod arrival;
mod builder;
mod closing;
mod devices;
mod entries;
mod events;
mod finish;
mod inspect;
mod key;
mod manual;
mod pending;
mod place;
mod session;
mod sessions;
mod typed;
mod watch;

mod carried;
mod change;
mod commit;
mod draft;
mod payload;
mod plan;
mod purpose;
mod queue;
mod state;

mod answer;
mod cross_origin;
mod csrf;
mod exempt;
mod forwarded;
mod guard;
mod local_path;

mod cookie;
mod head;
mod id;
mod jar;
mod secret;
mod token;

mod config_error;
mod error;
mod lifetime;
mod load_user;
mod memory;
mod moving;
mod record;
mod sign_in;
mod store;
mod sweep;
mod time;
mod user;

pub mod ambient;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "testing")]
pub mod testing;

pub use self::answer::{Answer, misconfigured, user_not_loaded};
pub use self::builder::SessionsBuilder;
pub use self::carried::{CookieCache, CookieDriver};
pub use self::closing::{Closing, Rest};
pub use self::config_error::ConfigError;
pub use self::cookie::{CookieSettings, SameSite};
pub use self::cross_origin::{CrossOrigin, CrossOriginRefusal};
pub use self::csrf::{Csrf, CsrfRefusal, CsrfStep};
pub use self::devices::SessionInfo;
pub use self::entries::{Entries, Entry, Everybody, Status};
pub use self::error::{Error, ErrorKind, StoreError};
pub use self::events::{Event, LogEvents, Observer, Refusal, Renewal, StoreCall, StoreOperation};
pub use self::finish::{Finish, Finished};
pub use self::forwarded::{ForwardingHeader, TrustedProxies};
pub use self::guard::{Guard, GuardRefusal, not_signed_in};
pub use self::head::{Head, ResponseHeaders};
pub use self::id::{Id, ParseIdError};
pub use self::inspect::{CookieKey, Inspection, NotOurs};
pub use self::key::{AsKey, Key, KeyName};
pub use self::lifetime::Lifetime;
pub use self::load_user::{LoadUser, load_user};
pub use self::local_path::{LocalPath, ParseLocalPathError};
pub use self::manual::Ticket;
pub use self::memory::{AtLimit, MemoryFull, MemoryStore};
pub use self::moving::{CarriedOver, Moving};
pub use self::payload::Payload;
pub use self::pending::Pending;
pub use self::record::{Record, Version};
pub use self::secret::Secret;
pub use self::session::{Saved, Session, SignInOutcome};
pub use self::sessions::{OnCorrupt, OnServerError, OnStoreError, OnTooMany, Sessions};
pub use self::sign_in::SignInOptions;
pub use self::store::{
    Listening, Listing, LostPlace, Operation, Outcome, Signals, Store, UserIndex, Walk, WalkCursor,
    WalkPage, Walking,
};
pub use self::time::{Clock, FrozenClock, SystemClock, Timestamp};
pub use self::typed::Typed;
pub use self::user::{InvalidUserId, UserId};
pub use self::watch::{Ears, End};
