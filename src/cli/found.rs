//! What there is to watch: by the command line, the configuration, and what is plainly there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::backend::Looked;
use crate::backend::docker::{self, Docker};
use crate::backend::kubernetes::{self, Kubernetes};
use crate::backend::nomad::{self, Nomad};
use crate::config::{Cluster, Config, Way, near_match};
use crate::domain::{BackendKind, ClusterId, Name, Text};
use crate::engine::Target;
use crate::reach::Tls;

use super::args::Common;
use super::failure::Failure;
use super::session::env;

/// What was found, and every place that was looked at.
#[derive(Debug, Default)]
pub struct Found {
    /// What is to be watched.
    pub watched: Vec<Watched>,
    /// Places looked at, in order.
    pub looked: Vec<Looked>,
    /// What is there and not watched.
    pub unwatched: Vec<Text>,
    /// The command line asks for what is not there.
    pub mistake: Option<Failure>,
}

/// One target that was found. Nothing is asked of it yet.
#[derive(Debug)]
pub enum Watched {
    /// A Docker engine.
    Docker(docker::Target),
    /// A Kubernetes cluster.
    Kubernetes(kubernetes::Target),
    /// A Nomad region.
    Nomad(Box<nomad::Target>),
}

impl Watched {
    /// Its alias.
    pub const fn name(&self) -> &ClusterId {
        match self {
            Watched::Docker(target) => &target.name,
            Watched::Kubernetes(target) => &target.name,
            Watched::Nomad(target) => &target.name,
        }
    }

    /// Makes it ready to be watched.
    ///
    /// # Errors
    /// The certificates of an engine cannot be read.
    fn ready(&self) -> Result<Target, Failure> {
        let cluster = self.name().clone();
        match self {
            Watched::Docker(target) => {
                let docker = Docker::new(target.clone()).map_err(|why| {
                    Failure::new(format!("the engine {} ({}) cannot be watched", target.name, target.endpoint))
                        .why(why)
                        .mend("`cockpit doctor` says what was found")
                })?;
                Ok(Target { cluster, kind: BackendKind::Docker, backend: docker as _, beside: Vec::new() })
            }
            Watched::Kubernetes(target) => {
                let backend = Kubernetes::new(target.clone());
                Ok(Target { cluster, kind: BackendKind::Kubernetes, backend: backend as Arc<_>, beside: Vec::new() })
            }
            Watched::Nomad(target) => {
                let backend = Nomad::new((**target).clone());
                Ok(Target { cluster, kind: BackendKind::Nomad, backend: backend as Arc<_>, beside: Vec::new() })
            }
        }
    }
}

/// Looks for what there is to watch. What the command line names goes before the configuration, and that before what is
/// plainly there; of either backend nothing is looked for where only the other is named.
pub fn find(common: &Common, config: &Config) -> Found {
    let flags = [
        (BackendKind::Docker, common.host.is_some()),
        (BackendKind::Kubernetes, !common.context.is_empty() || common.kubeconfig.is_some()),
        (BackendKind::Nomad, common.nomad.is_some()),
    ];
    let named: Vec<BackendKind> = match flags.iter().any(|(_, named)| *named) {
        true => flags.iter().filter(|(_, named)| *named).map(|(kind, _)| *kind).collect(),
        false => config.clusters.iter().map(|cluster| cluster.backend).collect(),
    };
    let wanted = |kind| named.is_empty() || named.contains(&kind);
    let env = environment();
    let mut docker = match wanted(BackendKind::Docker) {
        true => docker::discover(&engines(common, config, env.clone())),
        false => docker::Discovery::default(),
    };
    let taken = docker.targets.iter().map(|target| target.name.clone()).collect();
    let kubernetes = match wanted(BackendKind::Kubernetes) {
        true => kubernetes::discover(&contexts(common, config, env.clone(), taken)),
        false => kubernetes::Discovery::default(),
    };
    let engines = docker.targets.iter().map(|target| target.name.clone());
    let taken = engines.chain(kubernetes.targets.iter().map(|target| target.name.clone())).collect();
    let nomad = match wanted(BackendKind::Nomad) {
        true => nomad::discover(&regions(common, config, env, taken)),
        false => nomad::Discovery::default(),
    };
    if named.is_empty() && !(kubernetes.targets.is_empty() && nomad.targets.is_empty()) {
        leave_refused(&mut docker);
    }
    let by_flag = flags.iter().any(|(_, named)| *named);
    join(docker, kubernetes, nomad, by_flag.then_some(common))
}

/// Contexts of the kubeconfig, for a command line that is being typed. Nothing is run, and nobody is asked.
pub fn known_contexts(common: &Common) -> Vec<String> {
    let common = Common { context: Vec::new(), ..common.clone() };
    let options = contexts(&common, &Config::default(), environment(), Vec::new());
    kubernetes::discover(&options).contexts.into_iter().map(|context| context.name).collect()
}

/// Addresses of the engines that the docker command knows.
pub fn known_engines(common: &Common) -> Vec<String> {
    docker::addresses(&engines(common, &Config::default(), environment()))
}

/// A socket that this user may not use is trouble where there is nothing else; beside a cluster it is somebody else's.
fn leave_refused(docker: &mut docker::Discovery) {
    let Some(refused) = docker.looked.iter_mut().find(|looked| looked.used && looked.mend.is_some()) else { return };
    (refused.used, refused.mend) = (false, None);
    docker.unwatched.push(Text::from(format!("{} ({})", refused.place, refused.found)));
    docker.targets.clear();
}

fn join(
    docker: docker::Discovery,
    kubernetes: kubernetes::Discovery,
    nomad: nomad::Discovery,
    flags: Option<&Common>,
) -> Found {
    let looked: Vec<Looked> = docker.looked.into_iter().chain(kubernetes.looked).chain(nomad.looked).collect();
    let names: Vec<&str> = kubernetes.contexts.iter().map(|context| context.name.as_str()).collect();
    let mistake = flags.and_then(|common| mistake(common, &looked, &names));
    // What was meant to be watched and is written wrong is not watched either.
    let wrong = looked.iter().filter(|it| !it.used && it.mend.is_some());
    let wrong: Vec<Text> = wrong.map(|it| Text::from(format!("{} ({})", it.place, it.found))).collect();
    let engines = docker.targets.into_iter().map(Watched::Docker);
    let clusters = kubernetes.targets.into_iter().map(Watched::Kubernetes);
    Found {
        watched: engines
            .chain(clusters)
            .chain(nomad.targets.into_iter().map(|target| Watched::Nomad(Box::new(target))))
            .collect(),
        looked,
        unwatched: docker.unwatched.into_iter().chain(kubernetes.unwatched).chain(wrong).collect(),
        mistake,
    }
}

/// What the command line asks for and is not there.
fn mistake(common: &Common, looked: &[Looked], contexts: &[&str]) -> Option<Failure> {
    let bad = looked.iter().find(|looked| !looked.used && looked.mend.is_some())?;
    let unknown = common.context.iter().find(|context| !contexts.contains(&context.as_str()));
    let near = unknown.and_then(|written| near_match(written, contexts.iter().copied()));
    let near = near.map_or_else(String::new, |near| format!("did you mean `{}`? ", crate::domain::sanitise(near)));
    let mend = bad.mend.as_ref().map_or("", |mend| mend.as_str());
    Some(Failure::usage(bad.place.to_string()).why(&bad.found).mend(format!("{near}{mend}")))
}

fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned())
}

fn engines(common: &Common, config: &Config, env: BTreeMap<String, String>) -> docker::Options {
    docker::Options {
        flags: common
            .host
            .iter()
            .map(|host| docker::Wanted { host: Some(host.clone()), ..Default::default() })
            .collect(),
        configured: config.clusters.iter().filter_map(engine).collect(),
        env,
        home: home(),
        runtime_dir: Some(runtime_dir()),
        root: PathBuf::new(),
        read_only: common.read_only || config.read_only,
    }
}

fn engine(cluster: &Cluster) -> Option<docker::Wanted> {
    let (host, context) = match &cluster.way {
        Way::Host(host) => (Some(host.clone()), None),
        Way::Context(context) => (None, Some(context.clone())),
        Way::Kubeconfig { .. } | Way::InCluster | Way::Nomad(_) => return None,
    };
    Some(docker::Wanted {
        name: Some(cluster.name.to_string()),
        host,
        context,
        certificates: cluster.certificates.clone(),
        read_only: cluster.read_only,
    })
}

fn contexts(
    common: &Common,
    config: &Config,
    env: BTreeMap<String, String>,
    taken: Vec<ClusterId>,
) -> kubernetes::Options {
    kubernetes::Options {
        flags: common.context.clone(),
        kubeconfig: common.kubeconfig.clone(),
        configured: config.clusters.iter().filter_map(context).collect(),
        env,
        home: home(),
        root: PathBuf::new(),
        read_only: common.read_only || config.read_only,
        debug_image: Some(config.debug_image.clone()),
        taken,
    }
}

fn context(cluster: &Cluster) -> Option<kubernetes::Wanted> {
    let (kubeconfig, context) = match &cluster.way {
        Way::Kubeconfig { file, context } => (file.clone(), context.clone()),
        Way::InCluster => (None, None),
        Way::Host(_) | Way::Context(_) | Way::Nomad(_) => return None,
    };
    Some(kubernetes::Wanted {
        name: cluster.name.to_string(),
        context,
        kubeconfig,
        in_cluster: cluster.way == Way::InCluster,
        namespaces: cluster.namespaces.clone(),
        read_only: cluster.read_only,
    })
}

fn regions(common: &Common, config: &Config, env: BTreeMap<String, String>, taken: Vec<ClusterId>) -> nomad::Options {
    nomad::Options {
        flag: common.nomad.clone(),
        configured: config.clusters.iter().filter_map(region).collect(),
        env,
        read_only: common.read_only || config.read_only,
        taken,
    }
}

fn region(cluster: &Cluster) -> Option<nomad::Wanted> {
    let Way::Nomad(way) = &cluster.way else { return None };
    Some(nomad::Wanted {
        name: cluster.name.to_string(),
        address: way.address.clone(),
        others: way.others.clone(),
        region: way.region.clone(),
        namespaces: cluster.namespaces.iter().map(|name| Name::new(name)).collect(),
        token_file: way.token_file.clone(),
        tls: Tls {
            ca: way.ca.clone(),
            cert: way.cert.clone(),
            key: way.key.clone(),
            server_name: way.tls_server_name.clone(),
            ..Tls::default()
        },
        consul: way.consul.as_ref().map(|way| nomad::WantedConsul {
            address: way.address.clone(),
            token_file: way.token_file.clone(),
            tls: Tls { ca: way.ca.clone(), cert: way.cert.clone(), key: way.key.clone(), ..Tls::default() },
        }),
        read_only: cluster.read_only,
    })
}

/// Where this user's sockets are.
fn runtime_dir() -> PathBuf {
    let usual = || PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
    env("XDG_RUNTIME_DIR").map_or_else(usual, PathBuf::from)
}

impl Found {
    /// Whether there is something to watch, and all that the command line asks for.
    ///
    /// # Errors
    /// There is not.
    pub fn check(&self) -> Result<(), Failure> {
        match &self.mistake {
            Some(mistake) => Err(mistake.clone()),
            None if self.watched.is_empty() => Err(none(self)),
            None => Ok(()),
        }
    }

    /// Makes what was found ready to be watched.
    ///
    /// # Errors
    /// As [`Found::check`]; or the certificates of an engine cannot be read.
    pub fn targets(&self) -> Result<Vec<Target>, Failure> {
        self.check()?;
        self.watched.iter().map(Watched::ready).collect()
    }
}

fn none(found: &Found) -> Failure {
    let looked = found.looked.iter().map(|looked| format!("{} ({})", looked.place, looked.found));
    let mends = found.looked.iter().filter_map(|looked| looked.mend.as_ref().map(Text::to_string));
    let mend = mends.chain(["try `cockpit --demo`".to_owned()]).collect::<Vec<_>>().join("; or ");
    let looked = looked.collect::<Vec<_>>().join(", ");
    Failure::new("Nothing to watch was found").why(format!("looked at {looked}")).mend(mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked(place: &str, found: &str, mend: Option<&str>) -> Looked {
        Looked { place: place.into(), found: found.into(), mend: mend.map(Text::new), used: false }
    }

    #[test]
    fn where_nothing_is_the_places_and_a_way_on_are_named() {
        let places = vec![looked("DOCKER_HOST", "not set", None), looked("/run/d.sock", "refused", Some("use sudo"))];
        let found = Found { looked: places, ..Found::default() };
        let failure = found.targets().err().expect("a failure");
        assert_eq!(
            failure.to_string(),
            "Nothing to watch was found: looked at DOCKER_HOST (not set), /run/d.sock (refused); \
             use sudo; or try `cockpit --demo`"
        );
        assert_eq!(failure.status, 1);
    }

    fn configured(source: &str) -> Config {
        crate::config::parse(source, std::path::Path::new("c"), &crate::config::Words::default()).expect("valid")
    }

    fn names(found: &Found) -> Vec<&str> {
        found.watched.iter().map(|watched| watched.name().as_str()).collect()
    }

    #[test]
    fn a_configured_cluster_is_asked_for_as_it_is_written() {
        let engine = "[[cluster]]\nname = \"a\"\nbackend = \"docker\"\nhost = \"unix:///a.sock\"\nread_only = true\n";
        let context =
            "[[cluster]]\nname = \"b\"\nbackend = \"kubernetes\"\nkubeconfig = \"/no/file\"\ncontext = \"x\"\n";
        let found = find(&Common::default(), &configured(engine));
        assert_eq!(names(&found), ["a"]);
        assert!(matches!(&found.watched[0], Watched::Docker(target) if target.read_only));
        assert!(found.looked.iter().all(|looked| !looked.place.contains("context")), "nothing else is looked at");
        let found = find(&Common::default(), &configured(&format!("{engine}{context}")));
        assert_eq!(names(&found), ["a", "b"]);
        assert!(found.targets().is_ok(), "a context that is not there yet is that cluster's trouble");
    }

    #[test]
    fn what_the_command_line_names_and_is_not_there_is_a_mistake() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("config");
        std::fs::write(&file, "contexts: [{name: prod, context: {cluster: c}}]").expect("written");
        let common = Common { context: vec!["pord".into()], kubeconfig: Some(file), ..Common::default() };
        let failure = find(&common, &Config::default()).targets().err().expect("a failure");
        assert_eq!(
            failure.to_string(),
            "context pord (--context): no context is called `pord`; did you mean `prod`? there are: prod"
        );
        assert_eq!(failure.status, 2);
    }

    #[test]
    fn a_socket_of_somebody_else_is_left_where_a_cluster_is_there() {
        let mut docker = docker::Discovery::default();
        docker
            .looked
            .push(Looked { used: true, ..looked("/run/d.sock", "there, and not for this user", Some("sudo")) });
        leave_refused(&mut docker);
        assert_eq!(docker.unwatched, ["/run/d.sock (there, and not for this user)"]);
        assert!(docker.looked.iter().all(|looked| !looked.used && looked.mend.is_none()));
    }
}
