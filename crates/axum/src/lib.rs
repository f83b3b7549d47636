//! Sessions as extractors for axum.
//!
//! ```
//! use axum::{Router, routing::get};
//! use cloakroom_axum::{Error, Session, SessionLayer};
//! use cloakroom_core::{MemoryStore, Secret, Sessions};
//!
//! async fn visit(session: Session) -> Result<String, Error> {
//!     Ok(format!("visit {}", session.increment("visits", 1)?))
//! }
//!
//! let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
//! let app: Router = Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions));
//! # Ok::<(), cloakroom_core::ConfigError>(())
//! ```
//!
//! A handler that asks for [`Session`] has it loaded before it runs; one that does not costs no store call. A
//! handler that wants it only sometimes asks for [`Lazy`]:
//!
//! ```
//! # use cloakroom_axum::{Error, Lazy};
//! async fn page(lazy: Lazy) -> Result<String, Error> {
//!     # let cached = true;
//!     if cached {
//!         return Ok("the same for everybody".to_owned());
//!     }
//!     let session = lazy.load().await?;
//!     Ok(session.get_or("name", "stranger".to_owned())?)
//! }
//! ```

mod error;
mod extract;
mod typed;
mod user;

pub use cloakroom_tower::{
    CrossOriginLayer, CsrfLayer, GuardLayer, SessionLayer, guest, recent_sign_in, require_user,
};

pub use self::error::{Error, SessionRejection};
pub use self::extract::{Lazy, Session};
pub use self::typed::Typed;
pub use self::user::{CurrentUser, SignedIn, UserRejection};
