//! Random requests of three visitors' windows, interleaved at will, against a model simple enough to be right by
//! inspection: a session is a map, and every request is a list of changes that happens when it ends.
#![cfg(feature = "conformance")]

use std::collections::BTreeMap;
use std::time::Duration;

use cloakroom_core::conformance::{Browser, Visit};
use cloakroom_core::{FrozenClock, MemoryStore, Secret, Session, Sessions};
use http::StatusCode;
use proptest::prelude::*;

const WINDOWS: usize = 3;
const IDLE: Duration = Duration::from_secs(600);
const POINTER: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
enum Step {
    /// Begins a request in a window, if none is under way there.
    Begin(usize),
    Do(usize, Change),
    /// Ends the request of a window; the flag makes it a server error.
    End(usize, bool),
    Wait(u16),
}

#[derive(Clone, Debug)]
enum Change {
    Set(u8, i64),
    Add(u8, i64),
    Push(i64),
    Remove(u8),
    Clear,
    Renew,
    Destroy,
}

/// What the storage should hold: sessions by the number that stands for their token.
#[derive(Default)]
struct Model {
    sessions: BTreeMap<usize, Stored>,
    /// Where renewed sessions have gone, and until when an end finds them from there.
    moved: BTreeMap<usize, (usize, Duration)>,
    now: Duration,
    tokens: usize,
}

type Data = BTreeMap<String, serde_json::Value>;

#[derive(Clone)]
struct Stored {
    data: Data,
    deadline: Duration,
    version: u32,
}

/// A request of the model.
struct Request {
    token: Option<usize>,
    found: bool,
    /// The session as it was loaded.
    loaded: Option<Stored>,
    /// What was loaded, and what the request has made of it.
    seen: Data,
    view: Data,
    changes: Vec<Change>,
}

impl Request {
    /// Setting what is there is no change.
    fn change(&mut self, change: Change) {
        let before = self.view.clone();
        match change {
            Change::Destroy => self.view.clear(),
            _ => apply(&mut self.view, &change),
        }
        if !matches!(change, Change::Set(..)) || self.view != before {
            self.changes.push(change);
        }
    }
}

impl Model {
    fn alive(&self, token: Option<usize>) -> bool {
        let session = token.and_then(|token| self.sessions.get(&token));
        session.is_some_and(|session| self.now < session.deadline)
    }

    fn load(&self, token: Option<usize>) -> Option<Stored> {
        self.sessions.get(&token?).filter(|_| self.alive(token)).cloned()
    }

    fn data(&self, token: Option<usize>) -> Data {
        self.load(token).map(|session| session.data).unwrap_or_default()
    }

    /// Ends a request; returns the browser's token afterwards if the response changes it.
    fn end(&mut self, request: &Request, failed: bool) -> Option<Option<usize>> {
        let destroys = request.changes.iter().any(|change| matches!(change, Change::Destroy));
        let mut cookie = None;
        let mut token = request.token.filter(|_| request.found);
        if destroys && let Some(mut old) = token.take() {
            while let Some(&(new, _)) = self.moved.get(&old).filter(|(_, until)| self.now < *until)
            {
                old = new;
            }
            // Ended by another request meanwhile: this one has nothing to end and nothing to add.
            if self.now >= self.sessions.remove(&old)?.deadline {
                return None;
            }
            cookie = Some(None);
        }
        if failed {
            return cookie;
        }
        let after = request.changes.iter().rposition(|change| matches!(change, Change::Destroy));
        let changes = &request.changes[after.map_or(0, |place| place + 1)..];
        let renews = !destroys && changes.iter().any(|change| matches!(change, Change::Renew));
        let Some(old) = token else {
            let mut data = Data::new();
            changes.iter().for_each(|change| apply(&mut data, change));
            if data.is_empty() {
                return cookie;
            }
            return Some(Some(self.insert(data)));
        };
        if !self.alive(Some(old)) {
            return None;
        }
        let before = self.sessions[&old].clone();
        let mut data = before.data.clone();
        // What comes to nothing in its own request comes to nothing.
        if request.view != request.seen || renews {
            changes.iter().for_each(|change| apply(&mut data, change));
        }
        if renews {
            self.sessions.remove(&old);
            let new = self.insert(data);
            self.moved.insert(old, (new, self.now + POINTER));
            return Some(Some(new));
        }
        // Who only reads slides by what was loaded, if that is not over; and not if somebody has changed the session
        // since.
        let reads = request.view == request.seen;
        let loaded = request.loaded.as_ref().filter(|loaded| reads && self.now < loaded.deadline);
        let known = loaded.map_or(Some(&before), |loaded| {
            Some(loaded).filter(|loaded| loaded.version == before.version)
        });
        let due = known.is_some_and(|known| self.now + IDLE >= known.deadline + IDLE / 10);
        let slides = data != before.data || due;
        let deadline = if slides { self.now + IDLE } else { before.deadline };
        let version = before.version + u32::from(data != before.data);
        self.sessions.insert(old, Stored { data, deadline, version });
        None
    }

    fn insert(&mut self, data: Data) -> usize {
        self.tokens += 1;
        self.sessions.insert(self.tokens, Stored { data, deadline: self.now + IDLE, version: 1 });
        self.tokens
    }
}

fn apply(data: &mut Data, change: &Change) {
    match change {
        Change::Set(key, value) => drop(data.insert(format!("k{key}"), (*value).into())),
        Change::Add(key, by) => {
            let value = data.entry(format!("k{key}")).or_insert_with(|| 0.into());
            *value = (value.as_i64().unwrap_or(0) + by).into();
        }
        Change::Push(item) => {
            let list = data.entry("list".to_owned()).or_insert_with(|| serde_json::json!([]));
            list.as_array_mut().unwrap().push((*item).into());
        }
        Change::Remove(key) => drop(data.remove(&format!("k{key}"))),
        Change::Clear => data.clear(),
        Change::Renew | Change::Destroy => {}
    }
}

fn make(session: &Session, change: &Change) {
    match change {
        Change::Set(key, value) => session.set(format!("k{key}"), value).unwrap(),
        Change::Add(key, by) => session.increment(format!("k{key}"), *by).map(|_| ()).unwrap(),
        Change::Push(item) => session.push("list", item).unwrap(),
        Change::Remove(key) => session.remove(format!("k{key}")).unwrap(),
        Change::Clear => session.clear().unwrap(),
        Change::Renew => session.renew().unwrap(),
        Change::Destroy => session.destroy().unwrap(),
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0..3_u8, 0..3_i64).prop_map(|(key, value)| Change::Set(key, value)),
        4 => (0..3_u8, 1..3_i64).prop_map(|(key, by)| Change::Add(key, by)),
        2 => (0..3_i64).prop_map(Change::Push),
        1 => (0..3_u8).prop_map(Change::Remove),
        1 => Just(Change::Clear),
        1 => Just(Change::Renew),
        1 => Just(Change::Destroy),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..WINDOWS).prop_map(Step::Begin),
        6 => (0..WINDOWS, change()).prop_map(|(window, change)| Step::Do(window, change)),
        4 => (0..WINDOWS, prop::bool::weighted(0.1)).prop_map(|(window, bad)| Step::End(window, bad)),
        1 => (0..400_u16).prop_map(Step::Wait),
    ]
}

/// One browser with several windows: requests overlap, the cookie jar is shared.
async fn play(steps: Vec<Step>) {
    let clock = FrozenClock::default();
    let sessions = Sessions::builder(MemoryStore::new())
        .secret(Secret::generate().unwrap())
        .idle_timeout(IDLE)
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut browser = Browser::new(&sessions);
    let (mut model, mut token) = (Model::default(), None);
    let mut windows: [Option<(Visit, Request)>; WINDOWS] = Default::default();
    for step in steps {
        match step {
            Step::Begin(window) if windows[window].is_none() => {
                let visit = browser.begin().await.unwrap();
                let found = model.alive(token);
                assert_eq!(!visit.session().is_new(), found);
                let loaded = model.load(token);
                let seen = model.data(token);
                let (view, changes) = (seen.clone(), Vec::new());
                let request = Request { token, found, loaded, seen, view, changes };
                windows[window] = Some((visit, request));
            }
            Step::Begin(_) => {}
            Step::Do(window, change) => {
                if let Some((visit, request)) = &mut windows[window] {
                    make(visit.session(), &change);
                    request.change(change);
                }
            }
            Step::End(window, failed) => {
                let Some((visit, request)) = windows[window].take() else { continue };
                let status =
                    if failed { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
                let response = visit.end(status).await.unwrap();
                let expected = model.end(&request, failed);
                let got = response.cookie(&sessions).map(|value| !value.is_empty());
                assert_eq!(got, expected.map(|token| token.is_some()), "cookie");
                browser.receive(&response);
                token = expected.unwrap_or(token);
            }
            Step::Wait(seconds) => {
                let step = Duration::from_secs(seconds.into());
                clock.advance(step);
                model.now += step;
            }
        }
        let shown = browser.begin().await.unwrap();
        assert_eq!(shown.session().all(), model.data(token).into_iter().collect());
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn interleaved_requests_do_what_the_model_says(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(steps));
    }
}
