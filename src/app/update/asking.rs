//! Questions that come before a preview: how many, which image, which limit.

use crate::action::amount;
use crate::app::command::Now;
use crate::app::{App, Moment};
use crate::domain::words::bytes;
use crate::domain::{ContainerSpec, Intent, Name, Ref, Setting, Text};
use crate::ui::{Asks, Input, Overlay, Prompt, Wanted};

use super::acting::{SCALE, SET_CPU, SET_IMAGE, SET_MEMORY, Verb};

/// Whether it has a number that can be set.
pub fn scale_now(app: &App, at: Moment) -> Now {
    app.offered(SCALE, at)
}

/// Asks for the number.
pub fn scale(app: &mut App, at: Moment) {
    let keys = app.targets_of(SCALE, at);
    let title = match &keys[..] {
        [] => return,
        [key] => {
            let view = app.core.view(at.now);
            let counts = view.workload(key).map(|workload| view.counts(workload)).unwrap_or_default();
            let from = counts.wanted.unwrap_or(counts.alive);
            format!("Scale {} ({}) from {from} to", key.local(), key.cluster)
        }
        several => format!("Scale {} marked to", several.len()),
    };
    app.ask(title, Wanted::Number, keys, at);
}

/// Whether its image can be set.
pub fn set_image_now(app: &App, at: Moment) -> Now {
    app.offered(SET_IMAGE, at)
}

/// Asks for the image.
pub fn set_image(app: &mut App, at: Moment) {
    app.ask_setting(Wanted::Image, at);
}

/// Whether its memory limit can be set.
pub fn set_memory_now(app: &App, at: Moment) -> Now {
    app.offered(SET_MEMORY, at)
}

/// Asks for the memory limit.
pub fn set_memory(app: &mut App, at: Moment) {
    app.ask_setting(Wanted::Memory, at);
}

/// Whether its CPU limit can be set.
pub fn set_cpu_now(app: &App, at: Moment) -> Now {
    app.offered(SET_CPU, at)
}

/// Asks for the CPU limit.
pub fn set_cpu(app: &mut App, at: Moment) {
    app.ask_setting(Wanted::Cpu, at);
}

const fn verb(wanted: Wanted) -> Verb {
    match wanted {
        Wanted::Number => SCALE,
        Wanted::Image => SET_IMAGE,
        Wanted::Memory => SET_MEMORY,
        Wanted::Cpu => SET_CPU,
    }
}

impl App {
    fn ask(&mut self, title: String, wanted: Wanted, keys: Vec<Ref>, at: Moment) {
        let Some(target) = keys.first().cloned() else { return };
        self.touch(at.felt);
        let (title, input) = (Text::from(title), Input::default());
        self.screen.overlay =
            Some(Overlay::Prompt(Prompt { title, input, error: None, target, asks: Asks::Amount(wanted, keys) }));
    }

    fn ask_setting(&mut self, wanted: Wanted, at: Moment) {
        let keys = self.targets_of(verb(wanted), at);
        let named = self.selected_container(at).map(|(_, name)| name);
        let what = match wanted {
            Wanted::Image => "image",
            Wanted::Memory => "memory limit",
            Wanted::Cpu => "CPU limit",
            Wanted::Number => "number",
        };
        let title = match &keys[..] {
            [] => return,
            [key] => {
                let view = self.core.view(at.now);
                let specs = view.workload(key).map_or(&[][..], |workload| &workload.containers);
                let spec = named.as_ref().map_or(specs.first(), |name| specs.iter().find(|it| it.name == *name));
                let now = spec.map(|spec| format!(", now {}", is_now(wanted, spec))).unwrap_or_default();
                let part = spec.filter(|_| specs.len() > 1).map(|it| format!(" container {}", it.name));
                format!("The {what} of {}{} ({}){now}", key.local(), part.unwrap_or_default(), key.cluster)
            }
            several => format!("The {what} of {} marked", several.len()),
        };
        self.ask(title, wanted, keys, at);
        // What is typed goes to the container that is selected, unless another is named.
        if let (Some(name), Some(Overlay::Prompt(prompt))) = (named, &mut self.screen.overlay) {
            let text = format!("{name}=");
            prompt.input = Input { cursor: text.len(), text };
        }
    }

    /// Sets what was typed with the command's name: `scale 4`, `set image nginx:1.27`.
    pub(super) fn take_typed(&mut self, wanted: Wanted, typed: &str, at: Moment) {
        if !self.can(verb(wanted), at) {
            return;
        }
        let keys = self.targets_of(verb(wanted), at);
        match intent(wanted, &keys, typed) {
            Ok(Some(intent)) => self.begin(intent, at),
            Ok(None) => {}
            Err(why) => self.say(at, &why, None),
        }
    }
}

fn is_now(wanted: Wanted, spec: &ContainerSpec) -> String {
    match wanted {
        Wanted::Number => String::new(),
        Wanted::Image => spec.image.to_string(),
        Wanted::Memory => spec.memory_limit_bytes.map_or_else(|| "none".to_owned(), bytes),
        Wanted::Cpu => spec.cpu_limit_millis.map_or_else(|| "none".to_owned(), |millis| format!("{millis}m")),
    }
}

/// Takes what was typed.
pub fn take(app: &mut App, at: Moment) {
    let Some(Overlay::Prompt(prompt)) = &mut app.screen.overlay else { return };
    let Asks::Amount(wanted, keys) = &prompt.asks else { return };
    match intent(*wanted, keys, &prompt.input.text) {
        Ok(Some(intent)) => app.begin(intent, at),
        Ok(None) => app.close_overlay(),
        Err(why) => prompt.error = Some(Text::from(why)),
    }
}

/// What is meant by what was typed, for all of these.
fn intent(wanted: Wanted, keys: &[Ref], typed: &str) -> Result<Option<Intent>, String> {
    let typed = typed.trim();
    let each: Box<dyn Fn(Ref) -> Intent> = match wanted {
        Wanted::Number => {
            let number: u32 = typed.parse().map_err(|_| match typed {
                "" => "a number is needed".to_owned(),
                _ => format!("`{typed}` is no number"),
            })?;
            Box::new(move |key| Intent::Scale(key, number))
        }
        _ => {
            let setting = setting(wanted, typed)?;
            Box::new(move |key| Intent::Set(key, setting.clone()))
        }
    };
    Ok(Intent::several(keys.iter().cloned().map(each)))
}

/// What is to be set; before a `=` the container that is meant, as `kubectl set image` takes it.
fn setting(wanted: Wanted, typed: &str) -> Result<Setting, String> {
    let (container, value) = match typed.split_once('=') {
        Some((name, value)) if !name.contains(['/', ':', '@']) => (Some(Name::new(name.trim())), value.trim()),
        _ => (None, typed),
    };
    Ok(match wanted {
        Wanted::Memory => Setting::Memory(container, amount::memory(value)?),
        Wanted::Cpu => Setting::Cpu(container, amount::cpu(value)?),
        Wanted::Image | Wanted::Number => Setting::Image(container, image(value)?),
    })
}

fn image(typed: &str) -> Result<Name, String> {
    match typed {
        "" => Err("an image is needed, such as nginx:1.27".to_owned()),
        typed if typed.contains(char::is_whitespace) => Err(format!("`{typed}` is no image: it has a space in it")),
        typed => Ok(Name::new(typed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_named_before_an_equals_sign() {
        let side = Some(Name::new("side"));
        assert_eq!(setting(Wanted::Image, "side=envoy:1.2"), Ok(Setting::Image(side.clone(), "envoy:1.2".into())));
        assert_eq!(setting(Wanted::Memory, "side=512Mi"), Ok(Setting::Memory(side, Some(512 << 20))));
        assert_eq!(setting(Wanted::Image, "r.io/a:b@sha256:0="), Ok(Setting::Image(None, "r.io/a:b@sha256:0=".into())));
        assert_eq!(setting(Wanted::Cpu, "0.5"), Ok(Setting::Cpu(None, Some(500))));
        assert!(setting(Wanted::Image, "").is_err() && setting(Wanted::Image, "a b").is_err());
    }
}
