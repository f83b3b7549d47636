//! Private Redis servers: one alone, a cluster, and one that sentinels watch.

mod ask;
mod cluster;
mod sentinel;
mod shared;
mod tls;

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

pub use self::cluster::RedisCluster;
pub use self::sentinel::RedisSentinel;
pub use self::shared::{shared_cluster, shared_redis};
use crate::{Leash, free_port};

/// How long a server may take to begin to serve.
const PATIENCE: Duration = Duration::from_secs(30);

/// A `redis-server` of its own. Dereferences to its [`Leash`].
#[derive(Debug)]
pub struct Redis {
    leash: Leash,
    port: u16,
    tls_port: Option<u16>,
}

/// What a private server is told. By default it keeps nothing on disk.
#[derive(Clone, Debug, Default)]
pub struct RedisOptions {
    settings: Vec<(String, String)>,
    tls: bool,
    program: Program,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Program {
    #[default]
    Server,
    Cluster,
    Sentinel,
}

impl Redis {
    /// Starts a server that keeps nothing on disk.
    ///
    /// # Errors
    ///
    /// If `redis-server` is missing or does not start.
    pub fn start() -> Result<Self> {
        RedisOptions::default().start()
    }

    /// Returns the server's address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Returns the address under which it speaks TLS, by a certificate for `localhost`.
    #[must_use]
    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.tls_port.unwrap_or_default())
    }

    /// Returns the path of the certificate that signed the server's own, in PEM.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder().join("ca.pem")
    }

    /// Returns the port of plain connections.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server and starts it again on the same port and folder; waits until it serves.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn restart(&mut self) -> Result<()> {
        if self.pid().is_some() {
            self.kill()?;
        }
        self.run()
    }

    /// Starts a server that was killed; waits until it serves.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn run(&mut self) -> Result<()> {
        let began = Instant::now();
        // The port of a server that was killed may be busy for a moment.
        loop {
            self.leash.start()?;
            match self.wait() {
                Ok(()) => return Ok(()),
                Err(error) if began.elapsed() > PATIENCE => return Err(error),
                Err(_) => sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Sends one command, its words separated by blanks; returns what came back, as text.
    ///
    /// # Errors
    ///
    /// If the server does not answer, or answers by an error.
    pub fn ask(&self, command: &str) -> Result<String> {
        ask::ask(self.port, command)
    }

    /// Asks again and again until the answer suits.
    ///
    /// # Errors
    ///
    /// If it does not come to that.
    pub fn wait_for(&self, command: &str, suits: impl Fn(&str) -> bool) -> Result<()> {
        let began = Instant::now();
        loop {
            let answer = self.ask(command);
            if answer.as_ref().is_ok_and(|answer| suits(answer)) {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "`{command}` still answers {answer:?}");
            sleep(Duration::from_millis(20));
        }
    }

    fn wait(&self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            // A server that wants a password is ready too.
            match self.ask("PING") {
                Ok(_) => return Ok(()),
                Err(error) if error.to_string().contains("NOAUTH") => return Ok(()),
                Err(_) => sleep(Duration::from_millis(10)),
            }
            let log = self.log();
            if log.contains("Failed listening") || log.contains("FATAL") {
                break;
            }
        }
        bail!("redis-server does not start:\n{}", self.log())
    }
}

impl RedisOptions {
    /// Gives a setting as in `redis.conf`.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has the server speak TLS as well, on a port of its own, with a certificate made for it.
    #[must_use]
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If `redis-server` is missing or does not start.
    pub fn start(self) -> Result<Redis> {
        let mut last = None;
        // Somebody else may take the port first.
        for _ in 0..5 {
            match self.start_on(self.port()?) {
                Ok(server) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("never tried")?)
    }

    fn start_on(&self, port: u16) -> Result<Redis> {
        let folder = tempfile::tempdir().context("cannot make a temporary directory")?.keep();
        let tls_port = if self.tls { Some(tls_port(&folder)?) } else { None };
        fs::write(folder.join("redis.conf"), self.file(port, tls_port))?;
        let mut command = vec!["redis-server", "redis.conf"];
        if self.program == Program::Sentinel {
            command.push("--sentinel");
        }
        let command: Vec<&OsStr> = command.into_iter().map(OsStr::new).collect();
        let mut leash = Leash::new(folder, None, &command)?;
        leash.start()?;
        let server = Redis { leash, port, tls_port };
        server.wait()?;
        Ok(server)
    }

    fn file(&self, port: u16, tls_port: Option<u16>) -> String {
        let mut file = format!("port {port}\nbind 127.0.0.1\ndaemonize no\ndir .\n");
        if self.program != Program::Sentinel {
            file += "save \"\"\nappendonly no\nenable-debug-command yes\n";
        }
        if self.program == Program::Cluster {
            file += "cluster-enabled yes\ncluster-config-file nodes.conf\n";
        }
        if let Some(tls_port) = tls_port {
            file += &format!("tls-port {tls_port}\ntls-auth-clients no\n");
            file += "tls-cert-file server.pem\ntls-key-file server.key\ntls-ca-cert-file ca.pem\n";
        }
        for (name, value) in &self.settings {
            file += &format!("{name} {value}\n");
        }
        file
    }

    /// Returns a free port. The nodes of a cluster take another one, 10,000 higher.
    fn port(&self) -> Result<u16> {
        if self.program != Program::Cluster {
            return Ok(free_port()?);
        }
        for _ in 0..1_000 {
            let port = free_port()?;
            let bus = port.checked_add(10_000);
            if bus.is_some_and(|bus| TcpListener::bind((Ipv4Addr::LOCALHOST, bus)).is_ok()) {
                return Ok(port);
            }
        }
        bail!("there is no port for a cluster's node")
    }
}

fn tls_port(folder: &Path) -> Result<u16> {
    tls::write_certificates(folder)?;
    Ok(free_port()?)
}

impl Deref for Redis {
    type Target = Leash;

    fn deref(&self) -> &Leash {
        &self.leash
    }
}

impl DerefMut for Redis {
    fn deref_mut(&mut self) -> &mut Leash {
        &mut self.leash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_serves_and_comes_back_after_a_kill() {
        let mut server = Redis::start().unwrap();
        server.ask("SET a 1").unwrap();
        assert_eq!(server.ask("GET a").unwrap(), "1");
        server.kill().unwrap();
        assert!(server.ask("PING").is_err());
        server.run().unwrap();
        assert_eq!(server.ask("GET a").unwrap(), "", "nothing is kept on disk");
    }

    #[test]
    fn a_cluster_spreads_its_keys() {
        let cluster = RedisCluster::start(3, 0).unwrap();
        let answers: Vec<_> =
            (0..3).map(|node| cluster.node(node).ask("SET a 1").is_ok()).collect();
        assert_eq!(answers.iter().filter(|&&served| served).count(), 1);
    }

    #[test]
    fn a_sentinel_knows_its_master() {
        let group = RedisSentinel::start().unwrap();
        let told = group.sentinel().ask("SENTINEL get-master-addr-by-name main").unwrap();
        assert!(told.contains(&group.master().port().to_string()), "{told}");
    }
}
