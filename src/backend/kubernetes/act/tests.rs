//! What a backend does that nobody is asked for.

use super::*;
use crate::backend::kubernetes::{Proxies, Target, Way};
use crate::domain::{
    ClusterId, Debugger, Enter, Including, Name, Pin, Quiet, Ref, Seen, Setting, Size, StepAction, Until,
};

fn read_only() -> std::sync::Arc<Kubernetes> {
    Kubernetes::new(Target {
        name: ClusterId::new("prod"),
        // Nobody is asked: there is nobody there.
        way: Way::Context { files: Vec::new(), context: "prod".to_owned() },
        namespaces: Vec::new(),
        how: Text::new("current context"),
        read_only: true,
        debug_image: "busybox:1.37".into(),
        proxies: Proxies::default(),
    })
}

/// Each thing that can be meant, of each kind that may be meant by it.
fn every_intent() -> Vec<Intent> {
    let key = |raw: &str| raw.parse::<Ref>().expect("a ref");
    let keys =
        ["shop/Deployment/a", "shop/StatefulSet/a", "shop/Pod/a", "-/Node/a", "shop/CronJob/a", "shop/Application/a"];
    let of = |key: Ref| {
        [
            Intent::Restart(key.clone()),
            Intent::Scale(key.clone(), 3),
            Intent::Undo(key.clone(), None),
            Intent::Set(key.clone(), Setting::Image(None, Name::new("a:1"))),
            Intent::Cordon(key.clone()),
            Intent::Uncordon(key.clone()),
            Intent::Drain(key.clone(), Including::default()),
            Intent::Pause(key.clone()),
            Intent::Resume(key.clone()),
            Intent::Promote(key.clone()),
            Intent::Abort(key.clone()),
            Intent::Stop(key.clone()),
            Intent::Start(key.clone()),
            Intent::Kill(key.clone()),
            Intent::Recreate(key.clone()),
            Intent::Shell(key.clone(), Enter::default()),
            Intent::Shell(key.clone(), Enter { debug: Some(Debugger::default()), ..Enter::default() }),
            Intent::Trigger(key.clone()),
            Intent::Unblock(key.clone()),
            Intent::Prune(key.clone()),
            Intent::Silence(key.clone(), Quiet { seconds: 60, comment: "why".into() }),
            Intent::Unsilence(key.clone()),
            Intent::Several(vec![Intent::Restart(key.clone()), Intent::Pause(key)]),
        ]
    };
    keys.iter().flat_map(|raw| of(key(&format!("prod/{raw}")))).collect()
}

#[tokio::test]
async fn a_cluster_that_is_watched_read_only_is_not_changed_by_anything() {
    let backend = read_only();
    let pod: Ref = "prod/shop/Pod/a".parse().expect("a ref");
    let attach = Attach::new(pod, "u".into(), Enter::default(), Size { columns: 80, rows: 24 }, "xterm");
    let attached = backend.attach(attach).await.map(|_| ());
    assert!(matches!(attached, Err(StepError::Denied(why)) if why.contains("shop/a")));
    for intent in every_intent() {
        let refusal = backend.prepare(intent).await.expect_err("refused");
        assert_eq!((refusal.why.as_str(), refusal.mend.as_str()), (READ_ONLY, "start cockpit without --read-only"));
        let key = "prod/shop/Deployment/web".parse::<Ref>().expect("a ref");
        for action in [StepAction::Restart(key.clone()), StepAction::Kill(key.clone()), StepAction::Retry(key.clone())]
        {
            let pin = Pin { key: key.clone(), uid: "u".into(), seen: Seen::Uid };
            let step = Step { action, pin, until: Until::Accepted, timeout_seconds: 1, group: 0 };
            let done = backend.execute(step).await;
            assert!(matches!(done, Err(StepError::Denied(why)) if why.contains("shop/web")));
        }
    }
}
