import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { readLog } from '../../report/log.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('a log is numbers by step; an unfinished last line does not count', async (t) => {
  const dir = await temporaryFolder(t)
  const file = join(dir, 'log.jsonl')
  await writeFile(file, '{"step":10,"loss":1.5,"bad":null}\n{"step":20,"language_gap":0.1}\n{"step":3')
  t.deepEqual(await readLog(file), [
    { step: 10, loss: 1.5 },
    { step: 20, language_gap: 0.1 },
  ])
  await writeFile(file, '{"step":10}\n{"st\n{"step":20}\n')
  await throwsUserError(t, () => readLog(file), { where: /log\.jsonl, line 2/, expected: /a JSON object with a step/ })
  await throwsUserError(t, () => readLog(join(dir, 'none')), { where: /none/, expected: /a log of a run/ })
})
