import test, { type ExecutionContext } from 'ava'
import { compile, type Engine } from '../../engine/compile.ts'
import { paramData } from '../../engine/params.ts'
import type { Numbers } from '../../engine/runtime.ts'
import { type CachedStep, cachedStep } from '../../training/cached-step.ts'
import { cachedGradients } from '../../training/gradient-cache.ts'
import { joinRows, partOfRows, partSampler } from '../../training/parts.ts'
import type { StepShape } from '../../training/step-shape.ts'
import { compiled, type Results, threads } from '../engine/oracle.ts'
import { tinyConfig } from '../models/tiny.ts'
import { build } from './build-step.ts'

const [batchSize, micro] = [8, 2]

/** A step of the tiny model as one graph of the whole batch, and by micro-batches. */
function bothOf({ fn, specs, feeds, params, weights, shape }: ReturnType<typeof build>, engine: Engine = 'onnx') {
  const languages = shape.languages.length
  const parts = batchSize / micro
  return {
    whole: () => compiled(fn, specs, feeds),
    async cached(): Promise<Results> {
      const graphs = cachedStep(tinyConfig, params, Object.keys(params), weights, shape, { batchSize: micro })
      const open = ({ fn, specs }: CachedStep['embed']) => compile(fn, specs, { threads, engine })
      const steps = { embed: await open(graphs.embed), loss: await open(graphs.loss), replay: await open(graphs.replay) }
      const results = await cachedGradients(steps, {
        params: paramData(params),
        parts,
        languages,
        withPart: (i, _, use) => use(partOf(feeds, languages, i, parts)),
        objectiveInputs: async () => feeds,
      })
      for (const step of Object.values(steps)) await step.release()
      return results
    },
  }
}

/** What towers read of one part. */
function partOf(feeds: Record<string, Numbers>, languages: number, i: number, parts: number): Record<string, Numbers> {
  const groups: Record<string, number> = { pixel_values: 1, keep: 1, input_ids: languages, attention_mask: languages }
  const rows = (data: Numbers, groups: number) => {
    const length = data.length / groups / parts
    return Array.from({ length: groups }, (_, group) => [...(data as Float32Array).subarray((group * parts + i) * length).subarray(0, length)]).flat()
  }
  return Object.fromEntries(
    Object.entries(feeds).flatMap(([name, data]) => {
      if (!(name in groups)) return []
      const part = rows(data, groups[name]!)
      return [[name, data instanceof Int32Array ? Int32Array.from(part) : Float32Array.from(part)]]
    }),
  )
}

/** |got − want| / |want| of every output, but for gradients that are 0 up to rounding, as those of keys' biases are. */
function same(t: ExecutionContext, whole: Results, cached: Results) {
  t.deepEqual(Object.keys(cached).toSorted(), Object.keys(whole).toSorted())
  const all = Math.hypot(...Object.values(whole).map((values) => Math.hypot(...values)))
  for (const [name, want] of Object.entries(whole)) {
    const size = Math.hypot(...want)
    const off = Math.hypot(...want.map((value, i) => value - cached[name]![i]!))
    t.true(off <= 1e-5 * size || size < 1e-6 * all, `${name}: ${off} of ${size}`)
  }
}

const cases: Record<string, Partial<StepShape>> = {
  'task:1': {},
  'fd:1': {},
  'crd:1': {},
  'icl:1': {},
  'task:2,fd:4,crd:1,icl:1': { keepPatches: 0.5 },
  'siglip:1,gd:0.01,afd:1,anchor:1': { languages: ['en'] },
  'class-embed:1,smooth-l1-text:1': { centroids: 4 },
  'fd-image:1,rkd-image:2': {},
  'fd-text:1,rkd-text:4': { alone: 'text' },
  'crd:1,fd:2': { specialists: [{ embedDim: 4, logitScale: 30, languages: ['zh'], weight: 0.5 }] },
  'crd:1,icl:2': { unpaired: true, languages: ['mul'] },
}

for (const [objective, more] of Object.entries(cases)) {
  test(`${objective}: gradients of 4 micro-batches are those of the batch`, async (t) => {
    const { whole, cached } = bothOf(build(objective, { batchSize, ...more }))
    same(t, await whole(), await cached())
  })
}

test('a student that shrinks, and the step run eagerly', async (t) => {
  const { whole, cached } = bothOf(build('task:1,fd:1', { batchSize }, true), 'tfjs')
  same(t, await whole(), await cached())
})

test('negatives are those of the whole batch: the mean of micro-batches is another loss', async (t) => {
  const step = build('task:1', { batchSize })
  const { loss } = await bothOf(step).cached()
  const alone = build('task:1', { batchSize: micro })
  t.true(loss![0]! > Math.log(micro), 'of 8, not of 2')
  t.true((await compiled(alone.fn, alone.specs, alone.feeds)).loss![0]! < loss![0]!)
})

test('rows of micro-batches: every language has its own group of rows', (t) => {
  const parts = [Float32Array.of(1, 2, 11, 12), Float32Array.of(3, 4, 13, 14)] // two texts of two languages each
  const whole = joinRows(parts, 2)
  t.deepEqual([...whole], [1, 2, 3, 4, 11, 12, 13, 14])
  for (const [i, part] of parts.entries()) t.deepEqual(partOfRows(whole, 2, i, 2), part)
  t.deepEqual([...partOfRows(whole, 1, 1, 2)], [11, 12, 13, 14])
})

test('micro-batches of a draw are its images and captions in order', (t) => {
  const draw = (step: number) => ({
    epoch: step,
    images: Uint32Array.of(4, 5, 6, 7).map((image) => image + 10 * step),
    captions: { en: Uint32Array.of(0, 1, 2, 3) },
    stream: () => () => step,
  })
  const parts = partSampler({ batchesPerEpoch: 3, draw }, 2)
  t.is(parts.batchesPerEpoch, 6)
  const { images, captions, before, epoch } = parts.draw(3)
  t.deepEqual([[...images], [...captions.en!], before, epoch], [[16, 17], [2, 3], 2, 1])
  t.deepEqual([...parts.draw(0).images], [4, 5])
})
