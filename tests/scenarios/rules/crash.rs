//! Processes that end.

use super::make::*;
use super::*;

cases! {
    "crash-loop", "restarting again and again, with its last line",
    Some("exits with 1 again and again (restarted 5 times in 3 min): Error: DB_URL is not set"), |place| {
        let workload = place.workload(Kind::ComposeService, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-190)));
        it.containers[0].restarts = 5;
        it.containers[0].state = waiting("restarting", "");
        it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 5, 1));
        put(place, it);
        place.look();
        let want = place.diagnosis.wants().iter().next().expect("the last lines are wanted").clone();
        place.tell(vec![Fact::Answered(want, Answer::Lines(vec!["Error: DB_URL is not set".into(), "bye".into()]))]);
    }
    "crash-loop", "one of a custom controller's two pods, of which no list tells",
    Some("1 of 2: exits with 1 again and again (restarted 5 times in 2 min)"), |place| {
        let mut workload = place.workload(Kind::Custom, "main", 2);
        workload.desired = Desired::Unknown;
        place.put(Object::Workload(Box::new(workload.clone())));
        let whole = place.instance(&workload, 0);
        let mut it = place.instance(&workload, 1);
        (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-190)));
        it.containers[0].restarts = 5;
        it.containers[0].state = waiting("CrashLoopBackOff", "");
        it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 20, 5));
        put(place, whole);
        put(place, it);
    }
    "crash-loop", "tasks that fail one after the other", Some("is killed by SIGSYS (159) again and again (3 times in 40 s)"), |place| {
        let workload = place.workload(Kind::Service, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        for n in 0..3 {
            let mut it = place.instance(&workload, n);
            (it.phase, it.ready, it.desired) = (Phase::Failed, false, DesiredState::Stop);
            it.containers[0].state = ContainerState::Ended(exit(159, ExitReason::Error, 5 + i64::from(n) * 20, 2));
            put(place, it);
        }
    }
    "crash-loop", "restarted thrice in a year", None, |place| {
        let workload = place.workload(Kind::ComposeService, "web", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        it.created = Some(at(-86_400 * 300));
        it.containers[0].restarts = 3;
        it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 60, 86_400));
        put(place, it);
    }
    "exited", "a service that failed", Some("failed with exit 3 after 2 h, and nothing restarts it"), |place| {
        ends(place, Kind::ComposeService, 3, 600, 7200, |_, _| {});
    }
    "exited", "a command that is not there", Some("could not start: command not found (127), and nothing restarts it"), |place| {
        ends(place, Kind::ComposeService, 127, 600, 0, |_, it| {
            it.containers[0].state = ContainerState::Ended(exit(127, ExitReason::CannotRun, 600, 0));
        });
    }
    "exited", "a lone container that had run", Some("was killed by SIGKILL (137) after 2 h, and nothing restarts it"), |place| {
        ends(place, Kind::Container, 137, 600, 7200, |_, _| {});
    }
    "exited", "a run by hand", None, |place| { ends(place, Kind::Container, 1, 60, 2, |_, _| {}); }
    "exited", "two days ago", None, |place| { ends(place, Kind::ComposeService, 1, 172_800, 600, |_, _| {}); }
    "exited", "stopped by a person", None, |place| {
        ends(place, Kind::ComposeService, 137, 60, 600, |_, it| it.desired = DesiredState::Stop);
    }
    "exited", "compose run", None, |place| { ends(place, Kind::ComposeService, 1, 60, 600, |it, _| it.one_off = true); }
    "stop-timeout", "SIGTERM, then 137", Some("ignored SIGTERM for its 10 s stop timeout and was killed (137)"), |place| {
        let workload = place.healthy(Kind::ComposeService, "slow", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::StopTimeout, &it, 120, |_| {});
    }
    "stop-timeout", "stopped in time", None, |place| {
        ends(place, Kind::ComposeService, 143, 60, 600, |_, it| {
            it.desired = DesiredState::Stop;
            it.containers[0].state = ContainerState::Ended(exit(143, ExitReason::Stopped, 60, 600));
        });
    }

    "crash-loop", "an init container", Some("init container migrate exits with 2 again and again (restarted 6 times in 10 min)"), |place| {
        let workload = place.workload(Kind::Deployment, "api", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.created) = (Phase::Restarting, false, Some(at(-620)));
        it.containers[0].state = waiting("PodInitializing", "");
        let mut init = Container::new("migrate", "r.example/shop/app:1", waiting("CrashLoopBackOff", ""));
        (init.role, init.restarts) = (ContainerRole::Init, 6);
        init.last_exit = Some(exit(2, ExitReason::Error, 10, 3));
        it.containers.insert(0, init);
        put(place, it);
    }
    "crash-loop", "a command that is not there",
    Some("fails to start again and again (restarted 5 times in 3 min): command not found: exec: \"serve\": executable file not found in $PATH"), |place| {
        looping(place, |container| {
            let end = Exit { message: Some(START_ERROR.into()), ..*exit(128, ExitReason::CannotRun, 5, 0) };
            container.last_exit = Some(Box::new(end));
        });
    }
    "crash-loop", "137 that nobody explains",
    Some("is killed by SIGKILL (137) again and again (restarted 5 times in 3 min): no OOM is reported, who killed it is not known"), |place| {
        looping(place, |container| container.last_exit = Some(exit(137, ExitReason::Error, 5, 20)));
    }
    "crash-loop", "its last words, where its log is not known", Some("exits with 1 again and again (restarted 5 times in 3 min): cannot bind: address in use"), |place| {
        looping(place, |container| {
            let end = Exit { message: Some("cannot bind: address in use".into()), ..*exit(1, ExitReason::Error, 5, 1) };
            container.last_exit = Some(Box::new(end));
        });
    }
    "exited", "a bare pod", Some("failed with exit 3 after 2 h, and nothing restarts it"), |place| {
        ends(place, Kind::BarePod, 3, 600, 7200, |_, _| {});
    }
    "exited", "a bare pod that was run by hand", None, |place| { ends(place, Kind::BarePod, 1, 60, 2, |_, _| {}); }
    "crash-loop", "its liveness probe",
    Some("is restarted because its liveness probe fails, again and again (restarted 5 times in 3 min): HTTP 500"), |place| {
        let it = looping(place, |container| container.last_exit = Some(exit(137, ExitReason::Error, 5, 30)));
        place.occurred(OccurrenceKind::ProbeFailure, &it, 36, |event| {
            event.text = Some("Liveness probe failed: HTTP probe failed with statuscode: 500".into());
        });
    }
    // A kubelet tells of a pod only so often: the newest end has no event of its own.
    "crash-loop", "its liveness probe, and its kubelet is silent about it by now",
    Some("is restarted because its liveness probe fails, again and again (restarted 5 times in 3 min)"), |place| {
        let it = looping(place, |container| container.last_exit = Some(exit(137, ExitReason::Error, 5, 30)));
        let mut workload = place.workload(Kind::Deployment, "api", 1);
        workload.containers[0].probes = vec![probe(ProbeKind::Liveness, "GET :8080/live", 10, 3)];
        place.put(Object::Workload(Box::new(workload)));
        place.occurred(OccurrenceKind::Killed, &it, 900, |event| {
            event.text = Some("Container main failed liveness probe, will be restarted".into());
        });
    }
    "crash-loop", "an init container that is done, and a debug container that was left", None, |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        let mut it = place.instance(&workload, 0);
        for (name, role, code) in [("setup", ContainerRole::Init, 0), ("debugger-1", ContainerRole::Ephemeral, 130)] {
            let mut container = Container::new(name, "r.example/tools:1", ContainerState::Ended(exit(code, ExitReason::Error, 20, 5)));
            (container.role, container.restarts) = (role, 5);
            it.containers.push(container);
        }
        it.created = Some(at(-600));
        put(place, it);
    }
    "exited", "evicted pods are left there", None, |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        for n in 3..6 {
            let mut it = place.instance(&workload, n);
            (it.phase, it.ready, it.reason) = (Phase::Failed, false, Some("Evicted".into()));
            it.containers[0].state = ContainerState::Ended(exit(137, ExitReason::Error, 60 * i64::from(n), 600));
            put(place, it);
        }
    }
    "stop-timeout", "a pod that outlives its grace", Some("ignored SIGTERM for its 30 s grace period and was killed (137)"), |place| {
        let workload = place.healthy(Kind::Deployment, "slow", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::StopTimeout, &it, 120, |_| {});
    }
}
