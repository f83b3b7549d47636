//! Listings that run against sign-ins, and an index that stays small.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cloakroom_core::{Operation, Outcome, Store as _, UserIndex as _};

use super::*;
use crate::RedisStore;
use crate::call::Call;
use crate::testing::{on_cluster, on_server, random, record, renewal, replace};

const ALL: NonZeroU32 = NonZeroU32::MAX;

fn user() -> UserId {
    UserId::from(random())
}

async fn applied(store: &RedisStore, operation: Operation) {
    assert_eq!(store.write(&operation).await.unwrap(), Outcome::Applied);
}

async fn entries(store: &RedisStore, user: &UserId) -> usize {
    let list = index::list(&store.inner().names, user);
    texts(store.inner().link.one(&list, Repeat::Once).await.unwrap()).len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_listing_never_hides_a_session_that_lives() {
    for store in [on_server(), on_cluster()] {
        let (ann, stop) = (user(), Arc::new(AtomicBool::new(false)));
        let listers: Vec<_> = (0..3)
            .map(|_| {
                let (store, ann, stop) = (store.clone(), ann.clone(), stop.clone());
                tokio::spawn(async move {
                    while !stop.load(Ordering::SeqCst) {
                        store.of_user(&ann, ALL).await.unwrap();
                    }
                })
            })
            .collect();
        let visitors: Vec<_> = (0..6)
            .map(|n| {
                let (store, ann) = (store.clone(), ann.clone());
                tokio::spawn(async move {
                    for round in 0..25 {
                        // Signs in by each of the ways that there are; is then found, until the sign-out.
                        let mut mine = record(Some(&ann));
                        match (n + round) % 3 {
                            0 => applied(&store, Operation::Create(mine.clone())).await,
                            1 => {
                                let anonymous = Record { user: None, ..mine.clone() };
                                applied(&store, Operation::Create(anonymous)).await;
                                let (sign_in, signed_in) = replace(&mine);
                                applied(&store, sign_in).await;
                                mine = signed_in;
                            }
                            _ => {
                                let anonymous = Record { user: None, ..mine };
                                applied(&store, Operation::Create(anonymous.clone())).await;
                                let old = Record { user: Some(ann.clone()), ..anonymous };
                                let (sign_in, signed_in, _) = renewal(&old);
                                applied(&store, sign_in).await;
                                mine = signed_in;
                            }
                        }
                        for _ in 0..2 {
                            let listed = store.of_user(&ann, ALL).await.unwrap();
                            assert!(listed.contains(&mine), "round {round} of {n}");
                        }
                        let _ = store.write(&Operation::Delete(mine.id)).await.unwrap();
                    }
                })
            })
            .collect();
        for visitor in visitors {
            visitor.await.unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        for lister in listers {
            lister.await.unwrap();
        }
        assert_eq!(store.of_user(&ann, ALL).await.unwrap(), []);
    }
}

/// Whoever signs out everywhere must meet each session, also one that moves just then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_is_renewed_while_it_is_listed_is_found() {
    for store in [on_server(), on_cluster()] {
        let ann = user();
        let mut mine = record(Some(&ann));
        applied(&store, Operation::Create(mine.clone())).await;
        let (renewing, began) = (store.clone(), mine.created_at);
        let listings = Arc::new(AtomicUsize::new(0));
        let counted = listings.clone();
        let renewals = tokio::spawn(async move {
            for _ in 0..150 {
                let (renew, next, _) = renewal(&mine);
                applied(&renewing, renew).await;
                mine = next;
                // A listing meets a move or two; to outrun it again and again takes no visitor.
                let before = counted.load(Ordering::SeqCst);
                while counted.load(Ordering::SeqCst) == before {
                    tokio::task::yield_now().await;
                }
            }
        });
        while !renewals.is_finished() {
            let listed = store.of_user(&ann, ALL).await.unwrap();
            assert!(listed.iter().any(|record| record.created_at == began));
            listings.fetch_add(1, Ordering::SeqCst);
        }
        renewals.await.unwrap();
        assert_eq!(store.of_user(&ann, ALL).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn entries_of_ended_sessions_go_but_not_at_once() {
    for mut store in [on_server(), on_cluster()] {
        let ann = user();
        for aged in [false, true] {
            let mine = record(Some(&ann));
            applied(&store, Operation::Create(mine.clone())).await;
            let _ = store.write(&Operation::Delete(mine.id)).await.unwrap();
            if aged {
                // Everything is old.
                store = store.with_safe_age(-1);
            }
            assert_eq!(store.of_user(&ann, ALL).await.unwrap(), []);
            assert_eq!(entries(&store, &ann).await, usize::from(!aged), "aged: {aged}");
        }
    }
}

#[tokio::test]
async fn an_index_stays_small_and_keeps_what_lives() {
    for store in [on_server(), on_cluster()] {
        let (store, ann) = (store.with_safe_age(-1), user());
        let mut living = Vec::new();
        for n in 0..150 {
            let mine = record(Some(&ann));
            applied(&store, Operation::Create(mine.clone())).await;
            if n < 20 {
                living.push(mine.id);
            } else {
                let _ = store.write(&Operation::Delete(mine.id)).await.unwrap();
            }
        }
        let left = entries(&store, &ann).await;
        assert!((20..60).contains(&left), "{left} entries for 20 sessions");
        let listed = store.of_user(&ann, ALL).await.unwrap();
        assert_eq!(listed.len(), living.len());
        assert!(listed.iter().all(|record| living.contains(&record.id)));
    }
}

#[tokio::test]
async fn an_index_goes_with_its_last_session() {
    let (store, ann) = (on_server(), user());
    let mine = record(Some(&ann));
    applied(&store, Operation::Create(mine.clone())).await;
    let inner = store.inner();
    let life = async |key| {
        let ttl = Call::command("PTTL", vec![key], vec![]);
        match inner.link.one(&ttl, Repeat::Once).await.unwrap() {
            redis::Value::Int(life) => life,
            other => panic!("{other:?}"),
        }
    };
    let session = life(inner.names.session(&mine.id)).await;
    let index = life(inner.names.user(&ann)).await;
    assert!(session <= 3_600_000 && index > session && index <= 7_200_000);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_its_entry() {
    let store = on_server().with_safe_age(-1);
    let ann = user();
    let mine = record(Some(&ann));
    applied(&store, Operation::Create(mine.clone())).await;
    let inner = store.inner();
    let spoil =
        Call::command("SET", vec![inner.names.session(&mine.id)], vec!["2 rubbish".to_owned()]);
    inner.link.one(&spoil, Repeat::Never).await.unwrap();
    assert_eq!(store.of_user(&ann, ALL).await.unwrap(), []);
    assert_eq!(entries(&store, &ann).await, 1);
}
