import { progress } from '../../base/progress.ts'
import { batchLoader } from '../../corpora/batch-loader.ts'
import { openCorpus } from '../../corpora/open.ts'
import { compile } from '../../engine/compile.ts'
import { paramData } from '../../engine/params.ts'
import { type Candidate, interleavedLatency, quantile } from '../../eval/latency.ts'
import { preset } from '../../models/config.ts'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { openOnnxFolder } from '../../models/onnx/open-folder.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { batchInputs } from '../../training/batch-inputs.ts'
import { prepareData } from '../../training/data/prepare.ts'
import { sampler } from '../../training/data/sampler.ts'
import { objectiveParams, parseObjectives } from '../../training/objectives/table.ts'
import type { Stage1Settings } from '../../training/stage1-settings.ts'
import { trainingStep } from '../../training/step.ts'
import { teacherFeatures } from '../../training/teachers/features.ts'
import type { Measures, Site } from './job.ts'

export interface StepCostWork {
  settings: Stage1Settings
  /** Objectives by the name of their measure. */
  objectives: Record<string, string>
  rounds: number
}

const warmup = 3

/**
 * Milliseconds of the compiled stage-1 step under several objectives, on one real batch, in turn: `NAME`, the median, and `NAME processor`, that of the
 * processor time of all threads, which other work on the machine disturbs less.
 */
export async function stepCostJob({ settings, objectives, rounds }: StepCostWork, { place }: Site): Promise<Measures> {
  const { languages, cacheDir, threads } = place
  const open = await openCorpus(place.corpus, { languages })
  const teacher = await openOnnxFolder(place.teacher, { threads })
  const { embedDim, imageSize } = teacher
  const data = await prepareData(open.corpus, languages, teacher, cacheDir)
  const policy = { name: settings.augmentation, strength: settings.strength }
  const features = await teacherFeatures(teacher, data.set, data.pixels, { ...settings, cacheDir, policy })
  await teacher.release()
  const tokenizer = await loadTokenizer(place.teacher)
  const { vocabSize, contextLength } = tokenizer
  const config = preset(settings.student, { vocabSize, embedDim, imageSize, contextLength })
  const model = createDualEncoder(config, settings.seed)
  const draws = sampler(data.set, settings.batchSize, settings.seed)
  const draw = draws.draw(0)
  const loader = batchLoader({ cache: data.pixels })
  loader.request(Array.from(draw.images, (index) => ({ index, augmentation: features.augmentation(index, draw.epoch) })))
  const pixel_values = await loader.next()

  const sizes = { embedDim, teacherDim: embedDim, classes: data.set.labelCount }
  const names = Object.keys(objectives)
  const bar = progress('step cost', names.length * (rounds + warmup), 'steps')
  let done = 0
  const candidates: (Candidate & { spent: number[]; release(): Promise<void> })[] = []
  for (const [name, objective] of Object.entries(objectives)) {
    const weights = parseObjectives(objective)
    const params = { ...model.params, ...objectiveParams(weights, sizes, settings.seed) }
    const inputs = batchInputs({ ...data, config, tokenizer, weights, settings, teacher: features }, draws)
    const masked = settings.keepPatches < 1
    const { fn, specs } = trainingStep(config, params, Object.keys(params), weights, inputs.shape(masked))
    const step = await compile(fn, specs, { threads })
    const feeds = { ...paramData(params), ...(await inputs.of(draw, masked, pixel_values)) }
    const spent: number[] = []
    const run = async () => {
      const before = process.cpuUsage()
      await step.run(feeds)
      const { user, system } = process.cpuUsage(before)
      spent.push((user + system) / 1000)
      bar.update(++done)
    }
    candidates.push({ name, run, spent, release: step.release })
  }
  const times = await interleavedLatency(candidates, { rounds, warmup })
  bar.stop()
  for (const { release } of candidates) await release()
  await loader.close()
  data.pixels.close()
  return Object.fromEntries(
    times.flatMap(({ name, p50 }, i) => [
      [name, p50],
      [`${name} processor`, quantile(candidates[i]!.spent.slice(warmup), 0.5)],
    ]),
  )
}
