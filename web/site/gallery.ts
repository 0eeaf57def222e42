import { UserError } from '../../base/errors.ts'
import type { OpenCorpus } from '../../corpora/open.ts'
import type { RetrievalTask } from '../../corpora/retrieval-task.ts'
import type { ImageSource, Language } from '../../corpora/sample.ts'
import { headlineOf } from '../../eval/headline.ts'

/** The pictures and words of a site. */
export interface Gallery {
  pictures: ImageSource[]
  languages: { code: Language; words: string[]; ofPicture: number[] }[]
  /** Who made the pictures, under which licence. */
  credits: string
}

export interface GalleryOptions {
  /** One of the corpus's protocols; default: its test split, or for emoji the drawings in a style that no training sees. */
  protocol?: string
  /** Default: English and Chinese, or what the corpus has. */
  languages?: Language[]
  /** Pictures at most; of more, every n-th. */
  limit: number
}

/**
 * Collects the pictures of one protocol, and the captions of these pictures in each language.
 * @throws UserError for an unknown protocol, a language that the protocol has not, and a protocol without pictures
 */
export async function collectGallery(open: OpenCorpus, options: GalleryOptions): Promise<Gallery> {
  const protocol = options.protocol ?? headlineOf(open.protocols, open.headlineProtocols)!
  const known = open.languagesOf(protocol)
  const usual = ['en', 'zh'].filter((code) => known.includes(code))
  const languages = options.languages ?? (usual.length > 0 ? usual : known.slice(0, 2))
  const tasks: RetrievalTask[] = []
  for (const language of languages) tasks.push(await open.task(protocol, language))
  const sources = new Map(tasks.flatMap(({ images }) => images.map(({ id, source }) => [id, source] as const)))
  const step = Math.max(1, sources.size / options.limit)
  const ids = [...sources.keys()]
  const kept = Array.from({ length: Math.min(options.limit, ids.length) }, (_, i) => ids[Math.floor(i * step)]!)
  if (kept.length === 0)
    throw new UserError({ where: `corpus ${open.corpus.name}, ${protocol}`, expected: 'pictures', got: 'none', hint: 'Name another --protocol.' })
  return {
    pictures: kept.map((id) => sources.get(id)!),
    languages: tasks.map((task) => ({ code: task.language, ...wordsOf(task, kept) })),
    credits: open.credits(kept),
  }
}

/** The captions that some of the pictures have, each once; and for each picture its first one. */
function wordsOf({ images, texts, positives, writtenFor }: RetrievalTask, kept: string[]): { words: string[]; ofPicture: number[] } {
  const place = new Map(kept.map((id, i) => [id, i]))
  const index = new Map<string, number>()
  const ofPicture = new Array<number>(kept.length).fill(-1)
  texts.forEach((text, t) => {
    const owners = writtenFor ? [writtenFor[t]!] : positives[t]! // what is right for a caption may be its whole class
    const drawn = owners.map((image) => place.get(images[image]!.id)).filter((i) => i !== undefined)
    if (drawn.length === 0) return
    if (!index.has(text)) index.set(text, index.size)
    for (const i of drawn) if (ofPicture[i] === -1) ofPicture[i] = index.get(text)!
  })
  return { words: [...index.keys()], ofPicture }
}
