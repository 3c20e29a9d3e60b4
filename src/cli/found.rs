//! Docker engines: by the command line, the configuration, and what is plainly there.

use std::path::PathBuf;
use std::sync::Arc;

use crate::backend::docker::{Discovery, Docker, Options, Wanted, discover};
use crate::config::{Cluster, Config, Way};
use crate::domain::{BackendKind, Text};
use crate::engine::Target;

use super::args::Common;
use super::failure::Failure;
use super::session::env;

/// Looks for engines. Nothing is asked of them yet.
pub fn find(common: &Common, config: &Config) -> Discovery {
    discover(&Options {
        flags: common.host.iter().map(|host| Wanted { host: Some(host.clone()), ..Wanted::default() }).collect(),
        configured: config.clusters.iter().map(wanted).collect(),
        env: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        home: directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
        runtime_dir: Some(runtime_dir()),
        root: PathBuf::new(),
        read_only: common.read_only || config.read_only,
    })
}

fn wanted(cluster: &Cluster) -> Wanted {
    let (host, context) = match &cluster.way {
        Way::Host(host) => (Some(host.clone()), None),
        Way::Context(context) => (None, Some(context.clone())),
    };
    Wanted {
        name: Some(cluster.name.to_string()),
        host,
        context,
        certificates: cluster.certificates.clone(),
        read_only: cluster.read_only,
    }
}

/// Where this user's sockets are.
fn runtime_dir() -> PathBuf {
    let usual = || PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
    env("XDG_RUNTIME_DIR").map_or_else(usual, PathBuf::from)
}

/// Makes the engines that were found ready to be watched.
///
/// # Errors
/// There is none; or the certificates of one cannot be read.
pub fn targets(found: &Discovery) -> Result<Vec<Target>, Failure> {
    if found.targets.is_empty() {
        return Err(none(found));
    }
    let target = |target: &crate::backend::docker::Target| {
        let docker = Docker::new(target.clone()).map_err(|why| {
            Failure::new(format!("the engine {} ({}) cannot be watched", target.name, target.endpoint))
                .why(why)
                .mend("`cockpit doctor` says what was found")
        })?;
        Ok(Target { cluster: target.name.clone(), kind: BackendKind::Docker, backend: Arc::clone(&docker) as _ })
    };
    found.targets.iter().map(target).collect()
}

fn none(found: &Discovery) -> Failure {
    let looked = found.looked.iter().map(|looked| format!("{} ({})", looked.place, looked.found));
    let mends = found.looked.iter().filter_map(|looked| looked.mend.as_ref().map(Text::to_string));
    let mend = mends.chain(["try `cockpit --demo`".to_owned()]).collect::<Vec<_>>().join("; or ");
    let looked = looked.collect::<Vec<_>>().join(", ");
    Failure::new("No Docker engine found").why(format!("looked at {looked}")).mend(mend)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::docker::Looked;

    #[test]
    fn where_no_engine_is_the_places_and_a_way_on_are_named() {
        let looked = |place: &str, found: &str, mend: Option<&str>| Looked {
            place: place.into(),
            found: found.into(),
            mend: mend.map(Text::new),
            used: false,
        };
        let places = vec![looked("DOCKER_HOST", "not set", None), looked("/run/d.sock", "refused", Some("use sudo"))];
        let found = Discovery { looked: places, ..Discovery::default() };
        let failure = targets(&found).err().expect("a failure");
        assert_eq!(
            failure.to_string(),
            "No Docker engine found: looked at DOCKER_HOST (not set), /run/d.sock (refused); \
             use sudo; or try `cockpit --demo`"
        );
        assert_eq!(failure.status, 1);
    }

    #[test]
    fn a_configured_cluster_is_asked_for_as_it_is_written() {
        let source = "[[cluster]]\nname = \"a\"\nbackend = \"docker\"\nhost = \"unix:///a.sock\"\nread_only = true\n";
        let config = crate::config::parse(source, std::path::Path::new("c"), &crate::config::Words::default());
        let found = find(&Common::default(), &config.expect("valid"));
        assert_eq!(found.targets.len(), 1);
        assert_eq!((found.targets[0].name.as_str(), found.targets[0].read_only), ("a", true));
    }
}
