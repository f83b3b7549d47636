//! Sessions in bulk: made by the engine over a store that only notes them, so that their tokens are true.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use cloakroom::{
    Clock, Finish, Id, Operation, Outcome, Record, Secret, Sessions, SessionsBuilder, Store,
    SystemClock, Timestamp,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::contract;

/// Records, and the `Cookie` headers that lead to them.
pub(super) struct People {
    pub(super) records: Vec<Record>,
    pub(super) cookies: Vec<HeaderValue>,
}

/// Notes what is created.
#[derive(Clone, Default)]
struct Tape(Arc<Mutex<Vec<Record>>>);

impl Store for Tape {
    type Error = Infallible;

    async fn load(&self, _: &Id) -> Result<Option<Record>, Infallible> {
        Ok(None)
    }

    async fn write(&self, operation: &Operation) -> Result<Outcome, Infallible> {
        let Operation::Create(record) = operation else { return Ok(Outcome::Stale(None)) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        Ok(Outcome::Applied)
    }

    fn gathers(&self) -> bool {
        false
    }
}

/// A clock that is late.
struct Late(Duration);

impl Clock for Late {
    fn now(&self) -> Timestamp {
        let late = i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(SystemClock.now().as_millis() - late)
    }
}

/// The settings of all applications here.
pub(super) fn configured(builder: SessionsBuilder) -> Result<Sessions> {
    let secret = Secret::new("everybody may know what the crowd is signed with")?;
    Ok(builder.secret(secret).insecure_http().build()?)
}

impl People {
    /// Makes `count` sessions like that of `/seed`, which were last active `ago` and live for `life` after that.
    pub(super) async fn born(count: usize, ago: Duration, life: Duration) -> Result<Self> {
        let tape = Tape::default();
        let sessions =
            configured(Sessions::builder(tape.clone()).clock(Late(ago)).idle_timeout(life))?;
        let mut cookies = Vec::with_capacity(count);
        for _ in 0..count {
            let pending = sessions.pending(&HeaderMap::new());
            let session = pending.load().await?;
            session.set("user", contract::USER)?;
            session.set("token", contract::TOKEN)?;
            session.set("cart", &contract::cart())?;
            session.set("n", &1)?;
            let head = match pending.finish(StatusCode::OK) {
                Finish::Ready(head) => head,
                Finish::Commit(commit) => {
                    let (head, result) = commit.await;
                    result.map(|()| head)?
                }
            };
            let mut headers = HeaderMap::new();
            head.apply(&mut headers);
            let line = headers.get(header::SET_COOKIE).context("no cookie")?.to_str()?;
            cookies.push(HeaderValue::from_str(contract::cookie(line))?);
        }
        let records = std::mem::take(&mut *tape.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Self { records, cookies })
    }
}
