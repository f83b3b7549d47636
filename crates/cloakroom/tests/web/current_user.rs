//! The application's own user: loaded once a request and only where asked for; gone with the password that was changed.

use axum::http::StatusCode;
use cloakroom::{MemoryStore, Secret, Sessions, SessionsBuilder, Store as _, UserId};

use crate::apps::{App, Backstage, Framework};
use crate::support::{Site, secret};

on_every_store!(a_user_is_loaded_once_a_request_and_only_where_asked_for);
on_every_store!(a_changed_password_ends_the_other_sessions);
on_every_store!(a_user_who_is_gone_is_signed_out);
on_every_store!(data_of_another_user_stays_only_if_told_to);
on_every_framework!(the_hash_outlives_a_change_of_the_secret_and_is_not_the_passwords);

mod in_cookies {
    use super::*;

    on_every_cookie!(a_user_is_loaded_once_a_request_and_only_where_asked_for);
    on_every_cookie!(a_changed_password_ends_the_other_sessions);
    on_every_cookie!(a_user_who_is_gone_is_signed_out);
    on_every_cookie!(data_of_another_user_stays_only_if_told_to);
}

async fn open(site: Site) -> Site {
    for user in ["ann", "bob"] {
        site.backstage.users.set(user, "$argon2id$first");
    }
    site.serving(App::Users).await
}

async fn a_user_is_loaded_once_a_request_and_only_where_asked_for(site: Site) {
    let site = open(site).await;
    let users = &site.backstage.users;
    let mut visitor = site.visitor();
    assert_eq!(visitor.visit("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(visitor.visit("/maybe").await.body, "nobody false");
    visitor.visit("/sign-in?user=ann").await;
    visitor.visit("/plain").await;
    assert_eq!(users.loads(), 0);
    assert_eq!(site.turn(&visitor, 1).visit("/me").await.body, "ann");
    assert_eq!(users.loads(), 1);
    assert_eq!(visitor.visit("/maybe").await.body, "ann true");
    assert_eq!(users.loads(), 2);
}

async fn a_changed_password_ends_the_other_sessions(site: Site) {
    let site = open(site).await;
    let users = &site.backstage.users;
    let mut here = site.visitor();
    let mut there = site.turn(&site.visitor(), 1);
    let mut bob = site.visitor();
    here.visit("/sign-in?user=ann").await;
    there.visit("/sign-in?user=ann").await;
    bob.visit("/sign-in?user=bob").await;

    users.set("ann", "$argon2id$second");
    here.visit("/sign-in?user=ann").await;
    let before = there.clone();
    let answer = there.visit("/me").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.set_cookie().is_some_and(|line| line.contains("Max-Age=0")));
    assert_eq!(before.clone().visit("/maybe").await.body, "nobody false", "in the store too");
    assert_eq!(here.visit("/me").await.body, "ann");
    assert_eq!(bob.visit("/me").await.body, "bob");

    // Signed in without the hash is not signed in with it.
    let mut bare = site.visitor();
    bare.visit("/sign-in?user=ann&bare=true").await;
    assert_eq!(bare.visit("/me").await.status, StatusCode::UNAUTHORIZED);
}

async fn a_user_who_is_gone_is_signed_out(site: Site) {
    let site = open(site).await;
    let users = &site.backstage.users;
    let mut visitor = site.visitor();
    visitor.visit("/sign-in?user=ann").await;
    assert_eq!(visitor.visit("/maybe").await.body, "ann true");
    users.remove("ann");
    let copy = visitor.clone();
    assert_eq!(visitor.visit("/maybe").await.body, "nobody false");
    assert_eq!(visitor.cookie(), None);
    users.set("ann", "$argon2id$first");
    assert_eq!(copy.clone().visit("/maybe").await.body, "nobody false");
}

async fn data_of_another_user_stays_only_if_told_to(site: Site) {
    let site = open(site).await;
    for (path, kept) in [("/sign-in?user=bob", "bob 0"), ("/sign-in?user=bob&keep=true", "bob 1")] {
        let mut visitor = site.visitor();
        visitor.visit("/sign-in?user=ann").await;
        visitor.visit("/set?k=cart&v=hat").await;
        let ann = visitor.clone();
        visitor.visit(path).await;
        assert_eq!(visitor.visit("/me").await.body, "bob");
        assert_eq!(visitor.visit("/whose").await.body, kept, "{path}");
        assert_eq!(ann.clone().visit("/maybe").await.body, "nobody false", "the old token is dead");
    }
    if let Ok(list) = site.sessions.of_user(&UserId::new("bob").unwrap()).await {
        assert_eq!(list.len(), 2);
        assert_eq!(site.sessions.of_user(&UserId::new("ann").unwrap()).await.unwrap(), []);
    }
}

async fn the_hash_outlives_a_change_of_the_secret_and_is_not_the_passwords(framework: Framework) {
    let (store, backstage) = (MemoryStore::new(), Backstage::default());
    backstage.users.set("ann", "$argon2id$first");
    let old = Secret::new((0..40).collect::<Vec<u8>>()).unwrap();
    let serve = async |secrets: &[Secret]| {
        let builder =
            secrets.iter().cloned().fold(Sessions::builder(store.clone()), SessionsBuilder::secret);
        let sessions = builder.build().unwrap();
        (framework.serve_with(&App::Users, &sessions, &backstage).await, sessions)
    };
    let (before, _) = serve(std::slice::from_ref(&old)).await;
    let mut visitor = before.visitor();
    visitor.visit("/sign-in?user=ann").await;
    let (between, sessions) = serve(&[secret(), old]).await;
    let mut visitor = visitor.at(&between);
    assert_eq!(visitor.visit("/me").await.body, "ann");
    let (after, _) = serve(&[secret()]).await;
    let answer = visitor.at(&after).visit("/me").await;
    assert_eq!(answer.body, "ann", "both the token and the hash were made again");
    let list = sessions.of_user(&UserId::new("ann").unwrap()).await.unwrap();
    let id = list[0].id;
    let record = store.load(&id).await.unwrap().unwrap().payload;
    let record = record.as_str();
    assert!(!record.contains("argon2id"), "{record}");
    assert!(record.contains("\"auth\":"), "{record}");
}
