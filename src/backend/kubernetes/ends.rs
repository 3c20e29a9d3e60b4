//! How a container's run ended, in words.

/// Signals that end processes, as an exit code of 128 and more tells them.
const SIGNALS: &[(i64, &str)] = &[
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

/// `exit code 137 (SIGKILL, OOMKilled)`. A reason that says no more than the code is left out.
pub(super) fn ending(code: i64, reason: &str) -> String {
    let meaning = match code {
        126 => Some("the command cannot be executed".to_owned()),
        127 => Some("the command was not found".to_owned()),
        129..=192 => {
            let known = SIGNALS.iter().find(|(number, _)| number + 128 == code);
            Some(known.map_or_else(|| format!("signal {}", code - 128), |(_, name)| (*name).to_owned()))
        }
        _ => None,
    };
    let reason = Some(reason).filter(|reason| !matches!(*reason, "" | "Error" | "Completed")).map(str::to_owned);
    let said: Vec<String> = meaning.into_iter().chain(reason).collect();
    match said.is_empty() {
        true => format!("exit code {code}"),
        false => format!("exit code {code} ({})", said.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_said_in_words() {
        assert_eq!(ending(0, "Completed"), "exit code 0");
        assert_eq!(ending(1, "Error"), "exit code 1");
        assert_eq!(ending(137, "OOMKilled"), "exit code 137 (SIGKILL, OOMKilled)");
        assert_eq!(ending(143, "Error"), "exit code 143 (SIGTERM)");
        assert_eq!(ending(128, "StartError"), "exit code 128 (StartError)");
        assert_eq!(ending(127, "Error"), "exit code 127 (the command was not found)");
        assert_eq!(ending(190, ""), "exit code 190 (signal 62)");
        assert_eq!(ending(0, "OOMKilled"), "exit code 0 (OOMKilled)", "a child of it was killed");
    }
}
