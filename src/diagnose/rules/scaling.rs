//! Whether a node is on its way for what waits for one.

use crate::diagnose::logs::quote;
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span};
use crate::domain::{Certainty, Instance, Node, NodeState, Occurrence, Text, Timestamp};

/// What is known of nodes for what waits: by what an autoscaler says of it (kubernetes/autoscaler: TriggeredScaleUp,
/// NotTriggerScaleUp; karpenter: Nominated, FailedScheduling), and by the nodes that are on their way (NodeClaims).
pub enum Scaling {
    /// One is on its way.
    Brings {
        /// Since when one is brought, whichever it is by now: one that comes to nothing is asked for anew.
        since: Timestamp,
        /// What hinders it.
        hindered: Option<Text>,
        /// In whose words.
        said: Option<(Timestamp, Text)>,
    },
    /// None will be brought, and why.
    BringsNone(String),
    /// One was to be brought and is not there.
    Late {
        /// Since when it was to be.
        since: Timestamp,
        /// What hinders it.
        hindered: Option<Text>,
    },
}

/// A node that is brought is there within so long, as a rule, seconds.
const BRINGS_WITHIN: i64 = 600;
/// One that is asked for so soon after something began to wait is asked for because of it, seconds.
const ASKED_WITHIN: i64 = 120;

enum Word {
    Brings,
    BringsNone(String),
}

impl Scaling {
    /// What is known of nodes for these; none where nobody speaks of any.
    pub fn of(scene: &Scene<'_>, waiting: &[&Instance]) -> Option<Self> {
        let of_them = |it: &&Occurrence| waiting.iter().any(|instance| scene.is_of(instance, &it.subject));
        let mut said: Option<(Timestamp, &Occurrence)> = None;
        for it in scene.view.occurrences_of(scene.key).filter(of_them).rev() {
            match it.text.as_deref().and_then(word) {
                None => {}
                Some(Word::Brings) => {
                    let newest = said.map_or(it, |(_, newest)| newest);
                    said = Some((it.first, newest));
                }
                Some(Word::BringsNone(why)) if said.is_none() => return Some(Scaling::BringsNone(why)),
                // What was said before that does not count any more.
                Some(Word::BringsNone(_)) => break,
            }
        }
        let coming = coming(scene);
        let Some((since, newest)) = said else { return Self::unsaid(scene, waiting, &coming) };
        let words = newest.text.clone().unwrap_or_else(|| Text::new(""));
        let claim = words.split_once("nodeclaim/").map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or(rest));
        let claim = claim.and_then(|name| coming.iter().find(|it| it.key.name == *name));
        let hindered = claim.and_then(|it| it.message.clone());
        Some(match after(since, BRINGS_WITHIN) > scene.now() {
            true => Scaling::Brings { since, hindered, said: Some((newest.last, words)) },
            false => Scaling::Late { since, hindered },
        })
    }

    /// Where no event says so, and one was asked for soon after these began to wait.
    fn unsaid(scene: &Scene<'_>, waiting: &[&Instance], coming: &[&Node]) -> Option<Self> {
        let began = waiting.iter().filter_map(|it| it.since.or(it.created)).min()?;
        let fits = |at: &Timestamp| *at >= began && *at <= after(began, ASKED_WITHIN);
        let (since, node) = coming.iter().find_map(|it| Some((it.since.filter(fits)?, it)))?;
        let hindered = node.message.clone();
        Some(match after(since, BRINGS_WITHIN) > scene.now() {
            true => Scaling::Brings { since, hindered, said: None },
            false => Scaling::Late { since, hindered },
        })
    }

    /// In words: of one that is on its way a sentence, else what follows one.
    pub fn words(&self, now: Timestamp) -> String {
        let but =
            |hindered: &Option<Text>| hindered.as_deref().map_or(String::new(), |why| format!(" ({})", quote(why)));
        match self {
            Scaling::Brings { since, hindered, .. } => {
                let for_so_long = span(seconds_between(*since, now));
                format!("waits for a node; one has been on its way for {for_so_long}{}", but(hindered))
            }
            Scaling::BringsNone(why) => format!("; the autoscaler brings no node: {why}"),
            Scaling::Late { since, hindered } => {
                let for_so_long = span(seconds_between(*since, now));
                format!("; a node has been on its way for {for_so_long} and does not come{}", but(hindered))
            }
        }
    }

    /// Only what was said of these themselves is sure.
    pub const fn certainty(&self) -> Certainty {
        match self {
            Scaling::Brings { said: None, .. } => Certainty::Likely,
            _ => Certainty::Confirmed,
        }
    }

    /// What shows it.
    pub fn evidence(&self) -> Option<(Option<Timestamp>, Text)> {
        match self {
            Scaling::Brings { said: Some((at, words)), .. } => Some((Some(*at), words.clone())),
            Scaling::Brings { since, said: None, .. } => {
                Some((Some(*since), Text::new("a node was asked for soon after it began to wait")))
            }
            Scaling::BringsNone(_) | Scaling::Late { .. } => None,
        }
    }
}

fn word(said: &str) -> Option<Word> {
    let lower = said.to_lowercase();
    if lower.contains("triggered scale-up") || lower.contains("should schedule on: nodeclaim") {
        return Some(Word::Brings);
    }
    let none = said.split_once("didn't trigger scale-up").or_else(|| said.split_once("Failed to schedule pod,"));
    none.map(|(_, why)| Word::BringsNone(quote(why.trim_start_matches([':', ' ']))))
}

/// The nodes of its cluster that are on their way, the oldest first.
fn coming<'a>(scene: &Scene<'a>) -> Vec<&'a Node> {
    let ours = |it: &&Node| it.state == NodeState::Coming && it.key.cluster == *scene.cluster();
    let mut coming: Vec<&Node> = scene.view.nodes().filter(ours).collect();
    coming.sort_unstable_by_key(|it| (it.since, &it.key));
    coming
}
