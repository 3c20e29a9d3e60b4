//! One cause, one row: which finding on a subject is the incident, and which other subjects it drags along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::words::{after, many};
use crate::domain::{Certainty, ClusterId, Ref, Role, Severity, Text, Tier, Timestamp, Want};
use crate::state::View;

use super::diagnosis::Found;
use super::incident::{Incident, Rank, Symptom};
use super::lifecycle::Life;
use super::rank::{Importance, Place, Weight, weigh};
use super::rule::{Cause, Link};
use super::rules::{REPLICAS_MISSING, ROLLOUT_STUCK, place_of};
use super::scene::{Standing, least_sure};
use super::settings::Settings;

/// A cause may be noticed so much later than its consequence, seconds: a health check takes its time.
const NOTICED_LATER: i64 = 30;
/// So much later for a queue: a consumer takes less before it dies, so its queue may grow first, seconds.
const GROWS_BEFORE: i64 = 300;
/// What fails within so long of each other failed together, seconds.
const TOGETHER: i64 = 60;

/// Findings by what they are put down to, and by family; the strongest of a family first.
pub type Homes = BTreeMap<(Ref, &'static str), Vec<Arc<Found>>>;

/// Puts each finding down to its subject; an alert's to what it is about, where that is there.
pub fn homes(found: &BTreeMap<Ref, Vec<Arc<Found>>>, view: &View<'_>) -> Homes {
    let mut homes = Homes::new();
    for (key, of_key) in found {
        let home = home_of(key, view);
        for it in of_key {
            homes.entry((home.clone(), it.rule.family)).or_default().push(Arc::clone(it));
        }
    }
    for of_family in homes.values_mut() {
        of_family.sort_by(|a, b| strength(a).cmp(&strength(b)));
    }
    homes
}

fn home_of(key: &Ref, view: &View<'_>) -> Ref {
    let about = view.alert(key).and_then(|alert| alert.about.as_ref());
    match about.and_then(|about| view.object(about)) {
        Some(crate::domain::Object::Instance(it)) => it.owner.clone().unwrap_or_else(|| key.clone()),
        // What one workload alone serves is its own.
        Some(crate::domain::Object::Endpoint(it)) => match &it.serves[..] {
            [one] if view.workload(one).is_some() => one.clone(),
            _ => it.key.clone(),
        },
        Some(object) => object.key().clone(),
        None => key.clone(),
    }
}

fn strength(it: &Found) -> impl Ord {
    let since = it.since().0;
    (it.rule.cause, it.finding.severity, it.finding.tier, place_of(it.rule), since, it.finding.summary.clone())
}

/// An incident with what ranks it.
#[derive(Debug)]
pub struct Ranked {
    /// The row.
    pub incident: Incident,
    /// Where it stands.
    pub place: Place,
    /// What would tell more.
    pub wants: Vec<Want>,
}

impl Ranked {
    /// A row of something that is over.
    pub fn recovered(mut incident: Incident, settings: &Settings) -> Self {
        let importance = Importance::of(&incident.subject, settings);
        let place = Place::of(&incident, 0, &importance);
        incident.rank = Rank::By { importance, beside: 0 };
        Self { incident, place, wants: Vec::new() }
    }
}

/// One open life, weighed.
struct Row<'a> {
    subject: &'a Ref,
    life: &'a Life,
    standing: Standing,
    weight: Weight,
    /// Others of its family on the subject.
    same: &'a [Arc<Found>],
}

impl Row<'_> {
    fn cause(&self) -> Cause {
        self.life.found.rule.cause
    }

    fn stands_alone(&self) -> bool {
        self.cause() == Cause::Risk
    }

    /// Whether others can fail because of it: something of it is missing, or others run on it or pass through it.
    fn can_drag(&self) -> bool {
        let shared = matches!(self.subject.kind.role(), Role::Node | Role::Endpoint | Role::Volume | Role::Cluster);
        !self.stands_alone() && (self.weight.tier <= Tier::Capacity || shared)
    }

    /// It only repeats what is wrong with what it keeps, where that is known.
    fn only_tells(&self) -> bool {
        self.cause() == Cause::GitOps
    }

    fn symptom(&self, certainty: Certainty) -> Symptom {
        let found = &self.life.found;
        Symptom {
            about: self.subject.clone(),
            rule: found.rule.id,
            text: found.finding.summary.clone(),
            certainty: least_sure(certainty, found.finding.certainty),
        }
    }
}

/// The open incidents, not yet in order.
pub fn incidents(
    lives: &BTreeMap<(Ref, &'static str), Life>,
    homes: &Homes,
    view: &View<'_>,
    settings: &Settings,
) -> Vec<Ranked> {
    let rows: Vec<Row<'_>> =
        lives.iter().filter(|(_, life)| life.is_open()).map(|(home, life)| row(home, life, homes, view)).collect();
    let heads = heads(&rows);
    let parents = parents(&rows, &heads, view);
    let over = outlived(&rows, &heads, lives, view);
    let mut dragged: BTreeMap<usize, Vec<(usize, Certainty)>> = BTreeMap::new();
    for (child, (parent, certainty)) in &parents {
        let (root, certainty) = root_of(*parent, *certainty, &parents);
        dragged.entry(root).or_default().push((*child, certainty));
    }
    let roots: Vec<usize> = heads.values().flat_map(|of| of.iter().map(|(head, _)| *head)).collect();
    let roots: Vec<usize> = roots
        .into_iter()
        .filter(|head| !parents.contains_key(head) && !over.contains(head) && rows[*head].life.may_be_listed())
        .collect();
    let begun = Begun::of(roots.iter().map(|root| &rows[*root]));
    roots
        .iter()
        .map(|root| {
            let same =
                heads[rows[*root].subject].iter().find(|(head, _)| head == root).map_or(&[][..], |(_, same)| same);
            let children = dragged.get(root).map_or(&[][..], Vec::as_slice);
            let beside = if children.is_empty() { begun.beside(&rows[*root]) } else { 0 };
            build(&rows, *root, same, children, beside, view, settings)
        })
        .collect()
}

fn row<'a>(home: &'a (Ref, &'static str), life: &'a Life, homes: &'a Homes, view: &View<'_>) -> Row<'a> {
    let found = homes.get(home).map_or(&[][..], Vec::as_slice);
    let mut standing = life.found.standing;
    if home.0.kind.role() == Role::Workload
        && standing.wanted.is_none()
        && let Some(workload) = view.workload(&home.0)
    {
        let counts = view.counts(workload);
        let ready = counts.wanted.is_some().then_some(counts.ready);
        standing = Standing { exposure: workload.exposure, ready, wanted: counts.wanted };
    }
    let weight = weigh(&life.found.finding, standing);
    Row { subject: &home.0, life, standing, weight, same: found.get(1..).unwrap_or_default() }
}

/// By subject the rows that may be incidents, each with those on the subject that are its symptoms.
type Heads<'a> = BTreeMap<&'a Ref, Vec<(usize, Vec<usize>)>>;

/// The rows that may be incidents, by subject, each with the rows on the subject that are its symptoms.
fn heads<'a>(rows: &[Row<'a>]) -> Heads<'a> {
    let mut by_subject: BTreeMap<&Ref, Vec<usize>> = BTreeMap::new();
    for (ix, row) in rows.iter().enumerate() {
        by_subject.entry(row.subject).or_default().push(ix);
    }
    by_subject
        .into_iter()
        .map(|(subject, mut of)| {
            of.sort_by_key(|ix| (rows[*ix].cause(), rows[*ix].weight.tier, place_of(rows[*ix].life.found.rule)));
            let (alone, mut rest): (Vec<usize>, Vec<usize>) = of.into_iter().partition(|ix| rows[*ix].stands_alone());
            let mut heads: Vec<(usize, Vec<usize>)> = Vec::new();
            if !rest.is_empty() {
                let head = rest.remove(0);
                heads.push((head, rest));
            }
            heads.extend(alone.into_iter().map(|ix| (ix, Vec::new())));
            (subject, heads)
        })
        .collect()
}

type Parents = BTreeMap<usize, (usize, Certainty)>;

/// Which row is dragged along by which other.
fn parents(rows: &[Row<'_>], heads: &Heads<'_>, view: &View<'_>) -> Parents {
    let mut first: BTreeMap<&Ref, usize> = BTreeMap::new();
    for (subject, of) in heads {
        let head = of.iter().map(|(head, _)| *head).find(|head| !rows[*head].stands_alone());
        first.extend(head.map(|head| (*subject, head)));
    }
    // What is wrong with an endpoint is wrong with the workload that it stands for, where that has nothing else.
    let mut stands_for: BTreeMap<&Ref, usize> = BTreeMap::new();
    for (subject, head) in &first {
        for served in view.endpoint(subject).into_iter().flat_map(|endpoint| &endpoint.serves) {
            stands_for.entry(served).or_insert(*head);
        }
    }
    let mut order: Vec<usize> = first.values().copied().collect();
    order.sort_by_key(|ix| (rows[*ix].life.since, rows[*ix].subject));
    let mut parents = Parents::new();
    // First what failed earlier; then, where that explains nothing, what was noticed a little later.
    for (child, slack) in order.iter().map(|ix| (ix, false)).chain(order.iter().map(|ix| (ix, true))) {
        if parents.contains_key(child) {
            continue;
        }
        let mut best: Option<(Certainty, Timestamp, usize)> = None;
        for link in &rows[*child].life.found.finding.links {
            let (on, certainty) = match link {
                Link::On(on) | Link::Lacks(on) => (on, Certainty::Confirmed),
                Link::Likely(on) => (on, Certainty::Likely),
                Link::Image(_) | Link::Registry(_) | Link::Shared(_) | Link::Named(_) => continue,
            };
            let Some(&cause) = first.get(on).or_else(|| stands_for.get(on)) else { continue };
            let since = rows[cause].life.since;
            let began = rows[*child].life.since;
            let child_is_queue = rows[*child].subject.kind.role() == Role::Queue;
            let earlier = match slack {
                _ if matches!(link, Link::Lacks(_)) || rows[*child].only_tells() => true,
                false => (since, rows[cause].subject) < (began, rows[*child].subject),
                true if child_is_queue => since <= after(began, GROWS_BEFORE),
                true => since <= after(began, NOTICED_LATER),
            };
            let can_drag = rows[cause].can_drag() || rows[*child].only_tells();
            if cause != *child && earlier && can_drag && !leads_to(cause, *child, &parents) {
                let candidate = (certainty, since, cause);
                best = Some(best.map_or(candidate, |known| known.min(candidate)));
            }
        }
        if let Some((certainty, _, cause)) = best {
            parents.insert(*child, (cause, certainty));
        }
    }
    share(rows, &order, &mut parents);
    parents
}

/// What serves in full again and was dragged along by something that has recovered: that row still names it.
fn outlived(
    rows: &[Row<'_>],
    heads: &Heads<'_>,
    lives: &BTreeMap<(Ref, &'static str), Life>,
    view: &View<'_>,
) -> BTreeSet<usize> {
    let recovered = |on: &Ref| {
        let families = lives.range((on.clone(), "")..).take_while(|((subject, _), _)| subject == on);
        families.map(|(_, life)| life).find(|life| life.shows_recovered(view.now) && life.last_row.is_some())
    };
    let serves = |ix: &usize| rows[*ix].weight.lost == 0 && rows[*ix].weight.tier >= Tier::Stuck;
    let heads = heads.values().flatten().map(|(head, _)| *head).filter(serves);
    let outlived = |ix: &usize| {
        let row = &rows[*ix];
        row.life.found.finding.links.iter().any(|link| match link {
            Link::On(on) | Link::Lacks(on) | Link::Likely(on) => {
                recovered(on).is_some_and(|cause| cause.since <= after(row.life.since, NOTICED_LATER))
            }
            Link::Image(_) | Link::Registry(_) | Link::Shared(_) | Link::Named(_) => false,
        })
    };
    heads.filter(outlived).collect()
}

/// What cannot get one image, reach one registry or lacks one Secret is one incident: that of the first.
fn share(rows: &[Row<'_>], order: &[usize], parents: &mut Parents) {
    let mut leaders: BTreeMap<(&str, &Link), usize> = BTreeMap::new();
    for ix in order.iter().filter(|ix| !parents.contains_key(ix)).copied().collect::<Vec<_>>() {
        for link in &rows[ix].life.found.finding.links {
            if !link.is_shared() {
                continue;
            }
            let leader = *leaders.entry((rows[ix].subject.cluster.as_str(), link)).or_insert(ix);
            if leader != ix && !leads_to(leader, ix, parents) {
                parents.entry(ix).or_insert((leader, Certainty::Confirmed));
            }
        }
    }
}

fn leads_to(mut from: usize, to: usize, parents: &Parents) -> bool {
    while let Some((parent, _)) = parents.get(&from) {
        if *parent == to {
            return true;
        }
        from = *parent;
    }
    from == to
}

fn root_of(mut ix: usize, mut certainty: Certainty, parents: &Parents) -> (usize, Certainty) {
    while let Some((parent, surely)) = parents.get(&ix) {
        certainty = least_sure(certainty, *surely);
        ix = *parent;
    }
    (ix, certainty)
}

/// When the causes of each cluster began, in order.
struct Begun<'a>(BTreeMap<&'a ClusterId, Vec<Timestamp>>);

impl<'a> Begun<'a> {
    fn of<'r>(roots: impl Iterator<Item = &'r Row<'a>>) -> Self
    where
        'a: 'r,
    {
        let mut begun: BTreeMap<&ClusterId, Vec<Timestamp>> = BTreeMap::new();
        for root in roots.filter(|root| root.weight.tier <= Tier::Stuck) {
            begun.entry(&root.subject.cluster).or_default().push(root.life.since);
        }
        begun.values_mut().for_each(|of| of.sort_unstable());
        Self(begun)
    }

    /// How many other causes of its cluster began within a minute of this one.
    fn beside(&self, root: &Row<'_>) -> usize {
        let Some(begun) = self.0.get(&root.subject.cluster).filter(|_| root.weight.tier <= Tier::Stuck) else {
            return 0;
        };
        let from = begun.partition_point(|at| *at < after(root.life.since, -TOGETHER));
        let to = begun.partition_point(|at| *at <= after(root.life.since, TOGETHER));
        (to - from).saturating_sub(1)
    }
}

fn build(
    rows: &[Row<'_>],
    root: usize,
    same: &[usize],
    children: &[(usize, Certainty)],
    beside: usize,
    view: &View<'_>,
    settings: &Settings,
) -> Ranked {
    let row = &rows[root];
    let found = &row.life.found;
    let finding = &found.finding;
    let mut symptoms: Vec<Symptom> = row.same.iter().map(|it| same_family(row.subject, it)).collect();
    symptoms.extend(same.iter().flat_map(|ix| {
        let others = rows[*ix].same.iter().map(|it| same_family(row.subject, it));
        std::iter::once(rows[*ix].symptom(Certainty::Confirmed)).chain(others)
    }));
    // How many are ready is told beside it, and that a rollout waits for it in its own line.
    let told = |it: &Symptom| {
        let waits = it.rule == ROLLOUT_STUCK && it.text.starts_with("rollout stuck");
        it.about == *row.subject && (it.rule == REPLICAS_MISSING || waits)
    };
    symptoms.retain(|it| !told(it));
    let mut children: Vec<&(usize, Certainty)> = children.iter().collect();
    children.sort_by_key(|(ix, _)| (rows[*ix].weight.tier, rows[*ix].weight.severity, rows[*ix].subject));
    symptoms.extend(children.iter().map(|(ix, certainty)| rows[*ix].symptom(*certainty)));
    // What it drags along makes it as bad as the worst of that.
    let weights = same.iter().chain(children.iter().map(|(ix, _)| ix)).map(|ix| rows[*ix].weight);
    let (mut severity, mut tier, mut lost) = (row.weight.severity, row.weight.tier, row.weight.lost);
    for weight in weights {
        (severity, tier, lost) = (severity.min(weight.severity), tier.min(weight.tier), lost.max(weight.lost));
    }
    let severity = if tier >= Tier::Stuck { severity.max(Severity::Warning) } else { severity };
    let importance = Importance::of(row.subject, settings);
    let incident = Incident {
        id: row.life.id.clone(),
        rule: found.rule.id,
        severity,
        tier,
        state: row.life.state(view.now),
        subject: row.subject.clone(),
        label: finding.label.clone(),
        summary: summary(row, rows, &children),
        since: row.life.since,
        since_exact: row.life.since_exact,
        certainty: finding.certainty,
        exposure: row.standing.exposure,
        ready: row.weight.ready,
        wanted: row.standing.wanted,
        owner: settings.owner_of(row.subject).cloned(),
        evidence: finding.evidence.clone(),
        symptoms,
        actions: finding.helps.clone(),
        rank: Rank::By { importance: importance.clone(), beside },
        accepted: None,
    };
    let place = Place::of(&incident, lost, &importance);
    Ranked { incident, place, wants: finding.wants.clone() }
}

fn same_family(subject: &Ref, found: &Found) -> Symptom {
    Symptom {
        about: subject.clone(),
        rule: found.rule.id,
        text: found.finding.summary.clone(),
        certainty: found.finding.certainty,
    }
}

/// The cause, and in a few words how far it reaches.
fn summary(row: &Row<'_>, rows: &[Row<'_>], children: &[&(usize, Certainty)]) -> Text {
    let own = &row.life.found.finding.summary;
    let subjects: BTreeSet<&Ref> = children.iter().map(|(ix, _)| rows[*ix].subject).collect();
    let role = row.subject.kind.role();
    // What it shares with others is told first, then who fails because of it.
    let links = &row.life.found.finding.links;
    let alike = |link: &Link| {
        let others = children.iter().map(|(ix, _)| &rows[*ix]).filter(|it| it.subject != row.subject);
        others.filter(|it| it.life.found.finding.links.contains(link)).map(|it| it.subject).collect::<BTreeSet<&Ref>>()
    };
    let shared = links.iter().filter(|it| it.is_shared()).map(|it| (it, alike(it))).find(|(_, of)| !of.is_empty());
    let own = match &shared {
        Some((Link::Shared(_), of)) if role == Role::Workload => format!("{own}; {} workloads", of.len() + 1),
        Some((Link::Named(name), of)) => format!("{own}; the same for {} more of {name}", of.len()),
        Some((_, of)) => format!("{own}; the same for {} more", of.len()),
        None => own.to_string(),
    };
    let alike = shared.map_or_else(BTreeSet::new, |(_, of)| of);
    let fails = |it: &&&Ref| it.kind.role() == Role::Workload && !alike.contains(*it);
    let workloads = subjects.iter().filter(fails).count() as u64;
    let words = match role {
        _ if workloads == 0 => own,
        Role::Node => format!("{own}; {} short of instances", many(workloads, "workload")),
        _ if workloads == 1 => format!("{own}; 1 workload fails with it"),
        _ => format!("{own}; {workloads} workloads fail with it"),
    };
    Text::from(words)
}
