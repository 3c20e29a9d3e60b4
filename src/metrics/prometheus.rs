//! Queries of a server that speaks Prometheus' HTTP API (prometheus: docs/querying/api.md): Prometheus itself, Thanos, Mimir,
//! VictoriaMetrics.

use serde::Deserialize;

use crate::domain::{Text, Timestamp};

use super::ask::{Asker, Failure};
use super::exposition::Point;

/// What a query gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// The numbers.
    pub value: Vec<T>,
    /// What the server warns of: some of it may be missing.
    pub warnings: Vec<Text>,
}

/// Numbers over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The name of the metric; empty where the query leaves none.
    pub name: Text,
    /// Its labels.
    pub labels: Vec<(Text, Text)>,
    /// When, and how much; in their order.
    pub values: Vec<(Timestamp, f64)>,
}

/// Asks what is now.
///
/// # Errors
/// There was no answer, or one of another kind.
pub async fn now(asker: &Asker, query: &str) -> Result<Answer<Point>, Failure> {
    let body = asker.post("/api/v1/query", &[("query", query)]).await?;
    let Reply { data, warnings } = read(&body)?;
    let value = match data {
        Data::Vector { result } => result.into_iter().filter_map(Now::point).collect(),
        Data::Matrix { .. } | Data::Other => return Err(Failure::Malformed(Text::new("it is no vector"))),
    };
    Ok(Answer { value, warnings })
}

/// Asks what was, every `step` seconds.
///
/// # Errors
/// There was no answer, or one of another kind.
pub async fn past(
    asker: &Asker,
    query: &str,
    from: Timestamp,
    to: Timestamp,
    step: u32,
) -> Result<Answer<Series>, Failure> {
    let (from, to, step) = (from.as_second().to_string(), to.as_second().to_string(), step.to_string());
    let form = [("query", query), ("start", from.as_str()), ("end", to.as_str()), ("step", step.as_str())];
    let body = asker.post("/api/v1/query_range", &form).await?;
    let Reply { data, warnings } = read(&body)?;
    let value = match data {
        Data::Matrix { result } => result.into_iter().map(Past::series).collect(),
        Data::Vector { .. } | Data::Other => return Err(Failure::Malformed(Text::new("it is no matrix"))),
    };
    Ok(Answer { value, warnings })
}

fn read(body: &[u8]) -> Result<Reply, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Malformed(Text::from(error.to_string())))
}

#[derive(Deserialize)]
struct Reply {
    data: Data,
    #[serde(default)]
    warnings: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", rename_all = "lowercase")]
enum Data {
    Vector {
        result: Vec<Now>,
    },
    Matrix {
        result: Vec<Past>,
    },
    /// `scalar`, `string`.
    #[serde(other)]
    Other,
}

/// A number as it is written, since JSON knows neither `NaN` nor `+Inf`; when, in seconds.
type Value = (f64, String);

#[derive(Deserialize)]
struct Now {
    metric: Labels,
    /// None of a histogram of its own kind.
    value: Option<Value>,
}

#[derive(Deserialize)]
struct Past {
    metric: Labels,
    #[serde(default)]
    values: Vec<Value>,
}

/// In their order.
#[derive(Deserialize)]
struct Labels(std::collections::BTreeMap<Text, Text>);

impl Labels {
    /// The name, and the rest.
    fn apart(mut self) -> (Text, Vec<(Text, Text)>) {
        let name = self.0.remove(NAME).unwrap_or_else(|| Text::new(""));
        (name, self.0.into_iter().collect())
    }
}

impl Now {
    fn point(self) -> Option<Point> {
        let (at, value) = number(&self.value?)?;
        let (name, labels) = self.metric.apart();
        Some(Point { name, labels, value, at: Some(at) })
    }
}

impl Past {
    fn series(self) -> Series {
        let (name, labels) = self.metric.apart();
        Series { name, labels, values: self.values.iter().filter_map(number).collect() }
    }
}

/// The label that holds the name of a metric.
const NAME: &str = "__name__";

fn number((at, value): &Value) -> Option<(Timestamp, f64)> {
    let at = Timestamp::from_millisecond((at * 1000.0).round() as i64).ok()?;
    // `+Inf`, `-Inf` and `NaN` are read as they are.
    Some((at, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_whatever_they_are() {
        let body = br#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"a"},"value":[1796076000.123,"1"]},
            {"metric":{},"value":[1796076000,"+Inf"]},
            {"metric":{"le":"x"},"histogram":[1796076000,{"count":"1"}]}]},
            "warnings":["some store did not answer"],"infos":["later"]}"#;
        let Reply { data: Data::Vector { result }, warnings } = read(body).expect("an answer") else {
            panic!("a vector")
        };
        let points: Vec<Point> = result.into_iter().filter_map(Now::point).collect();
        assert_eq!((points.len(), warnings.len()), (2, 1));
        assert_eq!(points[0].name.as_str(), "up");
        assert_eq!(points[0].at.map(|at| at.as_millisecond()), Some(1_796_076_000_123));
        assert!(points[1].value.is_infinite() && points[1].name.is_empty());
    }

    #[test]
    fn what_is_cut_off_is_no_answer() {
        for body in [&br#"{"status":"success","data":{"resultType":"vector","result":[{"met"#[..], b"<html>", b""] {
            assert!(matches!(read(body), Err(Failure::Malformed(_))));
        }
    }
}
