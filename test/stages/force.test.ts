import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { UserError } from '../../base/errors.ts'
import { distill } from '../../stages/distill.ts'
import { distillFeatures } from '../../stages/distill-features.ts'
import { makeTeacher } from '../../stages/make-teacher.ts'
import { distillSettings } from '../../stages/settings/distill.ts'
import { stage1CommandSettings } from '../../stages/settings/stage1.ts'
import { teacherCommandSettings } from '../../stages/settings/teacher.ts'
import { throwsUserError } from '../user-error.ts'
import { makeFolder } from './small-teachers.ts'

let dir: string
test.before(async () => {
  dir = await makeFolder()
  const rows = (await readFile(join(dir, 'plain.csv'), 'utf8')).split('\n')
  const split = (name: string, from: number, to: number) => rows.slice(from, to).map((row) => row.replace(/train$/, name))
  const table = (...pictures: string[]) => [rows[0], ...split('train', 1, 19), ...split('val', 19, 25), ...pictures].join('\n')
  await writeFile(join(dir, 'table.csv'), table())
  await writeFile(join(dir, 'broken.png'), 'no picture')
  await writeFile(join(dir, 'broken.csv'), table('broken.png,ein Bild,une image,train'))
})
test.after.always(() => rm(dir, { recursive: true, force: true }))

/** Hash of every file below a folder, by its path. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hash = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
  return Object.fromEntries(await Promise.all(files.sort().map(async (file) => [file, await hash(file)])))
}

const slips: [what: string, settings: object][] = [
  ['a typo in --objective', { objective: 'fdd:1' }],
  ['a typo in --teacher', { teacher: 'no/such' }],
  ['a typo in --corpus', { corpus: 'no/such.csv' }],
  ['a typo in --init', { init: 'no/such' }],
  ['a typo in --inherit', { inherit: 'no/such' }],
  ['a typo in --tokenizer', { tokenizer: 'no/such' }],
  ['a typo in --specialists', { specialists: ['fr=no/such'] }],
  ['a typo in --ensemble', { ensemble: ['no/such'] }],
  ['a typo in --inner-teacher', { innerTeacher: 'no/such', objective: 'fd:1,hidden:1' }],
  ['a patch size that does not divide', { patchSize: 5 }],
  ['a language that the corpus lacks', { languages: ['de', 'ja'] }],
]

/** A run folder cannot be here: whoever comes to it gets an error. */
const nowhere = () => join(dir, 'plain.csv', 'run')

test('what a run begins with is looked at before it has a folder', async (t) => {
  const data = { corpus: join(dir, 'table.csv'), languages: ['de', 'fr'], teacher: join(dir, 'first'), out: nowhere(), cacheDir: join(dir, 'cache') }
  const short = { vocabSize: 300, threads: 1 }
  const commands: Record<string, (settings: object) => Promise<unknown>> = {
    stage1: (settings) => distillFeatures(stage1CommandSettings.parse({ ...data, ...short, ...settings })),
    distill: ({ corpus = data.corpus, teacher = data.teacher, languages = data.languages, ...stage1 }: Partial<typeof data>) =>
      distill(distillSettings.parse({ ...data, corpus, teacher, languages, stage1: { ...short, ...stage1 }, stage2: { threads: 1 } })),
    teacher: ({ corpus = data.corpus, languages = data.languages, tokenizer }: Partial<typeof data> & { tokenizer?: string }) =>
      makeTeacher(teacherCommandSettings.parse({ ...data, ...short, corpus, languages, tokenizer })),
  }
  const ofTeacher = ['a typo in --corpus', 'a typo in --tokenizer', 'a language that the corpus lacks']
  for (const [command, run] of Object.entries(commands)) {
    await throwsUserError(t, () => run({}), { where: /plain\.csv.run/ }, command)
    for (const [what, settings] of slips) {
      if (command === 'teacher' && !ofTeacher.includes(what)) continue
      await throwsUserError(t, () => run(settings), { where: /^(?!.*plain\.csv)/ }, `${command}: ${what}`)
    }
  }
})

test('force keeps the old run where the new one cannot begin', async (t) => {
  t.timeout(300_000)
  const run = (settings: object) =>
    distillFeatures(
      stage1CommandSettings.parse({
        ...{
          corpus: join(dir, 'table.csv'),
          languages: ['de', 'fr'],
          teacher: join(dir, 'first'),
          out: join(dir, 'run'),
          cacheDir: join(dir, 'cache'),
        },
        ...{ steps: 2, batchSize: 8, warmup: 1, variants: 1, vocabSize: 300, threads: 1 },
        ...settings,
      }),
    )
  await run({})
  const before = await contents(join(dir, 'run'))
  t.true(Object.keys(before).some((file) => file.endsWith('student/model.safetensors')))
  for (const [what, settings] of [...slips, ['a broken picture', { corpus: join(dir, 'broken.csv') }] as const]) {
    await t.throwsAsync(run({ force: true, ...settings }), { instanceOf: UserError }, what)
    t.deepEqual(await contents(join(dir, 'run')), before, what)
    t.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith('run')),
      ['run'],
      what,
    )
  }
  await run({ force: true, seed: 2 })
  const after = await contents(join(dir, 'run'))
  t.deepEqual(Object.keys(after), Object.keys(before))
  const student = join(dir, 'run', 'student', 'model.safetensors')
  t.not(after[student], before[student])
})
