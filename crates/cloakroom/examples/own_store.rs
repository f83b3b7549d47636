//! A store of your own: two methods. It writes every call down and keeps records in a map.
//!
//! ```console
//! $ cargo run -p cloakroom --example own_store
//! $ curl -c jar -b jar http://127.0.0.1:8080
//! ```
//!
//! Prove yours with `cloakroom::conformance::prove`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};

use axum::{Router, routing::get};
use cloakroom::axum::{Error, Session, SessionLayer};
use cloakroom::{Id, Operation, Outcome, Record, Secret, Sessions, Store};

#[derive(Default)]
struct Shelf(Mutex<HashMap<Id, Record>>);

impl Store for Shelf {
    type Error = Infallible;

    async fn load(&self, id: &Id) -> Result<Option<Record>, Infallible> {
        eprintln!("load {id}");
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, Infallible> {
        eprintln!("write {operation:?}");
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let present = shelf.get(operation.id()).cloned();
        let is = |version| present.as_ref().is_some_and(|record| record.version == version);
        match operation {
            Operation::Create(next) if present.is_none() => {
                shelf.insert(next.id, next.clone());
            }
            Operation::Replace { version, next } if is(*version) => {
                shelf.insert(next.id, next.clone());
            }
            Operation::Renew { version, next, moved } if is(*version) => {
                shelf.insert(next.id, next.clone());
                shelf.insert(moved.id, moved.clone());
            }
            Operation::Touch { id, version, active_at, expires_at } if is(*version) => {
                if let Some(record) = shelf.get_mut(id) {
                    record.active_at = record.active_at.max(*active_at);
                    record.expires_at = record.expires_at.max(*expires_at);
                }
            }
            Operation::Delete(id) => {
                return Ok(shelf.remove(id).map_or(Outcome::Stale(None), Outcome::Removed));
            }
            _ => return Ok(Outcome::Stale(present)),
        }
        Ok(Outcome::Applied)
    }
}

async fn visit(session: Session) -> Result<String, Error> {
    Ok(format!("visit {}\n", session.increment("visits", 1)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(Shelf::default()).secret(Secret::generate()?);
    let sessions = sessions.insecure_http().build()?;
    let app = Router::new().route("/", get(visit)).layer(SessionLayer::new(sessions));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
