import test from 'ava'
import { settingDifferences } from '../../report/settings.ts'
import { exampleReport } from './example.ts'

const run = (config: Record<string, unknown>, command = 'npx distilingual distill') => {
  const report = exampleReport()
  report.provenance.config = config
  report.commands = [command]
  return { report }
}

test('settings that differ, nested ones by their dotted names; where results go is none', (t) => {
  const runs = [
    run({ student: 'tiny', seed: 1, out: 'a', stage1: { steps: 5, languages: ['en', 'zh'] } }),
    run({ student: 'tiny', seed: 2, out: 'b', stage1: { steps: 7 } }),
  ]
  t.deepEqual(settingDifferences(runs), [
    { name: 'seed', values: ['1', '2'] },
    { name: 'stage1.steps', values: ['5', '7'] },
    { name: 'stage1.languages', values: ['en,zh', '–'] },
  ])
  t.deepEqual(settingDifferences([runs[0]!, runs[0]!]), [])
})

test('what another command has no setting for is no difference', (t) => {
  const runs = [run({ seed: 1, steps: 5, corpus: 'emoji' }), run({ seed: 1, model: 'a', corpus: 'own.csv' }, 'npm run evaluate -- --model a')]
  t.deepEqual(settingDifferences(runs), [{ name: 'corpus', values: ['emoji', 'own.csv'] }])
})
