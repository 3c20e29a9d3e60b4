//! Volumes.

use super::make::*;
use super::*;

/// A pod that waits for its volumes, of which the node says so.
fn mounts(place: &mut Place, said: &str, ago: i64) {
    let workload = waits(place, "api", "ContainerCreating", "");
    let it = place.instance(&workload, 0);
    place.occurred(OccurrenceKind::MountFailure, &it, ago, |event| event.text = Some(said.into()));
}

/// A claim of a class that waits, and what is said of that.
fn claim(place: &mut Place, said: &str) {
    let key = place.key(Kind::Volume, "data");
    let (driver, state, message) = (Some("fast".into()), Some("pending".into()), Some(said.into()));
    place.put(Object::Volume(Box::new(Volume { key, driver, state, message, size_bytes: None })));
    place.look();
    place.pass(180);
}

cases! {
    "volume-unbound", "pending", Some("waits to be made: no provisioner"), |place| { volume(place, "pending"); place.look(); place.pass(180); }
    "volume-unbound", "bound", None, |place| { volume(place, "bound"); place.look(); place.pass(180); }
    "volume-unbound", "of a class", Some("waits to be made (storage class fast): provisioner is down"), |place| {
        claim(place, "provisioner is down");
    }
    "volume-unbound", "it only waits for its first pod", None, |place| {
        claim(place, "waiting for first consumer to be created before binding");
    }

    "cannot-mount", "still attached elsewhere", Some("cannot attach volume pvc-1: db-0 still uses it on another node"), |place| {
        mounts(place, "Multi-Attach error for volume \"pvc-1\" Volume is already used by pod(s) db-0", 60);
    }
    "cannot-mount", "a ConfigMap that is not there", Some("ConfigMap shop/app is missing"), |place| {
        mounts(place, "MountVolume.SetUp failed for volume \"config\" : configmap \"app\" not found", 60);
    }
    "cannot-mount", "the words that say most", Some("cannot mount volume nfs: mount failed: exit status 32"), |place| {
        mounts(place, "MountVolume.SetUp failed for volume \"nfs\" : mount failed: exit status 32", 90);
        let workload = place.workload(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::MountFailure, &it, 40, |event| {
            event.text = Some("Unable to attach or mount volumes: unmounted volumes=[nfs]: timed out waiting for the condition".into());
        });
    }
    "cannot-mount", "it was mounted since", None, |place| {
        let workload = place.healthy(Kind::Deployment, "api", 1);
        let it = place.instance(&workload, 0);
        place.occurred(OccurrenceKind::MountFailure, &it, 60, |event| event.text = Some("timed out".into()));
    }
}
