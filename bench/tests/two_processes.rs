//! Two processes of `contender` on one store, as two servers behind a load balancer: what one has done the other sees, no
//! update is lost between them, and what has ended in one is dead in the other.
#![cfg(all(feature = "compare", feature = "contenders"))]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use servers::{Postgres, Redis};
use ureq::Agent;

/// Requests of each visitor, and visitors at each process, all with one session.
const REQUESTS: usize = 50;
const VISITORS: usize = 4;

#[test]
fn over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    keep_the_promises("cloakroom-sqlite", ("BENCH_SQLITE", file.to_str().unwrap()));
}

#[test]
fn over_postgres() {
    let server = Postgres::builder().start().unwrap();
    keep_the_promises("cloakroom-postgres", ("BENCH_POSTGRES", server.url()));
}

#[test]
fn over_redis() {
    let server = Redis::start().unwrap();
    keep_the_promises("cloakroom-redis", ("BENCH_REDIS", &server.url()));
}

fn keep_the_promises(system: &str, store: (&str, &str)) {
    // One after the other, so that only one makes the table.
    let servers = [Contender::start(system, store), Contender::start(system, store)];
    let [here, there] = &servers;

    let session = here.seed();
    assert_eq!(there.get("/read", &session), "1", "the other process knows the session");
    thread::scope(|scope| {
        for n in 0..2 * VISITORS {
            let (server, session) = (&servers[n % 2], &session);
            scope.spawn(move || {
                for _ in 0..REQUESTS {
                    server.get("/update", session);
                }
            });
        }
    });
    let expected = (1 + 2 * VISITORS * REQUESTS).to_string();
    assert_eq!(here.get("/read", &session), expected, "an update was lost");
    assert_eq!(there.get("/read", &session), expected);

    for round in 0..20 {
        let session = here.seed();
        thread::scope(|scope| {
            for n in 0..4 {
                let (server, session) = (&servers[n % 2], &session);
                scope.spawn(move || server.get("/update", session));
            }
            scope.spawn(|| there.get("/logout", &session));
        });
        for server in &servers {
            assert_eq!(server.get("/read", &session), "0", "round {round}: it came back");
        }
    }
}

/// A process, killed when it is dropped.
struct Contender {
    process: Child,
    url: String,
    agent: Agent,
}

impl Contender {
    fn start(system: &str, (variable, place): (&str, &str)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contender"));
        command.args([system, "0"]).env(variable, place).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, url, agent: Agent::new_with_defaults() }
    }

    fn seed(&self) -> String {
        let response = self.agent.get(format!("{}/seed", self.url)).call().unwrap();
        let line = response.headers()["set-cookie"].to_str().unwrap();
        bench::contract::cookie(line).to_owned()
    }

    fn get(&self, path: &str, session: &str) -> String {
        let request = self.agent.get(format!("{}{path}", self.url)).header("cookie", session);
        request.call().unwrap().body_mut().read_to_string().unwrap()
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
