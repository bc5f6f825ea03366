//! Lists come in pages, of rows that a filter lets through, in the order that is asked for.

use super::grpc::INVALID_ARGUMENT;
use nebulakit_types::wire::flyteidl::admin::{Sort, sort::Direction};

/// A refusal.
pub(crate) type Refused = (u32, String);

/// One page of rows, and the token of the next: a full page has one, even where nothing comes after it.
pub(crate) fn page<T>(rows: Vec<T>, limit: u32, token: &str) -> Result<(Vec<T>, String), Refused> {
    if limit == 0 {
        return Err((INVALID_ARGUMENT, "invalid value for limit".to_owned()));
    }
    let from = match token {
        "" => 0,
        token => token.parse::<usize>().map_err(|_| (INVALID_ARGUMENT, format!("invalid pagination token {token}")))?,
    };
    let rows: Vec<T> = rows.into_iter().skip(from).take(limit as usize).collect();
    let token = if rows.len() == limit as usize { (from + rows.len()).to_string() } else { String::new() };
    Ok((rows, token))
}

/// What rows are, for filters and orders.
pub(crate) struct Columns<'c, T> {
    /// What the platform's messages call the table.
    pub(crate) table: &'c str,
    /// The names of the columns.
    pub(crate) names: &'c [&'c str],
    /// A row's value of a column.
    pub(crate) value: &'c dyn Fn(&T, &str) -> Vec<String>,
}

impl<T> Columns<'_, T> {
    /// The rows that filters let through: `eq(name,a)+ne(version,b)`.
    pub(crate) fn filtered(&self, mut rows: Vec<T>, filters: &str) -> Result<Vec<T>, Refused> {
        let refused = |text: String| Err((INVALID_ARGUMENT, text));
        for filter in filters.split('+').filter(|filter| !filter.is_empty()) {
            let Some((function, rest)) = filter.split_once('(') else { return refused("invalid value for filters".to_owned()) };
            let Some((field, wanted)) = rest.strip_suffix(')').or(rest.trim_end().strip_suffix(')')).and_then(|rest| rest.split_once(','))
            else {
                return refused("invalid value for filters".to_owned());
            };
            let compare: fn(&str, &str) -> bool = match function {
                "eq" => |value, wanted| value == wanted,
                "ne" => |value, wanted| value != wanted,
                "gt" => |value, wanted| value > wanted,
                "gte" => |value, wanted| value >= wanted,
                "lt" => |value, wanted| value < wanted,
                "lte" => |value, wanted| value <= wanted,
                "contains" => |value, wanted| like(value, &format!("%{wanted}%")),
                "not_like" => |value, wanted| !like(value, wanted),
                "value_in" => |value, wanted| wanted.split(';').any(|wanted| wanted == value),
                "value_not_in" => |value, wanted| wanted.split(';').all(|wanted| wanted != value),
                other => return refused(format!("unrecognized filter function: {other}")),
            };
            if !self.names.contains(&field) {
                return refused(format!("'{}.{field}' is invalid filter", self.table));
            }
            rows.retain(|row| (self.value)(row, field).iter().any(|value| compare(value, wanted)));
        }
        Ok(rows)
    }

    /// The rows in an order; without one they stay as they were made.
    pub(crate) fn sorted(&self, mut rows: Vec<T>, order: Option<&Sort>) -> Result<Vec<T>, Refused> {
        let Some(order) = order.filter(|order| !order.key.is_empty()) else { return Ok(rows) };
        if !self.names.contains(&order.key.as_str()) {
            return Err((INVALID_ARGUMENT, format!("invalid sort key '{}'", order.key)));
        }
        // Rows are made in the order of their time.
        if order.key != "created_at" {
            rows.sort_by_key(|row| (self.value)(row, &order.key));
        }
        if order.direction() == Direction::Descending {
            rows.reverse();
        }
        Ok(rows)
    }
}

/// Whether a text fits a pattern in which `%` stands for anything.
fn like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('%') {
        None => text == pattern,
        Some((before, rest)) => text
            .strip_prefix(before)
            .is_some_and(|text| (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| like(&text[at..], rest))),
    }
}
