//! Makes the sessions that a load uses, and checks that they are there.

use anyhow::{Context, Result, ensure};
use ureq::Agent;

use super::server::Server;
use crate::contract;

/// Seeds `count` sessions on `server`; returns their cookies as a browser would send them.
pub(super) fn seed(server: &Server, count: u32) -> Result<Vec<String>> {
    let agent = Agent::new_with_defaults();
    let url = format!("{}/seed", server.url);
    (0..count)
        .map(|_| seed_one(&agent, &url))
        .collect::<Result<_>>()
        .with_context(|| format!("cannot seed sessions on {}", server.system))
}

/// Fails unless every cookie still leads to its session.
pub(super) fn check(server: &Server, cookies: &[String]) -> Result<()> {
    let agent = Agent::new_with_defaults();
    let url = format!("{}/read", server.url);
    for cookie in cookies {
        let n = read_one(&agent, &url, cookie)
            .with_context(|| format!("cannot read a session of {}", server.system))?;
        ensure!(n > 0, "{} has lost a session", server.system);
    }
    Ok(())
}

fn seed_one(agent: &Agent, url: &str) -> Result<String> {
    let mut response = agent.get(url).call()?;
    response.body_mut().read_to_string()?;
    contract::kept(response.headers()).context("/seed sent no cookie")
}

fn read_one(agent: &Agent, url: &str, cookie: &str) -> Result<i64> {
    let mut response = agent.get(url).header("cookie", cookie).call()?;
    let text = response.body_mut().read_to_string()?;
    text.parse().with_context(|| format!("`{text}` is not a number"))
}
