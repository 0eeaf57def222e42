import { commandLine } from '../run/command-line.ts'
import { addLanguageSettings } from '../stages/settings/add-language.ts'
import { evaluateSettings } from '../stages/settings/evaluate.ts'
import { exportSettings } from '../stages/settings/export.ts'
import type { Command } from './command.ts'

export const addLanguageCommand: Command<typeof addLanguageSettings> = {
  name: 'add-language',
  schema: addLanguageSettings,
  examples: ['add-language runs/distill hi', 'add-language runs/distill sw --texts en-sw.tsv --out runs/swahili'],
  async run(config) {
    const { addLanguage } = await import('../stages/add-language.ts')
    const { out } = config
    const { before, after } = await addLanguage(config)
    const percent = (recall: number) => `${(100 * recall).toFixed(1)} %`
    for (const [language, recall] of Object.entries(after)) {
      const was = before[language]
      console.log(`${language}: mean recall on validation ${was === undefined ? '' : `${percent(was)} → `}${percent(recall)}`)
    }
    console.log(`Model in ${out}/student. Next: ${commandLine('evaluate', evaluateSettings, { model: out, out })}`)
    console.log(`and ${commandLine('export', exportSettings, { model: out, out: `${out}/export` })}`)
  },
}
