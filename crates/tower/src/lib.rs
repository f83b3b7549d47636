//! Sessions as a layer for any tower service.
//!
//! The layer puts a [`Pending`] into every request's extensions, which costs no I/O. What wants the session finds it there by
//! [`Pending::of`] and calls [`Pending::load`]; when the service has answered, the layer saves what changed and adds the
//! cookie. Nested layers of one [`Sessions`] do not double up: the outermost one does the work.
//!
//! ```
//! use cloakroom_core::{Error, MemoryStore, Pending, Secret, Sessions};
//! use cloakroom_tower::SessionLayer;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! async fn visit(request: Request<()>) -> Result<Response<String>, Error> {
//!     let session = Pending::of(request.extensions())?.load().await?;
//!     let visits = session.increment("visits", 1)?;
//!     Ok(Response::new(format!("visit {visits}")))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate()?).build()?;
//! let service = ServiceBuilder::new().layer(SessionLayer::new(sessions)).service_fn(visit);
//! let response = service.oneshot(Request::new(())).await?;
//! assert!(response.headers()["set-cookie"].to_str()?.starts_with("__Host-session="));
//! # Ok(())
//! # }
//! ```
//!
//! gRPC tells of errors in a header, with the status 200. Such a response, too, saves nothing where the header says that the
//! server failed; of a stream only what it tells before its first message.

mod answered;
mod body;
mod cross_origin;
mod csrf;
mod future;
mod grpc;
mod guard;
mod layer;
mod service;

pub use cloakroom_core as core;

pub use self::answered::AnsweredFuture;
pub use self::body::ResponseBody;
pub use self::cross_origin::{CrossOriginLayer, CrossOriginService};
pub use self::csrf::{CsrfLayer, CsrfService};
pub use self::future::ResponseFuture;
pub use self::guard::{GuardLayer, GuardService, guest, recent_sign_in, require_user};
pub use self::layer::SessionLayer;
pub use self::service::SessionService;

#[doc(no_inline)]
pub use cloakroom_core::{Pending, Sessions};
