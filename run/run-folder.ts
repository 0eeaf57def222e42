import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, rmdir } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { UserError } from '../base/errors.ts'
import { flatten } from '../base/flatten.ts'
import { assertSameRun, type Identity } from '../engine/checkpoint.ts'

export interface RunFolderOptions {
  resume?: boolean
  force?: boolean
}

/** Folders of distill's stages in its own. */
const stages = ['stage1', 'stage2', 'scratch']

/** How a run was begun, which is said on the command line alone: a file that said it once would say it again when it is read. */
export const beginnings = ['resume', 'force']
/** Settings that name files and folders to read, in any stage; lists of teachers have languages and weights around them. */
const inputs = /(?:^|\.)(?:corpus|imagesDir|teacher|from|pairs|init|inherit|tokenizer|innerTeacher|(?:ensemble|specialists)\.\d+)$/

/**
 * Prepares `runs/NAME` and records what it is run with in config.json, `beginnings` left out. A folder that already holds a run is neither
 * overwritten nor mixed: `resume` goes on with it, `force` starts over.
 * @throws UserError when a run is there and neither was asked for, when a resumed run was started with other settings, for a model folder and
 *   for a stage of another run, and when what the run begins with lies in the folder that `force` would remove
 */
export async function openRunFolder(dir: string, config: Record<string, unknown>, { resume, force }: RunFolderOptions): Promise<void> {
  const file = join(dir, 'config.json')
  const held = await runIn(dir)
  const refused = (got: string, hint: string) => new UserError({ where: `--out ${dir}`, expected: 'a new folder', got, hint })
  const foreign = held ? undefined : ['config.json', 'log.jsonl', 'checkpoints', 'student'].find((name) => existsSync(join(dir, name)))
  if (foreign) throw refused(`a folder with a ${foreign} that is no run of its own`, 'Name another folder.')
  if (held && resume) assertSameRun(dir, settled(held), settled(config))
  else if (held) {
    const inside = inputIn(dir, config)
    if (inside) throw refused(`the folder that --${inside} is in`, 'Name another folder.')
    if (!force) throw refused('a folder that holds a run', 'Add --resume to go on with it, --force to start over, or name another folder.')
    await rm(dir, { recursive: true })
  }
  await mkdir(dir, { recursive: true })
  const recorded = Object.fromEntries(Object.entries(config).filter(([key]) => !beginnings.includes(key)))
  await writeFileAtomic(file, `${JSON.stringify(recorded, null, 2)}\n`)
}

/**
 * Does `body` in a run folder (see openRunFolder). Where it fails before anything was learnt, no run is left behind: the corrected command finds
 * the folder as it was.
 */
export async function inRunFolder<T>(dir: string, config: Record<string, unknown>, options: RunFolderOptions, body: () => Promise<T>): Promise<T> {
  const goesOn = options.resume && (await runIn(dir)) !== undefined
  const parts = [dir, ...stages.map((stage) => join(dir, stage))]
  await openRunFolder(dir, config, options)
  const foreign = parts.filter((part) => existsSync(join(part, 'tokenizer')))
  try {
    return await body()
  } catch (error) {
    const begun = parts.some((part) => ['log.jsonl', 'checkpoints', 'student'].some((name) => existsSync(join(part, name))))
    if (!goesOn && !begun) {
      await rm(join(dir, 'config.json'), { force: true })
      for (const part of parts) if (!foreign.includes(part)) await rm(join(part, 'tokenizer'), { recursive: true, force: true })
      for (const part of parts.toReversed()) await rmdir(part).catch(() => {}) // unless there is something else in it
    }
    throw error
  }
}

/** Settings of the run that a folder holds; undefined where its config.json is a model's or anything else's, or there is none. */
export async function runIn(dir: string): Promise<Record<string, unknown> | undefined> {
  try {
    const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))
    return config?.command ? config : undefined
  } catch {
    return undefined
  }
}

/** @throws UserError where a model folder would take the place of a run's settings, or of those of the run that is about to begin in `out` */
export async function requireNoRun(flag: string, dir: string, out?: string): Promise<void> {
  if (!(await runIn(dir)) && (out === undefined || resolve(out) !== resolve(dir))) return
  throw new UserError({
    where: `${flag} ${dir}`,
    expected: 'a folder for a model',
    got: 'the folder of a run',
    hint: `Name one in it: ${join(dir, 'export')}.`,
  })
}

/** The setting that names a file or folder in `dir`. */
function inputIn(dir: string, config: Record<string, unknown>): string | undefined {
  const inside = (path: string) => {
    const way = relative(resolve(dir), resolve(path))
    return existsSync(path) && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
  }
  const plain = (text: string) => text.replace(/^[\w+-]+=/, '').replace(/:[\d.e-]+$/, '') // of zh=DIR:0.5
  const named = Object.entries(flatten('', config)).flatMap(([key, value]) => (typeof value === 'string' && inputs.test(key) ? [[key, value]] : []))
  return named.find(([, text]) => inside(text!) || inside(plain(text!)))?.[0]
}

/** Settings that decide what is learnt; how a run is started over, shown, sped up, compared with a baseline or exported does not, nor where it lies. */
function settled(config: Record<string, unknown>): Identity {
  const free = new Set([...beginnings, 'out', 'cacheDir', 'baseline', 'exportDir', 'dtypes', 'maxDrop'])
  const own = Object.entries(flatten('', JSON.parse(JSON.stringify(config)))).filter(
    ([key]) => !free.has(key.split('.')[0]!) && !/(?:threads|tensorboard)$/.test(key),
  )
  return Object.fromEntries(own)
}
