/** What a style may be used for. Drawings of one family (noto-v1 and noto, the fluents, …) are never split between roles. */
export type StyleRole = 'train' | 'validation' | 'test'

interface Style {
  package: string
  role: StyleRole
  /** How icons are mapped to concepts: by the set's chars.json, by name (icons.json), or by code points in file names. */
  kind: 'chars' | 'names' | 'files'
  /** Licence of the drawings. */
  licence: string
  /** For `files`: where in the package, and what the names end with. */
  folder?: string
  extension?: string
  /** Used where it is installed, not asked for where it is not. */
  optional?: boolean
}

const table = {
  twemoji: { package: '@iconify-json/twemoji', role: 'train', kind: 'chars', licence: 'CC BY 4.0' },
  noto: { package: '@iconify-json/noto', role: 'train', kind: 'chars', licence: 'Apache-2.0' },
  'noto-v1': { package: '@iconify-json/noto-v1', role: 'train', kind: 'names', licence: 'Apache-2.0' },
  'fluent-flat': { package: '@iconify-json/fluent-emoji-flat', role: 'train', kind: 'chars', licence: 'MIT' },
  'fluent-high-contrast': { package: '@iconify-json/fluent-emoji-high-contrast', role: 'train', kind: 'chars', licence: 'MIT' },
  'fluent-3d': { package: '@lobehub/fluent-emoji-3d', role: 'train', kind: 'files', licence: 'MIT', folder: 'assets', extension: '.webp' },
  // Kept out of every training, the teacher's too: choices are made on these.
  emojione: { package: '@iconify-json/emojione', role: 'validation', kind: 'names', licence: 'CC BY 4.0' },
  'emojione-monotone': { package: '@iconify-json/emojione-monotone', role: 'validation', kind: 'names', licence: 'CC BY 4.0' },
  openmoji: { package: '@iconify-json/openmoji', role: 'test', kind: 'chars', licence: 'CC BY-SA 4.0' },
  'openmoji-black': {
    package: 'openmoji',
    role: 'test',
    kind: 'files',
    licence: 'CC BY-SA 4.0',
    folder: 'black/svg',
    extension: '.svg',
    optional: true,
  },
  streamline: { package: '@iconify-json/streamline-emojis', role: 'test', kind: 'names', licence: 'CC BY 4.0' },
} as const satisfies Record<string, Style>

export type StyleName = keyof typeof table

/** Every set of drawings: its npm package, what it may be used for, how its icons are mapped. */
export const styles: Record<StyleName, Style> = table
