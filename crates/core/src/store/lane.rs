//! Natural batching: while a call is under way, others gather and leave together as one.
//!
//! While little is under way a call goes straight out, on its caller's own task: no queue, no task, no timer.
//! Once more is under way, calls gather, and whoever finishes gives its turn to the first of them. That one drives: when
//! it gets to run, it takes along all who have gathered by then, and hands each its answer: each is woken once. Who makes
//! a batch as large as all that is under way drives it at once, so that store and application both have work.
//!
//! A driver that goes away hands the wheel to the next, so one caller takes nobody with it. A caller must go on polling
//! its call, as every runtime does: like a lock's guard, a call that is held and not polled holds up those behind it.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_channel::oneshot;

use crate::StoreError;

/// How a lane reaches its store.
pub(super) trait Trip: Send + Sync + 'static {
    type Request: Send + 'static;
    type Answer: Send + 'static;

    fn one(
        &self,
        request: &Self::Request,
    ) -> impl Future<Output = Result<Self::Answer, StoreError>> + Send;

    fn many(
        &self,
        requests: &[Self::Request],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// Most calls that leave together.
const LARGEST_BATCH: usize = 256;

/// Fewest calls that leave together while others are under way.
const FULL_BATCH: usize = 16;

pub(super) struct Lane<T: Trip> {
    trip: T,
    /// With so many calls under way the next ones gather.
    enough: usize,
    state: Mutex<State<T>>,
}

struct State<T: Trip> {
    /// Calls, alone or in batches.
    under_way: usize,
    /// Somebody has the turn and has not left yet.
    boarding: bool,
    gathered: VecDeque<Waiting<T>>,
}

struct Waiting<T: Trip> {
    request: T::Request,
    seat: oneshot::Sender<Seat<T>>,
}

/// What a caller that waits is told.
enum Seat<T: Trip> {
    Answer(Result<T::Answer, StoreError>),
    /// It is its turn; here is its request again.
    Turn(Turn<T>, T::Request),
    /// The driver went away: now it drives.
    Wheel(Ride<T>),
}

type Batch<T> = Pin<Box<dyn Future<Output = Answers<T>> + Send>>;
type Answers<T> = Result<Vec<<T as Trip>::Answer>, StoreError>;

/// The call went away before it was sent: its batch was dropped.
#[derive(Debug, thiserror::Error)]
#[error("the store call was dropped before it was answered")]
struct Dropped;

impl<T: Trip> Lane<T> {
    pub(super) fn new(trip: T, enough: usize) -> Arc<Self> {
        let state = Mutex::new(State { under_way: 0, boarding: false, gathered: VecDeque::new() });
        Arc::new(Self { trip, enough, state })
    }

    pub(super) async fn call(
        self: &Arc<Self>,
        request: T::Request,
    ) -> Result<T::Answer, StoreError> {
        match self.enter(request) {
            Entered::First(request) => {
                let _turn = Turn { lane: self.clone(), calls: 1, boarding: false };
                self.trip.one(&request).await
            }
            Entered::Last(request) => {
                let turn = Turn { lane: self.clone(), calls: 1, boarding: true };
                turn.leave(request).await
            }
            Entered::Later(seat) => match seat.await.map_err(|_| StoreError::new(Dropped))? {
                Seat::Answer(answer) => answer,
                Seat::Turn(turn, request) => turn.leave(request).await,
                Seat::Wheel(ride) => ride.await,
            },
        }
    }

    fn enter(&self, request: T::Request) -> Entered<T> {
        let mut state = self.lock();
        let (under_way, gathered) = (state.under_way, state.gathered.len());
        // Who has gathered goes first.
        let alone = under_way < self.enough && gathered == 0;
        let full = gathered + 1 >= FULL_BATCH.max(under_way);
        if state.boarding || !(alone || full) {
            let (sender, seat) = oneshot::channel();
            state.gathered.push_back(Waiting { request, seat: sender });
            return Entered::Later(seat);
        }
        state.under_way += 1;
        state.boarding = !alone;
        if alone { Entered::First(request) } else { Entered::Last(request) }
    }

    /// Notes that so many calls have come back, and gives the turn to the first who waits.
    fn next(self: &Arc<Self>, back: usize, boarding: bool) {
        let mut state = self.lock();
        state.under_way -= back;
        state.boarding &= !boarding;
        if state.under_way >= self.enough || state.boarding {
            return;
        }
        let first = loop {
            match state.gathered.pop_front() {
                Some(waiting) if waiting.seat.is_canceled() => {}
                Some(waiting) => break waiting,
                None => return,
            }
        };
        state.under_way += 1;
        state.boarding = true;
        drop(state);
        let turn = Turn { lane: self.clone(), calls: 1, boarding: true };
        // A caller that goes away at this very moment drops its turn.
        drop(first.seat.send(Seat::Turn(turn, first.request)));
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Entered<T: Trip> {
    /// Goes alone.
    First(T::Request),
    /// Fills a batch, and drives it.
    Last(T::Request),
    Later(oneshot::Receiver<Seat<T>>),
}

/// A batch on its way. Whoever holds it drives it.
struct Ride<T: Trip> {
    /// Some until it has arrived or nobody is left.
    batch: Option<Batch<T>>,
    /// The place of the caller that drives.
    driver: usize,
    /// The others, by place; those before the driver have gone.
    seats: Vec<Option<oneshot::Sender<Seat<T>>>>,
}

impl<T: Trip> Ride<T> {
    /// Gives the wheel to the next caller who is still there. Without one the batch is dropped.
    fn pass_on(mut self) {
        while let Some(place) = self.seats.iter().position(Option::is_some) {
            let Some(seat) = self.seats[place].take() else { return };
            self.driver = place;
            match seat.send(Seat::Wheel(self)) {
                Err(Seat::Wheel(ride)) => self = ride,
                _ => return,
            }
        }
        self.batch = None;
    }
}

impl<T: Trip> Future for Ride<T> {
    type Output = Result<T::Answer, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(batch) = &mut self.batch else {
            return Poll::Ready(Err(StoreError::new(Dropped)));
        };
        let answers = ready!(batch.as_mut().poll(context));
        self.batch = None;
        let driver = self.driver;
        let seats = std::mem::take(&mut self.seats).into_iter();
        let mut own = None;
        match answers {
            Ok(answers) => {
                for ((place, seat), answer) in seats.enumerate().zip(answers) {
                    match seat {
                        // A caller that has gone leaves its place empty.
                        Some(seat) => drop(seat.send(Seat::Answer(Ok(answer)))),
                        None if place == driver => own = Some(Ok(answer)),
                        None => {}
                    }
                }
            }
            Err(error) => {
                for seat in seats.flatten() {
                    drop(seat.send(Seat::Answer(Err(error.clone()))));
                }
                own = Some(Err(error));
            }
        }
        Poll::Ready(own.unwrap_or_else(|| Err(StoreError::new(Dropped))))
    }
}

impl<T: Trip> Drop for Ride<T> {
    fn drop(&mut self) {
        if self.batch.is_some() {
            let (batch, seats) = (self.batch.take(), std::mem::take(&mut self.seats));
            Self { batch, driver: self.driver, seats }.pass_on();
        }
    }
}

/// The right to be under way. Passes on when dropped: after the call, or with a caller that went away.
struct Turn<T: Trip> {
    lane: Arc<Lane<T>>,
    calls: usize,
    /// It has not left yet.
    boarding: bool,
}

impl<T: Trip> Turn<T> {
    /// Leaves with all who have gathered.
    fn leave(mut self, request: T::Request) -> Ride<T> {
        let (mut requests, mut seats) = (vec![request], vec![None]);
        let mut state = self.lane.lock();
        (self.boarding, state.boarding) = (false, false);
        while requests.len() < LARGEST_BATCH
            && let Some(Waiting { request, seat }) = state.gathered.pop_front()
        {
            if !seat.is_canceled() {
                requests.push(request);
                seats.push(Some(seat));
            }
        }
        state.under_way += requests.len() - 1;
        self.calls = requests.len();
        drop(state);
        let batch: Batch<T> = Box::pin(async move {
            let answers = match &requests[..] {
                [request] => self.lane.trip.one(request).await.map(|answer| vec![answer]),
                requests => self.lane.trip.many(requests).await,
            };
            drop(self);
            answers
        });
        Ride { batch: Some(batch), driver: 0, seats }
    }
}

impl<T: Trip> Drop for Turn<T> {
    fn drop(&mut self) {
        self.lane.next(self.calls, self.boarding);
    }
}

impl<T: Trip> fmt::Debug for Lane<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
