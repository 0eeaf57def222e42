import { checkSettings } from '../stages/settings/check.ts'
import type { Command } from './command.ts'

export const check: Command<typeof checkSettings> = {
  name: 'check',
  schema: checkSettings,
  examples: ['check data/captions.csv', 'check data/captions.csv --fix data/sound.jsonl'],
  async run({ json, ...config }) {
    const [{ check: recipe }, { checkLines }] = await Promise.all([import('../stages/check.ts'), import('../report/check-lines.ts')])
    const report = await recipe({ json, ...config })
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${checkLines(report).join('\n')}\n${config.page}\n`)
    if (report.findings.some(({ severity }) => severity === 'fault')) process.exitCode = 1
  },
}
