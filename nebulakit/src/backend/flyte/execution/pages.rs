//! Lists, page by page.

use nebulakit_types::wire::flyteidl::admin::Sort;
use nebulakit_types::wire::flyteidl::admin::sort::Direction;

use super::super::error::{ClientError, ClientErrorKind};

/// How many rows are asked for at once.
pub(in super::super) const PAGE: u32 = 100;

/// The most pages that are read without another limit: a control plane might hand out tokens forever.
const MOST: usize = 10_000;

/// All rows, or the first `limit`. `read` makes the call for one page, by its token and its size, and gives its rows and the next token. The last page may be empty.
pub(in super::super) async fn pages<T, P>(limit: Option<usize>, mut read: impl FnMut(String, u32) -> P) -> Result<Vec<T>, ClientError>
where
    P: Future<Output = Result<(Vec<T>, String), ClientError>>,
{
    let (mut rows, mut token) = (Vec::new(), String::new());
    let limit = limit.unwrap_or(usize::MAX);
    for _ in 0..MOST {
        let left = limit.saturating_sub(rows.len());
        if left == 0 {
            break;
        }
        let size = u32::try_from(left).map_or(PAGE, |left| left.min(PAGE));
        let (page, next) = read(token, size).await?;
        let is_empty = page.is_empty();
        rows.extend(page);
        if next.is_empty() || is_empty {
            rows.truncate(limit);
            return Ok(rows);
        }
        token = next;
    }
    match rows.len() >= limit {
        true => Ok(rows),
        false => Err(ClientError::new(ClientErrorKind::Server, "a list of the control plane has no end")),
    }
}

/// An order by creation. Without one, the control plane promises none, and pages may overlap.
pub(in super::super) fn by_creation(direction: Direction) -> Option<Sort> {
    Some(Sort { key: "created_at".to_owned(), direction: direction.into() })
}
