import { UserError } from '../base/errors.ts'
import type { RuntimeOptions } from '../engine/runtime.ts'
import { type Interval, pairedBootstrapRetrieval } from '../eval/bootstrap.ts'
import { chooseThreshold } from '../eval/threshold.ts'
import type { Encoder } from '../models/encoder.ts'
import type { ModelDtype } from '../models/onnx/dtypes.ts'
import { openOnnxFolder } from '../models/onnx/open-folder.ts'
import { languageName } from '../report/format.ts'
import { certainty } from './certainty.ts'
import { parseDtypes } from './dtypes.ts'
import type { ExportedFiles, RecallRow } from './exported-files.ts'
import { type GateTask, type MeasuredRecall, measureRecall, measureTasks } from './recall.ts'

/** What an export may lose. */
export interface Gate {
  /** Validation tasks, one a language; never test tasks. */
  tasks: GateTask[]
  /** Points of mean recall that each language may lose, by number format; formats left out are measured only. */
  maxDrop: Partial<Record<ModelDtype, number>>
}

/** The exit code of an export that loses too much. */
const gateExitCode = 3

/** Evaluates the written files of each number format, and the model as it trains, on the gate's tasks; chooses each format's threshold. */
export async function measureFiles(
  dir: string,
  reference: Encoder,
  dtypes: ModelDtype[],
  tasks: { gate: GateTask[]; threshold: GateTask[] },
  options: RuntimeOptions = {},
): Promise<Pick<ExportedFiles, 'recall' | 'thresholds'>> {
  const expected = await measureRecall(reference, tasks.gate)
  const measured: Pick<ExportedFiles, 'recall' | 'thresholds'> = { recall: [], thresholds: {} }
  for (const dtype of dtypes) {
    const encoder = await openOnnxFolder(dir, { ...options, dtype })
    const { recall, scores } = await measureTasks(encoder, tasks).finally(() => encoder.release())
    recall.forEach((row, i) => measured.recall.push(recallRow(dtype, row, expected[i]!)))
    const threshold = chooseThreshold(scores)
    if (threshold) measured.thresholds[dtype] = threshold
  }
  return measured
}

/** A format beside the model as it trains, on the same queries. */
export function recallRow(dtype: ModelDtype, found: MeasuredRecall, reference: MeasuredRecall): RecallRow {
  const { protocol, language, meanRecall } = found
  const { difference, interval } = pairedBootstrapRetrieval(reference, found).mean_recall
  const images = new Set([...found.textToImage.items, ...found.imageToText.items]).size
  const points: Interval = [100 * interval[0], 100 * interval[1]]
  return { protocol, language, meanRecall, dtype, reference: reference.meanRecall, drop: 100 * difference, interval: points, images }
}

/**
 * Rows that lose more than the gate allows, the worst first. A loss whose interval holds 0 is none: on twelve images one rank that moves over a border
 * is 1.4 points.
 */
export function failures(rows: RecallRow[], { maxDrop }: Pick<Gate, 'maxDrop'>): RecallRow[] {
  const excess = ({ dtype, drop }: RecallRow) => drop - (maxDrop[dtype] ?? Infinity)
  return rows.filter((row) => excess(row) > 1e-9 && row.interval[0] > 1e-9).sort((a, b) => excess(b) - excess(a))
}

/**
 * @param blame what is at fault, in words
 * @param gate.keptFp32 whether layers were left in fp32 for the gate already
 * @throws UserError with exit code 3
 */
export function failGate(row: RecallRow, { maxDrop, keptFp32 }: Pick<Gate, 'maxDrop'> & { keptFp32?: boolean }, blame: string): never {
  const { dtype, language, protocol, reference, meanRecall, drop } = row
  const others = 'allow more with --max-drop, or leave the format out of --dtype.'
  throw new UserError(
    {
      where: `recall gate, ${dtype}, ${languageName(language)} on ${protocol}`,
      expected: `a loss of at most ${maxDrop[dtype]} points of mean recall (training graph: ${(100 * reference).toFixed(2)} %)`,
      got: `${drop.toFixed(2)} points (${(100 * meanRecall).toFixed(2)} %; ${certainty(row)}); ${blame}`,
      hint: keptFp32
        ? `Layers were left in fp32 already: ${others}`
        : `Leave those layers in fp32 with --keep-fp32 auto or --keep-fp32 NAME,NAME, ${others}`,
    },
    gateExitCode,
  )
}

/** Points of mean recall that may be lost where nothing else is said. */
const usual = { fp16: 1, q8: 1 }

/**
 * Reads `1.0`, which holds for fp16 and q8, or `q4:2`, or several such parts; what they leave open is one point for fp16 and q8.
 * @throws UserError for anything else, and for a format that is not among `dtypes`
 */
export function parseMaxDrop(parts: readonly string[], dtypes: readonly ModelDtype[]): Gate['maxDrop'] {
  const limits: Gate['maxDrop'] = { ...usual }
  for (const part of parts) {
    const [value, name] = part.split(':').reverse() as [string, string | undefined]
    const limit = Number(value)
    if (value.trim() === '' || !(limit >= 0) || part.split(':').length > 2) {
      throw new UserError({
        where: '--max-drop',
        expected: 'points of mean recall (1.0), or a format and points (q4:2)',
        got: part,
        hint: 'Several are separated by commas: 1.0,q4:2',
      })
    }
    const named = name === undefined ? undefined : parseDtypes([name], '--max-drop')[0]!
    if (named && !dtypes.includes(named)) {
      const hint = 'Add it to --dtype, or leave its limit out.'
      throw new UserError({ where: `--max-drop ${part}`, expected: `a format that is exported (${dtypes.join(', ')})`, got: named, hint })
    }
    for (const dtype of named ? [named] : (['fp16', 'q8'] as const)) limits[dtype] = limit
  }
  return limits
}
