import type { RetrievalTask } from '../corpora/retrieval-task.ts'
import { bootstrapRetrieval } from '../eval/bootstrap.ts'
import type { ConsistencyResult } from '../eval/consistency.ts'
import { groupResults } from '../eval/groups.ts'
import type { PixelBaseline } from '../eval/pixel-baseline.ts'
import type { RetrievalResult } from '../eval/retrieval.ts'
import type { ZeroShotResult, ZeroShotTask } from '../eval/zero-shot.ts'
import type { ConfusionTable } from './material.ts'
import type { ConsistencyRow, GroupRow, ReportResult, ZeroShotRow } from './schema.ts'

/** The report's row of one model on one task, with 95 % intervals of the recalls. Retention is added by withRetention. */
export function retrievalRow(
  model: ReportResult['model'],
  dtype: ReportResult['dtype'],
  result: RetrievalResult,
  options: { seed?: number } = {},
): ReportResult {
  const { corpus, protocol, language, metrics, textToImage, imageToText } = result
  return {
    model,
    dtype,
    corpus,
    protocol,
    language,
    gallery: imageToText.gallery,
    queries: imageToText.queries.length,
    directions: {
      text_to_image: { queries: textToImage.queries.length, gallery: textToImage.gallery },
      image_to_text: { queries: imageToText.queries.length, gallery: imageToText.gallery },
    },
    metrics: { ...metrics },
    interval95: bootstrapRetrieval(result, options),
  }
}

/** The pixel baseline's row beside a task's image→text; undefined when there is none. */
export function pixelRow(task: Pick<RetrievalTask, 'corpus' | 'protocol' | 'language'>, baseline: PixelBaseline): ReportResult | undefined {
  if (!baseline.available) return undefined
  const { corpus, protocol, language } = task
  const { gallery, metrics, interval95, ranks } = baseline
  return {
    model: 'pixel-nn',
    dtype: 'uint8',
    corpus,
    protocol,
    language,
    gallery,
    queries: ranks.length,
    directions: { image_to_text: { queries: ranks.length, gallery } },
    metrics: { ...metrics, median_rank: metrics.image_to_text_median_rank! },
    interval95: { ...interval95 },
  }
}

/** The report's row of a zero-shot classification, under CLIP_benchmark's names. */
export function zeroShotRow(
  model: ReportResult['model'],
  dtype: ReportResult['dtype'],
  task: ZeroShotTask,
  templates: readonly string[],
  result: ZeroShotResult,
): ZeroShotRow {
  const { corpus, protocol, language, kind, classes, labels } = task
  return {
    model,
    dtype,
    corpus,
    protocol,
    language,
    classes: kind,
    count: { images: labels.length, classes: classes.length, templates: templates.length },
    metrics: { acc1: result.top1, acc5: result.top5, mean_per_class_recall: result.meanPerClass },
  }
}

/** The confusion matrix as report.html shows it. */
export function confusionTable(model: string, task: ZeroShotTask, result: ZeroShotResult): ConfusionTable {
  const { corpus, protocol, language, kind, classes } = task
  return { model, corpus, protocol, language, kind, classes, counts: result.confusion }
}

/** The report's row of how alike two languages rank. */
export function consistencyRow(
  model: ReportResult['model'],
  dtype: ReportResult['dtype'],
  { corpus, protocol }: Pick<RetrievalTask, 'corpus' | 'protocol'>,
  { languages, queries, gallery, metrics }: ConsistencyResult,
): ConsistencyRow {
  return { model, dtype, corpus, protocol, languages, queries, gallery, metrics }
}

/** The report's rows of a result split by group, a row a group. */
export function groupRows(model: ReportResult['model'], dtype: ReportResult['dtype'], task: RetrievalTask, result: RetrievalResult): GroupRow[] {
  const { corpus, protocol, language } = task
  return groupResults(task, result).map(({ group, queries, metrics }) => ({
    model,
    dtype,
    corpus,
    protocol,
    language,
    group,
    queries,
    metrics: { ...metrics },
  }))
}
