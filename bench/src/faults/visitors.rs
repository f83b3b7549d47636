//! Visitors who each add to a counter in a session of their own, as fast as they are answered, and note everything.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::{Response, StatusCode};

use crate::contract;

/// What the visitors saw, all together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) answered: u64,
    /// 503 with `Retry-After`.
    pub(super) unavailable: u64,
    /// Anything else: another status, a 503 without advice, a connection that broke.
    pub(super) strange: u64,
    /// Sessions that began again from nothing.
    pub(super) emptied: u64,
    /// Visitors whose counter ended below what they had been told.
    pub(super) lost: u64,
    /// The longest wait for an answer of any kind.
    pub(super) longest: Duration,
}

pub(super) struct Visitors {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<Seen>>,
}

struct Shared {
    stop: AtomicBool,
    /// When each was last answered well.
    served: Mutex<Vec<Instant>>,
}

impl Visitors {
    pub(super) fn come(address: SocketAddr, count: usize) -> Self {
        let served = Mutex::new(vec![Instant::now(); count]);
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), served });
        let threads = (0..count).map(|place| {
            let shared = shared.clone();
            thread::spawn(move || visit(address, place, &shared))
        });
        Self { threads: threads.collect(), shared }
    }

    /// Waits until each was answered well after `since`; returns how long that took, if it came to that.
    pub(super) fn wait_for_all(&self, since: Instant, most: Duration) -> Option<Duration> {
        while since.elapsed() < most {
            let served = self.shared.served.lock().unwrap_or_else(PoisonError::into_inner);
            if served.iter().all(|at| *at > since) {
                return served.iter().max().map(|last| *last - since);
            }
            drop(served);
            thread::sleep(Duration::from_millis(1));
        }
        None
    }

    pub(super) fn leave(self) -> Seen {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut all = Seen::default();
        for thread in self.threads {
            let seen = thread.join().expect("visitors do not panic");
            all.answered += seen.answered;
            all.unavailable += seen.unavailable;
            all.strange += seen.strange;
            all.emptied += seen.emptied;
            all.lost += seen.lost;
            all.longest = all.longest.max(seen.longest);
        }
        all
    }
}

fn visit(address: SocketAddr, place: usize, shared: &Shared) -> Seen {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let (mut seen, mut told, mut cookie) = (Seen::default(), 0, None::<String>);
    while !shared.stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = ask(&agent, address, "/add", cookie.as_deref());
        seen.longest = seen.longest.max(began.elapsed());
        match answer {
            Some(Answer::Number(n, fresh)) => {
                seen.answered += 1;
                if let Some(fresh) = fresh {
                    seen.emptied += u64::from(cookie.is_some());
                    (cookie, told) = (Some(fresh), 0);
                }
                seen.lost += u64::from(n <= told);
                told = n;
                let mut served = shared.served.lock().unwrap_or_else(PoisonError::into_inner);
                served[place] = Instant::now();
            }
            Some(Answer::Unavailable) => {
                seen.unavailable += 1;
                thread::sleep(Duration::from_millis(20));
            }
            None => seen.strange += 1,
        }
    }
    match ask(&agent, address, "/read", cookie.as_deref()) {
        Some(Answer::Number(n, _)) => seen.lost += u64::from(n < told),
        _ => seen.strange += 1,
    }
    seen
}

enum Answer {
    /// The counter, and the cookie of a session that has just begun.
    Number(u64, Option<String>),
    Unavailable,
}

/// `None` for what should not be.
fn ask(agent: &Agent, address: SocketAddr, path: &str, cookie: Option<&str>) -> Option<Answer> {
    let mut request = agent.get(format!("http://{address}{path}"));
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let mut response = request.call().ok()?;
    match response.status() {
        StatusCode::OK => {
            let n = response.body_mut().read_to_string().ok()?.parse().ok()?;
            Some(Answer::Number(n, header(&response, "set-cookie")))
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            let advice = header(&response, "retry-after").is_some();
            response.body_mut().read_to_string().ok()?;
            advice.then_some(Answer::Unavailable)
        }
        _ => None,
    }
}

fn header<B>(response: &Response<B>, name: &str) -> Option<String> {
    Some(contract::cookie(response.headers().get(name)?.to_str().ok()?).to_owned())
}
