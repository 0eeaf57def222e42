import { availableParallelism } from 'node:os'
import test from 'ava'
import { flagsOf } from '../../bench/flags.ts'
import { throwsUserError } from '../user-error.ts'

const usual = { preset: 'base', batchSize: 64, threads: 0, repeats: 10 }

test('what is given stands over what is usual, in both spellings', (t) => {
  t.deepEqual(flagsOf(usual, []), usual)
  t.deepEqual(flagsOf(usual, ['--batch-size', '8', '--preset=tiny', '--threads', '1']), { ...usual, batchSize: 8, preset: 'tiny', threads: 1 })
  t.is(flagsOf(usual, ['--batchSize', '8']).batchSize, 8)
})

test('flags that cannot be measured with are refused before anything is', async (t) => {
  const refused = (args: string[], where: string, got: string) => throwsUserError(t, () => flagsOf(usual, args), { where, got })
  await refused(['--batch', '8'], 'bench', '--batch 8')
  await refused(['--batch-size', 'many'], '--batch-size', 'many')
  await refused(['--repeats', '0'], '--repeats', '0')
  await refused(['--threads=-1'], '--threads', '-1')
  await refused(['--threads', '1.5'], '--threads', '1.5')
  const many = availableParallelism() + 1
  await refused(['--threads', `${many}`], `--threads ${many}`, `${many}`)
})
