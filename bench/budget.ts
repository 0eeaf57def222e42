import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { markdownTable } from 'markdown-table'
import { type ClipConfig, preset } from '../models/config.ts'
import { towerCounts } from '../models/dual-encoder.ts'
import { towerFlops } from '../models/flops.ts'
import { loadTokenizer } from '../tokenizers/load.ts'
import { stage1Settings } from '../training/stage1-settings.ts'
import { openWorld, type Place, placeOf, type World } from './study/place.ts'
import { conduct, type PlannedRun, recordedOf, studyFlags } from './study/plan.ts'
import { machinesOf, meanRecall, type Row, rowsOf, showSpread } from './study/rows.ts'
import { pageCommand, writePage } from './study/write-page.ts'
import type { Flags } from './subject.ts'

export const budgetFlags = { ...studyFlags, protocol: '' }

/** The parameters of tiny with a vocabulary of 6,000, dealt out anew: from an image tower of an eighth to one of seven eighths. */
export const splits = ['64x4-160x2', '128x2-128x3', 'tiny', '128x4-112x2', '160x3-96x2', '160x4-64x3', '160x5-32x3']
/** 50, 22 and 15 % of the shipped teacher's parameters. */
export const shares = ['192x4-192x4', '144x3-112x4', '112x3-96x3']

const textLength = 16 // tokens: nearly all captions of the emoji corpus have fewer

/** DLIP's two questions: which tower deserves the parameters, and how much is kept when they become few. */
export async function benchBudget(flags: Flags): Promise<void> {
  const place = placeOf(flags)
  const world = await openWorld(place)
  const configs = await configsOf(place, world)
  const protocols = flags.protocol ? [String(flags.protocol)] : []
  const models = ['teacher', ...shares].map((name) => ({ name, config: configs[name]! }))
  const once: PlannedRun[] = [
    { row: 'latency', seed: 1, settings: { textLength }, job: { name: 'latency', work: { models, textLength, rounds: 100 } } },
    { row: 'teacher', seed: 1, settings: {}, job: { name: 'recall', work: { protocols: [world.validation, ...protocols] } } },
  ]
  const runsOf = (seed: number) => [...splits, ...shares].map((student) => planned(student, seed, Number(flags.steps), protocols))
  const study = { name: 'budget', place, world, once, runsOf }
  await conduct(study, flags)
  const rows = rowsOf(await recordedOf(study))
  await writePage(place.out, 'budget', [
    '# Where parameters count',
    `\`${pageCommand('budget', flags, budgetFlags)}\` writes this page from budget.jsonl, which has a line for every run.`,
    `Stage 1 alone with \`${objective}\` on ${place.corpus}, ${flags.steps} steps of the same data; mean recall in %, mean ± standard deviation over seeds. Sizes are ` +
      'width × layers of the image tower, then of the text tower; parameters include token tables and projections.',
    '## One budget, dealt out between the towers',
    splitTable(rows, configs, place),
    '## Students of 50, 22 and 15 % of the teacher',
    shareTable(rows, configs, place, [world.validation, ...protocols]),
    `FLOPs of one image and one text of ${textLength} tokens. Speed: median milliseconds of one image and of one text, fp32 towers in turn with the teacher's (${machinesOf(rows.filter(({ name }) => name === 'latency'))}). ` +
      'DLIP reports at least 95 % kept with 22.4 % of the parameters and 24.8 % of the FLOPs, 2.7 times as fast, on other data and with a fusion module.',
  ])
}

/** The same for all records, whatever stage 1 does by default by now. */
const objective = 'task:1,fd:4,crd:1,icl:1'

async function configsOf(place: Place, { imageSize, embedDim }: World): Promise<Record<string, ClipConfig>> {
  const { vocabSize, contextLength } = await loadTokenizer(place.teacher)
  const teacher = JSON.parse(await readFile(join(place.teacher, 'config.json'), 'utf8')) as ClipConfig
  const students = [...splits, ...shares].map((name) => [name, preset(name, { vocabSize, contextLength, imageSize, embedDim })] as const)
  return { teacher, ...Object.fromEntries(students) }
}

function planned(student: string, seed: number, steps: number, protocols: string[]): PlannedRun {
  const settings = stage1Settings.parse({ student, steps, seed, objective })
  return { row: student, seed, settings: { student, steps }, job: { name: 'stage1', work: { settings, protocols } } }
}

function splitTable(rows: readonly Row[], configs: Record<string, ClipConfig>, { languages }: Place): string {
  const lines = splits.map((name) => {
    const row = rows.find((row) => row.name === name)
    const { image, text } = towerCounts(configs[name]!)
    const recalls = languages.map((language) => showSpread(row?.measures[`recall.${language}`], 100))
    const flops = towerFlops(configs[name]!, { textLength })
    return [
      name,
      millions(image),
      millions(text),
      percent(image / (image + text)),
      ...recalls,
      row ? showSpread(meanRecall(row, languages), 100) : '–',
      ((flops.image + flops.text) / 1e6).toFixed(0),
      String(row?.runs.length ?? 0),
    ]
  })
  return markdownTable([['student', 'image M', 'text M', 'image share', ...languages, 'mean', 'MFLOP', 'seeds'], ...lines])
}

/** Beside the teacher: parameters, FLOPs, times and mean recall over languages on every protocol. */
function shareTable(rows: readonly Row[], configs: Record<string, ClipConfig>, { languages }: Place, protocols: string[]): string {
  const times = rows.find(({ name }) => name === 'latency')?.measures
  const teacher = rows.find(({ name }) => name === 'teacher')
  const total = (name: string) => sum(towerCounts(configs[name]!))
  const flops = (name: string) => sum(towerFlops(configs[name]!, { textLength }))
  const [validation] = protocols
  const recall = (row: Row | undefined, protocol: string) =>
    row && meanRecall(row, languages, row.name !== 'teacher' && protocol === validation ? 'recall' : protocol)
  const lines = ['teacher', ...shares].map((name) => {
    const row = rows.find((row) => row.name === name)
    const speed = ['image', 'text'].map((tower) => {
      const [own, full] = [times?.[`${tower}.${name}`]?.mean, times?.[`${tower}.teacher`]?.mean]
      return own === undefined || full === undefined ? '–' : `${own.toFixed(2)} (${(full / own).toFixed(1)}×)`
    })
    const kept = protocols.flatMap((protocol) => {
      const [own, full] = [recall(row, protocol), recall(teacher, protocol)]
      return [showSpread(own, 100), own && full ? percent(own.mean / full.mean) : '–']
    })
    const seeds = name === 'teacher' ? '' : String(row?.runs.length ?? 0)
    return [name, millions(total(name)), percent(total(name) / total('teacher')), percent(flops(name) / flops('teacher')), ...speed, ...kept, seeds]
  })
  const measured = protocols.flatMap((protocol) => [protocol, 'kept'])
  const header = ['model', 'parameters M', 'of the teacher', 'FLOPs', 'image ms', 'text ms', ...measured, 'seeds']
  return markdownTable([header, ...lines])
}

function sum({ image, text }: { image: number; text: number }): number {
  return image + text
}

function millions(count: number): string {
  return (count / 1e6).toFixed(2)
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
