//! Machines, and the room they have.

use super::super::glyphs;
use super::super::say;
use super::super::screen::RowKey;
use super::super::sort::SortKey;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::widgets::table::{Column, Room, Row, numbers, words};
use super::{Ctx, Rows, cluster_cell, name_cell};
use crate::domain::{DesiredState, Instance, Kind, Metric, Node, NodeState};

pub(super) struct Nodes<'c> {
    ctx: &'c Ctx<'c>,
    /// Use is known of a node of which more than that is shown.
    measured: bool,
}

/// Columns of a bar, its share in figures included.
const BAR: u16 = 11;
/// Columns of two shares in figures: memory, processor time.
const USED: u16 = 9;

/// Nodes that somebody has to look at.
pub(super) fn attention(ctx: &Ctx<'_>) -> usize {
    ctx.model.view.nodes().filter(|node| needs_someone(ctx, node)).count()
}

fn needs_someone(ctx: &Ctx<'_>, node: &Node) -> bool {
    !matches!(node.state, NodeState::Ready | NodeState::Unknown | NodeState::Coming)
        || !node.pressure.is_empty()
        || ctx.needs_someone(&node.key)
}

/// What is set aside of a node's memory and processor time by what runs there: shares, where its capacity is known.
pub(in crate::ui) fn set_aside(ctx: &Ctx<'_>, node: &Node) -> (Option<f64>, Option<f64>, usize) {
    let (mut memory, mut cpu, mut instances) = (0u64, 0u64, 0);
    let view = ctx.model.view;
    let there = view.hosted_on(&node.key);
    for it in there.filter(|it| it.desired == DesiredState::Run && !it.phase.ended() && !view.is_body(it)) {
        memory += it.memory_request_bytes;
        cpu += it.cpu_request_millis;
        instances += 1;
    }
    let share = |used: f64, of: Option<u64>| of.filter(|of| *of > 0).map(|of| used / of as f64);
    // Where nothing is set aside, what is in use says more than a zero.
    let measured = |metric| view.latest(&node.key, metric);
    let empty = (instances == 0).then_some(0.0);
    let memory = if memory > 0 { Some(memory as f64) } else { measured(Metric::MemoryBytes).or(empty) };
    let cpu = if cpu > 0 { Some(cpu as f64) } else { measured(Metric::CpuMillis).or(empty) };
    (
        memory.and_then(|used| share(used, node.memory_bytes)),
        cpu.and_then(|used| share(used, node.cpu_millis)),
        instances,
    )
}

/// A share as a bar with its figure.
pub(in crate::ui) fn bar(share: Option<f64>) -> Phrase {
    let Some(share) = share else { return Phrase::dim("?") };
    let ink = if share >= 0.9 { Ink::BarFull } else { Ink::Bar };
    let (full, rest) = glyphs::bar(share, 6);
    Phrase::of(ink, full).and(Ink::Dim, rest).and(Ink::Text, format!("{:>4}%", (share * 100.0).round() as i64))
}

/// What is in use of a node's memory and processor time, beside what is set aside.
fn used(ctx: &Ctx<'_>, node: &Node) -> Phrase {
    let share = |metric, of: Option<u64>| {
        let (used, of) = (ctx.model.view.latest(&node.key, metric)?, of.filter(|of| *of > 0)?);
        Some(format!("{:>3}%", (used / of as f64 * 100.0).round() as i64))
    };
    let (memory, cpu) = (share(Metric::MemoryBytes, node.memory_bytes), share(Metric::CpuMillis, node.cpu_millis));
    match (memory, cpu) {
        (None, None) => Phrase::dim("?"),
        (memory, cpu) => {
            let unknown = || "   ?".to_owned();
            Phrase::text(format!("{} {}", memory.unwrap_or_else(unknown), cpu.unwrap_or_else(unknown)))
        }
    }
}

impl<'c> Nodes<'c> {
    pub(super) fn new(ctx: &'c Ctx<'c>) -> Self {
        let view = ctx.model.view;
        let known = |node: &Node| view.latest(&node.key, Metric::CpuMillis).is_some();
        let mut nodes = view.nodes().filter(|node| node.key.kind == Kind::Node && known(node));
        Self { ctx, measured: nodes.any(|node| view.hosted_on(&node.key).any(asks)) }
    }
}

fn asks(it: &Instance) -> bool {
    it.memory_request_bytes > 0
}

impl Rows for Nodes<'_> {
    fn keys(&self) -> Vec<RowKey> {
        let mut all: Vec<&Node> = self.ctx.model.view.nodes().collect();
        all.sort_by_key(|node| {
            let calm = !needs_someone(self.ctx, node);
            (calm, self.ctx.rank_of(&node.key), !(node.cordoned || node.draining), &node.key)
        });
        all.into_iter().map(|node| RowKey::Object(node.key.clone())).collect()
    }

    fn columns(&self) -> Vec<Column> {
        let mut columns = vec![
            self.ctx.where_column(),
            words("node", Room::Fits(8, 24), 9),
            words("state", Room::Fits(5, 22), 9),
            words("role", Room::Fits(4, 12), 5),
            numbers("memory", BAR, 7),
            numbers("cpu", BAR, 6),
        ];
        if self.measured {
            columns.push(numbers("used", USED, 5));
        }
        columns.extend([numbers("runs", 5, 8), words("why", Room::Rest(16), 4)]);
        columns
    }

    fn all_columns(&self) -> Vec<Column> {
        Nodes { ctx: self.ctx, measured: true }.columns()
    }

    fn sort_key(&self, key: &RowKey, column: &str) -> Option<SortKey> {
        let RowKey::Object(key) = key else { return None };
        let node = self.ctx.model.view.node(key)?;
        match column {
            "node" => Some(SortKey::text(&key.local())),
            "memory" => Some(SortKey::number(set_aside(self.ctx, node).0)),
            "cpu" => Some(SortKey::number(set_aside(self.ctx, node).1)),
            "used" => {
                let used = self.ctx.model.view.latest(key, Metric::MemoryBytes);
                Some(SortKey::number(used.zip(node.memory_bytes).map(|(used, of)| used / of.max(1) as f64)))
            }
            "runs" => Some(SortKey::count(set_aside(self.ctx, node).2)),
            _ => None,
        }
    }

    fn row(&self, key: &RowKey) -> Option<Row> {
        let RowKey::Object(key) = key else { return None };
        let node = self.ctx.model.view.node(key)?;
        let (memory, cpu, instances) = set_aside(self.ctx, node);
        let role = match node.manager {
            Some(manager) if manager.leader => "leader",
            Some(manager) if !manager.reachable => "manager, lost",
            Some(_) => "manager",
            None => "",
        };
        let ready = node.state == NodeState::Ready && node.pressure.is_empty();
        let mark = match self.ctx.incident_on(key) {
            Some(incident) => glyphs::of_incident(incident),
            None if node.state == NodeState::Coming => (glyphs::MOVING, Ink::Text),
            None if !ready && node.state != NodeState::Unknown => (glyphs::WARNING, Ink::Warning),
            None if node.cordoned || node.draining => (glyphs::HELD, Ink::Text),
            None => (glyphs::NONE, Ink::Dim),
        };
        let why = match (self.ctx.incident_on(key), &node.message) {
            (Some(incident), _) => incident.summary.to_string(),
            (None, Some(message)) => message.to_string(),
            (None, None) => String::new(),
        };
        let followed = self.ctx.followed(key).map(|(_, said)| said);
        // Where there is no room for a column of its own, what becomes of an action stands where a node says that it is ready.
        let state = match &followed {
            Some(said) if self.ctx.compact && ready => said.clone(),
            _ => Phrase::of(if ready { Ink::Text } else { Ink::Strong }, say::node_state(node)),
        };
        let mut cells =
            vec![cluster_cell(self.ctx, key), name_cell(key), state, Phrase::text(role), bar(memory), bar(cpu)];
        if self.measured {
            cells.push(used(self.ctx, node));
        }
        cells.extend([Phrase::text(instances.to_string()), followed.unwrap_or_else(|| Phrase::text(why))]);
        Some(Row::new(mark, cells))
    }

    fn empty(&self) -> Vec<Phrase> {
        vec![Phrase::text("No node is known. Nodes come from Kubernetes, Nomad and Swarm managers, and from engines.")]
    }
}
