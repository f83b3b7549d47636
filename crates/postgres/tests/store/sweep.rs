//! Several processes sweep one table.

use std::time::Duration;

use cloakroom_core::{Operation, Record, Store as _};
use cloakroom_postgres::PostgresStore;

use crate::support::{NOW, fresh, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_sweep_at_once_and_each_row_is_swept_once() {
    let (store, url) = fresh().await;
    let of = |n: u64| {
        // A few minutes apart, around the instant of the sweep.
        let expires_at = NOW.plus(Duration::from_millis(n * 500));
        Operation::Create(Record { expires_at, ..record(n) })
    };
    for chunk in (0..2500).collect::<Vec<_>>().chunks(250) {
        let creates: Vec<_> = chunk.iter().map(|&n| of(n)).collect();
        let _ = store.write_many(&creates).await.unwrap();
    }
    let until = NOW.plus(Duration::from_millis(1999 * 500));
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = PostgresStore::connect(&url).await.unwrap();
        tasks.push(tokio::spawn(async move {
            let mut swept = 0;
            loop {
                let batch = store.delete_expired(until, 100.try_into().unwrap()).await.unwrap();
                swept += batch;
                if batch == 0 {
                    return swept;
                }
            }
        }));
    }
    let mut swept = 0;
    for task in tasks {
        swept += task.await.unwrap();
    }
    let ids: Vec<_> = (0..2500).map(|n| record(n).id).collect();
    let left = store.load_many(&ids).await.unwrap();
    assert_eq!(left.iter().position(Option::is_some), Some(2000));
    assert_eq!((swept, left.iter().flatten().count()), (2000, 500));
}
