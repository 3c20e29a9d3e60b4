//! The docker command's own contexts: `~/.docker/config.json` and `~/.docker/contexts`.
//!
//! Layout and field names as in docker/cli `cli/context/store`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::discover::Options;
use super::target::{Certificates, Endpoint};

/// Where the docker command keeps its configuration: `$DOCKER_CONFIG`, else `~/.docker`.
pub(super) fn config_dir(options: &Options) -> Option<PathBuf> {
    let set = options.env.get("DOCKER_CONFIG").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    set.or_else(|| options.home.as_ref().map(|home| home.join(".docker")))
}

/// The contexts of one configuration directory.
pub(super) struct Contexts {
    dir: Option<PathBuf>,
}

impl Contexts {
    pub(super) const fn new(dir: Option<PathBuf>) -> Self {
        Self { dir }
    }

    /// The name of the current context, where one is selected.
    pub(super) fn current(&self) -> Result<Option<String>, String> {
        let Some(path) = self.dir.as_ref().map(|dir| dir.join("config.json")) else { return Ok(None) };
        let config: Option<ConfigFile> = read_json(&path)?;
        Ok(config.and_then(|config| config.current_context).filter(|name| !name.is_empty()))
    }

    /// The names of all contexts for a Docker engine, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = self.dir.as_ref().and_then(|dir| std::fs::read_dir(dir.join("contexts/meta")).ok());
        let meta = |entry: std::fs::DirEntry| read_json::<Meta>(&entry.path().join("meta.json")).ok().flatten();
        let all = entries.into_iter().flatten().flatten().filter_map(meta);
        let mut names: Vec<String> = all.filter(|it| it.endpoints.docker.is_some()).map(|it| it.name).collect();
        names.sort_unstable();
        names
    }

    /// The address that a context stands for.
    pub(super) fn endpoint(&self, name: &str) -> Result<Endpoint, String> {
        let dir = self.dir.as_ref().ok_or("no home directory to look for contexts in")?;
        let (id, meta) = self.find(dir, name)?.ok_or_else(|| format!("no context is called `{name}`"))?;
        let docker = meta.endpoints.docker.ok_or_else(|| format!("context `{name}` is not for a Docker engine"))?;
        if docker.skip_tls_verify {
            return Err(format!(
                "context `{name}` skips the check of the engine's certificate, which is not done here"
            ));
        }
        let files = dir.join("contexts/tls").join(&id).join("docker");
        let certificates = files.is_dir().then(|| Certificates::in_dir(&files));
        Endpoint::parse(&docker.host, certificates).map_err(|bad| bad.to_string())
    }

    fn find(&self, dir: &Path, name: &str) -> Result<Option<(String, Meta)>, String> {
        let Ok(entries) = std::fs::read_dir(dir.join("contexts/meta")) else { return Ok(None) };
        for entry in entries.flatten() {
            let meta: Option<Meta> = match read_json(&entry.path().join("meta.json")) {
                Ok(meta) => meta,
                // Another context's broken file is no reason not to find this one.
                Err(_) => continue,
            };
            if let Some(meta) = meta.filter(|meta| meta.name == name) {
                return Ok(Some((entry.file_name().to_string_lossy().into_owned(), meta)));
            }
        }
        Ok(None)
    }
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, String> {
    let raw = match std::fs::read(path) {
        Ok(raw) => raw,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    serde_json::from_slice(&raw).map(Some).map_err(|error| format!("{}: {error}", path.display()))
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Deserialize, Default)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
struct DockerEndpoint {
    #[serde(rename = "Host", default)]
    host: String,
    #[serde(rename = "SkipTLSVerify", default)]
    skip_tls_verify: bool,
}
