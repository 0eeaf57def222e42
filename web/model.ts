import {
  AutoProcessor,
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  env,
  RawImage,
  Tensor,
} from '@huggingface/transformers'
import type { Pixels } from '../corpora/resize.ts'
import type { Format } from './site.ts'
import { unit } from './vectors.ts'

/** One tower of the model. */
export interface Tower<Input> {
  /** → a unit vector. */
  embed(input: Input): Promise<Float32Array>
  dispose(): Promise<void>
}

type Dtype = Format['dtype']
/** Gets the bytes of a file that have come so far. */
export type OnBytes = (file: string, bytes: number) => void

/** Has transformers.js take everything from this site; without these settings it asks a CDN and a model hub. */
export function stayOnSite(): void {
  env.allowLocalModels = true
  env.allowRemoteModels = false
  env.localModelPath = './'
  env.useBrowserCache = false // the browser's own cache knows when a file has changed
  env.useWasmCache = false
  const { wasm } = env.backends.onnx
  if (!wasm) throw new Error('this browser has no WebAssembly')
  wasm.wasmPaths = { wasm: new URL('vendor/ort-wasm-simd-threaded.wasm', document.baseURI).href }
  wasm.numThreads = 1 // more need headers that static hosts do not send
}

/** Opens the text tower and the tokenizer of the model in folder `dir`. */
export async function openText(dir: string, dtype: Dtype, onBytes?: OnBytes): Promise<Tower<string>> {
  const [tokenizer, model] = await Promise.all([
    AutoTokenizer.from_pretrained(dir, { local_files_only: true }),
    CLIPTextModelWithProjection.from_pretrained(dir, options(dtype, onBytes)),
  ])
  const end = tokenizer.encode('').at(-1)
  return {
    async embed(text) {
      const limit = Math.min(tokenizer.model_max_length ?? 77, 8192)
      let ids = tokenizer.encode(text)
      // The library would cut off the end token, at which CLIP reads the text.
      if (ids.length > limit) ids = ids.at(-1) === end ? [...ids.slice(0, limit - 1), end!] : ids.slice(0, limit)
      const row = (values: number[]) => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length])
      const { text_embeds } = await model({ input_ids: row(ids), attention_mask: row(ids.map(() => 1)) })
      return unit(Float32Array.from(text_embeds.data as Float32Array))
    },
    dispose: () => model.dispose().then(() => {}),
  }
}

/** Opens the image tower and the processor, which normalises and no more: it takes squares of the model's size, as frame() makes them. */
export async function openImage(dir: string, dtype: Dtype, onBytes?: OnBytes): Promise<Tower<Pixels>> {
  const [processor, model] = await Promise.all([
    AutoProcessor.from_pretrained(dir, { local_files_only: true }),
    CLIPVisionModelWithProjection.from_pretrained(dir, options(dtype, onBytes)),
  ])
  Object.assign(processor.image_processor!, { do_resize: false, do_center_crop: false })
  return {
    async embed({ data, width, height }) {
      const { image_embeds } = await model(await processor(new RawImage(Uint8ClampedArray.from(data), width, height, 4)))
      return unit(Float32Array.from(image_embeds.data as Float32Array))
    },
    dispose: () => model.dispose().then(() => {}),
  }
}

function options(dtype: Dtype, onBytes?: OnBytes) {
  return {
    dtype,
    local_files_only: true,
    progress_callback: (event: { status: string; file?: string; loaded?: number }) => {
      if (event.status === 'progress' && event.file?.endsWith('.onnx')) onBytes?.(event.file, event.loaded ?? 0)
    },
  }
}
