//! How the database is reached, and what the table is called.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;

use crate::address::Address;
use crate::source::{Own, Source};
use crate::statements::Statements;
use crate::table::Table;
use crate::tls::{self, Roots, SslMode};
use crate::wire::Connector;
use crate::{PostgresError, PostgresStore, schema};

/// Options of a [`PostgresStore`].
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use cloakroom_postgres::{PostgresOptions, SslMode};
/// use std::time::Duration;
///
/// let store = PostgresOptions::new("postgres://shop:secret@db.example.com/shop")?
///     .ssl_mode(SslMode::VerifyFull)
///     .table("shop_sessions")
///     .response_timeout(Duration::from_secs(2))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    config: Config,
    ssl_mode: SslMode,
    roots: Roots,
    schema: Option<String>,
    table: String,
    migrate: bool,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl PostgresOptions {
    /// Takes the server's address: a URL (`postgres://user:password@host:port/database?sslmode=verify-full`) or a list
    /// (`host=… user=…`), with the parameters of [`tokio_postgres::Config`] and `sslmode` and `sslrootcert` as
    /// [`SslMode`] tells.
    ///
    /// Several hosts are tried in order; with `target_session_attrs=read-write` the one that can be written to is
    /// found again when that changes.
    ///
    /// # Errors
    ///
    /// [`PostgresError`] if it is not understood. Nothing is connected yet.
    pub fn new(address: &str) -> Result<Self, PostgresError> {
        let Address { config, ssl_mode, roots } = Address::parse(address)?;
        Ok(Self { ssl_mode, roots, ..Self::from(config) })
    }

    /// Sets when the connection is encrypted and whom to believe. Default: as the address says, or
    /// [`SslMode::Prefer`].
    #[must_use]
    pub fn ssl_mode(mut self, mode: SslMode) -> Self {
        self.ssl_mode = mode;
        self
    }

    /// Names a file of root certificates, in PEM. Default: as the address says (`sslrootcert`), or the operating
    /// system's.
    #[must_use]
    pub fn root_certificate(mut self, file: impl Into<PathBuf>) -> Self {
        self.roots = Roots::File(file.into());
        self
    }

    /// Names the schema, which is made if it is not there. Default: where the server's `search_path` leads, mostly
    /// `public`.
    ///
    /// Any name of 1 to 63 bytes without NUL will do; it is quoted, so upper case stays upper case.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// Names the table. Default `cloakroom_sessions`. Quoted, and limited like [the schema's](Self::schema).
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = name.into();
        self
    }

    /// Tells whether the store makes the table and brings it up to date. Default `true`. With `false` the table must
    /// be there when the store connects; [`schema_sql`](Self::schema_sql) tells how.
    #[must_use]
    pub fn migrate(mut self, migrate: bool) -> Self {
        self.migrate = migrate;
        self
    }

    /// Sets how long it may take to make a connection, and how long a call waits for one that is being made. Default
    /// 5 s. A call does not wait for a server that is known to be down: it fails at once.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long the server may take to answer. Default 5 s; then the call is an error, and its connection is
    /// replaced. The server is told to give up then, too (`statement_timeout`).
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// Returns the SQL that makes the table, for those who run migrations of their own.
    ///
    /// ```
    /// use cloakroom_postgres::PostgresOptions;
    ///
    /// let options = PostgresOptions::new("postgres://localhost/shop")?.schema("web");
    /// assert!(options.schema_sql()?.contains(r#"CREATE TABLE "web"."cloakroom_sessions" ("#));
    /// # Ok::<(), cloakroom_postgres::PostgresError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PostgresError::Name`] if schema or table have a name that PostgreSQL would not take as it is.
    pub fn schema_sql(&self) -> Result<String, PostgresError> {
        Ok(schema::sql(&self.table_name()?))
    }

    /// Connects, and brings the table up to date.
    ///
    /// # Errors
    ///
    /// [`PostgresError`] if the server cannot be reached or refuses, or the table was made by a newer version.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn connect(self) -> Result<PostgresStore, PostgresError> {
        let (table, connector) = (self.table_name()?, self.connector()?);
        connector.once(async |client| schema::prepare(client, &table, self.migrate).await).await?;
        let own = Own::connect(connector, Statements::new(&table)).await?;
        Ok(PostgresStore::new(Source::Own(own)))
    }

    /// Returns the version of the table that is there, `None` if there is none; changes nothing.
    /// [`PostgresStore::SCHEMA`] is the one that this version makes.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), cloakroom_postgres::PostgresError> {
    /// use cloakroom_postgres::{PostgresOptions, PostgresStore};
    ///
    /// let found = PostgresOptions::new("postgres://shop@localhost/shop")?.schema_version().await?;
    /// let is_due = found < Some(PostgresStore::SCHEMA);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PostgresError`] if the server cannot be reached or refuses, or the table is not ours.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn schema_version(&self) -> Result<Option<u32>, PostgresError> {
        let (table, connector) = (self.table_name()?, self.connector()?);
        connector.once(async |client| schema::version_of(client, &table).await).await
    }

    fn connector(&self) -> Result<Connector, PostgresError> {
        let mut config = self.config.clone();
        config.ssl_mode(self.ssl_mode.of_driver());
        if config.get_application_name().is_none() {
            config.application_name("cloakroom");
        }
        Ok(Connector {
            config,
            tls: tls::connector(self.ssl_mode, &self.roots)?,
            connect_timeout: self.connect_timeout,
            response_timeout: self.response_timeout,
        })
    }

    /// Takes connections from a pool, one for each call, and brings the table up to date through it. The pool decides
    /// about address, TLS, checks and the number of connections; of the options here table, schema, migration and
    /// response timeout count.
    ///
    /// The store then prepares its statements once on each connection and sets nothing on them. Its own connections,
    /// which [`connect`](Self::connect) makes, are faster.
    ///
    /// ```no_run
    /// # async fn example(pool: deadpool_postgres::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use cloakroom_postgres::PostgresOptions;
    ///
    /// let store = PostgresOptions::default().table("shop_sessions").on_pool(pool).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PostgresError`] if the pool gives no connection or the server refuses, or the table was made by a newer
    /// version.
    #[cfg(feature = "deadpool")]
    pub async fn on_pool(
        self,
        pool: deadpool_postgres::Pool,
    ) -> Result<PostgresStore, PostgresError> {
        let table = self.table_name()?;
        let mut client = pool.get().await.map_err(PostgresError::Pool)?;
        schema::prepare(&mut **client, &table, self.migrate).await?;
        drop(client);
        let texts = Statements::new(&table);
        let pooled = crate::source::Pooled { pool, texts, response_timeout: self.response_timeout };
        Ok(PostgresStore::new(Source::Pool(pooled)))
    }

    fn table_name(&self) -> Result<Table, PostgresError> {
        Table::new(self.schema.as_deref(), &self.table)
    }
}

impl Default for PostgresOptions {
    /// Names no server, as is right for a pool.
    fn default() -> Self {
        Self::from(Config::new())
    }
}

impl From<Config> for PostgresOptions {
    /// Takes what an application has configured already. The driver's `sslmode` is kept.
    fn from(config: Config) -> Self {
        let ssl_mode = match config.get_ssl_mode() {
            tokio_postgres::config::SslMode::Disable => SslMode::Disable,
            tokio_postgres::config::SslMode::Require => SslMode::Require,
            _ => SslMode::Prefer,
        };
        Self {
            config,
            ssl_mode,
            roots: Roots::Default,
            schema: None,
            table: "cloakroom_sessions".to_owned(),
            migrate: true,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for PostgresOptions {
    /// Shows no password: the driver's configuration hides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("config", &self.config)
            .field("ssl_mode", &self.ssl_mode)
            .field("schema", &self.schema)
            .field("table", &self.table)
            .field("migrate", &self.migrate)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .finish_non_exhaustive()
    }
}
