/** One open set of icons that may teach image towers; none draws emoji, flags, brands or faces. */
export interface IconSet {
  /** npm package, in iconify's format. */
  package: string
  by: string
  licence: string
  /** Icons whose name matches are read; the first group, where there is one, is the name. */
  names: RegExp
  /** Icons of one colour are tinted. */
  oneColour?: boolean
  /** There are brands and misspelt words among the names: icons are read whose words WordNet has. */
  onlyWords?: boolean
}

export const iconSets: IconSet[] = [
  {
    package: '@iconify-json/icon-park',
    by: 'ByteDance',
    licence: 'Apache-2.0',
    names: /^(.+?)(?:-(?:one|two|three|four|five|six|\d|[a-z]))*$/,
    onlyWords: true,
  },
  { package: '@iconify-json/flat-color-icons', by: 'Icons8', licence: 'MIT', names: /^(.+)$/ },
  { package: '@iconify-json/fluent-color', by: 'Microsoft', licence: 'MIT', names: /^(.+)-(?:48|32)$/ },
  { package: '@iconify-json/meteocons', by: 'Bas Milius', licence: 'MIT', names: /^(.+)-fill$/ },
  { package: '@iconify-json/marketeq', by: 'Marketeq', licence: 'MIT', names: /^(.+?)(?:-\d|-alt)*$/, onlyWords: true },
  { package: '@iconify-json/game-icons', by: 'game-icons.net', licence: 'CC BY 3.0', names: /^(.+)$/, oneColour: true },
  {
    package: '@iconify-json/mdi',
    by: 'Pictogrammers',
    licence: 'Apache-2.0',
    names: /^(?!.*-outline)(.+?)(?:-variant|-\d)*$/,
    oneColour: true,
    onlyWords: true,
  },
  { package: '@iconify-json/fa6-solid', by: 'Fonticons, Inc.', licence: 'CC BY 4.0', names: /^(?!face-)(.+)$/, oneColour: true },
  { package: '@iconify-json/temaki', by: 'Bryan Housel and contributors', licence: 'CC0-1.0', names: /^(.+)$/, oneColour: true },
  {
    package: '@iconify-json/healthicons',
    by: 'Resolve to Save Lives',
    licence: 'MIT',
    names: /^(?!.*-(?:outline|negative|24px))(.+)$/,
    oneColour: true,
  },
  { package: '@iconify-json/ph', by: 'Phosphor Icons', licence: 'MIT', names: /^(.+)-duotone$/, oneColour: true },
]

/** Animations that begin empty: their first frame shows nothing. */
export const emptyAtFirst = new Set(['pressure-high-fill', 'pressure-low-fill', 'smoke-particles-fill'])

/** Words of user interfaces, brands, emoji and flags: an icon with one of them shows nothing that a person would search for. */
export const notPictured = new Set(
  (
    'align aligned alignment api app apps arrow arrows back bold border borders bottom bracket brackets cancel caret cell check checkbox checked chevron circle ' +
    'clockwise code collapse column columns component connection corner cursor dashed data database delete directory disabled doc dock dot dots down edit ' +
    'emoji emoticon enter exit expand export file files filled filter flag flags folder font format forward git github gitlab google apple microsoft ' +
    'facebook twitter youtube instagram linkedin html css java javascript python react vue sql xml json csv pdf excel word powerpoint horizontal ' +
    'vertical import inbox indent infinity input italic keyboard language layer layers layout left letter line lines link list lock logo logos manage margin ' +
    'menu minus more multiple node numeric number off on open outline outlined padding page paragraph pause plus pointer power preview previous ' +
    'process query redo refresh remove reset resize right row rows scroll select selected selection send setting settings share sort spacing square stack ' +
    'status step subscript superscript swap switch sync tab table terminal text thin title toggle top transfer undo unlink unlock up update upload user users ' +
    'account accounts version view virtual visible volume wifi window windows zoom alpha beta gesture slash simple kanban roman axis vector variable ' +
    'download sign signal server network cloud collection config control coordinate key function hand hands face smiley person people emotion happy sad nervous angry neutral ' +
    'crying laughing smiling expressionless confused dizzy cute feelgood ok wink grin unhappy surprised not so do dislike like about reminder one placeholder'
  ).split(' '),
)
