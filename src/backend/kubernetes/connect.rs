//! The way to an API server: who stands there, who we are, and through which proxy. Everything is read afresh each time,
//! so that a login that was renewed elsewhere counts.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use jiff::SignedDuration;
use kube::Client;
use kube::client::ClientBuilder;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{Text, Timestamp, words};

use super::failure::Failure;
use super::kubeconfig::{Kubeconfigs, Resolved, without_login};
use super::login::{self, Identity, login};
use super::pace::Pace;
use super::plugin;
use super::proxy::{self, Proxies};
use super::target::{Target, Way};
use crate::reach::expiry;

mod server;

pub(super) use server::certificate as server_certificate;

/// A token that was read from a file is good for so long, where kube cannot read it again itself.
const TOKEN_KEPT: SignedDuration = SignedDuration::from_mins(5);
/// Of a server's words, so much is shown.
const WORDS: usize = 200;

/// A way to a cluster that is open; nothing was asked yet.
#[derive(Clone)]
pub(super) struct Connection {
    /// Asks the server. Cheap to clone; it never tries anything again by itself.
    pub(super) client: Client,
    /// The server's address, and the proxy that leads there.
    pub(super) address: Text,
    /// The context's namespace.
    pub(super) namespace: String,
    /// Answers may come compressed: the kubeconfig does not forbid it.
    pub(super) compresses: bool,
    /// By then it has to be opened anew: the credential ends soon after.
    pub(super) valid_until: Option<Timestamp>,
    /// When our client certificate ends, where we show one.
    pub(super) expires: Option<Timestamp>,
    who: Identity,
    user: Text,
}

impl Connection {
    /// The user of the kubeconfig.
    pub(super) const fn user(&self) -> &Text {
        &self.user
    }

    /// The same failure; where it is about who we are, with what it was that was not accepted.
    pub(super) fn explain(&self, failure: Failure, now: Timestamp) -> Failure {
        let over = self.expires.filter(|ends| *ends <= now);
        match (&failure, over) {
            // Most servers answer so; one that looks at the certificate at once ends the handshake with an alert.
            (Failure::Refused { status: 401, .. } | Failure::Login { .. }, Some(ended)) => {
                login::expired(&self.user, ended, now)
            }
            (Failure::Refused { status: 401, message, .. }, None) => self.who.refused(&words::shorten(message, WORDS)),
            _ => failure,
        }
    }
}

/// Logs in to a cluster.
pub(super) async fn open(target: &Target, pace: &Pace) -> Result<Connection, Failure> {
    let wanted = target.clone();
    let mut plan = blocking(pace.login_within, move || Plan::of(&wanted)).await?;
    if let Some((exec, cluster)) = plan.exec.take() {
        let credential = plugin::run(&exec, cluster, pace.login_within).await?;
        plan.show(credential);
    }
    plan.pace(pace);
    blocking(pace.login_within, move || plan.open()).await
}

/// Until when the client certificate of a target's kubeconfig is good. Nothing is run and nobody is asked.
pub fn certificate_expires(target: &Target) -> Option<Timestamp> {
    Plan::of(target).ok()?.expires
}

/// The same, where a person has to renew it.
pub(super) fn certificate_to_renew(target: &Target) -> Option<Timestamp> {
    let Way::Context { files, context } = &target.way else { return None };
    let found = Kubeconfigs::read(files).ok()?.some().ok()?.resolve(context).ok()?;
    expiry::span_of_pem(&certificate(&found.user).ok()??).and_then(expiry::to_renew)
}

/// Files may lie where reading hangs (a network), and building a client reads some.
async fn blocking<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let slow = || login("the files of the kubeconfig are not read in time", "see whether their disk hangs");
    match tokio::time::timeout(within, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) | Err(_) => Err(slow()),
    }
}

/// How a connection will be made.
struct Plan {
    config: kube::Config,
    /// The command that gives the credential, and what it is told of the cluster.
    exec: Option<(ExecConfig, Option<ExecAuthCluster>)>,
    who: Identity,
    user: Text,
    valid_until: Option<Timestamp>,
    expires: Option<Timestamp>,
}

impl Plan {
    fn of(target: &Target) -> Result<Self, Failure> {
        let mut plan = match &target.way {
            Way::Context { files, context } => {
                Self::by(Kubeconfigs::read(files)?.some()?.resolve(context)?, &target.proxies)?
            }
            Way::InCluster => Self::inside(&target.proxies)?,
        };
        // Retries are ours: kube would try 15 times in silence.
        plan.config.default_retry = false;
        Ok(plan)
    }

    fn by(found: Resolved, proxies: &Proxies) -> Result<Self, Failure> {
        let Resolved { cluster, mut user, user_name, user_unknown, namespace } = found;
        let server = server(&cluster, &user)?;
        let through = proxy_towards(&server, cluster.proxy_url.as_deref(), proxies)?;
        let name = user_name.clone().unwrap_or_else(|| Text::new("nobody"));
        refuse_provider(&user, &name)?;
        let exec = exec_of(&mut user, &cluster)?;
        let valid_until = token_of_file(&mut user)?;
        let who = match user_name {
            _ if exec.is_some() => Identity::Plugin(exec_name(exec.as_ref())),
            None => Identity::Nobody,
            Some(name) if user_unknown => Identity::Unknown(name),
            Some(name) => kept(&user, name),
        };
        let mut config = kube::Config::new(server.clone());
        config.default_namespace = namespace;
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
        config.root_cert = roots(&cluster, config.accept_invalid_certs || server.scheme_str() == Some("http"))?;
        config.tls_server_name = cluster.tls_server_name.clone();
        config.disable_compression = cluster.disable_compression.unwrap_or_default();
        config.proxy_url = through;
        let expires = certificate(&user)?.and_then(|pem| expiry::of_pem(&pem));
        config.auth_info = user;
        Ok(Self { config, exec, who, user: name, valid_until, expires })
    }

    fn inside(proxies: &Proxies) -> Result<Self, Failure> {
        let mut config = kube::Config::incluster().map_err(|error| {
            login(format!("this is no pod with a service account: {error}"), "mount its token, or use a kubeconfig")
        })?;
        config.proxy_url = proxy_towards(&config.cluster_url, None, proxies)?;
        let valid_until = token_of_file(&mut config.auth_info)?;
        Ok(Self {
            config,
            exec: None,
            who: Identity::ServiceAccount,
            user: Text::new("service account"),
            valid_until,
            expires: None,
        })
    }

    /// Shows the server what a command gave.
    fn show(&mut self, given: plugin::Credential) {
        let user = &mut self.config.auth_info;
        user.token = given.token;
        if let Some((certificate, key)) = given.certificate {
            self.expires = expiry::of_pem(certificate.as_bytes());
            user.client_certificate_data = Some(BASE64_STANDARD.encode(certificate));
            user.client_key_data = Some(SecretString::from(BASE64_STANDARD.encode(key.expose_secret())));
        }
        self.valid_until = given.valid_until;
    }

    fn pace(&mut self, pace: &Pace) {
        self.config.connect_timeout = Some(pace.answer_within);
        self.config.write_timeout = Some(pace.answer_within);
        // A watch is quiet for minutes: reading has no deadline here.
        self.config.read_timeout = None;
    }

    fn open(self) -> Result<Connection, Failure> {
        let address = address(&self.config);
        let namespace = self.config.default_namespace.clone();
        let compresses = !self.config.disable_compression;
        let builder = ClientBuilder::try_from(self.config).map_err(|error| unusable(&self.user, &error))?;
        let Self { who, user, valid_until, expires, .. } = self;
        Ok(Connection { client: builder.build(), address, namespace, compresses, valid_until, expires, who, user })
    }
}

/// What the kubeconfig shows is there and cannot be used. The deepest cause is the one that says something.
fn unusable(user: &Text, error: &kube::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let said = cause.to_string();
    if said.contains("UnsupportedCertVersion") {
        let what = format!("the client certificate of the user `{user}` is X.509 version 1, which TLS no longer takes");
        return login(what, "make one of version 3 (openssl: with an -extfile), or log in again");
    }
    let said = words::shorten(&Text::from(said), WORDS);
    let what = format!("the credentials of the user `{user}` cannot be used: {said}");
    login(what, "correct them in the kubeconfig, or log in again")
}

/// The server's address. Without a scheme it is https where anything is said of TLS, else http, as kubectl has it.
fn server(cluster: &Cluster, user: &AuthInfo) -> Result<Uri, Failure> {
    let raw = cluster.server.as_deref().unwrap_or_default().trim();
    let tls = cluster.insecure_skip_tls_verify == Some(true)
        || cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some();
    let full = match raw.split_once("://") {
        Some(_) => raw.to_owned(),
        None if tls => format!("https://{raw}"),
        None => format!("http://{raw}"),
    };
    let uri: Option<Uri> = full.parse().ok();
    let fits =
        |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|it| !it.is_empty());
    uri.filter(fits).ok_or_else(|| {
        let what = format!("`server` is \"{}\", which is no address", without_login(raw));
        login(what, "write it as https://host:port")
    })
}

/// An address as it is shown, with the proxy that leads there.
fn address(config: &kube::Config) -> Text {
    let shown = |uri: &Uri| without_login(&uri.to_string()).trim_end_matches('/').to_owned();
    match &config.proxy_url {
        Some(proxy) => Text::from(format!("{} (through the proxy {})", shown(&config.cluster_url), shown(proxy))),
        None => Text::from(shown(&config.cluster_url)),
    }
}

/// The proxy of the kubeconfig, else the environment's.
fn proxy_towards(server: &Uri, own: Option<&str>, proxies: &Proxies) -> Result<Option<Uri>, Failure> {
    let (address, place) = match (own, proxies.towards(server)) {
        (Some(own), _) => (own, "`proxy-url` of the kubeconfig"),
        (None, Some(proxy)) => (proxy, "the proxy of the environment (HTTPS_PROXY)"),
        (None, None) => return Ok(None),
    };
    proxy::parse(address).map(Some).map_err(|why| {
        let what = format!("{place} is \"{}\": {why}", without_login(address));
        login(what, "correct it, or unset it")
    })
}

/// kubectl took `gcp` and `azure` out in 1.26; kube would run a command of theirs with no deadline.
fn refuse_provider(user: &AuthInfo, name: &Text) -> Result<(), Failure> {
    let Some(provider) = &user.auth_provider else { return Ok(()) };
    let plugin = match provider.name.as_str() {
        "oidc" if provider.config.get("id-token").is_some_and(|token| !token.is_empty()) => return Ok(()),
        "oidc" => "log in again: the kubeconfig has no `id-token`",
        "gcp" => "install gke-gcloud-auth-plugin and log in again",
        "azure" => "install kubelogin, and convert the kubeconfig with it",
        _ => "log in again with a command that gives `exec` in the kubeconfig",
    };
    let what =
        format!("the user `{name}` logs in by the auth-provider `{}`, which cannot be used", Text::new(&provider.name));
    Err(login(what, plugin))
}

/// The command that logs in, where nothing goes before it. It is never asked anything: it would ask on our screen.
fn exec_of(user: &mut AuthInfo, cluster: &Cluster) -> Result<Option<(ExecConfig, Option<ExecAuthCluster>)>, Failure> {
    let Some(exec) = user.exec.take() else { return Ok(None) };
    let basic = user.username.is_some() && user.password.is_some();
    if user.auth_provider.is_some() || basic || user.token.is_some() || user.token_file.is_some() {
        return Ok(None);
    }
    let told = match exec.provide_cluster_info {
        true => {
            let told = ExecAuthCluster::try_from(cluster);
            Some(told.map_err(|error| login(error.to_string(), "correct it in the kubeconfig"))?)
        }
        false => None,
    };
    Ok(Some((exec, told)))
}

fn exec_name(exec: Option<&(ExecConfig, Option<ExecAuthCluster>)>) -> Text {
    Text::new(exec.and_then(|(exec, _)| exec.command.as_deref()).unwrap_or("exec"))
}

/// kube reads a token's file once a minute, and sends the line break at its end along. Such a file is read here.
fn token_of_file(user: &mut AuthInfo) -> Result<Option<Timestamp>, Failure> {
    let Some(file) = user.token_file.as_deref().filter(|_| user.token.is_none()) else { return Ok(None) };
    let token = std::fs::read_to_string(file);
    let token = token.map_err(|error| login::file("token's file", Path::new(file), &error))?;
    if token.trim() == token {
        return Ok(None);
    }
    user.token = Some(SecretString::from(token.trim()));
    Ok(Timestamp::now().checked_add(TOKEN_KEPT).ok())
}

fn kept(user: &AuthInfo, name: Text) -> Identity {
    let certificate = user.client_certificate.is_some() || user.client_certificate_data.is_some();
    let what = match user {
        AuthInfo { auth_provider: Some(_), .. } => "id-token",
        AuthInfo { username: Some(_), password: Some(_), .. } => "password",
        AuthInfo { token_file: Some(file), .. } => return Identity::TokenFile(Text::new(file)),
        AuthInfo { token: Some(_), .. } => "token",
        _ if certificate => "client certificate",
        _ => return Identity::Nobody,
    };
    Identity::Kept { what, user: name }
}

/// The client certificate, as PEM.
fn certificate(user: &AuthInfo) -> Result<Option<Vec<u8>>, Failure> {
    let key = user.client_key.is_some() || user.client_key_data.is_some();
    let certificate =
        pem("client-certificate", user.client_certificate_data.as_deref(), user.client_certificate.as_deref())?;
    match (&certificate, key) {
        (Some(_), false) => Err(login("the user has a client certificate and no key", "set `client-key`")),
        (None, true) => Err(login("the user has a client key and no certificate", "set `client-certificate`")),
        _ => Ok(certificate),
    }
}

/// Whom we trust: the kubeconfig's authorities, else (none) the system's. With `unneeded` it is nobody: without TLS, or
/// without looking, a machine that has no authorities is as good.
fn roots(cluster: &Cluster, unneeded: bool) -> Result<Option<Vec<Vec<u8>>>, Failure> {
    const WHAT: &str = "certificate-authority";
    if unneeded {
        return Ok(Some(Vec::new()));
    }
    let data = cluster.certificate_authority_data.as_deref();
    let Some(pem) = pem(WHAT, data, cluster.certificate_authority.as_deref())? else { return Ok(None) };
    // One that TLS cannot use is passed over, as kubectl does.
    let usable = |it: &CertificateDer<'static>| rustls::RootCertStore::empty().add(it.clone()).is_ok();
    let found = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).filter(usable);
    let found: Vec<Vec<u8>> = found.map(|it| it.to_vec()).collect();
    if found.is_empty() {
        return Err(login(format!("`{WHAT}` holds no usable certificate"), "log in again, or correct it"));
    }
    Ok(Some(found))
}

/// What stands in the kubeconfig itself, else in the file that it names.
fn pem(what: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<Vec<u8>>, Failure> {
    match (data, file) {
        (Some(data), _) => BASE64_STANDARD
            .decode(data)
            .map(Some)
            .map_err(|_| login(format!("`{what}-data` of the kubeconfig is no base64"), "log in again, or correct it")),
        (None, Some(file)) => std::fs::read(file).map(Some).map_err(|error| login::file(what, Path::new(file), &error)),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
