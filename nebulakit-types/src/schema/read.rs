//! Reading a table: its parts one after the other, as few of them at a time as keep the processor busy.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};

use super::filter::Filter;
use super::format::{BUDGET, ReadRequest, Run, Work};
use super::row::{Columns, Row, declared, rows_of};
use super::table::{Opened, Table};
use super::{Schema, no_batches};
use crate::{Error, ErrorKind, Result};

/// Maximum bytes of all runs that are decoded ahead, the current one included: 512 MiB.
const DECODED: u64 = 512 * 1024 * 1024;

/// Maximum number of runs read at a time, the current one included; two even if they exceed the budget.
const RUNS: usize = 8;

/// Maximum number of parts opened ahead.
const PARTS: usize = 8;

impl<R: Columns> Schema<R> {
    /// Says what to read; see [`TableRead`].
    pub fn read(&self) -> TableRead<R> {
        TableRead::new(self.clone())
    }

    /// The columns that the table has, whatever the type declares: those of its first part.
    ///
    /// In code that is not async: `table.blocking().columns()`.
    ///
    /// # Errors
    /// Those of [`TableRead::stream`].
    pub async fn columns(&self) -> Result<SchemaRef> {
        match self.held() {
            Some(batches) => match batches.first() {
                Some(batch) => Ok(batch.schema()),
                None => declared::<R>().ok_or_else(no_batches),
            },
            None => self.table()?.schema().await,
        }
    }

    /// How many rows the table has, by its footers where the format has some; else everything is read.
    ///
    /// In code that is not async: `table.blocking().num_rows()`.
    ///
    /// # Errors
    /// Those of [`TableRead::stream`].
    pub async fn num_rows(&self) -> Result<u64> {
        if self.held().is_none() {
            let table = self.table()?;
            let opened = stream::iter(table.parts().await?).map(|part| table.open(part)).buffered(16);
            let rows: Vec<_> = opened.map_ok(|opened| opened.part.num_rows()).try_collect().await?;
            if let Some(rows) = rows.into_iter().sum::<Option<u64>>() {
                return Ok(rows);
            }
        }
        self.read().stream().try_fold(0, |rows, batch| async move { Ok(rows + batch.num_rows() as u64) }).await
    }
}

/// Batches or rows of a table, one after the other: `while let Some(row) = rows.try_next().await?`. A [`Stream`] too.
pub struct TableStream<T>(BoxStream<'static, Result<T>>);

impl<T> fmt::Debug for TableStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableStream").finish_non_exhaustive()
    }
}

impl<T> TableStream<T> {
    /// The next one; [`None`] at the end.
    ///
    /// # Errors
    /// Those of [`TableRead::stream`] and [`TableRead::rows`]; nothing follows an error.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        self.0.next().await.transpose()
    }

    /// All that are left.
    ///
    /// # Errors
    /// Those of [`TableStream::try_next`].
    pub async fn collect(self) -> Result<Vec<T>> {
        self.0.try_collect().await
    }
}

impl<T> Stream for TableStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

/// How a table is to be read; [`Schema::read`] makes one. Nothing happens before one of the last methods is called.
#[must_use = "nothing is read before `stream`, `rows` or `collect` is called"]
pub struct TableRead<R> {
    pub(super) schema: Schema<R>,
    pub(super) request: ReadRequest,
}

impl<R> fmt::Debug for TableRead<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRead").field("schema", &self.schema).field("request", &self.request).finish()
    }
}

impl<R: Columns> TableRead<R> {
    pub(super) fn new(schema: Schema<R>) -> Self {
        let columns = R::declared().map(|columns| columns.iter().map(|column| column.name().to_owned()).collect());
        Self { schema, request: ReadRequest { columns, filter: None, batch_size: None } }
    }

    /// Reads only these columns, in this order. Without it all are read, or those that the type declares.
    pub fn columns<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.request.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Reads only the rows that meet a condition, and every other one given before. Where statistics say that a row group or a page has
    /// none, it is not fetched.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.request.filter = Some(match self.request.filter {
            Some(before) => before.and(filter),
            None => filter,
        });
        self
    }

    /// Sets how many rows a batch has at most, 32,768 by default; zero counts as one.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.request.batch_size = Some(rows.max(1));
        self
    }

    /// Streams the batches, in the order of the rows. Memory stays bounded whatever the size of the table; dropping the stream ends all
    /// that was under way.
    ///
    /// # Errors
    /// In the stream: [`ErrorKind::NotFound`] where there is no table, [`ErrorKind::Missing`] for a column that is not there,
    /// [`ErrorKind::Ambiguous`] for one that is there twice, [`ErrorKind::Corrupt`] for bytes that are not of the format, and those of the
    /// store. Nothing follows an error.
    pub fn stream(self) -> TableStream<RecordBatch> {
        let Self { schema, request } = self;
        let request = Arc::new(request);
        let whole = stream::once(async move {
            match schema.held() {
                Some(batches) => held(batches.clone(), request),
                None => Ok(stored(schema.table()?, request).await?.boxed()),
            }
        });
        TableStream(fused(whole.try_flatten().boxed()))
    }

    /// Reads all batches into memory.
    ///
    /// # Errors
    /// Those of [`TableRead::stream`].
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        self.stream().collect().await
    }
}

impl<R: Row> TableRead<R> {
    /// Streams typed rows.
    ///
    /// # Errors
    /// In the stream: those of [`TableRead::stream`], and [`ErrorKind::Mismatch`], [`ErrorKind::Missing`] or [`ErrorKind::OutOfRange`] for a
    /// value that its field cannot hold, with the column's name.
    pub fn rows(self) -> TableStream<R> {
        let rows = self.stream().0.and_then(|batch| async move { Ok(stream::iter(rows_of::<R>(&batch)?.into_iter().map(Ok))) });
        TableStream(fused(rows.try_flatten().boxed()))
    }

    /// Reads all rows into memory.
    ///
    /// # Errors
    /// Those of [`TableRead::rows`].
    pub async fn collect_rows(self) -> Result<Vec<R>> {
        self.rows().collect().await
    }
}

/// Ends a stream at its first error.
fn fused<T: Send + 'static>(items: BoxStream<'static, Result<T>>) -> BoxStream<'static, Result<T>> {
    stream::unfold(Some(items), |state| async move {
        let mut items = state?;
        match items.next().await? {
            Ok(item) => Some((Ok(item), Some(items))),
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

/// The batches of a table that is in memory.
fn held(batches: Arc<Vec<RecordBatch>>, request: Arc<ReadRequest>) -> Result<BoxStream<'static, Result<RecordBatch>>> {
    let each = (0..batches.len()).flat_map(move |index| match request.finish(&batches[index]) {
        Err(error) => vec![Err(error)],
        Ok(batch) => slices(&batch, request.batch_size()),
    });
    Ok(stream::iter(each).boxed())
}

fn slices(batch: &RecordBatch, size: usize) -> Vec<Result<RecordBatch>> {
    let starts = (0..batch.num_rows()).step_by(size);
    starts.map(|start| Ok(batch.slice(start, size.min(batch.num_rows() - start)))).collect()
}

/// The batches of a table that is stored.
async fn stored(table: Table, request: Arc<ReadRequest>) -> Result<impl Stream<Item = Result<RecordBatch>> + Send> {
    let mut parts = table.parts().await?.into_iter();
    let first = match parts.next() {
        Some(part) => table.open(part).await?,
        None => return Err(Error::new(ErrorKind::NotFound, "the table has no parts")),
    };
    let schema = first.schema();
    // All parts give what the first one has.
    let mut request = ReadRequest::clone(&request);
    request.columns.get_or_insert_with(|| schema.fields().iter().map(|field| field.name().clone()).collect());
    let (request, types) = (Arc::new(request), schema);
    let others = stream::iter(parts).map(move |part| {
        let table = table.clone();
        async move { table.open(part).await }
    });
    let opened = stream::once(async { Ok(first) }).chain(others.buffered(PARTS));
    let runs = opened.map(move |part| part?.runs(&request, &types));
    Ok(Ahead { parts: runs.boxed(), waiting: VecDeque::new(), active: VecDeque::new() })
}

/// Reads runs in their order, the next ones ahead.
struct Ahead {
    parts: BoxStream<'static, Result<Vec<Run>>>,
    waiting: VecDeque<Run>,
    active: VecDeque<Active>,
}

/// A run that is under way.
struct Active {
    weight: u64,
    state: State,
}

enum State {
    Fetching(BoxFuture<'static, Result<Run>>),
    /// Its bytes are here.
    Fetched(Work),
    /// It is being read; its first batch if it is not its turn yet.
    Reading(BoxStream<'static, Result<RecordBatch>>, Option<Option<Result<RecordBatch>>>),
}

impl Active {
    /// Goes on as far as it can without being read; says whether it is being read. It may be decoded if it fits into `room` bytes.
    fn advance(&mut self, context: &mut Context<'_>, room: u64) -> bool {
        if let State::Fetching(fetch) = &mut self.state {
            match fetch.poll_unpin(context) {
                Poll::Pending => return false,
                Poll::Ready(Ok(run)) => {
                    self.weight = self.weight.max(run.weight);
                    self.state = State::Fetched(run.work);
                }
                Poll::Ready(Err(error)) => self.state = State::Reading(stream::empty().boxed(), Some(Some(Err(error)))),
            }
        }
        if let State::Fetched(work) = &mut self.state {
            if self.weight > room {
                return false;
            }
            let nothing = Work::Read(Box::new(|| stream::empty().boxed()));
            self.state = match std::mem::replace(work, nothing) {
                Work::Read(start) => State::Reading(start(), None),
                Work::Fetch(fetch) => State::Fetching(fetch()),
            };
            if let State::Fetching(_) = self.state {
                return self.advance(context, room);
            }
        }
        matches!(self.state, State::Reading(..))
    }
}

impl Ahead {
    /// Starts runs while there is room; says whether there may be more.
    fn start(&mut self, context: &mut Context<'_>) -> Result<bool> {
        loop {
            let weight: u64 = self.active.iter().map(|run| run.weight).sum();
            let room = |next: u64| self.active.len() < 2 || self.active.len() < RUNS && weight + next <= BUDGET;
            match self.waiting.front() {
                Some(next) if !room(next.weight) => return Ok(true),
                Some(_) => {
                    if let Some(run) = self.waiting.pop_front() {
                        let state = match run.work {
                            Work::Fetch(fetch) => State::Fetching(fetch()),
                            work => State::Fetched(work),
                        };
                        self.active.push_back(Active { weight: run.weight, state });
                    }
                }
                None => match self.parts.poll_next_unpin(context) {
                    Poll::Ready(Some(runs)) => self.waiting.extend(runs?),
                    Poll::Ready(None) => return Ok(false),
                    Poll::Pending => return Ok(true),
                },
            }
        }
    }

    /// Lets each run go on, in their order; those behind the first are decoded while all together are light enough.
    fn advance(&mut self, context: &mut Context<'_>) {
        // The current one is read at any weight.
        let mut room = u64::MAX;
        for run in &mut self.active {
            let reads = run.advance(context, room);
            room = if reads { room.min(DECODED).saturating_sub(run.weight) } else { 0 };
        }
    }
}

impl Stream for Ahead {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let more = match self.start(context) {
                Ok(more) => more,
                Err(error) => return Poll::Ready(Some(Err(error))),
            };
            self.advance(context);
            for run in self.active.iter_mut().skip(1) {
                if let State::Reading(batches, first @ None) = &mut run.state
                    && let Poll::Ready(batch) = batches.poll_next_unpin(context)
                {
                    *first = Some(batch);
                }
            }
            let Some(run) = self.active.front_mut() else {
                return if more { Poll::Pending } else { Poll::Ready(None) };
            };
            let State::Reading(batches, first) = &mut run.state else { return Poll::Pending };
            let batch = match first.take() {
                Some(batch) => Poll::Ready(batch),
                None => batches.poll_next_unpin(context),
            };
            match batch {
                Poll::Ready(None) => drop(self.active.pop_front()),
                Poll::Ready(Some(Ok(batch))) if batch.num_rows() == 0 => {}
                other => return other,
            }
        }
    }
}

impl Opened {
    /// What is asked of this part, with what its folders say put to it.
    fn runs(self, request: &Arc<ReadRequest>, types: &SchemaRef) -> Result<Vec<Run>> {
        let Some(plan) = self.plan(request, types)? else { return Ok(Vec::new()) };
        let plan = Arc::new(plan);
        let runs = self.part.read(&plan.inner).map_err(|error| self.named(error))?;
        let finished = runs.into_iter().map(|run| {
            let plan = plan.clone();
            run.map(move |batch| plan.finish(&batch))
        });
        Ok(finished.collect())
    }
}
