//! The suite that proves a store: the promises of cloakroom, with real concurrency, against any [`Store`].
//!
//! Give [`prove`] a function that opens another handle on the same storage each time, as another process would:
//!
//! ```
//! use cloakroom_core::{MemoryStore, conformance};
//!
//! # #[tokio::main]
//! # async fn main() {
//! let store = MemoryStore::new();
//! conformance::prove(|| store.clone()).await;
//! # }
//! ```
//!
//! A broken promise is a panic whose message says which. The suite needs tokio's multi-threaded runtime, leaves records
//! that expire, and deletes expired ones: give it a storage of its own.

mod browser;
mod contract;
mod promises;
mod races;
mod users;
mod walk;

pub use self::browser::{Browser, Response, Visit};
pub use crate::testing::Gauge;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::{FrozenClock, Secret, Sessions, SessionsBuilder, Store};

/// Proves that a store keeps every promise. `open` opens one more handle on the same storage.
///
/// # Panics
///
/// When a promise is broken; the message names it.
pub async fn prove<S: Store>(open: impl Fn() -> S) {
    run(contract::proofs(open(), open())).await;
    prove_requests(open).await;
}

/// Proves that requests keep every promise, in two applications on one storage, and asks nothing of the store itself: the
/// second half of [`prove`]. For a store whose handles differ, such as [`Moving`](crate::Moving) while a new version
/// is being deployed; `open` is called once for each application in turn.
///
/// # Panics
///
/// When a promise is broken; the message names it.
pub async fn prove_requests<S: Store>(open: impl Fn() -> S) {
    let house = House::new(&open, |builder| builder);
    let every = Duration::from_secs(600);
    let renewing = House::new(&open, |builder| builder.renewal_timeout(every));
    let mut proofs = promises::proofs(&house);
    proofs.extend(races::proofs(&house, &renewing));
    if open().user_index().is_some() {
        proofs.extend(users::proofs(&house, &renewing));
    }
    run(proofs).await;
}

async fn run(proofs: Vec<Proof>) {
    for Proof { name, proof } in proofs {
        // On a task of its own, so that the panic of one tells its name.
        if let Err(error) = tokio::spawn(proof).await {
            panic!("the store breaks a promise: {name}: {error}");
        }
    }
}

/// A promise, and what shows that it is kept.
struct Proof {
    name: &'static str,
    proof: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Proof {
    fn new(name: &'static str, proof: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { name, proof: Box::pin(proof) }
    }
}

/// Two applications on one storage with one clock, as two processes would be.
#[derive(Clone)]
struct House {
    here: Sessions,
    there: Sessions,
    /// What `here` asks of its store.
    gauge: Gauge,
    clock: FrozenClock,
}

impl House {
    fn new<S: Store>(
        open: &impl Fn() -> S,
        set: impl Fn(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let (gauge, clock) = (Gauge::default(), FrozenClock::default());
        let secret = Secret::generate().expect("the operating system supplies randomness");
        let build = |builder: SessionsBuilder| {
            let builder = set(builder.secret(secret.clone()).clock(clock.clone()));
            builder.build().expect("the configuration is right")
        };
        let here = build(Sessions::builder(gauge.measure(open())));
        let there = build(Sessions::builder(open()));
        Self { here, there, gauge, clock }
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.here)
    }

    /// Returns `here` and `there` by turns.
    fn any(&self, n: usize) -> &Sessions {
        if n.is_multiple_of(2) { &self.here } else { &self.there }
    }
}
