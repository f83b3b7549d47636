//! Where a user is signed in: seen from the outside, and ended from elsewhere.

use cloakroom::UserId;

use crate::support::Site;

on_every_store!(a_users_sessions_are_listed_with_address_and_browser);
on_every_store!(who_signs_out_everywhere_else_stays);
on_every_store!(of_ten_sign_ins_at_once_the_three_newest_stay);

fn ann() -> UserId {
    UserId::new("ann").unwrap()
}

async fn a_users_sessions_are_listed_with_address_and_browser(site: Site) {
    let mut phone = site.visitor().with_agent("Phone/1.0");
    let mut desk = site.turn(&site.visitor(), 1).with_agent("Desk/2.0");
    for visitor in [&mut phone, &mut desk] {
        visitor.visit("/sign-in?user=ann").await;
        visitor.visit("/update").await;
    }
    let list = site.sessions.of_user(&ann()).await.unwrap();
    let mut agents: Vec<_> = list.iter().filter_map(|info| info.user_agent.as_deref()).collect();
    agents.sort_unstable();
    assert_eq!(agents, ["Desk/2.0", "Phone/1.0"]);
    for info in &list {
        assert!(info.address.is_some_and(|address| address.is_loopback()), "{info:?}");
        assert_eq!(info.user, Some(ann()));
    }
    let of_phone = list.iter().find(|info| info.user_agent.as_deref() == Some("Phone/1.0"));
    assert!(site.sessions.revoke(of_phone.unwrap().id).await.unwrap());
    assert_eq!(phone.visit("/who").await.body, "nobody");
    assert_eq!(desk.visit("/who").await.body, "ann");
}

async fn who_signs_out_everywhere_else_stays(site: Site) {
    let mut visitors = Vec::new();
    for n in 0..4 {
        let mut visitor = site.turn(&site.visitor(), n);
        visitor.visit("/sign-in?user=ann").await;
        visitors.push(visitor);
    }
    let mut bob = site.visitor();
    bob.visit("/sign-in?user=bob").await;
    let agent = visitors.remove(2).with_agent("the one that stays");
    let mut stays = agent;
    stays.visit("/sign-in?user=ann").await;
    let list = site.sessions.of_user(&ann()).await.unwrap();
    let here = list.iter().find(|info| info.user_agent.is_some()).unwrap().id;
    assert_eq!(site.sessions.revoke_others(&ann(), here).await.unwrap(), 3);
    assert_eq!(stays.visit("/who").await.body, "ann");
    for visitor in &mut visitors {
        assert_eq!(visitor.visit("/who").await.body, "nobody");
    }
    assert_eq!(bob.visit("/who").await.body, "bob");
}

async fn of_ten_sign_ins_at_once_the_three_newest_stay(site: Site) {
    let tasks = (0..10).map(|n| {
        let mut visitor = site.turn(&site.visitor(), n);
        let sessions = site.sessions.clone();
        tokio::spawn(async move {
            visitor.visit("/sign-in?user=ann").await;
            sessions.keep_newest(&ann(), 3).await.unwrap();
            visitor
        })
    });
    let mut visitors = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        visitors.push(task.await.unwrap());
    }
    let mut signed_in = 0;
    for visitor in &mut visitors {
        signed_in += usize::from(visitor.visit("/who").await.body == "ann");
    }
    assert_eq!(signed_in, 3);
    assert_eq!(site.sessions.of_user(&ann()).await.unwrap().len(), 3);
}
