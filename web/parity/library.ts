import { AutoProcessor, AutoTokenizer, CLIPTextModelWithProjection, CLIPVisionModelWithProjection, RawImage } from '@huggingface/transformers'
import type { Format } from '../site.ts'
import { unit } from '../vectors.ts'

/** transformers.js as its documentation has it used: the processor resizes, the tokenizer cuts. Runs in Node and in the browser. */
export async function openLibrary(dir: string, dtype: Format['dtype']) {
  const local = { local_files_only: true }
  const [processor, tokenizer] = await Promise.all([
    AutoProcessor.from_pretrained(dir, { ...local }),
    AutoTokenizer.from_pretrained(dir, { ...local }),
  ])
  const vision = await CLIPVisionModelWithProjection.from_pretrained(dir, { ...local, dtype })
  const text = await CLIPTextModelWithProjection.from_pretrained(dir, { ...local, dtype })
  const embedImage = async (image: RawImage) => unit(Float32Array.from((await vision(await processor(image))).image_embeds.data as Float32Array))
  return {
    embedImage,
    embedFile: async (file: Blob) => embedImage(await RawImage.fromBlob(file)),
    embedText: async (words: string) =>
      unit(Float32Array.from((await text(tokenizer([words], { padding: true, truncation: true }))).text_embeds.data as Float32Array)),
    /** Ids of a text that is not cut. */
    tokensOf: (words: string) => tokenizer.encode(words).length,
    limit: tokenizer.model_max_length as number,
    async dispose() {
      await Promise.all([vision.dispose(), text.dispose()])
    },
  }
}
