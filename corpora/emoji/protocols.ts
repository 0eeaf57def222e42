import { UserError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import type { RetrievalTask } from '../retrieval-task.ts'
import type { Language } from '../sample.ts'
import { type Concept, type ConceptSplit, concepts, conceptsOf } from './concepts.ts'
import { type Drawing, isInstalled, onePerConcept } from './drawings.ts'
import { type FreeQuerySplit, freeQueries, freeQueryLanguages, freeQueryTask } from './free-queries.ts'
import { heldOutPhrases, phraseSources } from './phrasing.ts'
import type { StyleName } from './styles.ts'
import { emojiLanguages, wordsIn } from './text.ts'

type Parts = Pick<RetrievalTask, 'images' | 'texts' | 'positives' | 'textQueries' | 'imageQueries' | 'kinds'>

interface Protocol {
  languages(): Language[]
  /** Needed beyond the styles that are always there. */
  style?: StyleName
  build(language: Language): Promise<Parts>
}

/** Drawn in this style where only the concept or the words shall be new: it is a train style and has every concept. */
const knownStyle: StyleName = 'twemoji'

const protocols: Record<string, Protocol> = {
  'free-queries': typed('test'),
  'free-queries/validation': typed('validation'),
  'validation-style/emojione': style('emojione', 'train'),
  'validation-concepts/100': style(knownStyle, 'val'),
  'unseen-style/openmoji': style('openmoji', 'train'),
  'unseen-style/streamline': style('streamline', 'train'),
  'unseen-style/openmoji-black': style('openmoji-black', 'train'),
  'unseen-concepts/200': style(knownStyle, 'test'),
  'unseen-concepts/1644': { languages: emojiLanguages, build: amongAll },
  ...Object.fromEntries(
    Object.entries(phraseSources).map(([source, { language }]) => [
      `unseen-phrasing/${source}`,
      { languages: () => [language], build: () => phrasing(source) },
    ]),
  ),
}

/** The protocols of the emoji corpus; those whose optional drawings are not installed are left out. */
export function emojiProtocolNames(): string[] {
  const isDrawn = ({ style }: Protocol) => style !== 'openmoji-black' || isInstalled(style)
  return Object.keys(protocols).filter((name) => isDrawn(protocols[name]!))
}

/** The languages a protocol can be asked in. Throws UserError for an unknown protocol. */
export function emojiProtocolLanguages(name: string): Language[] {
  return find(name).languages()
}

/**
 * Builds one protocol in one language. One drawing a concept (lowest icon name), one text a concept except where the phrasing
 * is new. Throws UserError for an unknown protocol, for a language it has no texts in, and for a missing package.
 */
export async function emojiProtocols(name: string, language: Language): Promise<RetrievalTask> {
  const protocol = find(name)
  if (!protocol.languages().includes(language)) {
    throw new UserError({
      where: `protocol ${name}`,
      expected: `a language it has texts in (${protocol.languages().join(', ')})`,
      got: language,
      hint: 'Leave this language out for this protocol.',
    })
  }
  return { corpus: 'emoji', protocol: name, language, ...(await protocol.build(language)) }
}

function find(name: string): Protocol {
  const protocol = protocols[name]
  if (protocol) return protocol
  throw new UserError({
    where: 'emoji corpus',
    expected: `a protocol (${emojiProtocolNames().join(', ')})`,
    got: name,
    hint: `Did you mean ${nearest(name, emojiProtocolNames())}?`,
  })
}

/** Names of the concepts of `split` against their drawings in `style`, one to one. */
function style(style: StyleName, split: ConceptSplit): Protocol {
  return {
    languages: emojiLanguages,
    style,
    build: async (language) => {
      const names = wordsIn(language)
      const drawings = await onePerConcept(style)
      const drawn = conceptsOf(split).filter(({ code }) => names[code] && drawings.has(code))
      return {
        images: drawn.map(({ code }) => imageOf(drawings.get(code)!)),
        texts: drawn.map(({ code }) => names[code]![0]!),
        positives: drawn.map((_, i) => [i]),
      }
    },
  }
}

/**
 * The 200 test concepts asked for among everything: their drawings search all names, the 150 reserved ones included as distractors;
 * their names search the drawings of all concepts but the reserved, whose drawings nothing may touch.
 */
async function amongAll(language: Language): Promise<Parts> {
  const names = wordsIn(language)
  const drawings = await onePerConcept(knownStyle)
  const named = [...concepts().values()].filter(({ code, isFlag }) => !isFlag && names[code])
  const drawn = named.filter(({ split }) => split !== 'reserve')
  const imageIndex = new Map(drawn.map(({ code }, i) => [code, i]))
  const isTested = ({ split }: Concept) => split === 'test'
  return {
    images: drawn.map(({ code }) => imageOf(drawings.get(code)!)),
    texts: named.map(({ code }) => names[code]![0]!),
    positives: named.map(({ code }) => (imageIndex.has(code) ? [imageIndex.get(code)!] : [])),
    textQueries: indices(named, isTested),
    imageQueries: indices(drawn, isTested),
  }
}

/** Texts as people type them, each with several relevant drawings, against all drawings in a style no training sees but the reserved concepts'. */
function typed(split: FreeQuerySplit): Protocol {
  return {
    languages: () => freeQueryLanguages(freeQueries(), split),
    build: async (language) => {
      const drawings = await onePerConcept('openmoji')
      const drawn = [...concepts().values()].filter(({ code, split }) => split !== undefined && split !== 'reserve' && drawings.has(code))
      const gallery = drawn.map(({ code }) => imageOf(drawings.get(code)!))
      return freeQueryTask(freeQueries(), split, language, gallery)
    },
  }
}

/** Phrases no training has read, each for one train concept, against known drawings of all train concepts. */
async function phrasing(source: string): Promise<Parts> {
  const phrases = await heldOutPhrases(source)
  const drawings = await onePerConcept(knownStyle)
  const drawn = conceptsOf('train')
  const pairs = drawn.flatMap(({ code }, i) => (phrases.get(code) ?? []).map((phrase) => ({ phrase, i })))
  return {
    images: drawn.map(({ code }) => imageOf(drawings.get(code)!)),
    texts: pairs.map(({ phrase }) => phrase),
    positives: pairs.map(({ i }) => [i]),
  }
}

function imageOf({ source, group, concept }: Drawing): RetrievalTask['images'][number] {
  return { id: source.key, source, group, classId: concept }
}

function indices<T>(items: T[], wanted: (item: T) => boolean): number[] {
  return items.flatMap((item, i) => (wanted(item) ? [i] : []))
}
