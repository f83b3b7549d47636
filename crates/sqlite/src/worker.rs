//! A thread that owns a connection and does one job after another, so that no executor waits for a disk.

use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use rusqlite::Connection;

use crate::SqliteError;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Ends with its last handle, after the jobs that were sent; the drop waits for it, so that the file is closed then.
#[derive(Clone, Debug)]
pub(crate) struct Worker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Some until the drop.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(crate) fn start(name: &str, mut connection: Connection) -> Result<Self, SqliteError> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let work = move || jobs.into_iter().for_each(|job| job(&mut connection));
        let thread = thread::Builder::new().name(format!("cloakroom-{name}"));
        let thread = thread.spawn(work).map_err(SqliteError::Thread)?;
        Ok(Self(Arc::new(Inner { jobs: Some(sender), thread: Some(thread) })))
    }

    /// Does `job` on the thread. It is done to its end, whether or not somebody waits for its result.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, SqliteError> {
        let (sender, result) = oneshot::channel();
        let job = Box::new(move |connection: &mut Connection| {
            // Nobody waits any more if this fails.
            let _ = sender.send(job(connection));
        });
        let jobs = self.0.jobs.as_ref().ok_or(SqliteError::ShutDown)?;
        jobs.send(job).map_err(|_| SqliteError::ShutDown)?;
        result.await.map_err(|_| SqliteError::ShutDown)?
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // It has panicked if this fails, and said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
