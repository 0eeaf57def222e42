import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { distill } from '../../cli/distill.ts'
import { exportModel } from '../../cli/export.ts'
import { resolveConfig } from '../../cli/resolve.ts'
import { stage1 } from '../../cli/stage1.ts'
import { stage2 } from '../../cli/stage2.ts'
import { teacher } from '../../cli/teacher.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

test('a slip in --objective leaves no run folder, which the next try would stumble over', async (t) => {
  const out = join(await temporaryFolder(t), 'run')
  const expected = { got: 'fdd', hint: /Did you mean fd\?/ }
  await throwsUserError(t, async () => stage1.run(stage1.schema.parse({ objective: 'fdd:1', out }), {}), expected)
  await throwsUserError(t, async () => distill.run(distill.schema.parse({ stage1: { objective: 'fdd:1' }, out }), {}), expected)
  await throwsUserError(t, async () => teacher.run(teacher.schema.parse({ objective: 'fdd:1', out }), {}), expected)
  t.false(existsSync(out))
})

test('a flag of a stage is found in distill, where both have it', async (t) => {
  await throwsUserError(t, () => resolveConfig(distill, ['--steps', '5']), {
    got: '--steps',
    hint: /Did you mean --stage1\.steps or --stage2\.steps\?/,
  })
})

test('a scale of similarities that nothing compares', async (t) => {
  const expected = { where: /--teacher-scale/, got: 'task,fd' }
  await throwsUserError(t, async () => stage1.run(stage1.schema.parse({ objective: 'task,fd', teacherScale: 50 }), {}), expected)
})

test('a language given twice would be learnt from the wrong captions', async (t) => {
  for (const command of [stage1, stage2, distill, teacher])
    await throwsUserError(t, () => resolveConfig(command, ['--languages', 'en,zh,en', '--from', 'x'].slice(0, command === stage2 ? 4 : 2)), {
      where: /--languages/,
      got: /\["en","zh","en"\]/,
    })
})

test('languages are read as the columns of a table are', async (t) => {
  t.like(resolveConfig(stage1, ['--languages', 'EN,zh-cn', '--pivot', 'En']), { languages: ['en', 'zh-CN'], pivot: 'en' })
  await throwsUserError(t, () => resolveConfig(stage1, ['--languages', 'english']), {
    where: /--languages/,
    got: /"english"/,
    hint: /Did you mean en \(English\)\?$/,
  })
})

test('a picture that cannot be read is met before anything is trained, whatever its split', async (t) => {
  const dir = await temporaryFolder(t)
  const splits = ['train', 'val', 'test']
  for (const name of splits.slice(0, 2)) {
    await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toFile(join(dir, `${name}.png`))
  }
  await writeFile(join(dir, 'test.png'), 'no picture')
  const corpus = join(dir, 'table.csv')
  await writeFile(corpus, ['image,en,zh,split', ...splits.map((split) => `${split}.png,${split},${split}字,${split}`)].join('\n'))
  const [out, cacheDir] = [join(dir, 'run'), join(dir, 'cache')]
  const run = async () => distill.run(distill.schema.parse({ corpus, out, cacheDir }), {})
  await throwsUserError(t, run, { where: /test\.png/ })
  t.false(existsSync(out))
})

test('a language that the validation split lacks is found out before anything is trained', async (t) => {
  const dir = await temporaryFolder(t)
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toFile(join(dir, 'a.png'))
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'blue' } })
    .png()
    .toFile(join(dir, 'b.png'))
  const corpus = join(dir, 'table.jsonl')
  const rows = [
    { image: 'a.png', captions: { en: 'red', zh: '红' }, split: 'train' },
    { image: 'b.png', captions: { en: 'blue' }, split: 'val' },
  ]
  await writeFile(corpus, rows.map((row) => JSON.stringify(row)).join('\n'))
  const out = join(dir, 'run')
  const expected = { where: /corpus table, val/, got: /captions in en/, hint: /give some images of this split captions in zh/ }
  for (const command of [stage1, distill, teacher])
    await throwsUserError(t, async () => command.run(command.schema.parse({ corpus, out }) as never, {}), expected)
  t.false(existsSync(out))
})

test('an export does not take the place of a run', async (t) => {
  const out = await temporaryFolder(t)
  await writeFile(join(out, 'config.json'), '{"command": "stage2"}')
  await throwsUserError(t, async () => exportModel.run(exportModel.schema.parse({ model: out, out, force: true }), {}), {
    expected: /a folder for a model/,
    got: /the folder of a run/,
  })
  t.is(await readFile(join(out, 'config.json'), 'utf8'), '{"command": "stage2"}')
})
