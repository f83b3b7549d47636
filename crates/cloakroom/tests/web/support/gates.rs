//! Holds requests inside their handlers, so that a test decides what overlaps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{Barrier, Notify};

/// The gates of a site, by the name that a request gives as `hold` or `linger`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gates(Arc<Mutex<HashMap<String, Arc<Gate>>>>);

/// Where a number of requests wait until the test lets them go.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Passed twice: when all have arrived, and when all may go.
    barrier: Barrier,
    left: Notify,
}

/// Tells that a request left the gate, by going on or by being dropped.
struct Leaving(Arc<Gate>);

impl Gates {
    /// Makes the gate `name` for exactly so many requests.
    pub(crate) fn gate(&self, name: &str, requests: usize) -> Arc<Gate> {
        let gate = Gate { barrier: Barrier::new(requests + 1), left: Notify::new() };
        let gate = Arc::new(gate);
        self.0.lock().unwrap().insert(name.to_owned(), gate.clone());
        gate
    }

    /// Waits at the gate `name`, if a request gave one.
    pub(crate) async fn hold(&self, name: Option<&str>) {
        self.linger(name, async {}).await;
    }

    /// Does work and then waits at the gate `name`, if a request gave one. It leaves the gate also if it is dropped while
    /// it works.
    pub(crate) async fn linger<T>(&self, name: Option<&str>, work: impl Future<Output = T>) -> T {
        let Some(name) = name else { return work.await };
        let gate = self.0.lock().unwrap().get(name).cloned().expect("the test made this gate");
        let _leaving = Leaving(gate.clone());
        let done = work.await;
        gate.barrier.wait().await;
        gate.barrier.wait().await;
        done
    }
}

impl Gate {
    /// Waits until all requests are held.
    pub(crate) async fn arrived(&self) {
        self.barrier.wait().await;
    }

    /// Lets them go.
    pub(crate) async fn open(&self) {
        self.barrier.wait().await;
    }

    /// Waits until one of them has left.
    pub(crate) async fn left(&self) {
        self.left.notified().await;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.left.notify_one();
    }
}
