//! Listens on a connection of its own for what any process ends or renews (`LISTEN`), and makes another one when that is
//! lost.

use std::future::poll_fn;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use cloakroom_core::{Ears, Listening, Signals};
use tokio::time::{sleep, timeout};
use tokio_postgres::AsyncMessage;

use crate::wire::Connector;
use crate::{PostgresError, PostgresStore};

/// Pauses between attempts to connect: the first and the longest, and up to as much again at random.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// How often the server is asked whether it is there: a connection may be dead without anybody noticing.
const PING: Duration = Duration::from_secs(10);

impl Signals for PostgresStore {
    fn listen(&self, ears: Ears) -> Option<Listening> {
        let (connector, runtime) = self.source().connector()?;
        let task = runtime.spawn(keep_listening(connector.clone(), ears));
        Some(Listening::new(move || task.abort()))
    }
}

async fn keep_listening(connector: Connector, ears: Ears) {
    let (first, longest) = PAUSES;
    let pauses = ExponentialBuilder::new().with_min_delay(first).with_max_delay(longest);
    let pauses = pauses.without_max_times().with_jitter();
    let mut pause = pauses.build();
    loop {
        let result = listen(&connector, &ears, || pause = pauses.build()).await;
        tracing::warn!(target: "cloakroom::postgres", error = ?result.err(), "lost the connection that listens");
        sleep(pause.next().unwrap_or(longest)).await;
    }
}

/// Listens for as long as the connection lasts.
async fn listen(
    connector: &Connector,
    ears: &Ears,
    begun: impl FnOnce(),
) -> Result<(), PostgresError> {
    let (connecting, patience) = (connector.connect_timeout, connector.response_timeout);
    let connect = timeout(connecting, connector.config.connect(connector.tls.clone()));
    let elapsed = PostgresError::TimedOut;
    let (client, mut connection) = connect.await.map_err(|_| elapsed(connecting))??;
    let ask = async {
        let begin = timeout(patience, client.batch_execute("LISTEN cloakroom"));
        begin.await.map_err(|_| elapsed(patience))??;
        begun();
        // What happened before was not heard.
        ears.missed();
        loop {
            sleep(PING).await;
            timeout(patience, client.batch_execute("")).await.map_err(|_| elapsed(patience))??;
        }
    };
    let hear = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(signal) = message?
                && let Ok(id) = signal.payload().parse()
            {
                ears.heard(id);
            }
        }
        Ok(())
    };
    tokio::select! {
        result = ask => result,
        result = hear => result,
    }
}
