import type { BatchLoader } from '../../corpora/batch-loader.ts'
import { compile, type Step } from '../../engine/compile.ts'
import { type Params, paramData, paramInputs } from '../../engine/params.ts'
import type { Numbers } from '../../engine/runtime.ts'
import type { tf } from '../../engine/tf.ts'
import type { InputSpecs, Tensors } from '../../engine/trace/trace.ts'
import type { ClipConfig } from '../../models/config.ts'
import { type Gate, gateFeatures, gatesOf } from '../../models/gates.ts'
import { textTower } from '../../models/text.ts'
import { imageTower } from '../../models/vision.ts'
import type { Tokenizer } from '../../tokenizers/load.ts'
import type { Draw } from '../data/draw.ts'
import { sampler } from '../data/sampler.ts'
import { textLengthOf } from '../data/text-length.ts'
import type { TrainingSet } from '../data/training-set.ts'
import { comparedLayers } from '../objectives/inner-layers.ts'
import type { Tower, Weights } from '../objectives/objective.ts'
import type { TeacherFeatures } from '../teachers/features.ts'
import type { InnerFeatures } from '../teachers/inner-features.ts'
import { compacted, maskOf } from './compactors.ts'
import type { ShrinkSettings } from './settings.ts'
import { contributions, lowEverywhere } from './useless.ts'

/** What of a run's batches the search reads. */
export interface SearchSource {
  set: TrainingSet
  config: ClipConfig
  tokenizer: Tokenizer
  weights: Weights
  settings: { batchSize: number; steps: number; accumulate: number; seed: number; threads?: number }
  teacher: Pick<TeacherFeatures, 'augmentation'>
  inner?: InnerFeatures
  params: Params
}

export interface Search {
  /** Looks for useless channels after an update, when it is time, and closes their masks for ever. */
  after(step: number): Promise<void>
  release(): Promise<void>
}

interface Side {
  tower: Tower
  gates: Gate[]
  columns: number // ΣC
  queueRows: number // M
  probe: Step
}

/**
 * Retrieval-guided gradient resetting (CDD, arXiv 2303.09230). The queue of the teacher's latest features is not kept but read again from what is stored:
 * batches are functions of seed and step, so a resumed run looks through the same.
 * @returns undefined where no objective compares gates
 */
export async function searchUseless(
  source: SearchSource,
  shrinkSettings: ShrinkSettings,
  openLoader: () => BatchLoader,
): Promise<Search | undefined> {
  const { set, config, weights, settings, teacher, inner, params } = source
  const towers = (['image', 'text'] as const).filter((tower) => comparedLayers(weights, tower).includes('gates'))
  if (towers.length === 0) return undefined
  const first = Math.floor(shrinkSettings.resetFrom * settings.steps)
  const draws = sampler(set, settings.batchSize, settings.seed)
  const batchSize = Math.min(settings.batchSize, set.count)
  const textLength = textLengthOf(source)
  /** Items in which useless channels are looked for, of each language. */
  const itemsOf = (languages: number) => Math.min(batchSize, Math.max(1, Math.floor(shrinkSettings.resetItems / languages)))
  const sides: Side[] = []
  for (const tower of towers) {
    const perBatch = tower === 'image' ? batchSize : batchSize * set.languages.length
    const queueRows = Math.min(shrinkSettings.resetQueue, (first + 1) * perBatch) // what was drawn until then
    const count = tower === 'image' ? itemsOf(1) : itemsOf(set.languages.length) * set.languages.length
    const gates = gatesOf(tower, config)
    const columns = gates.reduce((sum, { channels }) => sum + channels, 0)
    const specs: InputSpecs = { ...paramInputs(params), ...itemSpecs(tower, config, count, textLength) }
    specs.queue = { dtype: 'float32', shape: [queueRows, columns] }
    const probe = await compile(probeOf(tower, config, gates, shrinkSettings.resetNeighbours), specs, { threads: settings.threads })
    sides.push({ tower, gates, columns, queueRows, probe })
  }
  const loader = towers.includes('image') ? openLoader() : undefined

  const items = async (tower: Tower, draw: Draw): Promise<Record<string, Numbers>> => {
    if (tower === 'text') {
      const some = itemsOf(set.languages.length)
      const texts = set.languages.flatMap((language) => Array.from(draw.captions[language]!.subarray(0, some), (text) => set.texts[text]!))
      const { inputIds, attentionMask } = source.tokenizer.encodeBatch(texts, textLength)
      return { input_ids: inputIds, attention_mask: attentionMask }
    }
    const images = draw.images.subarray(0, itemsOf(1))
    loader!.request(Array.from(images, (index) => ({ index, augmentation: teacher.augmentation(index, draw.epoch) })))
    return { pixel_values: await loader!.next() }
  }
  /** The teacher's features of the latest items, newest first. [M, ΣC] */
  const queueOf = async ({ tower, columns, queueRows }: Side, step: number): Promise<Float32Array> => {
    const queue = new Float32Array(queueRows * columns)
    for (let back = step, filled = 0; filled < queue.length; back--) {
      const { images, epoch, captions } = draws.draw(back)
      const texts = () => Uint32Array.from(set.languages.flatMap((language) => [...captions[language]!]))
      const rows = tower === 'image' ? await inner!.images(images, epoch, nothing) : await inner!.texts(texts(), noIds, noIds)
      const taken = rows.gates!.subarray(0, queue.length - filled)
      queue.set(taken, filled)
      filled += taken.length
    }
    return queue
  }
  return {
    async after(step) {
      // A channel that is closed too late to fade would stay as a torso.
      if (step < first || step + shrinkSettings.fade > settings.steps || step % shrinkSettings.resetEvery !== 0) return
      const latest = step * settings.accumulate
      for (const side of sides) {
        const data = await items(side.tower, draws.draw(latest))
        const { rows } = await side.probe.run({ ...paramData(params), ...data, queue: await queueOf(side, latest) })
        if (data.pixel_values) loader!.release(data.pixel_values as Float32Array)
        closeMasks(rows!, side, params, shrinkSettings.resetShare)
      }
    },
    async release() {
      await loader?.close()
      for (const { probe } of sides) await probe.release()
    },
  }
}

const nothing = new Float32Array()
const noIds = new Int32Array()

function closeMasks(rows: Float32Array, { gates, columns }: Side, params: Params, share: number): void {
  let start = 0
  for (const gate of gates) {
    const mask = params[maskOf(gate)]!.data
    for (const channel of lowEverywhere(rows, columns, start, gate.channels, share)) mask[channel] = 0
    start += gate.channels
  }
}

function itemSpecs(tower: Tower, { vision_config: { image_size: size } }: ClipConfig, count: number, length: number): InputSpecs {
  if (tower === 'image') return { pixel_values: { dtype: 'float32', shape: [count, 3, size, size] } }
  return { input_ids: { dtype: 'int32', shape: [count, length] }, attention_mask: { dtype: 'int32', shape: [count, length] } }
}

/** Whole items go through the student as it computes now; what passes its gates is of the weights before the compactors. */
function probeOf(tower: Tower, config: ClipConfig, gates: Gate[], neighbours: number) {
  return (inputs: Tensors): Tensors => {
    const now = compacted(inputs, gates)
    const { means } =
      tower === 'image' ? imageTower(now, config, inputs.pixel_values!) : textTower(now, config, inputs.input_ids!, inputs.attention_mask!)
    const rows: tf.Tensor = contributions(gateFeatures(inputs, gates, means), inputs.queue!, gates, neighbours)
    return { rows }
  }
}
