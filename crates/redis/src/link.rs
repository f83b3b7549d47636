//! The connection that all calls share, made anew when it breaks.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::RedisError;
use crate::call::Call;
use crate::connection::Connection;
use crate::master::Master;
use crate::source::{Broken, Source};

/// How long is waited after an attempt to connect that failed; each time twice as long, up to the longest.
const SHORTEST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// How long a connection is kept at least, where only the other end has changed its mind.
const LEAST_AGE: Duration = Duration::from_secs(1);

/// A connection that heals.
pub(crate) struct Link {
    live: RwLock<Option<Live>>,
    dial: Mutex<Dial>,
    response_timeout: Duration,
    connect_timeout: Duration,
    is_cluster: bool,
    makes_new: bool,
}

#[derive(Clone)]
struct Live {
    connection: Connection,
    broken: Broken,
    number: u64,
    since: Instant,
}

/// Held by whoever connects.
struct Dial {
    source: Source,
    /// Connections made so far.
    made: u64,
    failed: Option<Failure>,
}

struct Failure {
    error: RedisError,
    delay: Duration,
    until: Instant,
}

/// Whether a call may be sent a second time if its answer got lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It changes something.
    Never,
    /// It only looks.
    Once,
}

impl Link {
    pub(crate) fn new(
        source: Source,
        response_timeout: Duration,
        connect_timeout: Duration,
    ) -> Self {
        Self {
            live: RwLock::new(None),
            is_cluster: source.is_cluster(),
            makes_new: source.makes_new(),
            dial: Mutex::new(Dial { source, made: 0, failed: None }),
            response_timeout,
            connect_timeout,
        }
    }

    pub(crate) fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    /// Makes one call.
    pub(crate) async fn one(&self, call: &Call, repeat: Repeat) -> Answer {
        let short = call.short();
        let error = match self.send_one(&short).await {
            Err(RedisError::Redis(error)) => error,
            answer => return answer,
        };
        if is_forgotten(&error) {
            self.send_one(&call.long()).await
        } else if repeat == Repeat::Once && is_lost(&error) {
            self.send_one(&short).await
        } else {
            Err(error.into())
        }
    }

    /// Sends a command that only looks; a second time if its answer got lost.
    pub(crate) async fn look(&self, command: &Cmd) -> Answer {
        match self.send_one(command).await {
            Err(RedisError::Redis(error)) if is_lost(&error) => self.send_one(command).await,
            answer => answer,
        }
    }

    /// Returns the masters of a cluster; none where there is but one server.
    pub(crate) async fn masters(&self) -> Result<Vec<Master>, RedisError> {
        let mut live = self.connection().await?;
        match timeout(self.response_timeout, live.connection.masters()).await {
            Ok(masters) => Ok(masters?),
            Err(_) => Err(self.late(&live)),
        }
    }

    /// Sends a command that only looks to the master that has a slot, or to the only server.
    pub(crate) async fn look_at(&self, slot: Option<u16>, command: &Cmd) -> Answer {
        let Some(slot) = slot else { return self.look(command).await };
        let mut live = self.connection().await?;
        let sent = timeout(self.response_timeout, live.connection.one_at(slot, command));
        let Ok(answer) = sent.await else { return Err(self.late(&live)) };
        Ok(answer?)
    }

    /// Makes several calls in one trip. A second one takes those whose scripts the server has forgotten, and those that
    /// may be repeated and whose connection broke.
    pub(crate) async fn many(
        &self,
        calls: &[Call],
        repeat: Repeat,
    ) -> Result<Vec<Answer>, RedisError> {
        let short: Vec<_> = calls.iter().map(Call::short).collect();
        let mut answers = match self.send(&short).await {
            Err(RedisError::Redis(error)) if repeat == Repeat::Once && is_lost(&error) => {
                self.send(&short).await?
            }
            answers => answers?,
        };
        let (mut places, mut again) = (Vec::new(), Vec::new());
        for (place, answer) in answers.iter().enumerate() {
            match answer {
                Err(error) if is_forgotten(error) => again.push(calls[place].long()),
                Err(error) if repeat == Repeat::Once && is_lost(error) => {
                    again.push(short[place].clone());
                }
                _ => continue,
            }
            places.push(place);
        }
        if !again.is_empty() {
            for (place, answer) in places.into_iter().zip(self.send(&again).await?) {
                answers[place] = answer;
            }
        }
        Ok(answers.into_iter().map(|answer| answer.map_err(RedisError::from)).collect())
    }

    /// Connects, if that was not done yet.
    pub(crate) async fn connect(&self) -> Result<(), RedisError> {
        self.connection().await.map(drop)
    }

    async fn send_one(&self, command: &Cmd) -> Answer {
        let mut live = self.connection().await?;
        let Ok(answer) = timeout(self.response_timeout, live.connection.one(command)).await else {
            return Err(self.late(&live));
        };
        if let Err(error) = &answer {
            self.judge(&live, error);
        }
        Ok(answer?)
    }

    async fn send(&self, commands: &[Cmd]) -> Result<Vec<RedisResult<Value>>, RedisError> {
        let mut live = self.connection().await?;
        let sent = timeout(self.response_timeout, live.connection.many(commands)).await;
        let Ok(answers) = sent else { return Err(self.late(&live)) };
        match &answers {
            Ok(answers) => {
                answers.iter().filter_map(|answer| answer.as_ref().err()).for_each(|error| {
                    self.judge(&live, error);
                });
            }
            Err(error) => self.judge(&live, error),
        }
        Ok(answers?)
    }

    fn late(&self, live: &Live) -> RedisError {
        self.give_up(live);
        RedisError::Timeout(self.response_timeout)
    }

    /// Gives a connection up if an error says that it is worth nothing any more.
    fn judge(&self, live: &Live, error: &redis::RedisError) {
        // A cluster's connection looks after itself.
        let lost = is_lost(error) && !self.is_cluster;
        if lost || is_demoted(error) && live.since.elapsed() > LEAST_AGE {
            self.give_up(live);
        }
    }

    async fn connection(&self) -> Result<Live, RedisError> {
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let mut dial = self.dial.lock().await;
        // Somebody else may have been first.
        if let Some(live) = self.live() {
            return Ok(live);
        }
        if let Some(failure) = &dial.failed
            && Instant::now() < failure.until
        {
            return Err(failure.error.clone());
        }
        let connect = dial.source.connect(self.connect_timeout);
        let error = match timeout(self.connect_timeout, connect).await {
            Ok(Ok((connection, broken))) => {
                dial.failed = None;
                dial.made += 1;
                let live = Live { connection, broken, number: dial.made, since: Instant::now() };
                *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(live.clone());
                return Ok(live);
            }
            Ok(Err(error)) => RedisError::from(error),
            Err(_) => RedisError::Unreachable(self.connect_timeout),
        };
        let delay = match &dial.failed {
            Some(failure) => (failure.delay * 2).min(LONGEST_DELAY),
            None => SHORTEST_DELAY,
        };
        let until = Instant::now() + delay + jitter(delay);
        dial.failed = Some(Failure { error: error.clone(), delay, until });
        Err(error)
    }

    fn live(&self) -> Option<Live> {
        let live = self.live.read().unwrap_or_else(PoisonError::into_inner);
        live.as_ref().filter(|live| !live.broken.is_set()).cloned()
    }

    /// Forgets a connection, unless that was done already.
    fn give_up(&self, given_up: &Live) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if self.makes_new && live.as_ref().is_some_and(|live| live.number == given_up.number) {
            *live = None;
        }
    }
}

/// What a call answered, or why it failed.
pub(crate) type Answer = Result<Value, RedisError>;

/// Tells whether the server is no longer the one that takes writes. Its name may lead to another one by now.
fn is_demoted(error: &redis::RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
    )
}

/// Tells whether the connection broke, so that nobody knows what was done.
fn is_lost(error: &redis::RedisError) -> bool {
    error.is_unrecoverable_error()
}

fn is_forgotten(error: &redis::RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Up to half of `delay`, so that many processes do not come back at the same moment.
pub(crate) fn jitter(delay: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    delay.mul_f64(random / 2.0)
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("connected", &self.live().is_some())
            .field("is_cluster", &self.is_cluster)
            .finish_non_exhaustive()
    }
}
