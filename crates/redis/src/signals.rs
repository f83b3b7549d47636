//! Listens on a connection of its own for what any process ends or renews (`SUBSCRIBE`), and makes another one when that
//! is lost.

use std::fmt;
use std::time::Duration;

use cloakroom_core::{Ears, Listening, Signals};
use futures_util::StreamExt as _;
use redis::Client;
use redis::sentinel::SentinelClient;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::link::jitter;
use crate::{RedisError, RedisStore};

/// Pauses between attempts to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How often the server is asked whether it is there: a connection may be dead without anybody noticing.
const PING: Duration = Duration::from_secs(10);

/// Where signals are heard.
pub(crate) enum Post {
    /// One server, or some nodes of a cluster: each hears what is published at any.
    Any(Vec<Client>),
    Sentinel(Box<Mutex<SentinelClient>>),
}

/// What it takes to listen.
pub(crate) struct Ear {
    pub(crate) post: Post,
    pub(crate) channel: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
}

impl Signals for RedisStore {
    fn listen(&self, ears: Ears) -> Option<Listening> {
        self.ear()?;
        let (store, runtime) = (self.clone(), Handle::try_current().ok()?);
        let task = runtime.spawn(async move {
            if let Some(ear) = store.ear() {
                ear.keep_listening(&ears).await;
            }
        });
        Some(Listening::new(move || task.abort()))
    }
}

impl Ear {
    async fn keep_listening(&self, ears: &Ears) {
        let (first, longest) = PAUSES;
        let mut pause = first;
        for attempt in 0.. {
            // An error says nothing that those of the calls do not say.
            let _ = self.listen(attempt, ears, || pause = first).await;
            sleep(pause + jitter(pause)).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Listens for as long as the connection lasts.
    async fn listen(
        &self,
        attempt: usize,
        ears: &Ears,
        begun: impl FnOnce(),
    ) -> Result<(), RedisError> {
        let connect = async {
            let client = self.post.client(attempt).await?;
            let mut heard = client.get_async_pubsub().await?;
            heard.subscribe(&self.channel).await?;
            Ok::<_, RedisError>(heard.split())
        };
        let unreachable = |_| RedisError::Unreachable(self.connect_timeout);
        let connected = timeout(self.connect_timeout, connect).await.map_err(unreachable)?;
        let (mut ask, mut heard) = connected?;
        begun();
        // What happened before was not heard.
        ears.missed();
        let ping = async {
            loop {
                sleep(PING).await;
                let answer = timeout(self.response_timeout, ask.ping::<redis::Value>()).await;
                answer.map_err(unreachable)??;
            }
        };
        let hear = async {
            while let Some(signal) = heard.next().await {
                let id = signal.get_payload::<String>().ok().and_then(|text| text.parse().ok());
                id.into_iter().for_each(|id| ears.heard(id));
            }
            Ok(())
        };
        tokio::select! {
            result = ping => result,
            result = hear => result,
        }
    }
}

impl Post {
    async fn client(&self, attempt: usize) -> Result<Client, RedisError> {
        match self {
            Self::Any(clients) => {
                let none =
                    || redis::RedisError::from((redis::ErrorKind::InvalidClientConfig, "no node"));
                let client = clients.iter().cycle().nth(attempt % clients.len().max(1));
                Ok(client.cloned().ok_or_else(none)?)
            }
            Self::Sentinel(client) => Ok(client.lock().await.async_get_client().await?),
        }
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ear").field("channel", &self.channel).finish_non_exhaustive()
    }
}
