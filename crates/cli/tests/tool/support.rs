//! Places to keep sessions in, and the tool on them.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cloakroom::{AnyStore, Id, Operation, Outcome, Payload, Record, Sessions, Setting, Settings};
use cloakroom::{Clock as _, Store as _, SystemClock, Version};
use serde_json::Value;
use servers::Postgres;
use tempfile::TempDir;

pub(crate) const SECRET: &str = "TQ8gEo5bKzWmXc3vYn7Rj2Ld9Hf6SaPu-0_iVtCkB4xNqZyG1wMeDhUrJlOIsFpA";

/// Where sessions are kept, as variables tell it.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) variables: Vec<(Setting, String)>,
    _folder: Option<TempDir>,
}

/// What the tool said, and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sessions.db");
        Self::new("sqlite", format!("sqlite:{}", file.display()), Some(folder))
    }

    pub(crate) fn postgres() -> Self {
        Self::new("postgres", Postgres::shared().fresh_database().unwrap(), None)
    }

    pub(crate) fn redis() -> Self {
        let mut place = Self::new("redis", servers::shared_redis(), None);
        let prefix = format!("{}:", random_id());
        place.variables.push((Setting::StorePrefix, prefix));
        place
    }

    /// A store of each kind.
    pub(crate) fn all() -> [Self; 3] {
        [Self::sqlite(), Self::postgres(), Self::redis()]
    }

    pub(crate) fn new(name: &'static str, address: String, folder: Option<TempDir>) -> Self {
        let variables = vec![(Setting::Store, address), (Setting::Secret, SECRET.to_owned())];
        Self { name, variables, _folder: folder }
    }

    pub(crate) fn with(mut self, setting: Setting, value: &str) -> Self {
        self.variables.retain(|(known, _)| *known != setting);
        self.variables.push((setting, value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, setting: Setting) -> Self {
        self.variables.retain(|(known, _)| *known != setting);
        self
    }

    pub(crate) fn get(&self, setting: Setting) -> &str {
        let found = self.variables.iter().find(|(known, _)| *known == setting);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn settings(&self) -> Settings {
        let set = |settings: Settings, (setting, value): &(Setting, String)| {
            settings.set(*setting, value)
        };
        self.variables.iter().fold(Settings::default(), set)
    }

    pub(crate) async fn sessions(&self) -> Sessions {
        self.settings().open().await.unwrap()
    }

    pub(crate) async fn store(&self) -> AnyStore {
        self.settings().open_store().await.unwrap().expect("it is a store")
    }

    /// The tool with the settings of this place in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tool(arguments);
        for (setting, value) in &self.variables {
            command.env(setting.variable(), value);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        finish(self.command(arguments).spawn().unwrap())
    }

    /// Runs the tool with a text on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Done {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        finish(child)
    }

    /// Runs the tool with `--json`, which must end with this code; returns what it said.
    pub(crate) fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let done = self.run(&[&["--json"], arguments].concat());
        assert_eq!(done.code, code, "{} {arguments:?}: {done:?}", self.name);
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    }
}

/// The tool, with an environment that has nothing of ours.
pub(crate) fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cloakroom"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SESSION_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn finish(child: Child) -> Done {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the tool writes text");
    let code = output.status.code().unwrap_or(-1);
    Done { code, out: text(output.stdout), err: text(output.stderr) }
}

pub(crate) fn random_id() -> Id {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    Id::from_bytes(bytes)
}

/// A record that the engine did not make.
pub(crate) fn record(text: &str, life: i64) -> Record {
    let now = SystemClock.now();
    Record {
        id: random_id(),
        version: Version::FIRST,
        user: None,
        created_at: now,
        active_at: now,
        expires_at: cloakroom::Timestamp::from_millis(now.as_millis() + life),
        payload: Payload::from_text(text),
    }
}

pub(crate) async fn create(store: &AnyStore, record: Record) {
    assert_eq!(store.write(&Operation::Create(record)).await.unwrap(), Outcome::Applied);
}

/// Asks again and again until it is so.
pub(crate) async fn wait_until(mut is_so: impl AsyncFnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come to that");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
