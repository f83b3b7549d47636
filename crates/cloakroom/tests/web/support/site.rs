//! Where the application runs: on real ports of the loopback interface, over one storage.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use cloakroom::conformance::Gauge;
use cloakroom::postgres::{PostgresOptions, PostgresStore};
use cloakroom::redis::RedisOptions;
use cloakroom::sqlite::SqliteStore;
use cloakroom::{
    CookieDriver, Event, MemoryStore, Moving, Observer, Secret, Sessions, SessionsBuilder, Store,
    StoreCall,
};
use servers::{Postgres, shared_cluster, shared_redis};
use tempfile::TempDir;

use super::Visitor;
use super::gates::Gate;
use crate::apps::{App, Backstage, Framework, Server};

/// One storage, and one or two servers that share it.
pub(crate) struct Site {
    framework: Framework,
    servers: Vec<Server>,
    /// Those before: where each server has runtimes of its own, connections to the storage live on the first one's.
    retired: Vec<Server>,
    /// Those of the first server.
    pub(crate) sessions: Sessions,
    pub(crate) backstage: Backstage,
    /// What all servers together were told of.
    pub(crate) tape: Tape,
    /// What all servers together ask of the storage.
    pub(crate) gauge: Gauge,
    /// One for each server.
    places: Vec<Place>,
    _folder: Option<TempDir>,
}

/// Begins to configure sessions over the storage of one server.
type Place = Arc<dyn Fn() -> SessionsBuilder + Send + Sync>;

impl Site {
    /// One server that keeps sessions in its memory.
    pub(crate) async fn in_memory(framework: Framework) -> Self {
        Self::new(framework, vec![MemoryStore::new()], None).await
    }

    /// One server on a file.
    pub(crate) async fn in_sqlite(framework: Framework) -> Self {
        Self::on_a_file(framework, 1).await
    }

    /// Two servers on one file that share nothing else, as two processes would.
    pub(crate) async fn in_sqlite_by_two_servers(framework: Framework) -> Self {
        Self::on_a_file(framework, 2).await
    }

    /// One server on a table of its own.
    pub(crate) async fn in_postgres(framework: Framework) -> Self {
        Self::on_a_table(framework, 1).await
    }

    /// Two servers on one table that share nothing else, as two processes would.
    pub(crate) async fn in_postgres_by_two_servers(framework: Framework) -> Self {
        Self::on_a_table(framework, 2).await
    }

    async fn on_a_table(framework: Framework, servers: usize) -> Self {
        Self::new(framework, tables(servers).await, None).await
    }

    /// Two servers, of which the second one moves sessions from a file to a table and the first one does not yet.
    pub(crate) async fn while_moving(framework: Framework) -> Self {
        let (old, folder) = files(2);
        let mut pairs = old.into_iter().zip(tables(2).await);
        let mut pair = || pairs.next().expect("two of each");
        let (first, second) = (pair(), pair());
        let stores = vec![Moving::prepare(first.0, first.1), Moving::new(second.0, second.1)];
        Self::new(framework, stores, Some(folder)).await
    }

    /// One server on a Redis server.
    pub(crate) async fn in_redis(framework: Framework) -> Self {
        Self::in_redis_by(framework, 1, RedisOptions::new(shared_redis())).await
    }

    /// Two servers on one Redis server.
    pub(crate) async fn in_redis_by_two_servers(framework: Framework) -> Self {
        Self::in_redis_by(framework, 2, RedisOptions::new(shared_redis())).await
    }

    /// Two servers on a Redis Cluster.
    pub(crate) async fn in_redis_cluster(framework: Framework) -> Self {
        Self::in_redis_by(framework, 2, RedisOptions::cluster(shared_cluster().urls())).await
    }

    /// All tests share the servers; each has a prefix of its own.
    async fn in_redis_by(framework: Framework, servers: usize, options: RedisOptions) -> Self {
        let options = options.prefix(format!("{}:", fresh_name()));
        let stores = (0..servers).map(|_| options.clone().open().unwrap()).collect();
        Self::new(framework, stores, None).await
    }

    async fn on_a_file(framework: Framework, servers: usize) -> Self {
        let (stores, folder) = files(servers);
        Self::new(framework, stores, Some(folder)).await
    }

    /// One server whose visitors carry their sessions, signed.
    pub(crate) async fn in_a_signed_cookie(framework: Framework) -> Self {
        Self::in_cookies(framework, CookieDriver::signed).await
    }

    /// One server whose visitors carry their sessions, encrypted.
    pub(crate) async fn in_an_encrypted_cookie(framework: Framework) -> Self {
        Self::in_cookies(framework, CookieDriver::encrypted).await
    }

    /// Those that are signed out are noted.
    async fn in_cookies(framework: Framework, driver: fn() -> CookieDriver) -> Self {
        let ended = MemoryStore::new();
        let place: Place = Arc::new(move || Sessions::in_cookie(driver().deny_list(ended.clone())));
        Self::at(framework, vec![place], Gauge::default(), None).await
    }

    async fn new<S: Store + Clone>(
        framework: Framework,
        stores: Vec<S>,
        folder: Option<TempDir>,
    ) -> Self {
        let gauge = Gauge::default();
        let places = stores.into_iter().map(|store| -> Place {
            let gauge = gauge.clone();
            Arc::new(move || Sessions::builder(gauge.measure(store.clone())))
        });
        Self::at(framework, places.collect(), gauge.clone(), folder).await
    }

    async fn at(
        framework: Framework,
        places: Vec<Place>,
        gauge: Gauge,
        folder: Option<TempDir>,
    ) -> Self {
        let (backstage, tape) = (Backstage::default(), Tape::default());
        let observed = |builder: SessionsBuilder| builder.observer(tape.clone());
        let (servers, sessions) = open(&places, observed, framework, &App::Main, &backstage).await;
        let retired = Vec::new();
        Self {
            framework,
            servers,
            retired,
            sessions,
            backstage,
            tape,
            gauge,
            places,
            _folder: folder,
        }
    }

    /// The same storage with another application, on as many servers.
    pub(crate) async fn serving(self, app: App) -> Self {
        self.serving_with(app, |builder| builder).await
    }

    /// The same storage with another application and sessions that are configured so.
    pub(crate) async fn serving_with(
        mut self,
        app: App,
        configure: impl Fn(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let (servers, sessions) =
            open(&self.places, configure, self.framework, &app, &self.backstage).await;
        self.retired.append(&mut self.servers);
        Self { servers, sessions, ..self }
    }

    /// Makes the gate `name` for exactly so many requests.
    pub(crate) fn gate(&self, name: &str, requests: usize) -> Arc<Gate> {
        self.backstage.gates.gate(name, requests)
    }

    /// A new visitor of the first server.
    pub(crate) fn visitor(&self) -> Visitor {
        self.servers[0].visitor()
    }

    /// The same visitor, sent by the load balancer to the first and the second server by turns.
    pub(crate) fn turn(&self, visitor: &Visitor, n: usize) -> Visitor {
        visitor.at(&self.servers[n % self.servers.len()])
    }
}

/// Opens a new table so many times.
async fn tables(servers: usize) -> Vec<PostgresStore> {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let n = TABLES.fetch_add(1, Ordering::Relaxed);
    let options = PostgresOptions::new(Postgres::shared().url()).unwrap();
    // Another test program may use the same server.
    let options = options.table(format!("web {} {n}", std::process::id()));
    let mut stores = Vec::new();
    for _ in 0..servers {
        stores.push(options.clone().connect().await.unwrap());
    }
    stores
}

/// Opens a new file so many times.
fn files(servers: usize) -> (Vec<SqliteStore>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    ((0..servers).map(|_| SqliteStore::open(&file).unwrap()).collect(), folder)
}

/// Writes down what it is told.
#[derive(Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<(Vec<String>, Vec<StoreCall>)>>);

impl Tape {
    /// Returns the events since the last call: each by its name, with its cause or reason, and its user.
    pub(crate) fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().0)
    }

    /// Returns the calls to the stores since the last call of this.
    pub(crate) fn calls(&self) -> Vec<StoreCall> {
        std::mem::take(&mut self.0.lock().unwrap().1)
    }
}

impl Observer for Tape {
    fn event(&self, event: &Event<'_>) {
        let mut words = vec![event.name().to_owned()];
        match event {
            Event::Renewed { cause, .. } => words.push(cause.name().to_owned()),
            Event::Refused { reason, .. } => words.push(reason.name().to_owned()),
            Event::Overtaken { replayed, .. } => words.push(replayed.to_string()),
            _ => {}
        }
        if let Event::Created { user: Some(user), .. }
        | Event::SignedIn { user, .. }
        | Event::Renewed { user: Some(user), .. }
        | Event::Destroyed { user: Some(user), .. }
        | Event::Revoked { user: Some(user), .. } = event
        {
            words.push(user.to_string());
        }
        self.0.lock().unwrap().0.push(words.join(" "));
    }

    fn store_call(&self, call: &StoreCall) {
        self.0.lock().unwrap().1.push(*call);
    }
}

fn fresh_name() -> String {
    format!("test{:x}", RandomState::new().hash_one(std::process::id()))
}

/// The secret of all servers; another process would read the same from its configuration.
pub(crate) fn secret() -> Secret {
    Secret::new("Jq0vPpXw3sO9ZkYc7RtLb2NhUe5GmAfD8iVxKo4W").unwrap()
}

/// Opens a server at each place; returns them, and the sessions of the first.
async fn open(
    places: &[Place],
    configure: impl Fn(SessionsBuilder) -> SessionsBuilder,
    framework: Framework,
    app: &App,
    backstage: &Backstage,
) -> (Vec<Server>, Sessions) {
    let (mut servers, mut all) = (Vec::new(), Vec::new());
    for place in places {
        let sessions = configure(place().secret(secret()).insecure_http()).build().unwrap();
        servers.push(framework.serve_with(app, &sessions, backstage).await);
        all.push(sessions);
    }
    (servers, all.remove(0))
}
