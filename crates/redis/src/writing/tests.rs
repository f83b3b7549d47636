//! Clients that die between the steps of a renewal in a cluster.

use std::future::Future;
use std::task::{Context, Waker};

use cloakroom_core::Store as _;

use super::*;
use crate::RedisStore;
use crate::link::Repeat;
use crate::testing::{on_cluster, record, renewal, replace};

/// How many steps a renewal takes when nothing comes between.
const STEPS: usize = 3;

/// A session, and a renewal of it that may be left half done.
struct Scene {
    store: RedisStore,
    old: Record,
    renew: Operation,
    next: Record,
    moved: Record,
}

impl Scene {
    async fn new() -> Self {
        let (store, old) = (on_cluster(), record(None));
        let outcome = store.write(&Operation::Create(old.clone())).await.unwrap();
        assert_eq!(outcome, Outcome::Applied);
        let (renew, next, moved) = renewal(&old);
        Self { store, old, renew, next, moved }
    }

    /// Takes so many steps of a write, then dies.
    async fn die_after(&self, steps: usize) {
        self.go_on(&mut Writing::new(&self.renew, Reach::Cluster), steps).await;
    }

    async fn go_on(&self, writing: &mut Writing<'_>, steps: usize) {
        let inner = self.store.inner();
        for _ in 0..steps {
            assert_eq!(writing.outcome(), None);
            let call = writing.call(&inner.names, inner.safe_age);
            writing.absorb(inner.link.one(&call, Repeat::Never).await).unwrap();
        }
    }

    async fn load(&self, id: Id) -> Option<Record> {
        self.store.load(&id).await.unwrap()
    }

    async fn write(&self, operation: &Operation) -> Outcome {
        self.store.write(operation).await.unwrap()
    }

    async fn text(&self, id: Id) -> String {
        let inner = self.store.inner();
        let get = Call::get(inner.names.session(&id));
        match inner.link.one(&get, Repeat::Once).await.unwrap() {
            Value::BulkString(text) => String::from_utf8(text).unwrap(),
            _ => String::new(),
        }
    }

    async fn life(&self, id: Id) -> i64 {
        let inner = self.store.inner();
        let ttl = Call::command("PTTL", vec![inner.names.session(&id)], vec![]);
        match inner.link.one(&ttl, Repeat::Once).await.unwrap() {
            Value::Int(life) => life,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_renewal_takes_three_steps() {
    let scene = Scene::new().await;
    let mut writing = Writing::new(&scene.renew, Reach::Cluster);
    scene.go_on(&mut writing, STEPS).await;
    assert_eq!(writing.outcome(), Some(&Outcome::Applied));
}

#[tokio::test]
async fn wherever_the_client_dies_exactly_one_id_leads_to_the_session() {
    for steps in 0..=STEPS {
        for new_first in [false, true] {
            let scene = Scene::new().await;
            scene.die_after(steps).await;
            let first = if new_first { scene.load(scene.next.id).await } else { None };
            let old = scene.load(scene.old.id).await;
            let new = scene.load(scene.next.id).await;
            if steps < 2 {
                assert_eq!((old.as_ref(), new), (Some(&scene.old), None));
            } else {
                assert_eq!((old.as_ref(), new.as_ref()), (Some(&scene.moved), Some(&scene.next)));
                assert!(scene.text(scene.next.id).await.starts_with("1 - "), "it is confirmed");
                assert!(scene.life(scene.next.id).await > 60_000, "with its true life");
            }
            assert_eq!(first.is_some(), new_first && steps >= 2);
        }
    }
}

#[tokio::test]
async fn what_was_only_prepared_goes_by_itself_and_is_in_nobodys_way() {
    let scene = Scene::new().await;
    scene.die_after(1).await;
    assert!((1..=60_000).contains(&scene.life(scene.next.id).await));
    // Nobody can do anything to it.
    let touch = Operation::Touch {
        id: scene.next.id,
        version: scene.next.version,
        active_at: scene.next.active_at,
        expires_at: scene.next.expires_at,
    };
    for operation in [touch, replace(&scene.next).0, renewal(&scene.next).0] {
        assert_eq!(scene.write(&operation).await, Outcome::Stale(None));
    }
    assert_eq!(scene.write(&Operation::Delete(scene.next.id)).await, Outcome::Stale(None));
    // The session is renewed again, by somebody who lives.
    let (again, second, _) = renewal(&scene.old);
    assert_eq!(scene.write(&again).await, Outcome::Applied);
    assert_eq!(scene.load(second.id).await, Some(second));
    assert_eq!(scene.load(scene.next.id).await, None);
}

#[tokio::test]
async fn a_commit_that_comes_too_late_leaves_nothing() {
    for end in [false, true] {
        let scene = Scene::new().await;
        let mut writing = Writing::new(&scene.renew, Reach::Cluster);
        scene.go_on(&mut writing, 1).await;
        let (change, changed) = replace(&scene.old);
        let change = if end { Operation::Delete(scene.old.id) } else { change };
        assert!(!matches!(scene.write(&change).await, Outcome::Stale(_)));
        scene.go_on(&mut writing, 2).await;
        let current = (!end).then_some(changed);
        assert_eq!(writing.outcome(), Some(&Outcome::Stale(current.clone())));
        assert_eq!(scene.text(scene.next.id).await, "", "what was prepared is taken back");
        assert_eq!(scene.load(scene.old.id).await, current);
    }
}

#[tokio::test]
async fn whoever_writes_next_finishes_the_renewal() {
    for way in 0..4 {
        let scene = Scene::new().await;
        scene.die_after(2).await;
        let operation = match way {
            0 => replace(&scene.next).0,
            1 => renewal(&scene.next).0,
            2 => Operation::Delete(scene.next.id),
            _ => Operation::Touch {
                id: scene.next.id,
                version: scene.next.version,
                active_at: scene.next.active_at,
                expires_at: scene.next.expires_at,
            },
        };
        let outcome = scene.write(&operation).await;
        let expected =
            if way == 2 { Outcome::Removed(scene.next.clone()) } else { Outcome::Applied };
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn a_late_confirmation_brings_nothing_back() {
    let scene = Scene::new().await;
    let mut writing = Writing::new(&scene.renew, Reach::Cluster);
    scene.go_on(&mut writing, 2).await;
    // A sign-out with the old id: it removes the pointer, then what that led to.
    let removed = scene.write(&Operation::Delete(scene.old.id)).await;
    assert_eq!(removed, Outcome::Removed(scene.moved.clone()));
    let removed = scene.write(&Operation::Delete(scene.next.id)).await;
    assert_eq!(removed, Outcome::Removed(scene.next.clone()));
    scene.go_on(&mut writing, 1).await;
    assert_eq!(writing.outcome(), Some(&Outcome::Applied), "it was renewed, then ended");
    assert_eq!((scene.load(scene.old.id).await, scene.load(scene.next.id).await), (None, None));
}

/// Dropped at every place where it may wait, as by a handler that is cut off.
#[tokio::test]
async fn a_renewal_that_is_dropped_anywhere_is_done_or_not_done() {
    let (mut done, mut not_done) = (0, 0);
    for polls in 0..60 {
        let scene = Scene::new().await;
        let mut renew = Box::pin(scene.store.write(&scene.renew));
        let mut finished = false;
        for _ in 0..polls {
            let mut context = Context::from_waker(Waker::noop());
            if renew.as_mut().poll(&mut context).is_ready() {
                finished = true;
                break;
            }
            tokio::time::sleep(std::time::Duration::from_micros(50)).await;
        }
        drop(renew);
        let old = scene.load(scene.old.id).await.expect("something is under the old id");
        let new = scene.load(scene.next.id).await;
        if old == scene.old {
            assert_eq!((new, finished), (None, false));
            not_done += 1;
        } else {
            assert_eq!((old, new), (scene.moved.clone(), Some(scene.next.clone())));
            done += 1;
        }
    }
    assert!(done > 0 && not_done > 0, "{done} and {not_done}");
}
