//! Moving house: from one store to another while requests run, without an update lost or anything dead coming back.
#![cfg(feature = "conformance")]

mod faulty;

use std::collections::HashMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use cloakroom_core::conformance::{self, Gauge};
use cloakroom_core::{
    Id, MemoryStore, Moving, Operation, Outcome, Payload, Record, Store, StoreError, Timestamp,
    UserId, Version,
};
use futures_util::FutureExt as _;

use self::faulty::{Fault, Faulty};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_step_by_itself_keeps_every_promise() {
    let (old, new) = (MemoryStore::new(), MemoryStore::new());
    conformance::prove(|| Moving::prepare(old.clone(), new.clone())).await;
    let (old, new) = (MemoryStore::new(), MemoryStore::new());
    conformance::prove(|| Moving::new(old.clone(), new.clone())).await;
}

/// While the second deployment runs: sessions begin in the old store by one process, and the other moves them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_of_both_steps_keep_every_promise_together() {
    for first in 0..2 {
        let (old, new) = (MemoryStore::new(), MemoryStore::new());
        let opened = AtomicUsize::new(first);
        let open = || match opened.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => Moving::prepare(old.clone(), new.clone()),
            _ => Moving::new(old.clone(), new.clone()),
        };
        conformance::prove_requests(open).await;
    }
}

#[test]
fn what_is_in_the_new_store_is_asked_of_it_alone() {
    let (old, new) = (Gauge::default(), Gauge::default());
    let (in_old, in_new) = (MemoryStore::new(), MemoryStore::new());
    let store = Moving::new(old.measure(in_old.clone()), new.measure(in_new));
    let record = record();
    assert_eq!(write(&in_old, &Operation::Create(record.clone())), Outcome::Applied);

    assert_eq!(load(&store), Some(record.clone()));
    assert_eq!((new.take(), old.take()), ((1, 0), (1, 0)), "found in the old one");
    assert_eq!(write(&store, &replace(1)), Outcome::Applied);
    let _the_move = (new.take(), old.take());
    assert_eq!(now(in_old.load(&record.id)).unwrap(), None, "it has moved");

    assert_eq!(load(&store).map(|record| record.version), Some(Version::new(2)));
    assert_eq!((new.take(), old.take()), ((1, 0), (0, 0)), "a read");
    assert_eq!(now(store.load_many(&[record.id, record.id])).unwrap().len(), 2);
    assert_eq!((new.take(), old.take()), ((2, 0), (0, 0)), "a read of several");
    assert_eq!(write(&store, &replace(2)), Outcome::Applied);
    assert_eq!((new.take(), old.take()), ((0, 1), (0, 0)), "a write");
    let begun = Record { id: Id::from_bytes([2; 16]), ..record };
    assert_eq!(write(&store, &Operation::Create(begun)), Outcome::Applied);
    assert_eq!((new.take(), old.take()), ((0, 1), (0, 0)), "a beginning");
}

/// A process dies at any of the calls of a move, before the store got it or after. The next one finds the session, and
/// what was answered is there.
#[test]
fn a_move_that_breaks_off_anywhere_loses_nothing() {
    let mut broken_off = 0;
    for (call, arrives) in (0..12).flat_map(|call| [(call, false), (call, true)]) {
        let house = House::default();
        house.begin();
        let dying = house.dying(call, arrives);
        let answer = now(dying.write(&replace(1)));
        broken_off += usize::from(answer.is_err());
        let next = house.moving();
        let found = load(&next).expect("the session is there");
        let least = if answer.is_ok() { 2 } else { 1 };
        assert!(found.version.get() >= least, "{call} {arrives}");
        assert_eq!(write(&next, &replace(found.version.get())), Outcome::Applied);
        assert_eq!(users(&next), 1);
        assert!(matches!(write(&next, &Operation::Delete(ID)), Outcome::Removed(_)));
        assert_eq!((load(&next), users(&next)), (None, 0));
    }
    assert!(broken_off > 8, "{broken_off}");
}

/// Two changes and an end, each of another process, in thousands of interleavings of their store calls.
#[test]
fn in_every_order_of_calls_one_change_wins_and_an_end_is_an_end() {
    let mut wins = HashMap::<_, usize>::new();
    for seed in 0..6_000_u64 {
        let house = House::default();
        house.begin();
        let (one, two, three) = (house.moving(), house.preparing(), house.moving());
        let ends = seed % 2 == 0;
        let last = if ends { Operation::Delete(ID) } else { replace(1) };
        let (a, b) = (replace(1), touch());
        let works = [one.write(&a).boxed(), two.write(&b).boxed(), three.write(&last).boxed()];
        let outcomes = interleave(works, seed);
        let left = load(&house.moving());
        if ends {
            assert!(matches!(outcomes[2], Outcome::Removed(_)), "seed {seed}: {outcomes:?}");
            assert_eq!(left, None, "seed {seed}: it came back");
            assert_eq!(users(&house.moving()), 0, "seed {seed}");
        } else {
            let changed = [&outcomes[0], &outcomes[2]];
            let won = changed.iter().filter(|outcome| ***outcome == Outcome::Applied).count();
            let version = left.expect("the session is there").version.get();
            assert_eq!(version, 1 + won as u64, "seed {seed}: an answered change is there");
            assert!(won <= 1, "seed {seed}: both changed the same version");
            assert_eq!(users(&house.moving()), 1, "seed {seed}");
        }
        *wins.entry((ends, outcomes[0] == Outcome::Applied)).or_default() += 1;
    }
    assert!(wins.len() == 4 && wins.values().all(|&count| count > 50), "{wins:?}");
}

/// Who looks while a session moves finds it, and finds it once.
#[test]
fn nobody_looks_past_a_session_that_moves() {
    for seed in 0..4_000_u64 {
        let house = House::default();
        house.begin();
        // Also one that stays in its store may get another id under the eyes of who looks.
        let mover = if seed % 4 < 2 { house.moving() } else { house.preparing() };
        let (reader, lister) = (house.preparing(), house.moving());
        let change = match seed % 2 {
            0 => replace(1),
            _ => Operation::Renew {
                version: Version::FIRST,
                next: Record { id: Id::from_bytes([3; 16]), ..version(2) },
                moved: Record { user: None, ..version(2) },
            },
        };
        let works: [Work<'_>; 3] = [
            Box::pin(async { mover.write(&change).await.map(|_| 1) }),
            Box::pin(async { Ok(usize::from(reader.load(&ID).await?.is_some())) }),
            Box::pin(async {
                let index = lister.user_index().expect("both have one");
                Ok(index.of_user(&ann(), MANY).await?.len())
            }),
        ];
        assert_eq!(interleave(works, seed), [1, 1, 1], "seed {seed}");
    }
}

/// Whoever moves all dies at any of its calls, before the store got it or after. The next one goes on, and what was there is
/// there once.
#[test]
fn to_move_all_may_break_off_anywhere() {
    let mut broken_off = 0;
    for (call, arrives) in (0..40).flat_map(|call| [(call, false), (call, true)]) {
        let house = House::default();
        house.begin();
        let others: Vec<_> =
            (10..13).map(|n| Record { id: Id::from_bytes([n; 16]), ..record() }).collect();
        for other in &others {
            assert_eq!(write(&house.old, &Operation::Create(other.clone())), Outcome::Applied);
        }
        let dying = house.dying(call, arrives);
        broken_off += usize::from(now(dying.carry_over(None, MANY, START)).is_err());
        // While it is dead, one of them goes on as a visitor's.
        let found = load(&house.preparing()).expect("the session is there");
        assert_eq!(write(&house.moving(), &replace(found.version.get())), Outcome::Applied);
        let left = now(house.moving().carry_over(None, MANY, START)).unwrap();
        assert_eq!((left.next, left.overtaken), (None, 0));
        assert_eq!(house.old.len(), 0, "{call} {arrives}");
        let expected: Vec<_> = others.into_iter().chain([version(2)]).map(Some).collect();
        let ids: Vec<_> = expected.iter().flatten().map(|record| record.id).collect();
        assert_eq!(now(house.new.load_many(&ids)).unwrap(), expected, "{call} {arrives}");
        assert_eq!(users(&house.new), 4, "{call} {arrives}");
    }
    assert!(broken_off > 30, "{broken_off}");
}

/// All is moved while others change and end the same session, in thousands of interleavings of their store calls.
#[test]
fn to_move_all_loses_no_change_and_undoes_no_end() {
    let mut moved = [0; 2];
    for seed in 0..6_000_u64 {
        let house = House::default();
        house.begin();
        let (mover, changer, other) = (house.moving(), house.preparing(), house.moving());
        let ends = seed % 2 == 0;
        let (change, last) = (replace(1), if ends { Operation::Delete(ID) } else { touch() });
        let works: [Work<'_, bool>; 3] = [
            Box::pin(async { Ok(mover.carry_over(None, MANY, START).await?.moved == 1) }),
            Box::pin(async { Ok(changer.write(&change).await? == Outcome::Applied) }),
            Box::pin(async { Ok(matches!(other.write(&last).await?, Outcome::Removed(_))) }),
        ];
        let done = interleave(works, seed);
        moved[usize::from(done[0])] += 1;
        // What was overtaken is for the next time.
        let _rest = now(house.moving().carry_over(None, MANY, START)).unwrap();
        assert_eq!(house.old.len(), 0, "seed {seed}");
        let left = load(&house.new);
        if ends {
            assert!(done[2] && left.is_none(), "seed {seed}: it came back");
        } else {
            let version = left.expect("the session is there").version.get();
            assert_eq!(version, 1 + u64::from(done[1]), "seed {seed}: an answered change is there");
            assert_eq!(users(&house.new), 1, "seed {seed}");
        }
    }
    assert!(moved.iter().all(|&count| count > 500), "{moved:?}");
}

#[test]
fn what_has_expired_or_cannot_be_read_is_not_moved() {
    let house = House::default();
    let with = |n: u8, text: &str| Record {
        id: Id::from_bytes([n; 16]),
        payload: Payload::from_text(text),
        ..record()
    };
    let newer = with(5, r#"{"format":7,"data":[]}"#);
    let records = [
        Record { expires_at: START, ..with(3, r#"{"format":1}"#) },
        with(4, "not ours"),
        newer.clone(),
        Record { payload: Payload::unreadable(), ..with(6, "") },
    ];
    for record in records {
        assert_eq!(write(&house.old, &Operation::Create(record)), Outcome::Applied);
    }
    let mut done = now(house.moving().carry_over(None, MANY, START)).unwrap();
    done.unreadable.sort();
    assert_eq!((done.moved, done.expired, done.overtaken), (1, 1, 0));
    assert_eq!(done.unreadable, [Id::from_bytes([4; 16]), Id::from_bytes([6; 16])]);
    assert_eq!(now(house.new.load(&newer.id)).unwrap(), Some(newer));
    assert_eq!((house.old.len(), house.new.len()), (3, 1));
}

/// Who walks over both stores while a session moves meets it.
#[test]
fn nobody_walks_past_a_session_that_moves() {
    for seed in 0..4_000_u64 {
        let house = House::default();
        house.begin();
        let (mover, walker, reader) = (house.moving(), house.preparing(), house.moving());
        let works: [Work<'_>; 3] = [
            Box::pin(async { mover.carry_over(None, MANY, START).await.map(|_| 1) }),
            Box::pin(async {
                let (mut next, mut met) = (None, false);
                loop {
                    let walk = walker.walk().expect("both have one");
                    let page = walk.page(next.as_ref(), MANY).await?;
                    met |= page.records.iter().any(|record| record.id == ID);
                    next = page.next;
                    if next.is_none() {
                        return Ok(usize::from(met));
                    }
                }
            }),
            Box::pin(async { Ok(usize::from(reader.load(&ID).await?.is_some())) }),
        ];
        assert_eq!(interleave(works, seed), [1, 1, 1], "seed {seed}");
    }
}

#[test]
fn the_sweep_goes_over_both_and_keeps_its_bound() {
    let house = House::default();
    for n in 0..6 {
        let record = Record { id: Id::from_bytes([n; 16]), ..record() };
        let operation = Operation::Create(record);
        let store = if n < 3 { &house.old } else { &house.new };
        assert_eq!(write(store, &operation), Outcome::Applied);
    }
    let limit = std::num::NonZeroU32::new(4).unwrap();
    let late = Timestamp::from_millis(1_000_001);
    let sweep = || now(house.moving().delete_expired(late, limit)).unwrap();
    assert_eq!((sweep(), sweep(), sweep()), (4, 2, 0));
}

type Work<'a, T = usize> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + 'a>>;

const ID: Id = Id::from_bytes([1; 16]);
const MANY: std::num::NonZeroU32 = std::num::NonZeroU32::new(100).unwrap();

/// When sessions are moved.
const START: Timestamp = Timestamp::from_millis(2);

fn ann() -> UserId {
    UserId::new("ann").unwrap()
}

fn record() -> Record {
    Record {
        id: ID,
        version: Version::FIRST,
        user: Some(ann()),
        created_at: Timestamp::from_millis(1),
        active_at: Timestamp::from_millis(1),
        expires_at: Timestamp::from_millis(1_000_000),
        payload: Payload::from_text(r#"{"format":1,"data":{"n":1}}"#),
    }
}

fn version(number: u64) -> Record {
    Record { version: Version::new(number), ..record() }
}

fn replace(from: u64) -> Operation {
    Operation::Replace { version: Version::new(from), next: version(from + 1) }
}

fn touch() -> Operation {
    let at = Timestamp::from_millis(5);
    Operation::Touch { id: ID, version: Version::FIRST, active_at: at, expires_at: at }
}

fn now<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

fn load(store: &impl Store) -> Option<Record> {
    now(store.load(&ID)).unwrap()
}

fn write(store: &impl Store, operation: &Operation) -> Outcome {
    now(store.write(operation)).unwrap()
}

fn users(store: &impl Store) -> usize {
    now(store.user_index().expect("both have one").of_user(&ann(), MANY)).unwrap().len()
}

/// Polls the works by turns that `seed` decides, each up to its next store call.
fn interleave<T, F>(works: [F; 3], seed: u64) -> Vec<T>
where
    F: Future<Output = Result<T, StoreError>> + Unpin,
{
    let mut works = works.map(Some);
    let mut answers = [None, None, None];
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    while answers.iter().any(Option::is_none) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let n = (random % 3) as usize;
        let Some(work) = &mut works[n] else { continue };
        if let Poll::Ready(answer) = Pin::new(work).poll(&mut Context::from_waker(Waker::noop())) {
            answers[n] = Some(answer.expect("memory does not fail"));
            works[n] = None;
        }
    }
    answers.into_iter().flatten().collect()
}

/// Both storages.
#[derive(Default)]
struct House {
    old: MemoryStore,
    new: MemoryStore,
}

impl House {
    /// A session in the old store.
    fn begin(&self) {
        assert_eq!(write(&self.old, &Operation::Create(record())), Outcome::Applied);
    }

    fn moving(&self) -> Moving<Faulty, Faulty> {
        Moving::new(Faulty(self.old.clone(), None), Faulty(self.new.clone(), None))
    }

    /// A process that dies at one of its calls, before the store got it or after.
    fn dying(&self, call: usize, arrives: bool) -> Moving<Faulty, Faulty> {
        let fault = Arc::new(Fault { left: AtomicUsize::new(call), arrives });
        let [old, new] =
            [&self.old, &self.new].map(|store| Faulty(store.clone(), Some(fault.clone())));
        Moving::new(old, new)
    }

    fn preparing(&self) -> Moving<Faulty, Faulty> {
        Moving::prepare(Faulty(self.old.clone(), None), Faulty(self.new.clone(), None))
    }
}
