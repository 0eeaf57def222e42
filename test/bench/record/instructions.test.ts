import test from 'ava'
import { instructionsIn } from '../../../bench/record/instructions.ts'

test('vector instructions that Linux lists, of the first core, in one order', (t) => {
  const x86 = 'processor\t: 0\nflags\t\t: fpu avx2 fma avx sse4_2 avx512_vnni\n\nprocessor\t: 1\nflags\t\t: fpu amx_int8\n'
  t.deepEqual(instructionsIn(x86), ['sse4_2', 'avx', 'fma', 'avx2', 'avx512_vnni'])
  t.deepEqual(instructionsIn('processor\t: 0\nFeatures\t: fp asimd asimddp\n'), ['asimd', 'asimddp'])
  t.is(instructionsIn('processor: 0\n'), undefined)
})
