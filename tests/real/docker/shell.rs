//! A shell in a container, through the real screen and the real command line.

use cockpit::domain::{Attach, Enter, Intent, Size, StepError};
use serde_json::json;

use super::on_both;
use crate::cockpit::Cockpit;
use crate::hand::{Hand, key_of};
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

on_both!(
    a_shell_has_the_terminal_and_gives_it_back,
    a_command_hands_its_code_through,
    an_engine_that_dies_gives_the_screen_back,
    no_shell_where_only_reading_is_allowed,
);

/// Opens a shell in `api` by keys.
fn opened(cockpit: &Cockpit) -> Screen<'_> {
    let mut screen = Screen::open(cockpit);
    screen.select_workload("api");
    screen.press(":shell\r");
    screen.until_shows(PATIENCE, &["open a shell in api", "docker exec -it api sh"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["ctrl-] three times within a second", "/ #"]);
    screen
}

fn a_shell_has_the_terminal_and_gives_it_back(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    let cockpit = Cockpit::on(&engine);
    let mut screen = opened(&cockpit);
    screen.press("echo is $((40+2)) $TERM; stty size\r");
    screen.until_shows(PATIENCE, &["is 42 xterm-256color", "30 120"]);
    screen.resize(25, 100);
    screen.press("stty size\r");
    screen.until_shows(PATIENCE, &["25 100"]);
    // More than any buffer on the way holds, and ctrl-c reaches it in the middle.
    screen.press("yes flood\r");
    screen.until_shows(PATIENCE, &["flood\nflood\nflood"]);
    screen.press("\x03");
    screen.press("clear; echo st''opped\r");
    screen.until(PATIENCE, "ctrl-c to have stopped it", |text| text.contains("stopped") && !text.contains("flood"));
    screen.press("exit 5\r");
    screen.until_shows(PATIENCE, &["the shell in api has ended with 5", "workloads"]);
    screen.press("?");
    screen.until_shows(PATIENCE, &["getting around"]);
    screen.press("q9");
    screen.until_shows(PATIENCE, &["open a shell in api"]);
}

fn a_command_hands_its_code_through(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    engine.run("exited-3", "failed");
    engine.until_exited("failed");
    let cockpit = Cockpit::on(&engine);
    let status = |arguments: &[&str]| {
        let mut screen = Screen::run(&cockpit, arguments);
        (screen.until_status(PATIENCE), screen.text())
    };
    let (code, said) = status(&["shell", "api", "--", "sh", "-c", "echo is $((40+2)); exit 9"]);
    assert!(code == 9 && said.contains("is 42"), "{code} {said}");
    let (code, said) = status(&["shell", "api", "--", "/no/such/thing"]);
    assert!(matches!(code, 126 | 127), "{code} {said}");
    let (code, said) = status(&["shell", "failed"]);
    assert!(code != 0 && said.contains("nothing of it runs"), "{code} {said}");
    let (code, said) = status(&["--read-only", "shell", "api"]);
    assert!(code == 3 && said.contains("read-only"), "{code} {said}");
    let piped = cockpit.run(&["shell", "api"]);
    assert_eq!(piped.status.code(), Some(2), "there is no terminal: {}", String::from_utf8_lossy(&piped.stderr));
}

fn an_engine_that_dies_gives_the_screen_back(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    let cockpit = Cockpit::on(&engine);
    let mut screen = opened(&cockpit);
    engine.kill();
    screen.until_shows(PATIENCE, &["the shell in api: the connection broke", "workloads"]);
    screen.press("?");
    screen.until_shows(PATIENCE, &["getting around"]);
}

fn no_shell_where_only_reading_is_allowed(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    let id = engine.ask("GET", "/containers/api/json", None)["Id"].clone();
    let key = key_of("-/ContainerInstance/api");
    let attach = |uid: &str| {
        let size = Size { columns: 80, rows: 24 };
        Attach::new(key.clone(), uid.into(), Enter::default(), size, "xterm")
    };
    let bound = Hand::read_only(&engine);
    let refused = bound.attach(attach(id.as_str().expect("an id"))).map(drop);
    assert!(matches!(&refused, Err(StepError::Denied(why)) if why.contains("read-only")), "{refused:?}");
    bound.refuses(&Intent::Shell(key.clone(), Enter::default()), "read-only");
    let free = Hand::on(&engine);
    let other = free.attach(attach("another")).map(drop);
    assert!(matches!(&other, Err(StepError::Moved(_))), "{other:?}");
    assert_eq!(engine.ask("GET", "/containers/api/json", None)["ExecIDs"], json!(null), "nothing was begun");
}
