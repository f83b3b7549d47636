//! One connection with its prepared statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{try_join, try_join_all};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Connection, Row, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::PostgresError;
use crate::statements::{Kind, Statements};

/// Makes connections.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: MakeRustlsConnect,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
}

/// What has to be driven for a connection to live.
pub(crate) type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A connection whose statements are prepared.
#[derive(Debug)]
pub(crate) struct Wire {
    client: Client,
    /// By [`Kind`]; those of the wire's purpose are there.
    statements: [Option<Statement>; Kind::ALL.len()],
    retired: Notify,
    is_retired: AtomicBool,
    hangs: AtomicBool,
}

impl Connector {
    /// Makes a connection for the statements of `kinds`, within the time that a connection may take.
    pub(crate) async fn wire(
        &self,
        texts: &Statements,
        kinds: &[Kind],
    ) -> Result<(Arc<Wire>, Driver), PostgresError> {
        let work = async {
            let (client, mut driver) = self.config.connect(self.tls.clone()).await?;
            // Its first steps are made before anybody else drives it.
            let prepare = async {
                let prepare = kinds.iter().map(|&kind| client.prepare(texts.text(kind)));
                try_join(client.batch_execute(&self.settings()), try_join_all(prepare)).await
            };
            let prepared = tokio::select! {
                result = prepare => result?.1,
                result = &mut driver => {
                    result?;
                    return Err(PostgresError::ShutDown);
                }
            };
            let mut statements = [const { None }; Kind::ALL.len()];
            for (&kind, statement) in kinds.iter().zip(prepared) {
                statements[kind as usize] = Some(statement);
            }
            Ok((
                Arc::new(Wire {
                    client,
                    statements,
                    retired: Notify::new(),
                    is_retired: AtomicBool::new(false),
                    hangs: AtomicBool::new(false),
                }),
                driver,
            ))
        };
        let elapsed = |_| PostgresError::TimedOut(self.connect_timeout);
        timeout(self.connect_timeout, work).await.map_err(elapsed)?
    }

    /// Does something on a connection of its own, which is gone then. Only connecting is limited in time: a table may
    /// take long to be brought up to date.
    pub(crate) async fn once<T>(
        &self,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, PostgresError>,
    ) -> Result<T, PostgresError> {
        let elapsed = |_| PostgresError::TimedOut(self.connect_timeout);
        let connect = timeout(self.connect_timeout, self.config.connect(self.tls.clone()));
        let (mut client, driver) = connect.await.map_err(elapsed)??;
        tokio::select! {
            result = work(&mut client) => result,
            result = driver => {
                result?;
                Err(PostgresError::ShutDown)
            }
        }
    }

    /// Every row of ours is found by its place in an index. A plan that was made while the table was small, and is
    /// kept, must not become a scan of a large one; and planning anew for each call costs more than the call.
    ///
    /// What is given up here is given up there too, and a little sooner: no write is made long after it was asked for,
    /// and one that waits for somebody's lock does not cost the connection.
    fn settings(&self) -> String {
        format!(
            "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
             SET enable_mergejoin = off; SET jit = off; SET statement_timeout = {}",
            (self.response_timeout * 9 / 10).as_millis().max(1)
        )
    }
}

impl Wire {
    /// Carries out a statement of the wire's purpose.
    pub(crate) async fn query(
        &self,
        kind: Kind,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        let statement = self.statements[kind as usize].as_ref();
        let statement = statement.expect("a wire is asked what it was made for");
        Ok(self.client.query(statement, parameters).await?)
    }

    /// Tells whether it can be asked.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_retired.load(Ordering::Acquire) && !self.client.is_closed()
    }

    /// Has the connection cut and replaced: what it still answers is not heard.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Release);
        self.retired.notify_one();
    }

    /// Retires it because an answer did not come in time.
    pub(crate) fn give_up(&self) {
        self.hangs.store(true, Ordering::Release);
        self.retire();
    }

    /// Tells whether somebody waited in vain.
    pub(crate) fn hangs(&self) -> bool {
        self.hangs.load(Ordering::Acquire)
    }

    /// Drives the connection until it ends or is retired.
    pub(crate) async fn drive(&self, driver: Driver) -> Option<tokio_postgres::Error> {
        tokio::select! {
            result = driver => result.err(),
            () = self.retired.notified() => None,
        }
    }
}
