/** `95 %: 0.3 to 1.9 points, 500 images`: how sure a loss is. */
export function certainty({ interval, images }: { interval: readonly [number, number]; images: number }): string {
  return `95 %: ${interval.map((end) => end.toFixed(2).replace(/^-0\.00$/, '0.00')).join(' to ')} points, ${images} images`
}
