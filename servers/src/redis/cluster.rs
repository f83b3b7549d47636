//! A Redis Cluster.

use anyhow::{Context as _, Result};

use super::{Program, Redis, RedisOptions};

/// The number of slots that keys fall into.
const SLOTS: usize = 16_384;

/// Masters that share the slots, and replicas of them in the same order.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts so many masters, of which the first ones have a replica each; waits until all agree.
    ///
    /// # Errors
    ///
    /// If a server does not start, or they do not find each other.
    pub fn start(masters: usize, replicas: usize) -> Result<Self> {
        let options = RedisOptions { program: Program::Cluster, ..RedisOptions::default() }
            .set("cluster-node-timeout", "2000")
            .set("cluster-require-full-coverage", "no");
        let nodes = (0..masters + replicas).map(|_| options.clone().start());
        let cluster = Self { nodes: nodes.collect::<Result<_>>()? };
        cluster.join(masters)?;
        Ok(cluster)
    }

    fn join(&self, masters: usize) -> Result<()> {
        let [first, others @ ..] = &self.nodes[..] else { return Ok(()) };
        for (n, master) in self.nodes[..masters].iter().enumerate() {
            let (from, to) = (n * SLOTS / masters, (n + 1) * SLOTS / masters - 1);
            master.ask(&format!("CLUSTER ADDSLOTSRANGE {from} {to}"))?;
            master.ask(&format!("CLUSTER SET-CONFIG-EPOCH {}", n + 1))?;
        }
        for other in others {
            first.ask(&format!("CLUSTER MEET 127.0.0.1 {}", other.port()))?;
        }
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        let agreed = |info: &str| info.contains("cluster_state:ok") && info.contains(&known);
        for node in &self.nodes {
            node.wait_for("CLUSTER INFO", |info| info.contains(&known))?;
        }
        for (master, replica) in self.nodes.iter().zip(&self.nodes[masters..]) {
            replica.ask(&format!("CLUSTER REPLICATE {}", master.ask("CLUSTER MYID")?))?;
        }
        for node in &self.nodes {
            node.wait_for("CLUSTER INFO", agreed)?;
            let whole = |slots: &str| !slots.is_empty() && ranges(slots) == masters;
            node.wait_for("CLUSTER SLOTS", whole)?;
        }
        for replica in &self.nodes[masters..] {
            replica.wait_for("INFO replication", |info| info.contains("master_link_status:up"))?;
        }
        Ok(())
    }

    /// Returns the addresses of all nodes.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// Returns a node: first come the masters.
    #[must_use]
    pub fn node(&self, place: usize) -> &Redis {
        &self.nodes[place]
    }

    /// Returns a node, to kill or hold it.
    #[must_use]
    pub fn node_mut(&mut self, place: usize) -> &mut Redis {
        &mut self.nodes[place]
    }

    /// Sends a command to the node that has its key; returns what came back, as text.
    ///
    /// # Errors
    ///
    /// If no node serves it.
    pub fn ask(&self, command: &str) -> Result<String> {
        let mut answers = self.nodes.iter().map(|node| node.ask(command));
        let moved = |answer: &Result<String>| {
            answer.as_ref().is_err_and(|error| error.to_string().starts_with("MOVED"))
        };
        answers.find(|answer| !moved(answer)).context("no node serves the key")?
    }
}

/// Counts the ranges that `CLUSTER SLOTS` told, each with its master's port.
fn ranges(slots: &str) -> usize {
    let numbers: Vec<usize> = slots.lines().filter_map(|line| line.parse().ok()).collect();
    numbers.windows(2).filter(|pair| pair[0] < pair[1] && pair[1] < SLOTS).count()
}
