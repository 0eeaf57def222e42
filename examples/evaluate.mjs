/** Measures a trained model, and gives up after ten minutes: node evaluate.mjs runs/mine */
import { evaluate } from 'distilingual'

const [model = 'runs/mine', out = 'runs/measured'] = process.argv.slice(2)
const { report } = await evaluate({ model, out }, { signal: AbortSignal.timeout(600_000) })
for (const { protocol, language, metrics } of report.results) console.log(protocol, language, metrics.mean_recall)
