//! What the tests share.

use actix_web::dev::ServiceResponse;
use cloakroom_core::{MemoryStore, Secret, Sessions};

/// Sessions in memory, for plain http.
pub(crate) fn memory() -> Sessions {
    let sessions = Sessions::builder(MemoryStore::new()).secret(Secret::generate().unwrap());
    sessions.insecure_http().build().unwrap()
}

/// The cookie that a response sets, as a browser sends it back.
pub(crate) fn cookie_of<B>(response: &ServiceResponse<B>) -> Option<String> {
    let line = response.headers().get("set-cookie")?.to_str().unwrap();
    Some(line.split(';').next().unwrap().to_owned())
}
