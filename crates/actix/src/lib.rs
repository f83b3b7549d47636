//! Sessions for actix-web.
//!
//! ```
//! use actix_web::{App, web};
//! use cloakroom_actix::{Error, Session, SessionLayer};
//! use cloakroom_core::{MemoryStore, Secret, Sessions};
//!
//! async fn visit(session: Session) -> Result<String, Error> {
//!     Ok(format!("visit {}", session.increment("visits", 1)?))
//! }
//!
//! let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
//! let app = App::new().route("/", web::get().to(visit)).wrap(SessionLayer::new(sessions));
//! # drop(app);
//! # Ok::<(), cloakroom_core::ConfigError>(())
//! ```
//!
//! With `HttpServer`, make the [`Sessions`](cloakroom_core::Sessions) outside of the closure, once for all workers, and clone
//! them inside.
//!
//! A handler that asks for [`Session`] has it loaded before it runs; one that does not costs no store call. A
//! handler that wants it only sometimes asks for [`Lazy`]:
//!
//! ```
//! # use cloakroom_actix::{Error, Lazy};
//! async fn page(lazy: Lazy) -> Result<String, Error> {
//!     # let cached = true;
//!     if cached {
//!         return Ok("the same for everybody".to_owned());
//!     }
//!     let session = lazy.load().await?;
//!     Ok(session.get_or("name", "stranger".to_owned())?)
//! }
//! ```
//!
//! # Errors
//!
//! What a request leaves is judged by the status of its response, also where a handler or a middleware returns an error:
//! after a 5xx nothing is saved but a `destroy`, after a 4xx everything is, and the cookie goes out.
//!
//! # Clients that go away
//!
//! By default actix-web takes a client that closes its connection to have closed its own half alone: the handler goes on, and
//! its response decides what is saved. With
//! [`h1_allow_half_closed(false)`](actix_web::HttpServer::h1_allow_half_closed) the request is dropped where it stands, as
//! axum does it; then nothing of it is saved but a `destroy`.
//!
//! # `Option` and `Result`
//!
//! In actix-web `Option<T>` is `None` whatever the extractor failed of, also if the store is down. A visitor must not look
//! signed out then, so whatever the handler makes of it, the layer answers with the failure: 503 with `Retry-After`. The same
//! holds for `Result`, unless the handler itself answers with a server error. A handler that can go on without the session asks
//! for [`Lazy`], whose [`load`](cloakroom_core::Pending::load) gives it the error to deal with.

mod answered;
mod border;
mod cross_origin;
mod csrf;
mod error;
mod extract;
mod failure;
mod future;
mod guard;
mod layer;
mod service;
mod typed;
mod user;

pub use self::cross_origin::{CrossOriginLayer, CrossOriginService};
pub use self::csrf::{CsrfLayer, CsrfService};
pub use self::error::{Error, SessionRejection};
pub use self::extract::{Lazy, Session};
pub use self::future::ResponseFuture;
pub use self::guard::{GuardLayer, GuardService, guest, recent_sign_in, require_user};
pub use self::layer::SessionLayer;
pub use self::service::SessionService;
pub use self::typed::Typed;
pub use self::user::{CurrentUser, SignedIn, UserRejection};
