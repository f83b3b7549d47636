//! A stolen database signs nobody in, and neither do stolen logs: the token is in the cookie and nowhere else.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom::conformance::Gauge;
use cloakroom::sqlite::SqliteStore;
use cloakroom::{Finish, MemoryStore, Sessions, Store};
use futures_util::future::join_all;
use tracing_subscriber::filter::LevelFilter;

use crate::apps::{App, Backstage, Framework};
use crate::support::{Site, alone, secret};

on_every_store!(answers_show_the_token_in_the_set_cookie_line_alone);
on_every_framework!(debug_shows_neither_token_nor_data);
on_every_framework!(logs_at_the_finest_level_show_neither_token_nor_data);
on_every_framework!(the_database_shows_no_token);

/// What the visitors keep in their sessions; no log and no `Debug` may show it.
const DATA: &str = "hunter2";

/// Tells whether `text` shows the token: as it is in the cookie, its bytes, its random part, or that in hexadecimal.
fn shows(text: &[u8], token: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    let random = &bytes[1..17];
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{random:?}");
    let list = list.trim_matches(['[', ']']);
    [token.as_bytes(), random, hex.as_bytes(), hex.to_uppercase().as_bytes(), list.as_bytes()]
        .iter()
        .any(|secret| text.windows(secret.len()).any(|window| window == *secret))
}

#[track_caller]
fn assert_silent(text: &str, token: &str) {
    assert!(!shows(text.as_bytes(), token) && !text.contains(DATA), "{text}");
}

async fn answers_show_the_token_in_the_set_cookie_line_alone(site: Site) {
    let mut visitor = site.visitor();
    let mut tokens = Vec::new();
    for path in ["/write", "/login?user=ann", "/renew", "/set?k=a&v=1", "/dump", "/say?v=x"] {
        let mut answer = visitor.visit(path).await;
        tokens.push(visitor.token().to_owned());
        answer.headers.remove(SET_COOKIE);
        let seen = format!("{:?}{}", answer.headers, answer.body);
        assert!(!tokens.iter().any(|token| shows(seen.as_bytes(), token)), "{seen}");
    }
    site.gauge.fail(true);
    let down = visitor.visit("/read").await.body;
    site.gauge.fail(false);
    let broken = visitor.visit("/broken").await.body;
    assert!(!tokens.iter().any(|token| shows((down.clone() + &broken).as_bytes(), token)));
}

async fn debug_shows_neither_token_nor_data(framework: Framework) {
    let sessions = Sessions::builder(MemoryStore::new()).secret(secret()).build().unwrap();
    let mut visitor = framework.serve(&App::Main, &sessions).await.visitor();
    for _ in 0..2 {
        let answer = visitor.visit(&format!("/debug?v={DATA}")).await;
        assert!(answer.body.contains("password"), "keys may show: {}", answer.body);
        assert_silent(&answer.body, visitor.token());
    }

    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_str(visitor.cookie().unwrap()).unwrap());
    let pending = sessions.pending(&headers);
    assert_silent(&format!("{pending:?} {sessions:?}"), visitor.token());
    let session = pending.load().await.unwrap();
    session.renew().unwrap();
    assert_silent(&format!("{pending:?} {session:?}"), visitor.token());
    let finish = pending.finish(StatusCode::OK);
    assert_silent(&format!("{finish:?}"), visitor.token());
    let Finish::Commit(commit) = finish else { panic!("a renewal is saved") };
    let (head, result) = commit.await;
    result.unwrap();
    let shown = format!("{head:?} {:?}", pending.finish(StatusCode::OK));
    head.apply(&mut headers);
    assert!(headers[SET_COOKIE].is_sensitive(), "so that other layers do not log it");
    let line = headers[SET_COOKIE].to_str().unwrap();
    let token = line.split(['=', ';']).nth(1).unwrap();
    assert_silent(&shown, token);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to log what happens in this process.
fn log() -> Log {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE);
    subscriber.with_ansi(false).with_writer(move || writer.clone()).init();
    log
}

const NAME: &str = "secrecy::logs_at_the_finest_level_show_neither_token_nor_data";

/// In a process of its own, because the log is the whole process's.
async fn logs_at_the_finest_level_show_neither_token_nor_data(framework: Framework) {
    if alone(&format!("{NAME}::{}", framework.name())) {
        log_what_happens(framework).await;
    }
}

async fn log_what_happens(framework: Framework) {
    let log = log();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let gauge = Gauge::default();
    let sessions = Sessions::builder(gauge.measure(SqliteStore::open(&file).unwrap()));
    let sessions = sessions.secret(secret()).max_payload(10_000).build().unwrap();
    let backstage = Backstage::default();
    let server = framework.serve_with(&App::Main, &sessions, &backstage).await;
    let (mut visitor, mut tokens) = (server.visitor(), Vec::new());
    let set = format!("/set?k=password&v={DATA}");
    visitor.visit(&set).await;
    visitor.visit("/mistyped?k=password").await;
    let large = format!("/set?k=large&v={DATA}{}", "x".repeat(10_000));
    assert_eq!(visitor.visit(&large).await.status, StatusCode::INTERNAL_SERVER_ERROR);

    // Overtaken by each other, then ended by somebody else, then answered by a store that is down.
    for end in ["/plain", "/logout", "down"] {
        visitor.visit(&format!("/say?v={DATA}")).await;
        visitor.visit("/renew").await;
        visitor.visit(&set).await;
        tokens.push(visitor.token().to_owned());
        let gate = backstage.gates.gate("all", 5);
        let requests = join_all((0..5).map(|n| {
            let (visitor, path) = (visitor.clone(), format!("/set?k={end}{n}&v={DATA}&hold=all"));
            async move { visitor.get(&path).await }
        }));
        let meanwhile = async {
            gate.arrived().await;
            match end {
                "down" => gauge.fail(true),
                path => drop(visitor.get(path).await),
            }
            gate.open().await;
        };
        futures_util::future::join(requests, meanwhile).await;
        visitor.get("/read").await;
        gauge.fail(false);
    }
    visitor.visit(&set).await;
    tokens.push(visitor.token().to_owned());
    let other = rusqlite::Connection::open(&file).unwrap();
    let damage = format!("UPDATE cloakroom_sessions SET payload = '{{\"format\":1,\"{DATA}'");
    assert!(other.execute(&damage, []).unwrap() > 0);
    assert_eq!(visitor.get("/read").await.status, StatusCode::INTERNAL_SERVER_ERROR);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for event in
        ["overtaken", "ended by another", "session failed", "session not saved", "unreadable"]
    {
        assert!(log.contains(event), "{event} did not happen: {log}");
    }
    for token in tokens {
        assert_silent(&log, &token);
    }
}

async fn the_database_shows_no_token(framework: Framework) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let store = SqliteStore::open(&file).unwrap();
    let sessions = Sessions::builder(store.clone()).secret(secret()).build().unwrap();
    let mut visitor = framework.serve(&App::Main, &sessions).await.visitor();
    let mut tokens = Vec::new();
    for path in ["/write", "/login?user=ann", "/renew", "/write"] {
        visitor.visit(path).await;
        tokens.push(visitor.token().to_owned());
    }
    let mut bytes = Vec::new();
    for file in files(folder.path()) {
        bytes.extend(std::fs::read(file).unwrap());
    }
    assert!(bytes.windows(3).any(|window| window == b"ann"), "this is the database");
    assert!(!tokens.iter().any(|token| shows(&bytes, token)));

    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, HeaderValue::from_str(visitor.cookie().unwrap()).unwrap());
    let id = sessions.pending(&headers).load().await.unwrap().id().unwrap();
    let record = store.load(&id).await.unwrap().unwrap();
    assert!(!format!("{record:?}").contains("ann"), "nor does a record show its data");
    // What the database does show is no way in.
    let id = id.to_string();
    for forged in [id.clone(), id.replace('-', ""), format!("{id}{}", &tokens[3][id.len()..])] {
        let cookie = HeaderValue::from_str(&format!("__Host-session={forged}")).unwrap();
        assert_eq!(visitor.send("/dump", &[cookie]).await.unwrap().body, "{}");
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
