import { cutoffs, recallName } from '../eval/metrics.ts'
import type { Report } from './schema.ts'

/** One run in the shape of LAION's CLIP_benchmark result files. */
export interface ClipBenchmarkRun {
  dataset: string
  model: string
  pretrained: string
  task: 'zeroshot_retrieval'
  metrics: Record<string, number>
  language: string
}

/**
 * The report under CLIP_benchmark's names, so that its tables and plots read ours: image_retrieval_recall@K is text→image,
 * text_retrieval_recall@K image→text. `dataset` is `corpus/protocol`, `pretrained` the number format. The pixel baseline has no text side and is left out.
 */
export function clipBenchmark(report: Report): ClipBenchmarkRun[] {
  return report.results
    .filter((row) => row.model !== 'pixel-nn')
    .map((row) => {
      const metrics: Record<string, number> = {}
      for (const cutoff of cutoffs) {
        metrics[`image_retrieval_recall@${cutoff}`] = row.metrics[recallName('text_to_image', cutoff)]!
        metrics[`text_retrieval_recall@${cutoff}`] = row.metrics[recallName('image_to_text', cutoff)]!
      }
      return {
        dataset: `${row.corpus}/${row.protocol}`,
        model: row.model,
        pretrained: row.dtype,
        task: 'zeroshot_retrieval',
        metrics,
        language: row.language,
      }
    })
}
