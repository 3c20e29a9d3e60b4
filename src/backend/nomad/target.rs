//! A Nomad region that is to be watched, and the way to it.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::domain::{ClusterId, Name, Text};
use crate::reach::Tls;

/// One region: its alias, the way to it, and how that was come by.
#[derive(Clone)]
pub struct Target {
    /// Its alias.
    pub name: ClusterId,
    /// `http://127.0.0.1:4646`, `https://nomad.example:4646`, `unix:///run/nomad.sock`.
    pub address: String,
    /// Other servers of the same region: the next is asked where one does not answer.
    pub others: Vec<String>,
    /// Which region to ask for, where it is not that of the server.
    pub region: Option<Name>,
    /// Only these namespaces are watched; none: all that may be read.
    pub namespaces: Vec<Name>,
    /// By what it was found: `NOMAD_ADDR`, `configuration`.
    pub how: Text,
    /// Who asks.
    pub token: Token,
    /// Who asks a proxy in front of it (NOMAD_HTTP_AUTH).
    pub auth: Option<HttpAuth>,
    /// TLS towards it.
    pub tls: Tls,
    /// The Consul whose checks are those of what runs here, where one is named.
    pub consul: Option<Consul>,
    /// Nothing may be changed there.
    pub read_only: bool,
}

/// An agent of Consul, and the way to it.
#[derive(Debug, Clone)]
pub struct Consul {
    /// `http://127.0.0.1:8500`, `https://consul.example:8501`, `unix:///run/consul.sock`.
    pub address: String,
    /// Who asks.
    pub token: Token,
    /// TLS towards it.
    pub tls: Tls,
}

/// Whom a server takes us for.
#[derive(Clone, Default)]
pub enum Token {
    /// Nobody in particular.
    #[default]
    None,
    /// By this secret.
    Secret(SecretString),
    /// By what stands in this file, read at every connection: it may be renewed there.
    File(PathBuf),
}

/// A name and a password.
#[derive(Clone)]
pub struct HttpAuth {
    /// The name.
    pub user: String,
    /// The password; empty where none is given.
    pub password: SecretString,
}

impl HttpAuth {
    /// `name:password`, or a name alone (nomad: api/api.go, `DefaultConfig`).
    pub fn read(raw: &str) -> Self {
        let (user, password) = raw.split_once(':').unwrap_or((raw, ""));
        Self { user: user.to_owned(), password: password.to_owned().into() }
    }
}

impl Target {
    /// The same region by another of its servers, counted round.
    pub(super) fn at(&self, turn: usize) -> Self {
        let mut servers = std::iter::once(&self.address).chain(&self.others);
        let address = servers.nth(turn % (self.others.len() + 1)).unwrap_or(&self.address).clone();
        Self { address, ..self.clone() }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Token::None => "none",
            Token::Secret(_) => "a secret",
            Token::File(_) => "a file",
        })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} ({}, token: {:?})", self.name, self.address, self.how, self.token)
    }
}
