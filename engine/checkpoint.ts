import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checksumsFile, compareChecksums, formatChecksums } from '../base/checksums.ts'
import { mkdir, openToWrite, rename, rm } from '../base/disk.ts'
import { UserError } from '../base/errors.ts'
import { notice } from '../base/watch.ts'
import type { Params } from './params.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'

/** Everything that a later step depends on; data order and augmentation are functions of (seed, step). */
export interface Checkpoint {
  step: number
  params: Params
  optimizer: { state: Params; steps: number }
  /** What the run was started with; a resume with anything else is refused. */
  identity: Identity
}

/** Flat description of model, data and settings. */
export type Identity = Record<string, string | number | boolean | null>

const folder = (step: number) => `step-${String(step).padStart(7, '0')}`

/**
 * Writes `dir/step-N/`, synced to disk under a temporary name and then renamed; keeps the newest `keep` checkpoints. SHA256SUMS in it lists what the other
 * files have to be.
 */
export async function writeCheckpoint(dir: string, checkpoint: Checkpoint, keep = 2): Promise<string> {
  const target = join(dir, folder(checkpoint.step))
  const temporary = `${target}.tmp`
  const { step, identity, optimizer } = checkpoint
  const files = {
    'params.safetensors': encodeSafetensors(checkpoint.params),
    'optimizer.safetensors': encodeSafetensors(optimizer.state),
    'state.json': Buffer.from(JSON.stringify({ step, optimizerSteps: optimizer.steps, identity }, null, 2)),
  }
  try {
    await rm(temporary)
    await mkdir(temporary)
    for (const [name, bytes] of Object.entries(files)) await writeSynced(join(temporary, name), bytes)
    await writeSynced(join(temporary, checksumsFile), Buffer.from(formatChecksums(files)))
    await rm(target)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary).catch(() => {}) // a full disk says so below
    throw error
  }
  const old = (await finished(dir)).slice(0, -keep)
  await Promise.all(old.map((name) => rm(join(dir, name))))
  return target
}

/**
 * The newest finished checkpoint under `dir` that is as it was written, or undefined where there is none. Damaged ones after it are announced and
 * deleted: they are made again.
 * @throws UserError when there are checkpoints, and all of them are damaged
 */
export async function readLatestCheckpoint(dir: string): Promise<Checkpoint | undefined> {
  const broken: { path: string; error: UserError }[] = []
  for (const name of (await finished(dir)).reverse()) {
    const path = join(dir, name)
    const checkpoint = await readCheckpoint(path).catch((error: Error) => {
      if (!(error instanceof UserError)) throw error
      broken.push({ path, error })
    })
    if (!checkpoint) continue
    for (const { path, error } of broken) {
      const { where, expected, got } = error.fields
      notice(`${where} is damaged (expected ${expected}, got ${got}): going on from step ${checkpoint.step}`)
      await rm(path)
    }
    return checkpoint
  }
  if (broken[0]) throw broken[0].error
  return undefined
}

/** Deletes the newest checkpoint, unless it is the only one. → the step of the newest that is left */
export async function dropLatestCheckpoint(dir: string): Promise<number | undefined> {
  const names = await finished(dir)
  if (names.length > 1) await rm(join(dir, names.pop()!))
  return names.length > 0 ? stepOf(names.at(-1)!) : undefined
}

async function readCheckpoint(path: string): Promise<Checkpoint> {
  const [list, params, optimizer, state] = await Promise.all(
    [checksumsFile, 'params.safetensors', 'optimizer.safetensors', 'state.json'].map((file) => readPart(path, file)),
  )
  const files = { 'params.safetensors': params!, 'optimizer.safetensors': optimizer!, 'state.json': state! }
  compareChecksums(path, list!, files, hint)
  const { step, identity, optimizerSteps: steps } = parseState(state!, join(path, 'state.json'))
  const tensors = (file: keyof typeof files) => decodeSafetensors(files[file], join(path, file))
  return { step, params: tensors('params.safetensors'), optimizer: { state: tensors('optimizer.safetensors'), steps }, identity }
}

/** @throws UserError naming the first setting in which the checkpoint and the present run differ */
export function assertSameRun(dir: string, saved: Identity, present: Identity): void {
  for (const key of new Set([...Object.keys(saved), ...Object.keys(present)])) {
    if (saved[key] === present[key]) continue
    const isGone = !(key in present)
    throw new UserError({
      where: `--resume ${dir}: ${key}`,
      expected: `${saved[key]} as when the run was started`,
      got: `${present[key]}`,
      hint: isGone
        ? 'Another version of distilingual began this run: see docs/migration.md.'
        : 'Resume with the same settings, or start a new run with another --out.',
    })
  }
}

/**
 * Copies restored tensors into live ones, so that everything that holds them sees the new values.
 * @throws UserError when a tensor is missing or of another shape
 */
export function restoreInto(live: Params, saved: Params): void {
  for (const [name, { shape, data }] of Object.entries(live)) {
    const found = saved[name]
    if (found?.shape.join() !== shape.join()) throw damaged(`checkpoint, tensor ${name}`, `[${shape}]`, found ? `[${found.shape}]` : 'no such tensor')
    data.set(found.data)
  }
}

async function finished(dir: string): Promise<string[]> {
  if (!existsSync(dir)) return []
  return (await readdir(dir)).filter((name) => /^step-\d+$/.test(name)).sort((a, b) => stepOf(a) - stepOf(b))
}

function stepOf(name: string): number {
  return Number(name.slice('step-'.length))
}

async function readPart(path: string, file: string): Promise<Uint8Array> {
  return readFile(join(path, file)).catch((error: Error) => {
    throw damaged(join(path, file), 'a part of the checkpoint', error.message)
  })
}

interface State {
  step: number
  optimizerSteps: number
  identity: Identity
}

function parseState(bytes: Uint8Array, where: string): State {
  try {
    const state = JSON.parse(new TextDecoder().decode(bytes)) as State
    if (Number.isInteger(state.step) && Number.isInteger(state.optimizerSteps) && typeof state.identity === 'object') return state
  } catch {
    // reported below, like a state of another form
  }
  throw damaged(where, 'step, optimizerSteps and identity as JSON', `${bytes.length} bytes of something else`)
}

const hint = 'Delete this checkpoint folder and resume from the one before, or start a new run.'

function damaged(where: string, expected: string, got: string): UserError {
  return new UserError({ where, expected, got, hint })
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const writer = await openToWrite(path, 'w')
  try {
    await writer.write(bytes)
    await writer.sync()
  } finally {
    await writer.close()
  }
}
