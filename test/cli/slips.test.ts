import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { distill } from '../../cli/distill.ts'
import { stage1 } from '../../cli/stage1.ts'
import { UserError } from '../../engine/errors.ts'
import { temporaryFolder } from '../export/small-model.ts'

test('a slip in --objective leaves no run folder, which the next try would stumble over', async (t) => {
  const out = join(await temporaryFolder(t), 'run')
  const message = /got fdd\. Did you mean fd\?/
  await t.throwsAsync(async () => stage1.run(stage1.schema.parse({ objective: 'fdd:1', out })), { instanceOf: UserError, message })
  await t.throwsAsync(async () => distill.run(distill.schema.parse({ stage1: { objective: 'fdd:1' }, out })), { instanceOf: UserError, message })
  t.false(existsSync(out))
})
