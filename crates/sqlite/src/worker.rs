//! A thread that owns a connection and does one job after another, so that no executor waits for a disk.

use std::sync::mpsc;
use std::thread;

use futures_channel::oneshot;
use rusqlite::Connection;

use crate::SqliteError;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Ends with its last handle, after the jobs that were sent.
#[derive(Clone, Debug)]
pub(crate) struct Worker(mpsc::Sender<Job>);

impl Worker {
    pub(crate) fn start(name: &str, mut connection: Connection) -> Result<Self, SqliteError> {
        let (sender, jobs) = mpsc::channel::<Job>();
        let work = move || jobs.into_iter().for_each(|job| job(&mut connection));
        let thread = thread::Builder::new().name(format!("cloakroom-{name}"));
        thread.spawn(work).map_err(SqliteError::Thread)?;
        Ok(Self(sender))
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
        self.0.send(job).map_err(|_| SqliteError::ShutDown)?;
        result.await.map_err(|_| SqliteError::ShutDown)?
    }
}
