import type { RecallRow } from './exported-files.ts'

/** `95 %: 0.3–1.9 points, 500 images`. */
export function certainty({ interval, images }: Pick<RecallRow, 'interval' | 'images'>): string {
  return `95 %: ${interval.map((end) => end.toFixed(2).replace(/^-0\.00$/, '0.00')).join(' to ')} points, ${images} images`
}
