//! The way to an API server: who stands there, who we are, and through which proxy. Everything is read afresh each time,
//! so that a login that was renewed elsewhere counts.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use jiff::SignedDuration;
use kube::Client;
use kube::client::ClientBuilder;
use kube::config::{AuthInfo, Cluster, ExecAuthCluster, ExecConfig};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{Text, Timestamp, words};

use super::expiry;
use super::failure::Failure;
use super::kubeconfig::{Kubeconfigs, Resolved, without_login};
use super::login::{Identity, LoginFailure};
use super::pace::Pace;
use super::plugin;
use super::proxy::{self, Proxies};
use super::target::{Target, Way};

/// So we call ourselves in a server's audit log.
const USER_AGENT: &str = concat!("cockpit/", env!("CARGO_PKG_VERSION"));
/// A token that was read from a file is good for so long, where kube cannot read it again itself.
const TOKEN_KEPT: SignedDuration = SignedDuration::from_mins(5);
/// Of a server's words, so much is shown.
const WORDS: usize = 200;

/// A connection that was made: the server has answered, and has not refused us.
#[derive(Clone)]
pub(super) struct Connection {
    /// Asks the server. Cheap to clone; it never tries anything again by itself.
    pub(super) client: Client,
    /// The server's address.
    pub(super) address: Text,
    /// The context's namespace.
    pub(super) namespace: String,
    /// By then it has to be opened anew: the credential ends soon after.
    pub(super) valid_until: Option<Timestamp>,
    /// When our client certificate ends, where we show one.
    pub(super) expires: Option<Timestamp>,
    /// The server's version, where it may be read.
    pub(super) server_version: Option<Text>,
}

/// Connects to a cluster.
pub(super) async fn open(target: &Target, pace: &Pace) -> Result<Connection, Failure> {
    Ok(connect(target, pace).await?)
}

async fn connect(target: &Target, pace: &Pace) -> Result<Connection, LoginFailure> {
    let wanted = target.clone();
    let mut plan = blocking(pace.login_within, move || Plan::of(&wanted)).await??;
    if let Some((exec, cluster)) = plan.exec.take() {
        let credential = plugin::run(&exec, cluster, pace.login_within).await?;
        plan.show(credential);
    }
    plan.pace(pace);
    let (plan, client) = blocking(pace.login_within, move || {
        let client = plan.client();
        (plan, client)
    })
    .await?;
    let client = client?;
    let server_version = version(&client, &plan, pace.answer_within).await?;
    Ok(Connection {
        client,
        address: plan.address,
        namespace: plan.config.default_namespace,
        valid_until: plan.valid_until,
        expires: plan.expires,
        server_version,
    })
}

/// Until when the client certificate of a target's kubeconfig is good. Nothing is run and nobody is asked.
pub fn certificate_expires(target: &Target) -> Option<Timestamp> {
    Plan::of(target).ok()?.expires
}

/// Files may lie where reading hangs (a network), and building a client reads some.
async fn blocking<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoginFailure> {
    let slow =
        || LoginFailure::setting("the files of the kubeconfig are not read in time", "see whether their disk hangs");
    match tokio::time::timeout(within, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
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
    address: Text,
    /// The proxy's address, without its password.
    proxy: Option<Text>,
    valid_until: Option<Timestamp>,
    expires: Option<Timestamp>,
}

impl Plan {
    fn of(target: &Target) -> Result<Self, LoginFailure> {
        let mut plan = match &target.way {
            Way::Context { files, context } => {
                Self::by(Kubeconfigs::read(files)?.some()?.resolve(context)?, &target.proxies)?
            }
            Way::InCluster => Self::inside(&target.proxies)?,
        };
        // Retries are ours: kube would try 15 times in silence.
        plan.config.default_retry = false;
        plan.config.headers.push((http::header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
        Ok(plan)
    }

    fn by(found: Resolved, proxies: &Proxies) -> Result<Self, LoginFailure> {
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
        let proxy = config.proxy_url.as_ref().map(|uri| without_login(&uri.to_string()));
        let address = address(&server);
        Ok(Self { config, exec, who, user: name, address, proxy, valid_until, expires })
    }

    fn inside(proxies: &Proxies) -> Result<Self, LoginFailure> {
        let mut config = kube::Config::incluster().map_err(|error| LoginFailure::outside(&error.to_string()))?;
        config.proxy_url = proxy_towards(&config.cluster_url, None, proxies)?;
        let valid_until = token_of_file(&mut config.auth_info)?;
        Ok(Self {
            address: address(&config.cluster_url),
            proxy: config.proxy_url.as_ref().map(|uri| without_login(&uri.to_string())),
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

    fn client(&self) -> Result<Client, LoginFailure> {
        let builder = ClientBuilder::try_from(self.config.clone()).map_err(|error| {
            let what = format!("the credentials of the user `{}` cannot be used: {error}", self.user);
            LoginFailure::setting(
                words::shorten(&Text::from(what), WORDS),
                "correct them in the kubeconfig, or log in again",
            )
        })?;
        Ok(builder.build())
    }

    /// What the server's first answer means, where it is no version.
    fn refused(&self, error: &kube::Error, now: Timestamp) -> LoginFailure {
        let over = self.expires.filter(|ends| *ends <= now);
        match error {
            kube::Error::Api(status) => {
                let said = words::shorten(&Text::new(status.message.trim()), WORDS);
                match (status.code, over) {
                    (401, Some(ended)) => LoginFailure::expired(&self.address, &self.user, ended, now),
                    (401, None) => LoginFailure::unauthorized(&self.address, &self.who, &said),
                    (code, _) => LoginFailure::answered(&self.address, code, &said),
                }
            }
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => LoginFailure::foreign(&self.address),
            error => {
                let failure = LoginFailure::broken(&self.address, self.proxy.as_deref(), error);
                match over {
                    // A server that looks at the certificate in the handshake ends that with an alert.
                    Some(ended) if failure.is_unauthorized() => {
                        LoginFailure::expired(&self.address, &self.user, ended, now)
                    }
                    _ => failure,
                }
            }
        }
    }
}

/// Asks for the version: a server that does not know us refuses even that. Who may not read it is known all the same.
async fn version(client: &Client, plan: &Plan, within: Duration) -> Result<Option<Text>, LoginFailure> {
    match tokio::time::timeout(within, client.apiserver_version()).await {
        Err(_) => Err(LoginFailure::silent(&plan.address, within)),
        Ok(Ok(version)) => Ok(Some(Text::new(&version.git_version)).filter(|version| !version.is_empty())),
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => Ok(None),
        Ok(Err(error)) => Err(plan.refused(&error, Timestamp::now())),
    }
}

/// The server's address. Without a scheme it is https where anything is said of TLS, else http, as kubectl has it.
fn server(cluster: &Cluster, user: &AuthInfo) -> Result<Uri, LoginFailure> {
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
        LoginFailure::setting(what, "write it as https://host:port")
    })
}

/// An address as it is shown.
fn address(server: &Uri) -> Text {
    let shown = without_login(&server.to_string());
    Text::new(shown.trim_end_matches('/'))
}

/// The proxy of the kubeconfig, else the environment's.
fn proxy_towards(server: &Uri, own: Option<&str>, proxies: &Proxies) -> Result<Option<Uri>, LoginFailure> {
    let (address, place) = match (own, proxies.towards(server)) {
        (Some(own), _) => (own, "`proxy-url` of the kubeconfig"),
        (None, Some(proxy)) => (proxy, "the proxy of the environment (HTTPS_PROXY)"),
        (None, None) => return Ok(None),
    };
    proxy::parse(address).map(Some).map_err(|why| {
        let what = format!("{place} is \"{}\": {why}", without_login(address));
        LoginFailure::setting(what, "correct it, or unset it")
    })
}

/// kubectl took `gcp` and `azure` out in 1.26; kube would run a command of theirs with no deadline.
fn refuse_provider(user: &AuthInfo, name: &Text) -> Result<(), LoginFailure> {
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
    Err(LoginFailure::setting(what, plugin))
}

/// The command that logs in, where nothing goes before it. It is never asked anything: it would ask on our screen.
fn exec_of(
    user: &mut AuthInfo,
    cluster: &Cluster,
) -> Result<Option<(ExecConfig, Option<ExecAuthCluster>)>, LoginFailure> {
    let Some(exec) = user.exec.take() else { return Ok(None) };
    let basic = user.username.is_some() && user.password.is_some();
    if user.auth_provider.is_some() || basic || user.token.is_some() || user.token_file.is_some() {
        return Ok(None);
    }
    let told = match exec.provide_cluster_info {
        true => {
            let told = ExecAuthCluster::try_from(cluster);
            Some(told.map_err(|error| LoginFailure::setting(error.to_string(), "correct it in the kubeconfig"))?)
        }
        false => None,
    };
    Ok(Some((exec, told)))
}

fn exec_name(exec: Option<&(ExecConfig, Option<ExecAuthCluster>)>) -> Text {
    Text::new(exec.and_then(|(exec, _)| exec.command.as_deref()).unwrap_or("exec"))
}

/// kube reads a token's file once a minute, and sends the line break at its end along. Such a file is read here.
fn token_of_file(user: &mut AuthInfo) -> Result<Option<Timestamp>, LoginFailure> {
    let Some(file) = user.token_file.as_deref().filter(|_| user.token.is_none()) else { return Ok(None) };
    let token = std::fs::read_to_string(file);
    let token = token.map_err(|error| LoginFailure::file("token's file", Path::new(file), &error))?;
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
fn certificate(user: &AuthInfo) -> Result<Option<Vec<u8>>, LoginFailure> {
    let key = user.client_key.is_some() || user.client_key_data.is_some();
    let certificate =
        pem("client-certificate", user.client_certificate_data.as_deref(), user.client_certificate.as_deref())?;
    match (&certificate, key) {
        (Some(_), false) => {
            Err(LoginFailure::setting("the user has a client certificate and no key", "set `client-key`"))
        }
        (None, true) => {
            Err(LoginFailure::setting("the user has a client key and no certificate", "set `client-certificate`"))
        }
        _ => Ok(certificate),
    }
}

/// Whom we trust: the kubeconfig's authorities, else (none) the system's. With `unneeded` it is nobody: without TLS, or
/// without looking, a machine that has no authorities is as good.
fn roots(cluster: &Cluster, unneeded: bool) -> Result<Option<Vec<Vec<u8>>>, LoginFailure> {
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
        return Err(LoginFailure::setting(
            format!("`{WHAT}` holds no usable certificate"),
            "log in again, or correct it",
        ));
    }
    Ok(Some(found))
}

/// What stands in the kubeconfig itself, else in the file that it names.
fn pem(what: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<Vec<u8>>, LoginFailure> {
    match (data, file) {
        (Some(data), _) => BASE64_STANDARD.decode(data).map(Some).map_err(|_| {
            LoginFailure::setting(
                format!("`{what}-data` of the kubeconfig is no base64"),
                "log in again, or correct it",
            )
        }),
        (None, Some(file)) => {
            std::fs::read(file).map(Some).map_err(|error| LoginFailure::file(what, Path::new(file), &error))
        }
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
