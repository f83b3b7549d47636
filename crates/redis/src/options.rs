//! Which servers, and how they are reached.

use std::fmt;
use std::time::Duration;

use redis::cluster::ClusterClientBuilder;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    ProtocolVersion, RedisResult, TlsCertificates, TlsMode,
};

use crate::connection::Connection;
use crate::link::Link;
use crate::names::Names;
use crate::signals::{Ear, Post};
use crate::source::Source;
use crate::{RedisError, RedisStore};

/// Options of a [`RedisStore`].
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use cloakroom_redis::RedisOptions;
/// use std::time::Duration;
///
/// let store = RedisOptions::new("rediss://shop:secret@redis.example:6379/0")
///     .prefix("shop:")
///     .response_timeout(Duration::from_secs(2))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisOptions {
    servers: Servers,
    prefix: String,
    response_timeout: Duration,
    connect_timeout: Duration,
    user: Option<String>,
    password: Option<String>,
    database: Option<i64>,
    root_certificate: Option<Vec<u8>>,
    client_certificate: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Clone)]
enum Servers {
    One(String),
    Sentinel(Vec<String>, String),
    Cluster(Vec<String>),
    Given(Connection),
}

impl RedisOptions {
    /// Names one server by a URL: `redis://[user:password@]host[:port][/database]`, `rediss://…` for TLS,
    /// `redis+unix:///path` for a socket; `valkey` may stand for `redis`.
    ///
    /// Append `?protocol=resp2` for a proxy that does not speak the newer protocol. A connection that breaks while
    /// nothing is under way is then noticed only by the next write, which fails.
    pub fn new(url: impl Into<String>) -> Self {
        Self::of(Servers::One(url.into()))
    }

    /// Names some nodes of a Redis Cluster, which tell the others, by URLs as for [`new`](Self::new). User and
    /// password must be the same in all.
    ///
    /// ```
    /// use cloakroom_redis::RedisOptions;
    ///
    /// let options = RedisOptions::cluster(["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"]);
    /// ```
    pub fn cluster<T: Into<String>>(urls: impl IntoIterator<Item = T>) -> Self {
        Self::of(Servers::Cluster(urls.into_iter().map(Into::into).collect()))
    }

    /// Names sentinels, by URLs as for [`new`](Self::new), and the master that they watch. Each new connection asks
    /// them which server that is.
    ///
    /// User and password in these URLs are for the sentinels; see [`credentials`](Self::credentials) and
    /// [`database`](Self::database) for the master's. The master is reached by TLS if the sentinels are.
    ///
    /// ```
    /// use cloakroom_redis::RedisOptions;
    ///
    /// let options = RedisOptions::sentinel(["redis://10.0.0.1:26379"], "mymaster").credentials("shop", "secret");
    /// ```
    pub fn sentinel<T: Into<String>>(
        urls: impl IntoIterator<Item = T>,
        master: impl Into<String>,
    ) -> Self {
        Self::of(Servers::Sentinel(urls.into_iter().map(Into::into).collect(), master.into()))
    }

    /// Shares a connection that the application has already. What is said of servers, passwords and certificates
    /// is then not looked at.
    pub fn over(connection: impl Into<Connection>) -> Self {
        Self::of(Servers::Given(connection.into()))
    }

    fn of(servers: Servers) -> Self {
        Self {
            servers,
            prefix: "cloakroom:".to_owned(),
            response_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            user: None,
            password: None,
            database: None,
            root_certificate: None,
            client_certificate: None,
        }
    }

    /// Sets how all keys begin. Default `cloakroom:`. Two applications on one server need two prefixes, of which
    /// neither begins with the other.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long a call waits for its answer. Default 5 s; then it is an error, and the connection is made
    /// anew.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// Sets how long connecting may take, with everything that belongs to it; in a cluster each node may take a third of it.
    /// Default 2 s.
    ///
    /// After an attempt that failed, calls fail at once for 50 ms, then for twice as long after each further one,
    /// up to 1 s and a random half of it.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the ACL user and the password. Default: those of the URL. For a password without a user, the user is
    /// `default`.
    #[must_use]
    pub fn credentials(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self.password = Some(password.into());
        self
    }

    /// Sets the number of the database. Default: the URL's, or 0. A cluster has only that one.
    #[must_use]
    pub fn database(mut self, number: u32) -> Self {
        self.database = Some(number.into());
        self
    }

    /// Sets the certificate authority that must have signed the server's certificate, as PEM. Default: those that
    /// the operating system trusts.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }

    /// Sets the certificate and the key by which the server knows us, as PEM. Default: none.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.client_certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// [`RedisError`] if a URL is none, or the server cannot be reached. To start without a server, see
    /// [`open`](Self::open).
    pub async fn connect(self) -> Result<RedisStore, RedisError> {
        let store = self.open()?;
        store.reach_server().await?;
        Ok(store)
    }

    /// Makes the store without connecting; the first call does that. So an application starts also while its server is
    /// down, and answers 503 until it is there.
    ///
    /// ```
    /// use cloakroom_redis::RedisOptions;
    ///
    /// assert!(RedisOptions::new("redis://127.0.0.1:6379").open().is_ok());
    /// assert!(RedisOptions::new("127.0.0.1:6379").open().is_err(), "not a URL");
    /// ```
    ///
    /// # Errors
    ///
    /// [`RedisError`] if a URL is none, or a certificate cannot be read.
    pub fn open(self) -> Result<RedisStore, RedisError> {
        let (source, post) = (self.source()?, self.post()?);
        Ok(self.store(source, post))
    }

    pub(crate) fn open_given(self) -> RedisStore {
        let Servers::Given(connection) = &self.servers else {
            unreachable!("made by `over`");
        };
        let source = Source::Given(connection.clone());
        self.store(source, None)
    }

    fn store(self, source: Source, post: Option<Post>) -> RedisStore {
        let (connect_timeout, response_timeout) = (self.connect_timeout, self.response_timeout);
        let link = Link::new(source, response_timeout, connect_timeout);
        let names = Names::new(self.prefix);
        let channel = names.channel();
        let ear = post.map(|post| Ear { post, channel, connect_timeout, response_timeout });
        RedisStore::new(link, names, ear)
    }

    /// Where signals are heard.
    fn post(&self) -> RedisResult<Option<Post>> {
        let clients = |urls: &[String]| {
            let clients = urls.iter().map(|url| self.client(self.information(url)?));
            clients.collect::<RedisResult<_>>().map(Post::Any).map(Some)
        };
        match &self.servers {
            Servers::One(url) => clients(std::slice::from_ref(url)),
            Servers::Cluster(urls) => clients(urls),
            Servers::Sentinel(urls, master) => {
                let client = self.sentinel_client(urls, master)?;
                Ok(Some(Post::Sentinel(Box::new(tokio::sync::Mutex::new(client)))))
            }
            Servers::Given(_) => Ok(None),
        }
    }

    fn source(&self) -> RedisResult<Source> {
        Ok(match &self.servers {
            Servers::One(url) => Source::Server(self.client(self.information(url)?)?),
            Servers::Cluster(urls) => Source::Cluster(Box::new(self.cluster_client(urls)?)),
            Servers::Sentinel(urls, master) => {
                Source::Sentinel(Box::new(self.sentinel_client(urls, master)?))
            }
            Servers::Given(connection) => Source::Given(connection.clone()),
        })
    }

    /// Reads a URL, and adds what was said beside it.
    fn information(&self, url: &str) -> RedisResult<ConnectionInfo> {
        let information = url.into_connection_info()?;
        let mut redis = information.redis_settings().clone();
        if !url.contains("protocol=") {
            redis = redis.set_protocol(ProtocolVersion::RESP3);
        }
        if let (Some(user), Some(password)) = (&self.user, &self.password) {
            redis = redis.set_username(user).set_password(password);
        }
        if let Some(database) = self.database {
            redis = redis.set_db(database);
        }
        if matches!(information.addr(), ConnectionAddr::TcpTls { .. }) {
            choose_cryptography();
        }
        Ok(information.set_redis_settings(redis).set_tcp_settings(tcp_settings()))
    }

    fn client(&self, information: ConnectionInfo) -> RedisResult<Client> {
        match self.certificates() {
            Some(certificates) => Client::build_with_tls(information, certificates),
            None => Client::open(information),
        }
    }

    fn cluster_client(&self, urls: &[String]) -> RedisResult<redis::cluster::ClusterClient> {
        let nodes =
            urls.iter().map(|url| self.information(url)).collect::<RedisResult<Vec<_>>>()?;
        let mut builder = ClusterClientBuilder::new(nodes)
            // The driver would also repeat writes of which nobody knows whether they were done.
            .retries(0)
            // A node that hangs must leave time for the others. It is tried twice: as one that was named, and as one that
            // has slots.
            .connection_timeout(self.connect_timeout / 3)
            .response_timeout(self.response_timeout)
            .tcp_settings(tcp_settings());
        if let Some(certificates) = self.certificates() {
            builder = builder.certs(certificates);
        }
        builder.build()
    }

    fn sentinel_client(&self, urls: &[String], master: &str) -> RedisResult<SentinelClient> {
        let mut addresses = Vec::new();
        let (mut user, mut password) = (None, None);
        for url in urls {
            let information = url.as_str().into_connection_info()?;
            let settings = information.redis_settings();
            user = user.or(settings.username().map(str::to_owned));
            password = password.or(settings.password().map(str::to_owned));
            addresses.push(information.addr().clone());
        }
        let tls = addresses.iter().any(|addr| matches!(addr, ConnectionAddr::TcpTls { .. }));
        let mut builder =
            SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
                .set_client_to_redis_protocol(ProtocolVersion::RESP3)
                .set_client_to_redis_db(self.database.unwrap_or_default())
                .set_client_to_redis_tcp_settings(tcp_settings())
                .set_client_to_sentinel_tcp_settings(tcp_settings());
        if tls {
            choose_cryptography();
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_tls_mode(TlsMode::Secure);
        }
        if let Some(certificates) = self.certificates() {
            builder = builder
                .set_client_to_redis_certificates(certificates.clone())
                .set_client_to_sentinel_certificates(certificates);
        }
        if let Some(user) = &self.user {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = &self.password {
            builder = builder.set_client_to_redis_password(password);
        }
        if let Some(user) = user {
            builder = builder.set_client_to_sentinel_username(user);
        }
        if let Some(password) = password {
            builder = builder.set_client_to_sentinel_password(password);
        }
        builder.build()
    }

    fn certificates(&self) -> Option<TlsCertificates> {
        if self.root_certificate.is_none() && self.client_certificate.is_none() {
            return None;
        }
        let client = self.client_certificate.clone();
        Some(TlsCertificates {
            client_tls: client
                .map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key }),
            root_cert: self.root_certificate.clone(),
        })
    }
}

/// Small packets leave at once.
fn tcp_settings() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// rustls panics where several implementations are compiled in and none was chosen.
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // It fails if somebody else was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

impl fmt::Debug for RedisOptions {
    /// Shows no URL, as it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("response_timeout", &self.response_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}
