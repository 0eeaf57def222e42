import { heldOutWords } from '../pool/held-out.ts'
import type { Language } from '../sample.ts'
import { emojiClassifications } from './classes.ts'
import { emoji } from './corpus.ts'
import { emojiProtocolLanguages, emojiProtocolNames, emojiProtocols } from './protocols.ts'
import { pixelReferences } from './references.ts'
import { type StyleName, styles } from './styles.ts'

// Protocols drawn in a train style would find their own pictures among the references.
const heldOutStyle = /^(unseen|validation)-style\//

/** The emoji corpus as openCorpus returns it. Throws UserError for a language without names. */
export function openEmoji(languages?: Language[]) {
  const headlineProtocols = [
    'unseen-style/openmoji',
    'free-queries',
    'unseen-concepts/200',
    'unseen-phrasing/emojilib',
    'unseen-phrasing/unicode-names',
    'unseen-phrasing/zh-hant',
  ]
  return {
    corpus: emoji({ languages }),
    protocols: emojiProtocolNames(),
    mainProtocols: ['validation-style/emojione', ...headlineProtocols, 'unseen-style/streamline'],
    headlineProtocols,
    // Names of what was learnt find one picture; of what was not, the first page counts.
    headlineMeasures: { 'unseen-style/openmoji': 'text_to_image_R@1', 'unseen-concepts/200': 'text_to_image_R@10' } as const,
    freeQueryProtocols: emojiProtocolNames().filter((name) => name.startsWith('free-queries')),
    defaultValidation: 'validation-style/emojione',
    thresholdProtocols: ['validation-style/emojione', 'validation-concepts/100'],
    imageSize: 64,
    task: emojiProtocols,
    languagesOf: emojiProtocolLanguages,
    heldOut: () => heldOutWords(),
    references: async (protocol: string) => (heldOutStyle.test(protocol) ? await pixelReferences() : undefined),
    classifications: emojiClassifications(),
    domain: 'It knows emoji: drawings of about 1,200 things and their short names. It is no search for photographs.',
    credits,
  }
}

/** An image's id begins with its style, which says what package and licence it has. */
function credits(imageIds: readonly string[]): string {
  const used = [...new Set(imageIds.map((id) => id.split('/')[0]! as StyleName))]
  const named = used.map((style) => `${style} (${styles[style].package}), ${styles[style].licence}`)
  return `Pictures: ${named.join('; ')}, reduced. Words: Unicode CLDR, Unicode-3.0.`
}
