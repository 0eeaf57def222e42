import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Browser } from 'playwright-core'
import { headTags } from '../../web/site/head.ts'
import { writeRuntime } from '../../web/site/runtime.ts'
import { serveSite } from '../../web/site/server.ts'
import { checkScores, dim, expectedScores, exported, labels, type Score } from '../export/interop-model.ts'
import { captions, leastCosine } from '../export/small-model.ts'
import { browserTest } from '../report/browser.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const page = '<!doctype html><meta charset="utf-8"><title>interop</title>'
/** q8 chooses its ranges per call and rounds: scores of a random model with a scale of 14 move by this much. */
const near = { fp32: { cosine: 0.99999, score: 1e-4 }, q8: { cosine: 0.98, score: 0.2 } }
type Dtype = keyof typeof near

/** A folder with the exported model, the picture, both libraries and onnxruntime-web; the packages' own files, nothing from a CDN. */
async function site(t: ExecutionContext) {
  const small = await exported(t, { ort: true })
  const root = await temporaryFolder(t)
  await writeRuntime(root)
  await writeFile(join(root, 'index.html'), page.replace('<title>', `${headTags().markup}<title>`))
  await writeFile(join(root, 'older.html'), page) // without the policy and the import map that are made for version 4
  await cp(small.dir, join(root, 'model'), { recursive: true })
  await copyFile(small.picture, join(root, 'picture.png'))
  const older = join(dirname(createRequire(import.meta.url).resolve('@xenova/transformers/package.json')), 'dist')
  await mkdir(join(root, 'older'))
  for (const file of ['transformers.min.js', 'ort-wasm.wasm', 'ort-wasm-simd.wasm']) await copyFile(join(older, file), join(root, 'older', file))
  const scores = expectedScores(small.image, await small.encoder.encodeTexts(labels), small.encoder.logitScale)
  return { ...small, root, scores }
}

/** Runs code in a page that may ask its own server only; `code` is the body of an async function of `input`. */
async function inPage<T>(t: ExecutionContext, browser: Browser, root: string, address: string, code: string, input: object): Promise<T> {
  const server = await serveSite(root, { port: 0 })
  t.teardown(() => server.close())
  const context = await browser.newContext()
  const strangers: string[] = []
  await context.route('**', (route) => {
    const url = route.request().url()
    if (url.startsWith(server.url)) return route.continue()
    strangers.push(url)
    return route.abort()
  })
  const tab = await context.newPage()
  await tab.goto(`${server.url}${address}`)
  const result = await tab.evaluate<T>(`(async (input) => { ${code} })(${JSON.stringify({ ...input, base: server.url })})`)
  t.deepEqual(strangers, [])
  await context.close()
  return result
}

interface Found {
  dtype: Dtype
  text: number[]
  features: number[]
  scores: Score[]
}

function check(t: ExecutionContext, { image, texts, scores }: { image: Float32Array; texts: Float32Array; scores: number[] }, found: Found): void {
  const { cosine, score } = near[found.dtype]
  t.true(leastCosine(Float32Array.from(found.text), texts, dim) > cosine, `${found.dtype} texts`)
  t.true(leastCosine(Float32Array.from(found.features), image, dim) > cosine, `${found.dtype} picture`)
  checkScores(t, found.scores, scores, score)
}

browserTest('transformers.js 4 in Chromium: towers and both pipelines, fp32 and q8', async (t, browser) => {
  const { root, ...expected } = await site(t)
  const code = `
    const { AutoTokenizer, CLIPTextModelWithProjection, pipeline } = await import(input.base + 'vendor/transformers.web.min.js')
    const { stayOnSite } = await import(input.base + 'app/model.js')
    stayOnSite()
    const found = []
    for (const dtype of ['fp32', 'q8']) {
      const options = { dtype, local_files_only: true }
      const tokenizer = await AutoTokenizer.from_pretrained('model', { local_files_only: true })
      const text = await CLIPTextModelWithProjection.from_pretrained('model', { ...options })
      const { text_embeds } = await text(tokenizer(input.captions, { padding: true, truncation: true }))
      const extract = await pipeline('image-feature-extraction', 'model', { ...options })
      const classify = await pipeline('zero-shot-image-classification', 'model', { ...options })
      const features = await extract(input.base + 'picture.png')
      const scores = await classify(input.base + 'picture.png', input.labels, { hypothesis_template: '{}' })
      found.push({ dtype, text: [...text_embeds.data], features: [...features.data], scores })
    }
    return found`
  const found = await inPage<Found[]>(t, browser, root, '', code, { captions, labels })
  t.is(found.length, 2)
  for (const one of found) check(t, expected, one)
})

browserTest('transformers.js 2.17 in Chromium: towers and both pipelines, fp32 and q8', async (t, browser) => {
  const { root, ...expected } = await site(t)
  const code = `
    const { AutoTokenizer, CLIPTextModelWithProjection, env, pipeline } = await import(input.base + 'older/transformers.min.js')
    env.allowRemoteModels = false
    env.localModelPath = input.base
    env.useBrowserCache = false
    env.backends.onnx.wasm.wasmPaths = input.base + 'older/'
    env.backends.onnx.wasm.numThreads = 1
    const found = []
    for (const dtype of ['fp32', 'q8']) {
      const quantized = dtype === 'q8' // an object for each call: the library writes into it
      const tokenizer = await AutoTokenizer.from_pretrained('model', { quantized })
      const text = await CLIPTextModelWithProjection.from_pretrained('model', { quantized })
      const { text_embeds } = await text(tokenizer(input.captions, { padding: true, truncation: true }))
      const extract = await pipeline('image-feature-extraction', 'model', { quantized })
      const classify = await pipeline('zero-shot-image-classification', 'model', { quantized })
      const features = await extract(input.base + 'picture.png')
      const scores = await classify(input.base + 'picture.png', input.labels, { hypothesis_template: '{}' })
      found.push({ dtype, text: [...text_embeds.data], features: [...features.data], scores })
    }
    return found`
  const found = await inPage<Found[]>(t, browser, root, 'older.html', code, { captions, labels })
  t.is(found.length, 2)
  for (const one of found) check(t, expected, one)
})

browserTest('onnxruntime-web gives the same from .ort files as from .onnx files', async (t, browser) => {
  const { root, pixels, image } = await site(t)
  const code = `
    const ort = await import(input.base + 'vendor/ort.wasm.bundle.min.mjs')
    ort.env.wasm.wasmPaths = { wasm: input.base + 'vendor/ort-wasm-simd-threaded.wasm' }
    ort.env.wasm.numThreads = 1
    const feeds = { pixel_values: new ort.Tensor('float32', Float32Array.from(input.pixels), [1, 3, 32, 32]) }
    const found = {}
    for (const file of ['vision_model.onnx', 'vision_model.ort', 'vision_model_quantized.onnx', 'vision_model_quantized.ort']) {
      const session = await ort.InferenceSession.create(input.base + 'model/onnx/' + file)
      found[file] = [...(await session.run(feeds)).image_embeds.data]
    }
    return found`
  const found = await inPage<Record<string, number[]>>(t, browser, root, '', code, { pixels: [...pixels] })
  t.true(leastCosine(Float32Array.from(found['vision_model.ort']!), image, dim) > 0.99999)
  for (const name of ['vision_model', 'vision_model_quantized'])
    found[`${name}.onnx`]!.forEach((value, i) => t.true(Math.abs(value - found[`${name}.ort`]![i]!) < 1e-5, `${name}, ${i}`))
})
