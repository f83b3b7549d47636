//! One command, by name or as a script, and what came back.

use cloakroom_core::{Id, Timestamp};
use redis::{Cmd, Value};

use crate::RedisError;
use crate::script::Script;
use crate::value::{self, Stored};

/// A command that can be sent again as another one, if the server has forgotten its script.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    name: Name,
    keys: Vec<String>,
    arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Command(&'static str),
    Script(&'static Script),
}

impl Call {
    pub(crate) fn get(key: String) -> Self {
        Self::command("GET", vec![key], vec![])
    }

    /// Writes a key that must not be there.
    pub(crate) fn create(key: String, value: String, life: i64) -> Self {
        let arguments = vec![value, "NX".to_owned(), "PX".to_owned(), life.to_string()];
        Self::command("SET", vec![key], arguments)
    }

    pub(crate) fn command(name: &'static str, keys: Vec<String>, arguments: Vec<String>) -> Self {
        Self { name: Name::Command(name), keys, arguments }
    }

    pub(crate) fn script(
        script: &'static Script,
        keys: Vec<String>,
        arguments: Vec<String>,
    ) -> Self {
        Self { name: Name::Script(script), keys, arguments }
    }

    /// The command as it is sent first: a script by its hash.
    pub(crate) fn short(&self) -> Cmd {
        match self.name {
            Name::Command(name) => self.build(&[name.as_bytes()], None),
            Name::Script(script) => {
                self.build(&[b"EVALSHA", script.hash.as_bytes()], Some(self.keys.len()))
            }
        }
    }

    /// The command with the whole script, which the server then remembers.
    pub(crate) fn long(&self) -> Cmd {
        match self.name {
            Name::Command(_) => self.short(),
            Name::Script(script) => {
                self.build(&[b"EVAL", script.text.as_bytes()], Some(self.keys.len()))
            }
        }
    }

    fn build(&self, start: &[&[u8]], keys: Option<usize>) -> Cmd {
        let texts = self.keys.iter().chain(&self.arguments);
        let size: usize = texts.clone().map(String::len).sum();
        let words = self.keys.len() + self.arguments.len() + 3;
        let mut cmd = Cmd::with_capacity(words, size + 64);
        for word in start {
            cmd.arg(*word);
        }
        if let Some(keys) = keys {
            cmd.arg(keys);
        }
        for text in texts {
            cmd.arg(text);
        }
        cmd
    }
}

/// What a call that writes a record answers.
#[derive(Debug)]
pub(crate) enum Reply {
    Applied,
    Nothing,
    Stale(Stored),
    Removed(Stored),
    /// The user's index must be told first.
    Index(Stored),
    /// The record belongs to a renewal of which nobody knows whether it happened.
    Prepared(Stored),
    /// What the record points to must be confirmed first.
    Pointer(Stored),
    /// The key holds something that is no record at all.
    Foreign,
}

impl Reply {
    pub(crate) fn read(id: Id, reply: Value) -> Result<Self, RedisError> {
        let unexpected = Err(RedisError::Unexpected { command: "a script" });
        let mut parts = match reply {
            Value::Nil => return Ok(Self::Nothing),
            Value::Int(1) | Value::Okay => return Ok(Self::Applied),
            Value::Array(parts) => parts.into_iter(),
            _ => return unexpected,
        };
        let Some(Value::BulkString(tag)) = parts.next() else { return unexpected };
        if tag == b"foreign" {
            return Ok(Self::Foreign);
        }
        let Some(Value::BulkString(value)) = parts.next() else { return unexpected };
        let stored = value::read(id, value);
        match &tag[..] {
            b"stale" => Ok(Self::Stale(stored)),
            b"removed" => Ok(Self::Removed(stored)),
            b"index" => Ok(Self::Index(stored)),
            b"prepared" => Ok(Self::Prepared(stored)),
            b"pointer" => Ok(Self::Pointer(stored)),
            _ => unexpected,
        }
    }
}

/// An instant as an argument.
pub(crate) fn millis(instant: Timestamp) -> String {
    instant.as_millis().to_string()
}
