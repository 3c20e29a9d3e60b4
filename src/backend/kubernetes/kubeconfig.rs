//! Kubeconfig files: read, merged as kubectl merges them, and what one of their contexts stands for.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};
use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::domain::{Text, words};

/// Of a parser's complaint, so much is shown.
const COMPLAINT: usize = 200;
/// Of the contexts that there are, so many are named in a sentence.
const NAMED: usize = 8;

/// Why a kubeconfig cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadKubeconfig {
    /// None of the files is there.
    #[error("{} {} not there", listed(.0), if .0.len() == 1 { "is" } else { "are" })]
    Absent(Vec<Text>),
    /// A file cannot be read.
    #[error("{file} cannot be read: {why}")]
    Unreadable {
        /// Which one.
        file: Text,
        /// What the system says.
        why: Text,
    },
    /// A file is no kubeconfig.
    #[error("{file} is no kubeconfig: {why}")]
    NotUnderstood {
        /// Which one.
        file: Text,
        /// What is wrong with it.
        why: Text,
    },
    /// No context is selected.
    #[error("no current-context is set")]
    NoCurrent {
        /// The contexts that there are.
        there: Vec<Text>,
    },
    /// There is no such context.
    #[error("no context is called `{name}`")]
    NoContext {
        /// The name.
        name: Text,
        /// The contexts that there are.
        there: Vec<Text>,
    },
    /// The context does not say which cluster.
    #[error("the context `{0}` names no cluster")]
    NoCluster(Text),
    /// The context's cluster is nowhere described.
    #[error("the context `{context}` names the cluster `{cluster}`, which no kubeconfig describes")]
    UnknownCluster {
        /// The context.
        context: Text,
        /// The cluster.
        cluster: Text,
    },
    /// The cluster has no address.
    #[error("the cluster `{0}` has no `server`")]
    NoServer(Text),
}

impl BadKubeconfig {
    /// What to do about it.
    pub(super) fn mend(&self) -> String {
        match self {
            BadKubeconfig::Absent(_) => "log in to the cluster, or set KUBECONFIG to the file".into(),
            BadKubeconfig::Unreadable { .. } => "make it a file that this user may read".into(),
            BadKubeconfig::NotUnderstood { .. } => "correct it; `kubectl config view` reads it too".into(),
            BadKubeconfig::NoCurrent { there } | BadKubeconfig::NoContext { there, .. } if there.is_empty() => {
                "log in to the cluster: there is no context at all".into()
            }
            BadKubeconfig::NoCurrent { there } => {
                format!(
                    "choose one: `kubectl config use-context NAME` or `--context NAME`; there are: {}",
                    listed(there)
                )
            }
            BadKubeconfig::NoContext { there, .. } => format!("there are: {}", listed(there)),
            BadKubeconfig::NoCluster(_) | BadKubeconfig::UnknownCluster { .. } | BadKubeconfig::NoServer(_) => {
                "correct the kubeconfig, or log in to the cluster again".into()
            }
        }
    }
}

/// Names in a sentence; of many, how many more there are.
pub(super) fn listed(names: &[Text]) -> String {
    let shown = names.iter().take(NAMED).map(Text::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Where kubeconfigs usually are: the files of `$KUBECONFIG`, else `~/.kube/config`.
pub(super) fn usual_files(env: &BTreeMap<String, String>, home: Option<&Path>) -> Vec<PathBuf> {
    let set = env.get("KUBECONFIG").map(String::as_str).unwrap_or_default();
    let mut files: Vec<PathBuf> = Vec::new();
    for file in set.split(':').filter(|file| !file.is_empty()).map(PathBuf::from) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    if files.is_empty() { home.map(|home| home.join(".kube/config")).into_iter().collect() } else { files }
}

/// A context, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Its name, as the file has it.
    pub name: String,
    /// The cluster that it names.
    pub cluster: Text,
    /// That cluster's address, where there is one.
    pub server: Option<Text>,
    /// The user that it names.
    pub user: Option<Text>,
    /// The namespace that it names.
    pub namespace: Option<Text>,
}

/// What a context stands for.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    /// The cluster.
    pub(super) cluster: Cluster,
    /// Who asks; nobody where the context names no user.
    pub(super) user: AuthInfo,
    /// The user's name.
    pub(super) user_name: Option<Text>,
    /// The user is named and nowhere described: it is asked as nobody, as kubectl does.
    pub(super) user_unknown: bool,
    /// The context's namespace.
    pub(super) namespace: String,
}

/// Kubeconfig files, merged.
#[derive(Debug, Clone, Default)]
pub(super) struct Kubeconfigs {
    merged: Kubeconfig,
    /// The files that were read.
    pub(super) read: Vec<PathBuf>,
    /// The files that are not there.
    pub(super) missing: Vec<PathBuf>,
}

impl Kubeconfigs {
    /// Reads files and merges them: whatever the first file defines under a name counts. Files that are not there are
    /// passed over; one that cannot be understood spoils all, as it does for kubectl.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, BadKubeconfig> {
        let mut all = Self::default();
        for file in files {
            match read_one(file)? {
                None => all.missing.push(file.clone()),
                Some(next) => {
                    all.read.push(file.clone());
                    all.merge(file, next)?;
                }
            }
        }
        Ok(all)
    }

    fn merge(&mut self, file: &Path, mut next: Kubeconfig) -> Result<(), BadKubeconfig> {
        // Neither is looked at, and kube refuses to merge what differs in them.
        (next.kind, next.api_version) = (None, None);
        next.current_context = next.current_context.filter(|name| !name.is_empty());
        let merged = std::mem::take(&mut self.merged).merge(next);
        self.merged = merged.map_err(|error| not_understood(file, &error))?;
        Ok(())
    }

    /// An error where no file at all is there.
    pub(super) fn some(self) -> Result<Self, BadKubeconfig> {
        match self.read.is_empty() {
            true => Err(BadKubeconfig::Absent(self.missing.iter().map(|file| shown(file)).collect())),
            false => Ok(self),
        }
    }

    /// The name of the current context.
    pub(super) fn current(&self) -> Result<&str, BadKubeconfig> {
        self.merged.current_context.as_deref().ok_or_else(|| BadKubeconfig::NoCurrent { there: self.names() })
    }

    /// Every context, in the order of the files.
    pub(super) fn contexts(&self) -> Vec<Context> {
        let contexts = self.merged.contexts.iter().filter_map(|named| Some((&named.name, named.context.as_ref()?)));
        let text = |value: &Option<String>| value.as_deref().filter(|value| !value.is_empty()).map(Text::new);
        let context = |(name, context): (&String, &kube::config::Context)| Context {
            name: name.clone(),
            cluster: Text::new(&context.cluster),
            server: self.server(&context.cluster).map(without_login),
            user: text(&context.user),
            namespace: text(&context.namespace),
        };
        contexts.map(context).collect()
    }

    /// There is no such context, but others.
    pub(super) fn no_context(&self, name: &str) -> BadKubeconfig {
        BadKubeconfig::NoContext { name: Text::new(name), there: self.names() }
    }

    fn names(&self) -> Vec<Text> {
        self.contexts().iter().map(|context| Text::new(&context.name)).collect()
    }

    fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.merged.clusters.iter().find(|named| named.name == name)?.cluster.as_ref()
    }

    fn server(&self, cluster: &str) -> Option<&str> {
        self.cluster(cluster)?.server.as_deref().filter(|server| !server.trim().is_empty())
    }

    /// What a context stands for.
    pub(super) fn resolve(&self, name: &str) -> Result<Resolved, BadKubeconfig> {
        let named = self.merged.contexts.iter().find(|named| named.name == name);
        let context = named.and_then(|named| named.context.as_ref());
        let context = context.ok_or_else(|| self.no_context(name))?;
        if context.cluster.is_empty() {
            return Err(BadKubeconfig::NoCluster(Text::new(name)));
        }
        let cluster = self.cluster(&context.cluster).cloned();
        let mut cluster = cluster.ok_or_else(|| BadKubeconfig::UnknownCluster {
            context: Text::new(name),
            cluster: Text::new(&context.cluster),
        })?;
        tidy_cluster(&mut cluster);
        if cluster.server.is_none() {
            return Err(BadKubeconfig::NoServer(Text::new(&context.cluster)));
        }
        let user_name = context.user.as_deref().filter(|user| !user.is_empty());
        let user = user_name.and_then(|user| self.merged.auth_infos.iter().find(|named| named.name == user));
        let mut resolved = Resolved {
            cluster,
            user: user.and_then(|named| named.auth_info.clone()).unwrap_or_default(),
            user_name: user_name.map(Text::new),
            user_unknown: user_name.is_some() && user.is_none(),
            namespace: context.namespace.clone().filter(|it| !it.is_empty()).unwrap_or_else(|| "default".to_owned()),
        };
        tidy_user(&mut resolved.user);
        Ok(resolved)
    }
}

/// An address without the name and the password that it may hold.
pub(super) fn without_login(address: &str) -> Text {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let host = rest.split('/').next().unwrap_or_default();
    match host.rfind('@') {
        Some(at) if scheme.is_empty() => Text::new(&rest[at + 1..]),
        Some(at) => Text::from(format!("{scheme}://{}", &rest[at + 1..])),
        None => Text::new(address),
    }
}

/// A setting that is there and empty counts as not set, as it does for kubectl; kube takes it by its word.
fn tidy_cluster(cluster: &mut Cluster) {
    let settings = [
        &mut cluster.server,
        &mut cluster.certificate_authority,
        &mut cluster.certificate_authority_data,
        &mut cluster.proxy_url,
        &mut cluster.tls_server_name,
    ];
    settings.into_iter().for_each(drop_empty);
    cluster.certificate_authority_data = cluster.certificate_authority_data.take().map(|data| unfolded(&data));
}

fn tidy_user(user: &mut AuthInfo) {
    use secrecy::ExposeSecret;
    let settings = [
        &mut user.username,
        &mut user.token_file,
        &mut user.client_certificate,
        &mut user.client_certificate_data,
        &mut user.client_key,
        &mut user.impersonate,
        &mut user.impersonate_uid,
    ];
    settings.into_iter().for_each(drop_empty);
    for secret in [&mut user.password, &mut user.token, &mut user.client_key_data] {
        if secret.as_ref().is_some_and(|secret| secret.expose_secret().trim().is_empty()) {
            *secret = None;
        }
    }
    user.client_certificate_data = user.client_certificate_data.take().map(|data| unfolded(&data));
    user.client_key_data = user.client_key_data.take().map(|data| unfolded(data.expose_secret()).into());
    user.token = user.token.take().map(|token| token.expose_secret().trim().into());
}

/// Base64 may be folded into lines; kubectl reads it so, kube does not.
fn unfolded(data: &str) -> String {
    data.split_ascii_whitespace().collect()
}

fn drop_empty(setting: &mut Option<String>) {
    if setting.as_deref().is_some_and(|value| value.trim().is_empty()) {
        *setting = None;
    }
}

/// Reads one file; none where it is not there.
fn read_one(file: &Path) -> Result<Option<Kubeconfig>, BadKubeconfig> {
    let unreadable = |why: &str| BadKubeconfig::Unreadable { file: shown(file), why: Text::new(why) };
    // What is no file (a directory, a pipe) could be read once or never, and is read again at every connection.
    match std::fs::metadata(file) {
        Ok(meta) if meta.is_dir() => return Err(unreadable("it is a directory")),
        Ok(meta) if !meta.is_file() => return Err(unreadable("it is a pipe or a device, and it has to be read again")),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error.to_string())),
    }
    let raw = std::fs::read(file).map_err(|error| unreadable(&error.to_string()))?;
    let text = String::from_utf8(raw).map_err(|_| unreadable("it is not text in UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut config = match Kubeconfig::from_yaml(text) {
        Ok(config) => config,
        Err(error) => lenient(text).ok_or_else(|| not_understood(file, &error))?,
    };
    make_absolute(&mut config, file.parent().unwrap_or(Path::new("")));
    Ok(Some(config))
}

/// kubectl takes a context without a cluster, and `null` for anything, until they are used, and of a key that stands there
/// twice the last; kube does not.
fn lenient(text: &str) -> Option<Kubeconfig> {
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    let mut value: Value = serde_saphyr::from_str_with_options(text, options).ok()?;
    drop_nulls(&mut value);
    for named in value.get_mut("contexts").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(context) = named.get_mut("context").and_then(Value::as_object_mut) {
            context.entry("cluster").or_insert_with(|| Value::String(String::new()));
        }
    }
    serde_json::from_value(value).ok()
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// A relative path starts from its file's own directory; a command only where it is a path at all.
fn make_absolute(config: &mut Kubeconfig, dir: &Path) {
    let absolute = |path: &mut Option<String>| {
        if let Some(relative) = path.as_deref().filter(|path| !path.is_empty() && Path::new(path).is_relative()) {
            *path = Some(dir.join(relative).to_string_lossy().into_owned());
        }
    };
    for cluster in config.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        absolute(&mut cluster.certificate_authority);
    }
    for user in config.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        [&mut user.client_certificate, &mut user.client_key, &mut user.token_file].into_iter().for_each(absolute);
        if let Some(exec) = &mut user.exec
            && exec.command.as_deref().is_some_and(|command| command.contains('/'))
        {
            absolute(&mut exec.command);
        }
    }
}

/// What the parser complains of, without what stands in the file around it: that may be a token.
fn not_understood(file: &Path, error: &KubeconfigError) -> BadKubeconfig {
    let complaint = match error {
        KubeconfigError::Parse(error) => error.without_snippet().to_string(),
        error => error.to_string(),
    };
    let first = complaint.lines().next().unwrap_or_default();
    BadKubeconfig::NotUnderstood { file: shown(file), why: Text::from(words::shorten(&masked(first), COMPLAINT)) }
}

/// A complaint may quote a value: what is quoted and long is not shown.
fn masked(complaint: &str) -> String {
    let mask = |(place, part): (usize, &str)| match place % 2 == 1 && part.len() > 32 {
        true => "...".to_owned(),
        false => part.to_owned(),
    };
    complaint.split('"').enumerate().map(mask).collect::<Vec<_>>().join("\"")
}

fn shown(file: &Path) -> Text {
    Text::from(file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, content: &str) -> PathBuf {
        let file = dir.join(name);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        std::fs::write(&file, content).expect("written");
        file
    }

    /// A file with one context of this name, for this server.
    fn one(context: &str, server: &str) -> String {
        format!(
            "contexts: [{{name: {context}, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
             users: [{{name: u, user: {{token: {context}}}}}]\n"
        )
    }

    #[test]
    fn of_a_name_in_two_files_the_first_counts() {
        let dir = tempfile::tempdir().expect("a directory");
        let a = write(dir.path(), "a", &format!("current-context: \"\"\nkind: A\n{}", one("prod", "https://a")));
        let b = write(dir.path(), "b", &format!("current-context: stage\nkind: B\n{}", one("stage", "https://b")));
        let c = write(dir.path(), "c", &format!("current-context: prod\n{}", one("prod", "https://c")));
        let gone = dir.path().join("gone");
        let all = Kubeconfigs::read(&[a.clone(), gone.clone(), b, c]).expect("read");
        assert_eq!(all.current(), Ok("stage"), "an empty current-context is none");
        assert_eq!((all.read.len(), all.missing.as_slice()), (3, [gone.clone()].as_slice()));
        let servers: Vec<_> = all.contexts().into_iter().map(|it| (it.name, it.server)).collect();
        let a_server = Some(Text::new("https://a"));
        assert_eq!(servers, [("prod".to_owned(), a_server.clone()), ("stage".to_owned(), a_server)]);
        assert!(Kubeconfigs::read(std::slice::from_ref(&gone)).expect("nothing").some().is_err());
        let broken = write(dir.path(), "broken", "{");
        assert!(Kubeconfigs::read(&[a, broken]).is_err(), "kubectl does not go on either");
    }

    #[test]
    fn what_is_no_file_that_can_be_read_again_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let said = |file: &Path| Kubeconfigs::read(&[file.to_owned()]).expect_err("unreadable").to_string();
        assert!(said(dir.path()).ends_with("cannot be read: it is a directory"));
        assert!(said(Path::new("/dev/null")).contains("a pipe or a device"));
        std::fs::write(dir.path().join("latin"), b"kind: \xff").expect("written");
        assert!(said(&dir.path().join("latin")).contains("UTF-8"));
    }

    #[test]
    fn of_many_contexts_some_are_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let contexts = |n: usize| format!("- {{name: c{n}, context: {{cluster: k{n}, user: u{n}}}}}\n");
        let file = write(dir.path(), "many", &format!("contexts:\n{}", (0..50).map(contexts).collect::<String>()));
        let all = Kubeconfigs::read(&[file]).expect("read");
        assert_eq!(all.contexts().len(), 50);
        let mend = all.no_context("x").mend();
        assert_eq!(mend, "there are: c0, c1, c2, c3, c4, c5, c6, c7 and 42 more");
    }

    #[test]
    fn a_path_starts_from_the_directory_of_its_own_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let user = "{client-certificate: c.pem, client-key: /abs/k.pem, tokenFile: ../t, exec: {command: bin/login}}";
        let content = format!(
            "contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n\
             clusters: [{{name: c, cluster: {{server: s, certificate-authority: ca.pem}}}}]\n\
             users: [{{name: u, user: {user}}}, {{name: v, user: {{exec: {{command: aws}}}}}}]\n"
        );
        let file = write(dir.path(), "sub/config", &content);
        let Resolved { cluster, user, .. } = Kubeconfigs::read(&[file]).expect("read").resolve("x").expect("a context");
        let under = |name: &str| Some(dir.path().join("sub").join(name).to_string_lossy().into_owned());
        assert_eq!(cluster.certificate_authority, under("ca.pem"));
        assert_eq!(user.client_certificate, under("c.pem"));
        assert_eq!(user.client_key.as_deref(), Some("/abs/k.pem"));
        assert_eq!(user.token_file, under("../t"));
        assert_eq!(user.exec.and_then(|exec| exec.command), under("bin/login"));
    }

    #[test]
    fn the_usual_files_are_those_of_kubectl() {
        let files = |set: &str| {
            let env = BTreeMap::from([("KUBECONFIG".to_owned(), set.to_owned())]);
            usual_files(&env, Some(Path::new("/home/me")))
        };
        assert_eq!(files("/a::/b:/a"), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(files(":"), [Path::new("/home/me/.kube/config")]);
        assert_eq!(usual_files(&BTreeMap::new(), None), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_login_in_an_address_is_not_shown() {
        assert_eq!(without_login("https://me:p@ss@host:1/x"), "https://host:1/x");
        assert_eq!(without_login("me:pass@host:1"), "host:1");
        assert_eq!(without_login("https://host/a@b"), "https://host/a@b");
    }
}
