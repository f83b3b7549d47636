//! Visitors who share a server, a store and even a connection never see each other's sessions.

use futures_util::future::join_all;

use crate::support::Site;

on_every_store!(two_users_on_one_connection_see_their_own_data);
on_every_store!(a_crowd_at_once_sees_its_own_data);

async fn two_users_on_one_connection_see_their_own_data(site: Site) {
    let mut ann = site.visitor().on_one_connection().await;
    let mut ben = ann.stranger();
    let nobody = ann.stranger();
    ann.visit("/login?user=ann").await;
    for _ in 0..20 {
        ben.visit("/login?user=ben").await;
        ann.visit("/update").await;
        assert_eq!(nobody.data().await, serde_json::json!({}));
        assert_eq!(ann.data().await["user"], "ann");
        assert_eq!(ben.data().await["user"], "ben");
    }
    assert_eq!(ann.data().await["n"], 20);
    assert_eq!(ben.data().await["n"], serde_json::Value::Null);
}

async fn a_crowd_at_once_sees_its_own_data(site: Site) {
    let crowd = (0..50).map(|n| {
        let mut visitor = site.turn(&site.visitor(), n);
        tokio::spawn(async move {
            let name = format!("user{n}");
            visitor.visit(&format!("/login?user={name}")).await;
            for round in 0..5 {
                visitor.visit(&format!("/set?k=round&v={name}.{round}")).await;
                let data = visitor.data().await;
                assert_eq!(data["user"], name);
                assert_eq!(data["round"], format!("{name}.{round}"));
            }
        })
    });
    for visitor in join_all(crowd.collect::<Vec<_>>()).await {
        visitor.unwrap();
    }
}
