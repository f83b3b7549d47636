//! The stores, each with room for several crowds.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cloakroom::postgres::PostgresOptions;
use cloakroom::redis::RedisOptions;
use cloakroom::sqlite::SqliteOptions;
use cloakroom::{Id, MemoryStore, Operation, Sessions, Store};
use http::HeaderValue;
use servers::{Postgres, Redis};
use tempfile::TempDir;

use super::people::{People, configured};

/// One kind of store, with its server.
pub(super) enum Place {
    Memory,
    /// So many bytes of each file are read as memory.
    Sqlite(TempDir, u32),
    Postgres(Box<Postgres>),
    Redis(Box<Redis>),
}

/// A store that one application uses, and who is in it.
pub(super) struct House {
    pub(super) sessions: Sessions,
    pub(super) cookies: Vec<HeaderValue>,
    pub(super) ids: Vec<Id>,
    fill: Box<dyn Fill>,
    pub(super) measure: Measure,
}

/// How the bytes of a house are counted.
pub(super) enum Measure {
    Memory(MemoryStore),
    File(PathBuf),
    Table(String),
    Server,
}

impl Place {
    pub(super) async fn open(name: &str) -> Result<Self> {
        Ok(match name {
            "memory" => Self::Memory,
            "sqlite" => Self::Sqlite(tempfile::tempdir()?, 0),
            "sqlite-mapped" => Self::Sqlite(tempfile::tempdir()?, 1 << 30),
            "postgres" => {
                // A quarter of a small machine's memory, as its manual advises; the default is for a table of toys.
                let server = Postgres::builder().durable().set("shared_buffers", "1GB");
                Self::Postgres(Box::new(server.start()?))
            }
            "redis" => Self::Redis(Box::new(Redis::start()?)),
            other => bail!("there is no store `{other}`"),
        })
    }

    pub(super) async fn house(&self, name: &str) -> Result<House> {
        match self {
            Self::Memory => {
                let store = MemoryStore::new().max_sessions(usize::MAX).max_bytes(usize::MAX);
                House::new(store.clone(), Measure::Memory(store))
            }
            Self::Sqlite(folder, mapped) => {
                let file = folder.path().join(name);
                let store = SqliteOptions::new(&file).memory_map(*mapped).open()?;
                House::new(store, Measure::File(file))
            }
            Self::Postgres(server) => {
                let store = PostgresOptions::new(server.url())?.table(name).connect().await?;
                House::new(store, Measure::Table(name.to_owned()))
            }
            Self::Redis(server) => {
                let store = RedisOptions::new(server.url()).prefix(format!("{name}:")).open()?;
                House::new(store, Measure::Server)
            }
        }
    }

    /// How long ago those were last active who are to be dead, and how long they live after that.
    pub(super) fn death(&self) -> (Duration, Duration) {
        match self {
            // It counts a session's life from the write.
            Self::Redis(_) => (Duration::ZERO, Duration::from_secs(90)),
            _ => (Duration::from_secs(86_400), Duration::from_secs(1)),
        }
    }

    /// Counts the bytes of a house, or of the whole server.
    pub(super) fn bytes(&self, house: &House) -> Result<f64> {
        Ok(match (&house.measure, self) {
            (Measure::Memory(store), _) => store.bytes() as f64,
            (Measure::File(file), _) => std::fs::metadata(file)?.len() as f64,
            (Measure::Table(name), Self::Postgres(server)) => {
                let sql = format!("SELECT pg_total_relation_size('{name}')");
                number(&server.execute(&sql)?)?
            }
            (Measure::Server, Self::Redis(server)) => {
                let info = server.ask("INFO memory")?;
                let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
                number(line.context("Redis tells no memory")?)?
            }
            _ => bail!("a house of another place"),
        })
    }
}

fn number(text: &str) -> Result<f64> {
    text.trim().parse().with_context(|| format!("`{text}` is no number"))
}

impl House {
    fn new<S: Store + Clone>(store: S, measure: Measure) -> Result<Self> {
        let sessions = configured(Sessions::builder(store.clone()))?;
        Ok(Self {
            sessions,
            cookies: Vec::new(),
            ids: Vec::new(),
            fill: Box::new(Filler(store)),
            measure,
        })
    }

    /// Lets people in. Who is measured are those who came last.
    pub(super) async fn fill(mut self, people: People) -> Result<Self> {
        self.ids = people.records.iter().map(|record| record.id).collect();
        self.fill.fill(people.records).await?;
        self.cookies = people.cookies;
        Ok(self)
    }

    /// Deletes who has expired; Redis does so by itself, until a while after the last have died.
    pub(super) async fn sweep(&self, last: Instant) -> Result<String> {
        if matches!(self.measure, Measure::Server) {
            tokio::time::sleep_until((last + Duration::from_secs(5)).into()).await;
            return Ok("by itself".to_owned());
        }
        Ok(self.sessions.sweep().await?.to_string())
    }
}

type Filled<'a> = std::pin::Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A store whose type is forgotten.
trait Fill {
    fn fill(&self, records: Vec<cloakroom::Record>) -> Filled<'_>;
}

struct Filler<S>(S);

impl<S: Store> Fill for Filler<S> {
    fn fill(&self, records: Vec<cloakroom::Record>) -> Filled<'_> {
        Box::pin(async move {
            let operations: Vec<_> = records.into_iter().map(Operation::Create).collect();
            for batch in operations.chunks(256) {
                self.0.write_many(batch).await?;
            }
            Ok(())
        })
    }
}
