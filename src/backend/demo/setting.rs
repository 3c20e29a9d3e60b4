//! One thing of what an instance is made of, changed: its image, its limits.

use crate::domain::words::bytes;
use crate::domain::{Draft, Intent, Line, LineKind, Name, Ref, Refusal, Setting, StepAction, Until};

use super::act::{draft, revision_of};
use super::company::{Behaviour, Orchestrator};
use super::model::{Managed, Template};
use super::sim::Sim;

/// What is to happen when a limit is raised at least so many times over: what grew beyond the old one has room.
const ROOM: u64 = 2;

impl Sim {
    pub(super) fn draft_set(&self, intent: &Intent, key: &Ref, setting: &Setting) -> Result<Draft, Refusal> {
        let managed = self.to_change(intent, key)?;
        self.not_paused(intent, managed)?;
        let Some(spec) = managed.object.containers.first() else {
            return Err(Refusal::of(intent, "nothing is known of its containers", "deploy it anew"));
        };
        let (Setting::Image(container, _) | Setting::Memory(container, _) | Setting::Cpu(container, _)) = setting;
        if let Some(name) = container.as_ref().filter(|name| **name != spec.name) {
            let why = format!("it has no container {name}");
            return Err(Refusal::of(intent, why, format!("it has {}", spec.name)));
        }
        let (before, same) = match setting {
            Setting::Image(_, image) => (Setting::Image(container.clone(), spec.image.clone()), *image == spec.image),
            Setting::Memory(_, limit) => {
                (Setting::Memory(container.clone(), spec.memory_limit_bytes), *limit == spec.memory_limit_bytes)
            }
            Setting::Cpu(_, limit) => {
                (Setting::Cpu(container.clone(), spec.cpu_limit_millis), *limit == spec.cpu_limit_millis)
            }
        };
        if same {
            return Ok(draft(intent, Vec::new(), None, None, Vec::new()));
        }
        let mut notes: Vec<Line> = self.way(managed).map(|way| Line::new(LineKind::Note, way)).into_iter().collect();
        if let (Setting::Memory(_, Some(limit)), Some(request)) = (setting, spec.memory_request_bytes)
            && *limit < request
        {
            let why = format!("{} are set aside for it: a limit below that is refused", bytes(request));
            return Err(Refusal::of(intent, why, "set a higher limit"));
        }
        if matches!(managed.object.managed_by.as_deref(), Some("argocd")) {
            notes.push(Line::new(LineKind::Hurts, "Argo CD owns it and may set it back: change it in Git as well"));
        }
        let seen = revision_of(managed);
        let now = managed.object.revision.as_ref().map(|it| it.id.clone());
        let step =
            self.step(managed, StepAction::Set(key.clone(), setting.clone()), seen, Until::RolledOut(key.clone(), now));
        let words = self.words_for_setting(key, &spec.name, setting);
        Ok(draft(intent, vec![step], Some(words), Some(Intent::Set(key.clone(), before)), notes))
    }

    fn words_for_setting(&self, key: &Ref, container: &Name, setting: &Setting) -> String {
        let (name, kind) = (&key.name, key.kind.as_str().to_lowercase());
        let namespace = key.namespace.as_deref().unwrap_or("default");
        match (self.orchestrator, setting) {
            (Orchestrator::Kubernetes, Setting::Image(_, image)) => {
                format!("kubectl -n {namespace} set image {kind}/{name} {container}={image}")
            }
            (Orchestrator::Kubernetes, Setting::Memory(_, limit)) => {
                let limit = limit.map_or_else(|| "0".to_owned(), |limit| limit.to_string());
                format!("kubectl -n {namespace} set resources {kind}/{name} -c {container} --limits=memory={limit}")
            }
            (Orchestrator::Kubernetes, Setting::Cpu(_, limit)) => {
                let limit = limit.unwrap_or(0);
                format!("kubectl -n {namespace} set resources {kind}/{name} -c {container} --limits=cpu={limit}m")
            }
            (Orchestrator::Nomad, _) => format!("nomad job run -namespace={namespace} {name}.nomad.hcl"),
            (Orchestrator::Swarm, Setting::Image(_, image)) => format!("docker service update --image {image} {name}"),
            (Orchestrator::Swarm, Setting::Memory(_, limit)) => {
                format!("docker service update --limit-memory {} {name}", limit.unwrap_or(0))
            }
            (Orchestrator::Swarm, Setting::Cpu(_, limit)) => {
                let millis = limit.unwrap_or(0);
                format!("docker service update --limit-cpu {}.{:03} {name}", millis / 1000, millis % 1000)
            }
        }
    }

    /// Rolls the change out.
    pub(super) fn set(&mut self, key: &Ref, setting: &Setting, by: &str) {
        let Some(managed) = self.workloads.get(key) else { return };
        let Some(mut template) = managed.template().cloned() else { return };
        match setting {
            Setting::Image(_, image) => {
                template.behaves = self.behaviour_of(managed, image);
                template.image = image.clone();
            }
            Setting::Memory(_, limit) => {
                let before = managed.object.containers.first().and_then(|it| it.memory_limit_bytes);
                let roomy =
                    limit.is_none() || before.zip(*limit).is_some_and(|(old, new)| new >= old.saturating_mul(ROOM));
                if roomy && matches!(template.behaves, Behaviour::Oom { .. }) {
                    template.behaves = Behaviour::Well;
                }
            }
            Setting::Cpu(..) => {}
        }
        self.roll_out(key, template, by, "a setting");
        let Some(spec) = self.workloads.get_mut(key).and_then(|it| it.object.containers.first_mut()) else { return };
        match setting {
            Setting::Image(..) => {}
            Setting::Memory(_, limit) => spec.memory_limit_bytes = *limit,
            Setting::Cpu(_, limit) => spec.cpu_limit_millis = *limit,
        }
        self.touch(key);
    }

    /// How an image behaves: as it did before here, well where the company runs it anywhere, and else it is not there.
    fn behaviour_of(&self, managed: &Managed, image: &Name) -> Behaviour {
        let of = |templates: &[Template]| templates.iter().find(|it| it.image == *image).map(|it| it.behaves.clone());
        let known = || self.workloads.values().any(|it| of(&it.templates).is_some());
        of(&managed.templates).unwrap_or_else(|| if known() { Behaviour::Well } else { Behaviour::NotFound })
    }
}
