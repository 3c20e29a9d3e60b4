//! Ports of real pods at a port of this machine: what is served there is read through a forward.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use super::act::Shop;
use super::{PATIENCE, cockpit};
use crate::cockpit::Cockpit;
use crate::command::says;
use crate::planes;
use crate::screen::Screen;
use crate::wait::until;

const REFUSED: Option<i32> = Some(3);

/// A namespace with a Deployment of two that serve their own names at 8080, and a Service whose port 80 leads to it.
fn site(namespace: &'static str) -> Shop<'static> {
    let shop = Shop::empty(planes::to_act_on(), namespace);
    let serve = "mkdir -p /www && hostname >/www/index.html && exec httpd -f -p 8080 -h /www";
    let container = json!({ "name": "web", "image": "registry.test/shop/web:1.4.2", "command": ["sh", "-c", serve],
        "ports": [{ "name": "http", "containerPort": 8080 }],
        "readinessProbe": { "tcpSocket": { "port": 8080 }, "periodSeconds": 1 } });
    let template = json!({ "metadata": { "labels": { "app": "web" } },
        "spec": { "terminationGracePeriodSeconds": 1, "containers": [container] } });
    let selector = json!({ "matchLabels": { "app": "web" } });
    let web =
        json!({ "metadata": { "name": "web" }, "spec": { "replicas": 2, "selector": selector, "template": template } });
    shop.plane.ask("POST", &shop.apps("deployments"), Some(&web));
    let service = json!({ "metadata": { "name": "front" },
        "spec": { "selector": { "app": "web" }, "ports": [{ "port": 80, "targetPort": "http" }] } });
    shop.plane.ask("POST", &shop.core("services"), Some(&service));
    shop.until_ready(2);
    shop
}

/// `cockpit forward`, as it runs.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    fn start(cockpit: &Cockpit, target: &str, port: &str) -> Self {
        let mut command = Command::new(Cockpit::program());
        command.args(["forward", target, port, "--log-file"]).arg(cockpit.log_file());
        command.env_clear().envs(cockpit.environment()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let out: ChildStdout = child.stdout.take().expect("a pipe");
        let (line, lines) = mpsc::channel();
        std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).all(|it| line.send(it).is_ok()));
        Self { child, lines }
    }

    /// The local port and the pod that its next line names.
    #[track_caller]
    fn leads(&self) -> (u16, String) {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line in time");
        let (here, there) = line.split_once(" -> ").unwrap_or_else(|| panic!("an address: {line}"));
        let port = here.strip_prefix("127.0.0.1:").and_then(|port| port.parse().ok());
        let pod = there.rsplit_once(':').map_or(there, |(pod, _)| pod);
        (port.unwrap_or_else(|| panic!("an address: {line}")), pod.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn get(port: u16) -> Result<String, String> {
    let asked = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().map_err(|error: std::io::Error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no answer: {answer:?}"))?;
    if head.contains(" 200 ") { Ok(body.trim().to_owned()) } else { Err(answer) }
}

#[test]
fn a_forward_to_a_workload_serves_and_goes_on_to_another_pod() {
    let shop = site("forwards");
    let cockpit = cockpit(shop.plane, "admin");
    let running = Running::start(&cockpit, &shop.target(), ":8080");
    let (port, pod) = running.leads();
    assert_eq!(get(port).as_deref(), Ok(pod.as_str()), "{}", cockpit.log());
    // Several at once, each over a stream of its own.
    let all: Vec<_> = (0..8).map(|_| std::thread::spawn(move || get(port))).collect();
    assert!(all.into_iter().all(|one| one.join().is_ok_and(|answer| answer.as_deref() == Ok(pod.as_str()))));
    shop.plane.ask("DELETE", &shop.core(&format!("pods/{pod}")), None);
    let (same, other) = running.leads();
    assert!(same == port && other != pod, "{same} {other}");
    let answer = until(PATIENCE, "an answer of the other pod", || get(port));
    assert_eq!(answer, other);
}

#[test]
fn a_port_of_a_service_leads_to_its_pods_and_what_nobody_listens_at_is_said() {
    let shop = site("services");
    let cockpit = cockpit(shop.plane, "admin");
    let running = Running::start(&cockpit, &format!("{}/svc/front", shop.namespace), ":80");
    let (port, pod) = running.leads();
    assert_eq!(get(port).as_deref(), Ok(pod.as_str()), "{}", cockpit.log());
    let (code, said) = says(&cockpit, &["forward", &format!("{}/svc/front", shop.namespace), ":81"]);
    assert!(code == REFUSED && said.contains("no port 81; its ports: 80"), "{said}");
    let mut screen = Screen::open_at(&cockpit, &shop.target());
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press("F");
    screen.until_shows(PATIENCE, &["8080/TCP http"]);
    screen.press("\u{15}:81\r");
    screen.until_shows(PATIENCE, &["127.0.0.1:", ":81"]);
    let text = screen.text();
    let address = text.split("127.0.0.1:").nth(1).and_then(|rest| rest.split(' ').next()).expect("an address");
    let port: u16 = address.parse().unwrap_or_else(|_| panic!("{text}"));
    assert!(get(port).is_err(), "nobody listens there");
    screen.press("9");
    screen.until_shows(PATIENCE, &["1 failed", "nothing listens at port 81"]);
    screen.press("x");
    screen.until_shows(PATIENCE, &["ended: 127.0.0.1:"]);
    until(PATIENCE, "it to listen no more", || match TcpStream::connect(("127.0.0.1", port)) {
        Ok(_) => Err("it listens".to_owned()),
        Err(_) => Ok(()),
    });
}

#[test]
fn a_forward_to_one_pod_ends_with_it() {
    let shop = site("one-pod");
    let cockpit = cockpit(shop.plane, "admin");
    let pods = shop.plane.ask("GET", &shop.core("pods"), None);
    let pod = pods["items"][0]["metadata"]["name"].as_str().expect("a name").to_owned();
    let mut running = Running::start(&cockpit, &format!("{}/pod/{pod}", shop.namespace), ":8080");
    let (port, led) = running.leads();
    assert_eq!((led.as_str(), get(port).as_deref()), (pod.as_str(), Ok(pod.as_str())));
    shop.plane.ask("DELETE", &shop.core(&format!("pods/{pod}")), None);
    let code = until(PATIENCE, "it to end", || {
        let ended = running.child.try_wait().map_err(|error| error.to_string())?;
        ended.ok_or_else(|| "it runs".to_owned())
    });
    assert_eq!(code.code(), Some(1), "it ended by itself");
}

#[test]
fn what_may_not_be_had_is_refused_with_its_reason() {
    let shop = site("refusals");
    let admin = cockpit(shop.plane, "admin");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let (code, said) = says(&admin, &["forward", &shop.target(), &format!("{port}:8080")]);
    assert!(code == REFUSED && said.contains("in use by another program"), "{said}");
    let (code, said) = says(&admin, &["forward", &shop.target(), ":8080", "--read-only"]);
    assert!(code == REFUSED && said.contains("read-only"), "{said}");
    // May read everything but events, and act on nothing.
    let (code, said) = says(&cockpit(shop.plane, "no-events"), &["forward", &shop.target(), ":8080"]);
    assert!(code == REFUSED && said.contains("pods/portforward") && said.contains("cockpit rbac"), "{said}");
}
