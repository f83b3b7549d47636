//! A connection to one server or to a cluster, and how commands go over it.

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use redis::aio::{ConnectionLike as _, ConnectionManager, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{Cmd, ErrorKind, Pipeline, RedisResult, ServerErrorKind, Value};

use crate::master::Master;

/// A connection that an application has already, to be shared with a [`RedisStore`](crate::RedisStore).
///
/// Made by `into` from the driver's own types. A [`MultiplexedConnection`] is not made again when it breaks; the other
/// two are. A [`ClusterConnection`] must be built with `retries(0)`: a write that the driver sends a second time by
/// itself may happen twice.
#[derive(Clone)]
pub struct Connection(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Single(MultiplexedConnection),
    Managed(ConnectionManager),
    Cluster(ClusterConnection),
}

/// How often a command follows a cluster that is changing, each time waiting twice as long as before.
const MOST_REDIRECTIONS: u32 = 8;

/// The first wait.
const SHORTEST_WAIT: Duration = Duration::from_millis(2);

impl Connection {
    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self.0, Kind::Cluster(_))
    }

    /// Sends one command.
    pub(crate) async fn one(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        let answer = match &mut self.0 {
            Kind::Single(connection) => connection.send_packed_command(cmd).await,
            Kind::Managed(connection) => connection.send_packed_command(cmd).await,
            Kind::Cluster(connection) => in_cluster(connection, cmd).await,
        };
        answer.and_then(Value::extract_error)
    }

    /// Returns the masters of a cluster, in an order that stays; none where there is but one server.
    pub(crate) async fn masters(&mut self) -> RedisResult<Vec<Master>> {
        let Kind::Cluster(connection) = &mut self.0 else { return Ok(Vec::new()) };
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("SLOTS");
        let route = RoutingInfo::SingleNode(SingleNodeRoutingInfo::RandomPrimary);
        let answer = connection.route_command(slots, route).await.and_then(Value::extract_error)?;
        Ok(Master::all(answer))
    }

    /// Sends one command to the master that has a slot; where there is but one server, to that.
    pub(crate) async fn one_at(&mut self, slot: u16, cmd: &Cmd) -> RedisResult<Value> {
        let Kind::Cluster(connection) = &mut self.0 else { return self.one(cmd).await };
        let node = SingleNodeRoutingInfo::SpecificNode(Route::new(slot, SlotAddr::Master));
        let route = RoutingInfo::SingleNode(node);
        connection.route_command(cmd.clone(), route).await.and_then(Value::extract_error)
    }

    /// Sends several commands in one write, or to each node of a cluster its own. An error is one of the connection;
    /// those of single commands are in the list.
    pub(crate) async fn many(&mut self, cmds: &[Cmd]) -> RedisResult<Vec<RedisResult<Value>>> {
        let answers = match &mut self.0 {
            Kind::Single(connection) => {
                connection.send_packed_commands(&pipeline(cmds), 0, cmds.len()).await?
            }
            Kind::Managed(connection) => {
                connection.send_packed_commands(&pipeline(cmds), 0, cmds.len()).await?
            }
            Kind::Cluster(connection) => {
                let calls = cmds.iter().map(|cmd| {
                    let mut connection = connection.clone();
                    async move { in_cluster(&mut connection, cmd).await }
                });
                return Ok(join_all(calls).await);
            }
        };
        Ok(answers.into_iter().map(Value::extract_error).collect())
    }
}

fn pipeline(cmds: &[Cmd]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(cmds.len());
    for cmd in cmds {
        pipeline.add_command(cmd.clone());
    }
    pipeline
}

/// Sends a command to the node that has its key. Sends it again only after answers that say that it was not done: the
/// driver itself would also do that when a connection breaks, and nobody knows whether it was done then.
async fn in_cluster(connection: &mut ClusterConnection, cmd: &Cmd) -> RedisResult<Value> {
    let mut wait = SHORTEST_WAIT;
    for _ in 0..MOST_REDIRECTIONS {
        let error = match connection.req_packed_command(cmd).await.and_then(Value::extract_error) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::Ask) => {
                if let Some(answer) = asking(connection, cmd, &error).await {
                    return answer;
                }
            }
            // The driver looks where the slots are now.
            ErrorKind::Server(
                ServerErrorKind::Moved | ServerErrorKind::ReadOnly | ServerErrorKind::TryAgain,
            ) => {}
            _ => return Err(error),
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    connection.req_packed_command(cmd).await.and_then(Value::extract_error)
}

/// Sends a command to the node that a slot is moving to; `None` if that is to be tried again.
async fn asking(
    connection: &mut ClusterConnection,
    cmd: &Cmd,
    error: &redis::RedisError,
) -> Option<RedisResult<Value>> {
    let (host, port) = error.redirect_node()?.0.rsplit_once(':')?;
    let node = SingleNodeRoutingInfo::ByAddress { host: host.to_owned(), port: port.parse().ok()? };
    let mut pipeline = Pipeline::with_capacity(2);
    pipeline.cmd("ASKING").add_command(cmd.clone());
    match connection.route_pipeline(pipeline, 0, 2, node).await {
        Ok(answers) => answers.into_iter().nth(1).map(Value::extract_error),
        Err(error) => Some(Err(error)),
    }
}

impl From<MultiplexedConnection> for Connection {
    fn from(connection: MultiplexedConnection) -> Self {
        Self(Kind::Single(connection))
    }
}

impl From<ConnectionManager> for Connection {
    fn from(connection: ConnectionManager) -> Self {
        Self(Kind::Managed(connection))
    }
}

impl From<ClusterConnection> for Connection {
    fn from(connection: ClusterConnection) -> Self {
        Self(Kind::Cluster(connection))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Kind::Single(_) => "single",
            Kind::Managed(_) => "managed",
            Kind::Cluster(_) => "cluster",
        };
        f.debug_tuple("Connection").field(&kind).finish()
    }
}
