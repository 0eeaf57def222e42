import { writePixelValues } from '../../corpora/pixel-values.ts'
import { type Candidate, interleavedLatency } from '../../eval/latency.ts'
import type { ReportResult } from '../schema.ts'
import type { Embedded } from './headline-details.ts'
import type { ModelEntry } from './model-entry.ts'

/** Median milliseconds for one image and for one text. */
export interface ModelTime {
  model: ReportResult['model']
  dtype: ReportResult['dtype']
  image: number
  text: number
}

/** Runs of each model that count: a median of this many is steady to a few percent. */
const rounds = 25

/** Images and texts that the runs go through: what one of them costs depends on its length. */
const items = 16

/**
 * Times every model on images and texts of the headline protocol, one at a time, their runs interleaved (see interleavedLatency).
 * Preprocessing of images is left out, tokenization is not.
 */
export async function timeModels(headline: readonly Embedded[]): Promise<ModelTime[]> {
  const entries = [...new Set(headline.map(({ entry }) => entry))]
  const timed = await interleavedLatency(
    entries.flatMap((entry) =>
      candidates(
        entry,
        headline.filter((one) => one.entry === entry),
      ),
    ),
    { rounds, warmup: 3 },
  )
  return entries.map(({ model, dtype }, i) => ({ model, dtype, image: timed[2 * i]!.p50, text: timed[2 * i + 1]!.p50 }))
}

function candidates({ encoder }: ModelEntry, measured: Embedded[]): Candidate[] {
  const { pixels } = measured[0]!
  const size = encoder.imageSize
  const images = Array.from({ length: Math.min(items, pixels.count) }, (_, i) => {
    const values = new Float32Array(3 * size * size)
    writePixelValues(pixels.read(i), size, values, 0)
    return values
  })
  const texts = measured.flatMap(({ task }) => task.texts.slice(0, Math.ceil(items / measured.length)))
  return [
    { name: `${encoder.id} image`, run: inTurn(images, (image) => encoder.encodeImages(image, 1)) },
    { name: `${encoder.id} text`, run: inTurn(texts, (text) => encoder.encodeTexts([text])) },
  ]
}

function inTurn<T>(values: readonly T[], run: (value: T) => Promise<unknown>): () => Promise<unknown> {
  let turn = 0
  return () => run(values[turn++ % values.length]!)
}
