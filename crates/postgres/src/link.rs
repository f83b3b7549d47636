//! A connection that heals: a task of its own makes it, watches it, and makes another when it is lost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::PostgresError;
use crate::statements::{Kind, Statements};
use crate::wire::{Connector, Driver, Wire};

/// Pauses between attempts: the first and the longest, and up to as much again at random, so that a fleet does not come
/// back as one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// Ends with its last handle, and closes the connection.
pub(crate) struct Link {
    state: watch::Receiver<State>,
    patience: Duration,
    task: JoinHandle<()>,
}

#[derive(Clone)]
enum State {
    /// The first attempt, or the first since the connection was lost: worth waiting for.
    Connecting,
    Up(Arc<Wire>),
    /// The last attempt failed, and the next one is to come.
    Down(Arc<PostgresError>),
}

impl Link {
    /// Makes the first connection.
    pub(crate) async fn connect(
        connector: Connector,
        texts: Arc<Statements>,
        kinds: &'static [Kind],
    ) -> Result<Self, PostgresError> {
        let wire = connector.wire(&texts, kinds).await?;
        Ok(Self::keep(Keeper { connector, texts, kinds }, Some(wire)))
    }

    /// Connects in its own time.
    pub(crate) fn start(
        connector: Connector,
        texts: Arc<Statements>,
        kinds: &'static [Kind],
    ) -> Self {
        Self::keep(Keeper { connector, texts, kinds }, None)
    }

    fn keep(keeper: Keeper, first: Option<(Arc<Wire>, Driver)>) -> Self {
        let begin = match &first {
            Some((wire, _)) => State::Up(wire.clone()),
            None => State::Connecting,
        };
        let (sender, state) = watch::channel(begin);
        let patience = keeper.connector.connect_timeout;
        Self { state, patience, task: tokio::spawn(keeper.run(sender, first)) }
    }

    /// Returns the present connection. Waits for one that is being made, not for a server that is down.
    pub(crate) async fn wire(&self) -> Result<Arc<Wire>, PostgresError> {
        if let Some(result) = self.state.borrow().look() {
            return result;
        }
        let mut state = self.state.clone();
        let wait = async {
            loop {
                state.changed().await.map_err(|_| PostgresError::ShutDown)?;
                if let Some(result) = state.borrow().look() {
                    return result;
                }
            }
        };
        timeout(self.patience, wait)
            .await
            .unwrap_or_else(|_| Err(PostgresError::TimedOut(self.patience)))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_up = matches!(&*self.state.borrow(), State::Up(_));
        f.debug_struct("Link").field("is_up", &is_up).finish_non_exhaustive()
    }
}

impl State {
    /// `None` while it is worth waiting.
    fn look(&self) -> Option<Result<Arc<Wire>, PostgresError>> {
        match self {
            Self::Up(wire) if wire.is_open() => Some(Ok(wire.clone())),
            // Its keeper will notice in a moment.
            Self::Up(_) | Self::Connecting => None,
            Self::Down(error) => Some(Err(PostgresError::Disconnected(error.clone()))),
        }
    }
}

struct Keeper {
    connector: Connector,
    texts: Arc<Statements>,
    kinds: &'static [Kind],
}

impl Keeper {
    async fn run(self, state: watch::Sender<State>, mut first: Option<(Arc<Wire>, Driver)>) {
        loop {
            let (wire, driver) = match first.take() {
                Some(made) => made,
                None => self.make(&state).await,
            };
            let error = wire.drive(driver).await;
            // The causes are in the errors of the calls; this tells when.
            tracing::warn!(target: "cloakroom::postgres", ?error, "lost a connection to PostgreSQL");
            state.send_replace(State::Connecting);
        }
    }

    /// Tries until there is a connection.
    async fn make(&self, state: &watch::Sender<State>) -> (Arc<Wire>, Driver) {
        let (first, longest) = PAUSES;
        let pauses = ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest);
        let mut pauses = pauses.without_max_times().with_jitter().build();
        loop {
            match self.connector.wire(&self.texts, self.kinds).await {
                Ok((wire, driver)) => {
                    state.send_replace(State::Up(wire.clone()));
                    return (wire, driver);
                }
                Err(error) => state.send_replace(State::Down(Arc::new(error))),
            };
            sleep(pauses.next().unwrap_or(longest)).await;
        }
    }
}
