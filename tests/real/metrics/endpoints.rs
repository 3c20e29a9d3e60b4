//! What users feel: real servers, asked from here.

use crate::cockpit::Cockpit;
use crate::numbers::Numbers;
use crate::scenes::report::{evidence_says, line_says};
use crate::screen::Screen;
use crate::servers::{Api, Engine};
use crate::wait::PATIENCE;

/// Prometheus' own page, called `shop`; what it leads to.
fn asks(engine: &Engine, numbers: &Numbers, target: &str) -> Cockpit {
    let cockpit = Cockpit::on(engine);
    let server = numbers.server();
    let port = server.rsplit(':').next().unwrap_or_default();
    cockpit.sets(&format!(
        "[[endpoint]]\nname = \"shop\"\naddress = \"{server}/-/healthy\"\nstatus = 200\ntext = \"Healthy\"\n{target}\n\
         [[endpoint]]\nname = \"port\"\naddress = \"tcp://127.0.0.1:{port}\"\n"
    ));
    cockpit
}

/// All is ready, and users see errors all the same: nobody but who asks as they do knows of it.
#[test]
fn what_is_ready_and_fails_stands_for_itself_until_it_answers() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("felt", 0, 0);
    let cockpit = asks(&engine, &numbers, "");
    cockpit.stays_quiet();
    numbers.kill();
    let report = cockpit.until_triage("both to fail", |report| {
        for name in ["shop", "port"] {
            let found = report.find("endpoint-fails", name)?;
            line_says(found, "fails from here: ")?;
            line_says(found, "refused")?;
            evidence_says(found, "times in a row")?;
        }
        Ok(())
    });
    assert_eq!(report.find("endpoint-fails", "shop").map(|it| it["tier"].clone()), Ok(1.into()), "{report}");
    let mut screen = Screen::open(&cockpit);
    screen.until_shows(PATIENCE, &["shop", "fails from here"]);
    numbers.start_again();
    screen.press("\x12");
    screen.until(PATIENCE, "its recovery", |text| text.contains("not so since") || !text.contains("fails from here"));
    cockpit.stays_quiet();
}

/// What it leads to is the cause, and ranks as what users feel.
#[test]
fn what_fails_for_users_stands_at_its_cause() {
    let engine = Engine::start(Api::Current);
    let numbers = Numbers::start("felt-cause", 0, 0);
    engine.run("crash-loop", "worker");
    engine.until_restarts("worker", 3);
    let cockpit = asks(&engine, &numbers, "target = \"-/Container/worker\"");
    numbers.kill();
    cockpit.until_triage("one cause, of the first tier", |report| {
        let cause = report.find("crash-loop", "worker")?;
        let (tier, symptoms) = (&cause["tier"], cause["symptoms"].to_string());
        let said = *tier == 1 && symptoms.contains("fails from here");
        if said { Ok(()) } else { Err(format!("tier {tier}: {symptoms}")) }
    });
}
