import { random } from '../../base/random.ts'
import { compareRuns } from '../../eval/compare.ts'
import type { SavedRanks } from '../../eval/ranks-file.ts'
import { renderComparisonHtml } from '../../report/html/comparison.ts'
import type { EvaluatedRun } from '../../report/runs.ts'
import { fullReport } from './html-example.ts'

/** comparison.html of three runs in two languages: against the first, one is better and one worse. */
export async function comparisonPage(): Promise<string> {
  const runs = [run('plain', 0.5), run('better <b>&', 0.7), run('worse', 0.2)]
  runs[1]!.report.provenance.config = { student: 'small', seed: 1 }
  return renderComparisonHtml(compareRuns(runs), runs)
}

function run(name: string, hits: number): EvaluatedRun {
  const ranks = ['en', 'zh'].map((language, i): SavedRanks => {
    const next = random(1, i)
    const direction = { ranks: Array.from({ length: 200 }, () => (next() < hits ? 1 : 30)), gallery: 200 }
    const about = { model: 'student', dtype: 'fp32', corpus: 'emoji', protocol: 'unseen-style/openmoji', language, task: 'one' }
    return { ...about, textToImage: direction, imageToText: direction }
  })
  return { name, dir: `runs/${name}`, report: fullReport(), ranks }
}
