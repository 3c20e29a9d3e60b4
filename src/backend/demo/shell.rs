//! A simulated shell: enough of one to see how a terminal is handed over and taken back. It says of itself that it is none.

use bytes::Bytes;

use crate::domain::{
    Attach, Draft, Ended, Enter, Intent, Line, LineKind, Phase, Pin, Ref, Refusal, Role, Seen, Size, Step, StepAction,
    StepError, Text, Until, Wires,
};

use super::act::{SMALL, draft};
use super::company::Orchestrator;
use super::sim::Sim;

/// What a simulated shell knows of the instance that it is in.
#[derive(Debug, Clone)]
pub struct Room {
    name: Text,
    program: Text,
    variables: Vec<Text>,
    term: Text,
}

impl Sim {
    /// How a shell would be opened.
    pub(super) fn draft_shell(&self, intent: &Intent, key: &Ref, enter: &Enter) -> Result<Draft, Refusal> {
        if enter.debug.is_some() {
            let why = "containers that are added to others are not simulated";
            return Err(Refusal::of(intent, why, "open a shell in it; try this one on a real cluster"));
        }
        let live = self.instances.get(key).filter(|_| key.kind.role() == Role::Instance);
        let live = live.ok_or_else(|| Refusal::of(intent, "it is not there any more", "look at the list again"))?;
        if live.object.phase != Phase::Running {
            let why = format!("nothing runs in it: it is {}", live.object.phase.as_str());
            return Err(Refusal::of(intent, why, "look at its last output (`l`)"));
        }
        let step = Step {
            action: StepAction::Enter(key.clone(), enter.clone()),
            pin: Pin { key: key.clone(), uid: live.object.uid.clone(), seen: Seen::Uid },
            until: Until::Accepted,
            timeout_seconds: SMALL,
            group: 0,
        };
        let (name, namespace) = (&key.name, key.namespace.as_deref().unwrap_or("default"));
        let equivalent = match self.orchestrator {
            Orchestrator::Kubernetes => format!("kubectl -n {namespace} exec -it {name} -- sh"),
            Orchestrator::Nomad => format!("nomad alloc exec -namespace={namespace} {name} sh"),
            Orchestrator::Swarm => format!("docker exec -it {name} sh"),
        };
        let notes = vec![Line::new(LineKind::Note, "it is a simulated shell: it knows a handful of commands")];
        Ok(draft(intent, vec![step], Some(equivalent), None, notes))
    }

    /// What the shell of an instance knows.
    ///
    /// # Errors
    /// It is gone, it does not run, or nothing may be done at all.
    pub fn enter(&self, attach: &Attach) -> Result<Room, StepError> {
        if self.read_only {
            return Err(StepError::Denied(Text::new("cockpit was started with --read-only")));
        }
        let live = self.instances.get(&attach.instance).filter(|it| it.object.uid == attach.uid);
        let live = live.ok_or(StepError::Gone)?;
        if live.object.phase != Phase::Running {
            return Err(StepError::Failed(Text::from(format!("it is {}", live.object.phase.as_str()))));
        }
        let workload = self.workloads.get(&live.home);
        let specs = workload.iter().flat_map(|it| &it.object.containers);
        let variables = specs.flat_map(|spec| &spec.env).map(|entry| entry.name.clone()).collect();
        Ok(Room {
            name: attach.instance.name.clone(),
            program: live.home.name.clone(),
            variables,
            term: attach.term.clone(),
        })
    }
}

/// What a line does.
enum Said {
    Text(String),
    Exit(i32),
}

impl Room {
    /// What a line prints, or that it ends the shell. `last` is how the line before ended.
    fn does(&self, line: &str, size: Size, last: i32) -> (Said, i32) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let text = match words[..] {
            [] => return (Said::Text(String::new()), last),
            ["exit"] => return (Said::Exit(last), last),
            ["exit", code] => return (Said::Exit(code.parse().map_or(2, |code: u8| i32::from(code))), last),
            ["help"] => "ls  ps  env  hostname  whoami  echo WORDS  stty size  exit [CODE]".to_owned(),
            ["ls", ..] => "bin   dev   etc   home  proc  srv   tmp   var".to_owned(),
            ["ps", ..] => {
                format!("PID   USER     COMMAND\n    1 app      {}\n   17 app      sh\n   18 app      ps", self.program)
            }
            ["env"] => self.environment(),
            ["hostname"] => self.name.to_string(),
            ["whoami"] => "app".to_owned(),
            ["stty", "size"] => format!("{} {}", size.rows, size.columns),
            ["echo", "$?"] => last.to_string(),
            ["echo", ..] => words[1..].join(" "),
            [other, ..] => {
                return (
                    Said::Text(format!("sh: {}: not found (this shell is simulated; try help)", Text::new(other))),
                    127,
                );
            }
        };
        (Said::Text(text), 0)
    }

    /// Names, and no values: those of a real environment are nobody's to read over a shoulder.
    fn environment(&self) -> String {
        let own = [format!("HOSTNAME={}", self.name), "HOME=/home/app".to_owned(), "PATH=/bin".to_owned()];
        let term = std::iter::once(format!("TERM={}", self.term));
        own.into_iter()
            .chain(term)
            .chain(self.variables.iter().map(|name| format!("{name}=********")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn prompt(&self) -> String {
        format!("{} $ ", self.name)
    }
}

/// Runs it until it ends or nobody types any more: its own line discipline and all.
pub async fn run(room: Room, command: Vec<String>, wires: Wires) -> Ended {
    let Wires { output, mut input, sizes } = wires;
    let say = async |text: String| output.send(Bytes::from(text.replace('\n', "\r\n"))).await.is_ok();
    if !command.is_empty() {
        let (said, code) = room.does(&command.join(" "), *sizes.borrow(), 0);
        return match said {
            Said::Exit(code) => Ended::Code(code),
            Said::Text(text) => {
                say(format!("{text}\n")).await;
                Ended::Code(code)
            }
        };
    }
    say(format!("This shell is simulated: nothing here is real, and nothing can break. Try help.\n{}", room.prompt()))
        .await;
    let (mut line, mut last) = (String::new(), 0);
    while let Some(typed) = input.recv().await {
        // What one read gave is answered by one write.
        let mut answer = String::new();
        for letter in String::from_utf8_lossy(&typed).chars() {
            match letter {
                '\r' | '\n' => {
                    let (said, code) = room.does(&std::mem::take(&mut line), *sizes.borrow(), last);
                    last = code;
                    match said {
                        Said::Exit(code) => {
                            say(answer + "\n").await;
                            return Ended::Code(code);
                        }
                        Said::Text(text) if text.is_empty() => {}
                        Said::Text(text) => answer.push_str(&format!("\n{text}")),
                    }
                    answer.push_str(&format!("\n{}", room.prompt()));
                }
                // ctrl-d
                '\x04' if line.is_empty() => {
                    say(answer + "\n").await;
                    return Ended::Code(last);
                }
                // ctrl-c
                '\x03' => {
                    line.clear();
                    answer.push_str(&format!("^C\n{}", room.prompt()));
                }
                // ctrl-u
                '\x15' => {
                    line.clear();
                    answer.push_str(&format!("\r\x1b[K{}", room.prompt()));
                }
                '\x7f' | '\x08' => answer.push_str(line.pop().map_or("", |_| "\x08 \x08")),
                letter if letter.is_control() => {}
                letter => {
                    line.push(letter);
                    answer.push(letter);
                }
            }
        }
        if !answer.is_empty() && !say(answer).await {
            return Ended::Left;
        }
    }
    Ended::Left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Attached;

    fn room() -> Room {
        Room { name: "web-0".into(), program: "web".into(), variables: vec!["DB_URL".into()], term: "xterm".into() }
    }

    #[tokio::test]
    async fn it_says_what_it_is_masks_values_and_ends_with_the_code_that_is_said() {
        let size = Size { columns: 80, rows: 24 };
        let Attached { mut output, input, ended, sizes: _sizes } =
            Attached::new(size, |wires| run(room(), Vec::new(), wires));
        for line in ["env\r", "sttz\x7fy size\r", "rm -rf /\r", "exit 3\r"] {
            input.send(Bytes::copy_from_slice(line.as_bytes())).await.expect("typed");
        }
        let reading = async {
            let mut shown = String::new();
            while let Some(piece) = output.recv().await {
                shown.push_str(&String::from_utf8_lossy(&piece));
            }
            shown
        };
        let (ended, shown) = tokio::join!(ended, reading);
        assert_eq!(ended, Ended::Code(3));
        assert!(shown.starts_with("This shell is simulated"), "{shown}");
        assert!(shown.contains("DB_URL=********\r\n") && shown.contains("\r\n24 80\r\n"), "{shown}");
        assert!(shown.contains("sh: rm: not found (this shell is simulated"), "{shown}");
    }
}
