//! What people left.

use super::make::*;
use super::*;

const HOUR: i64 = 3600;

cases! {
    "left-in-effect", "suspended for a day",
    Some("suspended by anna@bastion 1 d ago, and so since"), |place| {
        suspended(place);
        did(place, Intent::Pause(place.key(Kind::CronJob, "backup")), 24 * HOUR, Some(Outcome::Done));
    }
    "left-in-effect", "scaled to zero yesterday",
    Some("scaled to zero by anna@bastion 1 d ago, and so since"), |place| {
        let workload = place.workload(Kind::Deployment, "web", 0);
        did(place, Intent::Scale(workload.key.clone(), 0), 24 * HOUR, Some(Outcome::Done));
        place.put(Object::Workload(Box::new(workload)));
    }
    "left-in-effect", "suspended, and nobody here knows by whom", None, |place| { suspended(place); }
    "left-in-effect", "parked at zero since before cockpit saw it", None, |place| {
        let workload = place.workload(Kind::Deployment, "web", 0);
        place.put(Object::Workload(Box::new(workload)));
    }
    "left-in-effect", "suspended an hour ago", None, |place| {
        suspended(place);
        did(place, Intent::Pause(place.key(Kind::CronJob, "backup")), HOUR, Some(Outcome::Done));
    }
    "left-in-effect", "suspended, resumed from here, and suspended by other means since", None, |place| {
        suspended(place);
        did(place, Intent::Pause(place.key(Kind::CronJob, "backup")), 48 * HOUR, Some(Outcome::Done));
        did(place, Intent::Resume(place.key(Kind::CronJob, "backup")), 24 * HOUR, Some(Outcome::Done));
    }
    "left-in-effect", "it could not be suspended, and is so by other means", None, |place| {
        suspended(place);
        let pause = Intent::Pause(place.key(Kind::CronJob, "backup"));
        did(place, pause, 24 * HOUR, Some(Outcome::Failed("forbidden".into())));
    }
    "left-in-effect", "scaled to zero yesterday, and up again", None, |place| {
        let workload = place.healthy(Kind::Deployment, "web", 2);
        did(place, Intent::Scale(workload.key, 0), 24 * HOUR, Some(Outcome::Done));
    }
    "sync-left-off", "switched off for a restart yesterday",
    Some("sync switched off by anna@bastion 1 d ago, and so since"), |place| {
        let key = unsynced(place);
        did(place, Intent::Pause(key), 24 * HOUR, Some(Outcome::Done));
    }
    "sync-left-off", "switched off an hour ago", None, |place| {
        let key = unsynced(place);
        did(place, Intent::Pause(key), HOUR, Some(Outcome::Done));
    }
    "sync-left-off", "synced by hand since ever", None, |place| { unsynced(place); }
    "sync-left-off", "switched off yesterday, and on again", None, |place| {
        let key = place.key(Kind::Application, "shop");
        application(place, |it| it.automated = true);
        did(place, Intent::Pause(key.clone()), 24 * HOUR, Some(Outcome::Done));
        did(place, Intent::Resume(key), 23 * HOUR, Some(Outcome::Done));
    }
    "unfinished-on-node", "a drain whose cockpit died",
    Some("a drain by anna@bastion was left in the middle: 24 of 28 done"), |place| {
        let node = Node { cordoned: true, ..place.node("node-7", NodeState::Ready) };
        did(place, Intent::drain(node.key.clone()), 600, None);
        place.put(Object::Node(Box::new(node)));
    }
    "unfinished-on-node", "a drain that is under way elsewhere", None, |place| {
        let node = Node { cordoned: true, ..place.node("node-7", NodeState::Ready) };
        let deed = Deed { abandoned: false, ..deed(Intent::drain(node.key.clone()), 600, None) };
        place.tell(vec![Fact::Done(Box::new(deed))]);
        place.put(Object::Node(Box::new(node)));
    }
    "unfinished", "a restart whose cockpit died",
    Some("a restart by anna@bastion was left in the middle: 24 of 28 done"), |place| {
        let workload = place.healthy(Kind::Deployment, "web", 2);
        did(place, Intent::Restart(workload.key), 600, None);
    }
    "unfinished", "a restart that ended", None, |place| {
        let workload = place.healthy(Kind::Deployment, "web", 2);
        did(place, Intent::Restart(workload.key), 600, Some(Outcome::Done));
    }
    "node-closed", "cordoned, and by whom",
    Some("is cordoned by anna@bastion: takes nothing new"), |place| {
        let node = Node { cordoned: true, ..place.node("node-7", NodeState::Ready) };
        did(place, Intent::Cordon(node.key.clone()), 600, Some(Outcome::Done));
        place.put(Object::Node(Box::new(node)));
    }
}

fn suspended(place: &mut Place) {
    cron(place, "0 2 * * *", 86_400, Some(600));
    let mut workload = place.world.view(place.now).workload(&place.key(Kind::CronJob, "backup")).cloned().expect("it");
    if let Some(schedule) = &mut workload.schedule {
        schedule.suspended = true;
    }
    place.put(Object::Workload(Box::new(workload)));
}

/// An application that is not synced by itself.
fn unsynced(place: &mut Place) -> Ref {
    application(place, |it| it.automated = false);
    place.key(Kind::Application, "shop")
}

fn did(place: &mut Place, intent: Intent, ago: i64, outcome: Option<Outcome>) {
    place.tell(vec![Fact::Done(Box::new(deed(intent, ago, outcome)))]);
}

/// What anna did so long ago; without an outcome it was left in the middle.
fn deed(intent: Intent, ago: i64, outcome: Option<Outcome>) -> Deed {
    let id = u64::try_from(1_000_000 - ago).expect("some time ago");
    let abandoned = outcome.is_none();
    let outcome = outcome.map(|outcome| (at(-ago), outcome));
    Deed { id, intent, by: "anna@bastion".into(), began: at(-ago), outcome, progress: (24, 28), abandoned }
}
