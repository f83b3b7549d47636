//! Makes load with wrk.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::command::{self, check_installed};

/// Sends each cookie in turn, whichever connection is free. Cookies in responses are not looked at.
const ROTATION: &str = "
local requests, last = {}, 0

function init()
  for i, cookie in ipairs(cookies) do
    requests[i] = wrk.format(nil, nil, { Cookie = cookie })
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
";

/// Which cookies a load sends.
#[derive(Debug)]
pub(crate) enum Cookies {
    /// Always the same one: needs no Lua.
    One(String),
    /// All of them in turn, by a Lua script.
    Rotated(PathBuf),
}

impl Cookies {
    /// Sends `cookies`; a script that needs to be written goes to `script`.
    pub(crate) fn new(cookies: &[String], script: PathBuf) -> Result<Self> {
        if let [cookie] = cookies {
            return Ok(Self::One(format!("Cookie: {cookie}")));
        }
        fs::write(&script, rotation(cookies))
            .with_context(|| format!("cannot write {}", script.display()))?;
        Ok(Self::Rotated(script))
    }
}

/// What wrk says of one load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) requests_per_second: f64,
    /// Responses outside 2xx and 3xx, and socket errors.
    pub(crate) errors: u64,
}

/// Fails with advice unless wrk is there.
pub(crate) fn check() -> Result<()> {
    check_installed("wrk", "wrk")
}

/// Requests `url` for some seconds over so many connections.
pub(crate) fn run(connections: u32, seconds: u32, url: &str, cookies: &Cookies) -> Result<Outcome> {
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")]);
    match cookies {
        Cookies::One(header) => wrk.args(["--header", header]),
        Cookies::Rotated(script) => wrk.arg("--script").arg::<&Path>(script),
    };
    let text = command::run(wrk.arg(url))?.stdout;
    outcome(&text).with_context(|| format!("cannot read what wrk printed:\n{text}"))
}

fn rotation(cookies: &[String]) -> String {
    let mut script = "local cookies = {\n".to_owned();
    for cookie in cookies {
        let _ = writeln!(script, "  [==[{cookie}]==],");
    }
    script + "}\n" + ROTATION
}

fn outcome(text: &str) -> Option<Outcome> {
    let mut requests = None;
    let mut requests_per_second = None;
    let mut errors = 0;
    for line in text.lines().map(str::trim) {
        if let Some(value) = line.strip_prefix("Requests/sec:") {
            requests_per_second = Some(value.trim().parse().ok()?);
        } else if let Some(value) = line.strip_prefix("Non-2xx or 3xx responses:") {
            errors += value.trim().parse::<u64>().ok()?;
        } else if let Some(kinds) = line.strip_prefix("Socket errors:") {
            for kind in kinds.split(',') {
                errors += kind.split_whitespace().last()?.parse::<u64>().ok()?;
            }
        } else if let Some((value, _)) = line.split_once(" requests in ") {
            requests = Some(value.parse().ok()?);
        }
    }
    Some(Outcome { requests: requests?, requests_per_second: requests_per_second?, errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrks_summary_is_read() {
        let text = "Running 2s test @ http://127.0.0.1:1/read
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.07ms  402.13us   9.68ms   87.32%
  118446 requests in 2.00s, 15.48MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 40
Requests/sec:  59151.25
Transfer/sec:      7.73MB
";
        assert_eq!(
            outcome(text),
            Some(Outcome { requests: 118_446, requests_per_second: 59_151.25, errors: 43 })
        );
    }

    #[test]
    fn rubbish_is_not_an_outcome() {
        assert_eq!(outcome("unable to connect"), None);
    }

    #[test]
    fn the_script_names_every_cookie() {
        let script = rotation(&["id=a".to_owned(), "id=b".to_owned()]);
        assert!(script.starts_with("local cookies = {\n  [==[id=a]==],\n  [==[id=b]==],\n}\n"));
    }
}
