/** Distils a teacher into a student on a table of pictures and captions: node distill.mjs captions.csv runs/mine */
import { distill } from 'distilingual'

const [corpus = 'captions.csv', out = 'runs/mine'] = process.argv.slice(2)
const { report, files } = await distill(
  { corpus, languages: ['en', 'zh'], quick: true, textLimit: 500, stage1: { steps: 60 }, out },
  { onProgress: ({ label, done, total, unit }) => done === total && console.log(`${label}: ${done} ${unit}`) },
)
console.log(`${report.results.length} measured rows; ${files.join(', ')}`)
