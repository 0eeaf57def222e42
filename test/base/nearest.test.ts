import test from 'ava'
import { didYouMean } from '../../base/nearest.ts'

const flags = ['--dtype', '--out', '--stage1.steps', '--stage1.pivot', '--stage2.steps', '--stage2.threads']

test('a slip names the settings that are nearest, of both stages or of the one that was written', (t) => {
  t.is(didYouMean('--stpes', flags), 'Did you mean --stage1.steps or --stage2.steps? ')
  t.is(didYouMean('--stage2.step', flags), 'Did you mean --stage2.steps? ')
  t.is(didYouMean('--thread', flags), 'Did you mean --stage2.threads? ')
  t.is(didYouMean('dtyp', ['dtype', 'inner.depth']), 'Did you mean dtype? ')
})

test('nothing is suggested where nothing is near', (t) => {
  t.is(didYouMean('--micro-batch', flags), '')
})
