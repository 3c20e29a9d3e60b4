//! Nothing hangs on the order in which kinds are heard of; and what is not there any more leaves.

use super::hear::{Scenes, line, listed, listing, put, said, then};
use crate::backend::kubernetes::heard::{Heard, Said};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::{Exposure, Fact, Kind, Name, Object, Text, Trouble, TroubleKind};

/// Hears every recorded list in an order, whole or in pieces that interleave.
fn heard_in(order: &[ApiKind], piece: usize) -> Scenes {
    let mut scenes = Scenes::empty();
    let mut rest: Vec<(ApiKind, std::vec::IntoIter<Said>)> = Vec::new();
    for kind in order {
        let Heard { said, .. } = listing(*kind, listed(*kind));
        rest.push((*kind, said.into_iter()));
    }
    while !rest.is_empty() {
        for (kind, of) in &mut rest {
            let some: Vec<Said> = of.take(piece).collect();
            if !some.is_empty() {
                scenes.hear(said(*kind, then(), some));
            }
        }
        rest.retain(|(_, of)| of.len() > 0);
    }
    scenes
}

/// Hashes of environments differ from book to book.
fn plain(object: &Object) -> Object {
    let mut object = object.clone();
    if let Object::Workload(it) = &mut object {
        it.containers.iter_mut().flat_map(|it| &mut it.env).for_each(|it| it.hash = 0);
    }
    object
}

#[test]
fn any_order_of_kinds_gives_the_same() {
    let forth: Vec<ApiKind> = ApiKind::ALL.to_vec();
    let back: Vec<ApiKind> = ApiKind::ALL.iter().rev().copied().collect();
    let turned: Vec<ApiKind> = ApiKind::ALL.iter().cycle().skip(9).take(ApiKind::ALL.len()).copied().collect();
    let first = heard_in(&forth, usize::MAX);
    assert!(first.objects.len() > 150 && first.occurrences.len() > 60);
    for (order, piece) in [(&back, usize::MAX), (&turned, usize::MAX), (&forth, 3), (&back, 1), (&turned, 17)] {
        let other = heard_in(order, piece);
        let differs: Vec<_> = first
            .objects
            .iter()
            .filter(|(key, object)| other.objects.get(*key).map(plain) != Some(plain(object)))
            .map(|(key, _)| key)
            .collect();
        assert!(differs.is_empty(), "{differs:?}");
        assert_eq!(first.objects.len(), other.objects.len());
        assert_eq!(first.sources, other.sources);
        assert_eq!(first.occurrences, other.occurrences);
    }
}

#[test]
fn what_a_fresh_listing_does_not_name_leaves_and_what_is_the_same_is_named() {
    let mut scenes = Scenes::recorded();
    let before = scenes.objects.clone();
    scenes.facts.clear();
    for kind in ApiKind::ALL {
        scenes.hear(listing(*kind, listed(*kind)));
    }
    assert_eq!(before, scenes.objects, "nothing is different");
    let mut named: Vec<_> = scenes
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Put(_, object) => Some(object.key()),
            _ => None,
        })
        .collect();
    named.sort_unstable();
    assert!(before.keys().eq(named), "each is named once");
    assert!(
        !scenes
            .facts
            .iter()
            .any(|fact| matches!(fact, Fact::Occurred(it) if it.subject.kind == Kind::Pod && it.code.is_some())),
        "no end is told again"
    );
    for kind in ApiKind::ALL {
        scenes.hear(listing(*kind, Vec::new()));
    }
    assert!(scenes.objects.is_empty(), "{:?}", scenes.objects.keys().collect::<Vec<_>>());
}

#[test]
fn what_is_the_same_is_not_said_again() {
    let mut scenes = Scenes::recorded();
    scenes.facts.clear();
    for kind in ApiKind::ALL.iter().filter(|kind| **kind != ApiKind::Events) {
        let puts = listed(*kind).into_iter().map(Said::Put).collect();
        scenes.hear(said(*kind, then(), puts));
    }
    assert!(scenes.facts.is_empty(), "{:?}", scenes.facts.first());
}

const POD: &str = r#"{"metadata":{"name":"web-0","namespace":"shop","uid":"UID",
  "ownerReferences":[{"kind":"StatefulSet","name":"web","uid":"o","controller":true}]}}"#;

#[test]
fn the_end_of_a_former_incarnation_does_not_take_the_next_away() {
    let (old, new) = (POD.replace("UID", "old"), POD.replace("UID", "new"));
    let mut scenes = Scenes::with(&[(ApiKind::Pods, &old)]);
    let gone = line(ApiKind::Pods, &format!(r#"{{"type":"DELETED","object":{old}}}"#));
    scenes.hear(said(ApiKind::Pods, then(), vec![put(ApiKind::Pods, &new), gone]));
    let Object::Instance(it) = scenes.object(Kind::Pod, "shop", "web-0") else { panic!("not that") };
    assert_eq!(it.uid, "new");
    // In one breath, in the order in which a server says it.
    let gone = line(ApiKind::Pods, &format!(r#"{{"type":"DELETED","object":{new}}}"#));
    scenes.hear(said(ApiKind::Pods, then(), vec![gone, put(ApiKind::Pods, &old)]));
    let Object::Instance(it) = scenes.object(Kind::Pod, "shop", "web-0") else { panic!("not that") };
    assert_eq!(it.uid, "old");
}

#[test]
fn a_source_that_is_not_watched_any_more_takes_its_objects_with_it_and_is_not_named_again() {
    let mut scenes = Scenes::recorded();
    scenes.facts.clear();
    scenes.hear(said(ApiKind::Pods, then(), vec![Said::Closed]));
    assert!(!scenes.objects.values().any(|it| matches!(it, Object::Instance(_))));
    let after_close = scenes.facts.iter().skip_while(|fact| !matches!(fact, Fact::Closed(_))).skip(1);
    let named = |fact: &&Fact| match fact {
        Fact::Put(source, _) | Fact::Gone(source, _) => source.kind == "pods",
        _ => false,
    };
    assert_eq!(after_close.filter(named).count(), 0, "it would be taken for one that is watched");
    // In its place, a namespace at a time.
    let web = POD.replace("UID", "u");
    let shop = Some(Name::new("shop"));
    let whole = vec![Said::Listing(None), put(ApiKind::Pods, &web), Said::Listed];
    scenes.hear(Heard { kind: ApiKind::Pods, partition: shop.clone(), at: then(), said: whole });
    let key = Scenes::key(Kind::Pod, "shop", "web-0");
    assert_eq!(scenes.sources[&key].partition, shop);
    scenes.hear(Heard {
        kind: ApiKind::Pods,
        partition: shop,
        at: then(),
        said: vec![Said::Listing(None), Said::Listed],
    });
    assert!(!scenes.objects.contains_key(&key));
}

#[test]
fn exposure_is_unknown_until_services_are_known() {
    let set = r#"{"metadata":{"name":"web","namespace":"shop","uid":"o"},"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}"#;
    let mut scenes = Scenes::empty();
    let exposure = |scenes: &Scenes| scenes.workload(Kind::StatefulSet, "shop", "web").exposure;
    scenes.hear(said(
        ApiKind::StatefulSets,
        then(),
        vec![Said::Listing(None), put(ApiKind::StatefulSets, set), Said::Listed],
    ));
    assert_eq!(exposure(&scenes), Exposure::Unknown);
    let trouble = Trouble {
        kind: TroubleKind::Forbidden,
        what: Text::new("x"),
        mend: Text::new("y"),
        since: then(),
        retry_at: None,
    };
    scenes.hear(said(ApiKind::Services, then(), vec![Said::Listing(None), Said::Trouble(trouble)]));
    assert_eq!(exposure(&scenes), Exposure::Unknown, "what may not be read is not absent");
    scenes.hear(said(ApiKind::Services, then(), vec![Said::Listing(None), Said::Listed]));
    assert_eq!(exposure(&scenes), Exposure::No);
    let service = r#"{"metadata":{"name":"web","namespace":"shop","uid":"s"},"spec":{"selector":{"app":"web"}}}"#;
    scenes.hear(said(ApiKind::Services, then(), vec![put(ApiKind::Services, service)]));
    assert_eq!(exposure(&scenes), Exposure::Yes);
    let gone = line(ApiKind::Services, &format!(r#"{{"type":"DELETED","object":{service}}}"#));
    scenes.hear(said(ApiKind::Services, then(), vec![gone]));
    assert_eq!(exposure(&scenes), Exposure::No);
}

#[test]
fn facts_of_a_source_come_in_its_order() {
    let scenes = Scenes::recorded();
    for kind in ApiKind::ALL {
        let source = kind.source(None);
        let of: Vec<u8> = scenes
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Listing(of, _) if *of == source => Some(0),
                Fact::Put(of, _) if *of == source => Some(1),
                Fact::Listed(of) if *of == source => Some(2),
                _ => None,
            })
            .collect();
        assert_eq!(of.first(), Some(&0), "{source}");
        let listed = of.iter().position(|it| *it == 2).expect("listed");
        assert!(of[1..listed].iter().all(|it| *it == 1), "{source}: what it lists comes before it is complete");
    }
}

#[test]
fn what_is_adopted_is_no_workload_of_its_own_any_more() {
    let owner = r#""ownerReferences":[{"kind":"OWNER","name":"web","uid":"o","controller":true}],"#;
    for (kind, api, by) in [
        (Kind::BarePod, ApiKind::Pods, "StatefulSet"),
        (Kind::ReplicaSet, ApiKind::ReplicaSets, "Deployment"),
        (Kind::Job, ApiKind::Jobs, "CronJob"),
    ] {
        let alone = r#"{"metadata":{OWNER"name":"web-1","namespace":"shop","uid":"u"}}"#;
        let adopted = alone.replace("OWNER", &owner.replace("OWNER", by));
        let mut scenes = Scenes::with(&[(api, &alone.replace("OWNER", ""))]);
        let key = Scenes::key(kind, "shop", "web-1");
        assert!(scenes.objects.contains_key(&key));
        scenes.hear(said(api, then(), vec![put(api, &adopted)]));
        assert!(!scenes.objects.contains_key(&key), "{kind}");
        scenes.hear(said(api, then(), vec![put(api, &alone.replace("OWNER", ""))]));
        assert!(scenes.objects.contains_key(&key), "let go of again");
    }
}
