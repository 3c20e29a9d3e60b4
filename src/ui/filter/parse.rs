//! What may be typed after `/`: words, fields, labels, ages, as a kubectl user would try them.

use std::cmp::Ordering;

use crate::domain::Phase;

/// One thing that a row has to be; turned round where `not`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub not: bool,
    pub test: Test,
}

/// What a row is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// It shows these words, in small letters.
    Words(String),
    /// A field of it is so; `*` stands for anything.
    Field(Field, String),
    /// It has this label; with one of these values, where there are some.
    Label(String, Vec<String>),
    /// It is younger or older than so many seconds.
    Age(Vec<Ordering>, i64),
    /// It was started again fewer or more often.
    Restarts(Vec<Ordering>, i64),
    /// An instance in this phase, as Kubernetes counts them.
    Phase(Vec<Phase>),
    /// It serves, or does not.
    Ready(bool),
}

/// What of a row can be asked for by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Namespace,
    Node,
    State,
    Cluster,
    Kind,
    Name,
    Image,
    Severity,
    Owner,
}

const FIELDS: &[(&str, Field)] = &[
    ("ns", Field::Namespace),
    ("namespace", Field::Namespace),
    ("project", Field::Namespace),
    ("stack", Field::Namespace),
    ("metadata.namespace", Field::Namespace),
    ("node", Field::Node),
    ("spec.nodename", Field::Node),
    ("state", Field::State),
    ("status", Field::State),
    ("cluster", Field::Cluster),
    ("ctx", Field::Cluster),
    ("context", Field::Cluster),
    ("kind", Field::Kind),
    ("name", Field::Name),
    ("metadata.name", Field::Name),
    ("image", Field::Image),
    ("severity", Field::Severity),
    ("owner", Field::Owner),
];

/// What was typed, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub terms: Vec<Term>,
    /// All of it is turned round.
    pub inverted: bool,
    /// What was expected in the place of something that is not understood.
    pub problem: Option<String>,
}

/// Takes a filter apart. What is not understood is said, and is looked for as words.
pub(super) fn parse(raw: &str) -> Parsed {
    let raw = raw.trim();
    // A sign by itself turns all of it round, one before a word that word.
    let (inverted, raw) = match raw.strip_prefix('!') {
        Some(rest) if rest.is_empty() || rest.starts_with(' ') => (true, rest),
        _ => (false, raw),
    };
    let mut parsed = Parsed { inverted, ..Parsed::default() };
    let mut tokens = tokens(raw).into_iter();
    while let Some(token) = tokens.next() {
        match flag(&token) {
            Some((Flag::Everywhere, _)) => {}
            Some((flag, value)) => match value.or_else(|| tokens.next()) {
                Some(value) => flagged(&flag, &value, &mut parsed),
                None => parsed.expects(&token, "something after it, as in -l app=web"),
            },
            None => {
                let term = term(&token);
                parsed.take(&token, term);
            }
        }
    }
    parsed
}

impl Parsed {
    fn take(&mut self, token: &str, term: Result<Term, String>) {
        match term {
            Ok(Term { test: Test::Words(words), .. }) if words.is_empty() => {}
            Ok(term) => self.terms.push(term),
            Err(expected) => self.expects(token, &expected),
        }
    }

    fn expects(&mut self, token: &str, expected: &str) {
        self.problem.get_or_insert_with(|| format!("{token}: expected {expected}"));
        self.terms.push(words(token));
    }
}

fn words(token: &str) -> Term {
    let (not, word) = token.strip_prefix('!').map_or((false, token), |rest| (true, rest));
    Term { not, test: Test::Words(word.to_lowercase()) }
}

/// Words apart; what stands in quotes is one.
fn tokens(raw: &str) -> Vec<String> {
    let (mut all, mut token, mut quote, mut quoted) = (Vec::new(), String::new(), None, false);
    for c in raw.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => (quote, quoted) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if quoted || !token.is_empty() {
                    all.push(std::mem::take(&mut token));
                }
                quoted = false;
            }
            _ => token.push(c),
        }
    }
    if quoted || !token.is_empty() {
        all.push(token);
    }
    all
}

/// An option of kubectl.
enum Flag {
    Labels,
    Fields,
    Namespace,
    Everywhere,
}

/// Which option it is, with its value where that is written in one.
fn flag(token: &str) -> Option<(Flag, Option<String>)> {
    if matches!(token, "-A" | "--all-namespaces") {
        return Some((Flag::Everywhere, None));
    }
    let named = |name: &str| {
        let rest = token.strip_prefix(name)?;
        let value = rest.strip_prefix('=').filter(|value| !value.is_empty());
        (rest.is_empty() || value.is_some()).then(|| value.map(str::to_owned))
    };
    let short = |name: &str| token.strip_prefix(name).filter(|rest| !rest.is_empty()).map(|rest| Some(rest.to_owned()));
    let labels = named("-l").or_else(|| named("--selector")).or_else(|| short("-l"));
    if let Some(value) = labels {
        return Some((Flag::Labels, value));
    }
    if let Some(value) = named("--field-selector") {
        return Some((Flag::Fields, value));
    }
    let namespace = named("-n").or_else(|| named("--namespace")).or_else(|| short("-n"));
    namespace.map(|value| (Flag::Namespace, value))
}

fn flagged(flag: &Flag, value: &str, parsed: &mut Parsed) {
    match flag {
        Flag::Labels => {
            for part in parts(value) {
                let term = label(part);
                parsed.take(part, term);
            }
        }
        Flag::Fields => {
            for part in parts(value) {
                let term = term(part);
                parsed.take(part, term);
            }
        }
        Flag::Namespace => {
            let test = Test::Field(Field::Namespace, value.to_lowercase());
            parsed.terms.push(Term { not: false, test });
        }
        Flag::Everywhere => {}
    }
}

/// Parts between commas, but for those within brackets: `app=web,tier in (a,b)`.
fn parts(value: &str) -> Vec<&str> {
    let (mut depth, mut from, mut all) = (0usize, 0, Vec::new());
    for (at, c) in value.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.push(value[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(value[from..].trim());
    all.retain(|part| !part.is_empty());
    all
}

/// A requirement of a label selector: `app`, `!app`, `app=web`, `app!=web`, `app in (web,api)`, `app notin (web)`.
fn label(part: &str) -> Result<Term, String> {
    const LIKE: &str = "a label such as app=web, app!=web, app, !app or 'app in (web,api)'";
    if let Some((key, rest)) = part.split_once(' ') {
        let (word, set) = rest.trim().split_once('(').ok_or(LIKE)?;
        let set = set.strip_suffix(')').ok_or(LIKE)?;
        let values = set.split(',').map(|value| value.trim().to_owned()).collect();
        let not = match word.trim() {
            "in" => false,
            "notin" => true,
            _ => return Err(LIKE.to_owned()),
        };
        return is_key(key).then(|| Term { not, test: Test::Label(key.to_owned(), values) }).ok_or(LIKE.to_owned());
    }
    let (not, key, value) = match operator(part) {
        Some((key, "!=", value)) => (true, key, Some(value)),
        Some((key, "=" | "==", value)) => (false, key, Some(value)),
        Some(_) => return Err(LIKE.to_owned()),
        None => part.strip_prefix('!').map_or((false, part, None), |key| (true, key, None)),
    };
    let values = value.into_iter().map(str::to_owned).collect();
    is_key(key).then(|| Term { not, test: Test::Label(key.to_owned(), values) }).ok_or(LIKE.to_owned())
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
}

const OPERATORS: [&str; 8] = ["!=", "==", "<=", ">=", "=", "<", ">", ":"];

/// What stands before the first operator, the operator, and what stands after it.
fn operator(token: &str) -> Option<(&str, &str, &str)> {
    let at = token.char_indices().find(|(at, c)| matches!(c, '=' | '<' | '>' | ':') || (*c == '!' && *at > 0))?.0;
    let operator = OPERATORS.into_iter().find(|operator| token[at..].starts_with(operator))?;
    Some((&token[..at], operator, &token[at + operator.len()..]))
}

/// One word of a filter.
fn term(token: &str) -> Result<Term, String> {
    let (not, bare) = token.strip_prefix('!').map_or((false, token), |rest| (true, rest));
    let Some((key, operator, value)) = operator(bare) else { return Ok(words(token)) };
    let of = |turned: bool, test| Ok(Term { not: not != turned, test });
    let name = key.to_lowercase();
    let turned = operator == "!=";
    match name.as_str() {
        "age" => {
            let seconds = age(value).ok_or("an age such as age<2h or age>3d (s, m, h, d, w)")?;
            let which = orders(operator).ok_or("a comparison such as age<2h or age>3d")?;
            return of(false, Test::Age(which, seconds));
        }
        "restarts" => {
            let number = value.parse().map_err(|_| "a number, as in restarts>5")?;
            let which = orders(operator).unwrap_or_else(|| vec![Ordering::Equal]);
            return of(turned, Test::Restarts(which, number));
        }
        "phase" | "status.phase" if is_equality(operator) => {
            let phases = phase(value).ok_or("Pending, Running, Succeeded, Failed or Unknown")?;
            return of(turned, Test::Phase(phases));
        }
        "ready" if is_equality(operator) => {
            return match value.to_lowercase().as_str() {
                "yes" | "true" => of(turned, Test::Ready(true)),
                "no" | "false" => of(turned, Test::Ready(false)),
                _ => Err("ready:yes or ready:no".to_owned()),
            };
        }
        _ => {}
    }
    if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) {
        return match (is_equality(operator), value.is_empty()) {
            (true, false) => of(turned, Test::Field(*field, value.to_lowercase())),
            (true, true) => Err(format!("what {key} is, as in {key}:…")),
            (false, _) => Err(format!("{key}:…, {key}=… or {key}!=…")),
        };
    }
    let foreign = ["status.", "spec.", "metadata."].iter().any(|lead| name.starts_with(lead)) && !name.contains('/');
    match operator {
        "=" | "==" | "!=" if foreign => {
            Err("status.phase, spec.nodeName, metadata.name or metadata.namespace before the sign".to_owned())
        }
        "=" | "==" | "!=" if is_key(key) => of(turned, Test::Label(key.to_owned(), vec![value.to_owned()])),
        "=" | "==" | "!=" if key.is_empty() => Err("a name before the sign, as in app=web".to_owned()),
        "<" | ">" | "<=" | ">=" if is_key(key) && !value.is_empty() => {
            Err("age<2h or restarts>5: nothing else is compared".to_owned())
        }
        _ => Ok(words(token)),
    }
}

fn is_equality(operator: &str) -> bool {
    matches!(operator, "=" | "==" | "!=" | ":")
}

fn orders(operator: &str) -> Option<Vec<Ordering>> {
    match operator {
        "<" => Some(vec![Ordering::Less]),
        ">" => Some(vec![Ordering::Greater]),
        "<=" => Some(vec![Ordering::Less, Ordering::Equal]),
        ">=" => Some(vec![Ordering::Greater, Ordering::Equal]),
        _ => None,
    }
}

/// Seconds of `90s`, `2h`, `1d12h`.
fn age(raw: &str) -> Option<i64> {
    let (mut total, mut rest) = (0i64, raw);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit = match rest[digits..].chars().next()?.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    (!raw.is_empty()).then_some(total)
}

/// What of our phases Kubernetes counts to one of its own.
fn phase(word: &str) -> Option<Vec<Phase>> {
    Some(match word.to_lowercase().as_str() {
        "pending" => vec![Phase::Pending, Phase::Starting, Phase::Created],
        "running" => vec![Phase::Running, Phase::Restarting, Phase::Paused, Phase::Stopping],
        "succeeded" => vec![Phase::Succeeded],
        "failed" => vec![Phase::Failed, Phase::Rejected],
        "unknown" => vec![Phase::Lost, Phase::Unknown],
        _ => return None,
    })
}

/// The phases that a word for a state stands for besides what is shown: a kubectl user's `pending` is placed, too.
pub(super) fn phases_of_state(word: &str) -> Vec<Phase> {
    if word == "pending" { phase(word).unwrap_or_default() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(raw: &str) -> Vec<(bool, Test)> {
        let parsed = parse(raw);
        assert_eq!(parsed.problem, None, "{raw}");
        parsed.terms.into_iter().map(|term| (term.not, term.test)).collect()
    }

    fn text(word: &str) -> Test {
        Test::Words(word.to_owned())
    }

    fn label(key: &str, values: &[&str]) -> Test {
        Test::Label(key.to_owned(), values.iter().map(|it| (*it).to_owned()).collect())
    }

    #[test]
    fn words_are_anded_and_quotes_keep_them_together() {
        assert_eq!(tests("shop Web"), [(false, text("shop")), (false, text("web"))]);
        assert_eq!(tests("\"not ready\" !shop"), [(false, text("not ready")), (true, text("shop"))]);
        assert_eq!(tests("worker:2.9.0 http://x"), [(false, text("worker:2.9.0")), (false, text("http://x"))]);
        assert!(parse("! shop web").inverted && !parse("!shop web").inverted);
        assert_eq!(parse("!").terms, []);
    }

    #[test]
    fn labels_are_written_as_kubectl_takes_them() {
        for raw in ["app=web", "app==web", "-l app=web", "-lapp=web", "--selector=app=web", "-l=app=web"] {
            assert_eq!(tests(raw), [(false, label("app", &["web"]))], "{raw}");
        }
        assert_eq!(tests("app!=web"), [(true, label("app", &["web"]))]);
        assert_eq!(tests("!app=web"), [(true, label("app", &["web"]))]);
        assert_eq!(tests("-l app,!canary"), [(false, label("app", &[])), (true, label("canary", &[]))]);
        let several = "-l 'app in (web,api),tier notin (x)'";
        assert_eq!(tests(several), [(false, label("app", &["web", "api"])), (true, label("tier", &["x"]))]);
        assert_eq!(tests("app.kubernetes.io/name=web"), [(false, label("app.kubernetes.io/name", &["web"]))]);
        assert_eq!(tests("-l node=a"), [(false, label("node", &["a"]))], "after -l all are labels");
    }

    #[test]
    fn fields_have_the_names_that_people_try() {
        let field = |field, value: &str| Test::Field(field, value.to_owned());
        assert_eq!(tests("ns:shop"), [(false, field(Field::Namespace, "shop"))]);
        assert_eq!(tests("-n shop -A"), [(false, field(Field::Namespace, "shop"))]);
        assert_eq!(tests("node:node-7"), [(false, field(Field::Node, "node-7"))]);
        assert_eq!(tests("--field-selector spec.nodeName=node-7"), [(false, field(Field::Node, "node-7"))]);
        assert_eq!(tests("state:Pending"), [(false, field(Field::State, "pending"))]);
        assert_eq!(tests("cluster!=prod"), [(true, field(Field::Cluster, "prod"))]);
        assert_eq!(tests("status.phase!=Running"), [(true, Test::Phase(phase("running").expect("a phase")))]);
        assert_eq!(tests("!ready:yes"), [(true, Test::Ready(true))]);
    }

    #[test]
    fn ages_and_restarts_are_compared() {
        assert_eq!(tests("age<2h"), [(false, Test::Age(vec![Ordering::Less], 7200))]);
        assert_eq!(tests("!age>=1d12h"), [(true, Test::Age(vec![Ordering::Greater, Ordering::Equal], 129_600))]);
        assert_eq!(tests("restarts>5"), [(false, Test::Restarts(vec![Ordering::Greater], 5))]);
    }

    #[test]
    fn what_is_not_understood_is_said_and_looked_for_as_words() {
        for (raw, expected) in [
            ("age<2x", "expected an age such as age<2h"),
            ("age=2h", "expected a comparison"),
            ("restarts>many", "expected a number"),
            ("status.phase=Broken", "expected Pending, Running"),
            ("spec.replicas=2", "expected status.phase, spec.nodeName"),
            ("ns:", "expected what ns is"),
            ("node>3", "expected node:…"),
            ("cpu>3", "expected age<2h or restarts>5"),
            ("=web", "expected a name before the sign"),
            ("ready:perhaps", "expected ready:yes or ready:no"),
            ("-l", "expected something after it"),
            ("-l 'app near (x)'", "expected a label"),
        ] {
            let parsed = parse(raw);
            let problem = parsed.problem.unwrap_or_default();
            assert!(problem.contains(expected), "{raw}: {problem}");
            assert!(matches!(&parsed.terms[..], [Term { not: false, test: Test::Words(_) }]), "{raw}");
        }
        assert_eq!(parse("age<99999999999999999999d").terms.len(), 1);
    }
}
