//! `cockpit completions SHELL`: a script that completes the command line. What is fixed comes from the arguments themselves;
//! names of clusters, contexts, engines, themes and rules are asked for when they are wanted (`names.rs`).

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use super::args::{COLORS, Cli, Completions};
use super::failure::Failure;
use super::output::print;

const BASH: &str = include_str!("../../assets/completions/live.bash");
const ZSH: &str = include_str!("../../assets/completions/live.zsh");
const FISH: &str = include_str!("../../assets/completions/live.fish");

/// What zsh's script completes by asking: how the line of the argument begins after its marks, and the kind of names.
const ASKED_IN_ZSH: [(&str, &str); 6] = [
    ("--context=[", "context"),
    ("--cluster=[", "cluster"),
    ("--host=[", "host"),
    ("--theme=[", "theme"),
    ("::rule -- ", "rule"),
    // Not that of the program itself: its commands are offered there, and no server is asked for them.
    (":target -- ", "target"),
];

/// Prints the script.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(options: &Completions) -> Result<(), Failure> {
    print(&script(options.shell))
}

fn script(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cockpit", &mut bytes);
    let fixed = String::from_utf8_lossy(&bytes).into_owned();
    match shell {
        Shell::Bash => fixed + BASH,
        Shell::Zsh => asking_in_zsh(&fixed),
        Shell::Fish => fixed + FISH + &words_in_fish(),
        _ => fixed,
    }
}

/// Words that stand behind a command, which fish's script lacks; and those of an option before any command, which it does not
/// offer while the option wants its value.
fn words_in_fish() -> String {
    let shells = Shell::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let shells: Vec<String> = shells.map(|shell| shell.get_name().to_owned()).collect();
    let commands: Vec<String> = Cli::command().get_subcommands().map(|it| it.get_name().to_owned()).collect();
    let line = |command: &str, words: &[String]| {
        format!("complete -c cockpit -n \"__fish_seen_subcommand_from {command}\" -f -a \"{}\"\n", words.join(" "))
    };
    let colors = format!("complete -c cockpit -l colors -x -a \"{}\"\n", COLORS.join(" "));
    colors + &line("completions", &shells) + &line("man", &commands)
}

/// Zsh reads the file as the body of a function that ends by calling itself: what it asks with has to stand before that, and the
/// line that says what the file completes before all. An action that begins with a space is called with nothing added.
fn asking_in_zsh(fixed: &str) -> String {
    let mut script = String::with_capacity(fixed.len() + ZSH.len());
    for (place, line) in fixed.lines().enumerate() {
        let asked = ASKED_IN_ZSH.iter().find(|(begins, _)| line.trim_start_matches(['\'', '*']).starts_with(begins));
        match asked.and_then(|(_, kind)| Some((line.strip_suffix(":_default' \\")?, kind))) {
            Some((line, kind)) => script.push_str(&format!("{line}: _cockpit_names {kind}' \\")),
            None => script.push_str(line),
        }
        script.push('\n');
        if place == 0 {
            script.push_str(ZSH);
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_asked_for_in_each_shell_that_can() {
        let (bash, zsh, fish) = (script(Shell::Bash), script(Shell::Zsh), script(Shell::Fish));
        for kind in ["context", "cluster", "host", "theme", "rule", "target"] {
            assert!(zsh.contains(&format!(": _cockpit_names {kind}' \\")), "zsh: {kind}");
            assert!(fish.contains(&format!("cockpit __names {kind} ")), "fish: {kind}");
        }
        assert!(bash.trim_end().ends_with("complete -F _cockpit_live -o bashdefault -o default cockpit"));
        assert!(zsh.starts_with("#compdef cockpit\n"));
        assert!(zsh.find("_cockpit_names() {") < zsh.find("funcstack"));
    }

    #[test]
    fn every_shell_has_a_script_that_names_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = script(shell);
            assert!(script.contains("triage") && script.contains("replay"), "{shell}");
        }
    }
}
