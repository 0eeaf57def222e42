import test from 'ava'
import { requireThreads } from '../../base/threads.ts'
import { throwsUserError } from '../user-error.ts'

test('as many threads as cores are taken, more are refused', async (t) => {
  t.notThrows(() => requireThreads('--threads', 2, 2))
  await throwsUserError(t, () => requireThreads('--threads', 64, 2), { where: '--threads 64', expected: /^at most 2 threads/, got: '64' })
  await throwsUserError(t, () => requireThreads('--threads', 2, 1), { where: '--threads 2', expected: /^1 thread,/, got: '2' })
})
