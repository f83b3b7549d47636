//! A client for one command at a time, so that the servers need no driver.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Sends `command` by the inline protocol; returns the answer's texts, one a line.
pub(super) fn ask(port: u16, command: &str) -> Result<String> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    (&stream).write_all(format!("{command}\r\n").as_bytes())?;
    answer(&mut BufReader::new(stream))
}

fn answer(from: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).context("the server hung up")?;
    match kind {
        "+" | ":" => Ok(rest.to_owned()),
        "-" => bail!("{rest}"),
        "$" => {
            let Ok(length) = rest.parse::<usize>() else { return Ok(String::new()) };
            let mut text = vec![0; length + 2];
            from.read_exact(&mut text)?;
            text.truncate(length);
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        "*" => {
            let texts = (0..rest.parse().unwrap_or(0)).map(|_| answer(from));
            Ok(texts.collect::<Result<Vec<_>>>()?.join("\n"))
        }
        _ => bail!("not an answer: {line}"),
    }
}
