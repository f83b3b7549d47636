//! `move`, killed again and again while visitors change, renew and end their sessions: nothing is lost, nothing is there
//! twice, nothing that has ended comes back.
//!
//! The same with 200,000 sessions takes minutes:
//! `cargo test --release -p cloakroom-cli --test tool -- --ignored --nocapture two_hundred_thousand`

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use cloakroom::{AnyStore, Id, Moving, Sessions, Status, Store as _, testing};
use http::{HeaderMap, HeaderValue, header};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;

use crate::support::{Done, Place, create, finish, record, tool, wait_until};

/// How many visitors act at once.
const ACTORS: usize = 8;

/// How often the tool is killed.
const KILLS: usize = 5;

/// How a process ends that was killed: without a code.
const KILLED: i32 = -1;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_sqlite_to_postgres() {
    House::new(Place::sqlite(), Place::postgres()).prove(3_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_postgres_to_redis() {
    House::new(Place::postgres(), Place::redis()).prove(3_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes minutes"]
async fn two_hundred_thousand_from_sqlite_to_postgres() {
    House::new(Place::sqlite(), Place::postgres()).prove(200_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes minutes"]
async fn two_hundred_thousand_from_postgres_to_redis() {
    House::new(Place::postgres(), Place::redis()).prove(200_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_moved_is_told_and_stays() {
    let house = House::new(Place::sqlite(), Place::sqlite());
    let store = house.old.store().await;
    let foreign = record("not ours", 60_000);
    let id = foreign.id;
    create(&store, foreign).await;
    create(&store, record(r#"{"format":1,"data":{"n":1}}"#, 60_000)).await;
    create(&store, record(r#"{"format":1}"#, -1)).await;
    let done = finish(house.begin_move());
    assert_eq!(done.code, 3, "{done:?}");
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&report["moved"], &report["expired"]), (&1.into(), &1.into()));
    assert_eq!(report["unreadable"], serde_json::json!([id.to_string()]));
    assert!(store.load(&id).await.unwrap().is_some());
}

#[test]
fn a_move_to_nowhere_or_from_nowhere_is_refused() {
    let (old, new) = (Place::sqlite(), Place::sqlite());
    let address = |place: &Place| place.get(cloakroom::Setting::Store).to_owned();
    let (old, new) = (address(&old), address(&new));
    for arguments in [
        &["move", &old, &old, "--yes"][..],
        &["move", &old, &new, "--yes"],
        &["move", "memory:", &new, "--yes"],
        &["move", "cookie:", &new, "--yes"],
        &["move", &old, "papyrus:x", "--yes"],
    ] {
        let done = finish(tool(arguments).spawn().unwrap());
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{arguments:?}: {done:?}");
    }
}

/// The stores of an application that moves, and two processes of it: one that only knows both, and one that moves what
/// is written.
struct House {
    old: Place,
    new: Place,
}

/// A visitor: the cookie that the browser has, what was answered, and whether it was signed out.
struct Visitor {
    /// Held together by who only changes, and alone by who renews or ends.
    cookie: RwLock<HeaderValue>,
    answered: AtomicI64,
    has_ended: AtomicBool,
}

impl House {
    fn new(old: Place, new: Place) -> Self {
        Self { old, new }
    }

    fn begin_move(&self) -> Child {
        let mut command = tool(&["--json", "move", "env:OLD", "env:NEW", "--yes"]);
        for (place, name, flag) in
            [(&self.old, "OLD", "--from-prefix"), (&self.new, "NEW", "--to-prefix")]
        {
            command.env(name, place.get(cloakroom::Setting::Store));
            let prefix = place.get(cloakroom::Setting::StorePrefix);
            if !prefix.is_empty() {
                command.args([flag, prefix]);
            }
        }
        command.spawn().unwrap()
    }

    /// A process of the application, before the second deployment or after it.
    async fn process(&self, moves: bool) -> Sessions {
        let (old, new) = (self.old.store().await, self.new.store().await);
        let store = if moves { Moving::new(old, new) } else { Moving::prepare(old, new) };
        self.new.settings().builder_on(store).unwrap().build().unwrap()
    }

    async fn prove(self, count: usize) {
        let (in_old, old) = (self.old.sessions().await, self.old.store().await);
        let visitors = fill(&in_old, count).await;
        let pointers = renew_some(&in_old, &visitors).await;
        // Both old stores are walked over in the order of the ids.
        let all = ids(&old).await;
        for _ in 0..100 {
            create(&old, record(r#"{"format":1}"#, -1)).await;
        }

        let load = Load::begin(&self, visitors.clone()).await;
        let mut interrupted = 0;
        for kill in 1..=KILLS {
            // The first that come after a part of all; somebody else would not have moved all of them. Most is still to be
            // moved then, as the tool goes on until it is killed.
            let first = kill * all.len() / (4 * KILLS);
            let few = &all[first..first + 20];
            let mut moving = self.begin_move();
            wait_until(async || old.load_many(few).await.unwrap().iter().all(Option::is_none))
                .await;
            moving.kill().unwrap();
            let is_killed = finish(moving).code == KILLED;
            interrupted += usize::from(is_killed && !ids(&old).await.is_empty());
        }
        let done = finish(self.begin_move());
        let acts = load.end().await;
        assert_eq!(done.code, 0, "{done:?}");
        assert!(acts > 100, "{acts} acts are no load");
        assert!(interrupted > 0, "it was never killed on the way");
        println!(
            "{count} sessions, {acts} acts, {interrupted} kills; the last one moved {}",
            moved(&done)
        );
        // What was written by a process that began before the second deployment was there already.
        let last = finish(self.begin_move());
        assert_eq!(last.code, 0, "{last:?}");
        assert_eq!(moved(&last), 0, "all had moved before");

        let left = ids(&old).await;
        assert_eq!(left, [], "the old store is empty");
        self.all_is_right(&visitors, &pointers).await;
    }

    /// The new store alone has every session, as it was answered.
    async fn all_is_right(&self, visitors: &[Arc<Visitor>], pointers: &[(usize, Id)]) {
        let sessions = self.new.sessions().await;
        // Together, so that they share trips.
        let parts = visitors.chunks(visitors.len().div_ceil(64)).map(|part| {
            let (sessions, part) = (sessions.clone(), part.to_vec());
            tokio::spawn(async move {
                let mut live = 0;
                for visitor in &part {
                    live += usize::from(visitor.is_right(&sessions).await);
                }
                live
            })
        });
        let mut live = 0;
        for part in parts.collect::<Vec<_>>() {
            live += part.await.expect("each is as it was answered");
        }
        let ended = visitors.len() - live;
        assert!(ended > 0 && live > visitors.len() / 2, "{live} live, {ended} ended");
        let store = self.new.store().await;
        let records = ids(&store).await;
        let mut once = records.clone();
        once.dedup();
        assert_eq!(records, once, "each is there once");
        // A pointer that moved still leads to its session, so that a late sign-out ends it.
        let mut followed = 0;
        for (n, old) in pointers {
            let Some(entry) = sessions.look(*old).await.unwrap() else { continue };
            assert!(matches!(entry.status, Status::Moved { .. }), "{entry:?}");
            if !visitors[*n].has_ended.load(Ordering::SeqCst)
                && sessions.revoke(*old).await.unwrap()
            {
                followed += 1;
            }
        }
        assert!(followed > 0, "no pointer was left to follow");
    }
}

async fn fill(sessions: &Sessions, count: usize) -> Vec<Arc<Visitor>> {
    let mut visitors = Vec::with_capacity(count);
    // Together, so that they share trips.
    while visitors.len() < count {
        let some = 200.min(count - visitors.len());
        let begun = (0..some).map(|n| {
            let (sessions, n) = (sessions.clone(), visitors.len() + n);
            tokio::spawn(async move {
                testing::cookie(&sessions, |session| match n % 4 {
                    0 => session.sign_in(i64::try_from(n / 40).unwrap()),
                    _ => session.set("cart", &["hat", "umbrella"]),
                })
                .await
            })
        });
        for task in begun.collect::<Vec<_>>() {
            visitors.push(Arc::new(Visitor {
                cookie: RwLock::new(task.await.unwrap()),
                answered: AtomicI64::new(0),
                has_ended: AtomicBool::new(false),
            }));
        }
    }
    visitors
}

/// Renews some sessions in the old store; returns whose, and the ids that now point to them.
async fn renew_some(sessions: &Sessions, visitors: &[Arc<Visitor>]) -> Vec<(usize, Id)> {
    let mut pointers = Vec::new();
    for n in (0..visitors.len()).step_by(visitors.len() / 50) {
        let cookie = visitors[n].cookie.read().await.clone();
        let ticket = sessions.from_request(&headers(&cookie)).await.unwrap().unwrap();
        pointers.push((n, ticket.id().unwrap()));
        visitors[n].act(sessions, Act::Renew).await;
    }
    pointers
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Change,
    Renew,
    End,
}

impl Visitor {
    /// Looks whether the session is as it was answered; tells whether it is live.
    async fn is_right(&self, sessions: &Sessions) -> bool {
        let cookie = self.cookie.read().await.clone();
        let ticket = sessions.from_request(&headers(&cookie)).await.unwrap();
        let count = ticket.map(|ticket| ticket.get::<i64>("n").unwrap().unwrap_or_default());
        if self.has_ended.load(Ordering::SeqCst) {
            assert_eq!(count, None, "a session that has ended is back");
            return false;
        }
        assert_eq!(
            count,
            Some(self.answered.load(Ordering::SeqCst)),
            "changes were lost or doubled"
        );
        true
    }

    /// Sends one request, and notes what was answered.
    async fn act(&self, sessions: &Sessions, act: Act) {
        if act == Act::Change {
            let cookie = self.cookie.read().await;
            if self.has_ended.load(Ordering::SeqCst) {
                return;
            }
            let found = sessions.from_request(&headers(&cookie)).await.expect("stores work");
            let ticket = found.expect("the session is there");
            ticket.increment("n", 1).unwrap();
            ticket.set_cookie(&mut HeaderMap::new()).await.expect("saved");
            self.answered.fetch_add(1, Ordering::SeqCst);
            return;
        }
        let mut cookie = self.cookie.write().await;
        if self.has_ended.load(Ordering::SeqCst) {
            return;
        }
        let found = sessions.from_request(&headers(&cookie)).await.expect("stores work");
        let ticket = found.expect("the session is there");
        let mut response = HeaderMap::new();
        if act == Act::End {
            ticket.delete(&mut response).await.expect("ended");
            self.has_ended.store(true, Ordering::SeqCst);
        } else {
            ticket.renew().unwrap();
            ticket.set_cookie(&mut response).await.expect("renewed");
            *cookie = testing::kept(&response).expect("a renewal sets the cookie");
        }
    }
}

/// Visitors who act until they are told to end.
struct Load {
    ends: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    actors: Vec<JoinHandle<()>>,
}

impl Load {
    async fn begin(house: &House, visitors: Vec<Arc<Visitor>>) -> Self {
        let (ends, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let visitors = Arc::new(visitors);
        let mut actors = Vec::new();
        for actor in 0..ACTORS {
            let sessions = house.process(actor % 2 == 0).await;
            let (ends, done, visitors) = (ends.clone(), done.clone(), visitors.clone());
            actors.push(tokio::spawn(async move {
                let mut random = actor as u64 + 1;
                while !ends.load(Ordering::SeqCst) {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let n = usize::try_from(random >> 33).unwrap();
                    // Some are met by all at once.
                    let place = if n % 4 == 0 { n / 4 % 10 } else { n / 4 % visitors.len() };
                    let act = match random >> 40 & 31 {
                        0 if place >= 10 => Act::End,
                        1 | 2 => Act::Renew,
                        _ => Act::Change,
                    };
                    visitors[place].act(&sessions, act).await;
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }));
        }
        Self { ends, done, actors }
    }

    /// Ends it; returns how many acts there were.
    async fn end(self) -> usize {
        self.ends.store(true, Ordering::SeqCst);
        for actor in self.actors {
            actor.await.expect("nothing was lost on the way");
        }
        self.done.load(Ordering::SeqCst)
    }
}

fn headers(cookie: &HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, cookie.clone());
    headers
}

fn moved(done: &Done) -> u64 {
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    report["moved"].as_u64().unwrap()
}

/// The ids of all records, sorted.
async fn ids(store: &AnyStore) -> Vec<Id> {
    let (mut ids, mut next) = (Vec::new(), None);
    loop {
        let walk = store.walk().expect("it can be walked over");
        let page = walk.page(next.as_ref(), 500.try_into().unwrap()).await.unwrap();
        ids.extend(page.records.iter().map(|record| record.id));
        next = page.next;
        if next.is_none() {
            ids.sort_unstable();
            return ids;
        }
    }
}
