import { readFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { UserError } from '../base/errors.ts'
import { parseJson } from '../base/json.ts'
import type { RankedRun } from '../eval/compare.ts'
import { retrievalMetrics } from '../eval/metrics.ts'
import { rankedDirections, readRanks } from '../eval/ranks-file.ts'
import { parseReport, type Report } from './schema.ts'

/** What an evaluation left in its folder. */
export interface EvaluatedRun extends RankedRun {
  dir: string
  report: Report
}

/**
 * Reads `report.json` and `ranks.json` of every folder. Runs are named by their folder, with as much of the path as tells them apart.
 * @throws UserError for a folder named twice, for files that are missing, malformed or of two different evaluations
 */
export async function readRuns(dirs: readonly string[]): Promise<EvaluatedRun[]> {
  const paths = dirs.map((dir) => resolve(dir))
  const twice = dirs.find((_, i) => paths.indexOf(paths[i]!) < i)
  if (twice !== undefined) {
    throw new UserError({ where: `run ${twice}`, expected: 'each run once', got: 'it twice', hint: 'A run differs from itself in nothing.' })
  }
  const names = shortNames(paths)
  return Promise.all(dirs.map((dir, i) => readRun(dir, names[i]!)))
}

async function readRun(dir: string, name: string): Promise<EvaluatedRun> {
  const file = join(dir, 'report.json')
  const report = parseReport(parseJson(await readText(file), file, 'Evaluate the run again.'), file)
  const ranks = await readRanks(dir)
  for (const saved of ranks) {
    const row = report.results.find(
      ({ model, dtype, corpus, protocol, language }) =>
        model === saved.model && dtype === saved.dtype && corpus === saved.corpus && protocol === saved.protocol && language === saved.language,
    )
    const ranked = rankedDirections(saved)
    const recall = retrievalMetrics(ranked.textToImage.ranks, ranked.imageToText.ranks).mean_recall
    if (row && Math.abs(row.metrics.mean_recall! - recall) < 1e-9) continue
    throw new UserError({
      where: dir,
      expected: 'report.json and ranks.json of one evaluation',
      got: `${saved.model} ${saved.dtype}, ${saved.protocol} ${saved.language}: mean recall ${row?.metrics.mean_recall ?? 'of no row'} and ${recall}`,
      hint: 'Evaluate the run again.',
    })
  }
  return { name, dir, report, ranks }
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      where: file,
      expected: 'the report of an evaluation',
      got: error.code === 'ENOENT' ? 'no such file' : error.message,
      hint: 'Evaluate the run first: npx distilingual evaluate RUN --out RUN.',
    })
  })
}

/** The last folders of each path, as many as are needed for all to differ. */
function shortNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(sep).filter(Boolean))
  for (let depth = 1; ; depth++) {
    const names = parts.map((folders) => folders.slice(-depth).join('/'))
    if (new Set(names).size === names.length) return names
  }
}
