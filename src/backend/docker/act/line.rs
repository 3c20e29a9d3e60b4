//! Running the compose command line of this machine on a project, against the very engine that is watched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::backend::shell::shell;
use crate::domain::Text;

use super::super::target::{Certificates, Endpoint, Surroundings, Target};
use super::super::wire::Inspect;

/// What only looks is answered within this time.
const LOOKS: Duration = Duration::from_secs(10);
/// Whatever is started ends within this time: images are pulled in it.
const WORKS: Duration = Duration::from_secs(15 * 60);
/// Of what it prints, so much is kept, bytes. A whole configuration is less.
const KEPT: u64 = 4 << 20;
/// Of what it says when it fails, the last lines are shown.
const LINES: usize = 4;

/// A project on this machine, and the program that acts on it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    program: PathBuf,
    /// It is the plugin of `docker`, else a program by itself.
    plugin: bool,
    project: Project,
    env: Surroundings,
}

/// Where a project is defined, as its containers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Project {
    name: String,
    dir: PathBuf,
    /// Its files, the later over the earlier ones.
    pub files: Vec<PathBuf>,
    env_files: Vec<PathBuf>,
}

impl Project {
    /// Reads a container's labels. The error says what is missing.
    pub(super) fn of(it: &Inspect) -> Result<Self, String> {
        let label = |name: &str| {
            let full = format!("com.docker.compose.{name}");
            it.config.labels.get(&full).map(String::as_str).filter(|value| !value.is_empty())
        };
        let missing = |what: &str| format!("its containers do not say {what}");
        let name = label("project").ok_or_else(|| missing("which project they are of"))?;
        let dir = label("project.working_dir").ok_or_else(|| missing("in which directory their project is"))?;
        let files = label("project.config_files").ok_or_else(|| missing("which Compose files they were made from"))?;
        let dir = PathBuf::from(dir);
        // Older ones write them as they were given, from the directory on.
        let paths = |list: &str| list.split(',').map(|file| dir.join(file)).collect::<Vec<_>>();
        if files.split(',').any(|file| file == "-" || file.ends_with("/-")) {
            return Err("its project was read from a pipe: there is no file to read it from again".to_owned());
        }
        let env_files = label("project.environment_file").map(paths).unwrap_or_default();
        Ok(Self { name: name.to_owned(), files: paths(files), env_files, dir })
    }

    /// What of it is not on this machine.
    async fn missing(&self) -> Option<String> {
        if !tokio::fs::metadata(&self.dir).await.is_ok_and(|meta| meta.is_dir()) {
            return Some(format!("its project's directory, {}, is not on this machine", self.dir.display()));
        }
        for file in self.files.iter().chain(&self.env_files) {
            if let Err(error) = tokio::fs::File::open(file).await {
                return Some(format!("{} of its project cannot be read on this machine: {error}", file.display()));
            }
        }
        None
    }

    fn arguments(&self) -> Vec<String> {
        let mut all = vec!["-p".to_owned(), self.name.clone()];
        all.extend(["--project-directory".to_owned(), self.dir.display().to_string()]);
        for (option, files) in [("-f", &self.files), ("--env-file", &self.env_files)] {
            for file in files {
                all.extend([option.to_owned(), file.display().to_string()]);
            }
        }
        all
    }
}

impl Line {
    /// Finds the program, and sees whether the project is here. The error says what is missing.
    pub(super) async fn find(target: &Target, project: Project) -> Result<Self, String> {
        let env = surroundings(&target.surroundings, &target.endpoint)?;
        if let Some(missing) = project.missing().await {
            return Err(missing);
        }
        for (name, plugin) in [("docker", true), ("docker-compose", false)] {
            let Some(program) = on_path(&target.surroundings, name) else { continue };
            let line = Self { program, plugin, project: project.clone(), env: env.clone() };
            if line.run(&[], &["version".to_owned()], LOOKS).await.is_ok() {
                return Ok(line);
            }
        }
        Err("there is no compose command on this machine's PATH (`docker compose` or `docker-compose`)".to_owned())
    }

    /// A command as a person types it.
    pub(super) fn typed(&self, arguments: &[&str]) -> String {
        let name = if self.plugin { "docker compose" } else { "docker-compose" };
        let all = self.project.arguments().into_iter().chain(arguments.iter().map(|word| (*word).to_owned()));
        all.fold(name.to_owned(), |line, word| format!("{line} {}", shell(&word)))
    }

    /// The project's configuration, filled in, as YAML. It holds secrets: it is compared and dropped.
    pub(super) async fn config(&self) -> Result<String, Text> {
        self.look(&["config"]).await
    }

    /// The hash that Compose gives a service's configuration, as its containers have it in a label.
    pub(super) async fn hash(&self, service: &str) -> Option<String> {
        let said = self.look(&["config", "--hash", service]).await.ok()?;
        let mut words = said.lines().find_map(|line| line.strip_prefix(service))?.split_whitespace();
        words.next().map(str::to_owned)
    }

    async fn look(&self, arguments: &[&str]) -> Result<String, Text> {
        let words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        self.run(&self.project.arguments(), &words, LOOKS).await
    }

    /// Does something, to its end: who asked may have gone meanwhile, and half a service is worse than none.
    pub(super) async fn work(&self, arguments: &[&str]) -> Result<String, Text> {
        let words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let line = self.clone();
        let work = tokio::spawn(async move { line.run(&line.project.arguments(), &words, WORKS).await });
        work.await.unwrap_or_else(|error| Err(Text::from(format!("the compose command was lost: {error}"))))
    }

    async fn run(&self, of_project: &[String], arguments: &[String], within: Duration) -> Result<String, Text> {
        let mut command = Command::new(&self.program);
        if self.plugin {
            command.arg("compose");
        }
        command
            .args(of_project)
            .args(arguments)
            .current_dir(&self.project.dir)
            .env_clear()
            .envs(&self.env.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: a key pressed here is no signal for it, and it cannot read from the terminal.
            .process_group(0)
            .kill_on_drop(true);
        let name = self.program.display().to_string();
        let mut child = command.spawn().map_err(|error| Text::from(format!("{name} cannot be started: {error}")))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let ended = async { tokio::join!(kept(out), kept(err), child.wait()) };
        let Ok((said, complained, status)) = tokio::time::timeout(within, ended).await else {
            return Err(Text::from(format!("{name} did not end within {} s", within.as_secs())));
        };
        match status {
            Ok(status) if status.success() => Ok(said),
            Ok(status) => {
                let words = if complained.trim().is_empty() { &said } else { &complained };
                Err(Text::from(last_lines(words).unwrap_or_else(|| format!("{name} ended with {status}"))))
            }
            Err(error) => Err(Text::from(format!("{name}: {error}"))),
        }
    }
}

/// What a program prints, up to a bound; the rest is read and dropped, so that it is never held up.
async fn kept(pipe: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut bytes = Vec::new();
    // A broken pipe ends the listening, nothing else: how the program ended is told by itself.
    let _ = (&mut pipe).take(KEPT).read_to_end(&mut bytes).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

fn last_lines(said: &str) -> Option<String> {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.len().saturating_sub(LINES);
    (!lines.is_empty()).then(|| lines[from..].join(" · "))
}

/// A program, by absolute directories alone: what lies in the directory that we happen to be in is not run.
fn on_path(env: &Surroundings, name: &str) -> Option<PathBuf> {
    let path = env.0.get("PATH")?;
    let dirs = path.split(':').map(Path::new).filter(|dir| dir.is_absolute());
    dirs.map(|dir| dir.join(name))
        .find(|file| rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok() && file.is_file())
}

/// What would lead it to another engine, project or file, or to a terminal.
const NOT_HANDED_ON: &[&str] = &[
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_TLS",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "COMPOSE_FILE",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_ENV_FILES",
    "COMPOSE_PROGRESS",
    "COMPOSE_MENU",
    "COMPOSE_ANSI",
];

/// The environment for it: cockpit's own, but leading to this engine and never to a terminal.
fn surroundings(own: &Surroundings, endpoint: &Endpoint) -> Result<Surroundings, String> {
    let mut env: BTreeMap<String, String> = own.0.clone();
    env.retain(|name, _| !NOT_HANDED_ON.contains(&name.as_str()));
    let mut set = |name: &str, value: &str| env.insert(name.to_owned(), value.to_owned());
    match endpoint {
        Endpoint::Tls { host, port, certificates } => {
            set("DOCKER_HOST", &format!("tcp://{}:{port}", super::super::target::bracketed(host)));
            set("DOCKER_TLS_VERIFY", "1");
            set("DOCKER_CERT_PATH", &certificate_dir(certificates)?);
        }
        other => {
            set("DOCKER_HOST", &other.to_string());
        }
    }
    // ssh would ask a terminal for what it does not know.
    for (name, value) in [
        ("COMPOSE_ANSI", "never"),
        ("COMPOSE_PROGRESS", "plain"),
        ("COMPOSE_MENU", "0"),
        ("DOCKER_CLI_HINTS", "false"),
        ("SSH_ASKPASS", "/bin/false"),
        ("SSH_ASKPASS_REQUIRE", "force"),
    ] {
        set(name, value);
    }
    Ok(Surroundings(env))
}

/// The docker command takes certificates by their directory and usual names alone.
fn certificate_dir(certificates: &Certificates) -> Result<String, String> {
    let named = [(&certificates.ca, "ca.pem"), (&certificates.cert, "cert.pem"), (&certificates.key, "key.pem")];
    let mut dir = None;
    for (file, name) in named {
        let fits =
            file.as_ref().filter(|file| file.file_name().is_some_and(|it| it == name)).and_then(|file| file.parent());
        match (fits, dir) {
            (Some(here), None) => dir = Some(here),
            (Some(here), Some(there)) if here == there => {}
            _ => {
                return Err(
                    "the compose command takes certificates from one directory alone, as ca.pem, cert.pem and \
                             key.pem"
                        .to_owned(),
                );
            }
        }
    }
    dir.map(|dir| dir.display().to_string()).ok_or_else(|| "there are no certificates".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(labels: &[(&str, &str)]) -> Inspect {
        let mut it = Inspect::default();
        for (name, value) in labels {
            it.config.labels.insert(format!("com.docker.compose.{name}"), (*value).to_owned());
        }
        it
    }

    #[test]
    fn a_project_is_where_its_containers_say() {
        let it = container(&[
            ("project", "shop"),
            ("project.working_dir", "/srv/shop"),
            ("project.config_files", "/srv/shop/compose.yaml,override.yaml"),
            ("project.environment_file", "/srv/shop/prod.env"),
        ]);
        let project = Project::of(&it).expect("a project");
        assert_eq!(
            project.arguments().join(" "),
            "-p shop --project-directory /srv/shop -f /srv/shop/compose.yaml -f /srv/shop/override.yaml --env-file \
             /srv/shop/prod.env"
        );
        let piped = container(&[("project", "x"), ("project.working_dir", "/x"), ("project.config_files", "/x/-")]);
        assert!(Project::of(&piped).is_err_and(|why| why.contains("pipe")));
        assert!(Project::of(&container(&[("project", "x")])).is_err_and(|why| why.contains("directory")));
    }

    #[test]
    fn it_is_led_to_the_watched_engine_and_to_no_terminal() {
        let own = [("PATH", "/usr/bin"), ("TAG", "1.4"), ("DOCKER_CONTEXT", "prod"), ("COMPOSE_FILE", "x.yaml")];
        let own = Surroundings(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        let env = surroundings(&own, &Endpoint::Unix("/run/d.sock".into())).expect("an environment").0;
        assert_eq!(env.get("DOCKER_HOST").map(String::as_str), Some("unix:///run/d.sock"));
        assert_eq!(env.get("TAG").map(String::as_str), Some("1.4"), "files are filled in with it");
        assert!(!env.contains_key("DOCKER_CONTEXT") && !env.contains_key("COMPOSE_FILE"));
        assert_eq!(env.get("SSH_ASKPASS_REQUIRE").map(String::as_str), Some("force"));
        let odd = Certificates { ca: Some("/a/ca.pem".into()), cert: Some("/b/cert.pem".into()), key: None };
        let tls = Endpoint::Tls { host: "db".into(), port: 2376, certificates: odd };
        assert!(surroundings(&own, &tls).is_err());
        assert_eq!(format!("{own:?}"), "4 variables", "values are not printed");
    }

    #[test]
    fn of_what_it_complains_the_last_lines_are_told() {
        assert_eq!(last_lines("a\n\nb\nc\nd\ne\n").as_deref(), Some("b · c · d · e"));
        assert_eq!(last_lines(" \n"), None);
    }
}
