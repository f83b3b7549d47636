//! A private PostgreSQL server: made by `initdb`, reached by TCP with a password of its own.

mod binaries;
mod certificate;
mod family;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;

use self::certificate::Certificate;
use crate::{Leash, free_port};

/// Names a server for the tests that is there already.
const VARIABLE: &str = "CLOAKROOM_TEST_POSTGRES";

/// Longest wait for a server to answer or to end. Nothing is measured with it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, mostly a private one that goes with this value.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    own: Option<Own>,
    databases: AtomicU32,
}

/// A server that we started, and may kill.
#[derive(Debug)]
struct Own {
    leash: Mutex<Leash>,
    certificate: Option<Certificate>,
}

/// How a private server is made.
#[derive(Clone, Debug, Default)]
pub struct PostgresBuilder {
    settings: Vec<(String, String)>,
    certified: Option<String>,
    durable: bool,
}

impl Postgres {
    /// Starts a private server whose data survives that server, but not the machine (`fsync` is off).
    ///
    /// # Errors
    ///
    /// If PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self> {
        Self::builder().start()
    }

    /// Begins to describe a private server.
    #[must_use]
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    /// Returns the one server that all tests of a program share: the one that `CLOAKROOM_TEST_POSTGRES` names, or a
    /// private one. Statements are counted in `pg_stat_statements` if it is private.
    ///
    /// # Panics
    ///
    /// If there is no such server.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Postgres> = LazyLock::new(|| match std::env::var(VARIABLE) {
            Ok(url) => Postgres { url, own: None, databases: AtomicU32::new(0) },
            Err(_) => {
                let builder = Postgres::builder();
                let builder = builder.set("shared_preload_libraries", "pg_stat_statements");
                builder.start().expect("PostgreSQL starts")
            }
        });
        &SHARED
    }

    /// Returns the URL of its first database, with user and password.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Tells whether the server is ours, so that it can be killed, held and configured.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.own.is_some()
    }

    /// Makes a new, empty database; returns its URL.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub fn fresh_database(&self) -> Result<String> {
        let n = self.databases.fetch_add(1, Ordering::Relaxed);
        // Several programs may use one server.
        let name = format!("cloakroom_{}_{n}", std::process::id());
        self.execute(&format!("CREATE DATABASE {name}"))?;
        Ok(with_database(&self.url, &name))
    }

    /// Carries out SQL in the first database, by `psql`; returns what it answers, unadorned.
    ///
    /// # Errors
    ///
    /// If the server refuses or is not there.
    pub fn execute(&self, sql: &str) -> Result<String> {
        execute(&self.url, sql)
    }

    /// Like [`execute`](Self::execute), in the database at `url`.
    ///
    /// # Errors
    ///
    /// If the server refuses or is not there.
    pub fn execute_in(&self, url: &str, sql: &str) -> Result<String> {
        execute(url, sql)
    }

    /// Returns the certificate of the authority that signed the server's, in PEM, for a server with TLS.
    #[must_use]
    pub fn root_certificate(&self) -> Option<PathBuf> {
        Some(self.own.as_ref()?.certificate.as_ref()?.root.clone())
    }

    /// Kills all of its processes (SIGKILL), as a power cut would.
    ///
    /// # Errors
    ///
    /// If it does not run or is not ours.
    pub fn kill(&self) -> Result<()> {
        let mut leash = self.leash()?;
        let pid = leash.pid().context("the server is not running")?;
        let family = family::of(pid)?;
        leash.kill()?;
        family::signal(&family, Signal::KILL);
        family::wait_until_gone(pid, &family)
    }

    /// Ends it in order, cutting all connections.
    ///
    /// # Errors
    ///
    /// If it does not run or is not ours.
    pub fn stop(&self) -> Result<()> {
        let mut leash = self.leash()?;
        let pid = leash.pid().context("the server is not running")?;
        let family = family::of(pid)?;
        leash.signal(Signal::INT)?;
        family::wait_until_gone(pid, &family)?;
        leash.forget();
        Ok(())
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop), on the same port and data; returns when
    /// it answers.
    ///
    /// # Errors
    ///
    /// If it does not start or is not ours.
    pub fn restart(&self) -> Result<()> {
        self.start_again(false)
    }

    /// Like [`restart`](Self::restart), but the server stays in recovery: it can be read and refuses to write.
    ///
    /// # Errors
    ///
    /// If it does not start or is not ours.
    pub fn restart_in_recovery(&self) -> Result<()> {
        self.start_again(true)
    }

    /// Holds all of its processes (SIGSTOP): they keep their connections and answer nothing.
    ///
    /// # Errors
    ///
    /// If it does not run or is not ours.
    pub fn pause(&self) -> Result<()> {
        let leash = self.leash()?;
        // The first process first, so that it starts no others meanwhile.
        leash.pause()?;
        family::signal(&family::of(leash.pid().context("just held")?)?, Signal::STOP);
        Ok(())
    }

    /// Lets held processes go on (SIGCONT).
    ///
    /// # Errors
    ///
    /// If it does not run or is not ours.
    pub fn resume(&self) -> Result<()> {
        let leash = self.leash()?;
        family::signal(&family::of(leash.pid().context("the server has gone")?)?, Signal::CONT);
        leash.resume()
    }

    fn start_again(&self, recovery: bool) -> Result<()> {
        let mut leash = self.leash()?;
        let data = leash.folder().join("data");
        // What a killed server leaves; its process id may have been given away.
        let _ = fs::remove_file(data.join("postmaster.pid"));
        let signal = data.join("standby.signal");
        match recovery {
            true => fs::write(signal, "")?,
            false => drop(fs::remove_file(signal)),
        }
        leash.start()?;
        wait_until_it_answers(&leash, &self.url)
    }

    fn leash(&self) -> Result<MutexGuard<'_, Leash>> {
        let own = self.own.as_ref().context("the server is not ours")?;
        Ok(own.leash.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The leash knows the first process only, and one that is held would stay.
        if self.own.is_some() {
            let _ = self.kill();
        }
    }
}

impl PostgresBuilder {
    /// Sets a parameter of `postgresql.conf`.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes commits wait for the disk, as a server does by default.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Switches TLS on, with a certificate for this host that a root of its own signed.
    #[must_use]
    pub fn certified_for(mut self, host: &str) -> Self {
        self.certified = Some(host.to_owned());
        self
    }

    /// Starts the server; returns when it answers.
    ///
    /// # Errors
    ///
    /// If PostgreSQL is not installed or does not start.
    pub fn start(self) -> Result<Postgres> {
        // Somebody else may take the port before the server does.
        let mut attempt = self.try_start();
        for _ in 0..3 {
            if attempt.is_ok() {
                break;
            }
            attempt = self.try_start();
        }
        attempt
    }

    fn try_start(&self) -> Result<Postgres> {
        let binaries = binaries::folder()?;
        let user = binaries::user()?;
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let own = |path: &Path| -> Result<()> {
            let (user, group) = user.unzip();
            Ok(chown(path, user, group)?)
        };
        own(folder.path())?;
        let password = password()?;
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password)?;
        own(&password_file)?;

        let mut initdb = binaries::command(&binaries.join("initdb"), user);
        initdb.current_dir(folder.path()).arg("--pgdata").arg(folder.path().join("data"));
        initdb.args(["--username=postgres", "--pwfile=password", "--auth=scram-sha-256"]);
        initdb.args(["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        run(&mut initdb)?;

        let certificate = match &self.certified {
            Some(host) => Some(Certificate::write(host, folder.path())?),
            None => None,
        };
        if let Some(Certificate { key, .. }) = &certificate {
            fs::set_permissions(key, fs::Permissions::from_mode(0o600))?;
            own(key)?;
        }
        let port = free_port()?;
        let configuration = self.configuration(port, certificate.as_ref());
        fs::write(folder.path().join("data/postgresql.auto.conf"), configuration)?;

        let program = binaries.join("postgres");
        let command = [program.as_os_str(), "-D".as_ref(), "data".as_ref()];
        let mut leash = Leash::new(folder.keep(), user, &command)?;
        leash.start()?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        wait_until_it_answers(&leash, &url)?;
        let own = Some(Own { leash: Mutex::new(leash), certificate });
        Ok(Postgres { url, own, databases: AtomicU32::new(0) })
    }

    fn configuration(&self, port: u16, certificate: Option<&Certificate>) -> String {
        let mut lines = vec![
            "listen_addresses = '127.0.0.1'".to_owned(),
            "unix_socket_directories = ''".to_owned(),
            "max_connections = 100".to_owned(),
            format!("port = {port}"),
            format!("fsync = {}", if self.durable { "on" } else { "off" }),
        ];
        if let Some(Certificate { certificate, key, .. }) = certificate {
            lines.push("ssl = on".to_owned());
            lines.push(format!("ssl_cert_file = '{}'", certificate.display()));
            lines.push(format!("ssl_key_file = '{}'", key.display()));
        }
        let setting = |(name, value): &(String, String)| format!("{name} = '{value}'");
        lines.extend(self.settings.iter().map(setting));
        lines.join("\n") + "\n"
    }
}

fn wait_until_it_answers(leash: &Leash, url: &str) -> Result<()> {
    let pid = leash.pid().context("the server was not started")?;
    let began = Instant::now();
    loop {
        match execute(url, "SELECT 1") {
            Ok(_) => return Ok(()),
            Err(error) if !family::is_alive(pid) || began.elapsed() > PATIENCE => {
                bail!("PostgreSQL does not start: {error:#}\n{}", leash.log())
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn execute(url: &str, sql: &str) -> Result<String> {
    let mut psql = Command::new(binaries::folder()?.join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
    psql.args(["--set", "ON_ERROR_STOP=1", "--command", sql, url]);
    run(&mut psql)
}

fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {name}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} ended with {}: {}", output.status, stderr.trim());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Returns `url` with another database.
fn with_database(url: &str, name: &str) -> String {
    let (rest, options) = url.split_once('?').map_or((url, None), |(r, o)| (r, Some(o)));
    let scheme = rest.find("://").map_or(0, |at| at + 3);
    let authority = rest[scheme..].find('/').map_or(rest, |slash| &rest[..scheme + slash]);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{authority}/{name}{options}")
}

fn password() -> Result<String> {
    use std::io::Read as _;
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_database_of_the_same_server() {
        for (url, other) in [
            ("postgres://a:b@h:1/c", "postgres://a:b@h:1/x"),
            ("postgres://h", "postgres://h/x"),
            ("postgres://h/c?sslmode=disable", "postgres://h/x?sslmode=disable"),
        ] {
            assert_eq!(with_database(url, "x"), other);
        }
    }

    #[test]
    fn a_server_is_killed_held_restarted_and_leaves_nothing() {
        let server = Postgres::start().unwrap();
        let folder = server.leash().unwrap().folder().to_owned();
        server.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)").unwrap();
        server.kill().unwrap();
        assert!(server.execute("SELECT 1").is_err());
        server.restart().unwrap();
        assert_eq!(server.execute("SELECT n FROM kept").unwrap(), "7");
        server.pause().unwrap();
        server.resume().unwrap();
        let url = server.fresh_database().unwrap();
        assert!(execute(&url, "SELECT n FROM kept").is_err());
        server.stop().unwrap();
        server.restart_in_recovery().unwrap();
        assert_eq!(server.execute("SELECT n FROM kept").unwrap(), "7");
        assert!(server.execute("INSERT INTO kept VALUES (8)").is_err());
        server.pause().unwrap();
        drop(server);
        assert!(!folder.exists());
    }
}
