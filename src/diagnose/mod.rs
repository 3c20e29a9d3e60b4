//! Rules over the model; grouping, lifecycle, ranking.
