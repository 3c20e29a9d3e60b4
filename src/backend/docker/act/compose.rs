//! Services of Compose projects. The engine knows containers alone: those are restarted, stopped and started here one by
//! one; what needs the project's files is done by the compose command line of this machine, where both are.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::domain::words::many;
use crate::domain::{
    Draft, Intent, Line as Said, Name, Receipt, Ref, Refusal, Setting, Step, StepAction, StepError, Text, Timestamp,
    Until,
};

use super::super::api::{Api, escaped};
use super::super::failure::Failure;
use super::super::listing::INSPECTIONS;
use super::super::wire::{Inspect, Summary};
use super::brief::{self, does, hurts, note, skips, some, step};
use super::container::Fresh;
use super::line::{Line, Project};
use super::{Hand, config, definition, pins, words};

/// Images may have to be pulled, seconds.
const RECREATE: u32 = 900;

/// The containers of a service by their number, without those that were run once by hand.
async fn members(api: &Api, key: &Ref) -> Result<Vec<Fresh>, Failure> {
    let project = key.namespace.as_deref().unwrap_or_default();
    let labels = [
        format!("com.docker.compose.project={project}"),
        format!("com.docker.compose.service={}", key.name),
        "com.docker.compose.oneoff=False".to_owned(),
    ];
    let filters = json!({ "label": labels }).to_string();
    let listed: Vec<Summary> = api.get(&format!("/containers/json?all=1&filters={}", escaped(&filters))).await?;
    let mut all = Vec::with_capacity(listed.len());
    let each = listed.into_iter().map(|it| {
        let path = format!("/containers/{}/json", escaped(&it.id));
        async move { api.get_dated::<Inspect>(&path).await }
    });
    let mut answers = futures::stream::iter(each).buffer_unordered(INSPECTIONS);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok((it, at)) => all.push(Fresh { it, at }),
            Err(failure) if failure.is_gone() => {}
            Err(failure) => return Err(failure),
        }
    }
    all.sort_by_key(|fresh| (number(&fresh.it), fresh.name().to_owned()));
    Ok(all)
}

fn label<'a>(it: &'a Inspect, name: &str) -> Option<&'a str> {
    it.config.labels.get(&format!("com.docker.compose.{name}")).map(String::as_str)
}

fn number(it: &Inspect) -> u32 {
    label(it, "container-number").and_then(|number| number.parse().ok()).unwrap_or(u32::MAX)
}

/// What a change of the whole service depends on: which containers it has, not how they are.
fn seen(members: &[Fresh]) -> Value {
    let mut ids: Vec<&str> = members.iter().map(|fresh| fresh.it.id.as_str()).collect();
    ids.sort_unstable();
    json!(ids)
}

impl Hand<'_> {
    pub(super) async fn draft_compose(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let all = members(self.api, key).await.map_err(|failure| brief::unread(intent, &failure))?;
        if all.is_empty() {
            return Err(brief::gone(intent));
        }
        match intent {
            Intent::Restart(_) => restart(intent, key, &all),
            Intent::Stop(_) => Ok(each(intent, key, all.iter().filter(|it| it.runs()), StepAction::Stop)),
            Intent::Kill(_) => Ok(each(intent, key, all.iter().filter(|it| it.runs()), StepAction::Kill)),
            Intent::Start(_) => Ok(each(intent, key, all.iter().filter(|it| !it.runs()), StepAction::Start)),
            Intent::Scale(_, to) => self.scale(intent, key, &all, *to).await,
            Intent::Recreate(_) => self.recreate(intent, key, &all).await,
            Intent::Set(_, setting) => Err(to_the_file(intent, key, &all, setting).await),
            other => Err(words::no_such(other)),
        }
    }

    async fn line(&self, intent: &Intent, all: &[Fresh]) -> Result<Line, Refusal> {
        let mend = || match words::equivalent(intent) {
            Some(command) => format!("type, where the project is: `{command}`"),
            None => "do it where the project is".to_owned(),
        };
        let refuse = |why: String| Refusal::of(intent, why, mend());
        // The newest was made by the files that count now.
        let newest = all.iter().max_by_key(|fresh| fresh.it.created).ok_or_else(|| brief::gone(intent))?;
        let project = Project::of(&newest.it).map_err(refuse)?;
        Line::find(self.target, project).await.map_err(refuse)
    }

    async fn scale(&self, intent: &Intent, key: &Ref, all: &[Fresh], to: u32) -> Result<Draft, Refusal> {
        let from = all.iter().filter(|fresh| fresh.runs()).count();
        let from = u32::try_from(from).unwrap_or(u32::MAX);
        if from == to {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let line = self.line(intent, all).await?;
        let until = Until::Count(key.clone(), to);
        let action = StepAction::SetReplicas(key.clone(), to);
        let mut draft =
            Draft::new(intent, vec![step(action, &uid(key), pins::spec(&seen(all)), until, brief::ROLL_OUT)]);
        draft.equivalent = Some(line.typed(&words_of_scale(key, to).each()).into());
        draft.inverse = Some(Intent::Scale(key.clone(), from));
        draft
            .notes
            .push(note("the file is not changed: whoever brings the project up next sets the number that it says"));
        let published = all.iter().flat_map(|fresh| fresh.it.network_settings.ports.values().flatten().flatten());
        if to > 1 && published.count() > 0 {
            draft
                .notes
                .push(hurts("it publishes ports of the host: a second one that wants the same port does not start"));
        }
        if to > from && self.file_changed(&line, key, all).await == Some(true) {
            draft.notes.push(hurts("its files have changed since: the new ones are made of what they say now"));
        }
        Ok(draft)
    }

    /// Whether the files make something else of the service than what runs; none where that cannot be told.
    async fn file_changed(&self, line: &Line, key: &Ref, all: &[Fresh]) -> Option<bool> {
        let hash = line.hash(&key.name).await?;
        Some(all.iter().any(|fresh| label(&fresh.it, "config-hash") != Some(hash.as_str())))
    }

    async fn recreate(&self, intent: &Intent, key: &Ref, all: &[Fresh]) -> Result<Draft, Refusal> {
        let line = self.line(intent, all).await?;
        let number = all.iter().filter(|fresh| fresh.runs()).count().max(1);
        let number = u32::try_from(number).unwrap_or(1);
        let until = Until::Renewed(key.clone());
        let action = StepAction::Recreate(key.clone());
        let mut draft = Draft::new(intent, vec![step(action, &uid(key), pins::spec(&seen(all)), until, RECREATE)]);
        let (pull, up) = (words_of_pull(key), words_of_up(key, number));
        draft.equivalent = Some(format!("{} && {}", line.typed(&pull.each()), line.typed(&up.each())).into());
        draft.notes.extend(self.what_changes(&line, key, all).await);
        draft.notes.push(match number {
            1 => hurts("nothing of it serves from when the old one ends until the new one runs"),
            _ => note(format!("its number stays {number}, whatever the file says")),
        });
        draft.notes.push(hurts("what was written inside its containers, outside volumes, is lost"));
        draft.notes.push(note("the former image stays on the engine; there is no way back but the former file"));
        Ok(draft)
    }

    /// The configuration that changes with it.
    async fn what_changes(&self, line: &Line, key: &Ref, all: &[Fresh]) -> Vec<Said> {
        let Some(newest) = all.iter().max_by_key(|fresh| fresh.it.created) else { return Vec::new() };
        let of_image: Result<Value, Failure> =
            self.api.get(&format!("/images/{}/json", escaped(&newest.it.image))).await;
        let of_image: Option<Vec<String>> = of_image.ok().map(|image| {
            let env = image["Config"]["Env"].as_array().into_iter().flatten();
            env.filter_map(Value::as_str).map(str::to_owned).collect()
        });
        let compared = match line.config().await {
            Ok(raw) => config::differences(&raw, &key.name, &newest.it, of_image.as_deref()),
            Err(why) => Err(why.to_string()),
        };
        let hash = line.hash(&key.name).await;
        let differs = hash.as_deref().map(|hash| label(&newest.it, "config-hash") != Some(hash));
        let mut lines = Vec::new();
        match (compared, differs) {
            (Err(why), _) => lines.push(hurts(format!("what would change is not known: {why}"))),
            (Ok(all), _) if !all.is_empty() => {
                lines.extend(all.into_iter().take(CHANGES).map(|change| does(format!("changes: {change}"))));
            }
            (Ok(_), Some(true)) => {
                lines.push(does("its configuration has changed, in something that is not compared here"))
            }
            (Ok(_), Some(false)) => {
                lines.push(note("its configuration has not changed: only a newer image would make a difference"));
            }
            (Ok(_), None) => lines.push(note("image, environment, ports and volumes have not changed")),
        }
        lines
    }

    /// Lets the compose command line do it.
    pub(super) async fn do_compose(&self, step: &Step) -> Result<Receipt, StepError> {
        let key = &step.pin.key;
        let all = members(self.api, key).await.map_err(|failure| brief::unchecked(&failure))?;
        let newest = all.iter().max_by_key(|fresh| fresh.it.created).ok_or(StepError::Gone)?;
        pins::compare(step, &seen(&all), "its containers are others by now")?;
        let project = Project::of(&newest.it).map_err(|why| StepError::Failed(why.into()))?;
        let line = Line::find(self.target, project).await.map_err(|why| StepError::Failed(why.into()))?;
        let at = newest.at.unwrap_or_else(Timestamp::now);
        match &step.action {
            StepAction::SetReplicas(_, to) => {
                line.work(&words_of_scale(key, *to).each()).await.map_err(StepError::Failed)?;
            }
            StepAction::Recreate(_) => {
                let number = all.iter().filter(|fresh| fresh.runs()).count().max(1);
                let not_pulled = |why: Text| StepError::Failed(Text::from(format!("nothing was changed: {why}")));
                line.work(&words_of_pull(key).each()).await.map_err(not_pulled)?;
                let up = words_of_up(key, u32::try_from(number).unwrap_or(1));
                line.work(&up.each()).await.map_err(StepError::Failed)?;
            }
            _ => return Err(brief::no_step(step)),
        }
        Ok(Receipt::at(at))
    }
}

/// So many changes are named in a preview.
const CHANGES: usize = 12;

/// A command's words.
struct Words(Vec<String>);

impl Words {
    fn new<const N: usize>(words: [&str; N]) -> Self {
        Self(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn each(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

fn words_of_scale(key: &Ref, to: u32) -> Words {
    let scale = format!("{}={to}", key.name);
    Words::new(["up", "-d", "--no-deps", "--no-recreate", "--scale", &scale, &key.name])
}

fn words_of_pull(key: &Ref) -> Words {
    Words::new(["pull", &key.name])
}

/// Without its number said, Compose would set it to what the file says.
fn words_of_up(key: &Ref, number: u32) -> Words {
    let scale = format!("{}={number}", key.name);
    Words::new(["up", "-d", "--no-deps", "--force-recreate", "--scale", &scale, &key.name])
}

/// A service has no id of its own: its name in its project is what stays, as the feed has it.
fn uid(key: &Ref) -> Name {
    Name::new(&key.local())
}

/// One after the other, each waited for until it serves again.
fn restart(intent: &Intent, key: &Ref, all: &[Fresh]) -> Result<Draft, Refusal> {
    let run: Vec<&Fresh> = all.iter().filter(|fresh| fresh.runs()).collect();
    if run.is_empty() {
        return Err(Refusal::of(intent, "none of it runs", "start it"));
    }
    let mut draft = Draft::new(intent, Vec::new());
    for (group, fresh) in run.iter().enumerate() {
        let step = fresh.step(key, StepAction::Restart);
        draft.steps.push(Step { group: u32::try_from(group).unwrap_or(u32::MAX), ..step });
    }
    if run.len() > 1 {
        let checked = run.iter().all(|fresh| fresh.it.config.healthcheck.is_some());
        let until = if checked { "its health check passes" } else { "it runs" };
        draft.notes.push(does(format!("one after the other, each when the one before serves again ({until})")));
    }
    let stopped: Vec<String> = all.iter().filter(|it| !it.runs()).map(|it| it.name().to_owned()).collect();
    if !stopped.is_empty() {
        draft.notes.push(skips(format!("not running, and left so: {}", some(&stopped))));
    }
    Ok(draft)
}

/// The same to each, side by side.
fn each<'a>(
    intent: &Intent,
    key: &Ref,
    members: impl Iterator<Item = &'a Fresh>,
    make: fn(Ref) -> StepAction,
) -> Draft {
    let members: Vec<&Fresh> = members.collect();
    let steps = members.iter().map(|fresh| fresh.step(key, make)).collect();
    let mut draft = Draft::new(intent, steps);
    let names: Vec<String> = members.iter().map(|fresh| fresh.name().to_owned()).collect();
    let count = many(u64::try_from(names.len()).unwrap_or(u64::MAX), "container");
    draft.notes.push(does(format!("{count}: {}", some(&names))));
    draft.inverse = Some(match intent {
        Intent::Start(_) => Intent::Stop(key.clone()),
        _ => Intent::Start(key.clone()),
    });
    if matches!(intent, Intent::Stop(_) | Intent::Kill(_)) {
        draft.notes.push(hurts("nothing of it is left to serve until it is started"));
    }
    draft
}

/// What a service is made of stands in its project's file: a change elsewhere would be undone by the next `up`.
async fn to_the_file(intent: &Intent, key: &Ref, all: &[Fresh], setting: &Setting) -> Refusal {
    let keys: &[&str] = match setting {
        Setting::Image(..) => &["image"],
        Setting::Memory(..) => &["mem_limit", "memory"],
        Setting::Cpu(..) => &["cpus", "cpu_quota"],
    };
    let why = "what it is made of stands in its project's Compose file, and lasts only if it is changed there";
    let newest = all.iter().max_by_key(|fresh| fresh.it.created);
    let project = newest.ok_or_else(|| "it has no containers".to_owned()).and_then(|fresh| Project::of(&fresh.it));
    let mend = match project {
        Err(missing) => format!("change its Compose file (which one is not known: {missing}), then recreate it"),
        Ok(project) => match definition::find(&project.files, &key.name, keys).await {
            Some(place) if place.exact => {
                format!("change line {} of {}, then recreate it", place.line, place.file.display())
            }
            Some(place) => format!(
                "add `{}` to the service at line {} of {}, then recreate it",
                keys.first().unwrap_or(&"image"),
                place.line,
                place.file.display()
            ),
            None => {
                let files: Vec<String> = project.files.iter().map(|file| file.display().to_string()).collect();
                format!("change {} (the service was not found in it from here), then recreate it", files.join(", "))
            }
        },
    };
    Refusal::of(intent, why, mend)
}
