import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import test from 'ava'
import sharp from 'sharp'
import { openCorpus } from '../../corpora/open.ts'
import { copyModel, findExport, formatsOf } from '../../export/model-files.ts'
import { exportFolder } from '../../export/package.ts'
import { buildDemo } from '../../web/site/demo.ts'
import { examples } from '../../web/site/examples.ts'
import { collectGallery } from '../../web/site/gallery.ts'
import { serveSite } from '../../web/site/server.ts'
import { moveOut } from '../export/move-out.ts'
import { smallModel } from '../export/small-model.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { throwsUserError } from '../user-error.ts'

async function table(dir: string): Promise<string> {
  for (const name of ['a', 'b', 'c'])
    await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
      .png()
      .toFile(join(dir, `${name}.png`))
  const file = join(dir, 'things.csv')
  await writeFile(file, 'image,en,de\na.png,red thing,rotes Ding\nb.png,red thing,rotes Etwas\nc.png,another,noch eins\na.png,my thing,mein Ding\n')
  return file
}

test("users' own pictures: words once each, and each picture knows its first", async (t) => {
  const dir = await temporaryFolder(t)
  const corpus = await openCorpus(await table(dir))
  const gallery = await collectGallery(corpus, { limit: 100, languages: ['en', 'de'] })
  t.deepEqual(gallery.languages, [
    { code: 'en', words: ['red thing', 'my thing', 'another'], ofPicture: [0, 0, 2] },
    { code: 'de', words: ['rotes Ding', 'mein Ding', 'rotes Etwas', 'noch eins'], ofPicture: [0, 2, 3] },
  ])
  t.is(gallery.credits, 'Pictures and words: things.')
  const fewer = await collectGallery(corpus, { limit: 2 })
  t.deepEqual(
    fewer.languages.map(({ code, ofPicture }) => [code, ofPicture]),
    [['en', [0, 0]]],
  )
  const dogs = join(dir, 'dogs.csv')
  await writeFile(dogs, 'image,en,class,split\na.png,a brown dog,dog,test\nb.png,a white dog,dog,test\nc.png,a puppy,dog,test\n')
  const [english] = (await collectGallery(await openCorpus(dogs), { limit: 100, languages: ['en'] })).languages
  t.deepEqual(english!.ofPicture, [0, 1, 2], "its own words, not its class's")
  await throwsUserError(t, () => collectGallery(corpus, { limit: 2, languages: ['zh'] }), { got: /zh/ })
})

test('emoji name their vendor and its licence', async (t) => {
  const { credits, pictures, languages } = await collectGallery(await openCorpus('emoji'), { limit: 10 })
  t.is(pictures.length, 10)
  t.deepEqual(
    languages.map(({ code, words }) => [code, words.length]),
    [
      ['en', 10],
      ['zh', 10],
    ],
  )
  t.regex(credits, /openmoji \(@iconify-json\/openmoji\), CC BY-SA 4\.0/)
})

test('examples are short words of every language in turn', (t) => {
  const words = (prefix: string) =>
    Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? `${prefix}${'abcdefghij'[i / 3]!}` : `${prefix}, with a comma ${i}`))
  const picked = examples(
    {
      languages: [
        { code: 'en', name: '', words: words('dog'), ofPicture: [] },
        { code: 'zh', name: '', words: words('狗'), ofPicture: [] },
      ],
    },
    3,
  )
  t.deepEqual(
    picked.map(({ code }) => code),
    ['en', 'zh', 'en', 'zh', 'en', 'zh'],
  )
  t.true(picked.every(({ word }) => /^(dog|狗)[a-j]$/.test(word)))
})

test('folders that are no export, formats that are missing, and other folders are refused', async (t) => {
  const dir = await temporaryFolder(t)
  await throwsUserError(t, () => findExport(dir), { got: /a folder without onnx\/text_model/ })
  await throwsUserError(t, () => findExport(join(dir, 'none')), { got: /no such folder/ })
  await mkdir(join(dir, 'export/onnx'), { recursive: true })
  for (const name of ['text_model', 'vision_model', 'text_model_quantized', 'vision_model_quantized', 'text_model_fp16'])
    await writeFile(join(dir, `export/onnx/${name}.onnx`), '')
  t.is(findExport(dir), join(dir, 'export'))
  const { model, tokenizerDir } = await smallModel(t)
  await exportFolder(model, { tokenizerDir, out: join(dir, 'outside'), dtypes: ['fp32'], threads: 1, leaveOut: ['combined', 'safetensors'] })
  await moveOut(join(dir, 'outside', 'onnx', 'text_model.onnx'))
  await throwsUserError(t, () => copyModel(join(dir, 'outside'), join(dir, 'copy'), ['fp32']), {
    where: /text_model\.onnx/,
    got: /weights in another file beside it/,
  })
  t.deepEqual(formatsOf(join(dir, 'export')), ['q8', 'fp32'])
  t.deepEqual(formatsOf(join(dir, 'export'), ['fp32']), ['fp32'])
  await throwsUserError(t, () => formatsOf(join(dir, 'export'), ['fp16']), { where: /--dtype fp16/, expected: /formats that .* has \(q8, fp32\)/ })
  const corpus = await openCorpus(await table(dir))
  await throwsUserError(t, () => buildDemo(corpus, { model: dir, out: dir, limit: 3 }), { expected: /a new folder or an earlier demo/ })
  await mkdir(join(dir, 'app/data'), { recursive: true })
  await writeFile(join(dir, 'app/data/train.csv'), 'mine') // named as a demo's own files are
  await throwsUserError(t, () => buildDemo(corpus, { model: dir, out: join(dir, 'app'), limit: 3 }), { got: /a folder with data\/train\.csv/ })
})

test('the server gives out its folder and nothing beside it', async (t) => {
  const dir = await temporaryFolder(t)
  await mkdir(join(dir, 'site'))
  await writeFile(join(dir, 'site/index.html'), 'hello')
  await writeFile(join(dir, 'secret.txt'), 'secret')
  await symlink(join(dir, 'secret.txt'), join(dir, 'site/link.txt'))
  await symlink(dir, join(dir, 'site/up'))
  const server = await serveSite(join(dir, 'site'), { port: 0, path: '/sub/' })
  t.teardown(() => server.close())
  const { port } = new URL(server.url)
  // Not fetch: it tidies paths up before it sends them.
  const get = (path: string, method = 'GET', host = `localhost:${port}`) =>
    new Promise<string>((done, fail) => {
      request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => done(`${response.statusCode} ${body}`))
      })
        .on('error', fail)
        .end()
    })
  for (const path of ['/sub/link.txt', '/sub/up/secret.txt']) t.regex(await get(path), /^404 /, path)
  t.regex(await get('/sub/', 'GET', 'elsewhere.example'), /^403 /, 'a page elsewhere whose name was made to point here')
  t.is(await get('/sub/'), '200 hello')
  t.is(await get('/sub/index.html', 'HEAD'), '200 ')
  for (const path of ['/', '/sub/../../secret.txt', '/sub/%2e%2e/secret.txt', '/sub/..%2fsecret.txt', '/sub/none', '/subindex.html'])
    t.regex(await get(path), /^404/, path)
  t.regex(await get('/sub/', 'POST'), /^405/)
  await throwsUserError(t, () => serveSite(dir, { port: Number(port) }), { got: /one that is taken/ })
})
