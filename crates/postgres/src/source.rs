//! Where connections come from: links of the store's own, or a pool of the application's.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use backon::{BackoffBuilder as _, ConstantBuilder};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::ToSql;

use crate::PostgresError;
use crate::link::Link;
use crate::statements::{Kind, Statements};
use crate::wire::Connector;

/// How often a statement that the server undid for others' sake is tried again.
const ATTEMPTS: usize = 5;

/// What carries statements out.
pub(crate) enum Source {
    Own(Own),
    #[cfg(feature = "deadpool")]
    Pool(Pooled),
}

/// Connections of the store's own.
pub(crate) struct Own {
    connector: Connector,
    /// The one in which the store was made.
    runtime: Handle,
    texts: Arc<Statements>,
    reads: Link,
    writes: Link,
    /// Sweeping takes its time and holds nobody up. Many processes never sweep.
    sweeps: OnceLock<Link>,
}

/// Somebody else's connections, one for each call.
#[cfg(feature = "deadpool")]
pub(crate) struct Pooled {
    pub(crate) pool: deadpool_postgres::Pool,
    pub(crate) texts: Statements,
    pub(crate) response_timeout: Duration,
}

impl Source {
    /// Carries out a statement; once more if that is sure to be right.
    pub(crate) async fn query(
        &self,
        kind: Kind,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let mut result = self.once(kind, parameters).await;
        if Kind::READS.contains(&kind) && result.as_ref().is_err_and(PostgresError::is_cut) {
            // Reading twice harms nothing; whether a write was made nobody knows.
            result = self.once(kind, parameters).await;
        }
        if result.as_ref().is_err_and(PostgresError::is_lost_race) {
            let pauses = ConstantBuilder::new().with_delay(Duration::from_millis(5));
            for pause in pauses.with_max_times(ATTEMPTS).with_jitter().build() {
                sleep(pause).await;
                result = self.once(kind, parameters).await;
                if !result.as_ref().is_err_and(PostgresError::is_lost_race) {
                    break;
                }
            }
        }
        result
    }

    /// Returns what makes connections, and the runtime in which they live; a pool keeps that to itself.
    pub(crate) fn connector(&self) -> Option<(&Connector, &Handle)> {
        match self {
            Self::Own(own) => Some((&own.connector, &own.runtime)),
            #[cfg(feature = "deadpool")]
            Self::Pool(_) => None,
        }
    }

    async fn once(
        &self,
        kind: Kind,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        match self {
            Self::Own(own) => own.query(kind, parameters).await,
            #[cfg(feature = "deadpool")]
            Self::Pool(pooled) => pooled.query(kind, parameters).await,
        }
    }
}

impl Own {
    pub(crate) async fn connect(
        connector: Connector,
        texts: Statements,
    ) -> Result<Self, PostgresError> {
        let texts = Arc::new(texts);
        let link = |kinds| Link::connect(connector.clone(), texts.clone(), kinds);
        let (reads, writes) = tokio::try_join!(link(Kind::READS), link(Kind::WRITES))?;
        let runtime = Handle::current();
        Ok(Self { connector, runtime, texts, reads, writes, sweeps: OnceLock::new() })
    }

    async fn query(
        &self,
        kind: Kind,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let patience = self.connector.response_timeout;
        let wire = self.link(kind).wire().await?;
        let Ok(result) = timeout(patience, wire.query(kind, parameters)).await else {
            wire.give_up();
            return Err(PostgresError::TimedOut(patience));
        };
        if let Err(error) = &result {
            if wire.hangs() {
                return Err(PostgresError::TimedOut(patience));
            }
            // It may take a moment until its end is noticed; nobody else shall ask it. And a server that is no longer
            // written to has changed places with another one, if the address knows several.
            if error.is_cut() || error.is_read_only() && self.seeks_primary() {
                wire.retire();
            }
        }
        result
    }

    fn link(&self, kind: Kind) -> &Link {
        if Kind::READS.contains(&kind) {
            &self.reads
        } else if Kind::WRITES.contains(&kind) {
            &self.writes
        } else {
            let start = || Link::start(self.connector.clone(), self.texts.clone(), Kind::SWEEPS);
            self.sweeps.get_or_init(start)
        }
    }

    fn seeks_primary(&self) -> bool {
        self.connector.config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite
    }
}

#[cfg(feature = "deadpool")]
impl Pooled {
    async fn query(
        &self,
        kind: Kind,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let elapsed = |_| PostgresError::TimedOut(self.response_timeout);
        let client = timeout(self.response_timeout, self.pool.get()).await.map_err(elapsed)?;
        let client = client.map_err(PostgresError::Pool)?;
        let work = async {
            let statement = client.prepare_cached(self.texts.text(kind)).await?;
            client.query(&statement, parameters).await
        };
        match timeout(self.response_timeout, work).await {
            Ok(result) => Ok(result?),
            Err(error) => {
                // Not back into the pool: what it still answers is not for the next one.
                drop(deadpool_postgres::Object::take(client));
                Err(elapsed(error))
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(Own { reads, writes, sweeps, .. }) => {
                let mut own = f.debug_struct("Own");
                own.field("reads", reads).field("writes", writes).field("sweeps", &sweeps.get());
                own.finish_non_exhaustive()
            }
            #[cfg(feature = "deadpool")]
            Self::Pool(_) => f.write_str("Pool"),
        }
    }
}
