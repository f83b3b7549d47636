//! Where connections come from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, ProtocolVersion, PushInfo, PushKind};
use tokio::sync::oneshot;

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
pub(crate) struct Broken {
    flag: Flag,
    /// Held as long as somebody wants to know.
    _watched: Option<Arc<oneshot::Sender<()>>>,
}

#[derive(Clone, Debug, Default)]
struct Flag(Arc<AtomicBool>);

impl Broken {
    /// Makes one that is also set when the runtime ends that this is called on, because the driver's own task lives there.
    /// Nothing else tells: a cluster's connection fails from then on, and takes itself to be well.
    fn with_the_runtime() -> Self {
        /// Dropped with its task, by a runtime that ends.
        struct End(Flag);

        impl Drop for End {
            fn drop(&mut self) {
                self.0.set();
            }
        }

        let (watched, unwatched) = oneshot::channel();
        let flag = Flag::default();
        let end = End(flag.clone());
        tokio::spawn(async move {
            let _end = end;
            let _ = unwatched.await;
        });
        Self { flag, _watched: Some(Arc::new(watched)) }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.flag.0.load(Ordering::Acquire)
    }

    fn listen(&self, push: &PushInfo) {
        if push.kind == PushKind::Disconnection {
            self.flag.set();
        }
    }
}

impl Flag {
    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Source {
    /// Connects. A sentinel is asked each time anew which server is the master.
    pub(crate) async fn connect(
        &mut self,
        timeout: Duration,
    ) -> redis::RedisResult<(Connection, Broken)> {
        let broken = match self {
            Self::Given(_) => Broken::default(),
            _ => Broken::with_the_runtime(),
        };
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
