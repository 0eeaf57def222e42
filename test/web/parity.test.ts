import { cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Framing } from '../../corpora/framing.ts'
import { exportFolder } from '../../export/package.ts'
import { readPreprocessing } from '../../models/onnx/preprocessing.ts'
import { brokenPromises, compareParity, type ParityReport, parityTable } from '../../web/parity/parity.ts'
import { smallModel } from '../export/small-model.ts'
import { browserTest } from '../report/browser.ts'
import { temporaryFolder } from '../temporary-folder.ts'

async function smallExport(t: ExecutionContext, framing?: Framing): Promise<string> {
  const { model: small, tokenizerDir } = await smallModel(t)
  const model = { ...small, framing }
  const out = join(await temporaryFolder(t), 'small')
  await exportFolder(model, { tokenizerDir, out, dtypes: ['fp32'], threads: 1, leaveOut: ['combined', 'safetensors'] })
  return out
}

test('the card and the page give the embeddings of training in Node', async (t) => {
  const report = await compareParity(await smallExport(t), { browser: false })
  t.deepEqual(brokenPromises(report), [], parityTable(report))
  t.deepEqual(
    report.rows.map(({ kind }) => kind),
    [...Array<string>(6).fill('image'), 'text', 'text'],
  )
  t.is(report.missing, 'not asked for')
  t.log(`\n${parityTable(report)}`)
})

test('a model that sees pictures stretched, or resized larger than its square, is told so by its card and page', async (t) => {
  for (const framing of [
    { resize: 'stretch', zoom: 1, filter: 'bicubic' },
    { resize: 'shortest', zoom: 1.25, filter: 'bicubic' },
  ] satisfies Framing[]) {
    const dir = await smallExport(t, framing)
    t.deepEqual((await readPreprocessing(dir, { type: '' })).framing, framing)
    const report = await compareParity(dir, { browser: false })
    t.deepEqual(brokenPromises(report), [], parityTable(report))
  }
})

browserTest('the page gives the embeddings of training in Chromium, of stretched pictures too', async (t) => {
  const report = await compareParity(await smallExport(t, { resize: 'stretch', zoom: 1, filter: 'bicubic' }))
  t.is(report.missing, undefined)
  t.deepEqual(brokenPromises(report), [], parityTable(report))
})

browserTest('the page gives the embeddings of training in Chromium', async (t) => {
  const report = await compareParity(await smallExport(t))
  t.is(report.missing, undefined)
  t.deepEqual(brokenPromises(report), [], parityTable(report))
  t.true(report.rows.every(({ cosines }) => cosines['page, Chromium'] !== undefined))
  t.log(`\n${parityTable(report)}`)
})

test('a folder of two names is a folder, not a model of the hub', async (t) => {
  const here = await mkdtemp('parity-')
  t.teardown(() => rm(here, { recursive: true }))
  await cp(await smallExport(t), join(here, 'export'), { recursive: true })
  t.deepEqual(brokenPromises(await compareParity(here, { browser: false })), [])
})

test('a broken promise is marked and said', (t) => {
  const row = { kind: 'image', name: 'photograph', cosines: { 'page, Node': 0.9, 'library alone, Node': 0.5 }, promised: ['page, Node'] } as const
  const report = { rows: [{ ...row, promised: [...row.promised] }] } satisfies ParityReport
  t.deepEqual(brokenPromises(report), ['page, Node, photograph: 0.9 < 0.999'])
  t.regex(parityTable(report), /photograph +\| +0\.900000 ✗ \| +0\.500000 \|/)
})
