//! Commits of one session that meet.

use super::support::*;

/// Holds back the write that `countdown` says, before it is applied.
#[derive(Clone)]
struct Held {
    store: MemoryStore,
    countdown: Arc<AtomicUsize>,
    gate: Arc<tokio::sync::Semaphore>,
}

impl Store for Held {
    type Error = MemoryFull;
    async fn load(&self, id: &Id) -> Result<Option<Record>, MemoryFull> {
        self.store.load(id).await
    }
    async fn write(&self, operation: &Operation) -> Result<Outcome, MemoryFull> {
        let left = self.countdown.load(Ordering::SeqCst);
        self.countdown.store(left.saturating_sub(1), Ordering::SeqCst);
        if left == 1 {
            self.gate.acquire().await.unwrap().forget();
        }
        self.store.write(operation).await
    }
    fn gathers(&self) -> bool {
        false
    }
}

type Boxed<T> = std::pin::Pin<Box<dyn std::future::Future<Output = T>>>;

fn poll<T>(future: &mut Boxed<T>) -> bool {
    future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())).is_ready()
}

/// Returns a request of `browser` that has its turn in the queue and is held in its second write.
async fn with_its_turn(store: &Held, browser: &mut Browser) -> Boxed<()> {
    let visit = browser.begin().await.unwrap();
    visit.session().set("a", &1).unwrap();
    browser.visit(|s| s.set("z", &1)).await.unwrap().unwrap();
    store.countdown.store(2, Ordering::SeqCst);
    let mut end: Boxed<()> =
        Box::pin(async move { drop(visit.end(StatusCode::OK).await.unwrap()) });
    assert!(!poll(&mut end));
    end
}

fn held() -> Held {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    Held { store: MemoryStore::new(), countdown: Arc::default(), gate }
}

#[tokio::test]
async fn a_stranger_does_not_wait_in_somebody_elses_queue() {
    let store = held();
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    let place = |id: Id| id.as_bytes()[15] % 64;
    let ours = place(browser.visit(Session::id).await.unwrap().unwrap());
    let stranger = loop {
        let mut stranger = started(&sessions).await;
        if place(stranger.visit(Session::id).await.unwrap().unwrap()) == ours {
            break stranger;
        }
    };
    let _busy = with_its_turn(&store, &mut browser).await;
    let visit = stranger.begin().await.unwrap();
    visit.session().set("n", &1).unwrap();
    let end = tokio::time::timeout(Duration::from_secs(1), visit.end(StatusCode::OK)).await;
    assert!(end.is_ok(), "a stranger's write waits for somebody else's slow write");
}

/// Leaves a record in the queue's slot: its next in line gave up just before its turn.
async fn leave_a_record(store: &Held, browser: &mut Browser) {
    let mut first = with_its_turn(store, browser).await;
    let gives_up = browser.begin().await.unwrap();
    gives_up.session().set("b", &1).unwrap();
    let mut save: Boxed<()> = Box::pin(async move { drop(gives_up.session().save().await) });
    assert!(!poll(&mut save));
    store.gate.add_permits(1);
    assert!(poll(&mut first));
    drop(save);
}

#[tokio::test]
async fn a_record_that_stayed_in_the_queue_loses_no_update() {
    let store = held();
    let (sessions, _) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    browser.visit(|s| s.set("n", &1)).await.unwrap().unwrap();
    leave_a_record(&store, &mut browser).await; // holds n = 1
    browser.visit(|s| s.set("n", &2)).await.unwrap().unwrap();
    let visit = browser.begin().await.unwrap();
    assert_eq!(visit.session().get::<i32>("n").unwrap(), Some(2));
    visit.session().set("n", &1).unwrap();
    browser.visit(|s| s.set("other", &1)).await.unwrap().unwrap();
    let _ = visit.end(StatusCode::OK).await.unwrap();
    assert_eq!(browser.visit(|s| s.get::<i32>("n")).await.unwrap().unwrap(), Some(1));
}

#[tokio::test]
async fn a_record_that_stayed_in_the_queue_ends_nothing() {
    let store = held();
    let (sessions, clock) = house(store.clone(), |b| b);
    let mut browser = started(&sessions).await;
    leave_a_record(&store, &mut browser).await;
    for _ in 0..4 {
        clock.advance(60 * MIN);
        assert!(browser.visit(|s| s.contains("user")).await.unwrap());
    }
    let visit = browser.begin().await.unwrap();
    visit.session().set("late", &1).unwrap();
    browser.visit(|s| s.set("other", &1)).await.unwrap().unwrap();
    assert_eq!(
        visit.session().save().await.unwrap(),
        Saved::Done,
        "alive, and told that it has ended"
    );
}
