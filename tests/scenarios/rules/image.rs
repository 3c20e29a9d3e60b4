//! Images that cannot be had.

use super::make::*;
use super::*;

cases! {
    "image-pull", "not found", Some("cannot pull shop/app:1: not found"), |place| {
        waits(place, "api", "ImagePullBackOff", "manifest unknown");
    }
    "image-pull", "while the old ones serve, with a countdown",
    Some("rollout stuck: cannot pull shop/app:1: not found; gives up in 3 min"), |place| {
        let workload = rollout(place, Kind::Deployment, 4, 4, RolloutPhase::Progressing, |it| it.deadline = Some(at(180)));
        let mut it = place.instance(&workload, 9);
        (it.phase, it.ready) = (Phase::Starting, false);
        it.containers[0].state = waiting("ErrImagePull", "not found");
        put(place, it);
    }
    "image-pull", "a pull that stalls", Some("pulling shop/app:1 for 12 min without an end"), |place| {
        waits(place, "api", "ContainerCreating", "Pulling image");
    }
    "image-pull", "a task rejected for want of its image", Some("cannot pull shop/app:1: not there, denied, or r.example cannot be reached; the Swarm does not say which"), |place| {
        let workload = place.workload(Kind::Service, "api", 1);
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.desired, it.since) = (Phase::Rejected, false, DesiredState::Stop, Some(at(-5)));
        it.message = Some("No such image: shop/app:1".into());
        put(place, it);
    }
    "image-pull", "a pull that is young", None, |place| {
        let workload = waits(place, "api", "ContainerCreating", "Pulling image");
        let mut it = place.instance(&workload, 0);
        (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, Some(at(-10)), Some(at(-10)));
        it.containers[0].state = waiting("ContainerCreating", "Pulling image");
        put(place, it);
    }
}
