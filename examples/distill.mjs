/** Distils a teacher into a student on a table of pictures and captions alone: node distill.mjs captions.csv runs/mine 300 */
import { distill } from 'distilingual'

const [corpus = 'captions.csv', out = 'runs/mine', steps = '300'] = process.argv.slice(2)
const stage1 = { steps: Number(steps), warmup: 0, variants: 1, keepImageTower: false, textShare: 0 }
const stage2 = { steps: 10, warmup: 2, textShare: 0 }
const { report, files } = await distill(
  { corpus, languages: ['en', 'zh'], quick: true, stage1, stage2, out },
  { onProgress: ({ label, done, total, unit }) => done === total && console.log(`${label}: ${done} ${unit}`) },
)
console.log(`${report.results.length} measured rows; ${files.join(', ')}`)
