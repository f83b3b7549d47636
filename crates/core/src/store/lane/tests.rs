use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use super::*;

/// Answers a number with its double, as soon as it is let through; counts its trips.
struct Double {
    trips: AtomicUsize,
    gate: Semaphore,
}

#[derive(Debug, thiserror::Error)]
#[error("13")]
struct Unlucky;

impl Trip for Arc<Double> {
    type Request = u32;
    type Answer = u32;

    async fn one(&self, request: &u32) -> Result<u32, StoreError> {
        self.many(&[*request]).await.map(|answers| answers[0])
    }

    async fn many(&self, requests: &[u32]) -> Result<Vec<u32>, StoreError> {
        self.trips.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        if requests.contains(&13) {
            return Err(StoreError::new(Unlucky));
        }
        Ok(requests.iter().map(|n| n * 2).collect())
    }
}

fn lane() -> (Arc<Lane<Arc<Double>>>, Arc<Double>) {
    lane_for(1)
}

fn lane_for(enough: usize) -> (Arc<Lane<Arc<Double>>>, Arc<Double>) {
    let double = Arc::new(Double { trips: AtomicUsize::new(0), gate: Semaphore::new(0) });
    (Lane::new(double.clone(), enough), double)
}

type Call = tokio::task::JoinHandle<Result<u32, StoreError>>;

/// Starts calls one after another, each as far as it gets by itself.
async fn start(lane: &Arc<Lane<Arc<Double>>>, requests: &[u32]) -> Vec<Call> {
    let mut calls = Vec::new();
    for &request in requests {
        let lane = lane.clone();
        calls.push(tokio::spawn(async move { lane.call(request).await }));
        tokio::task::yield_now().await;
    }
    calls
}

#[tokio::test]
async fn a_lone_call_goes_straight_out() {
    let (lane, double) = lane();
    double.gate.add_permits(1);
    assert_eq!(lane.call(4).now_or_never().unwrap().unwrap(), 8);
}

#[tokio::test]
async fn calls_that_arrive_meanwhile_leave_together() {
    let (lane, double) = lane();
    let calls = start(&lane, &[1, 2, 3, 4]).await;
    double.gate.add_permits(2);
    for (call, expected) in calls.into_iter().zip([2, 4, 6, 8]) {
        assert_eq!(call.await.unwrap().unwrap(), expected);
    }
    assert_eq!(double.trips.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_few_go_side_by_side_and_the_others_wait_until_few_are_under_way() {
    let (lane, double) = lane_for(3);
    let trips = || double.trips.load(Ordering::SeqCst);
    let mut calls = start(&lane, &[1, 2, 3]).await;
    assert_eq!(trips(), 3, "nobody waits");
    calls.extend(start(&lane, &[4, 5, 6, 7]).await);
    assert_eq!(trips(), 3, "the others gather");
    double.gate.add_permits(1);
    assert_eq!(calls.remove(0).await.unwrap().unwrap(), 2);
    calls.extend(start(&lane, &[8]).await);
    assert_eq!(trips(), 4, "they left together, and who comes now meets more than enough");
    double.gate.add_permits(10);
    for (call, n) in calls.into_iter().zip(2..) {
        assert_eq!(call.await.unwrap().unwrap(), n * 2);
    }
    assert_eq!(trips(), 5);
    assert_eq!(lane.lock().under_way, 0);
}

#[tokio::test]
async fn a_batch_as_large_as_all_that_is_under_way_waits_for_nobody() {
    let (lane, double) = lane();
    let trips = || double.trips.load(Ordering::SeqCst);
    let mut calls = start(&lane, &[0]).await;
    for (size, trip) in [(FULL_BATCH, 2), (FULL_BATCH + 1, 3), (2 * (FULL_BATCH + 1), 4)] {
        calls.extend(start(&lane, &vec![1; size - 1]).await);
        assert_eq!(trips(), trip - 1, "they gather");
        calls.extend(start(&lane, &[1]).await);
        assert_eq!(trips(), trip, "the last one makes it full");
    }
    double.gate.add_permits(4);
    for (call, n) in calls.into_iter().zip([0].into_iter().chain(std::iter::repeat(1))) {
        assert_eq!(call.await.unwrap().unwrap(), n * 2);
    }
    assert_eq!(lane.lock().under_way, 0);
}

/// Two calls came back, and the first of them gave its turn to `2`, which has not run since; then came `3`.
macro_rules! between_turn_and_departure {
    ($lane:ident, $double:ident, $two:ident, $three:ident) => {
        let ($lane, $double) = lane_for(4);
        let mut others = [1, 1, 1, 1].map(|n| Box::pin($lane.call(n)));
        let mut $two = Box::pin($lane.call(2));
        for call in &mut others {
            assert!(call.now_or_never().is_none());
        }
        assert!((&mut $two).now_or_never().is_none());
        $double.gate.add_permits(2);
        for call in &mut others[..2] {
            assert!(call.now_or_never().is_some());
        }
        let mut $three = Box::pin($lane.call(3));
        assert!((&mut $three).now_or_never().is_none());
        assert_eq!($double.trips.load(Ordering::SeqCst), 4, "it gathers");
    };
}

#[tokio::test]
async fn who_comes_before_a_batch_leaves_comes_along() {
    between_turn_and_departure!(lane, double, two, three);
    double.gate.add_permits(3);
    assert_eq!(two.await.unwrap(), 4);
    assert_eq!(three.now_or_never().unwrap().unwrap(), 6);
    assert_eq!(double.trips.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn who_goes_away_before_its_batch_leaves_gives_its_turn_to_the_next() {
    between_turn_and_departure!(lane, double, two, three);
    drop(two);
    double.gate.add_permits(3);
    assert_eq!(three.now_or_never().unwrap().unwrap(), 6);
    assert_eq!(lane.lock().under_way, 2);
}

#[tokio::test]
async fn a_batch_that_fails_fails_each_of_its_callers_and_nobody_else() {
    let (lane, double) = lane();
    let calls = start(&lane, &[1, 13, 3]).await;
    double.gate.add_permits(3);
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap().map_err(|error| error.to_string()));
    }
    assert_eq!(answers, [Ok(2), Err("13".into()), Err("13".into())]);
    assert_eq!(lane.call(5).await.unwrap(), 10);
}

#[tokio::test]
async fn one_caller_that_goes_away_takes_nobody_with_it() {
    for gone in 0..3 {
        let (lane, double) = lane();
        let mut calls = start(&lane, &[1, 2, 3]).await;
        calls.remove(gone).abort();
        tokio::task::yield_now().await;
        double.gate.add_permits(3);
        for call in calls {
            assert!(call.await.unwrap().is_ok());
        }
        assert_eq!(lane.call(5).await.unwrap(), 10);
    }
}

#[tokio::test]
async fn a_batch_whose_callers_all_go_away_leaves_the_lane_free() {
    let (lane, double) = lane();
    let calls = start(&lane, &[1, 2, 3]).await;
    double.gate.add_permits(1);
    tokio::task::yield_now().await;
    calls.iter().for_each(Call::abort);
    for call in calls {
        let _ = call.await;
    }
    double.gate.add_permits(10);
    assert_eq!(lane.call(5).await.unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_of_many_threads_gets_its_own_answer() {
    let (lane, double) = lane();
    double.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    let calls: Vec<_> = (20..2_020)
        .map(|n: u32| {
            let lane = lane.clone();
            tokio::spawn(async move {
                // Every seventh caller loses patience, sometimes in the middle of a batch.
                let hasty = n.is_multiple_of(7);
                let patience = if hasty { Duration::from_micros(5) } else { Duration::MAX };
                (n, tokio::time::timeout(patience, lane.call(n)).await)
            })
        })
        .collect();
    for call in calls {
        if let (n, Ok(answer)) = call.await.unwrap() {
            assert_eq!(answer.unwrap(), n * 2);
        }
    }
}
