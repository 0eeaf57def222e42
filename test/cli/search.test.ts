import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import sharp from 'sharp'
import { createDualEncoder } from '../../models/dual-encoder.ts'
import { writeModelFolder } from '../../models/folder.ts'
import { searchImages } from '../../search/search-folder.ts'
import { loadTokenizer } from '../../tokenizers/load.ts'
import { trainTokenizer, writeTokenizer } from '../../tokenizers/train.ts'
import { throwsUserError } from '../user-error.ts'

const bin = fileURLToPath(new URL('../../bin/distilingual.mjs', import.meta.url))
let dir: string
const at = (...parts: string[]) => join(dir, ...parts)

test.before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'distilingual-'))
  await mkdir(at('images', 'inner'), { recursive: true })
  for (const [name, colour] of Object.entries({ 'red.png': 'red', 'inner/green.webp': 'green', 'blue.jpeg': 'blue' })) {
    await sharp({ create: { width: 20, height: 16, channels: 3, background: colour } }).toFile(at('images', name))
  }
  await writeFile(at('images', 'broken.png'), 'no image')
  await writeFile(at('images', 'notes.txt'), 'not looked at')
  await writeTokenizer(at('tokenizer'), trainTokenizer(['a red apple', '红色的苹果'], { vocabSize: 270 }))
  const { vocabSize } = await loadTokenizer(at('tokenizer'))
  const tower = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 }
  const config = {
    projection_dim: 6,
    vision_config: { ...tower, image_size: 16, patch_size: 8 },
    text_config: { ...tower, vocab_size: vocabSize, max_position_embeddings: 16 },
  }
  await writeModelFolder(at('model'), createDualEncoder(config, 1), at('tokenizer'))
})
test.after.always(() => rm(dir, { recursive: true, force: true }))

test('search prints rank, score and path as a program called from any folder', async (t) => {
  const { code, stdout, stderr } = await distilingual('search', '--model', 'model', '--images', 'images', '--alike', '1', '--top', '2', '红色的苹果')
  t.is(code, 0, stderr)
  t.regex(stdout, /^1 +-?0\.\d{3} {2}images\/\S+\n2 +-?0\.\d{3} {2}images\/\S+\n$/)
  t.regex(stderr, /skipped images\/broken\.png: 8 bytes that fail with/)
})

test('search --json gives the same to programs', async (t) => {
  const { code, stdout } = await distilingual('search', '--model', 'model', '--images', 'images', '--alike', '1', '--json', 'a red apple')
  const reply = JSON.parse(stdout)
  t.is(code, 0)
  t.like(reply, { query: 'a red apple', images: 3, skipped: [{ path: join('images', 'broken.png') }] })
  t.deepEqual(
    reply.hits.map((hit: { path: string }) => hit.path).sort(),
    ['blue.jpeg', 'inner/green.webp', 'red.png'].map((name) => join('images', name)),
  )
  const scores = reply.hits.map((hit: { score: number }) => hit.score)
  t.deepEqual(
    scores,
    scores.toSorted((a: number, b: number) => b - a),
  )
})

test('--min-score puts what does not fit in brackets, and says where nothing fits', async (t) => {
  const search = (...more: string[]) => distilingual('search', '--model', 'model', '--images', 'images', '--alike', '1', 'a red apple', ...more)
  const scores = JSON.parse((await search('--json')).stdout).hits.map((hit: { score: number }) => hit.score) as number[]
  const between = ((scores[0]! + scores[1]!) / 2).toFixed(6)

  const all = await search('--min-score', '-1')
  t.regex(all.stdout, /^(\d {3}[ -]?0\.\d{3} {3}images\/\S+\n){3}$/)
  t.notRegex(all.stderr, /fits|brackets/)
  const some = await search('--min-score', between)
  t.regex(some.stdout, /^1 {3}.*\n2 {2} ?\(-?0\.\d{3}\) {2}images\/\S+\n3 {2} ?\(/)
  t.regex(some.stderr, /^in brackets: below -?0\.\d{3}, does not fit well$/m)
  const none = await search('--min-score', '1')
  t.regex(none.stdout, /^(\d {2} ?\(-?0\.\d{3}\) {2}images\/\S+\n){3}$/)
  t.regex(none.stderr, new RegExp(`^nothing fits well: best score ${scores[0]!.toFixed(3)}, below 1\\.000; these are the nearest$`, 'm'))

  const reply = JSON.parse((await search('--min-score', between, '--json')).stdout)
  t.is(reply.minScore, Number(between))
  t.deepEqual(
    reply.hits.map((hit: { fits: boolean }) => hit.fits),
    [true, false, false],
  )
  const refused = await search('--min-score', '2')
  t.is(refused.code, 2)
  t.regex(refused.stderr, /--min-score/)
})

test('near duplicates stand below the picture whose place they take', async (t) => {
  await mkdir(at('copies'))
  for (const name of ['a.png', 'b.png', 'c.png']) await copyFile(at('images', 'red.png'), at('copies', name))
  await copyFile(at('images', 'blue.jpeg'), at('copies', 'd.jpeg'))
  const search = (...more: string[]) =>
    distilingual('search', '--model', 'model', '--images', 'copies', '--alike', '0.999999', 'a red apple', ...more)
  const { stdout } = await search()
  t.regex(stdout, /^[12] +-?0\.\d{3} {2}copies\/a\.png\n {3}\+2 alike: copies\/b\.png, copies\/c\.png$/m)
  t.is(stdout.split('\n').length, 4)
  const { hits } = JSON.parse((await search('--json')).stdout) as { hits: { path: string; alike: { path: string }[] }[] }
  const paths = Object.fromEntries(hits.map(({ path, alike }) => [path, alike.map((other) => other.path)]))
  t.deepEqual(paths, { [join('copies', 'a.png')]: [join('copies', 'b.png'), join('copies', 'c.png')], [join('copies', 'd.jpeg')]: [] })
  const refused = await search('--alike', '1.5')
  t.is(refused.code, 2)
  t.regex(refused.stderr, /--alike/)
})

test('every score is that of its own picture, also behind one that is broken', async (t) => {
  const request = { model: at('model'), query: 'a red apple', top: 3 }
  const { hits } = await searchImages({ ...request, images: at('images') })
  t.is(hits.length, 3)
  for (const [i, { path, score }] of hits.entries()) {
    await mkdir(at(`alone-${i}`))
    await copyFile(path, at(`alone-${i}`, basename(path)))
    const own = (await searchImages({ ...request, images: at(`alone-${i}`) })).hits[0]!
    t.true(Math.abs(own.score - score) < 1e-5, `${path}: ${score} beside others, ${own.score} alone`)
  }
})

test("a user's mistake ends the process with code 2 and one line", async (t) => {
  t.deepEqual(await distilingual('search', '--model', 'model', '--imagse', 'images', 'x'), {
    code: 2,
    stdout: '',
    stderr: 'distilingual search: expected one of its flags, got --imagse. Did you mean --images? See --help.\n',
  })
})

test('search refuses what it cannot search', async (t) => {
  const request = { model: at('model'), images: at('images'), query: 'x', top: 1 }
  await mkdir(at('empty'))
  await throwsUserError(t, () => searchImages({ ...request, query: ' ' }), { expected: /words to look for/, got: /an empty text/ })
  await throwsUserError(t, () => searchImages({ ...request, images: at('empty') }), { expected: /a folder with images \(\.png .*\)/, got: 'none' })
  await throwsUserError(t, () => searchImages({ ...request, images: at('nowhere') }), { got: /no such folder/ })
  await throwsUserError(t, () => searchImages({ ...request, model: at('images') }), { expected: /a finished run, a model folder .* or an export/ })
  await throwsUserError(t, () => searchImages({ ...request, dtype: 'q8' }), {
    expected: /an exported model with q8 files/,
    got: /.* which holds fp32 only/,
  })
})

function distilingual(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { cwd: dir }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}
