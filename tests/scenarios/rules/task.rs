//! Tasks of Nomad groups, by what their client tells of them.

use super::make::*;
use super::*;

/// A group whose check restarts its task, and one allocation of it that was restarted so often within so many seconds.
fn checked(place: &mut Place, wanted: u32, restarts: u32, phase: Phase) -> Instance {
    let mut workload = place.workload(Kind::TaskGroup, "api", wanted);
    workload.containers[0].probes = vec![probe(ProbeKind::Liveness, "GET :http/ready", 1, 3)];
    place.put(Object::Workload(Box::new(workload.clone())));
    for n in 1..wanted {
        let it = place.instance(&workload, n);
        put(place, it);
    }
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.created) = (phase, phase == Phase::Running, Some(at(-62)));
    it.containers[0].restarts = restarts;
    let end = exit(130, ExitReason::Stopped, 2, 4);
    if phase == Phase::Running {
        it.containers[0].state = ContainerState::Running { since: Some(at(-1)) };
    } else {
        it.containers[0].state = waiting("Restarting", "Task restarting in 1.2s");
    }
    it.containers[0].last_exit = Some(end);
    put(place, it.clone());
    it
}

/// Its client restarted it for its check.
fn restarted(place: &mut Place, it: &Instance, ago: i64) {
    place.occurred(OccurrenceKind::ProbeFailure, it, ago, |event| {
        event.text = Some("healthcheck: check \"ready\" unhealthy".into());
    });
}

/// A group of one whose allocation was made twelve minutes ago and never ran.
fn held(place: &mut Place, reason: &str, message: &str, change: impl FnOnce(&mut Workload, &mut Instance)) -> Instance {
    let mut workload = place.workload(Kind::TaskGroup, "mailer", 1);
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, Some(at(-720)), Some(at(-720)));
    it.containers[0].state = waiting(reason, message);
    change(&mut workload, &mut it);
    place.put(Object::Workload(Box::new(workload)));
    put(place, it.clone());
    it
}

/// A start in vain.
fn in_vain(place: &mut Place, it: &Instance, ago: i64, said: &str) {
    place.occurred(OccurrenceKind::CreationFailure, it, ago, |event| event.text = Some(said.into()));
}

/// A group of one that is being deployed, whose allocation has run for so long and is not called healthy yet.
fn undecided(place: &mut Place, ago: i64) {
    let mut workload = rollout(place, Kind::TaskGroup, 1, 0, RolloutPhase::Progressing, |it| {
        (it.started, it.progressed) = (Some(at(-100)), Some(at(-100)));
    });
    workload.reported = None;
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.ready, it.created, it.since) = (false, Some(at(-ago)), Some(at(-ago)));
    it.containers[0].state = ContainerState::Running { since: Some(at(-ago)) };
    put(place, it);
}

const NO_ARTIFACT: &str = "failed to download artifact \"http://files/mailer.tgz\": getter subprocess failed: exit status 1: failed to \
                           download artifact: Get \"http://files/mailer.tgz\": dial tcp 10.0.0.9:80: connect: connection refused";
const NO_PROGRAM: &str = "failed to launch command with executor: rpc error: code = Unknown desc = binary \"/bin/mailer\" could not be found";

fn newer_revision(workload: &mut Workload, ago: i64) {
    workload.revision = Some(Revision { id: "2".into(), images: Vec::new(), at: Some(at(-ago)), by: None });
}

cases! {
    "unhealthy", "a check restarts its task, which is between two runs",
    Some("fails its check \"ready\" and is restarted for it (GET :http/ready, restarted 12 times in 1 min)"), |place| {
        let it = checked(place, 1, 12, Phase::Starting);
        [2, 7, 12].into_iter().for_each(|ago| restarted(place, &it, ago));
    }
    "unhealthy", "right after a start it counts as running",
    Some("fails its check \"ready\" and is restarted for it (GET :http/ready, 3 times in 10 s)"), |place| {
        let it = checked(place, 1, 3, Phase::Running);
        [2, 7, 12].into_iter().for_each(|ago| restarted(place, &it, ago));
    }
    "unhealthy", "a check restarts one of three",
    Some("1 of 3 fails its check \"ready\" and is restarted for it (GET :http/ready)"), |place| {
        let it = checked(place, 3, 1, Phase::Starting);
        restarted(place, &it, 2);
    }
    "unhealthy", "what is put in the place of one that its check restarted once too often",
    Some("fails its check \"ready\" and is restarted for it (GET :http/ready, twice in 5 s)"), |place| {
        let it = checked(place, 1, 1, Phase::Failed);
        [62, 67].into_iter().for_each(|ago| restarted(place, &it, ago));
        let workload = place.world.view(place.now).workload(&place.key(Kind::TaskGroup, "api")).cloned().expect("there");
        let gone = Instance { desired: DesiredState::Stop, ..it };
        put(place, gone);
        let mut next = place.instance(&workload, 7);
        (next.phase, next.ready, next.created, next.since) = (Phase::Starting, false, Some(at(-5)), Some(at(-5)));
        next.containers[0].state = waiting("Task Setup", "Building Task Directory");
        put(place, next);
    }
    "unhealthy", "restarted once for its check, and runs", None, |place| {
        let it = checked(place, 1, 1, Phase::Running);
        restarted(place, &it, 20);
    }
    "unhealthy", "the check failed in the revision before", None, |place| {
        let it = checked(place, 1, 3, Phase::Starting);
        [120, 130, 140].into_iter().for_each(|ago| restarted(place, &it, ago));
        let key = place.key(Kind::TaskGroup, "api");
        let mut workload = place.world.view(place.now).workload(&key).cloned().expect("there");
        newer_revision(&mut workload, 62);
        place.put(Object::Workload(Box::new(workload)));
    }
    "crash-loop", "a check that restarts its task is no crash of it", None, |place| {
        let it = checked(place, 1, 12, Phase::Starting);
        [2, 7, 12].into_iter().for_each(|ago| restarted(place, &it, ago));
    }

    "cannot-start", "a template waits", Some("waits for its template: variable nomad/jobs/mailer is missing"), |place| {
        held(place, "Template", "Missing: nomad.var.block(nomad/jobs/mailer@default.global)", |_, _| {});
    }
    "cannot-start", "an artifact, more often than its client remembers",
    Some("cannot download its artifact: connection refused (http://files/mailer.tgz), 22 times in 11 min"), |place| {
        let it = held(place, "Failed Artifact Download", NO_ARTIFACT, |_, it| {
            (it.phase, it.containers[0].restarts) = (Phase::Restarting, 21);
        });
        [2, 35, 68].into_iter().for_each(|ago| in_vain(place, &it, ago, NO_ARTIFACT));
    }
    "cannot-start", "its driver finds no program", Some("cannot start: binary \"/bin/mailer\" could not be found"), |place| {
        let it = held(place, "", "", |_, it| {
            let (reason, message) = (ExitReason::CannotRun, Some(NO_PROGRAM.into()));
            let end = Exit { code: 1, reason, message, started: None, ended: Some(at(-40)) };
            (it.phase, it.containers[0].state) = (Phase::Failed, ContainerState::Ended(Box::new(end)));
        });
        in_vain(place, &it, 40, NO_PROGRAM);
    }
    "cannot-start", "the next one is being set up", Some("cannot start: binary \"/bin/mailer\" could not be found, twice in 30 s"), |place| {
        let it = held(place, "Task Setup", "Building Task Directory", |_, _| {});
        [10, 40].into_iter().for_each(|ago| in_vain(place, &it, ago, NO_PROGRAM));
    }
    "cannot-start", "being downloaded", None, |place| {
        held(place, "Downloading Artifacts", "Client is downloading artifacts", |_, _| {});
    }
    "cannot-start", "what the revision before lacked", None, |place| {
        let it = held(place, "Downloading Artifacts", "Client is downloading artifacts", |workload, _| newer_revision(workload, 20));
        [40, 70].into_iter().for_each(|ago| in_vain(place, &it, ago, NO_ARTIFACT));
    }
    "cannot-start", "an image that its driver cannot pull", None, |place| {
        held(place, "Driver Failure", "Failed to pull `shop/mailer:2`: manifest unknown", |_, _| {});
    }
    "cannot-start", "an earlier run of a periodic job, before one that went well", None, |place| {
        let mut job = None;
        held(place, "", "", |workload, it| {
            let (reason, message) = (ExitReason::CannotRun, Some(NO_PROGRAM.into()));
            let end = Exit { code: 1, reason, message, started: None, ended: Some(at(-700)) };
            (it.phase, it.containers[0].state) = (Phase::Failed, ContainerState::Ended(Box::new(end)));
            (workload.desired, workload.restart_policy) = (Desired::Completions(1), RestartPolicy::No);
            workload.job = Some(Box::new(JobState { suspended: false, gave_up: None }));
            job = Some(workload.clone());
        });
        let mut next = place.instance(&job.expect("it was made"), 1);
        (next.phase, next.ready, next.created) = (Phase::Succeeded, false, Some(at(-60)));
        next.containers[0].state = ContainerState::Ended(exit(0, ExitReason::Completed, 50, 9));
        put(place, next);
    }
    "cannot-create", "what its client cannot start was made", None, |place| {
        let it = held(place, "Failed Artifact Download", NO_ARTIFACT, |_, _| {});
        in_vain(place, &it, 10, NO_ARTIFACT);
    }

    "replicas-missing", "a deployment that has not decided yet", None, |place| {
        undecided(place, 90);
        place.look();
        place.pass(60);
    }
    "replicas-missing", "a deployment that takes longer than it may", Some("none of 1 is ready (1 running)"), |place| {
        undecided(place, 400);
        place.look();
        place.pass(60);
    }

    "rollout-stuck", "a deployment past its deadline", Some("rollout failed: no progress within its deadline; goes back to version 1"), |place| {
        rollout(place, Kind::TaskGroup, 4, 4, RolloutPhase::Failed, |it| {
            it.message = Some("Failed due to progress deadline - rolling back to job version 1".into());
        });
    }
    "rollout-stuck", "a deployment that is done", None, |place| {
        rollout(place, Kind::TaskGroup, 4, 4, RolloutPhase::Complete, |it| it.message = None);
    }
}
