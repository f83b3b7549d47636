//! The store, tried.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cloakroom::{
    AnyStore, Clock as _, Id, Operation, Outcome, Payload, Record, Schema, Setting, Settings,
    Store, SystemClock, Version,
};
use serde::Serialize;

use super::Touch;
use crate::Failure;

/// What came of trying the store.
#[derive(Clone, Debug, Default)]
pub(super) struct Probe {
    /// What was tried, up to the first step that failed.
    pub(super) steps: Vec<Step>,
    /// What a Redis server says of itself.
    pub(super) server: BTreeMap<String, String>,
}

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Whether it worked.
    pub ok: bool,
    /// What it was, and what came of it.
    pub what: String,
}

/// How long the record lives that is written to try, should it not be deleted.
const LIFE: Duration = Duration::from_secs(60);

impl Probe {
    pub(super) async fn of(settings: &Settings, touch: Touch) -> Self {
        let mut probe = Self::default();
        if let Err(error) = probe.try_all(settings, touch).await {
            probe.steps.push(Step { ok: false, what: error.chain() });
        }
        probe
    }

    fn passed(&mut self, what: impl Into<String>) {
        self.steps.push(Step { ok: true, what: what.into() });
    }

    async fn try_all(&mut self, settings: &Settings, touch: Touch) -> Result<(), Failure> {
        if let Some(Schema { found, known, .. }) = settings.schema().await? {
            match found {
                Some(found) if found == known => {
                    self.passed(format!("the table is there, version {found}"));
                }
                // To open the store would change it.
                Some(found) if found < known => {
                    self.passed(format!(
                        "the table has version {found}; the application brings it to version {known} when it starts, or \
                         `cloakroom migrate` does"
                    ));
                    return Ok(());
                }
                Some(found) => {
                    let what = format!(
                        "the table has version {found}, and this program knows up to {known}; upgrade it"
                    );
                    self.steps.push(Step { ok: false, what });
                    return Ok(());
                }
                None => {
                    self.passed(
                        "there is no table yet; the application makes it when it starts, or `cloakroom migrate` does",
                    );
                    return Ok(());
                }
            }
        }
        let began = Instant::now();
        let Some(store) = settings.open_store().await? else {
            self.passed("sessions travel in the cookie");
            return Ok(());
        };
        let shown = settings.shown(Setting::Store).unwrap_or_default();
        self.passed(format!("opened {shown} in {}", millis(began)));
        let id = random_id()?;
        let began = Instant::now();
        let _nothing = store.load(&id).await.map_err(Failure::Store)?;
        self.passed(format!("one load took {}", millis(began)));
        if touch == Touch::Write {
            let began = Instant::now();
            self.write(&store, id).await?;
            self.passed(format!("a record was written and deleted in {}", millis(began)));
        }
        if let AnyStore::Redis(redis) = &store {
            match redis.server_information().await {
                Ok(server) => {
                    let version = server.get("redis_version").cloned().unwrap_or_default();
                    self.passed(format!("the server is version {version}"));
                    self.server = server;
                }
                Err(error) => self.passed(format!("the server tells nothing of itself: {error}")),
            }
        }
        Ok(())
    }

    async fn write(&self, store: &AnyStore, id: Id) -> Result<(), Failure> {
        let now = SystemClock.now();
        let record = Record {
            id,
            version: Version::FIRST,
            user: None,
            created_at: now,
            active_at: now,
            expires_at: now.plus(LIFE),
            payload: Payload::default(),
        };
        let _nobody_has_a_random_id =
            store.write(&Operation::Create(record)).await.map_err(Failure::Store)?;
        let deleted = store.write(&Operation::Delete(id)).await.map_err(Failure::Store)?;
        match deleted {
            Outcome::Removed(_) => Ok(()),
            _ => Err(Failure::Usage("the record that was just written is not there".to_owned())),
        }
    }
}

fn random_id() -> Result<Id, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Io {
        what: "the operating system gives no randomness".to_owned(),
        source: error.into(),
    })?;
    Ok(Id::from_bytes(bytes))
}

fn millis(began: Instant) -> String {
    format!("{:.1} ms", began.elapsed().as_secs_f64() * 1000.0)
}
