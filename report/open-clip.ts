import { cutoffs, directions, recallName } from '../eval/metrics.ts'
import type { Report } from './schema.ts'

/** One evaluation in the shape of a line of open_clip's results.jsonl, and what it is of. */
export type OpenClipRun = Record<string, number | string>

/**
 * The report under open_clip's names: `image_to_text_R@1`, `text_to_image_median_rank`, …, `num_samples` as there the number of images.
 * Ranks start at 1. Which model, format, set and language a run is of stands beside it, which open_clip leaves to the folder's name.
 * The pixel baseline has no text side and is left out.
 */
export function openClip(report: Report): OpenClipRun[] {
  return report.results
    .filter((row) => row.model !== 'pixel-nn')
    .map(({ model, dtype, corpus, protocol, language, metrics, queries }) => {
      const run: OpenClipRun = { model, precision: dtype, dataset: `${corpus}/${protocol}`, language }
      for (const direction of [...directions].reverse()) {
        for (const kind of ['mean_rank', 'median_rank'] as const) {
          const rank = metrics[`${direction}_${kind}`]
          if (rank !== undefined) run[`${direction}_${kind}`] = rank
        }
        for (const cutoff of cutoffs) run[recallName(direction, cutoff)] = metrics[recallName(direction, cutoff)]!
      }
      return { ...run, num_samples: queries }
    })
}
