//! The stores of tower-sessions, with their defaults but for what `bench` sets for every system.

use anyhow::{Context, Result};
use bench::{
    database::Database,
    place::{BUSY_TIMEOUT, Place, Synchronous, redis_url},
    system::Opened,
};
use tower_sessions::MemoryStore;
use tower_sessions_redis_store::{
    RedisStore,
    fred::prelude::{ClientLike, Config, Pool},
};
use tower_sessions_sqlx_store::{
    PostgresStore, SqliteStore,
    sqlx::{
        PgPool, SqlitePool,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};

use crate::routes;

/// Connections in the pool, as in the documentation of the store.
const POOL: usize = 6;

/// Over the memory store.
pub(crate) fn memory() -> Opened {
    Opened::in_memory(routes::router(MemoryStore::default()))
}

/// Over SQLite in WAL mode.
pub(crate) async fn sqlite() -> Result<Opened> {
    let place = Place::from_env()?;
    let options = SqliteConnectOptions::new()
        .filename(&place.file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous(place.synchronous))
        .busy_timeout(BUSY_TIMEOUT);
    let pool = SqlitePool::connect_with(options)
        .await
        .with_context(|| format!("cannot open {}", place.file.display()))?;
    let store = SqliteStore::new(pool);
    store.migrate().await.context("cannot make the table")?;
    Ok(Opened::at(place, routes::router(store)))
}

/// Over Redis, with a pool as in the documentation of the store.
pub(crate) async fn redis() -> Result<Opened> {
    let config = Config::from_url(&redis_url()).context("not a URL")?;
    let pool = Pool::new(config, None, None, None, POOL)?;
    pool.connect();
    pool.wait_for_connect().await.context("cannot reach Redis")?;
    Ok(Opened::in_memory(routes::router(RedisStore::new(pool))))
}

/// Over PostgreSQL, by a pool as sqlx makes it.
pub(crate) async fn postgres() -> Result<Opened> {
    let database = Database::from_env()?;
    let pool = PgPool::connect(&database.url).await.context("cannot connect")?;
    let store = PostgresStore::new(pool);
    store.migrate().await.context("cannot make the table")?;
    Ok(Opened::in_postgres(database, routes::router(store)))
}

fn synchronous(setting: Synchronous) -> SqliteSynchronous {
    match setting {
        Synchronous::Full => SqliteSynchronous::Full,
        Synchronous::Normal => SqliteSynchronous::Normal,
    }
}
