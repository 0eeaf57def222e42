import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import { formatRanks, rankedDirections, readRanks, savedRanks } from '../../eval/ranks-file.ts'
import { evaluateRetrieval } from '../../eval/retrieval.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

const task: RetrievalTask = {
  corpus: 'c',
  protocol: 'p',
  language: 'en',
  images: ['a', 'b'].map((id) => ({ id, source: { key: id, read: async () => new Uint8Array() } })),
  texts: ['x', 'y', 'z'],
  positives: [[1], [0], [0]],
}

test('ranks come back as they were, plain indices are not written', async (t) => {
  const result = await evaluateRetrieval(task, Float32Array.of(1, 0, 0, 1), Float32Array.of(0, 1, 1, 1, 1, 0.5))
  const saved = savedRanks('student', 'fp32', task, result)
  t.is(saved.imageToText.queries, undefined)
  t.deepEqual(saved.textToImage.items, [1, 0, 0])
  const dir = await temporaryFolder(t)
  await writeFile(join(dir, 'ranks.json'), formatRanks([saved, saved]))
  const read = await readRanks(dir)
  t.deepEqual(read, [saved, saved])
  t.deepEqual(rankedDirections(read[0]!), { textToImage: result.textToImage, imageToText: result.imageToText })
})

test('other texts or another order make another task', (t) => {
  const result = { textToImage: { queries: [0], items: Int32Array.of(0), ranks: Int32Array.of(1), gallery: 1 } } as unknown as Parameters<
    typeof savedRanks
  >[3]
  const of = (changed: Partial<RetrievalTask>) => savedRanks('m', 'd', { ...task, ...changed }, { ...result, imageToText: result.textToImage }).task
  t.is(of({}), of({ protocol: 'q' }))
  t.not(of({}), of({ texts: ['x', 'z', 'y'] }))
  t.not(of({}), of({ images: task.images.toReversed() }))
  t.not(of({}), of({ positives: [[1], [0], [1]] }))
})

test('missing and damaged files are refused with the reason', async (t) => {
  const dir = await temporaryFolder(t)
  await throwsUserError(t, () => readRanks(dir), { where: /ranks\.json/, got: /.*ENOENT/ })
  await writeFile(join(dir, 'ranks.json'), '{"schema":1,')
  await throwsUserError(t, () => readRanks(dir), { where: /top level/, expected: /ranks of schema 1/ })
  await writeFile(join(dir, 'ranks.json'), '{"schema":2,"entries":[]}')
  await throwsUserError(t, () => readRanks(dir), { where: /ranks\.json, schema/ })
})
