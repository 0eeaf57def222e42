import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '../base/json.ts'
import { type ClipConfig, type PresetName, preset, presetNames } from '../models/config.ts'
import { languageName, megabytes } from '../report/format.ts'
import type { EdgeRow } from './edge.ts'

/** What an edge report holds a model against, and whether it was reached here. */
export interface EdgeGoal {
  goal: string
  /** As measured. */
  got: string
  met: boolean
}

const mostBytes = 2.5e6 // both towers of the tiny student, q8
const mostLost = 0.5 // points of mean recall, per language
const leastSpeedUp: Record<PresetName, number> = { tiny: 1, small: 1, base: 1.4 } // q8 against fp32, per tower
const tinyAim = 1.2
const leastOverTeacher = 5 // tiny student's q8 against the teacher, per tower
const towers = ['image', 'text'] as const

/**
 * Returns the goals that apply to what was measured: sizes and speeds are set for the presets by name, the loss of recall for any student.
 * Speeds are ratios of interleaved medians, one image or text at a time on one thread; each tower counts for itself.
 * @param presets the preset that the student and the teacher have the sizes of, if any
 */
export function edgeGoals(rows: EdgeRow[], presets: Partial<Record<EdgeRow['role'], PresetName>>): EdgeGoal[] {
  const goals: EdgeGoal[] = []
  for (const small of rows.filter(({ dtype }) => dtype === 'q8')) {
    const exact = rows.find(({ role, name, dtype }) => role === small.role && name === small.name && dtype === 'fp32')
    const size = presets[small.role]
    if (small.role === 'student' && size === 'tiny') goals.push(sizeGoal(small))
    if (small.role === 'student' && exact) goals.push(...recallGoals(small, exact))
    if (size && exact) goals.push(...speedGoals(small, exact, leastSpeedUp[size], `${small.name} q8 against its fp32`))
    if (size === 'tiny' && exact) {
      const ratios = towers.map((tower) => exact[tower].p50 / small[tower].p50)
      goals.push({
        goal: `${small.name} q8, aim: ${tinyAim} × as fast as its fp32 in both towers`,
        got: ratios.map(times).join(', '),
        met: ratios.every((ratio) => ratio >= tinyAim),
      })
    }
    const teacher = rows.find(({ role, dtype }) => role === 'teacher' && dtype !== 'q8')
    if (small.role === 'student' && size === 'tiny' && teacher)
      goals.push(...speedGoals(small, teacher, leastOverTeacher, `${small.name} q8 against the teacher in ${teacher.dtype ?? 'its own format'}`))
  }
  return goals
}

/** The preset that the towers in a folder's config.json have the sizes of, if any. */
export async function presetIn(dir: string): Promise<PresetName | undefined> {
  const file = join(dir, 'config.json')
  const config = parseJson(await readFile(file, 'utf8').catch(() => '{}'), file, 'Restore the file.') as Partial<ClipConfig>
  return presetNames.find((name) => sizesOf(preset(name, { vocabSize: 1 })) === sizesOf(config))
}

function sizesOf({ vision_config: vision, text_config: text }: Partial<ClipConfig>): string {
  return [vision, text].map((tower) => [tower?.hidden_size, tower?.num_hidden_layers, tower?.num_attention_heads].join()).join(' ')
}

function sizeGoal({ name, bytes }: EdgeRow): EdgeGoal {
  const both = bytes.image + bytes.text
  return { goal: `${name} q8, both towers: at most ${megabytes(mostBytes)}`, got: megabytes(both), met: both <= mostBytes }
}

function recallGoals(small: EdgeRow, exact: EdgeRow): EdgeGoal[] {
  return small.recall.flatMap(({ language, meanRecall }) => {
    const reference = exact.recall.find((row) => row.language === language)
    if (!reference) return []
    const lost = 100 * (reference.meanRecall - meanRecall)
    const goal = `${small.name} q8, ${languageName(language)}: at most ${mostLost} points of mean recall lost to fp32`
    return [{ goal, got: `${lost.toFixed(2)} points`, met: lost <= mostLost }]
  })
}

function speedGoals(fast: EdgeRow, slow: EdgeRow, least: number, what: string): EdgeGoal[] {
  return towers.map((tower) => {
    const ratio = slow[tower].p50 / fast[tower].p50
    return { goal: `${what}, one ${tower}: at least ${least} × as fast`, got: times(ratio), met: ratio >= least }
  })
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`
}
