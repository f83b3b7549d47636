//! Where connections come from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, ProtocolVersion, PushInfo, PushKind};

use crate::connection::Connection;

/// What makes connections.
pub(crate) enum Source {
    Server(Client),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
    /// The application's own, which looks after itself.
    Given(Connection),
}

/// Set as soon as a connection breaks, also while nothing is under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broken(Arc<AtomicBool>);

impl Broken {
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn listen(&self, push: &PushInfo) {
        if push.kind == PushKind::Disconnection {
            self.0.store(true, Ordering::Release);
        }
    }
}

impl Source {
    /// Connects. A sentinel is asked each time anew which server is the master.
    pub(crate) async fn connect(
        &mut self,
        timeout: Duration,
    ) -> redis::RedisResult<(Connection, Broken)> {
        let broken = Broken::default();
        let connection = match self {
            Self::Server(client) => {
                let protocol = client.get_connection_info().redis_settings().protocol();
                let config = config(timeout, protocol, &broken);
                client.get_multiplexed_async_connection_with_config(&config).await?.into()
            }
            Self::Sentinel(client) => {
                let config = config(timeout, ProtocolVersion::RESP3, &broken);
                client.get_async_connection_with_config(&config).await?.into()
            }
            Self::Cluster(client) => client.get_async_connection().await?.into(),
            Self::Given(connection) => connection.clone(),
        };
        Ok((connection, broken))
    }

    pub(crate) fn is_cluster(&self) -> bool {
        match self {
            Self::Cluster(_) => true,
            Self::Given(connection) => connection.is_cluster(),
            Self::Server(_) | Self::Sentinel(_) => false,
        }
    }

    /// Tells whether a connection can be given up and made anew.
    pub(crate) fn makes_new(&self) -> bool {
        !matches!(self, Self::Given(_))
    }
}

fn config(timeout: Duration, protocol: ProtocolVersion, broken: &Broken) -> AsyncConnectionConfig {
    // The store times its calls by itself.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(None);
    if protocol == ProtocolVersion::RESP2 {
        return config;
    }
    let broken = broken.clone();
    config.set_push_sender(move |push: PushInfo| {
        broken.listen(&push);
        Ok::<(), std::convert::Infallible>(())
    })
}
